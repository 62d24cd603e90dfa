//! The demo fleet: one controller with its embedded broker, real agents, a real IPP printer for
//! each, played visitors. Its folder keeps identities, ports and history, so that a second run
//! stands within seconds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::Api;
use crate::controller::{self, Controller, Ports};
use crate::demo_content::DemoContent;
use crate::printer::{Bus, Printer};
use crate::terminal::Terminal;
use crate::{api, ports, visitor};

/// Ports that are asked for first, so that addresses look the same on most machines.
const CONSOLE_PORT: u16 = 8443;
const LOOPBACK_PORT: u16 = 8080;
const TERMINAL_PORT: u16 = 8444;
const MQTT_PORT: u16 = 8883;
const METRICS_PORT: u16 = 9464;
const KIOSK_PORT: u16 = 7080;
const PRINTER_PORT: u16 = 8631;
/// Real printers at most; more displays than that share them. Each is a process of about 10 MB.
const PRINTERS_MAX: usize = 20;
/// What people call the first displays.
const FIRST: [(&str, &str); 4] = [
    ("fp-01", "Eingang links"),
    ("fp-02", "Eingang rechts"),
    ("bh-01", "Halle vorn"),
    ("bh-02", "Halle am Fenster"),
];

/// What has to stay the same from run to run.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Kept {
    controller: Ports,
    kiosks: Vec<u16>,
    printers: Vec<u16>,
    enrolled: Vec<String>,
    /// An API token of the administrator, so that displays can be added after the password changed.
    #[serde(default)]
    token: Option<String>,
}

/// A running demo.
#[derive(Debug)]
pub struct Demo {
    /// The controller.
    pub controller: Controller,
    /// The displays.
    pub terminals: Vec<Terminal>,
    /// Their printers.
    pub printers: Vec<Printer>,
    /// The administrator's first password; none when it was changed since.
    pub password: Option<String>,
    api: Api,
    content: Option<DemoContent>,
    _bus: Bus,
    end: CancellationToken,
    played: TaskTracker,
}

/// The identities of n displays, the sites in turn.
fn displays(n: usize) -> Vec<(String, String)> {
    (0..n)
        .map(|at| match FIRST.get(at) {
            Some((id, label)) => ((*id).to_owned(), (*label).to_owned()),
            None => {
                let site = if at % 2 == 0 { "fp" } else { "bh" };
                let number = at / 2 + 1;
                (format!("{site}-{number:02}"), format!("Terminal {number}"))
            }
        })
        .collect()
}

/// The wanted port, or another one when somebody has it.
fn port(wanted: u16) -> u16 {
    if ports::can_listen(wanted) { wanted } else { ports::free() }
}

fn port_near(base: u16, n: usize) -> u16 {
    port(base.saturating_add(u16::try_from(n).unwrap_or(0)))
}

impl Kept {
    fn read_or_choose(file: &Path, terminals: usize) -> Result<Self> {
        let mut kept = match std::fs::read(file) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).with_context(|| format!("reading {}", file.display()))?
            }
            Err(_) => Self {
                controller: Ports {
                    console: port(CONSOLE_PORT),
                    loopback: port(LOOPBACK_PORT),
                    terminal: port(TERMINAL_PORT),
                    mqtt: port(MQTT_PORT),
                    metrics: port(METRICS_PORT),
                },
                kiosks: Vec::new(),
                printers: Vec::new(),
                enrolled: Vec::new(),
                token: None,
            },
        };
        for n in kept.kiosks.len()..terminals {
            kept.kiosks.push(port_near(KIOSK_PORT + 1, n));
        }
        for n in kept.printers.len()..terminals.min(PRINTERS_MAX) {
            kept.printers.push(port_near(PRINTER_PORT, n));
        }
        let c = &kept.controller;
        for taken in [c.console, c.loopback, c.terminal, c.mqtt, c.metrics] {
            anyhow::ensure!(
                ports::can_listen(taken),
                "port {taken} is taken by another program (perhaps another demo). Stop that, or remove the demo's folder to choose other ports."
            );
        }
        Ok(kept)
    }

    fn write(&self, file: &Path) -> Result<()> {
        std::fs::write(file, serde_json::to_vec_pretty(self)?)?;
        // The token in it is a password.
        Ok(std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?)
    }

    /// A client that may add displays: by the kept token, else by the first password.
    async fn api(&mut self, controller: &Controller) -> Result<Api> {
        if self.token.is_none() {
            let admin = controller.admin().await.context(
                "logging in: the administrator's password was changed and no token was kept; remove the demo's folder to begin anew",
            )?;
            let made = admin.post("/api/v1/api-tokens", json!({"name": "demo"})).await?;
            self.token = made["token"].as_str().map(str::to_owned);
        }
        Ok(controller.stranger()?.with_token(self.token.as_deref().context("no token was made")?))
    }
}

