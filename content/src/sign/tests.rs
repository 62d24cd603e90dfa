//! From new keys to a published release and through every loss of a key.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::targets::{List, NewRelease};
use super::*;
use crate::digest::Digest;
use crate::keys::{Key, PublicKey};
use crate::manifest::Manifest;
use crate::trust::check_targets;

const PASSPHRASE: &str = "Berswordthalle";

fn day(number: i64) -> Timestamp {
    "2026-11-25T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * number)
}

fn init(roots: usize, threshold: usize) -> Init {
    Init { roots, threshold, contents: 1, freshness: None, expires: day(700) }
}

fn keys(folder: &KeyFolder, role: Role, passphrase: Option<&str>) -> Vec<Key> {
    let stored = folder.stored().unwrap();
    stored
        .iter()
        .filter(|s| s.role == role && s.here)
        .map(|s| files::read(&s.path, passphrase).unwrap())
        .collect()
}

fn release(folder: &Path) -> Manifest {
    fs::create_dir_all(folder.join("forms")).unwrap();
    fs::write(folder.join("release.json"), b"{}").unwrap();
    fs::write(folder.join("forms/a.pdf"), b"%PDF").unwrap();
    Manifest::of_folder(folder).unwrap()
}

/// Adds a release to the list of a folder and keeps it.
fn publish(folder: &mut KeyFolder, name: &str, manifest: &Manifest) -> Result<Vec<u8>, SignError> {
    let mut list = List::after(folder.targets())?;
    list.add(&NewRelease {
        name: name.parse().unwrap(),
        title: "Winter".into(),
        published: day(0),
        manifest,
    })?;
    let signed = folder.sign(&list, &keys(folder, Role::Content, None), day(365), day(0))?;
    folder.keep_targets(&signed)?;
    Ok(signed)
}

