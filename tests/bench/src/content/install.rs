//! The first install, beside fetching and unpacking a `tar.zst` and syncing it: `curl | tar`, over TLS
//! as well. In turn, so that both meet the same disk.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use migrado_tests::network::Proxy;
use migrado_tests::wait::seconds;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use super::files::{FileServer, Shown};

/// What the files are packed into.
const ARCHIVE: &str = "release.tar.zst";

/// The other way to a first release.
#[derive(Debug)]
pub(crate) struct Archive {
    dir: tempfile::TempDir,
    line: Proxy,
    authority: PathBuf,
    _server: FileServer,
}

impl Archive {
    /// Packs a folder and serves it.
    pub(crate) async fn of(out: &Path, folder: &Path) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("archive-").tempdir_in(out)?;
        let served = dir.path().join("served");
        std::fs::create_dir(&served)?;
        let mut tar = Command::new("tar");
        tar.arg("--zstd").arg("-cf").arg(served.join(ARCHIVE)).arg("-C").arg(folder).arg(".");
        ensure!(tar.status().await.context("tar is missing")?.success(), "tar --zstd failed");
        let shown = Shown::new()?;
        let authority = dir.path().join("authority.pem");
        std::fs::write(&authority, &shown.pem)?;
        let server = FileServer::start(&served, Some(&shown)).await?;
        let line = Proxy::before(server.port).await;
        Ok(Self { dir, line, authority, _server: server })
    }

    /// Fetches, unpacks and syncs. Gives the time that took.
    pub(crate) async fn install(&self, n: usize) -> Result<f64> {
        let to = self.dir.path().join(format!("to-{n}"));
        std::fs::create_dir(&to)?;
        nix::unistd::sync();
        let url = format!("https://localhost:{}/{ARCHIVE}", self.line.address.port());
        let words =
            "curl -sSf --noproxy '*' --cacert \"$0\" \"$1\" | tar --zstd -x -C \"$2\" && sync -f \"$2\"";
        let began = Instant::now();
        let mut shell = Command::new("sh");
        shell.args(["-c", words]).arg(&self.authority).arg(&url).arg(&to);
        let done = shell.stdin(Stdio::null()).kill_on_drop(true).output();
        let done = timeout(seconds(300), done).await.context("curl | tar hangs")??;
        let took = began.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success() && said.is_empty(), "curl | tar: {said}");
        Ok(took)
    }
}
