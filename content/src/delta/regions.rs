//! Which part of an old file a part of a new one most likely came from. Pure, over chunks.

use std::collections::HashMap;

use crate::chunks::{Chunk, ChunkHash};
use crate::limits::{FRAME_OUT_MAX, FRAME_PREFIX_MAX};

/// Bytes around a region that are referred to as well: what was changed beside a chunk that stayed is
/// like what stood there before.
const MARGIN: u64 = 128 * 1024;

/// How a new file is related to its old one.
#[derive(Debug)]
pub(super) enum Relation {
    /// Not at all.
    None,
    /// The whole old file is referred to, of so many bytes.
    Whole(u64),
    /// By chunks.
    Chunks(Matches),
}

/// A part of a new file, and what it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Its bytes.
    pub(super) out: u64,
    /// Where the region of the old file begins.
    pub(super) offset: u64,
    /// Its bytes; none for no reference.
    pub(super) length: u64,
    /// Bytes that have no counterpart in the region, as far as is known.
    pub(super) fresh: u64,
}

/// The chunks of a new file, and where they stand in the old one.
#[derive(Debug)]
pub(super) struct Matches {
    chunks: Vec<(u64, u32, Option<u64>)>,
    old_size: u64,
}

impl Matches {
    pub(super) fn new(new: &[Chunk], old: &[Chunk], old_size: u64) -> Self {
        let mut places: HashMap<ChunkHash, u64> = HashMap::new();
        for chunk in old {
            places.entry(chunk.hash).or_insert(chunk.offset);
        }
        let place = |chunk: &Chunk| (chunk.offset, chunk.length, places.get(&chunk.hash).copied());
        Self { chunks: new.iter().map(place).collect(), old_size }
    }

    /// Bytes that stand in the old file as well.
    pub(super) fn common(&self) -> u64 {
        self.chunks.iter().filter(|(_, _, old)| old.is_some()).map(|(_, length, _)| u64::from(*length)).sum()
    }

    fn part(&self, at: u64, out_max: u64, fresh_max: u64) -> Part {
        let begin = self.chunks.partition_point(|(offset, length, _)| offset + u64::from(*length) <= at);
        let chunks = self.chunks.get(begin..).unwrap_or_default();
        let (mut out, mut fresh, mut taken) = (0, 0, 0);
        for (offset, length, old) in chunks {
            // The first one may have been begun by the part before.
            let bytes = offset + u64::from(*length) - at.max(*offset);
            let new = if old.is_some() { 0 } else { bytes };
            if taken > 0 && (out + bytes > out_max || fresh + new > fresh_max) {
                break;
            }
            out += bytes;
            fresh += new;
            taken += 1;
        }
        let chunks = chunks.get(..taken).unwrap_or_default();
        let region = best_region(chunks);
        let Some((first, last)) = region else { return Part { out, offset: 0, length: 0, fresh: out } };
        let offset = first.saturating_sub(MARGIN);
        let end = (last + MARGIN).min(self.old_size).min(offset + FRAME_PREFIX_MAX);
        Part { out: out.min(out_max), offset, length: end - offset, fresh }
    }
}

/// The region of the old file, narrow enough to be referred to, that has most of the chunks.
fn best_region(chunks: &[(u64, u32, Option<u64>)]) -> Option<(u64, u64)> {
    let mut places: Vec<(u64, u64)> =
        chunks.iter().filter_map(|(_, length, old)| Some(((*old)?, u64::from(*length)))).collect();
    places.sort_unstable();
    let wide = FRAME_PREFIX_MAX - 2 * MARGIN;
    let (mut best, mut best_bytes) = (None, 0);
    let (mut first, mut bytes) = (0, 0);
    for (offset, length) in &places {
        bytes += length;
        while let Some((begin, begin_length)) = places.get(first).filter(|(b, _)| offset + length - b > wide)
        {
            debug_assert!(begin <= offset);
            bytes -= begin_length;
            first += 1;
        }
        if bytes > best_bytes {
            best_bytes = bytes;
            best = places.get(first).map(|(begin, _)| (*begin, offset + length));
        }
    }
    best
}

impl Relation {
    /// The part of a new file that begins at a byte, of at most so many bytes, so many of them new.
    pub(super) fn part(&self, at: u64, size: u64, out_max: u64, fresh_max: u64) -> Part {
        let rest = (size - at).min(out_max).min(FRAME_OUT_MAX);
        match self {
            Self::None => {
                let out = rest.min(fresh_max);
                Part { out, offset: 0, length: 0, fresh: out }
            }
            Self::Whole(length) => Part { out: rest, offset: 0, length: *length, fresh: rest },
            Self::Chunks(matches) => matches.part(at, rest, fresh_max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    /// A chunk of half a mebibyte.
    fn chunk(number: u64, name: u8) -> Chunk {
        Chunk { offset: number * MIB / 2, length: 512 * 1024, hash: [name; crate::chunks::HASH_BYTES] }
    }

    #[test]
    fn a_part_ends_where_it_would_be_too_large_or_too_new() {
        let old: Vec<Chunk> = (0..100).map(|n| chunk(n, u8::try_from(n).unwrap())).collect();
        // The old file with three mebibytes of something new before its chunk 20.
        let names = (0..20).chain(std::iter::repeat_n(200, 6)).chain(20..100);
        let new: Vec<Chunk> = names.enumerate().map(|(at, name)| chunk(at as u64, name)).collect();
        let relation = Relation::Chunks(Matches::new(&new, &old, 50 * MIB));
        let size = 53 * MIB;
        let first = relation.part(0, size, 8 * MIB, MIB);
        assert_eq!(first, Part { out: 8 * MIB, offset: 0, length: 8 * MIB + MARGIN, fresh: 0 });
        let second = relation.part(8 * MIB, size, 8 * MIB, MIB);
        assert_eq!(
            second,
            Part { out: 3 * MIB, offset: 8 * MIB - MARGIN, length: 2 * MIB + 2 * MARGIN, fresh: MIB }
        );
        let third = relation.part(11 * MIB, size, 8 * MIB, MIB);
        assert_eq!(third, Part { out: MIB, offset: 0, length: 0, fresh: MIB }, "nothing to refer to");
        let after = relation.part(13 * MIB, size, 8 * MIB, MIB);
        assert_eq!((after.out, after.offset, after.fresh), (8 * MIB, 10 * MIB - MARGIN, 0));
        let last = relation.part(52 * MIB, size, 8 * MIB, MIB);
        assert_eq!((last.out, last.offset + last.length), (MIB, 50 * MIB), "not beyond the old file");
    }

    #[test]
    fn the_region_is_the_one_with_most_of_the_chunks_and_narrow_enough() {
        let far = |n: u64| (0, 1000, Some(n));
        assert_eq!(best_region(&[]), None);
        assert_eq!(best_region(&[(0, 9, None)]), None);
        assert_eq!(best_region(&[far(100 * MIB), far(0), far(2000)]), Some((0, 3000)));
        let (first, last) = best_region(&(0..100).map(|n| far(n * MIB)).collect::<Vec<_>>()).unwrap();
        assert!(last - first + 2 * MARGIN <= FRAME_PREFIX_MAX && last - first > 14 * MIB);
    }
}
