//! The only place of the store that changes the disk. Each change is a named step, and a hook may be
//! asked before it: tests end the power there, the agent's own tests fill the disk there.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock, syncfs};

use super::error::StoreError;
use super::layout::half;

/// Content is for everybody and changed by nobody: what the mode of an object says.
const OBJECT_MODE: u32 = 0o444;
const WRITTEN_MODE: u32 = 0o644;

/// A change of the disk that is about to be made.
#[derive(Debug, Clone, Copy)]
pub struct Step<'p> {
    /// What, as errors say it.
    pub operation: &'static str,
    /// On what.
    pub path: &'p Path,
}

/// Asked before every change; an error is what the disk would have said.
pub type Hook = Arc<dyn Fn(Step<'_>) -> io::Result<()> + Send + Sync>;

#[derive(Clone, Default)]
pub(super) struct Disk {
    hook: Option<Hook>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("hooked", &self.hook.is_some()).finish()
    }
}

/// An error that names what was tried on what.
pub(super) fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_path_buf();
    move |source| StoreError::Disk { operation, path, source }
}

/// What is absent is no error where it is to be absent.
fn or_absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

impl Disk {
    pub(super) fn new(hook: Option<Hook>) -> Self {
        Self { hook }
    }

    /// Does one step, unless the hook says that the disk refuses it.
    fn step<T>(
        &self,
        operation: &'static str,
        path: &Path,
        change: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, StoreError> {
        let asked = self.hook.as_ref().map_or(Ok(()), |hook| hook(Step { operation, path }));
        asked.and_then(|()| change()).map_err(failed(operation, path))
    }

    pub(super) fn lock(&self, path: &Path) -> Result<File, StoreError> {
        let file = self.step("open", path, || {
            File::options().create(true).truncate(false).write(true).mode(WRITTEN_MODE).open(path)
        })?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::Busy { path: path.to_path_buf() }),
            Err(errno) => Err(failed("lock", path)(errno.into())),
        }
    }

    pub(super) fn make_folder(&self, path: &Path) -> Result<(), StoreError> {
        self.step("make the folder", path, || fs::create_dir(path))
    }

    pub(super) fn make_folders(&self, path: &Path) -> Result<(), StoreError> {
        if path.is_dir() {
            return Ok(());
        }
        self.step("make the folder", path, || fs::create_dir_all(path))
    }

    pub(super) fn link(&self, original: &Path, path: &Path) -> Result<(), StoreError> {
        self.step("link", path, || fs::hard_link(original, path))
    }

    pub(super) fn symlink(&self, target: &Path, path: &Path) -> Result<(), StoreError> {
        self.step("link", path, || symlink(target, path))
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.step("rename to", to, || fs::rename(from, to))
    }

    pub(super) fn remove_file(&self, path: &Path) -> Result<(), StoreError> {
        self.step("remove", path, || or_absent(fs::remove_file(path)))
    }

    /// Removes a folder and everything in it, or a file.
    pub(super) fn remove_all(&self, path: &Path) -> Result<(), StoreError> {
        self.step("remove", path, || match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_dir() => or_absent(fs::remove_dir_all(path)),
            Ok(_) => or_absent(fs::remove_file(path)),
            Err(error) => or_absent(Err(error)),
        })
    }

    /// Opens a file to which bytes are appended, made if it is absent.
    pub(super) fn open_to_append(&self, path: &Path) -> Result<File, StoreError> {
        self.step("open", path, || {
            File::options().read(true).write(true).create(true).truncate(false).mode(WRITTEN_MODE).open(path)
        })
    }

    pub(super) fn cut(&self, file: &File, path: &Path, length: u64) -> Result<(), StoreError> {
        self.step("shorten", path, || file.set_len(length))
    }

    pub(super) fn write(&self, file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        self.step("write", path, || file.write_all(bytes))
    }

    pub(super) fn sync_file(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        self.step("sync", path, || file.sync_data())
    }

    pub(super) fn protect(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        self.step("protect", path, || file.set_permissions(fs::Permissions::from_mode(OBJECT_MODE)))
    }

    pub(super) fn sync_folder(&self, path: &Path) -> Result<(), StoreError> {
        self.step("sync", path, || File::open(path)?.sync_all())
    }

    /// Everything that was written below the folder's mount. One call for thousands of files, where a
    /// sync of each would take minutes on a slow disk.
    pub(super) fn sync_all(&self, root: &Path) -> Result<(), StoreError> {
        self.step("sync all", root, || Ok(syncfs(File::open(root)?)?))
    }

    /// Puts bytes in the place of a file as a whole.
    pub(super) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let half = half(path);
        let mut file = self.step("open", &half, || File::create(&half))?;
        self.write(&mut file, &half, bytes)?;
        self.sync_file(&file, &half)?;
        self.rename(&half, path)?;
        self.sync_folder(path.parent().unwrap_or(path))
    }

    /// The bytes of a file; absent when there is none, or one that is too long.
    pub(super) fn read_bounded(&self, path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed("open", path))?,
        };
        let length = file.metadata().map_err(failed("look at", path))?.len();
        if length > bytes_max {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        file.take(bytes_max).read_to_end(&mut bytes).map_err(failed("read", path))?;
        Ok(Some(bytes))
    }
}

/// The names in a folder, sorted; none when it is absent.
pub(super) fn names(folder: &Path) -> Result<Vec<OsString>, StoreError> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(failed("list", folder))?,
    };
    let names = listed.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>();
    let mut names = names.map_err(failed("list", folder))?;
    names.sort_unstable();
    Ok(names)
}

/// The names in a folder that are not half made, as paths.
pub(super) fn paths(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Ok(names(folder)?.into_iter().map(|name| folder.join(name)).collect())
}
