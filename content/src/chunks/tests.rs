//! Files by their chunks: what is here is found, what is not is asked for, and what is wrong is named.

use std::sync::Arc;

use super::*;
use crate::digest::Digest;
use crate::limits::{CHUNK_BYTES_MAX, CHUNK_BYTES_MIN};
use crate::scratch_tests::{folder, noise, open};
use crate::store::Store;

fn keep(store: &Store, bytes: &[u8]) -> Digest {
    let object = Digest::of(bytes);
    let mut partial = store.partial(&object, bytes.len() as u64).unwrap();
    partial.append(bytes).unwrap();
    partial.finish().unwrap();
    object
}

/// An old file, and a new one with a beginning, a middle and an end that the old one does not have.
fn files() -> (Vec<u8>, Vec<u8>) {
    let old = noise(1, 600_000);
    let parts = [&noise(2, 10_000)[..], &old[50_000..300_000], &noise(3, 40_000), &old[300_000..], b"end"];
    (old.clone(), parts.concat())
}

fn plan(old: &[u8], new: &[u8]) -> Plan {
    let mut plan = Plan::new(vec![Index::of(new).unwrap()]);
    plan.look_in(Digest::of(old), old).unwrap();
    plan
}

fn assembly(store: &Arc<Store>, old: &[u8], new: &[u8]) -> Assembly {
    let partial = store.partial(&Digest::of(new), new.len() as u64).unwrap();
    Assembly::new(Arc::clone(store), Arc::new(plan(old, new)), 0, partial).unwrap()
}

/// Pushes, and copies in between, little at a time.
fn give(assembly: &mut Assembly, mut bytes: &[u8]) -> Result<(), ChunkError> {
    loop {
        while assembly.step(10_000)? {}
        if bytes.is_empty() {
            return Ok(());
        }
        let taken = assembly.push(bytes)?;
        if taken == 0 {
            return Err(ChunkError::Endless);
        }
        bytes = &bytes[taken..];
    }
}

/// What the controller sends for these ranges.
fn fetched(new: &[u8], ranges: &[Range]) -> Vec<u8> {
    let at = |n: u64| usize::try_from(n).unwrap();
    ranges.iter().flat_map(|range| new[at(range.offset)..at(range.offset + range.length)].to_vec()).collect()
}

#[test]
fn an_index_is_written_and_read_the_same_at_twenty_bytes_a_chunk() {
    let (_, new) = files();
    let index = Index::of(&new[..]).unwrap();
    let bytes = index.to_bytes();
    assert_eq!(bytes.len(), index.chunks().len() * RECORD_BYTES);
    assert!((50..200).contains(&index.chunks().len()), "{} chunks of 8 KiB", index.chunks().len());
    assert_eq!(Index::parse(&bytes, new.len() as u64).unwrap(), index);
    let two = [&bytes[..], b"and more"].concat();
    let (first, rest) = Index::parse_first(&two, new.len() as u64).unwrap();
    assert_eq!((first, rest), (index, &b"and more"[..]));
    assert_eq!(Index::parse(b"", 0).unwrap().chunks(), []);
}

#[test]
fn an_index_that_is_none_is_refused_by_name() {
    let size = 10_000;
    let record =
        |length: usize| [&[7; HASH_BYTES][..], &u32::try_from(length).unwrap().to_le_bytes()].concat();
    assert!(Index::parse(&[record(8000), record(2000)].concat(), size).is_ok());
    assert!(matches!(Index::parse(&record(8000), size), Err(ChunkError::Truncated { .. })));
    assert!(matches!(
        Index::parse(&record(10_000)[..RECORD_BYTES - 1], size),
        Err(ChunkError::Truncated { .. })
    ));
    for length in [0, 1, CHUNK_BYTES_MIN - 1, CHUNK_BYTES_MAX + 1, 10_001] {
        let error = Index::parse(&[record(length), record(8000)].concat(), size).unwrap_err();
        assert!(matches!(error, ChunkError::Length { offset: 0, .. }), "{length}: {error}");
    }
    let longer = [record(10_000), record(2000)].concat();
    assert!(matches!(Index::parse(&longer, size), Err(ChunkError::Trailing)));
}

