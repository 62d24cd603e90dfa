//! What updates are measured on: a controller with an editor's keys, and displays with real agents
//! whose lines are counted. Judges nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use migrado_content::manifest::{Manifest, ManifestId};
use migrado_tests::api::Api;
use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::editor::{self, Editor};
use migrado_tests::network::Proxy;
use migrado_tests::wait::{seconds, until};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::usage;

use super::bundle::link;

/// The time over which a process is looked at before it counts as quiet.
const QUIET_SPAN: Duration = Duration::from_millis(500);
/// Processor time that a quiet process takes within it.
const QUIET_CPU_S: f64 = 0.02;
/// Within this the controller has made what is to be made: packs of two gigabytes, at worst.
const QUIET_LIMIT: Duration = Duration::from_secs(240);

/// A controller and an editor.
#[derive(Debug)]
pub(crate) struct World {
    /// Everything lies in it, and goes with it.
    pub(crate) dir: tempfile::TempDir,
    /// The controller.
    pub(crate) controller: Controller,
    /// Logged in as administrator.
    pub(crate) api: Api,
    /// Before the broker: all displays dial it.
    pub(crate) mqtt: Proxy,
    editor: Editor,
    /// Names given so far.
    published: usize,
}

/// A release that is live.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    /// For people.
    pub(crate) name: String,
    /// Which it is.
    pub(crate) id: ManifestId,
}

