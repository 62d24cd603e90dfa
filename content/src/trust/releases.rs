//! What signed targets say: which releases there are. Pure.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sigstore_tuf::{TargetFile, Targets, TrustedMetadataSet};

use super::error::{Refusal, TrustError};
use crate::digest::Digest;
use crate::limits::MANIFEST_BYTES_MAX;
use crate::manifest::ManifestId;
use crate::path;

/// The folder of releases among the targets. Others are left to programs that know them.
pub const RELEASES_FOLDER: &str = "releases";
/// The format of what is said about a release that is written and read.
pub(crate) const RELEASE_FORMAT: u32 = 1;

/// The name of a release, for people: its day, and its number on that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseName {
    day: Date,
    number: u32,
}

/// A text is not the name of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a release: a day and a number are expected, for example 2026-11-25.1")]
pub struct NotAName;

impl ReleaseName {
    /// Of a day, counted from one.
    #[must_use]
    pub fn new(day: Date, number: u32) -> Self {
        Self { day, number }
    }

    /// Its day.
    #[must_use]
    pub fn day(self) -> Date {
        self.day
    }

    /// Its number on that day.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.day, self.number)
    }
}

impl FromStr for ReleaseName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let (day, number) = text.split_once('.').ok_or(NotAName)?;
        let name =
            Self { day: day.parse().map_err(|_| NotAName)?, number: number.parse().map_err(|_| NotAName)? };
        // One spelling only: it becomes the name of a file.
        if name.number > 0 && name.to_string() == text { Ok(name) } else { Err(NotAName) }
    }
}

impl TryFrom<String> for ReleaseName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        text.parse()
    }
}

impl From<ReleaseName> for String {
    fn from(name: ReleaseName) -> Self {
        name.to_string()
    }
}

/// Where a release stands among the targets.
#[must_use]
pub fn target_path(name: ReleaseName) -> String {
    format!("{RELEASES_FOLDER}/{name}.json")
}

/// A release that is live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseTarget {
    /// For people.
    pub name: ReleaseName,
    /// What it is known by.
    pub manifest: ManifestId,
    /// Bytes of the manifest.
    pub manifest_bytes: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// What it brings.
    pub title: String,
    /// When it was published.
    pub published: Timestamp,
}

/// A release that this program cannot read; the others stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it stands among the targets.
    pub path: String,
    /// Why, in words.
    pub reason: String,
}

/// How old what is trusted may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It is what the controller says now.
    Fresh {
        /// Until then.
        until: Timestamp,
    },
    /// It was. Content is old then, not wrong.
    Expired {
        /// Since when.
        since: Timestamp,
    },
}

/// The releases that are live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Releases {
    /// The version of the root that vouches.
    pub root_version: u64,
    /// The version of the list.
    pub targets_version: u64,
    /// The releases, the oldest first.
    pub list: Vec<ReleaseTarget>,
    /// What stands there and cannot be read by this program.
    pub unreadable: Vec<Unreadable>,
    /// How old this may be.
    pub freshness: Freshness,
}

impl Releases {
    /// Of a set that was verified.
    pub(super) fn of(set: &TrustedMetadataSet, now: Timestamp) -> Result<Self, TrustError> {
        let absent = || TrustError::new(Refusal::NotFound, "the set has no targets");
        let targets = set.targets_role("targets").ok_or_else(absent)?;
        let ends = [
            Some(set.root().expires),
            set.timestamp().map(|timestamp| timestamp.expires),
            set.snapshot().map(|snapshot| snapshot.expires),
        ];
        let end = ends.into_iter().flatten().min().unwrap_or(targets.expires);
        Self::of_targets(set.root().version, targets, end, now)
    }

    /// Of targets that were verified, fresh until `end` at most.
    pub(super) fn of_targets(
        root_version: u64,
        targets: &Targets,
        end: Timestamp,
        now: Timestamp,
    ) -> Result<Self, TrustError> {
        let mut list = Vec::new();
        let mut unreadable = Vec::new();
        for (at, target) in &targets.targets {
            // Who signs such a path is mistaken or not who is meant: nothing of that list is taken.
            path::check(at).map_err(|reason| {
                TrustError::new(Refusal::UnsafePath, format!("the signed list names {at:?}: {reason}"))
            })?;
            let Some(name) = at.strip_prefix(RELEASES_FOLDER).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            match read(name, target) {
                Ok(release) => list.push(release),
                Err(reason) => unreadable.push(Unreadable { path: at.clone(), reason }),
            }
        }
        list.sort_by_key(|release| release.name);
        let end = end.min(targets.expires);
        let freshness =
            if end < now { Freshness::Expired { since: end } } else { Freshness::Fresh { until: end } };
        Ok(Self { root_version, targets_version: targets.version, list, unreadable, freshness })
    }

    /// The release that is known by a manifest.
    #[must_use]
    pub fn find(&self, manifest: &ManifestId) -> Option<&ReleaseTarget> {
        self.list.iter().find(|release| release.manifest == *manifest)
    }

    /// The release of a name.
    #[must_use]
    pub fn named(&self, name: ReleaseName) -> Option<&ReleaseTarget> {
        self.list.iter().find(|release| release.name == name)
    }
}

/// What is said about a release beside its digest.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct About {
    #[serde(default = "first_format")]
    pub(crate) format: u32,
    pub(crate) title: String,
    pub(crate) published: Timestamp,
    pub(crate) bytes: u64,
    pub(crate) files: u64,
}

fn first_format() -> u32 {
    RELEASE_FORMAT
}

fn read(name: &str, target: &TargetFile) -> Result<ReleaseTarget, String> {
    let name = name.strip_suffix(".json").unwrap_or(name);
    let name: ReleaseName = name.parse().map_err(|e: NotAName| e.to_string())?;
    let about = target.custom.as_ref().and_then(|custom| custom.get("migrado"));
    let about = about.ok_or("nothing is said about it")?;
    // Its own step: of a newer format nothing else is known.
    let format = about.get("format").map_or(Some(u64::from(RELEASE_FORMAT)), serde_json::Value::as_u64);
    if format != Some(u64::from(RELEASE_FORMAT)) {
        let format = about.get("format").map(ToString::to_string).unwrap_or_default();
        return Err(format!("format {format}, this program knows {RELEASE_FORMAT}: install a newer one"));
    }
    let about: About =
        serde_json::from_value(about.clone()).map_err(|e| format!("what is said about it: {e}"))?;
    let sha256 = target.hashes.get("sha256").ok_or("it has no SHA-256")?;
    let digest: Digest = sha256.parse().map_err(|e| format!("its digest is {e}"))?;
    if target.length > MANIFEST_BYTES_MAX {
        let length = target.length;
        return Err(format!("its manifest has {length} bytes, at most {MANIFEST_BYTES_MAX} are allowed"));
    }
    Ok(ReleaseTarget {
        name,
        manifest: digest.into(),
        manifest_bytes: target.length,
        bytes: about.bytes,
        files: about.files,
        title: about.title,
        published: about.published,
    })
}
