//! What the store refuses, and what the disk refuses it.

use std::io;
use std::path::PathBuf;

use crate::digest::Digest;
use crate::manifest::{ManifestError, ManifestId};

/// Something was not done. What is active is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk did not do it.
    #[error("cannot {operation} {}", path.display())]
    Disk {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Two programs would change the same files.
    #[error("{} is held by another process: only one may have the store open", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// The floor of free space would be broken.
    #[error(
        "no room: {needed_bytes} bytes are needed, {free_bytes} are free and {floor_bytes} of them stay free"
    )]
    NoRoom {
        /// What would be written.
        needed_bytes: u64,
        /// What is free.
        free_bytes: u64,
        /// What is to stay free.
        floor_bytes: u64,
    },
    /// The file system has no more entries.
    #[error("no room: {needed} files are to be made, the file system takes {free} more")]
    NoInodes {
        /// Files and folders.
        needed: u64,
        /// What is left.
        free: u64,
    },
    /// The bytes of a manifest are not one.
    #[error("the manifest {id} is not one that this program takes")]
    Manifest {
        /// Which.
        id: ManifestId,
        /// Why.
        source: ManifestError,
    },
    /// Its manifest is not kept, or damaged.
    #[error("the manifest {0} is not kept: fetch it again")]
    UnknownManifest(ManifestId),
    /// Objects of a release are not there.
    #[error("the release {release} misses {count} objects, first {first}: fetch them")]
    Missing {
        /// Which release.
        release: ManifestId,
        /// The first of them.
        first: Digest,
        /// How many.
        count: usize,
    },
    /// More came than an object has.
    #[error("the object {object} has {size} bytes, more were sent")]
    TooLong {
        /// Which.
        object: Digest,
        /// How many it has.
        size: u64,
    },
    /// Less came than an object has.
    #[error("the object {object} has {size} bytes, {length} of them came")]
    Short {
        /// Which.
        object: Digest,
        /// How many it has.
        size: u64,
        /// How many came.
        length: u64,
    },
    /// Other bytes came.
    #[error("what came for the object {object} has the digest {found}")]
    Mismatch {
        /// What was to come.
        object: Digest,
        /// What came.
        found: Digest,
    },
    /// It is not on the disk as a whole.
    #[error("the release {0} is not assembled")]
    NotAssembled(ManifestId),
    /// There is no release before the active one.
    #[error("there is no previous release to go back to")]
    NoPrevious,
}

impl StoreError {
    /// One word for it, for findings and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoRoom { .. } | Self::NoInodes { .. } => "no_room",
            Self::Manifest { .. } => "unknown_format",
            Self::UnknownManifest(_) | Self::Missing { .. } => "not_found",
            Self::TooLong { .. } => "endless_data",
            Self::Short { .. } => "truncated",
            Self::Mismatch { .. } => "tampered",
            Self::Disk { .. } | Self::Busy { .. } => "storage",
            Self::NotAssembled(_) | Self::NoPrevious => "not_assembled",
        }
    }

    /// Whether it is what came that is wrong, and not the disk.
    #[must_use]
    pub fn is_about_data(&self) -> bool {
        matches!(
            self,
            Self::Manifest { .. } | Self::TooLong { .. } | Self::Short { .. } | Self::Mismatch { .. }
        )
    }
}
