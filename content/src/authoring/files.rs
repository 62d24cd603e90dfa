//! The files of a content folder: what is there, in one order on every machine. Links are seen, never
//! followed.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::finding::{Finding, Place};
use crate::limits::DEPTH_MAX;

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Relative to the folder, with forward slashes.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Its size.
    pub bytes: u64,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// An ordinary file.
    File,
    /// A link to somewhere else.
    Symlink,
    /// A socket, a pipe, a device.
    Special,
    /// Its name is not UTF-8; the path is an approximation.
    NotUtf8,
    /// It lies too deep to be looked at.
    TooDeep,
}

/// A content folder could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {source}")]
pub struct ReadError {
    /// What was to be read.
    pub path: PathBuf,
    /// Why it was not.
    #[source]
    pub source: io::Error,
}

/// Lists a folder. Names that begin with a dot are for tools and not looked at.
///
/// # Errors
/// When a folder or file cannot be looked at.
pub fn list(root: &Path) -> Result<Vec<FileEntry>, ReadError> {
    let mut found = Vec::new();
    walk(root, "", 0, &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<FileEntry>) -> Result<(), ReadError> {
    let failed = |path: &Path, source: io::Error| ReadError { path: path.to_path_buf(), source };
    for entry in fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let entry = entry.map_err(|e| failed(folder, e))?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = format!("{prefix}{}", name.to_string_lossy());
        // Of the link itself, not of what it leads to.
        let meta = fs::symlink_metadata(entry.path()).map_err(|e| failed(&entry.path(), e))?;
        let kind = if name.to_str().is_none() {
            FileKind::NotUtf8
        } else if meta.is_symlink() {
            FileKind::Symlink
        } else if meta.is_dir() && depth < DEPTH_MAX {
            walk(&entry.path(), &format!("{path}/"), depth + 1, found)?;
            continue;
        } else if meta.is_dir() {
            FileKind::TooDeep
        } else if meta.is_file() {
            FileKind::File
        } else {
            FileKind::Special
        };
        found.push(FileEntry { path, kind, bytes: meta.len() });
    }
    Ok(())
}

/// A folder with its list, from which readers take files.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) root: PathBuf,
    pub(crate) files: Vec<FileEntry>,
}

impl Folder {
    /// An ordinary file of this path.
    pub(crate) fn file(&self, path: &str) -> Option<&FileEntry> {
        let at = self.files.binary_search_by(|f| f.path.as_str().cmp(path)).ok()?;
        self.files.get(at).filter(|f| f.kind == FileKind::File)
    }

    /// The ordinary files below a folder, with their paths within it.
    pub(crate) fn below<'f>(&'f self, folder: &'f str) -> impl Iterator<Item = (&'f FileEntry, &'f str)> {
        let files = self.files.iter().filter(|f| f.kind == FileKind::File);
        files.filter_map(move |f| Some((f, f.path.strip_prefix(folder)?.strip_prefix('/')?)))
    }

    /// The folders directly below a folder.
    pub(crate) fn folders(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .below(folder)
            .filter_map(|(_, rest)| rest.split_once('/').map(|(name, _)| name.to_owned()))
            .collect();
        names.dedup();
        names
    }

    /// A file's bytes. One that is larger than `bytes_max` is not read: its size is told elsewhere.
    pub(crate) fn bytes(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Finding> {
        let Some(entry) = self.file(path) else { return Ok(None) };
        if entry.bytes > bytes_max {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        fs::File::open(self.root.join(path))
            .and_then(|file| file.take(bytes_max).read_to_end(&mut bytes))
            .map_err(|e| {
                Finding::error("file_unreadable", &Place::whole(path), format!("cannot be read: {e}"))
            })?;
        Ok(Some(bytes))
    }

    /// A file's text, without the mark that some editors put at its beginning.
    pub(crate) fn text(&self, path: &str, bytes_max: u64) -> Result<Option<String>, Finding> {
        let Some(bytes) = self.bytes(path, bytes_max)? else { return Ok(None) };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
            Err(error) => {
                let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
                let place = Place::new(path, 1 + good.iter().filter(|b| **b == b'\n').count());
                Err(Finding::error(
                    "not_utf8",
                    &place,
                    "this is not UTF-8 from here on: save the file as UTF-8",
                ))
            }
        }
    }
}
