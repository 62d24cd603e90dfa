//! Which release is active, and which one was before it: one rename changes both.

use std::fs;
use std::path::{Path, PathBuf};

use crate::manifest::ManifestId;

use super::Store;
use super::disk::{Disk, names};
use super::error::StoreError;
use super::layout::{ACTIVE, CURRENT, Layout, PREVIOUS, half, release_of};

/// Which release is active, and which one was before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    active: ManifestId,
    previous: Option<ManifestId>,
}

impl Store {
    /// The release that is in service.
    #[must_use]
    pub fn active(&self) -> Option<ManifestId> {
        self.pair().map(|pair| pair.active)
    }

    /// The one that was in service before it, and can be gone back to.
    #[must_use]
    pub fn previous(&self) -> Option<ManifestId> {
        self.pair().and_then(|pair| pair.previous)
    }

    /// Puts an assembled release into service. The one before is kept.
    ///
    /// # Errors
    /// When it is not assembled, or the disk refuses; then nothing has changed.
    pub fn switch(&self, id: &ManifestId) -> Result<(), StoreError> {
        if !self.layout.release(id).is_dir() {
            return Err(StoreError::NotAssembled(*id));
        }
        match self.active() {
            // An earlier call may have been stopped between the rename and its sync.
            Some(active) if active == *id => self.settle_pair(),
            previous => self.point(Pair { active: *id, previous }),
        }
    }

    /// Puts the previous release into service again. What is left is not one to go back to.
    ///
    /// # Errors
    /// When there is none, or the disk refuses; then nothing has changed.
    pub fn back(&self) -> Result<ManifestId, StoreError> {
        let previous = self.previous().ok_or(StoreError::NoPrevious)?;
        if !self.layout.release(&previous).is_dir() {
            return Err(StoreError::NotAssembled(previous));
        }
        self.point(Pair { active: previous, previous: None })?;
        Ok(previous)
    }

    /// Puts a release that is kept into service again, and gives up the one that was: it is not one
    /// to go back to. Doing it twice is doing it once.
    ///
    /// # Errors
    /// When it is not assembled, or the disk refuses; then nothing has changed.
    pub fn return_to(&self, id: &ManifestId) -> Result<(), StoreError> {
        if !self.layout.release(id).is_dir() {
            return Err(StoreError::NotAssembled(*id));
        }
        match self.active() {
            Some(active) if active == *id => self.settle_pair(),
            _ => self.point(Pair { active: *id, previous: None }),
        }
    }

    /// Takes the release that is in service out of it, so that there is none: for a first release
    /// that does not work. Doing it twice is doing it once.
    ///
    /// # Errors
    /// When the disk refuses; then nothing has changed.
    pub fn withdraw(&self) -> Result<(), StoreError> {
        self.disk.remove_file(&self.layout.current())?;
        self.settle_pair()
    }

    fn pair(&self) -> Option<Pair> {
        pair_below(&self.layout)
    }

    fn point(&self, pair: Pair) -> Result<(), StoreError> {
        let pairs = self.layout.pairs();
        let numbers = names(&pairs)?.into_iter().filter_map(|name| name.to_str()?.parse::<u64>().ok());
        let number = numbers.max().unwrap_or(0) + 1;
        let new = pairs.join(number.to_string());
        let target = |id: &ManifestId| PathBuf::from("../../releases").join(id.to_string());
        self.disk.make_folder(&new)?;
        self.disk.symlink(&target(&pair.active), &new.join(ACTIVE))?;
        if let Some(previous) = &pair.previous {
            self.disk.symlink(&target(previous), &new.join(PREVIOUS))?;
        }
        self.disk.sync_folder(&new)?;
        self.disk.sync_folder(&pairs)?;
        let current = self.layout.current();
        let half = half(&current);
        self.disk.remove_file(&half)?;
        self.disk.symlink(&Path::new("pairs").join(number.to_string()), &half)?;
        // This is the switch.
        self.disk.rename(&half, &current)?;
        self.settle_pair()
    }

    fn settle_pair(&self) -> Result<(), StoreError> {
        self.disk.sync_folder(self.layout.root())?;
        forget_pairs(&self.layout, &self.disk)
    }
}

/// Removes every pair but the one that holds.
pub(super) fn forget_pairs(layout: &Layout, disk: &Disk) -> Result<(), StoreError> {
    let holds = fs::read_link(layout.current()).ok();
    let holds = holds.as_deref().and_then(Path::file_name);
    for name in names(&layout.pairs())?.iter().filter(|name| Some(name.as_os_str()) != holds) {
        disk.remove_all(&layout.pairs().join(name))?;
    }
    Ok(())
}

/// The links for people and for what serves files: they follow the pair and are never changed.
pub(super) fn make_links(layout: &Layout, disk: &Disk) -> Result<(), StoreError> {
    for name in [ACTIVE, PREVIOUS] {
        let link = layout.root().join(name);
        if fs::read_link(&link).is_err() {
            disk.remove_all(&link)?;
            disk.symlink(&Path::new(CURRENT).join(name), &link)?;
        }
    }
    Ok(())
}

/// The release that is in service below a folder, and where it lies: also for a disk that can only be
/// read, where the store cannot be opened.
#[must_use]
pub fn active_below(root: &Path) -> Option<(ManifestId, PathBuf)> {
    let layout = Layout::below(root);
    let active = pair_below(&layout)?.active;
    Some((active, layout.release(&active)))
}

fn pair_below(layout: &Layout) -> Option<Pair> {
    let current = layout.current();
    let release = |name| {
        let target = fs::read_link(current.join(name)).ok()?;
        let id = release_of(target.file_name()?)?;
        layout.release(&id).is_dir().then_some(id)
    };
    Some(Pair { active: release(ACTIVE)?, previous: release(PREVIOUS) })
}
