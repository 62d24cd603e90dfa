//! The manifest: which files a release has, with their digests. Its own digest is what a release is
//! known by, and what is signed.
//!
//! JSON with one file on a line, sorted, in one spelling only: the same folder gives the same bytes,
//! and two manifests differ in the lines of the files that differ. Whether a manifest is to be trusted
//! is not decided here.

mod folder;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Hasher, NotADigest};
use crate::limits::{MANIFEST_BYTES_MAX, RELEASE_BYTES_MAX, RELEASE_FILES_MAX};
use crate::path::{self, Unsafe};

pub use folder::FolderError;

/// The format that is written and read.
const FORMAT: u32 = 1;

/// What a release is known by: the digest of its manifest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ManifestId(Digest);

impl ManifestId {
    /// The digest itself: manifests are objects as well.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0
    }
}

impl From<Digest> for ManifestId {
    fn from(digest: Digest) -> Self {
        Self(digest)
    }
}

impl FromStr for ManifestId {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        text.parse().map(Self)
    }
}

impl fmt::Display for ManifestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ManifestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Relative to the root of the release, with forward slashes.
    pub path: Box<str>,
    /// Of its bytes.
    pub sha256: Digest,
    /// In bytes.
    pub size: u64,
}

/// The files of a release, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<Entry>,
}

/// Bytes are not a manifest that this program takes.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// More bytes than a manifest may have.
    #[error("the manifest has {bytes} bytes, at most {MANIFEST_BYTES_MAX} are allowed")]
    Bytes {
        /// How many.
        bytes: u64,
    },
    /// Not JSON of its shape.
    #[error("the manifest is damaged")]
    Shape(#[source] serde_json::Error),
    /// Another format.
    #[error("the manifest has format {format}, this program knows {FORMAT}: install a newer one")]
    Format {
        /// Which.
        format: u32,
    },
    /// More files than a release may have.
    #[error("the manifest lists {files} files, at most {RELEASE_FILES_MAX} are allowed")]
    Files {
        /// How many.
        files: usize,
    },
    /// More content than a release may have.
    #[error("the files of the manifest have more than {RELEASE_BYTES_MAX} bytes together")]
    Total,
    /// A path that leaves the folder, or is not the same everywhere.
    #[error("the path {path:?} is not safe: {reason}")]
    Path {
        /// Which.
        path: String,
        /// Why.
        reason: Unsafe,
    },
    /// Not sorted, or listed twice.
    #[error("the path {path:?} is listed twice or out of order")]
    Order {
        /// Which.
        path: String,
    },
    /// A file that is a folder of another file.
    #[error("{path:?} is a file and the folder of {below:?}")]
    Folder {
        /// Which.
        path: String,
        /// The other one.
        below: String,
    },
    /// One digest with two sizes.
    #[error("{path:?} has the digest of another file and another size")]
    Sizes {
        /// Which.
        path: String,
    },
    /// The same content in another spelling.
    #[error("the manifest is not in the spelling that belongs to its content")]
    Spelling,
}

/// The manifest as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u32,
    files: Vec<Entry>,
}

impl Manifest {
    /// From files in any order.
    ///
    /// # Errors
    /// When they are no release: too many, an unsafe path, one listed twice.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self, ManifestError> {
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        check(&entries)?;
        Ok(Self { entries })
    }

    /// Reads a manifest strictly: a known format, sorted, every path safe, in its one spelling.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() as u64 > MANIFEST_BYTES_MAX {
            return Err(ManifestError::Bytes { bytes: bytes.len() as u64 });
        }
        let document: Document = serde_json::from_slice(bytes).map_err(ManifestError::Shape)?;
        if document.format != FORMAT {
            return Err(ManifestError::Format { format: document.format });
        }
        check(&document.files)?;
        let manifest = Self { entries: document.files };
        let mut compare = Compare(bytes);
        match manifest.write(&mut compare) {
            Ok(()) if compare.0.is_empty() => Ok(manifest),
            _ => Err(ManifestError::Spelling),
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory does not fail.
        self.write(&mut bytes).unwrap_or_default();
        bytes
    }

    /// What the release is known by.
    #[must_use]
    pub fn id(&self) -> ManifestId {
        let mut hashed = Hashed(Hasher::new());
        // Hashing does not fail.
        self.write(&mut hashed).unwrap_or_default();
        ManifestId(hashed.0.finish())
    }

    /// The files, sorted by path.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The file at a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_ref().cmp(path)).ok()?;
        self.entries.get(at)
    }

    /// The bytes of all files, as a person counts them.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }

    /// Every object once, with the index of the first file that has it.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<Digest, usize> {
        let mut objects = BTreeMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            objects.entry(entry.sha256).or_insert(index);
        }
        objects
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "{{\"format\":{FORMAT},\"files\":[")?;
        for (index, entry) in self.entries.iter().enumerate() {
            out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *out, entry)?;
        }
        out.write_all(b"\n]}\n")
    }
}

/// Hashes what is written: a manifest may have tens of megabytes.
struct Hashed(Hasher);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes only what it expects.
struct Compare<'b>(&'b [u8]);

impl Write for Compare<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn check(entries: &[Entry]) -> Result<(), ManifestError> {
    if entries.len() > RELEASE_FILES_MAX {
        return Err(ManifestError::Files { files: entries.len() });
    }
    let mut total: u64 = 0;
    let mut sizes: BTreeMap<Digest, u64> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = || entry.path.to_string();
        path::check(&entry.path).map_err(|reason| ManifestError::Path { path: path(), reason })?;
        let before = index.checked_sub(1).and_then(|before| entries.get(before));
        if before.is_some_and(|before| before.path >= entry.path) {
            return Err(ManifestError::Order { path: path() });
        }
        total = total.checked_add(entry.size).ok_or(ManifestError::Total)?;
        if total > RELEASE_BYTES_MAX {
            return Err(ManifestError::Total);
        }
        if *sizes.entry(entry.sha256).or_insert(entry.size) != entry.size {
            return Err(ManifestError::Sizes { path: path() });
        }
        for (at, _) in entry.path.match_indices('/') {
            let folder = entry.path.get(..at).unwrap_or_default();
            if entries.binary_search_by(|other| other.path.as_ref().cmp(folder)).is_ok() {
                return Err(ManifestError::Folder { path: folder.to_owned(), below: path() });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
