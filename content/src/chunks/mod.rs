//! The fallback when there is no pack from what a display has: a file by its chunks.

mod cut;

pub use cut::{Chunk, ChunkHash, HASH_BYTES, cut, hash};
