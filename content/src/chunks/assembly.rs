//! Puts a file together: chunks from local files, and those that come from the line between them.
//! Copies only as much at once as it is told to, so that whoever drives it can stop in between.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use crate::digest::Digest;
use crate::store::{Objects as _, Partial, Store};

use super::ChunkError;
use super::cut::{Chunk, hash};
use super::plan::{Plan, Range};

/// A file that is being put together.
#[derive(Debug)]
pub struct Assembly {
    store: Arc<Store>,
    plan: Arc<Plan>,
    /// Which of the plan's files.
    file: usize,
    partial: Partial,
    /// The chunk that comes next.
    next: usize,
    /// The beginning of it, when it comes from the line.
    pending: Vec<u8>,
    buffer: Vec<u8>,
    /// The local file that was opened last.
    open: Option<(Digest, File)>,
}

impl Assembly {
    /// Goes on where the object stopped, at the border of a chunk. `file` is its number in the plan.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn new(
        store: Arc<Store>,
        plan: Arc<Plan>,
        file: usize,
        mut partial: Partial,
    ) -> Result<Self, ChunkError> {
        let have = partial.len();
        let (next, border) = plan.index(file).map_or((0, 0), |index| index.border(have));
        if border < have {
            partial.rewind(border).map_err(ChunkError::Store)?;
        }
        let (pending, buffer) = (Vec::new(), Vec::new());
        Ok(Self { store, plan, file, partial, next, pending, buffer, open: None })
    }

    /// What has to come, in this order.
    #[must_use]
    pub fn ranges(&self) -> Vec<Range> {
        self.plan.ranges(self.file, self.partial.len())
    }

    /// How many bytes of the file are here.
    #[must_use]
    pub fn have(&self) -> u64 {
        self.partial.len()
    }

    /// Whether every byte of the file is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.partial.len() == self.partial.size()
    }

    /// Copies local chunks until one has to come, or about so many bytes were copied. Gives whether
    /// there is more to copy.
    ///
    /// # Errors
    /// When a local file is not what it was, or the store does not take it.
    pub fn step(&mut self, bytes_max: u64) -> Result<bool, ChunkError> {
        let from = self.partial.len();
        while let Some(chunk) = self.chunk().filter(|_| self.pending.is_empty()) {
            let Some((object, offset)) = self.plan.place(&chunk) else { return Ok(false) };
            if self.partial.len() - from >= bytes_max {
                return Ok(true);
            }
            let failed = |source| ChunkError::Local { object, source };
            self.read(object, offset, chunk.length).map_err(|source| failed(Some(source)))?;
            if hash(&self.buffer) != chunk.hash {
                return Err(failed(None));
            }
            self.partial.append(&self.buffer).map_err(ChunkError::Store)?;
            self.next += 1;
        }
        Ok(false)
    }

    /// Takes the next bytes of the ranges, up to a chunk that is copied. Gives how many: before the
    /// others are pushed, [`Assembly::step`] has to be done.
    ///
    /// # Errors
    /// When they are not those of the file; what was right before stays.
    pub fn push(&mut self, bytes: &[u8]) -> Result<usize, ChunkError> {
        let mut rest = bytes;
        while let Some(chunk) = self.chunk().filter(|chunk| self.plan.place(chunk).is_none()) {
            let wanted = usize::try_from(chunk.length).unwrap_or(usize::MAX) - self.pending.len();
            let (now, later) = rest.split_at(wanted.min(rest.len()));
            self.pending.extend_from_slice(now);
            rest = later;
            if now.len() < wanted {
                break;
            }
            if hash(&self.pending) != chunk.hash {
                self.pending.clear();
                return Err(ChunkError::Fetched { offset: chunk.offset });
            }
            self.partial.append(&self.pending).map_err(ChunkError::Store)?;
            self.pending.clear();
            self.next += 1;
        }
        Ok(bytes.len() - rest.len())
    }

    /// Puts what is here on the disk, for the next start.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn sync(&self) -> Result<(), ChunkError> {
        self.partial.sync().map_err(ChunkError::Store)
    }

    /// Gives up what is here: it was put together by an index that is not right.
    ///
    /// # Errors
    /// When the disk does not remove it.
    pub fn give_up(self) -> Result<(), ChunkError> {
        self.partial.discard().map_err(ChunkError::Store)
    }

    /// Verifies the file and keeps it.
    ///
    /// # Errors
    /// When bytes are missing, or it is not the file after all.
    pub fn finish(self) -> Result<(), ChunkError> {
        match self.partial.size() - self.partial.len() {
            0 => self.partial.finish().map_err(ChunkError::Store),
            bytes => Err(ChunkError::Incomplete { bytes }),
        }
    }

    fn chunk(&self) -> Option<Chunk> {
        self.plan.index(self.file)?.chunks().get(self.next).copied()
    }

    fn read(&mut self, object: Digest, offset: u64, length: u32) -> std::io::Result<()> {
        let (_, file) = match self.open.take().filter(|(open, _)| *open == object) {
            Some(open) => self.open.insert(open),
            None => self.open.insert((object, self.store.open(&object)?)),
        };
        self.buffer.clear();
        file.seek(SeekFrom::Start(offset))?;
        file.take(u64::from(length)).read_to_end(&mut self.buffer)?;
        Ok(())
    }
}
