//! What lies on the disk: a write that fails, a file that is spoiled, a power cut between two writes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// Something in the way of a file that cannot be replaced, whoever runs the test.
fn obstruct(path: &Path) {
    let _absent = fs::remove_file(path).is_ok();
    fs::create_dir_all(path.join("in the way")).unwrap();
}

#[test]
fn what_cannot_be_kept_is_not_trusted() {
    for name in ["timestamp.json.half", "snapshot.json.half", "targets.json.half", "complete.half"] {
        let mut world = World::new();
        let before = world.trust.cached(day(1)).unwrap();
        let second = world.second();
        obstruct(&world.folder.path().join(name));
        let refused = refresh(&mut world.trust, &second, day(1)).unwrap_err();
        assert_eq!(refused.name(), "storage", "{}", refused.story());
        assert!(refused.story().contains(name), "{}", refused.story());
        assert_eq!(world.trust.cached(day(1)).as_ref(), Some(&before), "{name}");
        fs::remove_dir_all(world.folder.path().join(name)).unwrap();
        assert_eq!(refresh(&mut world.trust, &second, day(1)).unwrap().targets_version, 2, "{name}");
    }
}

#[test]
fn after_a_failed_write_nothing_else_of_that_set_is_written() {
    let mut world = World::new();
    world.publisher.replace_root();
    let second = world.second();
    obstruct(&world.folder.path().join("root_history/2.root.json.half"));
    let before = fs::read(world.folder.path().join("timestamp.json")).unwrap();
    assert_eq!(refresh(&mut world.trust, &second, day(1)).unwrap_err().name(), "storage");
    assert_eq!(fs::read(world.folder.path().join("timestamp.json")).unwrap(), before);
}

impl Publisher {
    fn replace_root(&mut self) {
        self.spec.version += 1;
        self.roots.push(seal(&self.spec.document(), &[&self.root[0], &self.root[1]]).unwrap());
    }
}

#[test]
fn a_folder_that_nobody_may_write_is_told_when_it_is_opened() {
    let parent = tempfile::tempdir().unwrap();
    let publisher = Publisher::new();
    fs::write(parent.path().join("file"), b"").unwrap();
    let refused = Trust::open(&parent.path().join("file/trust"), &publisher.roots[0]).unwrap_err();
    assert_eq!(refused.name(), "storage", "{}", refused.story());
    let folder = parent.path().join("closed");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write everywhere; for everybody else this is refused as well.
    let opened = Trust::open(&folder, &publisher.roots[0]);
    assert!(opened.is_ok() || opened.is_err_and(|e| e.name() == "storage"));
}

#[test]
fn a_root_that_is_not_signed_by_itself_is_no_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::new();
    let open = |root: &[u8]| Trust::open(folder.path(), root).unwrap_err().name();
    assert_eq!(open(b""), "truncated");
    assert_eq!(open(b"[1]"), "tampered");
    let root = &publisher.roots[0];
    assert_eq!(open(&root[..root.len() - 3]), "truncated");
    assert_eq!(open(&forge(root, |signed| signed["version"] = 7.into())), "wrong_key");
    assert_eq!(open(&forge(root, |signed| signed["spec_version"] = "2.0".into())), "unknown_format");
}

#[test]
fn a_spoiled_file_does_not_take_the_memory_against_rollback_with_it() {
    for name in ["timestamp.json", "snapshot.json", "targets.json"] {
        let mut world = World::new();
        let second = world.second();
        refresh(&mut world.trust, &second, day(1)).unwrap();
        fs::write(world.folder.path().join(name), b"{\"signed").unwrap();
        let mut again = world.publisher.trust(world.folder.path());
        assert_eq!(refresh(&mut again, &world.first, day(1)).unwrap_err().name(), "rollback", "{name}");
        assert_eq!(refresh(&mut again, &second, day(1)).unwrap().targets_version, 2);
    }
}

#[test]
fn a_spoiled_set_is_fetched_again() {
    let mut world = World::new();
    let complete = world.folder.path().join("complete");
    let mut bytes = fs::read(&complete).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&complete, bytes).unwrap();
    assert_eq!(world.trust.cached(day(1)), None);
    let first = world.first.clone();
    refresh(&mut world.trust, &first, day(1)).unwrap();
    assert!(world.trust.cached(day(1)).is_some());
}

/// After every single write of a refresh the power goes: what is on the disk then is the old set or
/// the new one, and the next refresh goes through.
#[test]
fn a_power_cut_after_any_write_leaves_the_old_set_or_the_new_one() {
    let written = [
        "root_history/2.root.json",
        "root.json",
        "timestamp.json",
        "snapshot.json",
        "targets.json",
        "complete",
    ];
    let mut world = World::new();
    let old = world.trust.cached(day(1)).unwrap();
    world.publisher.replace_root();
    let second = world.second();
    let done = tempfile::tempdir().unwrap();
    let mut other = world.publisher.trust(done.path());
    let new = refresh(&mut other, &second, day(1)).unwrap();
    for (count, _) in written.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        copy(world.folder.path(), folder.path());
        for name in &written[..=count] {
            fs::copy(done.path().join(name), folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("timestamp.json.half"), b"{").unwrap();
        let mut trust = world.publisher.trust(folder.path());
        let found = trust.cached(day(1)).unwrap();
        assert!(found == old || found == new, "after {} writes", count + 1);
        assert_eq!(refresh(&mut trust, &second, day(1)).unwrap(), new);
    }
}

fn copy(from: &Path, to: &Path) {
    for found in fs::read_dir(from).unwrap() {
        let (at, name) = found.map(|f| (f.path(), f.file_name())).unwrap();
        if at.is_dir() {
            fs::create_dir_all(to.join(&name)).unwrap();
            copy(&at, &to.join(name));
        } else {
            fs::copy(at, to.join(name)).unwrap();
        }
    }
}

#[test]
fn nothing_is_written_when_nothing_changed_and_old_snapshots_do_not_pile_up() {
    let mut world = World::new();
    let first = world.first.clone();
    let inode = |name: &str| {
        std::os::unix::fs::MetadataExt::ino(&fs::metadata(world.folder.path().join(name)).unwrap())
    };
    let names = ["root.json", "timestamp.json", "snapshot.json", "targets.json", "complete"];
    let before: Vec<u64> = names.iter().map(|n| inode(n)).collect();
    refresh(&mut world.trust, &first, day(1)).unwrap();
    let inode = |name: &str| {
        std::os::unix::fs::MetadataExt::ino(&fs::metadata(world.folder.path().join(name)).unwrap())
    };
    assert_eq!(names.iter().map(|n| inode(n)).collect::<Vec<_>>(), before);
    let files = fs::read_dir(world.folder.path()).unwrap().flatten().filter(|f| f.path().is_file()).count();
    assert_eq!(files, names.len());
}
