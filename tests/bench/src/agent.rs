//! The agent, enrolled and reporting every 15 seconds over mutual TLS, with all sensors, a real
//! printer and a page that beats; beside prometheus-node-exporter scraped as often, and beside a
//! floor of one MQTT session. All are watched over the same time.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::printer::{Bus, Printer};
use migrado_tests::process::Process;
use migrado_tests::terminal::Terminal;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{ports, tls, visitor};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::figures::Figure;
use crate::usage::Usage;
use crate::{Arranged, known};

/// The agent's report period, and a scrape's.
const PERIOD: Duration = Duration::from_secs(15);
/// What starts is given this long before it is watched.
const WARM_UP: Duration = Duration::from_secs(40);
/// Anonymous memory that the agent may have.
const ANONYMOUS_BYTES_MAX: f64 = 6.0 * 1024.0 * 1024.0;
/// Bytes that a usual report may cost on the wire.
const REPORT_BYTES_MAX: f64 = 600.0;
/// Headers of IPv4 and TCP with time stamps, which Linux sends with every segment.
const SEGMENT_HEADER_BYTES: u64 = 20 + 32;
/// Memory taken and given back in turn moves a figure of every report: a part, one in this many.
const MOVED_PART: u64 = 30;

/// A real display with its controller.
struct World {
    dir: tempfile::TempDir,
    controller: Controller,
    terminal: Terminal,
    /// The floor's.
    identity: known::Identity,
    _bus: Bus,
    _printer: Printer,
}

