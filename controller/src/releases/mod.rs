//! Releases of content at the controller: the signed list of them ([`catalog`]), their files
//! ([`objects`]), the prepared deltas between them ([`packs`]), and for those who have none the chunks of
//! files ([`indexes`], [`ranges`]). It holds no key that could make a
//! release: what editors sign is checked, kept and handed on.

pub mod catalog;
pub mod freshness;
pub mod indexes;
pub mod mirror;
pub mod objects;
pub mod packs;
pub mod ranges;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use migrado_content::digest::Digest;

use catalog::{Catalog, CatalogError};
use indexes::Indexes;
use objects::Objects;
use packs::{Asked, Packs};
use ranges::Ranges;

/// Releases. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Releases(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    objects: Objects,
    packs: Arc<Packs>,
    indexes: Indexes,
    ranges: Ranges,
    catalog: Catalog,
    /// One list goes live after the other.
    publishing: tokio::sync::Mutex<()>,
    /// Where the signed lists are.
    metadata: PathBuf,
    /// Objects that are being brought: two writers of one would mix their bytes.
    receiving: Mutex<BTreeSet<Digest>>,
}

impl Releases {
    /// Opens what is kept below `folder`, or makes it.
    pub fn open(folder: &Path, key_file: &Path) -> Result<(Self, Asked), CatalogError> {
        let objects = Objects::open(folder)?;
        let (packs, asked) = Packs::open(&folder.join("packs"), objects.clone())?;
        let indexes = Indexes::open(&folder.join("indexes"), objects.clone())?;
        let ranges = Ranges::new(objects.clone());
        let metadata = folder.join("metadata");
        let catalog = Catalog::open(&metadata, objects.clone(), key_file)?;
        let packs = Arc::new(packs);
        let (publishing, receiving) = Default::default();
        let shared = Shared { objects, packs, indexes, ranges, catalog, publishing, metadata, receiving };
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

    /// The signed list.
    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    /// Takes the right to let a list go live, until what is given is dropped.
    pub async fn publishing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.publishing.lock().await
    }

    /// The prepared deltas.
    pub fn packs(&self) -> &Arc<Packs> {
        &self.0.packs
    }

    /// The chunks of files.
    pub fn indexes(&self) -> &Indexes {
        &self.0.indexes
    }

    /// Ranges of files.
    pub fn ranges(&self) -> &Ranges {
        &self.0.ranges
    }

    /// Takes an object for whoever brings it, until what is given is dropped. `None` while somebody
    /// else does.
    pub fn receiving(&self, object: Digest) -> Option<Held> {
        let mut receiving = self.0.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        receiving.insert(object).then(|| Held { shared: self.0.clone(), object })
    }
}

/// Does what reads many files where it holds nobody up.
pub async fn blocking<T: Send + 'static>(
    releases: &Releases,
    work: impl FnOnce(Releases) -> Result<T, CatalogError> + Send + 'static,
) -> Result<T, CatalogError> {
    let releases = releases.clone();
    let done = tokio::task::spawn_blocking(move || work(releases)).await;
    done.map_err(CatalogError::Broken)?
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
