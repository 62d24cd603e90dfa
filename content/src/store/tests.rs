//! The store, one call after the other, and what it refuses. Power cuts are in [`power`].

mod power;

use std::path::Path;

use super::*;
use crate::limits::BLOCK_BYTES;
use crate::scratch_tests::{NO_FLOOR, folder, open, open_with};

/// A release from its files.
struct Release {
    manifest: Manifest,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Release {
    fn of(files: &[(&'static str, &[u8])]) -> Self {
        let entry = |(path, bytes): &(&'static str, &[u8])| Entry {
            path: (*path).into(),
            sha256: Digest::of(bytes),
            size: bytes.len() as u64,
        };
        Self {
            manifest: Manifest::new(files.iter().map(entry).collect()).unwrap(),
            files: files.iter().map(|(path, bytes)| (*path, bytes.to_vec())).collect(),
        }
    }

    fn id(&self) -> ManifestId {
        self.manifest.id()
    }

    fn bytes(&self, object: &Digest) -> &[u8] {
        let (_, bytes) = self.files.iter().find(|(_, bytes)| Digest::of(bytes) == *object).unwrap();
        bytes
    }
}

/// Three releases that share objects, have moved files, a file twice, and an empty one.
fn releases() -> [Release; 3] {
    let big = vec![7; 70_000];
    [
        Release::of(&[("index.html", b"zero"), ("old/a.txt", b"a")]),
        Release::of(&[("index.html", b"one"), ("a.txt", b"a"), ("v/big.bin", &big), ("empty", b"")]),
        Release::of(&[("index.html", b"two"), ("b/a.txt", b"a"), ("b/c/big.bin", &big), ("twice", b"two")]),
    ]
}

/// Brings what is missing of a release. What a power cut spoiled of an object is noticed at its end;
/// then it is brought once more.
fn fetch(store: &Store, release: &Release) -> Result<(), StoreError> {
    store.put_manifest(&release.manifest.to_bytes(), &release.id())?;
    store.admit(&release.manifest)?;
    for entry in store.missing(&release.manifest) {
        match bring(store, &entry, release.bytes(&entry.sha256)) {
            Err(StoreError::Mismatch { .. }) => bring(store, &entry, release.bytes(&entry.sha256))?,
            brought => brought?,
        }
    }
    Ok(())
}

fn bring(store: &Store, entry: &Entry, bytes: &[u8]) -> Result<(), StoreError> {
    let mut partial = store.partial(&entry.sha256, entry.size)?;
    while partial.len() < entry.size {
        let at = usize::try_from(partial.len()).unwrap();
        partial.append(&bytes[at..bytes.len().min(at + 40_000)])?;
        // In the middle of the large one only: whole objects are synced when they are assembled.
        if partial.len() < entry.size {
            partial.sync()?;
        }
    }
    partial.finish()
}

/// The walk of an update.
fn update(store: &Store, release: &Release) -> Result<(), StoreError> {
    fetch(store, release)?;
    store.assemble(&release.id())?;
    store.switch(&release.id())?;
    store.collect(&[])?;
    Ok(())
}

/// A store with the second release active and the first before it.
fn filled(root: &Path) -> [Release; 3] {
    let all = releases();
    let store = open(root);
    update(&store, &all[0]).unwrap();
    update(&store, &all[1]).unwrap();
    all
}

/// What a visitor would see.
fn seen(root: &Path) -> Manifest {
    Manifest::of_folder(&root.join("active/")).unwrap()
}

fn count(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries.map(|e| if e.path().is_dir() { count(&e.path()) } else { 1 }).sum()
}

#[test]
fn an_update_is_staged_switched_and_kept_and_the_rest_is_collected() {
    let dir = folder();
    let [zero, one, two] = filled(dir.path());
    let store = open(dir.path());
    assert_eq!((store.active(), store.previous()), (Some(one.id()), Some(zero.id())));
    assert_eq!(seen(dir.path()), one.manifest);
    fetch(&store, &two).unwrap();
    store.assemble(&two.id()).unwrap();
    assert_eq!(seen(dir.path()), one.manifest, "staged is not active");
    store.switch(&two.id()).unwrap();
    assert_eq!((store.active(), store.previous()), (Some(two.id()), Some(one.id())));
    assert_eq!((seen(dir.path()), store.missing(&two.manifest)), (two.manifest.clone(), vec![]));
    let collected = store.collect(&[]).unwrap();
    assert_eq!(collected, Collected { releases: 1, objects: 1, bytes: 4 }, "only what `zero` alone had");
    assert!(store.manifest(&zero.id()).unwrap().is_none());
    assert_eq!(count(&dir.path().join("objects")), 5);
    assert_eq!(std::fs::read_dir(dir.path().join("pairs")).unwrap().count(), 1);
    assert_eq!(store.collect(&[]).unwrap(), Collected::default());
    store.switch(&two.id()).unwrap();
    assert_eq!(store.previous(), Some(one.id()), "switching to what is active changes nothing");
}

#[test]
fn going_back_ends_at_the_release_before() {
    let dir = folder();
    let [zero, one, _] = filled(dir.path());
    let store = open(dir.path());
    assert_eq!(store.back().unwrap(), zero.id());
    assert_eq!((store.active(), store.previous()), (Some(zero.id()), None));
    assert_eq!(seen(dir.path()), zero.manifest);
    assert!(matches!(store.back(), Err(StoreError::NoPrevious)));
    // The release that was left is kept as long as somebody names it.
    store.collect(&[one.id()]).unwrap();
    store.switch(&one.id()).unwrap();
    assert_eq!(seen(dir.path()), one.manifest);
}

#[test]
fn going_back_by_name_and_to_nothing_may_be_done_twice() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second, _] = filled(dir.path());
    let store = open(dir.path());
    assert_eq!((store.active(), store.previous()), (Some(second.id()), Some(first.id())));
    for _ in 0..2 {
        store.return_to(&first.id()).unwrap();
        assert_eq!((store.active(), store.previous()), (Some(first.id()), None));
    }
    assert!(matches!(store.return_to(&ManifestId::from(Digest::of(b"x"))), Err(StoreError::NotAssembled(_))));
    for _ in 0..2 {
        store.withdraw().unwrap();
        assert_eq!((store.active(), store.previous()), (None, None));
    }
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.active(), None);
    store.switch(&first.id()).unwrap();
    assert_eq!(store.active(), Some(first.id()));
}