impl World {
    /// Starts a controller in a folder below `out`. It knows so many displays that are measured alone,
    /// and so many at a site where they give each other content.
    pub(crate) async fn start(out: &Path, alone: usize, at_site: usize) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("content-").tempdir_in(out)?;
        let data = dir.path().join("controller");
        let places = Ports::free();
        let mqtt = Proxy::before(places.mqtt).await;
        let names = (1..=alone).map(id_of).chain((1..=at_site).map(site_id_of));
        let names: Vec<(String, String)> = names.map(|id| (id.clone(), format!("Anzeige {id}"))).collect();
        let address = format!("localhost:{}", mqtt.address.port());
        let mut config = controller::config(&data, places, "embedded", &address, &names);
        config["sites"][0]["neighbors"] = json!(false);
        config["sites"][1]["neighbors"] = json!(true);
        let mut controller = Controller::prepare(dir.path(), &data, places, &config)?;
        controller.start().await?;
        let api = controller.admin().await?;
        let editor = Editor::with_keys(&api).await?;
        Ok(Self { dir, controller, api, mqtt, editor, published: 0 })
    }

    /// Where the controller keeps content.
    pub(crate) fn content(&self) -> PathBuf {
        self.controller.data_dir.join("content")
    }

    /// A folder of files as a release: the same files, and the least that an index says.
    pub(crate) fn as_release(&self, folder: &Path) -> Result<PathBuf> {
        let name = folder.file_name().context("a bundle's folder has a name")?;
        let to = self.dir.path().join("releases").join(name);
        super::bundle::link_tree(folder, &to)?;
        self.add_index(&to)?;
        Ok(to)
    }

    /// Puts an index and what it names into a folder.
    pub(crate) fn add_index(&self, folder: &Path) -> Result<()> {
        let least = self.editor.release("least", &[])?;
        for entry in Manifest::of_folder(&least)?.entries() {
            link(&least.join(&*entry.path), &folder.join(&*entry.path))?;
        }
        Ok(())
    }

    /// Publishes a folder as the next release.
    pub(crate) async fn publish(&mut self, folder: &Path) -> Result<Release> {
        let manifest = self.bring(folder).await?;
        self.list(&manifest).await
    }

    /// Brings the files of a folder that are not there yet.
    pub(crate) async fn bring(&self, folder: &Path) -> Result<Manifest> {
        let manifest = Manifest::of_folder(folder)?;
        let objects: Vec<String> = manifest.objects().keys().map(ToString::to_string).collect();
        let asked = json!({"objects": objects});
        let missing = self.api.post("/api/v1/content/uploads/missing", asked).await?;
        let missing: BTreeSet<&str> =
            missing["missing"].as_array().into_iter().flatten().filter_map(|m| m.as_str()).collect();
        for entry in manifest.entries().iter().filter(|e| missing.contains(&*e.sha256.to_string())) {
            editor::put(&self.api, std::fs::read(folder.join(&*entry.path))?).await?;
        }
        Ok(manifest)
    }

    /// Lets a release go live whose files are here already.
    pub(crate) async fn list(&mut self, manifest: &Manifest) -> Result<Release> {
        self.published += 1;
        let name = format!("2026-11-25.{}", self.published);
        editor::put(&self.api, manifest.to_bytes()).await?;
        let targets = self.editor.sign(&name, manifest)?;
        self.editor.offer(&self.api, &targets).await?.ok()?;
        self.editor.keys.keep_targets(&targets)?;
        Ok(Release { name, id: manifest.id() })
    }

    /// Waits until the controller has made the packs that it makes by itself, and rests.
    pub(crate) async fn rests(&mut self) -> Result<()> {
        let pid = self.controller.process().id().context("the controller ended")?;
        quiet(pid).await
    }

    /// Takes a release's manifest and the packs from it away, as if the controller had never had it.
    pub(crate) fn forget(&self, release: &Release) -> Result<()> {
        let (here, aside) = self.manifest_of(release)?;
        std::fs::rename(here, aside)?;
        let name = release.id.to_string();
        self.remove_packs(|pack| pack.starts_with(&name))
    }

    /// Puts it back.
    pub(crate) fn remember(&self, release: &Release) -> Result<()> {
        let (here, aside) = self.manifest_of(release)?;
        Ok(std::fs::rename(aside, here)?)
    }

    fn manifest_of(&self, release: &Release) -> Result<(PathBuf, PathBuf)> {
        let name = release.id.to_string();
        let prefix = name.get(..2).context("a name of two letters at least")?;
        Ok((self.content().join("objects").join(prefix).join(&name), self.dir.path().join(&name)))
    }

    /// Removes prepared packs by their names.
    pub(crate) fn remove_packs(&self, is_meant: impl Fn(&str) -> bool) -> Result<()> {
        for pack in std::fs::read_dir(self.content().join("packs"))? {
            let pack = pack?;
            if is_meant(&pack.file_name().to_string_lossy()) {
                std::fs::remove_file(pack.path())?;
            }
        }
        Ok(())
    }

    /// Waits until the console says that this is in service at a display and has proven itself.
    pub(crate) async fn confirmed(&self, display: &str, release: &Release) {
        until(&format!("{display} confirms {}", release.name), seconds(120), || async {
            let seen = self.api.terminal(display).await.map_err(|e| format!("{e:#}"))?;
            let content = &seen["content"];
            let named = content["active"]["name"] == release.name.as_str();
            let proven = content["update"]["state"] == "confirmed";
            if named && proven { Ok(()) } else { Err(content.to_string()) }
        })
        .await;
    }
}

/// The name of the n-th display alone, from 1 on.
pub(crate) fn id_of(n: usize) -> String {
    format!("fp-{n:02}")
}

/// The name of the n-th display at the site, from 1 on.
pub(crate) fn site_id_of(n: usize) -> String {
    format!("bh-{n:02}")
}

/// Waits until a process does nothing.
pub(crate) async fn quiet(pid: u32) -> Result<()> {
    let end = Instant::now() + QUIET_LIMIT;
    loop {
        let before = usage::cpu_s(pid)?;
        sleep(QUIET_SPAN).await;
        if usage::cpu_s(pid)? - before < QUIET_CPU_S {
            return Ok(());
        }
        ensure!(Instant::now() < end, "process {pid} is busy for more than {QUIET_LIMIT:?}");
    }
}
