//! Packs that are damaged, or made to do harm. Each is an error by name; the release in service stays,
//! and the right pack is taken afterwards.

use super::super::codec;
use super::super::format::{Frame, MAGIC, Record};
use super::*;
use crate::limits::{FRAME_OUT_MAX, PACK_LINE_BYTES_MAX};
use crate::scratch_tests::open_with;
use crate::store::Floor;

/// A pack by hand, from the small release's manifest on.
struct Forged {
    bytes: Vec<u8>,
}

impl Forged {
    fn begin() -> Self {
        Self { bytes: MAGIC.to_vec() }
    }

    /// With the right manifest.
    fn for_new(between: &Between) -> Self {
        let bytes = between.new.to_bytes();
        let base = Some(between.old.id());
        let line = Record::Manifest { sha256: Digest::of(&bytes), size: bytes.len() as u64, base };
        Self::begin().record(line).data(None, (0, 0), &[], &bytes)
    }

    fn record(mut self, record: Record) -> Self {
        record.write(&mut self.bytes).unwrap();
        self
    }

    fn line(mut self, line: &str) -> Self {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
        self
    }

    /// A frame that gives these bytes.
    fn data(mut self, from: Option<u32>, region: (u64, u64), prefix: &[u8], data: &[u8]) -> Self {
        let packed = codec::pack(prefix, data, data.len()).unwrap().unwrap();
        let (offset, length) = region;
        let (out, packed_bytes) = (data.len() as u64, packed.len() as u64);
        self = self.record(Record::Frame(Frame { from, offset, length, out, packed: packed_bytes }));
        self.bytes.extend_from_slice(&packed);
        self
    }

    /// A frame that says something about bytes that are something else.
    fn claim(mut self, out: u64, packed: &[u8]) -> Self {
        let bytes = packed.len() as u64;
        self = self.record(Record::Frame(Frame { from: None, offset: 0, length: 0, out, packed: bytes }));
        self.bytes.extend_from_slice(packed);
        self
    }
}

/// The error of a pack; the old release is as it was, and the right pack is taken afterwards.
fn refused(between: &Between, forged: &Forged) -> PackError {
    let (dir, store) = between.store();
    let error = between.take(&store, &forged.bytes, 1000).unwrap_err();
    between.assert_old(&store, dir.path());
    let partials = std::fs::read_dir(dir.path().join("partial")).unwrap().count();
    assert!(partials == 0 || !error.is_about_data(), "{error}: what was on its way is left");
    between.take(&store, &between.pack, 1000).unwrap();
    between.assert_new(&store, dir.path());
    error
}

fn frame_line(frame: &str) -> String {
    format!("{{{frame}}}")
}

#[test]
fn every_flipped_bit_is_noticed_or_changes_nothing() {
    let between = Between::small();
    let (dir, store) = between.store();
    for byte in 0..between.pack.len() {
        // Another bit of each byte: every one would take minutes of syncs.
        let bit = byte % 8;
        {
            let mut pack = between.pack.clone();
            pack[byte] ^= 1 << bit;
            let taken = between.take(&store, &pack, 10_000);
            between.assert_old(&store, dir.path());
            if taken.is_ok() {
                // A bit that nothing depends on, as one of a frame's that zstd does not use.
                assert_eq!(store.missing(&between.new), [], "byte {byte} bit {bit}");
            }
            // Objects that came before the damage are right; the next round begins without them.
            store.collect(&[]).unwrap();
        }
    }
    between.take(&store, &between.pack, 1000).unwrap();
    between.assert_new(&store, dir.path());
}

#[test]
fn a_pack_that_ends_early_or_goes_on_is_noticed() {
    let between = Between::small();
    let (dir, store) = between.store();
    for length in 0..between.pack.len() {
        let error = between.take(&store, &between.pack[..length], 10_000).unwrap_err();
        assert!(matches!(error, PackError::Truncated { .. }), "{length}: {error}");
        assert_eq!(error.name(), "truncated");
        between.assert_old(&store, dir.path());
    }
    let longer = [&between.pack[..], b"x"].concat();
    let error = between.take(&store, &longer, 10_000).unwrap_err();
    assert!(matches!(error, PackError::Trailing { .. }), "{error}");
}

