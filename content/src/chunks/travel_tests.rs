//! Several files on their way at once: grouped, asked for in questions, packed, unpacked, put together;
//! and what a sender may do wrong.

use std::sync::Arc;

use super::*;
use crate::digest::Digest;
use crate::limits::{CHUNKED_BYTES_MAX, RANGES_BYTES_MAX, RANGES_MAX};
use crate::manifest::{Entry, Manifest};
use crate::scratch_tests::{folder, noise, open};
use crate::store::Store;

fn entry(path: &str, bytes: &[u8]) -> Entry {
    Entry { path: path.into(), sha256: Digest::of(bytes), size: bytes.len() as u64 }
}

fn of_size(path: &str, size: u64) -> Entry {
    Entry { size, ..entry(path, path.as_bytes()) }
}

fn paths(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| &*entry.path).collect()
}

#[test]
fn files_are_grouped_by_the_memory_that_their_chunks_take() {
    let mb = |n: u64| n * 1024 * 1024;
    let missing = vec![
        of_size("a", mb(2000)),
        of_size("b", 0),
        of_size("c", mb(500)),
        of_size("d", CHUNKED_BYTES_MAX + 1),
        of_size("e", CHUNKED_BYTES_MAX),
        of_size("f", 1),
    ];
    let groups = groups(missing);
    let groups: Vec<Vec<&str>> = groups.iter().map(|group| paths(group)).collect();
    assert_eq!(groups, [vec!["a", "b"], vec!["c"], vec!["e"], vec!["f"]], "d is too large");
}

#[test]
fn local_files_of_the_same_path_are_looked_into_first_and_each_once() {
    let release = |files: &[(&str, &[u8])]| {
        Manifest::new(files.iter().map(|(path, bytes)| entry(path, bytes)).collect()).unwrap()
    };
    let active = release(&[("a", b"a1"), ("b", b"b1"), ("x", b"x")]);
    let previous = release(&[("a", b"a1"), ("b", b"b0"), ("c", b"c0"), ("y", b"new c")]);
    let missing = [entry("b", b"new b"), entry("c", b"new c")];
    let order = looked_into(&missing, &[active, previous]);
    let order: Vec<Digest> = order.iter().map(|entry| entry.sha256).collect();
    let expected = [&b"b1"[..], b"b0", b"c0", b"a1", b"x"].map(Digest::of);
    assert_eq!(order, expected, "what is missing itself is in no release that is here");
    assert_eq!(looked_into(&missing, &[]), []);
}

#[test]
fn questions_stay_within_their_limits_and_lose_no_byte() {
    let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
    let long = 2 * RANGES_BYTES_MAX + 5;
    let many = (0..RANGES_MAX as u64).map(|n| (b, Range { offset: 10 * n, length: 3 }));
    let ranges = [(a, Range { offset: 7, length: long })].into_iter().chain(many);
    let questions = questions(ranges);
    let sizes: Vec<usize> = questions.iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 1, RANGES_MAX, 1]);
    for question in &questions {
        assert!(question.iter().map(|(_, _, length)| length).sum::<u64>() <= RANGES_BYTES_MAX);
    }
    let all: Vec<Asked> = questions.concat();
    let mut at = 7;
    for (_, offset, length) in all.iter().filter(|(object, ..)| *object == a) {
        assert_eq!(*offset, at);
        at += length;
    }
    assert_eq!(at, 7 + long);
    assert_eq!(all.iter().filter(|(object, ..)| *object == b).count(), RANGES_MAX);
}

#[test]
fn a_stream_comes_out_as_it_went_in_however_it_is_cut() {
    let parts = [noise(1, 300_000), b"<p>Anmeldung</p>".repeat(20_000), Vec::new(), b"end".to_vec()];
    let mut pack = Pack::new().unwrap();
    let mut packed = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        packed.extend(pack.push(part, n + 1 == parts.len()).unwrap());
        let mut so_far = Vec::new();
        let take = |out: &[u8]| -> Result<(), ChunkError> {
            assert!(out.len() <= 128 * 1024);
            so_far.extend_from_slice(out);
            Ok(())
        };
        Unpack::new().unwrap().push(&packed, take).unwrap();
        assert_eq!(so_far, parts[..=n].concat(), "each part can be unpacked when it came");
    }
    assert!(packed.len() < 310_000, "{}", packed.len());
    for at_once in [1, 1000, 65_536] {
        let (mut unpack, mut whole) = (Unpack::new().unwrap(), Vec::new());
        for piece in packed.chunks(at_once) {
            let take = |out: &[u8]| {
                whole.extend_from_slice(out);
                Ok::<(), ChunkError>(())
            };
            unpack.push(piece, take).unwrap();
        }
        assert_eq!(whole, parts.concat());
    }
    let mut spoiled = packed;
    spoiled[200_000] ^= 1;
    let mut unpack = Unpack::new().unwrap();
    let error = spoiled.chunks(1000).find_map(|p| unpack.push(p, |_| Ok::<(), ChunkError>(())).err());
    assert_eq!(error.unwrap().name(), "tampered");
}

#[test]
fn a_stream_that_wants_more_memory_than_it_may_have_is_refused() {
    let mut greedy = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    greedy.window_log(24).unwrap();
    std::io::Write::write_all(&mut greedy, &noise(1, 20_000_000)).unwrap();
    let greedy = greedy.finish().unwrap();
    let error = Unpack::new().unwrap().push(&greedy, |_| Ok::<(), ChunkError>(())).unwrap_err();
    assert!(matches!(error, ChunkError::Stream(_)), "{error}");
}

