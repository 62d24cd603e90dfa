//! The indexes of objects, by which displays find what they have of a file: cut when one is asked for
//! first, and kept. Nothing here is signed or has to last: whoever gets a wrong one finds out by the
//! digest of the file, and what is lost is made again. So nothing is synced.
//!
//! Below `<data_dir>/content/indexes`: `ab/<sha256>`, 16 bytes a chunk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use migrado_content::chunks::Index;
use migrado_content::digest::Digest;
use tokio::sync::Semaphore;

use super::objects::{ObjectError, Objects, entries};
use crate::files;

/// Bytes of an object up to which its index is made while somebody waits. A slow disk reads as many in
/// five seconds, and a display waits half a minute for the next byte.
const SOON_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// An index cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The object is not here.
    #[error("there is no object {0} here")]
    Unknown(Digest),
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
    Folder(#[from] files::FileError),
    /// The making ended.
    #[error("the making of an index ended")]
    Broken(#[from] tokio::task::JoinError),
}

fn failed<'a>(operation: &'static str, path: &'a Path) -> impl Fn(io::Error) -> IndexError + 'a {
    move |source| IndexError::Disk { operation, path: path.to_owned(), source }
}

/// How soon an index can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Now, or after a moment.
    Soon,
    /// It is being made, or is when the one before it is done.
    Making,
    /// The object is not here.
    Never,
}

/// The folder of indexes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Indexes {
    folder: PathBuf,
    objects: Objects,
    /// One index is made after the other: whoever asks for the same one finds it made.
    soon: Arc<Semaphore>,
    /// Those of large objects beside them, also one after the other.
    large: Arc<Semaphore>,
}

impl Indexes {
    /// Opens the folder, or makes it, and removes what belongs to no object.
    pub fn open(folder: &Path, objects: Objects) -> Result<Self, ObjectError> {
        files::make_folder(folder, 0o750)?;
        let one = || Arc::new(Semaphore::new(1));
        let indexes = Self { folder: folder.to_owned(), objects, soon: one(), large: one() };
        indexes.collect()?;
        Ok(indexes)
    }

    fn path(&self, object: &Digest) -> PathBuf {
        let name = object.to_string();
        self.folder.join(name.get(..2).unwrap_or_default()).join(&name)
    }

    /// How soon the index of an object can be had. A large one begins to be made.
    pub fn find(&self, object: Digest) -> Found {
        let Some(size) = self.objects.size(&object) else { return Found::Never };
        if size <= SOON_BYTES_MAX || self.path(&object).is_file() {
            return Found::Soon;
        }
        // While another one is made, whoever needs this one asks again.
        if let Ok(turn) = self.large.clone().try_acquire_owned() {
            let indexes = self.clone();
            tokio::task::spawn_blocking(move || {
                if let Err(error) = indexes.read_or_make(&object) {
                    tracing::error!(error = &error as &dyn std::error::Error, "an index was not made");
                }
                drop(turn);
            });
        }
        Found::Making
    }

    /// The index of an object, as it is sent.
    pub async fn of(&self, object: Digest) -> Result<Vec<u8>, IndexError> {
        let indexes = self.clone();
        if let Some(kept) = tokio::task::spawn_blocking(move || indexes.kept(&object)).await? {
            return Ok(kept);
        }
        // Never closed.
        let _turn = self.soon.acquire().await.ok();
        let indexes = self.clone();
        tokio::task::spawn_blocking(move || indexes.read_or_make(&object)).await?
    }

    /// An index that is kept. One that a power cut left torn is as one that is absent.
    fn kept(&self, object: &Digest) -> Option<Vec<u8>> {
        let size = self.objects.size(object)?;
        let bytes = fs::read(self.path(object)).ok()?;
        Index::parse(&bytes, size).is_ok().then_some(bytes)
    }

