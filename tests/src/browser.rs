//! A real browser before a display's page, without a screen.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::process::Process;
use crate::programs;

/// Opens the page at a port in a browser with a profile of its own, which goes away with its owner.
pub fn open(dir: &Path, port: u16) -> Result<Process> {
    let program = programs::find("chromium").context("chromium is not installed")?;
    let profile = dir.join("browser");
    Process::start(dir, "browser", &program, |c| {
        c.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-dev-shm-usage",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("http://127.0.0.1:{port}/"));
    })
}
