//! What a connection costs a broker: the embedded one by itself, with its admission, beside
//! Mosquitto with the shipped configuration. Reported, without a bar.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use migrado_controller::broker::{Broker, BrokerOptions, Refusals};
use migrado_controller::clock::Clock;
use migrado_controller::fleet::FleetHandle;
use migrado_controller::identity::Identities;
use migrado_controller::pki::Pki;
use migrado_controller::store;
use migrado_tests::broker::Mosquitto;
use migrado_tests::ports;
use migrado_tests::process::Process;
use migrado_tests::wait::{seconds, until};
use tokio::sync::watch;

use crate::displays::Displays;
use crate::figures::Figure;
use crate::ingest::rest;
use crate::known;
use crate::usage::{Usage, cpu_s};

/// Displays that connect.
const DISPLAYS: usize = 2_000;

/// Where the embedded broker runs by itself.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The controller's data
    #[arg(long)]
    data: PathBuf,
    /// Port
    #[arg(long)]
    port: u16,
}

/// Runs the embedded broker without a controller around it.
pub(crate) fn alone(place: &Place) -> Result<()> {
    migrado_link::tls::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let pool = store::open(&place.data.join("controller.db")).await?;
        let fleet = FleetHandle::new(store::terminals::all(&pool).await?);
        let pki = Arc::new(Pki::open(&place.data, &["localhost"], known::now_ms())?);
        let (certificate, key) = pki.broker_files();
        let options = BrokerOptions {
            listen: ([127, 0, 0, 1], place.port).into(),
            folder: place.data.join("broker"),
            certificate,
            key,
            authority: pki.authority_file(),
        };
        let (refusals, _refused) = Refusals::new();
        let identities = Identities::new(pool, fleet, pki);
        // Nothing is renewed here, so nobody is told.
        let (_renewals, renewed) = watch::channel(0);
        Broker::open(&options, refusals, identities, Clock::system()).await?.run(renewed).await;
        Ok(())
    })
}

/// Starts it as a process of its own.
pub(crate) async fn start_alone(dir: &Path, data: &Path, port: u16) -> Result<Process> {
    let program = std::env::current_exe()?;
    let process = Process::start(dir, "embedded-broker", &program, |c| {
        c.arg("broker").arg("--data").arg(data).args(["--port", &port.to_string()]);
    })?;
    until("the embedded broker listens", seconds(30), || async {
        if ports::is_open(port) { Ok(()) } else { Err(process.words()) }
    })
    .await;
    Ok(process)
}

/// Milliseconds of processor time per reconnection, and bytes per connection.
async fn costs(pid: u32, identities: &[known::Identity], port: u16) -> Result<(f64, f64)> {
    let broker = format!("localhost:{port}");
    let empty = Usage::of(pid)?.anonymous_bytes;
    let mut displays = Displays::default();
    displays.connect(identities, &broker).await?;
    rest(pid).await?;
    let full = Usage::of(pid)?.anonymous_bytes;
    drop(displays);
    rest(pid).await?;
    let before = cpu_s(pid)?;
    let mut displays = Displays::default();
    displays.connect(identities, &broker).await?;
    rest(pid).await?;
    let n = identities.len() as f64;
    Ok(((cpu_s(pid)? - before) * 1e3 / n, full.saturating_sub(empty) as f64 / n))
}

/// Measures both brokers.
pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("controller");
    let identities = known::issue(&data, DISPLAYS)?;
    known::put(&data, &identities, false).await?;
    let port = ports::free();
    let embedded = start_alone(dir.path(), &data, port).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ours = costs(embedded.id().context("it ended")?, &identities, port).await?;
    drop(embedded);
    let port = ports::free();
    let mut mosquitto = Mosquitto::prepare(dir.path(), &data.join("pki"), port)?;
    mosquitto.start().await?;
    let theirs = costs(mosquitto.id().context("it ended")?, &identities, port).await?;
    Ok(vec![
        Figure::told("broker: CPU per mutual-TLS reconnect, embedded vs Mosquitto", ours.0, theirs.0, "ms"),
        Figure::told("broker: memory per connection, embedded vs Mosquitto", ours.1, theirs.1, "bytes"),
    ])
}
