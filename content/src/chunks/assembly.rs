//! Puts a file together: chunks from local files, and those that come from the line between them.

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
    plan: Plan,
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
    /// Goes on where the object stopped, at the border of a chunk.
    ///
    /// # Errors
    /// When the store refuses, or a local file is not what it was.
    pub fn new(store: Arc<Store>, plan: Plan, mut partial: Partial) -> Result<Self, ChunkError> {
        let have = partial.len();
        let chunks = plan.index().chunks();
        let next = chunks.partition_point(|chunk| chunk.offset + u64::from(chunk.length) <= have);
        let border = chunks.get(next).map_or(plan.index().size(), |chunk| chunk.offset);
        if border < have {
            partial.rewind(border).map_err(ChunkError::Store)?;
        }
        let mut assembly =
            Self { store, plan, partial, next, pending: Vec::new(), buffer: Vec::new(), open: None };
        assembly.take_local()?;
        Ok(assembly)
    }

    /// What has to come, in this order.
    #[must_use]
    pub fn ranges(&self) -> Vec<Range> {
        self.plan.ranges(self.partial.len())
    }

    /// Takes the next bytes of the ranges, however many.
    ///
    /// # Errors
    /// When they are not those of the file; what was right before stays.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), ChunkError> {
        while !bytes.is_empty() {
            let chunk = self.chunk().ok_or(ChunkError::Endless)?;
            let wanted = usize::try_from(chunk.length).unwrap_or(usize::MAX) - self.pending.len();
            let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
            self.pending.extend_from_slice(now);
            bytes = rest;
            if now.len() == wanted {
                if hash(&self.pending) != chunk.hash {
                    self.pending.clear();
                    return Err(ChunkError::Fetched { offset: chunk.offset });
                }
                self.partial.append(&self.pending).map_err(ChunkError::Store)?;
                self.pending.clear();
                self.next += 1;
                self.take_local()?;
            }
        }
        Ok(())
    }

    /// Verifies the file and keeps it.
    ///
    /// # Errors
    /// When bytes are missing, or it is not the file after all.
    pub fn finish(self) -> Result<(), ChunkError> {
        match self.ranges().iter().map(|range| range.length).sum() {
            0 => self.partial.finish().map_err(ChunkError::Store),
            bytes => Err(ChunkError::Incomplete { bytes }),
        }
    }

    fn chunk(&self) -> Option<Chunk> {
        self.plan.index().chunks().get(self.next).copied()
    }

    /// Copies chunks until one has to come.
    fn take_local(&mut self) -> Result<(), ChunkError> {
        while let Some(chunk) = self.chunk() {
            let Some((object, offset)) = self.plan.place(&chunk) else { return Ok(()) };
            let failed = |source| ChunkError::Local { object, source };
            self.read(object, offset, chunk.length).map_err(|source| failed(Some(source)))?;
            if hash(&self.buffer) != chunk.hash {
                return Err(failed(None));
            }
            self.partial.append(&self.buffer).map_err(ChunkError::Store)?;
            self.next += 1;
        }
        Ok(())
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
