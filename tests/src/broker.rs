//! Mosquitto with the configuration that `deploy/broker/` ships, in a folder of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::Process;
use crate::wait::{seconds, until};
use crate::{ports, programs};

/// What it says when it reads its configuration anew.
const RELOADED: &str = "Reloading config";

/// A running Mosquitto.
#[derive(Debug)]
pub struct Mosquitto {
    process: Option<Process>,
    dir: PathBuf,
    config: PathBuf,
    port: u16,
}

impl Mosquitto {
    /// Adapts the shipped configuration: only folders, port and user change, the rules stay.
    pub fn prepare(dir: &Path, pki: &Path, port: u16) -> Result<Self> {
        let shipped = programs::repository().join("deploy/broker");
        let text = std::fs::read_to_string(shipped.join("mosquitto.conf"))
            .context("reading deploy/broker/mosquitto.conf")?;
        let home = dir.join("mosquitto");
        std::fs::create_dir_all(&home)?;
        let mut lines = Vec::new();
        for line in text.lines() {
            let (key, value) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
            let file = Path::new(value.trim()).file_name().and_then(|n| n.to_str()).unwrap_or_default();
            lines.push(match key {
                "listener" => format!("listener {port} 127.0.0.1"),
                "cafile" | "certfile" | "keyfile" | "crlfile" => {
                    format!("{key} {}", pki.join(file).display())
                }
                "acl_file" => format!("acl_file {}", shipped.join(file).display()),
                "persistence_location" => format!("persistence_location {}/", home.display()),
                "log_dest" => "log_dest stderr".to_owned(),
                "pid_file" | "user" => String::new(),
                _ => line.to_owned(),
            });
        }
        // Tells when it has read its configuration anew.
        lines.push("log_type information".to_owned());
        if skip_user() {
            lines.push("user root".to_owned());
        }
        let config = dir.join("mosquitto.conf");
        std::fs::write(&config, lines.join("\n") + "\n")?;
        Ok(Self { process: None, dir: dir.into(), config, port })
    }

    /// Starts it and waits until it listens.
    pub async fn start(&mut self) -> Result<()> {
        let program = programs::find("mosquitto").context("mosquitto is not installed")?;
        let config = self.config.clone();
        let process = Process::start(&self.dir, "mosquitto-log", &program, |c| {
            c.arg("-c").arg(config);
        })?;
        until("mosquitto listens", seconds(20), || async {
            if ports::is_open(self.port) { Ok(()) } else { Err(process.words()) }
        })
        .await;
        self.process = Some(process);
        Ok(())
    }

    /// Lets it read its files anew, as `systemctl reload mosquitto` does, and waits until it has.
    pub async fn reload(&self) -> Result<()> {
        let id = self.process.as_ref().and_then(Process::id).context("it does not run")?;
        let before = self.words().matches(RELOADED).count();
        let said = std::process::Command::new("kill").args(["-HUP", &id.to_string()]).status()?;
        anyhow::ensure!(said.success(), "mosquitto could not be told");
        until("mosquitto has read its files anew", seconds(20), || async {
            let words = self.words();
            if words.matches(RELOADED).count() > before { Ok(()) } else { Err(words) }
        })
        .await;
        Ok(())
    }

    /// Ends it at once.
    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().and_then(Process::id)
    }

    /// Its last words.
    pub fn words(&self) -> String {
        self.process.as_ref().map(Process::words).unwrap_or_default()
    }
}

/// As root Mosquitto would change to a user that cannot read a test's folder.
fn skip_user() -> bool {
    crate::skip::is_root()
}
