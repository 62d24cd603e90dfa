//! What is asked for together: which files, which local files are looked into and in what order, and
//! which ranges fit into one question. Pure.

use std::collections::BTreeSet;

use crate::digest::Digest;
use crate::limits::{CHUNK_BYTES_AVERAGE, CHUNKED_BYTES_MAX, GROUP_CHUNKS_MAX, RANGES_BYTES_MAX, RANGES_MAX};
use crate::manifest::{Entry, Manifest};

use super::plan::Range;

/// A range of an object as it is asked for.
pub type Asked = (Digest, u64, u64);

/// Files that are missing in groups, in their order. Left out are those that are too large to travel by
/// chunks.
#[must_use]
pub fn groups(missing: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut groups: Vec<Vec<Entry>> = Vec::new();
    let mut room = 0;
    for entry in missing.into_iter().filter(|entry| entry.size <= CHUNKED_BYTES_MAX) {
        let chunks = entry.size / CHUNK_BYTES_AVERAGE as u64 + 1;
        match groups.last_mut() {
            Some(group) if chunks <= room => {
                room -= chunks;
                group.push(entry);
            }
            _ => {
                room = GROUP_CHUNKS_MAX.saturating_sub(chunks);
                groups.push(vec![entry]);
            }
        }
    }
    groups
}

/// The local files in which chunks of missing ones may stand, likely ones first: those of the same
/// path, release by release, and then the others. Each object once.
#[must_use]
pub fn looked_into(missing: &[Entry], releases: &[Manifest]) -> Vec<Entry> {
    let mut seen: BTreeSet<Digest> = missing.iter().map(|entry| entry.sha256).collect();
    let same = releases.iter().flat_map(|r| missing.iter().filter_map(|entry| r.find(&entry.path)));
    let others = releases.iter().flat_map(Manifest::entries);
    same.chain(others).filter(|entry| seen.insert(entry.sha256)).cloned().collect()
}

/// Ranges in questions, in their order. One that is too long for a question becomes several.
#[must_use]
pub fn questions(ranges: impl IntoIterator<Item = (Digest, Range)>) -> Vec<Vec<Asked>> {
    let mut questions: Vec<Vec<Asked>> = Vec::new();
    let mut room = 0;
    for (object, Range { mut offset, mut length }) in ranges {
        while length > 0 {
            if room == 0 || questions.last().is_none_or(|question| question.len() == RANGES_MAX) {
                room = RANGES_BYTES_MAX;
                questions.push(Vec::new());
            }
            let now = length.min(room);
            questions.last_mut().into_iter().for_each(|question| question.push((object, offset, now)));
            (offset, length, room) = (offset + now, length - now, room - now);
        }
    }
    questions
}
