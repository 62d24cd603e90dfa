//! What a display keeps of content, and the one switch from a release to the next.
//!
//! Files and hard links in one folder; no clock, no network, one owner at a time (a lock says so).
//! Blocking: the agent calls it on a thread for that. The walk of an update:
//!
//! 1. [`Store::put_manifest`], [`Store::admit`]: is there room for what is missing,
//! 2. [`Store::partial`], or a pack: objects arrive ([`partial`]) and are verified,
//! 3. [`Store::assemble`]: a tree of hard links beside the active one ([`tree`]),
//! 4. [`Store::switch`], or [`Store::back`]: one rename ([`switch`]),
//! 5. [`Store::find`] opens what it has for another display,
//! 6. [`Store::collect`] removes what nothing needs; [`Store::scrub`] finds what the disk spoiled.
//!
//! After each call, and after a power cut within one, what is active is whole and is the old release or
//! the new one. Every change of the disk goes through [`disk`], where tests end the power before it.

mod collect;
mod disk;
mod error;
mod give;
mod layout;
mod partial;
mod scrub;
mod space;
mod switch;
mod tidy;
mod tree;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::digest::Digest;
use crate::limits::MANIFEST_BYTES_MAX;
use crate::manifest::{Entry, Manifest, ManifestId};

use disk::Disk;
use layout::Layout;

pub use collect::Collected;
pub use disk::{Hook, Step};
pub use error::StoreError;
pub use partial::Partial;
pub use scrub::{Damage, Scrub, ScrubPass};
pub use space::{Floor, Space};
pub use switch::active_below;
pub use tidy::Tidied;

/// Where a digest is opened as a file: the store, or a folder that has a release.
pub trait Objects {
    /// Opens an object for reading.
    ///
    /// # Errors
    /// When it is not there or cannot be opened.
    fn open(&self, object: &Digest) -> io::Result<File>;
}

/// What a display keeps of content.
#[derive(Debug)]
pub struct Store {
    layout: Layout,
    disk: Disk,
    floor: Floor,
    tidied: Tidied,
    /// Held as long as the store is open.
    _lock: File,
}

