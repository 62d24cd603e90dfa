//! The one way to write a state file: a temporary file in the same folder, synced, renamed over
//! the old one, and the folder synced. After a power cut there is the old content or the new.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Only this process's user may read it: keys and passwords.
pub const PRIVATE: u32 = 0o600;
/// The group may read it too: what a broker beside us needs.
pub const GROUP: u32 = 0o640;
/// Everybody may read it: certificates.
pub const PUBLIC: u32 = 0o644;

/// A state file or folder could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {path}")]
pub struct FileError {
    /// What was tried.
    pub operation: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}

fn failed<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> FileError + 'a {
    move |source| FileError { operation, path: path.to_path_buf(), source }
}

/// Replaces the file's content whole, or leaves it as it is.
pub fn replace_file(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let mut temporary = OsString::from(path.as_os_str());
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let write = || -> io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(&temporary)?;
        // Set before there is content, and also where a leftover of a crash has another mode.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(failed("write", path))
}

/// Reads a text file; `None` if there is none.
pub fn read_text(path: &Path) -> Result<Option<String>, FileError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Reads a file; `None` if there is none.
pub fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Removes a file, durably; one that is gone already is no error.
pub fn remove_file(path: &Path) -> Result<(), FileError> {
    let synced = |folder: &Path| File::open(folder).and_then(|folder| folder.sync_all());
    match fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), synced).map_err(failed("remove", path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("remove", path)(error)),
    }
}

/// Makes a folder with this mode, with its parents, if it is missing.
pub fn make_folder(path: &Path, mode: u32) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(failed("create folder", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed("set the mode of", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_the_whole_content_with_the_given_mode_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(folder.path().join("key.tmp"), "left by a crash, and longer").unwrap();
        for (content, mode) in [("first", PUBLIC), ("second", PRIVATE)] {
            replace_file(&path, content.as_bytes(), mode).unwrap();
            assert_eq!(read_text(&path).unwrap().as_deref(), Some(content));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_written_keeps_its_old_content_and_names_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/key");
        let error = replace_file(&path, b"x", PRIVATE).unwrap_err();
        assert!(error.to_string().contains("missing/key"), "{error}");
        assert_eq!(read_bytes(&path).unwrap(), None);
    }
}
