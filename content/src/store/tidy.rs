//! What is done when the store is opened: what was half made goes, and what may not have reached the
//! disk is looked at again.

use std::fs::{self, File};
use std::path::Path;

use crate::digest::Digest;

use super::disk::{Disk, names};
use super::error::StoreError;
use super::layout::{Layout, is_half, object_of};
use super::switch::{forget_pairs, make_links};

/// What a stop in the middle of something had left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Things half made or half removed.
    pub half_made: usize,
    /// Objects that had come and are whole.
    pub fresh: usize,
    /// Objects that had come and did not reach the disk.
    pub lost: usize,
}

pub(super) fn tidy(layout: &Layout, disk: &Disk) -> Result<Tidied, StoreError> {
    let mut tidied = Tidied::default();
    let folders = [
        layout.root().to_path_buf(),
        layout.manifests(),
        layout.releases(),
        layout.pairs(),
        layout.fresh_objects(),
        layout.partials(),
    ];
    for folder in &folders {
        for name in names(folder)?.iter().filter(|name| is_half(name)) {
            disk.remove_all(&folder.join(name))?;
            tidied.half_made += 1;
        }
    }
    for name in names(&layout.partials())?.iter().filter(|name| object_of(name).is_none()) {
        disk.remove_all(&layout.partials().join(name))?;
        tidied.half_made += 1;
    }
    for name in names(&layout.fresh_objects())? {
        let path = layout.fresh_objects().join(&name);
        // A name may have reached the disk without the bytes.
        match object_of(&name) {
            Some(object) if is_whole(&path, &object) => tidied.fresh += 1,
            _ => {
                disk.remove_all(&path)?;
                tidied.lost += 1;
            }
        }
    }
    if fs::read_link(layout.current()).is_ok() {
        forget_pairs(layout, disk)?;
    }
    make_links(layout, disk)?;
    Ok(tidied)
}

fn is_whole(path: &Path, object: &Digest) -> bool {
    let read = File::open(path).and_then(Digest::of_reader);
    read.is_ok_and(|(found, _)| found == *object)
}