#[test]
fn only_what_is_not_here_is_asked_for_and_the_file_is_whole() {
    let (old, new) = files();
    for at_once in [1, 3000, 1_000_000] {
        let dir = folder();
        let store = open(dir.path());
        keep(&store, &old);
        let mut assembly = assembly(&store, &old, &new);
        let ranges = assembly.ranges();
        let bytes: u64 = ranges.iter().map(|range| range.length).sum();
        assert!(ranges.len() == 3 && (50_003..180_000).contains(&bytes), "{ranges:?}");
        for part in fetched(&new, &ranges).chunks(at_once) {
            give(&mut assembly, part).unwrap();
        }
        assembly.finish().unwrap();
        assert!(store.has(&Digest::of(&new), new.len() as u64));
    }
}

#[test]
fn a_file_goes_on_at_a_chunk_after_a_stop_at_any_byte() {
    let (old, new) = files();
    let dir = folder();
    let store = open(dir.path());
    keep(&store, &old);
    let mut rounds = 0;
    loop {
        let mut assembly = assembly(&store, &old, &new);
        let sent = fetched(&new, &assembly.ranges());
        give(&mut assembly, &sent[..sent.len().min(25_001)]).unwrap();
        assembly.sync().unwrap();
        assert_eq!(store.came(&Digest::of(&new), new.len() as u64), assembly.have());
        rounds += 1;
        assert!(rounds < 50, "each round gets on");
        match assembly.finish() {
            Ok(()) => break,
            Err(error) => assert!(matches!(error, ChunkError::Incomplete { .. }), "{error}"),
        }
    }
    assert!(rounds > 2);
    assert!(store.has(&Digest::of(&new), new.len() as u64));
}

#[test]
fn what_is_wrong_is_named_and_what_was_right_before_stays() {
    let (old, new) = files();
    let dir = folder();
    let store = open(dir.path());
    let object = keep(&store, &old);
    let mut one = assembly(&store, &old, &new);
    let ranges = one.ranges();
    let mut sent = fetched(&new, &ranges);
    let spoiled = usize::try_from(ranges[0].length).unwrap() + 20_000;
    sent[spoiled] ^= 1;
    let error = give(&mut one, &sent).unwrap_err();
    assert!(matches!(error, ChunkError::Fetched { .. }), "{error}");
    drop(one);
    let mut again = assembly(&store, &old, &new);
    assert!(again.ranges().len() < ranges.len(), "the first range need not come again");
    let sent = fetched(&new, &again.ranges());
    give(&mut again, &sent).unwrap();
    assert!(again.is_whole() && matches!(again.push(b"x"), Ok(0)), "nobody waits for more");
    again.give_up().unwrap();
    assert_eq!(store.came(&Digest::of(&new), new.len() as u64), 0);
    // A local file that was spoiled since it was indexed.
    let path = store.object_path(&object, old.len() as u64).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::write(&path, noise(9, 600_000)).unwrap();
    let other = [&old[..], b"!"].concat();
    let error = assembly(&store, &old, &other).step(1).unwrap_err();
    assert!(!error.is_about_data());
    assert!(matches!(error, ChunkError::Local { object: named, source: None } if named == object), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = assembly(&store, &old, &other).step(1).unwrap_err();
    assert!(matches!(error, ChunkError::Local { source: Some(_), .. }), "{error}");
}

#[test]
fn no_step_copies_more_than_it_may() {
    let (old, _) = files();
    let new = [&old[..], b"!"].concat();
    let dir = folder();
    let store = open(dir.path());
    keep(&store, &old);
    let mut assembly = assembly(&store, &old, &new);
    let mut steps = 0;
    while assembly.step(50_000).unwrap() {
        steps += 1;
        assert!(assembly.have() <= steps * (50_000 + CHUNK_BYTES_MAX as u64), "{}", assembly.have());
    }
    assert!(steps >= 5, "{steps}");
}
