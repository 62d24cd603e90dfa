//! Room on the disk: what is free, what has to stay free, what a release needs. Asked before the first
//! byte is written.

use std::collections::BTreeSet;

use rustix::fs::statvfs;

use crate::limits::{BLOCK_BYTES, FLOOR_BYTES, FLOOR_PERCENT};
use crate::manifest::Manifest;

use super::Store;
use super::disk::failed;
use super::error::StoreError;

/// What content leaves free: whichever of the two is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// Percent of the disk.
    pub percent: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Default for Floor {
    fn default() -> Self {
        Self { percent: FLOOR_PERCENT, bytes: FLOOR_BYTES }
    }
}

impl Floor {
    /// In bytes, on a disk of that size.
    #[must_use]
    pub fn of(&self, total_bytes: u64) -> u64 {
        self.bytes.max((total_bytes / 100).saturating_mul(self.percent))
    }
}

/// Room on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Free for us.
    pub free_bytes: u64,
    /// In all.
    pub total_bytes: u64,
    /// What has to stay free.
    pub floor_bytes: u64,
    /// How many more files the disk takes; absent where it does not count them.
    pub free_files: Option<u64>,
}

impl Space {
    /// Whether so many bytes and files can be written.
    ///
    /// # Errors
    /// When the floor would be broken, or the disk takes no more files.
    pub fn admit(&self, needed_bytes: u64, needed_files: u64) -> Result<(), StoreError> {
        let Self { free_bytes, floor_bytes, .. } = *self;
        if needed_bytes > 0 && needed_bytes.saturating_add(floor_bytes) > free_bytes {
            return Err(StoreError::NoRoom { needed_bytes, free_bytes, floor_bytes });
        }
        match self.free_files {
            Some(free) if needed_files > free => Err(StoreError::NoInodes { needed: needed_files, free }),
            _ => Ok(()),
        }
    }
}

/// What a file takes of the disk.
fn on_disk(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES)
}

impl Store {
    /// The room on the disk of the store.
    ///
    /// # Errors
    /// When the disk does not say.
    pub fn space(&self) -> Result<Space, StoreError> {
        let root = self.layout.root();
        let vfs = statvfs(root).map_err(|errno| failed("ask for the room of", root)(errno.into()))?;
        let total_bytes = vfs.f_blocks.saturating_mul(vfs.f_frsize);
        Ok(Space {
            free_bytes: vfs.f_bavail.saturating_mul(vfs.f_frsize),
            total_bytes,
            floor_bytes: self.floor.of(total_bytes),
            free_files: (vfs.f_files > 0).then_some(vfs.f_favail),
        })
    }

    /// The bytes that the disk would have to take for a release: what is missing, less what came of it
    /// already, and the folders of its tree.
    #[must_use]
    pub fn bytes_needed(&self, manifest: &Manifest) -> u64 {
        self.needs(manifest).0
    }

    /// Refuses a release for which there is no room, before anything of it is written.
    ///
    /// # Errors
    /// When there is no room, or the disk does not say.
    pub fn admit(&self, manifest: &Manifest) -> Result<(), StoreError> {
        let (bytes, files) = self.needs(manifest);
        self.space()?.admit(bytes, files)
    }

    fn needs(&self, manifest: &Manifest) -> (u64, u64) {
        let missing = self.missing(manifest);
        let objects: u64 = missing
            .iter()
            .map(|entry| {
                let came = std::fs::metadata(self.layout.partial(&entry.sha256)).map_or(0, |m| m.len());
                on_disk(entry.size.saturating_sub(came))
            })
            .sum();
        // A tree that is there already is only mended.
        let folders = if self.layout.release(&manifest.id()).is_dir() { 0 } else { folders(manifest) };
        (objects + folders * BLOCK_BYTES, missing.len() as u64 + folders)
    }

    pub(super) fn room_for(&self, bytes: u64) -> Result<(), StoreError> {
        self.space()?.admit(on_disk(bytes), 1)
    }
}

/// How many folders the tree of a release has.
fn folders(manifest: &Manifest) -> u64 {
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    for entry in manifest.entries() {
        folders.extend(entry.path.match_indices('/').filter_map(|(at, _)| entry.path.get(..at)));
    }
    folders.len() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_whichever_is_more() {
        let floor = Floor { percent: 5, bytes: 1000 };
        for (total, wanted) in [(0, 1000), (20_000, 1000), (20_100, 1005), (u64::MAX, u64::MAX / 100 * 5)] {
            assert_eq!(floor.of(total), wanted, "{total}");
        }
    }

    #[test]
    fn what_breaks_the_floor_is_refused() {
        let space = Space { free_bytes: 1100, total_bytes: 9000, floor_bytes: 1000, free_files: Some(2) };
        assert!(space.admit(100, 2).is_ok());
        assert!(matches!(space.admit(101, 0), Err(StoreError::NoRoom { .. })));
        assert!(matches!(space.admit(u64::MAX, 0), Err(StoreError::NoRoom { .. })));
        assert!(matches!(space.admit(1, 3), Err(StoreError::NoInodes { needed: 3, free: 2 })));
        let full = Space { free_bytes: 10, ..space };
        assert!(full.admit(0, 0).is_ok(), "what needs nothing is done on a full disk as well");
        assert!(Space { free_files: None, ..space }.admit(1, 9).is_ok());
    }
}
