//! Which chunks of a missing file stand in files that are here. Pure, over indexes.

use std::collections::HashMap;
use std::io::{self, Read};

use crate::digest::Digest;

use super::cut::{Chunk, ChunkHash, cut};
use super::index::Index;

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Where they begin.
    pub offset: u64,
    /// How many.
    pub length: u64,
}

/// Where a chunk stands: which of the files that were looked into, and where in it.
type Place = (u32, u64);

/// The chunks of a missing file, and where they are.
#[derive(Debug)]
pub struct Plan {
    index: Index,
    /// Every chunk that is wanted, and where it was found.
    places: HashMap<ChunkHash, Option<Place>>,
    files: Vec<Digest>,
}

impl Plan {
    /// With nothing found yet.
    #[must_use]
    pub fn new(index: Index) -> Self {
        let places = index.chunks().iter().map(|chunk| (chunk.hash, None)).collect();
        Self { index, places, files: Vec::new() }
    }

    /// Looks into a local file by its index.
    pub fn look_in(&mut self, object: Digest, local: &Index) {
        let file = self.file(object);
        for chunk in local.chunks() {
            note(&mut self.places, file, *chunk);
        }
    }

    /// Looks into a local file that has no index yet: it is read once.
    ///
    /// # Errors
    /// When reading fails; what was found until then is kept.
    pub fn look_in_file(&mut self, object: Digest, from: impl Read) -> io::Result<()> {
        let file = self.file(object);
        cut(from, |chunk| note(&mut self.places, file, chunk))
    }

    fn file(&mut self, object: Digest) -> u32 {
        self.files.push(object);
        // At most RELEASE_FILES_MAX files of a few releases.
        u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX)
    }

    /// The index of the file.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Where a chunk is: in which object, and where in it.
    #[must_use]
    pub fn place(&self, chunk: &Chunk) -> Option<(Digest, u64)> {
        let (file, offset) = self.places.get(&chunk.hash).copied().flatten()?;
        Some((*self.files.get(usize::try_from(file).ok()?)?, offset))
    }

    /// What has to be fetched of the file from a byte on, neighbors as one range.
    #[must_use]
    pub fn ranges(&self, from: u64) -> Vec<Range> {
        let mut ranges: Vec<Range> = Vec::new();
        let chunks = self.index.chunks().iter().filter(|chunk| chunk.offset >= from);
        for chunk in chunks.filter(|chunk| self.place(chunk).is_none()) {
            let length = u64::from(chunk.length);
            match ranges.last_mut() {
                Some(last) if last.offset + last.length == chunk.offset => last.length += length,
                _ => ranges.push(Range { offset: chunk.offset, length }),
            }
        }
        ranges
    }
}

/// Notes a chunk if it is wanted and was not found before.
fn note(places: &mut HashMap<ChunkHash, Option<Place>>, file: u32, chunk: Chunk) {
    if let Some(place) = places.get_mut(&chunk.hash) {
        place.get_or_insert((file, chunk.offset));
    }
}
