//! Trust: which releases the holders of the content keys published. The client side of The Update
//! Framework, on the walk: transport -> [`Trust::refresh`] -> [`Releases`] -> the store.
//!
//! The rules of the framework are `sigstore-tuf`'s. Here is what a display adds: metadata that survive
//! a power cut ([`shelf`]), the last complete set that stays in service whatever an attack brings, a
//! name for every refusal ([`Refusal`]), and staleness as a value: content that is not fresh is old,
//! not wrong. No network and no clock: both are given.

mod error;
mod name;
pub(crate) mod releases;
mod repository;
mod shelf;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use sigstore_tuf::{Metadata, Repository, Targets, TrustedMetadataSet, Updater, UpdaterConfig};

pub use error::{Refusal, TrustError};
pub use releases::{
    Freshness, RELEASES_FOLDER, ReleaseName, ReleaseTarget, Releases, Unreadable, target_path,
};
pub use repository::{FetchFault, Files};

use repository::Watched;
use shelf::{Complete, Shelf};

/// What a display trusts, kept in a folder of its own.
#[derive(Debug)]
pub struct Trust {
    shelf: Arc<Shelf>,
    initial: Vec<u8>,
}

impl Trust {
    /// Opens the folder, made if absent, for the root that was given at enrollment.
    ///
    /// # Errors
    /// When the root is not signed by itself, or the folder cannot be written.
    pub fn open(folder: &Path, initial_root: &[u8]) -> Result<Self, TrustError> {
        TrustedMetadataSet::from_root(initial_root)
            .map_err(|e| name::of_root("the given root", e, initial_root))?;
        let shelf = Shelf::open(folder).map_err(TrustError::from)?;
        Ok(Self { shelf: Arc::new(shelf), initial: initial_root.to_vec() })
    }

    /// Opens a folder again whose first root was kept there.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn reopen(folder: &Path) -> Result<Self, TrustError> {
        let shelf = Shelf::open(folder).map_err(TrustError::from)?;
        let root = shelf.root().map_err(TrustError::from)?.ok_or_else(|| {
            let path = folder.display();
            TrustError::new(Refusal::Storage, format!("there is no root in {path}: give the first one"))
        })?;
        drop(shelf);
        Self::open(folder, &root)
    }

    /// Keeps the first root, so that [`Trust::reopen`] finds it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_root(&self) -> Result<(), TrustError> {
        self.shelf.keep("root.json", &self.initial).map_err(TrustError::from)
    }

    /// Asks a repository for what is new, verifies it and keeps it. Writes a handful of small files
    /// with sync: call it where that may wait.
    ///
    /// # Errors
    /// Under its own name, see [`Refusal`]. The last complete set stays as it is.
    pub async fn refresh(
        &mut self,
        repository: impl Repository + 'static,
        now: Timestamp,
    ) -> Result<Releases, TrustError> {
        let updater = self.update(repository, now).await?;
        let set = updater.trusted();
        let releases = Releases::of(set, now)?;
        let complete = Complete::of(&self.shelf, set.root().version).map_err(TrustError::from)?;
        self.shelf.complete(&complete).map_err(TrustError::from)?;
        Ok(releases)
    }

    /// The walk of the framework alone, without looking at what the targets are. For
    /// [`Trust::refresh`], and for the suite that checks whether a client does this right.
    ///
    /// # Errors
    /// As [`Trust::refresh`].
    pub async fn update(
        &self,
        repository: impl Repository + 'static,
        now: Timestamp,
    ) -> Result<Updater, TrustError> {
        let (watched, seen) = Watched::new(repository);
        self.shelf.begin();
        let updater = Updater::new(watched, &self.initial)
            .map_err(|e| name::of_root("the given root", e, &self.initial))?;
        let mut updater = updater.with_config(UpdaterConfig::default()).with_store(self.shelf.clone());
        let done = updater.refresh(now).await;
        done.map_err(|error| name::of(error, &seen.last(), updater.trusted()))?;
        // The library only warns when it cannot keep what it verified. What is not kept is not trusted:
        // after a restart an older set would be taken for the newest.
        if let Some(error) = self.shelf.failure() {
            return Err(error.into());
        }
        Ok(updater)
    }

    /// What the last complete refresh said, without asking anybody, however long ago that was. `None`
    /// when there was none, when it is damaged, or when its content keys were revoked since.
    #[must_use]
    pub fn cached(&self, now: Timestamp) -> Option<Releases> {
        let complete = self.shelf.last_complete()?;
        let mut set = self.root_up_to(Some(complete.root_version))?;
        // No moment is before this one, so nothing has expired: staleness is told, not refused.
        let never = Timestamp::MIN;
        set.update_timestamp(complete.timestamp.as_bytes(), never).ok()?;
        set.update_snapshot(complete.snapshot.as_bytes(), never).ok()?;
        set.update_targets(complete.targets.as_bytes(), never).ok()?;
        let newest = self.root_up_to(None)?;
        if newest.root().version > complete.root_version {
            let targets = Metadata::<Targets>::from_slice(complete.targets.as_bytes()).ok()?;
            let keys = newest.root().role("targets")?;
            targets.verify_threshold(&newest.root().keys, keys, "targets").ok()?;
        }
        Releases::of(&set, now).ok()
    }

    /// The version of the newest root that is trusted.
    #[must_use]
    pub fn root_version(&self) -> u64 {
        self.root_up_to(None).map_or(0, |set| set.root().version)
    }

    /// The kept chain of roots, followed from the first one.
    fn root_up_to(&self, version: Option<u64>) -> Option<TrustedMetadataSet> {
        let mut set = TrustedMetadataSet::from_root(&self.initial).ok()?;
        while version.is_none_or(|version| set.root().version < version) {
            let next = self.shelf.past_root(set.root().version.checked_add(1)?);
            let followed = next.is_some_and(|bytes| set.update_root(&bytes).is_ok());
            if !followed {
                break;
            }
        }
        Some(set).filter(|set| version.is_none_or(|version| set.root().version == version))
    }
}

