//! The index of a file: its chunks in order. On the wire 16 bytes a chunk: what it is known by, and its
//! length, little end first.

use std::io::{self, Read};

use crate::limits::{CHUNK_BYTES_AVERAGE, CHUNK_BYTES_MAX, CHUNK_BYTES_MIN};

use super::ChunkError;
use super::cut::{Chunk, HASH_BYTES, cut};

/// Bytes of a chunk in an index.
pub const RECORD_BYTES: usize = HASH_BYTES + 4;
/// Chunks that a file may have over its share: a small one may have none but small ones.
const CHUNKS_MORE: u64 = 16;

/// The chunks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    chunks: Vec<Chunk>,
    size: u64,
}

impl Index {
    /// Of what a reader gives.
    ///
    /// # Errors
    /// When reading fails.
    pub fn of(from: impl Read) -> io::Result<Self> {
        let mut chunks = Vec::new();
        let mut size = 0;
        cut(from, |chunk| {
            size += u64::from(chunk.length);
            chunks.push(chunk);
        })?;
        Ok(Self { chunks, size })
    }

    /// The chunks, in order and without gaps.
    #[must_use]
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// The bytes of the file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where to go on with a file of which `have` bytes are here: at which chunk, and at which byte.
    #[must_use]
    pub fn border(&self, have: u64) -> (usize, u64) {
        let next = self.chunks.partition_point(|chunk| chunk.offset + u64::from(chunk.length) <= have);
        (next, self.chunks.get(next).map_or(self.size, |chunk| chunk.offset))
    }

    /// The chunks that are not here whole when `have` bytes are.
    #[must_use]
    pub fn after(&self, have: u64) -> &[Chunk] {
        self.chunks.get(self.border(have).0..).unwrap_or_default()
    }

    /// Bytes that the index of a file of this size has at most. Chunks of half the average, all along,
    /// is what nobody's data gives; who sends more than that would fill the memory.
    #[must_use]
    pub fn bytes_max(size: u64) -> u64 {
        (size / (CHUNK_BYTES_AVERAGE as u64 / 2) + CHUNKS_MORE) * RECORD_BYTES as u64
    }

    /// As it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let record = |chunk: &Chunk| chunk.hash.into_iter().chain(chunk.length.to_le_bytes());
        self.chunks.iter().flat_map(record).collect()
    }

    /// Reads the index of a file whose size the manifest says.
    ///
    /// # Errors
    /// When it is not the index of a file of that size.
    pub fn parse(bytes: &[u8], size: u64) -> Result<Self, ChunkError> {
        match Self::parse_first(bytes, size)? {
            (index, []) => Ok(index),
            _ => Err(ChunkError::Trailing),
        }
    }

    /// Reads the first of several indexes that were sent one after the other, and gives what follows.
    ///
    /// # Errors
    /// When it is not the index of a file of that size.
    pub fn parse_first(mut bytes: &[u8], size: u64) -> Result<(Self, &[u8]), ChunkError> {
        let sent = bytes.len();
        // Exactly as many as there are: what grows takes twice the memory while it does.
        let mut chunks = Vec::with_capacity(count(bytes, size));
        let mut offset = 0;
        while offset < size {
            let Some((hash, rest)) = bytes.split_first_chunk::<HASH_BYTES>() else {
                return Err(ChunkError::Truncated { bytes: sent, size });
            };
            let Some((length, rest)) = rest.split_first_chunk::<4>() else {
                return Err(ChunkError::Truncated { bytes: sent, size });
            };
            let length = u32::from_le_bytes(*length);
            let last = offset + u64::from(length) == size;
            let bounds = if last { 1 } else { CHUNK_BYTES_MIN }..=CHUNK_BYTES_MAX;
            if !bounds.contains(&usize::try_from(length).unwrap_or(usize::MAX))
                || u64::from(length) > size - offset
            {
                return Err(ChunkError::Length { offset, length });
            }
            chunks.push(Chunk { offset, length, hash: *hash });
            offset += u64::from(length);
            bytes = rest;
        }
        Ok((Self { chunks, size }, bytes))
    }
}

/// How many chunks an index has, if it is one.
fn count(bytes: &[u8], size: u64) -> usize {
    let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
    let length = |record: &[u8; RECORD_BYTES]| record.last_chunk::<4>().map_or(0, |l| u32::from_le_bytes(*l));
    let mut offset = 0;
    let within = records.iter().take_while(|record| {
        let is_within = offset < size;
        offset += u64::from(length(record));
        is_within
    });
    within.count()
}
