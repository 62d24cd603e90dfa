//! Looks for what the disk spoiled: reads every object again, a bounded number of bytes at a time, and
//! takes out of service what is not what its name says, so that it is fetched again.
//!
//! The tree keeps its link to the damaged file until [`Store::assemble`] mends it: a picture with a
//! wrong spot is better than none.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::digest::{Digest, Hasher};
use crate::manifest::ManifestId;

use super::Store;
use super::disk::{names, paths};
use super::error::StoreError;
use super::layout::{object_of, release_of};

/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;

/// How far a scrub came. It begins anew after the last object, and after a restart.
#[derive(Debug, Default)]
pub struct Scrub {
    /// What is still to be read, last first; absent between two rounds.
    queue: Option<Vec<PathBuf>>,
    /// The object that is being read.
    open: Option<(PathBuf, File, Hasher)>,
}

/// Something that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which object, or manifest.
    pub object: Digest,
    /// Where it stands in the active release, if it does.
    pub path: Option<String>,
    /// What the disk said about it, when it could not be read at all.
    pub unreadable: Option<String>,
}

/// What one call found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScrubPass {
    /// How many bytes were read.
    pub bytes: u64,
    /// What is damaged; it is out of service now.
    pub damaged: Vec<Damage>,
    /// Whether the round is complete.
    pub complete: bool,
}

impl Store {
    /// Reads the next bytes of the store. Slow on purpose: the caller says how many, and how often.
    ///
    /// # Errors
    /// When a folder cannot be listed, or what is damaged cannot be removed.
    pub fn scrub(&self, scrub: &mut Scrub, bytes_max: u64) -> Result<ScrubPass, StoreError> {
        let mut pass = ScrubPass::default();
        let mut buffer = vec![0; READ_BYTES];
        let queue = match &mut scrub.queue {
            Some(queue) => queue,
            none => none.insert(self.everything()?),
        };
        while pass.bytes < bytes_max {
            let Some((path, mut file, mut hasher)) =
                scrub.open.take().or_else(|| self.next(queue, &mut pass))
            else {
                pass.complete = queue.is_empty();
                if pass.complete {
                    scrub.queue = None;
                    return Ok(pass);
                }
                continue;
            };
            let want = READ_BYTES.min(usize::try_from(bytes_max - pass.bytes).unwrap_or(READ_BYTES));
            match file.read(buffer.get_mut(..want).unwrap_or_default()) {
                Ok(0) => self.judge(&path, Ok(hasher.finish()), &mut pass)?,
                Ok(read) => {
                    hasher.update(buffer.get(..read).unwrap_or_default());
                    pass.bytes += read as u64;
                    scrub.open = Some((path, file, hasher));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    scrub.open = Some((path, file, hasher));
                }
                Err(error) => self.judge(&path, Err(error), &mut pass)?,
            }
        }
        Ok(pass)
    }

    /// Every file that has the digest of its bytes as its name.
    fn everything(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut all = paths(&self.layout.manifests())?;
        for folder in paths(&self.layout.objects())? {
            all.extend(paths(&folder)?);
        }
        all.retain(|path| named(path).is_some());
        all.reverse();
        Ok(all)
    }

    /// Opens the next one. One that is gone was collected meanwhile.
    fn next(&self, queue: &mut Vec<PathBuf>, pass: &mut ScrubPass) -> Option<(PathBuf, File, Hasher)> {
        let path = queue.pop()?;
        match File::open(&path) {
            Ok(file) => Some((path, file, Hasher::new())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                // What cannot be opened cannot be removed either, most likely: it is told.
                pass.damaged.extend(self.damage(&path, Some(error.to_string())));
                None
            }
        }
    }

    fn judge(&self, path: &Path, read: io::Result<Digest>, pass: &mut ScrubPass) -> Result<(), StoreError> {
        let unreadable = match read {
            Ok(found) if named(path) == Some(found) => return Ok(()),
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        pass.damaged.extend(self.damage(path, unreadable));
        self.disk.remove_file(path)
    }

    fn damage(&self, path: &Path, unreadable: Option<String>) -> Option<Damage> {
        let object = named(path)?;
        let active = self.active().and_then(|id| self.manifest(&id).ok().flatten());
        let stands = active.as_ref().and_then(|m| m.entries().iter().find(|e| e.sha256 == object));
        Some(Damage { object, path: stands.map(|entry| entry.path.to_string()), unreadable })
    }

    /// Releases whose trees are there and whose files are not what the objects are: what is to be
    /// fetched and assembled again, the active one first.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn incomplete(&self) -> Result<Vec<ManifestId>, StoreError> {
        let mut releases: Vec<ManifestId> =
            names(&self.layout.releases())?.iter().filter_map(|name| release_of(name)).collect();
        let active = self.active();
        releases.sort_by_key(|id| Some(*id) != active);
        let mut incomplete = Vec::new();
        for id in releases {
            match self.manifest(&id)? {
                Some(manifest) if self.missing(&manifest).is_empty() => {}
                _ => incomplete.push(id),
            }
        }
        Ok(incomplete)
    }
}

/// The digest that a file's name says.
fn named(path: &Path) -> Option<Digest> {
    object_of(path.file_stem()?)
}
