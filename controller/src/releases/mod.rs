//! Releases of content at the controller: their files ([`objects`]) and the prepared deltas between
//! them ([`packs`]). It holds no key that could make a release: what editors sign is checked, kept
//! and handed on.

pub mod objects;
pub mod packs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use migrado_content::digest::Digest;

use crate::files;

use objects::Objects;
use packs::{Asked, PackError, Packs};

/// Releases. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Releases(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    objects: Objects,
    packs: Arc<Packs>,
    /// Where the signed lists are.
    metadata: PathBuf,
    /// Objects that are being brought: two writers of one would mix their bytes.
    receiving: Mutex<BTreeSet<Digest>>,
}

impl Releases {
    /// Opens what is kept below `folder`, or makes it.
    pub fn open(folder: &Path) -> Result<(Self, Asked), PackError> {
        let objects = Objects::open(folder)?;
        let (packs, asked) = Packs::open(&folder.join("packs"), objects.clone())?;
        let metadata = folder.join("metadata");
        files::make_folder(&metadata, 0o750)?;
        let shared = Shared { objects, packs: Arc::new(packs), metadata, receiving: Mutex::default() };
        Ok((Self(Arc::new(shared)), asked))
    }

    /// The file of a signed list, if the name is one's. `None` for every other name.
    pub fn metadata(&self, name: &str) -> Option<PathBuf> {
        is_list(name).then(|| self.0.metadata.join(name))
    }

    /// Their files.
    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    /// The prepared deltas.
    pub fn packs(&self) -> &Arc<Packs> {
        &self.0.packs
    }

    /// Takes an object for whoever brings it, until what is given is dropped. `None` while somebody
    /// else does.
    pub fn receiving(&self, object: Digest) -> Option<Held> {
        let mut receiving = self.0.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        receiving.insert(object).then(|| Held { shared: self.0.clone(), object })
    }
}

/// An object that is being brought.
#[derive(Debug)]
pub struct Held {
    shared: Arc<Shared>,
    object: Digest,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.receiving.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.object);
    }
}

/// Whether a name is one of a signed list: `timestamp.json`, or a version before the role. Pure.
fn is_list(name: &str) -> bool {
    if name == "timestamp.json" {
        return true;
    }
    let Some((version, role)) = name.split_once('.') else { return false };
    let is_version = !version.is_empty() && version.len() <= 9 && version.bytes().all(|b| b.is_ascii_digit());
    is_version && !version.starts_with('0') && ["root.json", "snapshot.json", "targets.json"].contains(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_signed_lists_become_names_of_files() {
        for good in ["timestamp.json", "1.root.json", "12.snapshot.json", "7.targets.json"] {
            assert!(is_list(good), "{good}");
        }
        let bad =
            ["", ".", "root.json", "0.root.json", "1.timestamp.json", "../1.root.json", "1./../root.json"];
        for bad in
            bad.into_iter().chain(["1.root.json/..", "x.root.json", "1.private.json", "9999999999.root.json"])
        {
            assert!(!is_list(bad), "{bad}");
        }
    }
}
