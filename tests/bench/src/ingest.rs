//! Reports of a whole fleet through a real broker into the controller: decoded, decided, committed;
//! beside a floor that only decodes and keeps a table, and beside Node-RED. The broker is Mosquitto
//! with the shipped configuration for all three, so that its own cost counts for none of them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use migrado_tests::broker::Mosquitto;
use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::process::Process;
use migrado_tests::{ports, tls};

use crate::displays::{self, Displays};
use crate::figures::Figure;
use crate::usage::{Usage, cpu_s};
use crate::{Arranged, known};

/// Displays of the small fleet.
const SMALL: usize = 1_000;
/// Reports of one measurement: enough that ticks of 10 ms do not matter.
const REPORTS: usize = 40_000;
/// Reports per second: what a fleet of 45,000 says when every display reports each 15 s.
const PER_S: f64 = 3_000.0;
/// Reports per second of 1,000 displays that report each 15 s.
const EVERYDAY_PER_S: f64 = 67.0;
/// Reports of the measurement at that pace.
const EVERYDAY_REPORTS: usize = 2_000;
/// Memory that the controller may have for each display.
const DISPLAY_BYTES_MAX: f64 = 30.0 * 1024.0;
/// Processor time in half a second below which a process counts as resting.
const REST_CPU_S: f64 = 0.015;

/// Something that takes reports and tells how many.
#[derive(Debug)]
pub(crate) struct Consumer {
    /// Its process.
    pub(crate) process: Process,
    http: reqwest::Client,
    url: String,
    line: &'static str,
}

impl Consumer {
    /// A consumer that tells its count in the line that begins with `line`.
    pub(crate) fn new(process: Process, url: String, line: &'static str) -> Result<Self> {
        Ok(Self { process, http: tls::plain_http(), url, line })
    }

    async fn count(&self) -> Result<f64> {
        count(&self.http, &self.url, self.line).await
    }
}

async fn count(http: &reqwest::Client, url: &str, line: &str) -> Result<f64> {
    let text = http.get(url).send().await?.error_for_status()?.text().await?;
    Ok(text
        .lines()
        .filter_map(|l| l.strip_prefix(line))
        .find_map(|rest| rest.trim().parse().ok())
        .unwrap_or(0.0))
}

/// Waits until a process has nothing to do.
pub(crate) async fn rest(pid: u32) -> Result<()> {
    let mut before = cpu_s(pid)?;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = cpu_s(pid)?;
        if now - before < REST_CPU_S {
            return Ok(());
        }
        before = now;
    }
}

/// The fleet, its broker and its controller.
struct World {
    dir: tempfile::TempDir,
    ports: Ports,
    controller: Controller,
    _mosquitto: Mosquitto,
    displays: Displays,
    identities: Vec<known::Identity>,
}

impl World {
    async fn start(large: usize) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let data = dir.path().join("controller");
        let identities = known::issue(&data, large)?;
        known::put(&data, &identities, false).await?;
        let ports = Ports::free();
        let mut mosquitto = Mosquitto::prepare(dir.path(), &data.join("pki"), ports.mqtt)?;
        mosquitto.start().await?;
        let mut controller = start_controller(dir.path(), &data, ports)?;
        controller.wait_ready().await?;
        Ok(Self { dir, ports, controller, _mosquitto: mosquitto, displays: Displays::default(), identities })
    }

    async fn grow(&mut self, to: usize) -> Result<()> {
        let from = self.displays.len();
        let broker = format!("localhost:{}", self.ports.mqtt);
        self.displays.connect(&self.identities[from..to], &broker).await?;
        self.displays.appear(from, PER_S).await?;
        rest(self.pid()?).await
    }

    fn pid(&mut self) -> Result<u32> {
        self.controller.process().id().context("the controller ended")
    }

    async fn reports(&self) -> Result<f64> {
        let url = format!("http://127.0.0.1:{}/metrics", self.ports.metrics);
        count(&tls::plain_http(), &url, "migrado_messages_total{channel=\"report\"}").await
    }

    /// Microseconds of processor time per report of the controller.
    async fn measure(&mut self, n: usize, reports: usize, per_s: f64) -> Result<f64> {
        let pid = self.pid()?;
        let counted = self.reports().await?;
        rest(pid).await?;
        let before = cpu_s(pid)?;
        self.displays.report(n, reports, per_s).await?;
        rest(pid).await?;
        let spent = cpu_s(pid)? - before;
        let taken = self.reports().await? - counted;
        ensure!(taken == reports as f64, "the controller took {taken} of {reports} reports");
        Ok(spent * 1e6 / reports as f64)
    }

    /// The same of a consumer in the controller's place.
    async fn measure_other(&self, other: &Consumer, n: usize) -> Result<f64> {
        let pid = other.process.id().context("it ended")?;
        rest(pid).await?;
        let (counted, before) = (other.count().await?, cpu_s(pid)?);
        self.displays.report(n, REPORTS, PER_S).await?;
        rest(pid).await?;
        let spent = cpu_s(pid)? - before;
        let taken = other.count().await? - counted;
        ensure!(taken == REPORTS as f64, "{} took {taken} of {REPORTS} reports", other.process.name);
        Ok(spent * 1e6 / REPORTS as f64)
    }
}