/// Follows a chain of roots from its first one.
///
/// # Errors
/// When the chain is empty, or a root is not signed by the one before it and by itself.
pub fn follow(roots: &[impl AsRef<[u8]>]) -> Result<TrustedMetadataSet, TrustError> {
    let (first, later) = roots
        .split_first()
        .ok_or_else(|| TrustError::new(Refusal::NotFound, "there is no root: a chain begins with one"))?;
    let first = first.as_ref();
    let mut set =
        TrustedMetadataSet::from_root(first).map_err(|e| name::of_root("the first root", e, first))?;
    for root in later {
        let root = root.as_ref();
        let version = set.root().version;
        set.update_root(root)
            .map_err(|e| name::of_root(&format!("the root after version {version}"), e, root))?;
    }
    Ok(set)
}

/// Checks a whole set as a display does, before it goes out.
///
/// # Errors
/// What a display would refuse, under the same name.
pub fn check(
    roots: &[impl AsRef<[u8]>],
    timestamp: &[u8],
    snapshot: &[u8],
    targets: &[u8],
    now: Timestamp,
) -> Result<Releases, TrustError> {
    let mut set = follow(roots)?;
    set.check_root_expired(now).map_err(|e| name::of_part(e, "root.json", None, &set))?;
    set.update_timestamp(timestamp, now)
        .map_err(|e| name::of_part(e, "timestamp.json", Some(timestamp), &set))?;
    set.update_snapshot(snapshot, now)
        .map_err(|e| name::of_part(e, "snapshot.json", Some(snapshot), &set))?;
    // The borrow of what it returns would outlive the naming of an error.
    let done = set.update_targets(targets, now).map(|_| ());
    done.map_err(|e| name::of_part(e, "targets.json", Some(targets), &set))?;
    Releases::of(&set, now)
}

/// Checks signed targets against the newest root of a chain, without the rest of a set.
///
/// # Errors
/// What a display would refuse, under the same name.
pub fn check_targets(
    roots: &[impl AsRef<[u8]>],
    targets: &[u8],
    now: Timestamp,
) -> Result<Releases, TrustError> {
    let set = follow(roots)?;
    let named = |e| name::of_part(e, "targets.json", Some(targets), &set);
    let parsed = Metadata::<Targets>::from_slice(targets).map_err(named)?;
    let keys = set.root().role("targets").ok_or_else(|| {
        TrustError::new(Refusal::WrongKey, "the root names no keys for targets: make a new root")
    })?;
    parsed.verify_threshold(&set.root().keys, keys, "targets").map_err(named)?;
    Releases::of_targets(set.root().version, parsed.signed(), set.root().expires, now)
}

#[cfg(all(test, feature = "authoring"))]
mod tests;