impl Demo {
    /// Starts everything and returns when the agents run. `tell` is called with each step.
    pub async fn start(dir: &Path, terminals: usize, tell: impl Fn(&str)) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        let file = dir.join("kept.json");
        let mut kept = Kept::read_or_choose(&file, terminals)?;
        kept.write(&file)?;
        let displays = displays(terminals);

        tell("controller");
        let data = dir.join("controller");
        let address = format!("localhost:{}", kept.controller.mqtt);
        let config = controller::config(&data, kept.controller, "embedded", &address, &displays);
        let mut controller = Controller::prepare(&dir, &data, kept.controller, &config)?;
        controller.start().await?;

        tell("printers");
        let bus = Bus::start(&dir).await?;
        let mut printers = Vec::new();
        for (n, port) in kept.printers.iter().take(terminals).enumerate() {
            let name = format!("printer-{}", displays[n].0);
            printers.push(Printer::start(&dir, &bus, &name, *port).await?);
        }

        let api = kept.api(&controller).await?;
        kept.write(&file)?;
        let password = api::initial_password(&data).ok();
        let mut demo = Self {
            controller,
            terminals: Vec::new(),
            printers,
            password,
            api,
            content: None,
            _bus: bus,
            end: CancellationToken::new(),
            played: TaskTracker::new(),
        };
        tell("displays");
        for (n, (id, _)) in displays.iter().enumerate() {
            let uri = demo.printers[n % demo.printers.len()].uri();
            let terminal = demo.prepare_terminal(&dir, id, kept.kiosks[n], &uri)?;
            if !kept.enrolled.contains(id) {
                terminal.enroll(&demo.controller, &demo.api).await?;
                kept.enrolled.push(id.clone());
                kept.write(&file)?;
            }
            demo.terminals.push(terminal);
        }
        for terminal in &mut demo.terminals {
            terminal.start()?;
        }
        demo.play();
        tell("content");
        let token = kept.token.as_deref().context("no token was made")?;
        let authority = data.join("pki/ca.crt");
        let content = DemoContent::new(&dir, kept.controller.console, authority, demo.api.clone(), token)?;
        demo.content = Some(content.on(displays.iter().map(|(id, _)| id.clone()).collect()));
        if let Some(content) = &demo.content {
            content.first().await?;
        }
        Ok(demo)
    }

    fn prepare_terminal(&self, dir: &Path, id: &str, kiosk: u16, printer: &str) -> Result<Terminal> {
        let data: PathBuf = dir.join(id);
        let config = json!({
            "data_dir": data,
            "kiosk": {"listen": format!("127.0.0.1:{kiosk}")},
            "printers": [{"name": "main", "uri": printer}],
            "sensors": {"printer_period_s": 2},
            "neighbors": {"listen": "127.0.0.1:0"},
            "log": "info",
        });
        Terminal::prepare(dir, id, &data, kiosk, &config)
    }

    fn play(&self) {
        for (n, terminal) in self.terminals.iter().enumerate() {
            // Forty displays on one machine: the real page beats as seldom.
            let page = visitor::showing_page_every(visitor::HEARTBEAT, terminal.kiosk(), self.end.clone());
            self.played.spawn(page);
            let seed = u64::try_from(n).unwrap_or(0);
            self.played.spawn(visitor::visitors(terminal.kiosk(), seed, self.end.clone()));
        }
        self.played.close();
    }

    /// Has a second release go out after a while. `tell` is called with each step.
    pub fn roll_on(&self, tell: impl Fn(&str) + Send + Sync + 'static) {
        if let Some(content) = self.content.clone() {
            self.played.reopen();
            self.played.spawn(content.second(self.end.clone(), tell));
            self.played.close();
        }
    }

    /// Starts agents again that asked for it or died, as systemd does, and says so.
    pub fn supervise(&mut self, tell: impl Fn(&str)) -> Result<()> {
        if self.controller.process().ended().is_some() {
            tell("the controller ended and is started again, as systemd would");
            self.controller.launch()?;
        }
        for terminal in &mut self.terminals {
            if !terminal.is_running() {
                tell(&format!("the agent of {} ended and is started again, as systemd would", terminal.id));
                terminal.start()?;
            }
        }
        Ok(())
    }

    /// Ends everything in order.
    pub async fn stop(mut self) {
        self.end.cancel();
        self.played.wait().await;
        for terminal in &mut self.terminals {
            if let Ok(()) = terminal.process().signal("TERM") {}
        }
        for terminal in &mut self.terminals {
            terminal.stop().await;
        }
        self.controller.stop().await;
    }
}