async fn world() -> Result<World> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("controller");
    let places = Ports::free();
    let names = [("fp-01".to_owned(), "Anzeige 1".to_owned())];
    let address = format!("localhost:{}", places.mqtt);
    let config = controller::config(&data, places, "embedded", &address, &names);
    let mut controller = Controller::prepare(dir.path(), &data, places, &config)?;
    // The floor's identity is of the same authority; the fleet knows it before it starts.
    let mut identities = known::issue(&data, 1)?;
    known::put(&data, &identities, false).await?;
    let identity = identities.pop().context("one identity")?;
    controller.start().await?;
    let bus = Bus::start(dir.path()).await?;
    let printer = Printer::start(dir.path(), &bus, "bench-printer", ports::free()).await?;
    let api = controller.admin().await?;
    let agent_data = dir.path().join("fp-01");
    let kiosk = ports::free();
    let agent = json!({
        "data_dir": agent_data,
        "kiosk": {"listen": format!("127.0.0.1:{kiosk}")},
        "printers": [{"name": "main", "uri": printer.uri()}],
    });
    let mut terminal = Terminal::prepare(dir.path(), "fp-01", &agent_data, kiosk, &agent)?;
    terminal.enroll(&controller, &api).await?;
    terminal.start()?;
    until("fp-01 is online", seconds(60), || async {
        let seen = api.terminal("fp-01").await.map_err(|e| format!("{e:#}"))?;
        if seen["presence"]["state"] == "online" { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    Ok(World { dir, controller, terminal, identity, _bus: bus, _printer: printer })
}

async fn exporter(dir: &Path, port: u16) -> Result<Process> {
    let program = migrado_tests::programs::find("prometheus-node-exporter")
        .context("the peer is missing: apt-get install prometheus-node-exporter")?;
    let process = Process::start(dir, "exporter", &program, |c| {
        c.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    })?;
    until("node_exporter listens", seconds(30), || async {
        if ports::is_open(port) { Ok(()) } else { Err(process.words()) }
    })
    .await;
    Ok(process)
}

/// One bare session of another terminal with the same broker.
fn floor(world: &World) -> Result<Process> {
    let data = &world.controller.data_dir;
    let (cert, key): (PathBuf, PathBuf) =
        (world.dir.path().join("floor.crt"), world.dir.path().join("floor.key"));
    std::fs::write(&cert, &world.identity.pem.0)?;
    std::fs::write(&key, &world.identity.pem.1)?;
    let program = std::env::current_exe()?;
    Process::start(world.dir.path(), "floor", &program, |c| {
        c.args(["session", "--name", world.identity.id.as_str(), "--broker"]);
        c.arg(format!("localhost:{}", world.controller.ports.mqtt));
        c.arg("--cert").arg(cert).arg("--key").arg(key).arg("--authority").arg(data.join("pki/ca.crt"));
    })
}

/// Bytes on the wire of a process's connection to a port, both directions, with TCP/IP's headers.
fn wire_bytes(pid: u32, port: u16) -> Result<u64> {
    let to = format!("dport = :{port}");
    let said = Command::new("ss")
        .args(["-tinpHO", "state", "established", &to])
        .output()
        .context("ss is missing")?;
    let text = String::from_utf8_lossy(&said.stdout);
    let line = text
        .lines()
        .find(|l| l.contains(&format!("pid={pid},")))
        .with_context(|| format!("process {pid} has no connection to port {port}:\n{text}"))?;
    let value = |name: &str| {
        line.split_whitespace().find_map(|w| w.strip_prefix(name)?.strip_prefix(':')?.parse::<u64>().ok())
    };
    let bytes = value("bytes_sent").unwrap_or(0) + value("bytes_received").unwrap_or(0);
    let segments = value("segs_out").context("no segs_out")? + value("segs_in").context("no segs_in")?;
    Ok(bytes + segments * SEGMENT_HEADER_BYTES)
}

/// Bytes of memory whose taking every display of this size reports.
fn moved_bytes() -> Result<usize> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let kib = text
        .lines()
        .find_map(|l| l.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok());
    Ok(usize::try_from(kib.context("no MemTotal")? * 1024 / MOVED_PART)?)
}

/// Scrapes the exporter and moves a figure, period by period.
async fn live(exporter_port: u16, watched: Duration) -> Result<()> {
    let http = tls::plain_http();
    let url = format!("http://127.0.0.1:{exporter_port}/metrics");
    let mut tick = tokio::time::interval(PERIOD);
    let end = tokio::time::Instant::now() + watched;
    let mut taken: Vec<u8> = Vec::new();
    while tokio::time::Instant::now() < end {
        tick.tick().await;
        let text = http.get(&url).send().await?.error_for_status()?.text().await?;
        ensure!(text.contains("node_cpu_seconds_total"), "node_exporter says nothing of the processor");
        taken = if taken.is_empty() { vec![1; moved_bytes()?] } else { Vec::new() };
    }
    drop(taken);
    Ok(())
}

/// Measures the agent.
pub(crate) async fn measure(arranged: &Arranged) -> Result<Vec<Figure>> {
    let mut world = world().await?;
    let exporter_port = ports::free();
    let exporter = exporter(world.dir.path(), exporter_port).await?;
    let floor = floor(&world)?;
    let mut played = JoinSet::new();
    let end = CancellationToken::new();
    played.spawn(visitor::page(world.terminal.kiosk(), end.clone()));
    live(exporter_port, WARM_UP).await?;

    let pid = world.terminal.process().id().context("the agent ended")?;
    let pids = (pid, exporter.id().context("the exporter ended")?, floor.id().context("the floor ended")?);
    let mqtt = world.controller.ports.mqtt;
    let all = || anyhow::Ok((Usage::of(pids.0)?, Usage::of(pids.1)?, Usage::of(pids.2)?));
    let reports = async || world.controller.metric("migrado_messages_total", &["report"]).await;
    let (before, counted, wire) = (all()?, reports().await?, wire_bytes(pid, mqtt)?);
    let began = tokio::time::Instant::now();
    live(exporter_port, Duration::from_secs(arranged.seconds)).await?;
    let elapsed_s = began.elapsed().as_secs_f64();
    let (after, counted, wire) = (all()?, reports().await? - counted, wire_bytes(pid, mqtt)? - wire);
    end.cancel();

    ensure!(counted >= 1.0, "the agent reported nothing");
    let cpu = |a: Usage, b: Usage| (b.cpu_s - a.cpu_s) * 3600.0 / elapsed_s;
    let wakeups = |a: Usage, b: Usage| (b.wakeups - a.wakeups) as f64 / elapsed_s;
    let ours = cpu(before.0, after.0);
    let period_s = elapsed_s / counted;
    Ok(vec![
        Figure::at_most("agent: CPU vs node_exporter", ours, cpu(before.1, after.1), "s/h", 0.2),
        Figure::told("agent: CPU vs floor of one session", ours, cpu(before.2, after.2), "s/h"),
        Figure::at_most("agent: voluntary wakeups vs limit", wakeups(before.0, after.0), 1.0, "1/s", 1.0),
        Figure::at_most(
            "agent: anonymous memory vs limit",
            after.0.anonymous_bytes as f64,
            ANONYMOUS_BYTES_MAX,
            "bytes",
            1.0,
        ),
        Figure::at_most(
            "agent: PSS vs node_exporter",
            after.0.pss_bytes as f64,
            after.1.pss_bytes as f64,
            "bytes",
            0.6,
        ),
        Figure::told("agent: PSS vs floor", after.0.pss_bytes as f64, after.2.pss_bytes as f64, "bytes"),
        Figure::told("agent: seconds between reports vs 15", period_s, PERIOD.as_secs_f64(), "s"),
        Figure::at_most(
            "agent: bytes on the wire per report vs limit",
            wire as f64 / counted,
            REPORT_BYTES_MAX,
            "bytes",
            1.0,
        ),
    ])
}