#[test]
fn a_partial_goes_on_at_the_byte_where_it_stopped() {
    let dir = folder();
    let bytes: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    let object = Digest::of(&bytes);
    for end in [0, 1, 131_072, 131_073, 399_999] {
        let store = open(dir.path());
        let mut partial = store.partial(&object, 400_000).unwrap();
        assert!(partial.len() <= end as u64);
        let at = usize::try_from(partial.len()).unwrap();
        partial.append(&bytes[at..end]).unwrap();
        assert!(matches!(partial.finish(), Err(StoreError::Short { length, .. }) if length == end as u64));
    }
    let store = open(dir.path());
    let mut partial = store.partial(&object, 400_000).unwrap();
    assert_eq!(partial.len(), 399_999);
    assert!(matches!(partial.append(b"xy"), Err(StoreError::TooLong { size: 400_000, .. })));
    partial.append(&bytes[399_999..]).unwrap();
    partial.finish().unwrap();
    assert!(store.has(&object, 400_000) && !store.has(&object, 400_001));
    assert_eq!(count(&dir.path().join("partial")), 0);
}

#[test]
fn what_is_not_the_object_is_given_up_by_name() {
    let dir = folder();
    let store = open(dir.path());
    let object = Digest::of(b"right");
    let mut partial = store.partial(&object, 5).unwrap();
    partial.append(b"wrong").unwrap();
    let error = partial.finish().unwrap_err();
    assert!(matches!(error, StoreError::Mismatch { found, .. } if found == Digest::of(b"wrong")));
    assert_eq!((error.name(), store.partial(&object, 5).unwrap().len()), ("tampered", 0));
    // What lies there and is longer than the object is not the beginning of it.
    std::fs::write(dir.path().join("partial").join(object.to_string()), "far too long").unwrap();
    assert_eq!(store.partial(&object, 5).unwrap().len(), 0);
    let [zero, ..] = releases();
    let bytes = zero.manifest.to_bytes();
    let other = ManifestId::from(object);
    assert!(matches!(store.put_manifest(&bytes, &other), Err(StoreError::Mismatch { .. })));
    let noise = ManifestId::from(Digest::of(b"noise"));
    assert!(matches!(store.put_manifest(b"noise", &noise), Err(StoreError::Manifest { .. })));
}

#[test]
fn what_is_not_whole_is_neither_assembled_nor_switched_to() {
    let dir = folder();
    let [_, one, two] = filled(dir.path());
    let store = open(dir.path());
    assert!(matches!(store.assemble(&two.id()), Err(StoreError::UnknownManifest(_))));
    store.put_manifest(&two.manifest.to_bytes(), &two.id()).unwrap();
    assert!(matches!(store.assemble(&two.id()), Err(StoreError::Missing { count: 1, .. })));
    assert!(matches!(store.switch(&two.id()), Err(StoreError::NotAssembled(_))));
    assert_eq!((store.active(), seen(dir.path())), (Some(one.id()), one.manifest));
}

#[test]
fn one_process_has_the_store() {
    let dir = folder();
    let store = open(dir.path());
    let second = Store::open_with(dir.path(), NO_FLOOR, None);
    assert!(matches!(second, Err(StoreError::Busy { .. })));
    drop(store);
    assert!(open_with(dir.path(), NO_FLOOR, &|| None).is_ok());
}

#[test]
fn what_there_is_no_room_for_is_refused_before_the_first_byte() {
    let dir = folder();
    let [_, one, two] = filled(dir.path());
    let store = Store::open_with(dir.path(), Floor { percent: 100, bytes: 0 }, None).unwrap();
    assert_eq!(store.bytes_needed(&one.manifest), 0);
    store.admit(&one.manifest).unwrap();
    // One object and the four folders of the tree.
    assert_eq!(store.bytes_needed(&two.manifest), 4 * BLOCK_BYTES);
    assert!(matches!(store.admit(&two.manifest), Err(StoreError::NoRoom { .. })));
    let object = two.manifest.find("twice").unwrap();
    assert!(matches!(store.partial(&object.sha256, 3), Err(StoreError::NoRoom { .. })));
    assert_eq!(count(&dir.path().join("partial")), 0);
}

