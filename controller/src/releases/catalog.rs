//! The signed list of releases: what an editor signed is checked as a display would check it, and
//! goes live in one step. The controller adds only that it is the newest (snapshot and timestamp, with
//! the freshness key): it can hold a list back, not make one.
//!
//! Below `<data_dir>/content/metadata` every version of every part has a file of its own; what is live
//! is said by `timestamp.json`, which is replaced last. A power cut leaves the old list or the new one.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use migrado_content::digest::Digest;
use migrado_content::freshness::{self, FreshnessError, Snapshot};
use migrado_content::index;
use migrado_content::keys::{Key, KeyError};
use migrado_content::manifest::{Manifest, ManifestId};
use migrado_content::trust::{self, Files, ReleaseTarget, Releases, TrustError};

use super::objects::{ObjectError, Objects};
use super::packs::PackError;
use crate::files::{self, FileError};

/// How long a timestamp holds: a display that is cut off for a closed week is not alarmed.
const TIMESTAMP_LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long a snapshot holds.
const SNAPSHOT_LIFE: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How old a timestamp gets before it is signed anew: a display that asks daily sees a new one.
const TIMESTAMP_AGE: SignedDuration = SignedDuration::from_hours(12);
/// Bytes of `release.json`: the index of a release, without its files.
const INDEX_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Why a list did not go live. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A display would refuse it.
    #[error("displays would refuse this list ({}): {}", .0.name(), .0.story())]
    Refused(#[source] TrustError),
    /// Freshness cannot be signed for it.
    #[error(transparent)]
    Freshness(#[from] FreshnessError),
    /// There is no root.
    #[error("there is no root here yet: send its versions along, from the first on")]
    NoRoot,
    /// A root that does not follow.
    #[error("the roots that came begin with version {came}, version {next} is the next here")]
    RootGap {
        /// Version of the first that came and is not here.
        came: u64,
        /// Version that would follow.
        next: u64,
    },
    /// A root of a version that is here, and is another.
    #[error("root version {0} is here already, and it is another one")]
    OtherRoot(u64),
    /// Not newer than what is live.
    #[error("the list that came has version {came}, version {live} is live; read it and sign the next")]
    NotNewer {
        /// What came.
        came: u64,
        /// What is live.
        live: u64,
    },
    /// Something of a release is not here.
    #[error("release {release} is not complete here: {missing} objects are missing, {first} the first")]
    Incomplete {
        /// Which release.
        release: String,
        /// How many objects.
        missing: usize,
        /// The first of them.
        first: String,
    },
    /// A manifest or an index that displays could not read.
    #[error("release {release}: {what}")]
    Unreadable {
        /// Which release.
        release: String,
        /// What.
        what: String,
    },
    /// Objects.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// Packs.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder of signed lists.
    #[error("cannot read the signed lists in {path}")]
    Folder {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The work ended before it was done.
    #[error("the reading of releases ended before it was done")]
    Broken(#[source] tokio::task::JoinError),
    /// The freshness key.
    #[error("the freshness key in {path} cannot be used")]
    Key {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeyError,
    },
}

/// What an editor brings.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The signed list.
    pub targets: Vec<u8>,
    /// Versions of the root that may not be here yet, in their order.
    pub roots: Vec<Vec<u8>>,
}

/// A release with what stands in it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What the list says.
    pub target: ReleaseTarget,
    /// Its manifest.
    pub manifest: Manifest,
    /// Its index.
    pub index: index::Release,
}

/// The list.
#[derive(Debug)]
pub struct Catalog {
    metadata: PathBuf,
    objects: Objects,
    key: Key,
}

impl Catalog {
    /// Opens the folder; makes the freshness key if there is none.
    pub fn open(metadata: &Path, objects: Objects, key_file: &Path) -> Result<Self, CatalogError> {
        files::make_folder(metadata, 0o750)?;
        let failed = |source| CatalogError::Key { path: key_file.to_owned(), source };
        let key = match files::read_bytes(key_file)? {
            Some(pkcs8) => Key::from_pkcs8(&pkcs8).map_err(failed)?,
            None => {
                let key = Key::generate().map_err(failed)?;
                files::replace_file(key_file, key.pkcs8(), files::PRIVATE)?;
                key
            }
        };
        Ok(Self { metadata: metadata.to_owned(), objects, key })
    }

    /// The public half of the freshness key, as The Update Framework writes it.
    pub fn freshness_key(&self) -> serde_json::Value {
        self.key.public().to_json()
    }

    /// The first root, which displays get when they enroll; `None` before anything was published.
    pub fn first_root(&self) -> Result<Option<Vec<u8>>, CatalogError> {
        Ok(files::read_bytes(&self.metadata.join("1.root.json"))?)
    }

    /// What is live; `None` before anything was published.
    pub fn live(&self, now: Timestamp) -> Result<Option<Releases>, CatalogError> {
        let files = self.read()?;
        match files.get("timestamp.json") {
            Some(_) => check(&files, now).map(Some),
            None => Ok(None),
        }
    }

    fn read(&self) -> Result<Files, CatalogError> {
        Files::read(&self.metadata)
            .map_err(|source| CatalogError::Folder { path: self.metadata.clone(), source })
    }

    /// Checks what an editor brings, and lets it go live. Reads every manifest and looks at every
    /// object: not for the thread that serves.
    pub fn publish(&self, offer: &Offer, now: Timestamp) -> Result<Releases, CatalogError> {
        let mut files = self.read()?;
        let mut new: Vec<(String, Vec<u8>)> = Vec::new();
        for root in &offer.roots {
            let version = freshness::root_version(root)?;
            let name = format!("{version}.root.json");
            match files.get(&name) {
                Some(here) if here == root.as_slice() => {}
                Some(_) => return Err(CatalogError::OtherRoot(version)),
                None => {
                    let next = newest(&files, "root").map_or(1, |newest| newest + 1);
                    if version != next {
                        return Err(CatalogError::RootGap { came: version, next });
                    }
                    files.put(&name, root.clone());
                    new.push((name, root.clone()));
                }
            }
        }
        let root = newest(&files, "root").ok_or(CatalogError::NoRoot)?;
        let root = files.get(&format!("{root}.root.json")).ok_or(CatalogError::NoRoot)?;
        freshness::is_named(root, self.key.public())?;
        let came = freshness::targets_version(&offer.targets)?;
        let name = format!("{came}.targets.json");
        let live = newest(&files, "targets").unwrap_or(0);
        match files.get(&name) {
            // A request that is repeated, or a root that came for the list that is live.
            Some(here) if here == offer.targets.as_slice() && came == live => {}
            _ if came <= live => return Err(CatalogError::NotNewer { came, live }),
            _ => {
                files.put(&name, offer.targets.clone());
                new.push((name, offer.targets.clone()));
            }
        }
        new.extend(self.fresh(&mut files, &offer.targets, now)?);
        let releases = check(&files, now)?;
        for target in &releases.list {
            self.listed(target)?;
        }
        self.write(&new)?;
        Ok(releases)
    }

    /// Signs that the list is the newest: a snapshot, and the timestamp last.
    fn fresh(
        &self,
        files: &mut Files,
        targets: &[u8],
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, CatalogError> {
        let version = newest(files, "snapshot").map_or(1, |newest| newest + 1);
        let snapshot = Snapshot::sign(targets, version, after(now, SNAPSHOT_LIFE), &self.key)?;
        let stamp = self.stamp(files, &snapshot, now)?;
        let new = vec![(snapshot.file_name(), snapshot.bytes.clone()), ("timestamp.json".to_owned(), stamp)];
        for (name, bytes) in &new {
            files.put(name, bytes.clone());
        }
        Ok(new)
    }

    fn stamp(&self, files: &Files, snapshot: &Snapshot, now: Timestamp) -> Result<Vec<u8>, CatalogError> {
        let before = files.get("timestamp.json").and_then(|bytes| signed(bytes)["version"].as_u64());
        let version = before.map_or(1, |before| before + 1);
        Ok(freshness::timestamp(snapshot, version, after(now, TIMESTAMP_LIFE), &self.key)?)
    }

    /// Signs anew what gets old. Gives whether there was something.
    pub fn refresh(&self, now: Timestamp) -> Result<bool, CatalogError> {
        let mut files = self.read()?;
        let Some(stamp) = files.get("timestamp.json") else { return Ok(false) };
        let ends =
            |bytes: &[u8]| signed(bytes)["expires"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        let is_old = |end: Option<Timestamp>, life, age| end.is_none_or(|end| end < after(now, life - age));
        if !is_old(ends(stamp), TIMESTAMP_LIFE, TIMESTAMP_AGE) {
            return Ok(false);
        }
        let version = newest(&files, "snapshot").ok_or(CatalogError::NoRoot)?;
        let name = format!("{version}.snapshot.json");
        let bytes = files.get(&name).unwrap_or_default().to_vec();
        let new = if is_old(ends(&bytes), SNAPSHOT_LIFE, SNAPSHOT_LIFE / 2) {
            let list = newest(&files, "targets").ok_or(CatalogError::NoRoot)?;
            let targets = files.get(&format!("{list}.targets.json")).unwrap_or_default().to_vec();
            self.fresh(&mut files, &targets, now)?
        } else {
            let stamp = self.stamp(&files, &Snapshot { version, bytes }, now)?;
            vec![("timestamp.json".to_owned(), stamp)]
        };
        self.write(&new)?;
        Ok(true)
    }

    /// Writes in the order given: the timestamp, which says what is live, comes last.
    fn write(&self, new: &[(String, Vec<u8>)]) -> Result<(), CatalogError> {
        for (name, bytes) in new {
            files::replace_file(&self.metadata.join(name), bytes, files::GROUP)?;
        }
        Ok(())
    }

    /// A release of the list, with everything of it here and readable.
    pub fn listed(&self, target: &ReleaseTarget) -> Result<Listed, CatalogError> {
        let release = target.name.to_string();
        let manifest = self.manifest(&release, target.manifest)?;
        let is_missing =
            |entry: &&migrado_content::manifest::Entry| self.objects.size(&entry.sha256) != Some(entry.size);
        let missing: Vec<_> = manifest.entries().iter().filter(is_missing).collect();
        if let Some(first) = missing.first() {
            return Err(lacks(&release, missing.len(), first.sha256));
        }
        let index = self.index_of(&release, &manifest)?;
        Ok(Listed { target: target.clone(), manifest, index })
    }

    /// What a release says of itself, also one that the list does not name any more, as long as it is
    /// kept here.
    pub fn index(&self, release: &str, id: ManifestId) -> Result<index::Release, CatalogError> {
        self.index_of(release, &self.manifest(release, id)?)
    }

    fn manifest(&self, release: &str, id: ManifestId) -> Result<Manifest, CatalogError> {
        let bytes = self.objects.read(&id.digest())?.ok_or_else(|| lacks(release, 1, id.digest()))?;
        Manifest::parse(&bytes).map_err(|error| unreadable(release, error.to_string()))
    }

    fn index_of(&self, release: &str, manifest: &Manifest) -> Result<index::Release, CatalogError> {
        let unreadable = |what: String| unreadable(release, what);
        let entry = manifest.find(index::FILE);
        let entry = entry.ok_or_else(|| unreadable(format!("it has no {}", index::FILE)))?;
        if entry.size > INDEX_BYTES_MAX {
            let what = format!("{} has {} bytes, at most {INDEX_BYTES_MAX}", index::FILE, entry.size);
            return Err(unreadable(what));
        }
        let bytes = self.objects.read(&entry.sha256)?.ok_or_else(|| lacks(release, 1, entry.sha256))?;
        let index: index::Release = serde_json::from_slice(&bytes)
            .map_err(|error| unreadable(format!("{}: {error}", index::FILE)))?;
        if index.format != index::FORMAT {
            let what = format!("{} has format {}, not {}", index::FILE, index.format, index::FORMAT);
            return Err(unreadable(what));
        }
        Ok(index)
    }
}

fn unreadable(release: &str, what: String) -> CatalogError {
    CatalogError::Unreadable { release: release.to_owned(), what }
}

fn lacks(release: &str, missing: usize, first: Digest) -> CatalogError {
    CatalogError::Incomplete { release: release.to_owned(), missing, first: first.to_string() }
}

/// Checks what is here as a display would that knows its first root alone.
fn check(files: &Files, now: Timestamp) -> Result<Releases, CatalogError> {
    let roots: Vec<&[u8]> = (1..).map_while(|version| files.get(&format!("{version}.root.json"))).collect();
    let part = |role: &str| {
        let version = newest(files, role).unwrap_or(0);
        files.get(&format!("{version}.{role}.json")).unwrap_or_default()
    };
    let stamp = files.get("timestamp.json").unwrap_or_default();
    trust::check(&roots, stamp, part("snapshot"), part("targets"), now).map_err(CatalogError::Refused)
}

/// The newest version of a role that is here.
fn newest(files: &Files, role: &str) -> Option<u64> {
    let version = |name: &str| name.strip_suffix(&format!(".{role}.json"))?.parse::<u64>().ok();
    files.iter().filter_map(|(name, _)| version(name)).max()
}

fn signed(bytes: &[u8]) -> serde_json::Value {
    let document: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    document["signed"].clone()
}

fn after(now: Timestamp, life: SignedDuration) -> Timestamp {
    now.checked_add(life).unwrap_or(Timestamp::MAX)
}
