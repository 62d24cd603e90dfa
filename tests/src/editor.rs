//! An editor with keys and a folder of releases: signs and brings them as `migradoctl content publish`
//! does, through the API, and can be made to do it wrong.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use migrado_content::index;
use migrado_content::keys::{Key, PublicKey};
use migrado_content::manifest::Manifest;
use migrado_content::sign::targets::{List, NewRelease};
use migrado_content::sign::{Init, KeyFolder, Role, files};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Answer, Api};

/// How long what is signed holds.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 300);

/// An editor.
#[derive(Debug)]
pub struct Editor {
    /// The keys.
    pub keys: KeyFolder,
    dir: tempfile::TempDir,
}

impl Editor {
    /// Makes keys that take the controller's freshness key.
    pub async fn with_keys(api: &Api) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let freshness = PublicKey::from_json(&api.get("/api/v1/content/freshness-key").await?)?;
        let init = Init {
            roots: 2,
            threshold: 2,
            contents: 1,
            freshness: Some(freshness),
            expires: Timestamp::now() + LIFE,
        };
        let keys = KeyFolder::init(&dir.path().join("keys"), &init, None)?;
        Ok(Self { keys, dir })
    }

    /// Private keys of a role.
    pub fn at_hand(&self, role: Role) -> Result<Vec<Key>> {
        let stored = self.keys.stored()?;
        stored.iter().filter(|s| s.role == role && s.here).map(|s| Ok(files::read(&s.path, None)?)).collect()
    }

    /// A folder with a release: an index, and these files.
    pub fn release(&self, name: &str, further: &[(&str, &[u8])]) -> Result<PathBuf> {
        let folder = self.dir.path().join(name);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(index::FILE), serde_json::to_vec_pretty(&minimal())?)?;
        std::fs::write(folder.join("de.ftl"), "back = Zurück\n")?;
        for (path, bytes) in further {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().context("a file of a release lies in it")?)?;
            std::fs::write(file, bytes)?;
        }
        Ok(folder)
    }

    /// Signs the next list, with the release in `folder` under this name.
    pub fn sign(&self, name: &str, manifest: &Manifest) -> Result<Vec<u8>> {
        let now = Timestamp::now();
        let mut list = List::after(self.keys.targets())?;
        list.add(&NewRelease { name: name.parse()?, title: name.to_owned(), published: now, manifest })?;
        Ok(self.keys.sign(&list, &self.at_hand(Role::Content)?, now + LIFE, now)?)
    }

    /// Brings every object of a folder and its manifest.
    pub async fn upload(&self, api: &Api, folder: &Path, manifest: &Manifest) -> Result<()> {
        for entry in manifest.entries() {
            put(api, std::fs::read(folder.join(&*entry.path))?).await?;
        }
        put(api, manifest.to_bytes()).await
    }

    /// Lets a signed list go live.
    pub async fn offer(&self, api: &Api, targets: &[u8]) -> Result<Answer> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let roots: Vec<String> = self.keys.roots().iter().map(|root| text(root)).collect();
        let body = json!({"targets": text(targets), "roots": roots});
        api.send(Method::POST, "/api/v1/releases", Some(body), &[]).await
    }

    /// Publishes a release from its folder to the end. Gives its manifest's id.
    pub async fn publish(&mut self, api: &Api, name: &str, folder: &Path) -> Result<String> {
        let manifest = Manifest::of_folder(folder)?;
        self.upload(api, folder, &manifest).await?;
        let targets = self.sign(name, &manifest)?;
        self.offer(api, &targets).await?.ok()?;
        self.keys.keep_targets(&targets)?;
        Ok(manifest.id().to_string())
    }
}

/// Brings an object.
pub async fn put(api: &Api, bytes: Vec<u8>) -> Result<()> {
    let object = migrado_content::digest::Digest::of(&bytes);
    api.put_bytes(&format!("/api/v1/content/objects/{object}"), bytes).await?.ok()?;
    Ok(())
}

/// Gives one display a release.
pub async fn want(api: &Api, terminal: &str, further: Value) -> Result<Value> {
    let path = format!("/api/v1/terminals/{terminal}/release");
    api.send(Method::PUT, &path, Some(further), &[("If-Match", "*")]).await?.ok()
}

/// The least that an index says.
pub fn minimal() -> Value {
    json!({
        "format": index::FORMAT, "day": "2026-11-25", "time_zone": "Europe/Berlin", "reference": "de",
        "languages": [{"code": "de", "name": "Deutsch", "direction": "ltr"}],
        "strings": {"de": {"path": "de.ftl", "state": "checked"}},
        "home": {
            "title": {"de": {"text": "Start", "state": "checked"}},
            "intro": {"de": {"text": "Hallo", "state": "checked"}},
            "featured": [{"kind": "topic", "id": "work"}],
        },
        "topics": [{"id": "work", "name": {"de": {"text": "Arbeit", "state": "checked"}}}],
        "offices": [], "forms": [], "guides": [], "videos": [], "series": [], "events": [],
    })
}
