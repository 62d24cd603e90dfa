//! The signed list: which releases are live. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sigstore_tuf::{Metadata, Targets};

use super::error::SignError;
use crate::freshness::{FreshnessError, head, moment};
use crate::manifest::Manifest;
use crate::trust::{ReleaseName, target_path};

/// The format of what is said about a release.
const FORMAT: u32 = crate::trust::releases::RELEASE_FORMAT;

/// A release that goes live.
#[derive(Debug, Clone)]
pub struct NewRelease<'m> {
    /// For people.
    pub name: ReleaseName,
    /// What it brings.
    pub title: String,
    /// When it is published.
    pub published: Timestamp,
    /// Its files.
    pub manifest: &'m Manifest,
}

/// A list that is not signed yet.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    version: u64,
    targets: Map<String, Value>,
}

impl List {
    /// The list after a signed one; after none, the first.
    ///
    /// # Errors
    /// When the signed one cannot be read.
    pub fn after(signed: Option<&[u8]>) -> Result<Self, SignError> {
        let Some(bytes) = signed else { return Ok(Self { version: 1, targets: Map::new() }) };
        let parsed = Metadata::<Targets>::from_slice(bytes).map_err(FreshnessError::Targets)?;
        let version = parsed.signed().version.saturating_add(1);
        // As it stands, with what newer programs may have said there.
        let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let targets = document["signed"]["targets"].as_object().cloned().unwrap_or_default();
        Ok(Self { version, targets })
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Adds a release.
    ///
    /// # Errors
    /// When there is one of that name.
    pub fn add(&mut self, release: &NewRelease<'_>) -> Result<(), SignError> {
        let path = target_path(release.name);
        if self.targets.contains_key(&path) {
            return Err(SignError::Live(release.name.to_string()));
        }
        let bytes = release.manifest.to_bytes();
        let about = json!({
            "format": FORMAT,
            "title": release.title,
            "published": moment(release.published),
            "bytes": release.manifest.bytes(),
            "files": release.manifest.entries().len(),
        });
        let target = json!({
            "length": bytes.len(),
            "hashes": {"sha256": release.manifest.id()},
            "custom": {"migrado": about},
        });
        self.targets.insert(path, target);
        Ok(())
    }

    /// Takes a release back.
    ///
    /// # Errors
    /// When none of that name is live.
    pub fn recall(&mut self, name: ReleaseName) -> Result<(), SignError> {
        let gone = self.targets.remove(&target_path(name));
        gone.map(|_| ()).ok_or_else(|| SignError::NotLive(name.to_string()))
    }

    /// The names of releases, as they stand in it.
    #[must_use]
    pub fn names(&self) -> Vec<ReleaseName> {
        let name = |path: &String| {
            let name = path.strip_prefix(crate::trust::RELEASES_FOLDER)?.strip_prefix('/')?;
            name.strip_suffix(".json")?.parse().ok()
        };
        self.targets.keys().filter_map(name).collect()
    }

    /// The document that is signed.
    #[must_use]
    pub fn document(&self, expires: Timestamp) -> Value {
        head("targets", self.version, expires, json!({"targets": self.targets}))
    }
}
