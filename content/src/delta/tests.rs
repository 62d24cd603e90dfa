//! Packs there and back, stopped at every border, and everything that a pack must not be.

mod hostile;
mod stopped;

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::digest::Digest;
use crate::manifest::{Manifest, ManifestId};
use crate::scratch_tests::{folder, noise, open};
use crate::store::{FolderObjects, Store, StoreError};

type Files = Vec<(&'static str, Vec<u8>)>;

/// Text that compresses.
fn text(seed: usize, length: usize) -> Vec<u8> {
    (0..).flat_map(|n| format!("line {} of text {seed}\n", n * 7).into_bytes()).take(length).collect()
}

fn write(folder: &Path, files: &Files) -> Manifest {
    for (path, bytes) in files {
        let at = folder.join(path);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, bytes).unwrap();
    }
    Manifest::of_folder(folder).unwrap()
}

/// Two releases, the pack between them, and a store that has the first one in service.
struct Between {
    dir: TempDir,
    old: Manifest,
    new: Manifest,
    pack: Vec<u8>,
    summary: PackSummary,
}

impl Between {
    fn new(old: &Files, new: &Files) -> Self {
        let dir = folder();
        let (old_at, new_at) = (dir.path().join("old"), dir.path().join("new"));
        let (old, new) = (write(&old_at, old), write(&new_at, new));
        let objects = (FolderObjects::new(&old_at, &old), FolderObjects::new(&new_at, &new));
        let mut pack = Vec::new();
        let summary = make_pack(Some((&old, &objects.0)), (&new, &objects.1), &mut pack).unwrap();
        assert_eq!(summary.bytes, pack.len() as u64);
        Self { dir, old, new, pack, summary }
    }

    /// Small files, so that every byte can be tried.
    fn small() -> Self {
        let page = text(1, 3000);
        let mut changed = page.clone();
        changed.splice(1500..1510, *b"something else that is new");
        Self::new(
            &vec![("a.html", page.clone()), ("b.txt", b"stays".to_vec()), ("gone", b"gone".to_vec())],
            &vec![("a.html", changed), ("c/b.txt", b"stays".to_vec()), ("e", vec![]), ("z", noise(3, 50))],
        )
    }

    /// A store with the old release in service.
    fn store(&self) -> (TempDir, Arc<Store>) {
        let dir = folder();
        let store = open(dir.path());
        store.put_manifest(&self.old.to_bytes(), &self.old.id()).unwrap();
        for entry in store.missing(&self.old) {
            let mut partial = store.partial(&entry.sha256, entry.size).unwrap();
            partial.append(&std::fs::read(self.dir.path().join("old").join(&*entry.path)).unwrap()).unwrap();
            partial.finish().unwrap();
        }
        store.assemble(&self.old.id()).unwrap();
        store.switch(&self.old.id()).unwrap();
        (dir, store)
    }

    fn reader(&self, store: &Arc<Store>) -> PackReader {
        PackReader::new(Arc::clone(store), Some(self.old.id()), self.new.id()).unwrap()
    }

    /// What becomes of a pack in a store.
    fn take(&self, store: &Arc<Store>, pack: &[u8], at_once: usize) -> Result<ManifestId, PackError> {
        let mut reader = self.reader(store);
        for bytes in pack.chunks(at_once) {
            reader.push(bytes)?;
        }
        reader.finish()
    }

    /// The new release goes into service and is what it has to be.
    fn assert_new(&self, store: &Store, root: &Path) {
        store.assemble(&self.new.id()).unwrap();
        store.switch(&self.new.id()).unwrap();
        assert_eq!(Manifest::of_folder(&root.join("active/")).unwrap(), self.new);
    }

    /// Nothing of the old release is different.
    fn assert_old(&self, store: &Store, root: &Path) {
        assert_eq!(store.active(), Some(self.old.id()));
        assert_eq!(Manifest::of_folder(&root.join("active/")).unwrap(), self.old);
        assert_eq!(store.missing(&self.old), []);
    }
}

