//! `/metrics` of 1,000 displays with whole reports behind them, beside a floor that prints as many
//! samples as text and does nothing else.

use std::time::Duration;

use anyhow::{Context, Result};
use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::process::Process;
use migrado_tests::{ports, tls};

use crate::figures::Figure;
use crate::ingest::rest;
use crate::known;
use crate::usage::cpu_s;

/// Displays.
const DISPLAYS: usize = 1_000;
/// Scrapes of one measurement.
const SCRAPES: usize = 200;

/// Processor time of one scrape, and its text.
async fn scrape(pid: u32, url: &str) -> Result<(f64, String)> {
    let http = tls::plain_http();
    let mut text = http.get(url).send().await?.error_for_status()?.text().await?;
    rest(pid).await?;
    let before = cpu_s(pid)?;
    for _ in 0..SCRAPES {
        text = http.get(url).send().await?.error_for_status()?.text().await?;
    }
    Ok(((cpu_s(pid)? - before) * 1e3 / SCRAPES as f64, text))
}

/// Measures `/metrics`.
pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("controller");
    let identities = known::issue(&data, DISPLAYS)?;
    known::put(&data, &identities, true).await?;
    let places = Ports::free();
    let config = controller::config(&data, places, "embedded", &format!("localhost:{}", places.mqtt), &[]);
    let mut controller = Controller::prepare(dir.path(), &data, places, &config)?;
    controller.start().await?;
    let pid = controller.process().id().context("the controller ended")?;
    let (ours_ms, text) = scrape(pid, &format!("http://127.0.0.1:{}/metrics", places.metrics)).await?;
    let samples = text.lines().filter(|l| l.contains("terminal=\"")).count();

    let port = ports::free();
    let program = std::env::current_exe()?;
    let floor = Process::start(dir.path(), "floor", &program, |c| {
        let numbers = samples.div_ceil(DISPLAYS).to_string();
        c.args([
            "print",
            "--port",
            &port.to_string(),
            "--displays",
            &DISPLAYS.to_string(),
            "--numbers",
            &numbers,
        ]);
    })?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let pid = floor.id().context("the floor ended")?;
    let (floor_ms, _) = scrape(pid, &format!("http://127.0.0.1:{port}/")).await?;
    let name = format!("metrics: CPU per scrape, {DISPLAYS} displays, {samples} samples, vs floor");
    Ok(vec![Figure::at_most(&name, ours_ms, floor_ms, "ms", 3.0)])
}
