//! The demo's content, by the road that an editor takes: keys, the sample published with
//! `migradoctl`, every display given it; and after a while a second release, which a rollout brings to
//! the first display of each site before the others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::editor::want;
use crate::programs;

/// How long the first release stands before the second is published: time to look around.
const SECOND_AFTER: Duration = Duration::from_secs(45);
/// Seconds for which the first displays are watched before the others follow: a demo is short.
const OBSERVE_S: &str = "10";
/// What the second release says more, at the end of a guide.
const NEWS: &str = "\n## Neu\n\n![Termin machen](telefon.svg)\n\nTermine gibt es jetzt auch am Samstag.\n";
/// The guide that says it.
const GUIDE: &str = "guides/arztbesuch/de.md";

/// Publishes and hands out.
#[derive(Debug, Clone)]
pub(crate) struct DemoContent {
    dir: PathBuf,
    url: String,
    authority: PathBuf,
    api: Api,
    displays: Vec<String>,
}

impl DemoContent {
    /// For a controller that runs; nothing is done yet. `api` and `token` are the administrator's.
    pub(crate) fn new(dir: &Path, port: u16, authority: PathBuf, api: Api, token: &str) -> Result<Self> {
        let token_file = dir.join("token");
        std::fs::write(&token_file, token)?;
        std::fs::set_permissions(&token_file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let url = format!("https://localhost:{port}");
        Ok(Self { dir: dir.to_owned(), url, authority, api, displays: Vec::new() })
    }

    /// The displays that shall have it, the first of a site first.
    #[must_use]
    pub(crate) fn on(self, displays: Vec<String>) -> Self {
        Self { displays, ..self }
    }

    /// Names of the releases that are live, the newest first.
    async fn live(&self) -> Result<Vec<String>> {
        let list = self.api.get("/api/v1/releases").await?;
        let releases = list["releases"].as_array().cloned().unwrap_or_default();
        let live = releases.iter().filter(|release| release["withdrawn_ms"].is_null());
        Ok(live.filter_map(|release| release["name"].as_str().map(str::to_owned)).collect())
    }

    /// Publishes the sample, unless something is live already, and gives it to every display.
    pub(crate) async fn first(&self) -> Result<()> {
        if self.live().await?.is_empty() {
            let keys = self.dir.join("keys");
            if !keys.exists() {
                self.run(&["content", "keys", "init", &text(&keys)?, "--no-passphrase"]).await?;
            }
            let sample = text(&programs::repository().join("config/content"))?;
            self.publish(&sample, "Sample content").await?;
        }
        let newest = self.live().await?.into_iter().next().context("nothing is live after publishing")?;
        for display in &self.displays {
            self.give(display, &newest).await?;
        }
        Ok(())
    }

    /// After a while publishes a second release and rolls it out. Once in the life of the demo's folder.
    pub(crate) async fn second(self, end: CancellationToken, tell: impl Fn(&str)) {
        let work = async {
            if self.live().await?.len() > 1 {
                return Ok(());
            }
            tokio::time::sleep(SECOND_AFTER).await;
            let folder = self.dir.join("content");
            copy(&programs::repository().join("config/content"), &folder)?;
            let guide = folder.join(GUIDE);
            std::fs::write(&guide, std::fs::read_to_string(&guide)? + NEWS)?;
            self.publish(&text(&folder)?, "Appointments on Saturday").await?;
            let newest = self.live().await?.into_iter().next().context("the second release is not live")?;
            let first: Vec<_> = self.displays.iter().filter(|id| id.ends_with("-01")).cloned().collect();
            let canaries = format!("terminals:{}", first.join(","));
            let waves = ["--wave", &canaries, "--wave", "rest", "--observe-s", OBSERVE_S];
            let start = ["rollouts", "start", &newest, "--yes", "--title", "Appointments on Saturday"];
            self.run(&[&start[..], &waves[..]].concat()).await?;
            tell(&format!("release {newest} is rolled out: first to {}, then to the rest", first.join(", ")));
            tell("watch it on the console, under Rollouts, or with: migradoctl rollouts list");
            Ok::<(), anyhow::Error>(())
        };
        if let Some(Err(error)) = end.run_until_cancelled(work).await {
            tell(&format!("the second release did not go out: {error:#}"));
        }
    }

    async fn give(&self, display: &str, release: &str) -> Result<()> {
        want(&self.api, display, json!({"release": release})).await.map(drop)
    }

    async fn publish(&self, folder: &str, title: &str) -> Result<()> {
        let keys = text(&self.dir.join("keys"))?;
        self.run(&["content", "publish", folder, "--keys", &keys, "--title", title]).await
    }

    async fn run(&self, arguments: &[&str]) -> Result<()> {
        let said = tokio::process::Command::new(programs::ours("migradoctl"))
            .args(arguments)
            .env("MIGRADO_URL", &self.url)
            .env("MIGRADO_TOKEN_FILE", self.dir.join("token"))
            .env("MIGRADO_CA", &self.authority)
            .kill_on_drop(true)
            .output()
            .await?;
        let words = String::from_utf8_lossy(&said.stderr);
        ensure!(said.status.success(), "migradoctl {}: {} {words}", arguments.join(" "), said.status);
        Ok(())
    }
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is no text", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