#[test]
fn what_does_not_end_is_stopped() {
    let between = Between::small();
    let (_dir, store) = between.store();
    let mut reader = between.reader(&store);
    assert!(matches!(reader.push(&[0; 9]), Err(PackError::Magic)));
    assert!(matches!(reader.push(b"x"), Err(PackError::Failed)));
    assert!(matches!(reader.checkpoint(), Err(PackError::Failed)));
    for at_once in [1, 50, 100_000] {
        let mut reader = between.reader(&store);
        reader.push(MAGIC).unwrap();
        let zeros = vec![0; at_once];
        let pushed = (0..100_000).find_map(|n| reader.push(&zeros).err().map(|error| (n, error))).unwrap();
        assert!(matches!(pushed.1, PackError::LineLength { at: 8 }), "{}", pushed.1);
        assert!(pushed.0 * at_once <= PACK_LINE_BYTES_MAX, "after {} of {at_once}", pushed.0);
    }
}

#[test]
fn a_pack_for_something_else_is_refused_at_its_first_line() {
    let between = Between::small();
    let (_dir, store) = between.store();
    let none = PackReader::new(Arc::clone(&store), None, between.new.id());
    let error = none.unwrap().push(&between.pack).unwrap_err();
    assert!(matches!(error, PackError::WrongBase { found: None, .. }), "{error}");
    assert_eq!(error.name(), "wrong_base");
    let other = PackReader::new(Arc::clone(&store), Some(between.old.id()), between.old.id());
    let error = other.unwrap().push(&between.pack).unwrap_err();
    assert!(matches!(error, PackError::WrongTarget { .. }), "{error}");
    let unknown = PackReader::new(store, Some(between.new.id()), between.new.id());
    assert!(matches!(unknown, Err(PackError::Store(StoreError::UnknownManifest(_)))));
}

#[test]
fn an_old_file_that_is_gone_or_spoiled_is_named() {
    let between = Between::small();
    let old = between.old.find("a.html").unwrap();
    let (_dir, store) = between.store();
    let path = store.object_path(&old.sha256, old.size).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = between.take(&store, &between.pack, 1000).unwrap_err();
    assert!(matches!(error, PackError::Frame { base: Some(base), .. } if base == old.sha256), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = between.take(&store, &between.pack, 1000).unwrap_err();
    assert!(matches!(error, PackError::BaseObject { object, .. } if object == old.sha256), "{error}");
    assert!(!error.is_about_data(), "the pack is right: only this display cannot use it");
}

#[test]
fn lines_out_of_order_are_refused() {
    let between = Between::small();
    let file = |n| Record::File(n);
    let manifest = between.new.to_bytes();
    let again = Record::Manifest {
        sha256: Digest::of(&manifest),
        size: manifest.len() as u64,
        base: Some(between.old.id()),
    };
    let new = || Forged::for_new(&between);
    let z = noise(3, 50);
    for forged in [
        Forged::begin().record(file(0)),
        Forged::begin().record(Record::End),
        Forged::begin().data(None, (0, 0), &[], b"x"),
        new().record(again),
        new().data(None, (0, 0), &[], b"x"),
        // A file twice, and one before another.
        new().record(file(3)).data(None, (0, 0), &[], &z).record(file(3)),
        new().record(file(2)).record(file(1)),
        // A manifest does not refer to files.
        Forged::begin()
            .record(Record::Manifest {
                sha256: Digest::of(&manifest),
                size: 10,
                base: Some(between.old.id()),
            })
            .data(Some(0), (0, 1), b"l", b"0123456789"),
    ] {
        let error = refused(&between, &forged);
        assert!(matches!(error, PackError::Order { .. }), "{error}");
    }
    let incomplete = refused(&between, &new().record(file(0)).record(file(3)));
    assert!(matches!(incomplete, PackError::Incomplete { written: 0, .. }), "{incomplete}");
    let incomplete = refused(&between, &new().record(file(0)).record(Record::End));
    assert!(matches!(incomplete, PackError::Incomplete { .. }), "{incomplete}");
}

#[test]
fn lines_that_a_pack_does_not_have_are_refused() {
    let between = Between::small();
    for line in
        ["", "{}", "null", "[]", "{\"file\":-1}", "{\"file\":4294967296}", "{\"file\":0,\"mode\":1}", "x"]
    {
        let error = refused(&between, &Forged::for_new(&between).line(line));
        assert!(matches!(error, PackError::Line { .. } | PackError::Record { .. }), "{line}: {error}");
    }
    for line in [
        "{\"end\":false}",
        "{\"file\":0,\"end\":true}",
        "{\"file\":0,\"out\":1,\"packed\":1}",
        "{\"out\":1}",
        "{\"out\":0,\"packed\":1}",
        "{\"out\":1,\"packed\":0}",
    ] {
        let error = refused(&between, &Forged::for_new(&between).line(line));
        assert!(matches!(error, PackError::Record { .. }), "{line}: {error}");
    }
}

#[test]
fn numbers_beyond_their_bounds_are_refused_before_anything_is_read() {
    let between = Between::small();
    let in_file = || Forged::for_new(&between).record(Record::File(0));
    for (frame, field) in [
        ("\"out\":8388609,\"packed\":1", "out"),
        ("\"out\":18446744073709551615,\"packed\":1", "out"),
        ("\"out\":1,\"packed\":1052673", "packed"),
        ("\"from\":0,\"length\":16777217,\"out\":1,\"packed\":1", "length"),
    ] {
        let error = refused(&between, &in_file().line(&frame_line(frame)));
        assert!(matches!(error, PackError::Bound { field: named, .. } if named == field), "{frame}: {error}");
    }
    let size =
        Record::Manifest { sha256: between.new.id().digest(), size: u64::MAX, base: Some(between.old.id()) };
    let error = refused(&between, &Forged::begin().record(size));
    assert!(matches!(error, PackError::Bound { field: "size", .. }), "{error}");
    for index in [4, u32::MAX] {
        let error = refused(&between, &Forged::for_new(&between).record(Record::File(index)));
        assert!(matches!(error, PackError::Index { files: 4, .. }), "{error}");
    }
    let error =
        refused(&between, &in_file().line(&frame_line("\"from\":3,\"length\":1,\"out\":3016,\"packed\":1")));
    assert!(matches!(error, PackError::Index { index: 3, files: 3, .. }), "{error}");
    for frame in [
        "\"from\":0,\"length\":3001",
        "\"from\":0,\"offset\":3001",
        "\"from\":0,\"offset\":18446744073709551615,\"length\":2",
        "\"length\":1",
    ] {
        let line = frame_line(&format!("{frame},\"out\":3016,\"packed\":1"));
        let error = refused(&between, &in_file().line(&line));
        assert!(matches!(error, PackError::Outside { .. }), "{frame}: {error}");
    }
    let error = refused(&between, &in_file().line(&frame_line("\"out\":3017,\"packed\":1")));
    assert!(matches!(error, PackError::Overrun { size: 3016, .. }), "{error}");
    let error = refused(&between, &in_file().line(&frame_line("\"out\":1,\"packed\":1")));
    assert!(matches!(error, PackError::FrameSmall { out: 1, .. }), "{error}");
}

#[test]
fn frames_that_are_not_what_they_say_are_refused() {
    let between = Between::small();
    let in_file = || Forged::for_new(&between).record(Record::File(0));
    let bomb = vec![0; usize::try_from(FRAME_OUT_MAX).unwrap()];
    let bomb = codec::pack(&[], &bomb, 0).unwrap().unwrap();
    assert!(bomb.len() < 2000);
    let right = codec::pack(&[], &std::fs::read(between.dir.path().join("new/a.html")).unwrap(), 0);
    let right = right.unwrap().unwrap();
    // A frame that is skipped by who reads zstd, in front of the right one.
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4], &right[..]].concat();
    for packed in [&bomb, &skipped, &[&right[..], &right[..]].concat(), &b"nonsense".to_vec()] {
        let error = refused(&between, &in_file().claim(3016, packed));
        assert!(matches!(error, PackError::Frame { base: None, .. }), "{error}");
        assert_eq!(error.name(), "tampered");
    }
}

