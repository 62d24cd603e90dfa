//! A private `cupsd`: its own folders, its own port, the rights of whoever runs the test.

use std::path::Path;

use anyhow::{Context, Result};

use crate::process::Process;
use crate::wait::{seconds, until};
use crate::{ports, programs};

/// A running `cupsd`.
#[derive(Debug)]
pub struct Cups {
    process: Process,
    /// Its port.
    pub port: u16,
}

impl Cups {
    /// Starts one without any queue.
    pub async fn start(dir: &Path) -> Result<Self> {
        let home = dir.join("cups");
        for folder in ["spool/tmp", "cache", "state/certs", "root/ppd", "log"] {
            tokio::fs::create_dir_all(home.join(folder)).await?;
        }
        let port = ports::free();
        let at = home.display();
        let main = format!(
            "Listen 127.0.0.1:{port}\nBrowsing Off\nDefaultAuthType None\nWebInterface No\nLogLevel warn\n\
             PreserveJobFiles No\nPreserveJobHistory Yes\nErrorPolicy retry-job\nJobRetryInterval 1\n\
             <Location />\n  Order allow,deny\n  Allow from all\n</Location>\n\
             <Location /admin>\n  Order allow,deny\n  Allow from all\n</Location>\n\
             <Policy default>\n  <Limit All>\n    Order allow,deny\n    Allow from all\n  </Limit>\n</Policy>\n"
        );
        let files = format!(
            "ServerRoot {at}/root\nRequestRoot {at}/spool\nTempDir {at}/spool/tmp\nCacheDir {at}/cache\n\
             StateDir {at}/state\nDataDir /usr/share/cups\nServerBin /usr/lib/cups\nAccessLog {at}/log/access\n\
             ErrorLog {at}/log/error\nPageLog {at}/log/page\nFileDevice Yes\nSandboxing Relaxed\n"
        );
        let (main_file, files_file) = (home.join("cupsd.conf"), home.join("cups-files.conf"));
        tokio::fs::write(&main_file, main).await?;
        tokio::fs::write(&files_file, files).await?;
        let program = programs::find("cupsd").context("cupsd is not installed")?;
        let process = Process::start(dir, "cupsd", &program, |c| {
            c.arg("-f").arg("-c").arg(&main_file).arg("-s").arg(&files_file);
        })?;
        let cups = Self { process, port };
        until("cupsd answers", seconds(20), || async {
            if ports::is_open(port) { Ok(()) } else { Err(cups.process.words()) }
        })
        .await;
        Ok(cups)
    }

    /// Makes a queue in front of a device. `raw` queues pass the job on as it is, which spares the
    /// tests the whole chain of print filters.
    pub async fn add_queue(&self, name: &str, device_uri: &str) -> Result<String> {
        let program = programs::find("lpadmin").context("lpadmin is not installed")?;
        let made = tokio::process::Command::new(program)
            .args([
                "-h",
                &format!("127.0.0.1:{}", self.port),
                "-p",
                name,
                "-E",
                "-v",
                device_uri,
                "-m",
                "raw",
            ])
            .output()
            .await?;
        anyhow::ensure!(
            made.status.success(),
            "lpadmin: {}\n{}",
            String::from_utf8_lossy(&made.stderr),
            self.process.words()
        );
        Ok(format!("ipp://localhost:{}/printers/{name}", self.port))
    }
}
