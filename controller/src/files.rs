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

/// Locked by the controller that works on the folder.
const LOCK_FILE: &str = "lock";

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

/// Why the data folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another controller works on it.
    #[error(
        "another controller works on {folder} (process {holder}); stop that one, or give this one a data_dir of its own"
    )]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The process that has it.
        holder: String,
    },
    /// It could not be made or locked.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Makes the data folder if it is missing, and takes it: whoever else comes is told who has it. Held
/// as long as the file is open, and free again however the process ends.
pub fn take_folder(folder: &Path, mode: u32) -> Result<File, FolderError> {
    make_folder(folder, mode)?;
    let path = folder.join(LOCK_FILE);
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE)
        .open(&path)
        .map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            let holder = Some(holder.trim()).filter(|pid| !pid.is_empty()).unwrap_or("unknown");
            return Err(FolderError::Held { folder: folder.to_path_buf(), holder: holder.to_owned() });
        }
        Err(fs::TryLockError::Error(error)) => return Err(failed("lock", &path)(error).into()),
    }
    // For people only: who reads it has found it locked.
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(failed("write", &path))?;
    Ok(file)
}

/// Makes a file if it is missing, and lets only this process's user read it, whatever the umask is.
pub fn make_private(path: &Path) -> Result<(), FileError> {
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).mode(PRIVATE).open(path).map_err(failed("open", path))?;
    let mode = file.metadata().map_err(failed("look at", path))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(PRIVATE)).map_err(failed("set the mode of", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_somebody_has_is_refused_with_who_has_it_and_is_free_after_them() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("data");
        let first = take_folder(&folder, 0o750).unwrap();
        let refused = take_folder(&folder, 0o750).unwrap_err().to_string();
        assert!(refused.contains(&format!("(process {})", std::process::id())), "{refused}");
        assert!(refused.contains("data_dir"), "what to do: {refused}");
        drop(first);
        take_folder(&folder, 0o750).unwrap();
    }

    #[test]
    fn a_private_file_is_so_also_when_it_was_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        fs::write(&path, "kept").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        for path in [path, folder.path().join("fresh")] {
            make_private(&path).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, PRIVATE);
        }
        assert_eq!(fs::read_to_string(folder.path().join("db")).unwrap(), "kept");
    }

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
