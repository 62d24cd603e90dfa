//! What a manifest is, and everything that it must not be.

use super::*;

fn entry(path: &str, content: &[u8]) -> Entry {
    Entry { path: path.into(), sha256: Digest::of(content), size: content.len() as u64 }
}

#[test]
fn a_folder_gives_the_same_bytes_whatever_the_order_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in [("b/z.txt", "z"), ("a.txt", "a"), ("b-1.txt", "a"), ("b/ü.txt", "")] {
        let at = folder.path().join(path);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, content).unwrap();
    }
    let manifest = Manifest::of_folder(folder.path()).unwrap();
    let bytes = manifest.to_bytes();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let first = format!("{{\"path\":\"a.txt\",\"sha256\":\"{}\",\"size\":1}},", Digest::of(b"a"));
    assert_eq!(text.lines().nth(1), Some(first.as_str()));
    assert_eq!(text.lines().count(), 6, "{text}");
    let paths: Vec<&str> = manifest.entries().iter().map(|e| e.path.as_ref()).collect();
    assert_eq!(paths, ["a.txt", "b-1.txt", "b/z.txt", "b/ü.txt"]);
    let read = Manifest::parse(&bytes).unwrap();
    assert_eq!((&read, read.id()), (&manifest, ManifestId::from(Digest::of(&bytes))));
    assert_eq!(read.find("b/z.txt").unwrap().sha256, Digest::of(b"z"));
    assert_eq!((read.find("b"), read.objects().len(), read.bytes()), (None, 3, 3));
}

#[test]
fn a_folder_with_something_else_in_it_is_no_release() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    assert!(matches!(Manifest::of_folder(folder.path()), Err(FolderError::Kind { .. })));
    std::fs::remove_file(folder.path().join("link")).unwrap();
    std::fs::write(folder.path().join("nul"), "").unwrap();
    assert!(matches!(Manifest::of_folder(folder.path()), Err(FolderError::Manifest(_))));
    assert!(matches!(Manifest::of_folder(&folder.path().join("absent")), Err(FolderError::Read { .. })));
}

#[test]
fn an_empty_release_is_one() {
    let empty = Manifest::new(Vec::new()).unwrap();
    assert_eq!(Manifest::parse(&empty.to_bytes()).unwrap(), empty);
}

/// What becomes of a manifest of two files when its text is changed.
fn changed(from: &str, to: &str) -> Result<Manifest, ManifestError> {
    let manifest = Manifest::new(vec![entry("a", b"1"), entry("b/c", b"2")]).unwrap();
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    assert!(text.contains(from), "{text}");
    Manifest::parse(text.replace(from, to).as_bytes())
}

#[test]
fn what_is_no_manifest_is_refused_by_name() {
    use ManifestError as E;
    assert!(changed("\"a\"", "\"a\"").is_ok());
    assert!(matches!(changed("\"format\":1", "\"format\":2"), Err(E::Format { format: 2 })));
    assert!(matches!(changed("\"format\":1,", ""), Err(E::Shape(_))));
    assert!(matches!(changed("\"size\":1}", "\"size\":1,\"mode\":7}"), Err(E::Shape(_))));
    assert!(matches!(changed("\"size\":1}", "\"size\":-1}"), Err(E::Shape(_))));
    assert!(matches!(changed("]}\n", "]}\n{}"), Err(E::Shape(_))));
    assert!(matches!(changed("\"a\"", "\"../a\""), Err(E::Path { .. })));
    assert!(matches!(changed("\"a\"", "\"/a\""), Err(E::Path { .. })));
    assert!(matches!(changed("\"a\"", "\"z\""), Err(E::Order { .. })));
    assert!(matches!(changed("\"a\"", "\"b/c\""), Err(E::Order { .. })));
    assert!(matches!(changed("\"a\"", "\"b\""), Err(E::Folder { .. })));
    assert!(matches!(changed("\"size\":1", "\"size\":8589934592"), Err(E::Total)));
    assert!(matches!(changed("\"size\":1", "\"size\":18446744073709551615"), Err(E::Total)));
    assert!(matches!(changed("\"format\":1", "\"format\": 1"), Err(E::Spelling)));
    assert!(matches!(changed("]}\n", "]}"), Err(E::Spelling)));
    assert!(matches!(changed("\"a\"", "\"\\u0061\""), Err(E::Spelling)));
    let one = Digest::of(b"1").to_string();
    assert!(changed(&Digest::of(b"2").to_string(), &one).is_ok());
    let sizes = Manifest::new(vec![entry("a", b"1"), Entry { size: 2, ..entry("b", b"1") }]);
    assert!(matches!(sizes, Err(E::Sizes { .. })));
    // A file between a folder's name and what is in the folder: `-` sorts before the slash.
    let files = vec![entry("b", b""), entry("b-1", b""), entry("b/c", b"")];
    assert!(matches!(Manifest::new(files), Err(E::Folder { .. })));
    assert!(matches!(changed(&one, &one.to_uppercase()), Err(E::Shape(_))));
}

#[test]
fn too_many_files_are_refused() {
    let files = (0..=RELEASE_FILES_MAX).map(|n| entry(&format!("{n:06}"), b"")).collect();
    assert!(matches!(Manifest::new(files), Err(ManifestError::Files { .. })));
    let long = vec![b' '; usize::try_from(MANIFEST_BYTES_MAX).unwrap() + 1];
    assert!(matches!(Manifest::parse(&long), Err(ManifestError::Bytes { .. })));
}

proptest::proptest! {
    #[test]
    fn what_is_read_is_written_the_same(noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
        let mut bytes = Manifest::new(vec![entry("a", b"1")]).unwrap().to_bytes();
        for (at, sign) in noise.iter().enumerate().filter(|(_, sign)| **sign > 250) {
            bytes[at] = *sign;
        }
        if let Ok(manifest) = Manifest::parse(&bytes) {
            proptest::prop_assert_eq!(manifest.to_bytes(), bytes);
        }
    }
}