/// Large files: one that shifts, one that is new, one that moved and changed.
fn large() -> Between {
    let mib = 1024 * 1024;
    let video = noise(1, 11 * mib);
    let mut longer = video.clone();
    longer.splice(5_000_000..5_000_000, noise(2, 300_000));
    let book = [text(1, 3 * mib), noise(4, 500_000)].concat();
    let mut moved = book.clone();
    moved[100..110].copy_from_slice(b"0123456789");
    let old: Files = vec![("v/video", video), ("book", book), ("same/x", noise(9, 4000))];
    let new: Files = vec![
        ("v/video", longer),
        ("moved/book", moved),
        ("moved/x", noise(9, 4000)),
        ("fresh", noise(5, 2_500_000)),
        ("prose", text(7, 3 * mib)),
    ];
    Between::new(&old, &new)
}

#[test]
fn a_pack_becomes_the_new_release_however_its_bytes_come() {
    let between = Between::small();
    for at_once in [1, 2, 7, 100, 1_000_000] {
        let (dir, store) = between.store();
        assert_eq!(between.take(&store, &between.pack, at_once).unwrap(), between.new.id());
        between.assert_old(&store, dir.path());
        between.assert_new(&store, dir.path());
    }
    assert!(between.pack.len() < 1500, "{}", between.pack.len());
    assert_eq!(between.summary.files, 3, "what only moved is not in it");
}

#[test]
fn large_files_that_shift_or_move_cost_what_is_new_of_them() {
    let between = large();
    // 300 kB inserted, 2.5 MB new, prose that compresses to a thirtieth, the rest next to nothing.
    assert!(between.summary.bytes < 2_930_000, "{:?}", between.summary);
    let (dir, store) = between.store();
    between.take(&store, &between.pack, 65_536).unwrap();
    between.assert_new(&store, dir.path());
}

#[test]
fn a_first_install_is_a_pack_from_nothing() {
    let between = Between::small();
    let objects = FolderObjects::new(&between.dir.path().join("new"), &between.new);
    let mut pack = Vec::new();
    make_pack(None, (&between.new, &objects), &mut pack).unwrap();
    let dir = folder();
    let store = open(dir.path());
    let mut reader = PackReader::new(Arc::clone(&store), None, between.new.id()).unwrap();
    assert!(reader.push(&pack).unwrap().complete);
    reader.finish().unwrap();
    between.assert_new(&store, dir.path());
}

#[test]
fn nothing_changed_costs_nothing() {
    let files: Files = (0..200).map(|n| ("", text(n, 50))).collect();
    let names: Vec<String> = (0..200).map(|n| format!("f{n}")).collect();
    let files: Files = files.into_iter().zip(names).map(|((_, b), n)| (&*n.leak(), b)).collect();
    let between = Between::new(&files, &files);
    assert!(between.pack.len() < 300, "{}", between.pack.len());
}

#[test]
fn a_pack_goes_on_at_the_border_where_a_checkpoint_was_made() {
    let between = Between::small();
    let mut borders = std::collections::BTreeSet::new();
    for stop in 0..=between.pack.len() {
        let (dir, store) = between.store();
        let mut reader = between.reader(&store);
        reader.push(&between.pack[..stop]).unwrap();
        let cursor = reader.checkpoint().unwrap();
        let at = usize::try_from(cursor.pack_bytes).unwrap();
        assert!(at <= stop);
        borders.insert(at);
        drop((reader, store));
        let store = open(dir.path());
        let base = Some(between.old.id());
        let mut reader = PackReader::resume(Arc::clone(&store), base, between.new.id(), cursor).unwrap();
        if at < between.pack.len() {
            reader.push(&between.pack[at..]).unwrap();
            reader.finish().unwrap();
        }
        between.assert_new(&store, dir.path());
    }
    // Manifest, three files of a frame or none, end.
    assert!(borders.len() >= 8, "{borders:?}");
}

