//! Cuts bytes where their content says so: the same bytes give the same chunks wherever they stand.

use std::io::{self, Read};

use fastcdc::v2020::StreamCDC;

use crate::digest::Digest;
use crate::limits::{CHUNK_BYTES_AVERAGE, CHUNK_BYTES_MAX, CHUNK_BYTES_MIN};

/// Bytes of a digest by which a chunk is known: enough that no two of a fleet's chunks share them by chance.
/// Whoever makes two that do gains nothing, as the digest of the whole file decides. Each byte more is
/// one in two thousand of what an update by chunks costs.
pub const HASH_BYTES: usize = 12;

/// What a chunk is known by: the beginning of its SHA-256.
pub type ChunkHash = [u8; HASH_BYTES];

/// A chunk of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Where it begins.
    pub offset: u64,
    /// Its bytes.
    pub length: u32,
    /// What it is known by.
    pub hash: ChunkHash,
}

/// What a chunk of these bytes is known by.
#[must_use]
pub fn hash(bytes: &[u8]) -> ChunkHash {
    let mut hash = [0; HASH_BYTES];
    hash.iter_mut().zip(Digest::of(bytes).as_bytes()).for_each(|(to, from)| *to = *from);
    hash
}

/// Cuts what a reader gives.
///
/// # Errors
/// When reading fails.
pub fn cut(from: impl Read, mut each: impl FnMut(Chunk)) -> io::Result<()> {
    let cutter = StreamCDC::new(from, CHUNK_BYTES_MIN, CHUNK_BYTES_AVERAGE, CHUNK_BYTES_MAX);
    for chunk in cutter {
        let chunk = chunk.map_err(io::Error::from)?;
        // At most CHUNK_BYTES_MAX.
        let length = u32::try_from(chunk.length).unwrap_or(u32::MAX);
        each(Chunk { offset: chunk.offset, length, hash: hash(&chunk.data) });
    }
    Ok(())
}
