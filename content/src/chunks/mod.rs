//! The fallback when there is no pack from what a display has: a file by its chunks.
//!
//! The controller sends the [`Index`] of a file that is missing; the display looks which chunks stand in
//! files that it has ([`Plan`]), asks for the ranges that do not, and puts the file together
//! ([`Assembly`]). Costs some percent more than a pack and works from any base. Memory is bounded by
//! the index of one file.

mod assembly;
mod cut;
mod index;
mod plan;

#[cfg(test)]
mod tests;

pub use assembly::Assembly;
pub use cut::{Chunk, ChunkHash, HASH_BYTES, cut, hash};
pub use index::{Index, RECORD_BYTES};
pub use plan::{Plan, Range};

use crate::digest::Digest;
use crate::store::StoreError;

/// A file was not put together from its chunks.
#[derive(Debug, thiserror::Error)]
pub enum ChunkError {
    /// The index is cut off.
    #[error("the index ends after {bytes} bytes and has chunks for less than the {size} of the file")]
    Truncated {
        /// How long it is.
        bytes: usize,
        /// What the file has.
        size: u64,
    },
    /// A chunk that nobody would have cut.
    #[error("the index has a chunk of {length} bytes at byte {offset} of the file")]
    Length {
        /// Where it begins.
        offset: u64,
        /// Its bytes.
        length: u32,
    },
    /// Bytes after the last chunk.
    #[error("the index goes on after the end of the file")]
    Trailing,
    /// A local file is not what its index says.
    #[error("the object {object} is not what it was: it is to be looked at")]
    Local {
        /// Which.
        object: Digest,
        /// What the disk said, if it did.
        source: Option<std::io::Error>,
    },
    /// What came is not the chunk.
    #[error("what came for byte {offset} of the file is not what the index says")]
    Fetched {
        /// Where the chunk begins.
        offset: u64,
    },
    /// More came than was asked for.
    #[error("more came than was asked for")]
    Endless,
    /// Less came than was asked for.
    #[error("{bytes} bytes of the file are still to come")]
    Incomplete {
        /// How many.
        bytes: u64,
    },
    /// The store did not take it.
    #[error("the store did not take the file")]
    Store(#[source] StoreError),
}

impl ChunkError {
    /// One word for it, for findings and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Truncated { .. } | Self::Incomplete { .. } => "truncated",
            Self::Length { .. } | Self::Fetched { .. } => "tampered",
            Self::Trailing | Self::Endless => "endless_data",
            Self::Local { .. } => "wrong_base",
            Self::Store(error) => error.name(),
        }
    }
}
