//! The agent, enrolled and reporting over mutual TLS with all sensors on, beside
//! prometheus-node-exporter scraped every 15 seconds, both watched over the same time.

#![expect(
    clippy::disallowed_methods,
    reason = "there is no runtime here, and waiting is what a measurement does"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::figures::Figure;
use crate::usage::Usage;

/// A scrape's period, the agent's own report period.
const PERIOD: Duration = Duration::from_secs(15);
/// What starts is given this long before it is watched.
const WARM_UP: Duration = Duration::from_secs(20);
/// Anonymous memory that the agent may have.
const ANONYMOUS_BYTES_MAX: f64 = 6.0 * 1024.0 * 1024.0;

/// A process that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start(log: &Path, program: &Path, arguments: &[&str]) -> Result<Running> {
    let words = fs::File::create(log)?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(words.try_clone()?)
        .stderr(words)
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    Ok(Running(child))
}

fn port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn wait_for(port: u16) -> Result<()> {
    let began = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        ensure!(began.elapsed() < Duration::from_secs(30), "nobody listens on port {port}");
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn scrape(port: u16) -> Result<usize> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.len())
}

/// Runs a program of ours to its end and gives what it wrote.
fn said(program: &Path, arguments: &[&str], home: &Path, stdin: &str) -> Result<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("XDG_CONFIG_HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    child.stdin.take().context("no stdin")?.write_all(stdin.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{} {arguments:?} failed", program.display());
    Ok(String::from_utf8(output.stdout)?)
}

/// An enrolled agent with its controller.
struct Fleet {
    _controller: Running,
    agent: Running,
}

fn fleet(programs: &Path, dir: &Path) -> Result<Fleet> {
    let program = |name: &str| -> PathBuf { programs.join(name) };
    let ports: Vec<u16> = (0..6).map(|_| port()).collect::<Result<_>>()?;
    let [console, loopback, terminal, mqtt, metrics, page] = ports[..] else { anyhow::bail!("no ports") };
    let controller_yaml = dir.join("controller.yaml");
    fs::write(
        &controller_yaml,
        format!(
            "data_dir: {}\npublic_host: localhost\nconsole: {{ listen: \"127.0.0.1:{console}\", loopback_http: \"127.0.0.1:{loopback}\" }}\n\
             terminal: {{ listen: \"127.0.0.1:{terminal}\" }}\nmqtt: {{ listen: \"127.0.0.1:{mqtt}\" }}\nmetrics: {{ listen: \"127.0.0.1:{metrics}\" }}\n\
             sites: [{{ id: bench, name: Bench }}]\nterminals: [{{ id: bench-01, site: bench, label: Bench }}]\n",
            dir.join("controller").display()
        ),
    )?;
    let agent_yaml = dir.join("agent.yaml");
    fs::write(
        &agent_yaml,
        format!("data_dir: {}\nkiosk: {{ listen: \"127.0.0.1:{page}\" }}\n", dir.join("agent").display()),
    )?;
    let (controller_yaml, agent_yaml) =
        (controller_yaml.display().to_string(), agent_yaml.display().to_string());
    let controller = start(
        &dir.join("controller.log"),
        &program("migrado-controller"),
        &["run", "--config", &controller_yaml],
    )?;
    wait_for(loopback)?;
    let password = fs::read_to_string(dir.join("controller/initial-admin-password"))?;
    let url = format!("http://127.0.0.1:{loopback}");
    said(&program("migradoctl"), &["--url", &url, "login"], dir, &password)?;
    let token = said(
        &program("migradoctl"),
        &["--url", &url, "-o", "tsv", "terminals", "enroll-token", "bench-01"],
        dir,
        "",
    )?;
    let address = format!("localhost:{terminal}");
    said(
        &program("migrado-agent"),
        &["enroll", "--config", &agent_yaml, "--controller", &address, "--token", token.trim()],
        dir,
        "",
    )?;
    let agent = start(&dir.join("agent.log"), &program("migrado-agent"), &["run", "--config", &agent_yaml])?;
    wait_for(page)?;
    Ok(Fleet { _controller: controller, agent })
}

/// Measures the agent beside `node_exporter`.
pub(crate) fn measure(programs: &Path, seconds: u64) -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let fleet = fleet(programs, dir.path())?;
    let exporter_port = port()?;
    let exporter = ["/usr/bin/prometheus-node-exporter", "/usr/bin/node_exporter"]
        .into_iter()
        .map(PathBuf::from)
        .find(|p| p.is_file())
        .context("the peer is missing: apt-get install prometheus-node-exporter")?;
    let listen = format!("--web.listen-address=127.0.0.1:{exporter_port}");
    let exporter = start(&dir.path().join("exporter.log"), &exporter, &[&listen])?;
    wait_for(exporter_port)?;
    std::thread::sleep(WARM_UP);
    scrape(exporter_port)?;
    let before = (Usage::of(fleet.agent.0.id())?, Usage::of(exporter.0.id())?);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        std::thread::sleep(PERIOD);
        scrape(exporter_port)?;
    }
    let elapsed_s = began.elapsed().as_secs_f64();
    let after = (Usage::of(fleet.agent.0.id())?, Usage::of(exporter.0.id())?);
    let cpu = |a: Usage, b: Usage| (b.cpu_s - a.cpu_s) * 3600.0 / elapsed_s;
    let wakeups = (after.0.wakeups - before.0.wakeups) as f64 / elapsed_s;
    Ok(vec![
        Figure::at_most(
            "agent: CPU vs node_exporter",
            cpu(before.0, after.0),
            cpu(before.1, after.1),
            "s/h",
            0.2,
        ),
        Figure::at_most("agent: voluntary wakeups vs limit", wakeups, 1.0, "1/s", 1.0),
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
    ])
}
