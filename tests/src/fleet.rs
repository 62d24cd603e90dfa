//! A whole fleet: one controller, one broker, terminals with printers, in a temporary folder.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use crate::api::Api;
use crate::broker::Mosquitto;
use crate::controller::{self, Controller, Ports};
use crate::network::Proxy;
use crate::ports;
use crate::printer::{Bus, Printer};
use crate::systemd::PlayedSystemd;
use crate::terminal::{self, Terminal};
use crate::wait::{seconds, until};

/// Which broker carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerKind {
    /// The one inside the controller.
    Embedded,
    /// Mosquitto with the shipped configuration.
    Mosquitto,
}

/// A fleet to be.
#[derive(Debug)]
pub struct Builder {
    broker: BrokerKind,
    terminals: usize,
    real_printers: bool,
    printers: Option<Value>,
    start_agents: bool,
    controller_data: Option<PathBuf>,
    played_systemd: bool,
    neighbors: Option<bool>,
    content: Option<Value>,
}

/// A running fleet.
#[derive(Debug)]
pub struct Fleet {
    /// Logged in as administrator.
    pub api: Api,
    /// The controller.
    pub controller: Controller,
    /// Displays, `fp-01` first.
    pub terminals: Vec<Terminal>,
    /// Real printers, one for each display, if asked for.
    pub printers: Vec<Printer>,
    /// The line of the terminals to the broker.
    pub line: Proxy,
    /// The external broker.
    pub mosquitto: Option<Mosquitto>,
    /// systemd and logind of the displays, if asked for.
    pub systemd: Option<PlayedSystemd>,
    bus: Option<Bus>,
    dir: tempfile::TempDir,
}

impl Fleet {
    /// Begins.
    pub fn builder() -> Builder {
        Builder {
            broker: BrokerKind::Embedded,
            terminals: 1,
            real_printers: false,
            printers: None,
            start_agents: true,
            controller_data: None,
            played_systemd: false,
            neighbors: None,
            content: None,
        }
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Waits until a terminal's detail holds a condition.
    pub async fn until_terminal(&self, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        until(&format!("{id} {what}"), seconds(60), || async {
            let seen = self.api.terminal(id).await.map_err(|e| json!(format!("{e:#}")))?;
            if holds(&seen) { Ok(seen) } else { Err(seen) }
        })
        .await
    }

    /// Waits until a terminal is online.
    pub async fn until_online(&self, id: &str) -> Value {
        self.until_terminal(id, "is online", |t| t["presence"]["state"] == "online").await
    }

    /// Waits until a command is in one of these states.
    pub async fn until_command(&self, id: &str, states: &[&str]) -> Value {
        until(&format!("command {id} in {states:?}"), seconds(60), || async {
            self.api.command_in(id, states).await.map_err(|e| format!("{e:#}"))
        })
        .await
    }

    /// Logs in again, as after the controller's restart with a new data directory.
    pub async fn login(&mut self) -> Result<()> {
        self.api = self.controller.admin().await?;
        Ok(())
    }

    /// Ends the whole fleet in order; false when something had to be killed.
    pub async fn stop(mut self) -> bool {
        let mut in_order = true;
        for terminal in &mut self.terminals {
            in_order &= terminal.stop().await;
        }
        in_order & self.controller.stop().await
    }
}

impl Builder {
    /// Which broker.
    pub fn broker(mut self, broker: BrokerKind) -> Self {
        self.broker = broker;
        self
    }

    /// How many displays.
    pub fn terminals(mut self, n: usize) -> Self {
        self.terminals = n;
        self
    }

    /// An `ippeveprinter` for each display.
    pub fn real_printers(mut self) -> Self {
        self.real_printers = true;
        self
    }

    /// The `printers` of every display's configuration.
    pub fn printers(mut self, printers: Value) -> Self {
        self.printers = Some(printers);
        self
    }

    /// A systemd that restarts its units at once, and a logind that only notes a reboot.
    pub fn played_systemd(mut self) -> Self {
        self.played_systemd = true;
        self
    }

    /// Displays may give each other content, at free ports; `asked` says whether the site lets them.
    pub fn neighbors(mut self, asked: bool) -> Self {
        self.neighbors = Some(asked);
        self
    }

    /// The `content` of every display's configuration.
    pub fn content(mut self, content: Value) -> Self {
        self.content = Some(content);
        self
    }

    /// Displays are known to the controller and have a configuration, but nothing of them runs.
    pub fn without_agents(mut self) -> Self {
        self.start_agents = false;
        self
    }