/// A store with an old file; and new files, of which the second has nothing in common with it.
fn world(store: &Arc<Store>) -> Vec<Vec<u8>> {
    let old = noise(1, 600_000);
    let mut partial = store.partial(&Digest::of(&old), old.len() as u64).unwrap();
    partial.append(&old).unwrap();
    partial.finish().unwrap();
    let first = [&old[..200_000], &noise(2, 50_000)[..], &old[200_000..]].concat();
    let last = [&old[100_000..], b"end"].concat();
    vec![first, b"<p>new</p>".to_vec(), Vec::new(), old[..400_000].to_vec(), last]
}

fn plan(news: &[Vec<u8>]) -> (Arc<Plan>, Vec<Job>) {
    let old = noise(1, 600_000);
    let indexes = news.iter().filter(|new| new.len() > 8192).map(|new| Index::of(&new[..]).unwrap());
    let mut plan = Plan::new(indexes.collect());
    plan.look_in(Digest::of(&old), &old[..]).unwrap();
    let mut files = 0..;
    let jobs = news.iter().map(|new| {
        let file = is_cut(&entry("x", new)).then(|| files.next().unwrap());
        Job { object: Digest::of(new), size: new.len() as u64, file }
    });
    let jobs = jobs.collect();
    (Arc::new(plan), jobs)
}

/// What is asked for, and what a right sender sends for it.
fn sent(store: &Store, plan: &Plan, jobs: &[Job], news: &[Vec<u8>]) -> Vec<u8> {
    let at = |n: u64| usize::try_from(n).unwrap();
    let mut bytes = Vec::new();
    for (job, new) in jobs.iter().zip(news).filter(|(job, _)| !store.has(&job.object, job.size)) {
        for range in job.ranges(plan, store.came(&job.object, job.size)) {
            bytes.extend_from_slice(&new[at(range.offset)..at(range.offset + range.length)]);
        }
    }
    bytes
}

fn give(intake: &mut Intake, mut bytes: &[u8]) -> Result<Next, ChunkError> {
    loop {
        let next = loop {
            match intake.step(30_000)? {
                Next::Step => {}
                next => break next,
            }
        };
        if bytes.is_empty() {
            return Ok(next);
        }
        bytes = &bytes[intake.push(bytes)?..];
    }
}

#[test]
fn files_come_one_after_the_other_and_go_on_after_a_stop_at_any_byte() {
    let dir = folder();
    let store = open(dir.path());
    let news = world(&store);
    let (plan, jobs) = plan(&news);
    let whole = sent(&store, &plan, &jobs, &news).len();
    assert!(whole < 130_000, "{whole}");
    let mut rounds = 0;
    loop {
        rounds += 1;
        assert!(rounds < 50, "each round gets on");
        let left: Vec<Job> = jobs.iter().filter(|job| !store.has(&job.object, job.size)).copied().collect();
        let bytes = sent(&store, &plan, &jobs, &news);
        let mut intake = Intake::new(Arc::clone(&store), Arc::clone(&plan), left);
        let next = give(&mut intake, &bytes[..bytes.len().min(20_001)]).unwrap();
        intake.sync().unwrap();
        if next == Next::Nothing {
            assert_eq!(intake.push(b"x").unwrap_err().name(), "endless_data");
            break;
        }
    }
    assert!(rounds > 2, "{rounds}");
    for new in &news {
        assert!(store.has(&Digest::of(new), new.len() as u64), "{} bytes", new.len());
    }
}

#[test]
fn what_a_lying_index_put_together_is_given_up() {
    let dir = folder();
    let store = open(dir.path());
    let news = world(&store);
    let (_, jobs) = plan(&news);
    // The index of another file of the same size, with the bytes that belong to it.
    let other: Vec<u8> = news[0].iter().map(|byte| byte ^ 1).collect();
    let plan = Arc::new(Plan::new(vec![Index::of(&other[..]).unwrap()]));
    let mut intake = Intake::new(Arc::clone(&store), Arc::clone(&plan), vec![jobs[0]]);
    let error = give(&mut intake, &other).unwrap_err();
    assert_eq!((error.name(), error.is_about_data()), ("tampered", true), "{error}");
    assert_eq!(store.came(&jobs[0].object, jobs[0].size), 0, "its digest decides");
    // The same, found out before the end.
    let mut intake = Intake::new(Arc::clone(&store), plan, vec![jobs[0]]);
    give(&mut intake, &other[..300_000]).unwrap();
    let error = give(&mut intake, &news[0][300_000..]).unwrap_err();
    assert!(matches!(error, ChunkError::Fetched { .. }), "{error}");
    assert!(store.came(&jobs[0].object, jobs[0].size) > 200_000);
    intake.give_up().unwrap();
    assert_eq!(store.came(&jobs[0].object, jobs[0].size), 0);
}

#[test]
fn an_index_has_no_more_bytes_than_it_may() {
    for size in [0, 1, 8193, 1_000_000] {
        let bytes = noise(5, usize::try_from(size).unwrap());
        let index = Index::of(&bytes[..]).unwrap().to_bytes();
        assert!(index.len() as u64 <= Index::bytes_max(size), "{size}: {}", index.len());
    }
    assert!(Index::bytes_max(2_000_000_000) < 10_000_000);
}
