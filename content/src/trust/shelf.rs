//! Where verified metadata lie on the disk. A write is a temporary file, its sync, a rename and the
//! sync of the folder: after a power cut there is the old file or the new one.
//!
//! `root.json`, `timestamp.json`, `snapshot.json` and `targets.json` are the newest of each that was
//! verified: the memory against rollback, also when a refresh ended in the middle. `complete` is the
//! last set that was verified from end to end, in one file: what is in service.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sigstore_tuf::{Error, MetadataStore};

/// The folder of past roots within the shelf.
const HISTORY: &str = "root_history";
/// The last complete set. Not `.json`: those are the trusted roles and nothing else.
const COMPLETE: &str = "complete";
/// The ending of a file that is not whole yet.
const HALF: &str = "half";
/// Bytes of a file that are read: the largest that may be fetched (5 MB of targets), twice escaped.
const FILE_BYTES_MAX: u64 = 24 * 1024 * 1024;

/// The disk did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {path}")]
pub(super) struct ShelfError {
    operation: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ShelfError + use<> {
    let path = path.to_path_buf();
    move |source| ShelfError { operation, path, source }
}

/// A set that was verified from end to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Complete {
    pub(super) root_version: u64,
    pub(super) timestamp: String,
    pub(super) snapshot: String,
    pub(super) targets: String,
}

impl Complete {
    /// Of what lies on the shelf.
    pub(super) fn of(shelf: &Shelf, root_version: u64) -> Result<Self, ShelfError> {
        let text = |name: &str| {
            let path = shelf.folder.join(name);
            let absent = || failed("find", &path)(io::ErrorKind::NotFound.into());
            let bytes = read(&path)?.ok_or_else(absent)?;
            String::from_utf8(bytes).map_err(|_| failed("read", &path)(io::ErrorKind::InvalidData.into()))
        };
        Ok(Self {
            root_version,
            timestamp: text("timestamp.json")?,
            snapshot: text("snapshot.json")?,
            targets: text("targets.json")?,
        })
    }

    fn part(&self, name: &str) -> Option<&str> {
        match name {
            "timestamp.json" => Some(&self.timestamp),
            "snapshot.json" => Some(&self.snapshot),
            "targets.json" => Some(&self.targets),
            _ => None,
        }
    }
}

/// The folder of trusted metadata.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    /// The first write that failed; nothing is written after it, so that what lies there belongs together.
    failure: Mutex<Option<ShelfError>>,
}

impl Shelf {
    pub(super) fn open(folder: &Path) -> Result<Self, ShelfError> {
        let history = folder.join(HISTORY);
        if !history.is_dir() {
            fs::create_dir_all(&history).map_err(failed("make the folder", &history))?;
            sync(folder)?;
            if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
                sync(above)?;
            }
        }
        Ok(Self { folder: folder.to_path_buf(), failure: Mutex::default() })
    }

    /// A new refresh: what failed in the last one may work now.
    pub(super) fn begin(&self) {
        drop(self.failure());
    }

    /// The write that failed, told once.
    pub(super) fn failure(&self) -> Option<ShelfError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn root(&self) -> Result<Option<Vec<u8>>, ShelfError> {
        read(&self.folder.join("root.json"))
    }

    pub(super) fn past_root(&self, version: u64) -> Option<Vec<u8>> {
        read(&self.folder.join(HISTORY).join(format!("{version}.root.json"))).ok().flatten()
    }

    /// The last complete set; `None` also when it is damaged.
    pub(super) fn last_complete(&self) -> Option<Complete> {
        serde_json::from_slice(&read(&self.folder.join(COMPLETE)).ok()??).ok()
    }

    pub(super) fn complete(&self, complete: &Complete) -> Result<(), ShelfError> {
        let path = self.folder.join(COMPLETE);
        let bytes = serde_json::to_vec(complete).map_err(|e| failed("write", &path)(e.into()))?;
        self.keep(COMPLETE, &bytes)
    }

    /// Puts bytes in the place of a file as a whole, unless they are there already.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), ShelfError> {
        let path = self.folder.join(name);
        if read(&path).ok().flatten().is_some_and(|kept| kept == bytes) {
            return Ok(());
        }
        let mut half = path.clone().into_os_string();
        half.push(".");
        half.push(HALF);
        let half = PathBuf::from(half);
        let written = File::create(&half)
            .map_err(failed("open", &half))
            .and_then(|mut file| {
                file.write_all(bytes).map_err(failed("write", &half))?;
                file.sync_all().map_err(failed("sync", &half))
            })
            .and_then(|()| fs::rename(&half, &path).map_err(failed("rename to", &path)));
        if written.is_err() {
            // Best effort: a full disk gets its bytes back.
            let _gone = fs::remove_file(&half).is_ok();
        }
        written?;
        sync(path.parent().unwrap_or(&self.folder))
    }
}

fn sync(folder: &Path) -> Result<(), ShelfError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

/// The bytes of a file; absent when there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ShelfError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed("open", path))?,
    };
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed("read", path))?;
    Ok(Some(bytes))
}

/// Versioned copies that the library would keep for ever, and targets, which are in the store.
fn is_kept(name: &str) -> bool {
    if let Some((folder, file)) = name.split_once('/') {
        return folder == HISTORY && !file.contains('/');
    }
    let versioned = |rest: &str| rest == "snapshot.json";
    !name.split_once('.').is_some_and(|(first, rest)| {
        versioned(rest) && !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit())
    })
}

impl MetadataStore for Shelf {
    fn load(&self, name: &str) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        if !is_kept(name) {
            return Ok(None);
        }
        let bytes = read(&self.folder.join(name)).unwrap_or_default();
        let whole = bytes.filter(|bytes| serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok());
        // A file that a failing disk spoiled would take the memory against rollback with it.
        Ok(whole.or_else(|| self.last_complete()?.part(name).map(|text| text.as_bytes().to_vec())))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> sigstore_tuf::Result<()> {
        if !is_kept(name) {
            return Ok(());
        }
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_none() {
            *failure = self.keep(name, bytes).err();
        }
        match &*failure {
            None => Ok(()),
            Some(error) => Err(Error::io(error.to_string(), error.source.kind().into())),
        }
    }
}
