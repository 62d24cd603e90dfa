//! The files of releases, each under the SHA-256 of its bytes: uploads that go on where they broke
//! off, and what is whole. Says nothing about who may bring or have them.
//!
//! Below `<data_dir>/content`: `objects/ab/<sha256>` are whole and verified, `uploads/<sha256>` are
//! on their way. An object is synced before it gets its name, and its folder after.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use migrado_content::digest::{Digest, Hasher};
use rustix::fs::statvfs;

use crate::files::{self, FileError};

/// Bytes of one object: what one release may have in all.
pub const OBJECT_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// Part of the file system that stays free, one in this many: 5 %.
const FLOOR_PART: u64 = 20;
/// Bytes that stay free in any case: the database beside the objects must not starve.
const FLOOR_BYTES: u64 = 1024 * 1024 * 1024;

/// Why an object was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The disk.
    #[error("cannot {operation} {path}")]
    Disk {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A folder.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// The bytes are not those of the name.
    #[error("object {expected}: the {bytes} bytes that came have the SHA-256 {found}; send it anew")]
    Wrong {
        /// Its name.
        expected: Digest,
        /// What came.
        found: Digest,
        /// How many bytes came.
        bytes: u64,
    },
    /// The part does not begin where the upload stands.
    #[error("object {object}: the upload stands at byte {stands}, the part begins at {begins}")]
    Gap {
        /// Which.
        object: Digest,
        /// Where the upload stands.
        stands: u64,
        /// Where the part begins.
        begins: u64,
    },
    /// Too much.
    #[error("object {object}: {bytes} bytes are more than the {max} that were announced or are allowed")]
    TooLarge {
        /// Which.
        object: Digest,
        /// How many bytes.
        bytes: u64,
        /// How many there may be.
        max: u64,
    },
    /// The disk would get too full.
    #[error("{needed} bytes are needed and {free} are free, of which {floor} must stay free")]
    NoSpace {
        /// Needed.
        needed: u64,
        /// Free.
        free: u64,
        /// Must stay free.
        floor: u64,
    },
}

fn failed<'a>(operation: &'static str, path: &'a Path) -> impl Fn(io::Error) -> ObjectError + 'a {
    move |source| ObjectError::Disk { operation, path: path.to_owned(), source }
}

/// The folder of objects. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    folder: PathBuf,
    /// Bytes that stay free, of those that the file system has.
    floor: fn(u64) -> u64,
}

/// The floor of a server: its database must not starve.
fn floor(all: u64) -> u64 {
    (all / FLOOR_PART).max(FLOOR_BYTES).min(all / 2)
}

impl Objects {
    /// Opens the folder, or makes it.
    pub fn open(folder: &Path) -> Result<Self, ObjectError> {
        Self::open_with(folder, floor)
    }

    fn open_with(folder: &Path, floor: fn(u64) -> u64) -> Result<Self, ObjectError> {
        for part in ["objects", "uploads"] {
            files::make_folder(&folder.join(part), 0o750)?;
        }
        Ok(Self { folder: folder.to_owned(), floor })
    }

    /// Where an object is, or would be.
    pub fn path(&self, object: &Digest) -> PathBuf {
        let name = object.to_string();
        let ab = name.get(..2).unwrap_or_default();
        self.folder.join("objects").join(ab).join(&name)
    }

    fn upload(&self, object: &Digest) -> PathBuf {
        self.folder.join("uploads").join(object.to_string())
    }

    /// Bytes of an object; `None` while it is not here whole.
    pub fn size(&self, object: &Digest) -> Option<u64> {
        fs::metadata(self.path(object)).ok().map(|m| m.len())
    }

    /// An object's bytes, where they are few.
    pub fn read(&self, object: &Digest) -> Result<Option<Vec<u8>>, ObjectError> {
        Ok(files::read_bytes(&self.path(object))?)
    }

