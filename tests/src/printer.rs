//! Printers: Debian's `ippeveprinter`, a CUPS queue of a private `cupsd` in front of one, and fakes
//! that hang, talk nonsense or refuse.
//!
//! `ippeveprinter` wants a D-Bus system bus, though it needs nobody on it. It gets a bus of its own
//! in a temporary folder, so that nothing of the machine is touched and no rights are needed.

pub mod cups;
pub mod fake;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::Process;
use crate::wait::{seconds, until};
use crate::{ports, programs};

/// The form of `ippeveprinter` that sets what lies in its trays: all fields, else trays vanish.
/// `-2` says "unknown", as a printer without sensors does.
const TRAYS: &str =
    "size1=iso_a4_210x297mm&type1=stationery&size2=na_index-4x6_4x6in&type2=photographic-glossy";

/// A D-Bus daemon in a folder of its own.
#[derive(Debug)]
pub struct Bus {
    process: Process,
    address: String,
}

impl Bus {
    /// Starts one.
    pub async fn start(dir: &Path) -> Result<Self> {
        let socket = dir.join("bus");
        let config = dir.join("bus.conf");
        tokio::fs::write(
            &config,
            format!(
                "<busconfig><type>system</type><listen>unix:path={}</listen><policy context=\"default\">\
                 <allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>",
                socket.display()
            ),
        )
        .await?;
        let program = programs::find("dbus-daemon").context("dbus-daemon is not installed")?;
        // A socket of an earlier run that was killed would stand in the way.
        if tokio::fs::try_exists(&socket).await? {
            tokio::fs::remove_file(&socket).await?;
        }
        let process = Process::start(dir, "dbus", &program, |c| {
            c.arg("--nofork").arg(format!("--config-file={}", config.display()));
        })?;
        until("the bus answers", seconds(10), || async {
            tokio::net::UnixStream::connect(&socket).await.map(drop)
        })
        .await;
        Ok(Self { process, address: format!("unix:path={}", socket.display()) })
    }

    /// Where it is spoken to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its log, for failures.
    pub fn words(&self) -> String {
        self.process.words()
    }
}

/// A running `ippeveprinter`.
#[derive(Debug)]
pub struct Printer {
    process: Process,
    /// The port of its IPP and of its forms.
    pub port: u16,
    spool: PathBuf,
}

impl Printer {
    /// Starts one that prints quickly and keeps what it printed.
    pub async fn start(dir: &Path, bus: &Bus, name: &str, port: u16) -> Result<Self> {
        let spool = dir.join(format!("{name}.spool"));
        tokio::fs::create_dir_all(&spool).await?;
        let program = programs::find("ippeveprinter").context("ippeveprinter is not installed")?;
        let process = Process::start(dir, name, &program, |c| {
            c.env("DBUS_SYSTEM_BUS_ADDRESS", &bus.address)
                .args(["-p", &port.to_string(), "-r", "off", "-k", "-s", "60,60", "-n", "localhost", "-f"])
                .args([
                    "application/pdf,image/urf,image/pwg-raster,text/plain,application/octet-stream",
                    "-d",
                ])
                .arg(&spool)
                .arg(format!("Drucker {name}"));
        })?;
        let printer = Self { process, port, spool };
        until("the printer answers", seconds(15), || async {
            if ports::is_open(port) { Ok(()) } else { Err(printer.process.words()) }
        })
        .await;
        printer.set_sheets(250).await?;
        Ok(printer)
    }

    /// Where jobs go.
    pub fn uri(&self) -> String {
        format!("ipp://localhost:{}/ipp/print", self.port)
    }

    /// The address of the form that sets how many sheets lie in the tray, for people to call.
    pub fn sheets_url(port: u16, sheets: u32) -> String {
        format!("http://localhost:{port}/media?{TRAYS}&level1={sheets}&level2=-2")
    }

    /// Sets how many sheets lie in the tray. The form knows 250, 125, 50, 25, 5 and 0.
    pub async fn set_sheets(&self, sheets: u32) -> Result<()> {
        self.form(&Self::sheets_url(self.port, sheets)).await
    }

    /// Sets the toner, in percent.
    pub async fn set_toner(&self, percent: u32) -> Result<()> {
        self.form(&format!("http://localhost:{}/supplies?supply0=25&supply1={percent}", self.port)).await
    }

    async fn form(&self, url: &str) -> Result<()> {
        let answer = crate::tls::plain_http().get(url).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{url}: {}", answer.status());
        Ok(())
    }

    /// Text that stands in a document that came out.
    pub async fn has_printed(&self, words: &str) -> bool {
        let mut entries = tokio::fs::read_dir(&self.spool).await.unwrap();
        while let Some(entry) = entries.next_entry().await.unwrap() {
            let bytes = tokio::fs::read(entry.path()).await.unwrap_or_default();
            if String::from_utf8_lossy(&bytes).contains(words) {
                return true;
            }
        }
        false
    }

    /// Documents that came out.
    pub async fn printed(&self) -> usize {
        let mut count = 0;
        let mut entries = tokio::fs::read_dir(&self.spool).await.unwrap();
        while let Some(entry) = entries.next_entry().await.unwrap() {
            count += usize::from(entry.metadata().await.is_ok_and(|m| m.is_file() && m.len() > 0));
        }
        count
    }

    /// Takes it away at once.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Stands still (`STOP`) or goes on (`CONT`).
    pub fn signal(&self, signal: &str) -> Result<()> {
        self.process.signal(signal)
    }

    /// Its log.
    pub fn words(&self) -> String {
        self.process.words()
    }
}