#[test]
fn a_scrub_finds_every_flipped_bit_and_what_is_fetched_again_mends_the_tree() {
    let dir = folder();
    let [_, one, _] = filled(dir.path());
    let store = open(dir.path());
    let mut scrub = Scrub::default();
    for entry in one.manifest.entries().iter().filter(|entry| entry.size > 0) {
        let path = store.object_path(&entry.sha256, entry.size).unwrap();
        let mut spoiled = std::fs::read(&path).unwrap();
        let middle = spoiled.len() / 2;
        spoiled[middle] ^= 1;
        // In place, as a disk does it: the tree shows the same file.
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        std::fs::write(&path, &spoiled).unwrap();
        assert_ne!(seen(dir.path()), one.manifest);
        let mut damaged = Vec::new();
        let mut calls = 0;
        loop {
            let pass = store.scrub(&mut scrub, 10_000).unwrap();
            assert!(pass.bytes <= 10_000);
            damaged.extend(pass.damaged);
            calls += 1;
            if pass.complete {
                break;
            }
        }
        assert!(calls > 7, "70 kB are read in several calls");
        let damage = Damage { object: entry.sha256, path: Some(entry.path.to_string()), unreadable: None };
        assert_eq!(damaged, [damage]);
        assert_eq!(store.missing(&one.manifest), std::slice::from_ref(entry));
        assert_eq!(store.incomplete().unwrap()[0], one.id());
        fetch(&store, &one).unwrap();
        store.assemble(&one.id()).unwrap();
        assert_eq!(seen(dir.path()), one.manifest);
        assert_eq!(store.incomplete().unwrap(), []);
    }
}

#[test]
fn a_damaged_manifest_is_as_one_that_is_absent_and_its_objects_stay() {
    let dir = folder();
    let [zero, one, _] = filled(dir.path());
    let store = open(dir.path());
    std::fs::write(dir.path().join("manifests").join(format!("{}.json", one.id())), "{}").unwrap();
    assert!(store.manifest(&one.id()).unwrap().is_none());
    store.collect(&[]).unwrap();
    assert_eq!((store.active(), seen(dir.path())), (Some(one.id()), one.manifest.clone()));
    let pass = store.scrub(&mut Scrub::default(), u64::MAX).unwrap();
    assert_eq!(pass.damaged.iter().map(|d| d.object).collect::<Vec<_>>(), [one.id().digest()]);
    assert_eq!(store.incomplete().unwrap(), [one.id()]);
    fetch(&store, &one).unwrap();
    store.assemble(&one.id()).unwrap();
    assert_eq!(store.incomplete().unwrap(), []);
    assert_eq!(store.previous(), Some(zero.id()));
}

#[test]
fn a_tree_that_lost_files_is_mended() {
    let dir = folder();
    let [_, one, _] = filled(dir.path());
    let store = open(dir.path());
    std::fs::remove_dir_all(store.release_folder(&one.id()).join("v")).unwrap();
    std::fs::remove_file(store.release_folder(&one.id()).join("index.html")).unwrap();
    store.assemble(&one.id()).unwrap();
    assert_eq!(seen(dir.path()), one.manifest);
}

#[test]
fn the_active_release_is_found_without_opening_the_store() {
    let dir = folder();
    assert_eq!(active_below(dir.path()), None);
    let [_, one, _] = filled(dir.path());
    let (id, folder) = active_below(dir.path()).unwrap();
    assert_eq!((id, Manifest::of_folder(&folder).unwrap()), (one.id(), one.manifest));
}

#[test]
fn others_find_objects_and_manifests_and_never_a_part_on_its_way() {
    use std::io::Read as _;
    let dir = folder();
    let [_, one, two] = filled(dir.path());
    let store = open(dir.path());
    let read = |digest: &Digest| {
        store.find(digest).unwrap().map(|(mut file, size)| {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, size);
            bytes
        })
    };
    for entry in one.manifest.entries() {
        assert_eq!(read(&entry.sha256).as_deref(), Some(one.bytes(&entry.sha256)), "{}", entry.path);
    }
    assert_eq!(read(&one.id().digest()), Some(one.manifest.to_bytes()));
    let entry = two.manifest.find("twice").unwrap().clone();
    let mut partial = store.partial(&entry.sha256, entry.size).unwrap();
    partial.append(b"tw").unwrap();
    assert_eq!(read(&entry.sha256), None, "a part");
    partial.append(b"o").unwrap();
    assert_eq!(read(&entry.sha256), None, "whole, but not verified");
    partial.finish().unwrap();
    assert_eq!(read(&entry.sha256).as_deref(), Some(&b"two"[..]), "fresh");
    assert_eq!(read(&Digest::of(b"nowhere")), None);
}
