//! The tree of a release: folders and hard links to objects, made beside the active one, mended where
//! an object was fetched again.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::manifest::{Entry, Manifest, ManifestId};

use super::Store;
use super::disk::{failed, names};
use super::error::StoreError;
use super::layout::{half, object_of};

impl Store {
    /// Makes the tree of a release whose objects are all there, or mends it. It is on the disk as a
    /// whole when this returns.
    ///
    /// # Errors
    /// When its manifest or objects are missing, or the disk refuses.
    pub fn assemble(&self, id: &ManifestId) -> Result<(), StoreError> {
        let manifest = self.known(id)?;
        let missing = self.missing(&manifest);
        if let Some(first) = missing.first() {
            return Err(StoreError::Missing { release: *id, first: first.sha256, count: missing.len() });
        }
        self.settle()?;
        let tree = self.layout.release(id);
        if tree.is_dir() { self.mend(&manifest, &tree) } else { self.make(&manifest, &tree) }
    }

    /// Takes fresh objects into service. They are on the disk first: a name among the objects always
    /// stands for all of its bytes.
    fn settle(&self) -> Result<(), StoreError> {
        let fresh = names(&self.layout.fresh_objects())?;
        if fresh.is_empty() {
            return Ok(());
        }
        self.sync()?;
        for object in fresh.iter().filter_map(|name| object_of(name)) {
            let to = self.layout.object(&object);
            self.disk.make_folders(to.parent().unwrap_or(&to))?;
            self.disk.rename(&self.layout.fresh(&object), &to)?;
        }
        self.sync()
    }

    fn make(&self, manifest: &Manifest, tree: &Path) -> Result<(), StoreError> {
        let half = half(tree);
        self.disk.remove_all(&half)?;
        self.disk.make_folder(&half)?;
        let mut made: BTreeSet<PathBuf> = BTreeSet::from([half.clone()]);
        for entry in manifest.entries() {
            let path = half.join(&*entry.path);
            let folder = path.parent().unwrap_or(&half);
            if !made.contains(folder) {
                self.disk.make_folders(folder)?;
                made.insert(folder.to_path_buf());
            }
            self.disk.link(&self.layout.object(&entry.sha256), &path)?;
        }
        self.sync()?;
        self.disk.rename(&half, tree)?;
        self.disk.sync_folder(&self.layout.releases())
    }

    fn mend(&self, manifest: &Manifest, tree: &Path) -> Result<(), StoreError> {
        let mut mended = false;
        for entry in manifest.entries() {
            mended |= self.mend_file(entry, &tree.join(&*entry.path))?;
        }
        if mended { self.sync() } else { Ok(()) }
    }

    /// Puts the object in the place of what stands for it in the tree. Whether that was needed.
    fn mend_file(&self, entry: &Entry, path: &Path) -> Result<bool, StoreError> {
        let object = self.layout.object(&entry.sha256);
        let kept = fs::metadata(&object).map_err(failed("look at", &object))?;
        let found = fs::symlink_metadata(path);
        // A name for the same bytes: a rename over it would do nothing and leave both names.
        if found.is_ok_and(|found| found.ino() == kept.ino() && found.dev() == kept.dev()) {
            return Ok(false);
        }
        // Not beside the file: what is half made in the root is tidied at the next start.
        let half = self.layout.root().join(".mend");
        self.disk.remove_all(&half)?;
        self.disk.make_folders(path.parent().unwrap_or(path))?;
        self.disk.link(&object, &half)?;
        self.disk.rename(&half, path)?;
        Ok(true)
    }
}