    /// Where the controller keeps its data, instead of the fleet's own folder.
    pub fn controller_data(mut self, folder: PathBuf) -> Self {
        self.controller_data = Some(folder);
        self
    }

    /// Starts everything and waits until every display is online.
    pub async fn start(self) -> Fleet {
        crate::tls::provider();
        let dir = tempfile::tempdir().unwrap();
        let root: PathBuf = dir.path().into();
        // CUPS and its backends run under users of their own.
        std::fs::set_permissions(&root, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let places = Ports::free();
        let line = Proxy::before(places.mqtt).await;
        let ids: Vec<(String, String)> =
            (1..=self.terminals.max(1)).map(|n| (format!("fp-{n:02}"), format!("Anzeige {n}"))).collect();
        let kind = if self.broker == BrokerKind::Embedded { "embedded" } else { "external" };
        let data = self.controller_data.clone().unwrap_or_else(|| root.join("controller"));
        let mut config =
            controller::config(&data, places, kind, &format!("localhost:{}", line.address.port()), &ids);
        if let Some(asked) = self.neighbors {
            config["sites"][0]["neighbors"] = json!(asked);
        }
        let mut controller = Controller::prepare(&root, &data, places, &config).unwrap();
        controller.launch().unwrap();
        let mosquitto = self.start_mosquitto(&root, &data, places.mqtt).await;
        controller.wait_ready().await.unwrap();
        let api = controller.admin().await.unwrap_or_else(|e| panic!("{e:#}\n{}", controller.words()));

        let mut fleet = Fleet {
            api,
            controller,
            terminals: Vec::new(),
            printers: Vec::new(),
            line,
            mosquitto,
            systemd: None,
            bus: None,
            dir,
        };
        if self.real_printers {
            fleet.bus = Some(Bus::start(&root).await.unwrap());
        }
        if self.played_systemd {
            fleet.systemd = Some(PlayedSystemd::start(&root).await.unwrap());
        }
        for (id, _) in &ids {
            self.add_terminal(&mut fleet, &root, id).await;
        }
        if self.start_agents {
            for (id, _) in &ids {
                fleet.until_online(id).await;
            }
        }
        fleet
    }

    /// The controller writes the broker's certificate before it dials, so Mosquitto comes second.
    async fn start_mosquitto(&self, root: &Path, data: &Path, port: u16) -> Option<Mosquitto> {
        if self.broker == BrokerKind::Embedded {
            return None;
        }
        let pki = data.join("pki");
        until("the broker's certificate is written", seconds(60), || async {
            let there = ["ca.crt", "ca.crl", "broker.crt", "broker.key"].iter().all(|f| pki.join(f).exists());
            if there { Ok(()) } else { Err(pki.clone()) }
        })
        .await;
        let mut mosquitto = Mosquitto::prepare(root, &pki, port).unwrap();
        mosquitto.start().await.unwrap();
        Some(mosquitto)
    }

    async fn add_terminal(&self, fleet: &mut Fleet, root: &Path, id: &str) {
        let printers = match (&self.printers, &fleet.bus) {
            (Some(printers), _) => printers.clone(),
            (None, Some(bus)) => {
                let printer =
                    Printer::start(root, bus, &format!("{id}-printer"), ports::free()).await.unwrap();
                let printers = json!([{"name": "main", "uri": printer.uri()}]);
                fleet.printers.push(printer);
                printers
            }
            (None, None) => json!([]),
        };
        let data = root.join(id);
        let port = ports::free();
        let mut config = terminal::config(&data, port, &printers);
        if let Some(content) = &self.content {
            config["content"] = content.clone();
        }
        if fleet.systemd.is_some() {
            config["services"] = json!(crate::systemd::UNITS);
            config["kiosk"]["restart_unit"] = json!("kiosk-session.service");
        }
        if self.neighbors.is_some() {
            config["neighbors"]["listen"] = json!("127.0.0.1:0");
        }
        let mut terminal = Terminal::prepare(root, id, &data, port, &config).unwrap();
        if let Some(systemd) = &fleet.systemd {
            terminal.environment = vec![("DBUS_SYSTEM_BUS_ADDRESS".into(), systemd.address().into())];
        }
        if self.start_agents {
            terminal.enroll(&fleet.controller, &fleet.api).await.unwrap();
            terminal.start().unwrap();
        }
        fleet.terminals.push(terminal);
    }
}
