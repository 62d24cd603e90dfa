//! Makes the manifest of a folder: every file below it, hashed as it lies there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::limits::{DEPTH_MAX, RELEASE_FILES_MAX};
use crate::manifest::{Entry, Manifest, ManifestError};

/// A folder is no release.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something could not be read.
    #[error("cannot {operation} {}", path.display())]
    Read {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Neither a file nor a folder.
    #[error("{} is neither a file nor a folder: a release has nothing else", path.display())]
    Kind {
        /// Which.
        path: PathBuf,
    },
    /// A name that is not text.
    #[error("the name of {} is not UTF-8: rename it", path.display())]
    Name {
        /// Which.
        path: PathBuf,
    },
    /// Folders in folders in folders.
    #[error("{} lies deeper than {DEPTH_MAX} folders", path.display())]
    Depth {
        /// Which.
        path: PathBuf,
    },
    /// Too much, or a path that is not safe.
    #[error("the folder is no release")]
    Manifest(#[source] ManifestError),
}

impl Manifest {
    /// The manifest of a folder.
    ///
    /// # Errors
    /// When something in it cannot be read, or may not be in a release.
    pub fn of_folder(folder: &Path) -> Result<Self, FolderError> {
        let mut entries = Vec::new();
        collect(folder, "", 0, &mut entries)?;
        Self::new(entries).map_err(FolderError::Manifest)
    }
}

fn collect(folder: &Path, within: &str, depth: usize, entries: &mut Vec<Entry>) -> Result<(), FolderError> {
    let failed = |operation, path: &Path| {
        let path = path.to_path_buf();
        move |source| FolderError::Read { operation, path, source }
    };
    if depth > DEPTH_MAX {
        return Err(FolderError::Depth { path: folder.to_path_buf() });
    }
    for found in fs::read_dir(folder).map_err(failed("list", folder))? {
        let found = found.map_err(failed("list", folder))?;
        let at = found.path();
        let name = found.file_name();
        let name = name.to_str().ok_or_else(|| FolderError::Name { path: at.clone() })?;
        let path = if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
        let kind = found.file_type().map_err(failed("look at", &at))?;
        if kind.is_dir() {
            collect(&at, &path, depth + 1, entries)?;
        } else if kind.is_file() {
            let file = fs::File::open(&at).map_err(failed("open", &at))?;
            let (sha256, size) = Digest::of_reader(file).map_err(failed("read", &at))?;
            entries.push(Entry { path: path.into(), sha256, size });
            if entries.len() > RELEASE_FILES_MAX {
                let files = entries.len();
                return Err(FolderError::Manifest(ManifestError::Files { files }));
            }
        } else {
            return Err(FolderError::Kind { path: at });
        }
    }
    Ok(())
}
