//! A child process that ends with its owner, whatever happens, and whose words are kept in a file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::{Child, Command};

use crate::programs;

/// A running program.
#[derive(Debug)]
pub struct Process {
    /// What it is called in messages.
    pub name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program; what it says goes to `<dir>/<name>.log`, after what it said before.
    ///
    /// `setpriv` makes the kernel kill it when its owner dies without a word. It is in a process
    /// group of its own, so that Ctrl-C reaches the owner, which then stops it in order.
    pub fn start(dir: &Path, name: &str, program: &Path, arrange: impl FnOnce(&mut Command)) -> Result<Self> {
        let log = dir.join(format!("{name}.log"));
        let words = File::options().create(true).append(true).open(&log)?;
        let mut command = match programs::find("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.stdin(Stdio::null()).stdout(words.try_clone()?).stderr(words);
        command.kill_on_drop(true).process_group(0);
        arrange(&mut command);
        let child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        Ok(Self { name: name.into(), child, log })
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// What it said so far, the last part of it.
    pub fn words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let from = text.len().saturating_sub(6000);
        String::from_utf8_lossy(&text[from..]).into_owned()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Fails with its last words when it has ended.
    pub fn must_live(&mut self) -> Result<()> {
        match self.ended() {
            Some(status) => {
                anyhow::bail!("{} ended with {status}; its last words:\n{}", self.name, self.words())
            }
            None => Ok(()),
        }
    }

    /// Sends a signal by name (`TERM`, `KILL`, `STOP`, `CONT`, `HUP`).
    pub fn signal(&self, signal: &str) -> Result<()> {
        let id = self.id().context("it has ended already")?;
        let sent = std::process::Command::new("kill").args(["-s", signal, &id.to_string()]).status()?;
        anyhow::ensure!(sent.success(), "kill -s {signal} {id} ({}) failed", self.name);
        Ok(())
    }

    /// Ends it at once, as a power cut would.
    pub async fn kill(&mut self) {
        let gone = self.child.kill().await;
        assert!(gone.is_ok() || self.ended().is_some(), "{} cannot be killed: {gone:?}", self.name);
    }

    /// Ends it in order, and at once when it takes longer than the limit. True if in order.
    pub async fn stop(&mut self, limit: Duration) -> bool {
        if self.ended().is_some() {
            return true;
        }
        let asked = self.signal("TERM").is_ok();
        if asked && tokio::time::timeout(limit, self.child.wait()).await.is_ok() {
            return true;
        }
        self.kill().await;
        false
    }
}