#[test]
fn a_pack_goes_on_in_the_middle_of_a_large_file() {
    let between = large();
    let (dir, store) = between.store();
    let mut cursor = Cursor { pack_bytes: 0, file: None, last: None };
    let mut inside = 0;
    let mut rounds = 0;
    loop {
        let base = Some(between.old.id());
        let mut reader = PackReader::resume(Arc::clone(&store), base, between.new.id(), cursor).unwrap();
        let at = usize::try_from(cursor.pack_bytes).unwrap();
        let end = between.pack.len().min(at + 1_300_000);
        let progress = reader.push(&between.pack[at..end]).unwrap();
        let before = cursor;
        cursor = reader.checkpoint().unwrap();
        assert!(progress.complete || cursor.pack_bytes > before.pack_bytes, "each round gets on");
        inside += usize::from(cursor.file.is_some_and(|(_, written)| written > 0));
        rounds += 1;
        if progress.complete {
            break;
        }
    }
    assert!(inside > 0 && rounds > 2, "{inside} of {rounds}");
    between.assert_new(&store, dir.path());
}

#[test]
fn what_a_power_cut_took_after_a_checkpoint_is_noticed() {
    let between = large();
    let (dir, store) = between.store();
    let mut reader = between.reader(&store);
    let mut cursor = reader.checkpoint().unwrap();
    for bytes in between.pack.chunks(10_000) {
        reader.push(bytes).unwrap();
        cursor = reader.checkpoint().unwrap();
        if cursor.file.is_some_and(|(_, written)| written > 0) {
            break;
        }
    }
    drop(reader);
    let partial = std::fs::read_dir(dir.path().join("partial")).unwrap().next().unwrap().unwrap().path();
    std::fs::File::options().write(true).open(partial).unwrap().set_len(10).unwrap();
    let base = Some(between.old.id());
    let error = PackReader::resume(Arc::clone(&store), base, between.new.id(), cursor).unwrap_err();
    assert!(matches!(error, PackError::Resume { .. }), "{error}");
    between.take(&store, &between.pack, 65_536).unwrap();
    between.assert_new(&store, dir.path());
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let between = Between::small();
    let (dir, store) = between.store();
    let entry = between.new.find("a.html").unwrap();
    let mut partial = store.partial(&entry.sha256, entry.size).unwrap();
    partial.append(&std::fs::read(between.dir.path().join("new/a.html")).unwrap()).unwrap();
    partial.finish().unwrap();
    between.take(&store, &between.pack, 100).unwrap();
    between.assert_new(&store, dir.path());
}

#[test]
fn a_partial_with_other_bytes_does_not_spoil_a_file() {
    let between = Between::small();
    let (dir, store) = between.store();
    let entry = between.new.find("a.html").unwrap();
    store.partial(&entry.sha256, entry.size).unwrap().append(b"other bytes").unwrap();
    between.take(&store, &between.pack, 100).unwrap();
    between.assert_new(&store, dir.path());
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 12, ..Default::default() })]

    #[test]
    fn any_edit_of_a_file_comes_back(
        seed in 0u64..1000, length in 0usize..3_000_000, at in 0.0..1.0f64, cut in 0usize..400_000, added in 0usize..400_000,
    ) {
        let old = noise(seed, length);
        let mut new = old.clone();
        // A share of the length: where does not have to be exact.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a test")]
        let begin = (length as f64 * at) as usize;
        let end = length.min(begin + cut);
        new.splice(begin..end, noise(seed + 1, added));
        let between = Between::new(&vec![("f", old)], &vec![("f", new)]);
        let (dir, store) = between.store();
        between.take(&store, &between.pack, 50_000).unwrap();
        between.assert_new(&store, dir.path());
        proptest::prop_assert!(between.pack.len() < added + 200_000 || length < 1_200_000);
    }
}
