//! systemd and logind, played by a program of ours on a bus of its own.

use std::path::Path;

use anyhow::Result;

use crate::printer::Bus;
use crate::process::Process;
use crate::programs;
use crate::wait::{seconds, until};

/// Units that are played: these, `broken.service` which fails, and `deaf.service` which never moves.
pub const UNITS: [&str; 5] =
    ["cups.service", "getty@tty1.service", "kiosk-session.service", "broken.service", "deaf.service"];

/// A played systemd.
#[derive(Debug)]
pub struct PlayedSystemd {
    process: Process,
    bus: Bus,
}

impl PlayedSystemd {
    /// Starts it in a folder.
    pub async fn start(dir: &Path) -> Result<Self> {
        let home = dir.join("systemd");
        std::fs::create_dir_all(&home)?;
        let bus = Bus::start(&home).await?;
        let program = programs::ours("played-systemd");
        let process = Process::start(&home, "played-systemd", &program, |c| {
            c.env("DBUS_SYSTEM_BUS_ADDRESS", bus.address());
        })?;
        until("systemd is played", seconds(10), || async {
            let words = process.words();
            if words.contains("ready") { Ok(()) } else { Err(words) }
        })
        .await;
        Ok(Self { process, bus })
    }

    /// Where it is asked.
    pub fn address(&self) -> &str {
        self.bus.address()
    }

    /// How often it was asked for this (`RestartUnit cups.service`, `Reboot`).
    pub fn asked(&self, what: &str) -> usize {
        self.process.words().lines().filter(|line| *line == what).count()
    }
}
