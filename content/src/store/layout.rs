//! Where everything lies below the store's folder. Names only; nothing here touches the disk.
//!
//! ```text
//! objects/ab/<sha256>     verified and on the disk
//! fresh/<sha256>          verified when it came; on the disk after the next sync
//! partial/<sha256>        on its way
//! manifests/<id>.json
//! releases/<id>/          hard links to objects
//! pairs/<n>/active        which release is active and which one before it: symbolic links, never
//! pairs/<n>/previous      changed once they are there
//! current -> pairs/<n>    the one that is renamed
//! active -> current/active, previous -> current/previous
//! ```
//! A name that begins with a dot is half made or half removed and goes at the next start.

use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::manifest::ManifestId;

/// Names in a pair, and of the links for people beside it.
pub(super) const ACTIVE: &str = "active";
pub(super) const PREVIOUS: &str = "previous";
/// The link that says which pair holds.
pub(super) const CURRENT: &str = "current";

#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn below(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Every folder that has to be there.
    pub(super) fn folders(&self) -> [PathBuf; 6] {
        [
            self.objects(),
            self.fresh_objects(),
            self.partials(),
            self.manifests(),
            self.releases(),
            self.pairs(),
        ]
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    pub(super) fn object(&self, object: &Digest) -> PathBuf {
        let name = object.to_string();
        self.objects().join(name.get(..2).unwrap_or_default()).join(name)
    }

    pub(super) fn fresh_objects(&self) -> PathBuf {
        self.root.join("fresh")
    }

    pub(super) fn fresh(&self, object: &Digest) -> PathBuf {
        self.fresh_objects().join(object.to_string())
    }

    pub(super) fn partials(&self) -> PathBuf {
        self.root.join("partial")
    }

    pub(super) fn partial(&self, object: &Digest) -> PathBuf {
        self.partials().join(object.to_string())
    }

    pub(super) fn manifests(&self) -> PathBuf {
        self.root.join("manifests")
    }

    pub(super) fn manifest(&self, id: &ManifestId) -> PathBuf {
        self.manifests().join(format!("{id}.json"))
    }

    pub(super) fn releases(&self) -> PathBuf {
        self.root.join("releases")
    }

    pub(super) fn release(&self, id: &ManifestId) -> PathBuf {
        self.releases().join(id.to_string())
    }

    pub(super) fn pairs(&self) -> PathBuf {
        self.root.join("pairs")
    }

    pub(super) fn current(&self) -> PathBuf {
        self.root.join(CURRENT)
    }
}

/// The sibling under which something is made or removed.
pub(super) fn half(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    path.with_file_name(name)
}

/// Whether a name is that of something half made.
pub(super) fn is_half(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

/// The release that a name says.
pub(super) fn release_of(name: &std::ffi::OsStr) -> Option<ManifestId> {
    name.to_str()?.parse().ok()
}

/// The object that a name says.
pub(super) fn object_of(name: &std::ffi::OsStr) -> Option<Digest> {
    name.to_str()?.parse().ok()
}