impl Store {
    /// Opens the store below a folder, or makes it, and tidies what a power cut left.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process has it open.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        Self::open_with(root, Floor::default(), None)
    }

    /// The same with another floor of free space, and a hook that is asked before every change of the
    /// disk.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(root: &Path, floor: Floor, hook: Option<Hook>) -> Result<Self, StoreError> {
        let layout = Layout::below(root);
        let disk = Disk::new(hook);
        for folder in layout.folders() {
            disk.make_folders(&folder)?;
        }
        let lock = disk.lock(&layout.lock())?;
        let tidied = tidy::tidy(&layout, &disk)?;
        Ok(Self { layout, disk, floor, tidied, _lock: lock })
    }

    /// What was tidied when the store was opened.
    #[must_use]
    pub fn tidied(&self) -> &Tidied {
        &self.tidied
    }

    /// A manifest that is kept. One that is damaged is as one that is absent: it is fetched again.
    ///
    /// # Errors
    /// When the disk does not let it be read.
    pub fn manifest(&self, id: &ManifestId) -> Result<Option<Manifest>, StoreError> {
        let bytes = self.disk.read_bounded(&self.layout.manifest(id), MANIFEST_BYTES_MAX)?;
        let whole = bytes.filter(|bytes| Digest::of(bytes) == id.digest());
        Ok(whole.and_then(|bytes| Manifest::parse(&bytes).ok()))
    }

    /// Keeps a manifest.
    ///
    /// # Errors
    /// When the bytes are not that manifest, or cannot be written.
    pub fn put_manifest(&self, bytes: &[u8], id: &ManifestId) -> Result<Manifest, StoreError> {
        let found = Digest::of(bytes);
        if found != id.digest() {
            return Err(StoreError::Mismatch { object: id.digest(), found });
        }
        let manifest = Manifest::parse(bytes).map_err(|source| StoreError::Manifest { id: *id, source })?;
        self.disk.replace(&self.layout.manifest(id), bytes)?;
        Ok(manifest)
    }

    /// The bytes of a manifest that is kept whole.
    ///
    /// # Errors
    /// When it is absent, damaged or cannot be read.
    pub fn manifest_bytes(&self, id: &ManifestId) -> Result<Vec<u8>, StoreError> {
        let bytes = self.disk.read_bounded(&self.layout.manifest(id), MANIFEST_BYTES_MAX)?;
        bytes.filter(|bytes| Digest::of(bytes) == id.digest()).ok_or(StoreError::UnknownManifest(*id))
    }

    /// The manifest, or the error that it is not kept.
    fn known(&self, id: &ManifestId) -> Result<Manifest, StoreError> {
        self.manifest(id)?.ok_or(StoreError::UnknownManifest(*id))
    }

    /// Whether an object is kept, with the right number of bytes.
    #[must_use]
    pub fn has(&self, object: &Digest, size: u64) -> bool {
        self.object_path(object, size).is_some()
    }

    /// Where an object lies, if it is kept with the right number of bytes.
    #[must_use]
    pub fn object_path(&self, object: &Digest, size: u64) -> Option<PathBuf> {
        let right = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() == size);
        [self.layout.object(object), self.layout.fresh(object)].into_iter().find(right)
    }

    /// Where the tree of a release lies once it is assembled.
    #[must_use]
    pub fn release_folder(&self, id: &ManifestId) -> PathBuf {
        self.layout.release(id)
    }

    /// The files whose objects are not kept yet, each object once.
    #[must_use]
    pub fn missing(&self, manifest: &Manifest) -> Vec<Entry> {
        let mut seen = BTreeSet::new();
        let absent = manifest.entries().iter().filter(|entry| !self.has(&entry.sha256, entry.size));
        // As the manifest has them: what belongs together is fetched together.
        absent.filter(|entry| seen.insert(entry.sha256)).cloned().collect()
    }

    /// The object that is on its way: new, or what came of it before.
    ///
    /// # Errors
    /// When there is no room for the rest, or the disk does not take it.
    pub fn partial(&self, object: &Digest, size: u64) -> Result<Partial, StoreError> {
        let path = self.layout.partial(object);
        let have = std::fs::metadata(&path).map_or(0, |m| m.len());
        self.room_for(size.saturating_sub(have))?;
        let to = self.layout.fresh(object);
        Partial::open(self.disk.clone(), path, to, *object, size)
    }

    /// How many bytes of an object that is on its way are here. What is longer than the object is not
    /// the beginning of it.
    #[must_use]
    pub fn came(&self, object: &Digest, size: u64) -> u64 {
        let have = std::fs::metadata(self.layout.partial(object)).map_or(0, |about| about.len());
        if have > size { 0 } else { have }
    }

    /// Puts everything that was written so far on the disk, so that a power cut does not take it.
    ///
    /// # Errors
    /// When the disk says that it lost something.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.disk.sync_all(self.layout.root())
    }
}

impl Objects for Store {
    fn open(&self, object: &Digest) -> io::Result<File> {
        match File::open(self.layout.object(object)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::open(self.layout.fresh(object)),
            opened => opened,
        }
    }
}

/// A folder that has the files of a manifest.
#[derive(Debug)]
pub struct FolderObjects {
    paths: std::collections::BTreeMap<Digest, PathBuf>,
}

impl FolderObjects {
    /// The objects of a release as they lie in its folder.
    #[must_use]
    pub fn new(folder: &Path, manifest: &Manifest) -> Self {
        let entries = manifest.entries().iter();
        Self { paths: entries.map(|entry| (entry.sha256, folder.join(&*entry.path))).collect() }
    }
}

impl Objects for FolderObjects {
    fn open(&self, object: &Digest) -> io::Result<File> {
        File::open(self.paths.get(object).ok_or(io::ErrorKind::NotFound)?)
    }
}

impl<O: Objects + ?Sized> Objects for Arc<O> {
    fn open(&self, object: &Digest) -> io::Result<File> {
        (**self).open(object)
    }
}
