//! The peer of an update: `ostree pull` over plain HTTP, from a repository in archive mode into one
//! that has the first release. It verifies what comes and links what it has, as we do; it knows no
//! patches here, since its own make this change larger (measured: 84 MB instead of 73).

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use migrado_tests::network::Proxy;
use nix::sys::resource::{UsageWho, getrusage};

use super::files::FileServer;

/// The branch that releases are committed to.
const BRANCH: &str = "content";

/// What the pull of the second release took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pulled {
    /// Processor time.
    pub(crate) cpu_s: f64,
    /// Bytes on the wire, without TLS.
    pub(crate) wire_bytes: u64,
}

/// A repository that has been filled, and those who pull from it.
#[derive(Debug)]
pub(crate) struct Ostree {
    dir: tempfile::TempDir,
    line: Proxy,
    _server: FileServer,
}

impl Ostree {
    /// Fills a repository with the first release and has `clients` pull it. `None` where there is no
    /// ostree.
    pub(crate) async fn start(out: &Path, first: &Path, clients: usize) -> Result<Option<Self>> {
        if migrado_tests::programs::find("ostree").is_none() {
            return Ok(None);
        }
        let dir = tempfile::Builder::new().prefix("ostree-").tempdir_in(out)?;
        let repository = dir.path().join("repository");
        let server = FileServer::start(&repository, None).await?;
        let line = Proxy::before(server.port).await;
        let ostree = Self { dir, line, _server: server };
        ostree.run("repository", &["init", "--mode=archive"]).await?;
        ostree.commit(first).await?;
        for n in 0..clients {
            let (name, url) = (client(n), format!("http://127.0.0.1:{}/", ostree.line.address.port()));
            ostree.run(&name, &["init", "--mode=bare-user-only"]).await?;
            ostree.run(&name, &["remote", "add", "--no-gpg-verify", "fleet", &url]).await?;
            ostree.run(&name, &["pull", "fleet", BRANCH]).await?;
        }
        Ok(Some(ostree))
    }

    /// Commits a folder.
    pub(crate) async fn commit(&self, folder: &Path) -> Result<()> {
        let tree = format!("--tree=dir={}", folder.display());
        self.run("repository", &["commit", "--branch", BRANCH, &tree]).await.map(drop)
    }

    /// Has a client pull the newest.
    pub(crate) async fn pull(&self, n: usize) -> Result<Pulled> {
        let before = self.line.bytes();
        nix::unistd::sync();
        let cpu_s = self.run(&client(n), &["pull", "fleet", BRANCH]).await?;
        Ok(Pulled { cpu_s, wire_bytes: self.line.bytes().since(before).sum() })
    }

    /// Runs a verb on a repository. Gives its processor time.
    async fn run(&self, repository: &str, words: &[&str]) -> Result<f64> {
        let at = self.dir.path().join(repository);
        let mut command = Command::new("ostree");
        command.arg(format!("--repo={}", at.display())).args(words);
        let said = format!("{command:?}");
        let done = tokio::task::spawn_blocking(move || {
            let before = children_cpu_s()?;
            let done = command.output().context("ostree does not start")?;
            anyhow::Ok((done, children_cpu_s()? - before))
        });
        let (done, cpu_s) = done.await??;
        ensure!(done.status.success(), "{said}: {}", String::from_utf8_lossy(&done.stderr));
        Ok(cpu_s)
    }
}

fn client(n: usize) -> String {
    format!("client-{n}")
}

/// Processor time of all children that ended so far.
fn children_cpu_s() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let sum = [usage.user_time(), usage.system_time()];
    Ok(sum.iter().map(|t| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6).sum())
}