    fn read_or_make(&self, object: &Digest) -> Result<Vec<u8>, IndexError> {
        if let Some(kept) = self.kept(object) {
            return Ok(kept);
        }
        let from = self.objects.path(object);
        let file = match File::open(&from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(IndexError::Unknown(*object));
            }
            opened => opened.map_err(failed("open", &from))?,
        };
        let bytes = Index::of(file).map_err(failed("read", &from))?.to_bytes();
        // A disk that is full costs the making of it each time, and nothing else.
        if let Err(error) = self.keep(object, &bytes) {
            tracing::warn!(error = &error as &dyn std::error::Error, "an index is not kept");
        }
        Ok(bytes)
    }

    fn keep(&self, object: &Digest, bytes: &[u8]) -> Result<(), IndexError> {
        let path = self.path(object);
        // Two makers of one index have names of their own.
        let half = self.folder.join(format!("{object}.{}.half", uuid::Uuid::now_v7().simple()));
        files::make_folder(path.parent().unwrap_or(&self.folder), 0o750)?;
        let write = || {
            File::create(&half)?.write_all(bytes)?;
            fs::rename(&half, &path)
        };
        let written = write().map_err(failed("write", &path));
        if written.is_err() {
            fs::remove_file(&half).ok();
        }
        written
    }

    /// Removes the indexes of objects that are not here any more, and what was half written. Gives how
    /// many went. To be done after objects were collected.
    pub fn collect(&self) -> Result<usize, ObjectError> {
        let mut gone = 0;
        let (folders, halves): (Vec<_>, Vec<_>) =
            entries(&self.folder)?.into_iter().partition(|path| path.is_dir());
        for path in halves {
            files::remove_file(&path)?;
        }
        for folder in folders {
            for path in entries(&folder)? {
                let named = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse::<Digest>().ok());
                if named.is_none_or(|object| self.objects.size(&object).is_none()) {
                    files::remove_file(&path)?;
                    gone += 1;
                }
            }
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use migrado_content::chunks::HASH_BYTES;

    use super::*;

    fn indexes() -> (tempfile::TempDir, Objects, Indexes) {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open(dir.path()).unwrap();
        let indexes = Indexes::open(&dir.path().join("indexes"), objects.clone()).unwrap();
        (dir, objects, indexes)
    }

    #[tokio::test]
    async fn an_index_is_made_once_and_anew_when_it_is_torn() {
        let (_dir, objects, indexes) = indexes();
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        let object = objects.put(&bytes).unwrap();
        assert_eq!(indexes.find(object), Found::Soon);
        let right = Index::of(&bytes[..]).unwrap().to_bytes();
        assert_eq!(indexes.of(object).await.unwrap(), right);
        let path = indexes.path(&object);
        assert_eq!(fs::read(&path).unwrap(), right);
        // What is kept is what is read: made anew, it would be right.
        let other = [&[7; HASH_BYTES][..], &right[HASH_BYTES..]].concat();
        File::create(&path).unwrap().write_all(&other).unwrap();
        assert_eq!(indexes.of(object).await.unwrap(), other, "it is not made twice");
        File::create(&path).unwrap().write_all(&right[..right.len() - 24]).unwrap();
        assert_eq!(indexes.of(object).await.unwrap(), right);
        assert_eq!(fs::read(&path).unwrap(), right);
    }

    #[tokio::test]
    async fn an_index_goes_with_its_object_and_is_given_also_when_it_cannot_be_kept() {
        let (dir, objects, indexes) = indexes();
        let (one, two) = (objects.put(b"one").unwrap(), objects.put(b"two").unwrap());
        indexes.of(one).await.unwrap();
        indexes.of(two).await.unwrap();
        File::create(dir.path().join("indexes/x.half")).unwrap();
        fs::remove_file(objects.path(&one)).unwrap();
        assert_eq!(indexes.find(one), Found::Never);
        assert_eq!(indexes.of(one).await.unwrap_err().to_string(), format!("there is no object {one} here"));
        assert_eq!(indexes.collect().unwrap(), 1);
        assert!(indexes.path(&two).is_file() && !dir.path().join("indexes/x.half").exists());
        // A file where its folder would be.
        let three = objects.put(b"three").unwrap();
        File::create(indexes.path(&three).parent().unwrap()).unwrap();
        assert_eq!(indexes.of(three).await.unwrap(), Index::of(&b"three"[..]).unwrap().to_bytes());
    }

    #[tokio::test]
    async fn a_large_object_is_cut_while_nobody_waits() {
        let (_dir, objects, indexes) = indexes();
        // Holes take no disk: what is read of them is zeros. The name is not looked at here.
        let object = Digest::of(b"large");
        let path = objects.path(&object);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let size = SOON_BYTES_MAX + 1;
        File::create(&path).unwrap().set_len(size).unwrap();
        let other = Digest::of(b"large too");
        let path = objects.path(&other);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(&path).unwrap().set_len(size).unwrap();
        assert_eq!((indexes.find(object), indexes.find(object)), (Found::Making, Found::Making));
        assert_eq!(indexes.large.available_permits(), 0, "one at a time");
        assert_eq!(indexes.find(other), Found::Making);
        while indexes.find(object) == Found::Making {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(Index::parse(&indexes.of(object).await.unwrap(), size).unwrap().size(), size);
    }
}