    /// Where an upload stands.
    pub fn stands(&self, object: &Digest) -> u64 {
        fs::metadata(self.upload(object)).map_or(0, |m| m.len())
    }

    /// Opens an upload to go on at `begins`; a part that begins anew begins anew. `total` is what the
    /// whole object will have.
    pub fn receive(&self, object: &Digest, begins: u64, total: u64) -> Result<Receiving, ObjectError> {
        let object = *object;
        if total > OBJECT_BYTES_MAX {
            return Err(ObjectError::TooLarge { object, bytes: total, max: OBJECT_BYTES_MAX });
        }
        let stands = self.stands(&object);
        if begins > stands {
            return Err(ObjectError::Gap { object, stands, begins });
        }
        self.leave_space(total.saturating_sub(begins))?;
        let path = self.upload(&object);
        let open = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            file.set_len(begins)?;
            file.seek(SeekFrom::Start(begins))?;
            Ok(file)
        };
        let file = open().map_err(failed("open the upload", &path))?;
        Ok(Receiving { object, file, path: path.clone(), stands: begins, total })
    }

    /// Takes a whole upload over as an object, if its bytes are those of its name.
    pub fn finish(&self, object: &Digest) -> Result<(), ObjectError> {
        let from = self.upload(object);
        let file = File::open(&from).map_err(failed("read", &from))?;
        let (found, bytes) = Digest::of_reader(&file).map_err(failed("read", &from))?;
        if found != *object {
            fs::remove_file(&from).map_err(failed("remove", &from))?;
            return Err(ObjectError::Wrong { expected: *object, found, bytes });
        }
        file.sync_all().map_err(failed("sync", &from))?;
        self.name(&from, object)
    }

    /// Keeps bytes that are here whole.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, ObjectError> {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        let object = hasher.finish();
        if self.size(&object) == Some(bytes.len() as u64) {
            return Ok(object);
        }
        let path = self.upload(&object);
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(failed("write", &path))?;
        self.name(&path, &object)?;
        Ok(object)
    }

    fn name(&self, from: &Path, object: &Digest) -> Result<(), ObjectError> {
        let to = self.path(object);
        let folder = to.parent().unwrap_or(&self.folder);
        files::make_folder(folder, 0o750)?;
        fs::rename(from, &to).map_err(failed("name", &to))?;
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed("sync", folder))
    }

    /// Refuses what would leave less than the floor.
    fn leave_space(&self, needed: u64) -> Result<(), ObjectError> {
        let stat = statvfs(&self.folder).map_err(|e| failed("look at", &self.folder)(e.into()))?;
        let (free, all) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
        let floor = (self.floor)(all);
        if free < needed.saturating_add(floor) {
            return Err(ObjectError::NoSpace { needed, free, floor });
        }
        Ok(())
    }

    /// Removes objects that `keep` does not name, and uploads that nobody went on with since
    /// `before`. Gives how many objects went.
    pub fn collect(
        &self,
        keep: &std::collections::BTreeSet<Digest>,
        before: std::time::SystemTime,
    ) -> Result<usize, ObjectError> {
        let mut gone = 0;
        for path in entries(&self.folder.join("objects"))?.into_iter().map(|p| entries(&p)) {
            for path in path? {
                let named = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse::<Digest>().ok());
                let is_old = |m: fs::Metadata| m.modified().is_ok_and(|at| at < before);
                let idle = fs::metadata(&path).is_ok_and(is_old);
                if idle && named.is_none_or(|object| !keep.contains(&object)) {
                    fs::remove_file(&path).map_err(failed("remove", &path))?;
                    gone += 1;
                }
            }
        }
        for path in entries(&self.folder.join("uploads"))? {
            let is_old = fs::metadata(&path).and_then(|m| m.modified()).is_ok_and(|at| at < before);
            if is_old {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        Ok(gone)
    }
}