fn start_controller(dir: &Path, data: &Path, ports: Ports) -> Result<Controller> {
    let address = format!("localhost:{}", ports.mqtt);
    let mut config = controller::config(data, ports, "external", &address, &[]);
    config["log"] = "warn".into();
    let mut controller = Controller::prepare(dir, data, ports, &config)?;
    controller.launch()?;
    Ok(controller)
}

/// Anonymous memory of a controller that knows nobody.
async fn empty_bytes() -> Result<u64> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("controller");
    let mut controller = start_controller(dir.path(), &data, Ports::free())?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    controller.process().must_live()?;
    Ok(Usage::of(controller.process().id().context("it ended")?)?.anonymous_bytes)
}

/// Measures the ingest.
pub(crate) async fn measure(arranged: &Arranged) -> Result<Vec<Figure>> {
    displays::check_size()?;
    let large = arranged.large;
    let empty = empty_bytes().await?;
    let mut world = World::start(large).await?;
    world.grow(SMALL).await?;
    let small_us = world.measure(SMALL, REPORTS, PER_S).await?;
    let everyday_us = world.measure(SMALL, EVERYDAY_REPORTS, EVERYDAY_PER_S).await?;
    world.grow(large).await?;
    let large_us = world.measure(large, REPORTS, PER_S).await?;
    // A burst: every display at once, as fast as the broker takes them. Nothing may be missing.
    let burst_us = world.measure(large, large, f64::INFINITY).await?;
    let memory = Usage::of(world.pid()?)?.anonymous_bytes;
    world.controller.stop().await;

    let table = floor_table(&world).await?;
    let floor_small_us = world.measure_other(&table, SMALL).await?;
    let floor_large_us = world.measure_other(&table, large).await?;
    drop(table);
    let pki = world.controller.data_dir.join("pki");
    let peer = crate::node_red::start(&arranged.out, world.dir.path(), &pki, world.ports.mqtt, ports::free())
        .await?;
    let peer_us = world.measure_other(&peer, SMALL).await?;

    let per_display = memory.saturating_sub(empty) as f64 / large as f64;
    let named = |what: &str, n: usize| format!("ingest: CPU per report, {n} displays, vs {what}");
    Ok(vec![
        Figure::at_most(&named("floor", SMALL), small_us, floor_small_us, "us", 4.0),
        Figure::at_most(&named("floor", large), large_us, floor_large_us, "us", 4.0),
        Figure::at_most(&named("Node-RED", SMALL), small_us, peer_us, "us", 0.5),
        Figure::at_most("ingest: CPU per report, large fleet vs small", large_us, small_us, "us", 1.25),
        Figure::told("ingest: CPU per report at 67/s vs at 3,000/s", everyday_us, small_us, "us"),
        Figure::told("ingest: CPU per report in a burst, none lost", burst_us, large_us, "us"),
        Figure::at_most("ingest: memory per display vs limit", per_display, DISPLAY_BYTES_MAX, "bytes", 1.0),
    ])
}

async fn floor_table(world: &World) -> Result<Consumer> {
    let pki = world.controller.data_dir.join("pki");
    let port = ports::free();
    let program = std::env::current_exe()?;
    let process = Process::start(world.dir.path(), "floor", &program, |c| {
        c.arg("table").args(["--broker", &format!("localhost:{}", world.ports.mqtt)]);
        c.arg("--cert").arg(pki.join("private/controller.crt"));
        c.arg("--key").arg(pki.join("private/controller.key"));
        c.arg("--authority").arg(pki.join("ca.crt")).args(["--port", &port.to_string()]);
    })?;
    let table = Consumer::new(process, format!("http://127.0.0.1:{port}/"), "reports ")?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    Ok(table)
}
