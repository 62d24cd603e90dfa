//! An object on its way: appended to as bytes come, carried on after a break, verified at its end.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::path::PathBuf;

use crate::digest::{Digest, Hasher};

use super::disk::{Disk, failed};
use super::error::StoreError;

/// Bytes that are read at once when the beginning is hashed again.
const READ_BYTES: usize = 128 * 1024;

/// An object on its way. Dropped, it stays as far as it came.
#[derive(Debug)]
pub struct Partial {
    disk: Disk,
    file: File,
    path: PathBuf,
    /// Where it lies when it is whole.
    to: PathBuf,
    object: Digest,
    size: u64,
    hasher: Hasher,
}

impl Partial {
    pub(super) fn open(
        disk: Disk,
        path: PathBuf,
        to: PathBuf,
        object: Digest,
        size: u64,
    ) -> Result<Self, StoreError> {
        let file = disk.open_to_append(&path)?;
        let length = file.metadata().map_err(failed("look at", &path))?.len();
        let mut partial = Self { disk, file, path, to, object, size, hasher: Hasher::new() };
        // Longer than the object is not the beginning of it.
        partial.rewind(if length > size { 0 } else { length })?;
        Ok(partial)
    }

    /// Which object it is.
    #[must_use]
    pub fn object(&self) -> &Digest {
        &self.object
    }

    /// How many bytes came: the offset at which to go on.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.hasher.bytes()
    }

    /// Whether nothing came yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the object has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Goes back to an earlier length; what came after it is given up.
    ///
    /// # Errors
    /// When fewer bytes are there, or the disk refuses.
    pub fn rewind(&mut self, length: u64) -> Result<(), StoreError> {
        let path = self.path.clone();
        let have = self.file.metadata().map_err(failed("look at", &path))?.len();
        if have < length {
            return Err(StoreError::Short { object: self.object, size: length, length: have });
        }
        if have > length {
            self.disk.cut(&self.file, &path, length)?;
        }
        self.file.seek(SeekFrom::Start(0)).map_err(failed("read", &path))?;
        self.hasher = Hasher::new();
        let mut buffer = vec![0; if length == 0 { 0 } else { READ_BYTES }];
        while self.hasher.bytes() < length {
            let read = (&self.file).read(&mut buffer).map_err(failed("read", &path))?;
            if read == 0 {
                return Err(StoreError::Short { object: self.object, size: length, length: self.len() });
            }
            self.hasher.update(buffer.get(..read).unwrap_or_default());
        }
        Ok(())
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When the object has fewer bytes, or the disk does not take them. What was written of them is
    /// given up then.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if self.size - self.len() < bytes.len() as u64 {
            return Err(StoreError::TooLong { object: self.object, size: self.size });
        }
        let written = self.disk.write(&mut self.file, &self.path, bytes);
        if let Err(error) = written {
            // A disk that is full may have taken a part. The first error is the one to tell.
            self.rewind(self.len()).ok();
            return Err(error);
        }
        self.hasher.update(bytes);
        Ok(())
    }

    /// Puts what came so far on the disk.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.disk.sync_file(&self.file, &self.path)
    }

    /// Verifies the object and keeps it. It is on the disk after the next sync of the store.
    ///
    /// # Errors
    /// When bytes are missing (they can still come), or are not those of the object (they are given
    /// up).
    pub fn finish(self) -> Result<(), StoreError> {
        if self.len() != self.size {
            return Err(StoreError::Short { object: self.object, size: self.size, length: self.len() });
        }
        let found = self.hasher.finish();
        if found != self.object {
            let error = StoreError::Mismatch { object: self.object, found };
            return self.discard().and(Err(error));
        }
        self.disk.protect(&self.file, &self.path)?;
        self.disk.rename(&self.path, &self.to)
    }

    /// Gives up what came.
    ///
    /// # Errors
    /// When the disk does not remove it.
    pub fn discard(self) -> Result<(), StoreError> {
        self.disk.remove_file(&self.path)
    }
}
