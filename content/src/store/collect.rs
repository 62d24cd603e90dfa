//! Removes what no release needs that is kept: the active one, the previous one, and those that are
//! named.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::digest::Digest;
use crate::manifest::ManifestId;

use super::Store;
use super::disk::{names, paths};
use super::error::StoreError;
use super::layout::{half, object_of, release_of};

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Trees of releases.
    pub releases: usize,
    /// Objects, whole or on their way.
    pub objects: usize,
    /// What that freed, in bytes.
    pub bytes: u64,
}

impl Store {
    /// Removes what nothing needs. Releases that are being fetched have to be named.
    ///
    /// # Errors
    /// When the disk refuses; what is left is removed by the next call.
    pub fn collect(&self, keep: &[ManifestId]) -> Result<Collected, StoreError> {
        let mut kept: BTreeSet<ManifestId> = keep.iter().copied().collect();
        kept.extend(self.active());
        kept.extend(self.previous());
        let mut collected = Collected::default();
        for name in names(&self.layout.releases())? {
            match release_of(&name) {
                Some(id) if kept.contains(&id) => {}
                _ => {
                    self.remove_tree(&self.layout.releases().join(name))?;
                    collected.releases += 1;
                }
            }
        }
        let mut needed: BTreeSet<Digest> = BTreeSet::new();
        for id in &kept {
            // One whose manifest is damaged still keeps its objects by the links of its tree.
            if let Some(manifest) = self.manifest(id)? {
                needed.extend(manifest.entries().iter().map(|entry| entry.sha256));
            }
        }
        for path in paths(&self.layout.objects())? {
            self.sweep(&path, &needed, &mut collected)?;
        }
        self.sweep(&self.layout.fresh_objects(), &needed, &mut collected)?;
        self.sweep(&self.layout.partials(), &needed, &mut collected)?;
        for name in names(&self.layout.manifests())? {
            let id = Path::new(&name).file_stem().and_then(release_of);
            if id.is_none_or(|id| !kept.contains(&id)) {
                self.disk.remove_file(&self.layout.manifests().join(name))?;
            }
        }
        Ok(collected)
    }

    /// Removes a tree. Its name goes first: no name ever stands for half of a tree.
    fn remove_tree(&self, tree: &Path) -> Result<(), StoreError> {
        let half = half(tree);
        self.disk.remove_all(&half)?;
        self.disk.rename(tree, &half)?;
        self.disk.sync_folder(&self.layout.releases())?;
        self.disk.remove_all(&half)
    }

    /// Removes the objects of a folder that nothing needs and no tree links to.
    fn sweep(
        &self,
        folder: &Path,
        needed: &BTreeSet<Digest>,
        collected: &mut Collected,
    ) -> Result<(), StoreError> {
        for name in names(folder)? {
            if object_of(&name).is_some_and(|object| needed.contains(&object)) {
                continue;
            }
            let path = folder.join(name);
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            if found.nlink() == 1 {
                self.disk.remove_file(&path)?;
                collected.objects += 1;
                collected.bytes += found.len();
            }
        }
        Ok(())
    }
}