/// What is in a folder.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, ObjectError> {
    let entries = fs::read_dir(folder).map_err(failed("list", folder))?;
    entries.map(|e| e.map(|e| e.path()).map_err(failed("list", folder))).collect()
}

/// An upload that is under way. What was taken is there for the next try.
#[derive(Debug)]
pub struct Receiving {
    object: Digest,
    file: File,
    path: PathBuf,
    stands: u64,
    total: u64,
}

impl Receiving {
    /// Takes more bytes.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), ObjectError> {
        let stands = self.stands + bytes.len() as u64;
        if stands > self.total {
            return Err(ObjectError::TooLarge { object: self.object, bytes: stands, max: self.total });
        }
        self.file.write_all(bytes).map_err(failed("write", &self.path))?;
        self.stands = stands;
        Ok(())
    }

    /// Whether everything that was announced is here.
    pub fn is_whole(&self) -> bool {
        self.stands == self.total
    }

    /// How many bytes are here.
    pub fn stands(&self) -> u64 {
        self.stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects() -> (tempfile::TempDir, Objects) {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open_with(dir.path(), |_| 0).unwrap();
        (dir, objects)
    }

    #[test]
    fn an_upload_goes_on_where_it_broke_off_and_counts_only_when_it_is_right() {
        let (_dir, objects) = objects();
        let bytes = vec![7; 100_000];
        let object = Digest::of(&bytes);
        let mut first = objects.receive(&object, 0, 100_000).unwrap();
        first.take(&bytes[..60_000]).unwrap();
        assert!(!first.is_whole());
        drop(first);
        assert_eq!((objects.stands(&object), objects.size(&object)), (60_000, None));
        let gap = objects.receive(&object, 60_001, 100_000).unwrap_err();
        assert!(gap.to_string().contains("stands at byte 60000"), "{gap}");
        let mut second = objects.receive(&object, 60_000, 100_000).unwrap();
        second.take(&bytes[60_000..]).unwrap();
        assert!(second.is_whole());
        let more = second.take(b"x").unwrap_err();
        assert!(matches!(more, ObjectError::TooLarge { .. }), "{more}");
        objects.finish(&object).unwrap();
        assert_eq!(objects.size(&object), Some(100_000));
        assert_eq!(objects.stands(&object), 0);
    }

    #[test]
    fn wrong_bytes_are_thrown_away_and_named() {
        let (_dir, objects) = objects();
        let object = Digest::of(b"right");
        objects.receive(&object, 0, 5).unwrap().take(b"wrong").unwrap();
        let error = objects.finish(&object).unwrap_err();
        assert!(error.to_string().contains("send it anew"), "{error}");
        assert_eq!((objects.stands(&object), objects.size(&object)), (0, None));
    }

    #[test]
    fn more_than_the_disk_has_is_refused_before_the_first_byte() {
        let (_dir, objects) = objects();
        let stat = statvfs(&objects.folder).unwrap();
        let free = stat.f_bavail * stat.f_frsize;
        let object = Digest::of(b"x");
        let error = objects.receive(&object, 0, free.min(OBJECT_BYTES_MAX) + 1).unwrap_err();
        let refused = matches!(error, ObjectError::NoSpace { .. } | ObjectError::TooLarge { .. });
        assert!(refused && objects.stands(&object) == 0, "{error}");
    }

    #[test]
    fn only_what_nobody_names_and_nobody_just_brought_is_collected() {
        let (_dir, objects) = objects();
        let kept = objects.put(b"kept").unwrap();
        let gone = objects.put(b"gone").unwrap();
        let keep = [kept].into();
        let now = std::time::SystemTime::now();
        let hour = std::time::Duration::from_secs(3600);
        assert_eq!(objects.collect(&keep, now - hour).unwrap(), 0, "it was just brought");
        assert_eq!(objects.collect(&keep, now + hour).unwrap(), 1);
        assert_eq!((objects.size(&kept), objects.size(&gone)), (Some(4), None));
    }
}
