//! Which chunks of missing files stand in files that are here. Each local file is cut once for all of
//! them. In memory 52 bytes a chunk: 13 MB for 2 GB of files. Sorted, not hashed: a table of hashes
//! doubles when it grows.

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

/// Where a chunk stands: in which of the objects, and where in it.
type Place = (u32, u64);

/// Not found. No release has so many files.
const NOWHERE: Place = (u32::MAX, 0);

/// The chunks of missing files, and where they are.
#[derive(Debug)]
pub struct Plan {
    indexes: Vec<Index>,
    /// Every chunk that is wanted, once, sorted.
    wanted: Vec<ChunkHash>,
    /// Where each of them was found.
    places: Vec<Place>,
    /// Local files in which something was found.
    objects: Vec<Digest>,
    /// How many were not found yet.
    left: usize,
}

impl Plan {
    /// With nothing found yet.
    #[must_use]
    pub fn new(indexes: Vec<Index>) -> Self {
        let mut wanted = Vec::with_capacity(indexes.iter().map(|index| index.chunks().len()).sum());
        wanted.extend(indexes.iter().flat_map(Index::chunks).map(|chunk| chunk.hash));
        wanted.sort_unstable();
        wanted.dedup();
        let (places, left) = (vec![NOWHERE; wanted.len()], wanted.len());
        Self { indexes, wanted, places, objects: Vec::new(), left }
    }

    /// Looks into a local file: it is read once.
    ///
    /// # Errors
    /// When reading fails; what was found until then is kept.
    pub fn look_in(&mut self, object: Digest, from: impl Read) -> io::Result<()> {
        // At most RELEASE_FILES_MAX files of a few releases.
        let file = u32::try_from(self.objects.len()).unwrap_or(u32::MAX);
        let left = self.left;
        let looked = cut(from, |chunk| self.note(file, chunk));
        if self.left < left {
            self.objects.push(object);
        }
        looked
    }

    /// Notes a chunk if it is wanted and was not found before.
    fn note(&mut self, file: u32, chunk: Chunk) {
        let Ok(at) = self.wanted.binary_search(&chunk.hash) else { return };
        if let Some(place) = self.places.get_mut(at).filter(|place| **place == NOWHERE) {
            *place = (file, chunk.offset);
            self.left -= 1;
        }
    }

    /// Whether every chunk was found.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// The index of a file, by its number.
    #[must_use]
    pub fn index(&self, file: usize) -> Option<&Index> {
        self.indexes.get(file)
    }

    /// Where a chunk is: in which object, and where in it.
    #[must_use]
    pub fn place(&self, chunk: &Chunk) -> Option<(Digest, u64)> {
        let at = self.wanted.binary_search(&chunk.hash).ok()?;
        let (file, offset) = *self.places.get(at)?;
        Some((*self.objects.get(usize::try_from(file).ok()?)?, offset))
    }

    /// What has to be fetched of a file of which `have` bytes came, neighbors as one range. A chunk
    /// that came in part comes again.
    #[must_use]
    pub fn ranges(&self, file: usize, have: u64) -> Vec<Range> {
        let mut ranges: Vec<Range> = Vec::new();
        let chunks = self.index(file).map_or(&[][..], |index| index.after(have));
        for chunk in chunks.iter().filter(|chunk| self.place(chunk).is_none()) {
            let length = u64::from(chunk.length);
            match ranges.last_mut() {
                Some(last) if last.offset + last.length == chunk.offset => last.length += length,
                _ => ranges.push(Range { offset: chunk.offset, length }),
            }
        }
        ranges
    }
}
