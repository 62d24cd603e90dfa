//! The fallback when there is no pack from what a display has: a file by its chunks.
//!
//! The controller sends the [`Index`] of each file that is missing; the display looks which chunks stand
//! in files that it has ([`Plan`]), asks for the ranges that do not ([`questions`]), unpacks what comes
//! ([`Unpack`]) and puts one file after the other together ([`Intake`], of [`Assembly`]). Costs some
//! percent more than a pack and works from any base. Memory is bounded by the indexes of a group of files
//! ([`groups`]). Neither an index nor a stream is signed: the digest of the file decides.

mod assembly;
mod cut;
mod group;
mod index;
mod intake;
mod plan;
mod stream;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod travel_tests;

pub use assembly::Assembly;
pub use cut::{Chunk, ChunkHash, HASH_BYTES, cut, hash};
pub use group::{Asked, groups, looked_into, questions};
pub use index::{Index, RECORD_BYTES};
pub use intake::{Intake, Job, Next, is_cut};
pub use plan::{Plan, Range};
pub use stream::{Pack, Unpack};

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
    /// What came is not a stream of ranges.
    #[error("what came is not a stream of ranges")]
    Stream(#[source] std::io::Error),
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
            Self::Length { .. } | Self::Fetched { .. } | Self::Stream(_) => "tampered",
            Self::Trailing | Self::Endless => "endless_data",
            Self::Local { .. } => "wrong_base",
            Self::Store(error) => error.name(),
        }
    }

    /// Whether it is what came that is wrong, and not what is here.
    #[must_use]
    pub fn is_about_data(&self) -> bool {
        match self {
            Self::Local { .. } => false,
            Self::Store(error) => error.is_about_data(),
            _ => true,
        }
    }
}