#[test]
fn new_keys_lie_encrypted_and_open_with_their_passphrase_only() {
    let parent = tempfile::tempdir().unwrap();
    let at = parent.path().join("keys");
    let folder = KeyFolder::init(&at, &init(3, 2), Some(PASSPHRASE)).unwrap();
    let stored = folder.stored().unwrap();
    assert_eq!(stored.len(), 5, "three roots, one content key, one of freshness");
    for key in &stored {
        assert!(key.here && key.is_locked().unwrap());
        assert_eq!(fs::metadata(&key.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&key.path).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    }
    let first = &stored[0];
    assert_eq!(files::read(&first.path, Some(PASSPHRASE)).unwrap().public(), first.public);
    assert!(matches!(files::read(&first.path, Some("wrong")), Err(SignError::Passphrase(_))));
    assert!(matches!(files::read(&first.path, None), Err(SignError::Locked(_))));
    let spec = folder.spec().unwrap();
    assert_eq!((spec.version, spec.threshold, spec.roots.len(), spec.contents.len()), (1, 2, 3, 1));
}

#[test]
fn what_makes_no_sense_makes_no_folder() {
    let parent = tempfile::tempdir().unwrap();
    let at = parent.path().join("keys");
    for wrong in [init(0, 0), init(3, 4), init(3, 0), init(17, 1), Init { contents: 0, ..init(1, 1) }] {
        assert!(matches!(KeyFolder::init(&at, &wrong, None), Err(SignError::Numbers(_))), "{wrong:?}");
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
    fs::create_dir(&at).unwrap();
    assert!(matches!(KeyFolder::init(&at, &init(1, 1), None), Err(SignError::Exists(_))));
    assert!(matches!(KeyFolder::open(&at), Err(SignError::NoKeys(_))));
}

#[test]
fn a_file_that_is_no_key_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("x.pem");
    for text in ["", "no key", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        fs::write(&path, text).unwrap();
        let error = files::read(&path, None).unwrap_err();
        assert!(matches!(error, SignError::Pem { .. }) && error.to_string().contains("x.pem"), "{error}");
    }
    files::write(&parent.path().join("y.pem"), &Key::generate().unwrap(), None).unwrap();
    let again = files::write(&parent.path().join("y.pem"), &Key::generate().unwrap(), None);
    assert!(matches!(again, Err(SignError::Exists(_))), "keys are not overwritten");
}

#[test]
fn a_release_is_laid_out_as_displays_ask_for_it() {
    let parent = tempfile::tempdir().unwrap();
    let mut folder = KeyFolder::init(&parent.path().join("keys"), &init(1, 1), None).unwrap();
    let files = parent.path().join("release");
    let manifest = release(&files);
    let signed = publish(&mut folder, "2026-11-25.1", &manifest).unwrap();
    let own = keys(&folder, Role::Freshness, None);
    let by = Freshened { key: &own[0], until: day(7), now: day(0) };
    let out = parent.path().join("out");
    let seen = lay_out(&out, folder.roots(), &signed, Some((&manifest, &files)), Some(&by)).unwrap().unwrap();
    assert_eq!(seen.list[0].manifest, manifest.id());
    let object = |digest: Digest| fs::read(out.join("objects").join(digest.to_string())).unwrap();
    assert_eq!(object(manifest.id().digest()), manifest.to_bytes());
    assert_eq!(object(Digest::of(b"%PDF")), b"%PDF");
    for name in ["1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json"] {
        assert!(out.join("metadata").join(name).is_file(), "{name}");
    }
    let taken = publish(&mut folder, "2026-11-25.1", &manifest);
    assert!(matches!(taken, Err(SignError::Live(_))));
    let signed = publish(&mut folder, "2026-11-25.2", &manifest).unwrap();
    let seen = lay_out(&out, folder.roots(), &signed, None, Some(&by)).unwrap().unwrap();
    assert_eq!((seen.targets_version, seen.list.len()), (2, 2));
    let mut list = List::after(Some(&signed)).unwrap();
    list.recall("2026-11-25.1".parse().unwrap()).unwrap();
    assert!(matches!(list.recall("2026-11-25.1".parse().unwrap()), Err(SignError::NotLive(_))));
    assert_eq!(list.names(), ["2026-11-25.2".parse().unwrap()]);
}

#[test]
fn a_file_that_changed_since_it_was_listed_is_not_published() {
    let parent = tempfile::tempdir().unwrap();
    let mut folder = KeyFolder::init(&parent.path().join("keys"), &init(1, 1), None).unwrap();
    let files = parent.path().join("release");
    let manifest = release(&files);
    let signed = publish(&mut folder, "2026-11-25.1", &manifest).unwrap();
    fs::write(files.join("forms/a.pdf"), b"%PDX").unwrap();
    let out = parent.path().join("out");
    let error = lay_out(&out, folder.roots(), &signed, Some((&manifest, &files)), None).unwrap_err();
    assert!(error.to_string().contains("forms/a.pdf"), "{error}");
    assert!(!out.join("objects").join(Digest::of(b"%PDF").to_string()).exists());
}

fn rotate(folder: &mut KeyFolder, change: &Change, at_hand: &[Key]) -> Result<u64, SignError> {
    folder.rotate(change, at_hand, None, (day(700), day(365)), day(0)).map(|spec| spec.version)
}

#[test]
fn a_lost_content_key_is_replaced_and_the_list_signed_anew() {
    let parent = tempfile::tempdir().unwrap();
    let at = parent.path().join("keys");
    let mut folder = KeyFolder::init(&at, &init(3, 2), None).unwrap();
    let manifest = release(&parent.path().join("release"));
    let signed = publish(&mut folder, "2026-11-25.1", &manifest).unwrap();
    let lost = folder.spec().unwrap().contents[0];
    let roots = keys(&folder, Role::Root, None);
    assert_eq!(
        rotate(&mut folder, &Change { lost: vec![lost], ..Change::default() }, &roots[..2]).unwrap(),
        2
    );
    assert!(!folder.spec().unwrap().contents.contains(&lost));
    let old = check_targets(folder.roots(), &signed, day(0)).unwrap_err();
    assert_eq!(old.name(), "wrong_key", "what the lost key signed is worth nothing");
    let again = KeyFolder::open(&at).unwrap();
    let seen = check_targets(again.roots(), again.targets().unwrap(), day(0)).unwrap();
    assert_eq!((seen.targets_version, seen.list.len()), (2, 1));
    let mut again = again;
    publish(&mut again, "2026-11-26.1", &manifest).unwrap();
}

#[test]
fn a_lost_root_key_and_the_controllers_key_are_replaced() {
    let parent = tempfile::tempdir().unwrap();
    let mut folder = KeyFolder::init(&parent.path().join("keys"), &init(3, 2), None).unwrap();
    let roots = keys(&folder, Role::Root, None);
    let fresh = Key::generate().unwrap().public();
    let change = Change { lost: vec![roots[0].public()], freshness: Some(fresh), threshold: Some(3) };
    // Two of before, and with the new one three of after.
    assert_eq!(rotate(&mut folder, &change, &roots[1..]).unwrap(), 2);
    let spec = folder.spec().unwrap();
    assert_eq!((spec.freshness, spec.threshold, spec.roots.len()), (fresh, 3, 3));
    assert!(!spec.roots.contains(&roots[0].public()));
    assert_eq!(folder.stored().unwrap().iter().filter(|key| key.role == Role::Root).count(), 4);
    crate::trust::follow(folder.roots()).unwrap();
}

#[test]
fn too_few_keys_change_nothing_and_the_missing_ones_are_named() {
    let parent = tempfile::tempdir().unwrap();
    let at = parent.path().join("keys");
    let mut folder = KeyFolder::init(&at, &init(3, 2), None).unwrap();
    let roots = keys(&folder, Role::Root, None);
    let error = rotate(&mut folder, &Change::default(), &roots[..1]).unwrap_err();
    let SignError::TooFewKeys { have, need, missing, .. } = &error else { panic!("{error}") };
    assert_eq!((*have, *need), (1, 2));
    assert!(
        missing.contains(&roots[1].public().to_string()) && missing.contains(&roots[2].public().to_string())
    );
    let stranger: PublicKey = Key::generate().unwrap().public();
    let unknown = Change { lost: vec![stranger], ..Change::default() };
    assert!(
        matches!(rotate(&mut folder, &unknown, &roots), Err(SignError::UnknownKey(key)) if key == stranger)
    );
    let twice = Change { freshness: Some(roots[0].public()), ..Change::default() };
    assert!(matches!(rotate(&mut folder, &twice, &roots), Err(SignError::Numbers(_))));
    assert_eq!(KeyFolder::open(&at).unwrap().roots().len(), 1);
    let no_key = folder.sign(&List::after(None).unwrap(), &roots, day(365), day(0)).unwrap_err();
    assert!(matches!(no_key, SignError::TooFewKeys { need: 1, .. }), "a root key does not publish");
}