#[test]
fn a_file_with_other_bytes_is_noticed_at_its_end() {
    let between = Between::small();
    let forged = Forged::for_new(&between).record(Record::File(0)).data(None, (0, 0), &[], &text(8, 3016));
    let error = refused(&between, &forged);
    assert!(matches!(error, PackError::Store(StoreError::Mismatch { .. })), "{error}");
    assert_eq!(error.name(), "tampered");
    let size = between.new.to_bytes().len();
    let record = Record::Manifest {
        sha256: between.new.id().digest(),
        size: size as u64,
        base: Some(between.old.id()),
    };
    let forged = Forged::begin().record(record).data(None, (0, 0), &[], &text(8, size));
    let error = refused(&between, &forged);
    assert!(matches!(error, PackError::Store(StoreError::Mismatch { .. })), "{error}");
}

#[test]
fn what_there_is_no_room_for_is_refused_after_the_manifest() {
    let between = Between::small();
    let (dir, store) = between.store();
    drop(store);
    let floor = Floor { percent: 100, bytes: 0 };
    let store = Arc::new(open_with(dir.path(), floor, &|| None).unwrap());
    let error = between.take(&store, &between.pack, 10).unwrap_err();
    assert!(matches!(error, PackError::Store(StoreError::NoRoom { .. })), "{error}");
    assert_eq!(error.name(), "no_room");
    assert_eq!(std::fs::read_dir(dir.path().join("partial")).unwrap().count(), 0);
    between.assert_old(&store, dir.path());
}
