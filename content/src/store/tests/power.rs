//! The power is cut before every single change of the disk; what was written and not synced is lost.
//! Afterwards the old or the new release is in service, whole, and the update succeeds when it is
//! tried again.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A disk whose power ends before its n-th change.
#[derive(Default)]
struct Power {
    ends_before: usize,
    steps: AtomicUsize,
    /// Inodes that have bytes which only memory has.
    dirty: Mutex<BTreeSet<u64>>,
}

impl Power {
    fn until(ends_before: usize) -> Arc<Self> {
        Arc::new(Self { ends_before, ..Self::default() })
    }

    fn hook(self: &Arc<Self>) -> Hook {
        let power = Arc::clone(self);
        Arc::new(move |step: Step<'_>| {
            if power.steps.fetch_add(1, Ordering::Relaxed) >= power.ends_before {
                return Err(io::Error::other("the power is off"));
            }
            let inode = || std::fs::metadata(step.path).map(|m| m.ino());
            let mut dirty = power.dirty.lock().unwrap();
            match step.operation {
                "write" => drop(dirty.insert(inode()?)),
                "sync" => drop(dirty.remove(&inode()?)),
                "sync all" => dirty.clear(),
                _ => {}
            }
            Ok(())
        })
    }

    fn ended(&self) -> bool {
        self.steps.load(Ordering::Relaxed) > self.ends_before
    }

    /// Takes from the files what never reached the disk: their names stay, as a journal keeps them.
    fn lose(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let meta = entry.path().symlink_metadata().unwrap();
            if meta.is_dir() {
                self.lose(&entry.path());
            } else if meta.is_file() && self.dirty.lock().unwrap().contains(&meta.ino()) {
                let writable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
                std::fs::set_permissions(entry.path(), writable).unwrap();
                // As long as before, and zeros: what some file systems make of it.
                let file = File::options().write(true).open(entry.path()).unwrap();
                file.set_len(0).unwrap();
                file.set_len(meta.len()).unwrap();
            }
        }
    }
}

fn with_power(root: &Path, power: &Arc<Power>) -> Result<Store, StoreError> {
    // The steps of a try that found the lock held do not count.
    open_with(root, NO_FLOOR, &|| {
        power.steps.store(0, Ordering::Relaxed);
        Some(power.hook())
    })
}

/// What is in service is whole, and is one of these pairs.
fn assert_one_of(root: &Path, pairs: &[(&Release, Option<&Release>)], context: &str) {
    let store = open(root);
    let pair = (store.active(), store.previous());
    let found = pairs.iter().find(|(active, previous)| {
        pair == (Some(active.id()), previous.map(Release::id)) && seen(root) == active.manifest
    });
    let (active, _) = found.unwrap_or_else(|| panic!("{context}: between: {pair:?}"));
    assert_eq!(store.missing(&active.manifest), [], "{context}");
    // No name among the objects stands for other bytes, whatever was lost.
    let pass = store.scrub(&mut Scrub::default(), u64::MAX).unwrap();
    assert_eq!(pass.damaged, [], "{context}");
}

fn assert_clean(root: &Path, context: &str) {
    for (folder, files) in [("objects", 5), ("fresh", 0), ("partial", 0), ("manifests", 2)] {
        assert_eq!(count(&root.join(folder)), files, "{context}: {folder}");
    }
    for (folder, entries) in [("releases", 2), ("pairs", 1)] {
        assert_eq!(std::fs::read_dir(root.join(folder)).unwrap().count(), entries, "{context}: {folder}");
    }
}

#[test]
fn a_power_cut_before_any_step_of_an_update_leaves_the_old_or_the_new_release() {
    let mut switched = 0;
    for cut in 0.. {
        let dir = folder();
        let [zero, one, two] = filled(dir.path());
        let power = Power::until(cut);
        let done = with_power(dir.path(), &power).and_then(|store| update(&store, &two));
        assert_eq!(done.is_err(), power.ended(), "cut {cut}: {done:?}");
        power.lose(dir.path());
        let context = format!("cut {cut}");
        assert_one_of(dir.path(), &[(&one, Some(&zero)), (&two, Some(&one))], &context);
        let store = open(dir.path());
        switched += usize::from(power.ended() && store.active() == Some(two.id()));
        update(&store, &two).unwrap();
        drop(store);
        assert_one_of(dir.path(), &[(&two, Some(&one))], &context);
        assert_clean(dir.path(), &context);
        if !power.ended() {
            assert!(cut > 40, "an update has {cut} steps");
            break;
        }
    }
    assert!(switched > 0, "the power is also cut after the switch");
}

#[test]
fn a_second_power_cut_while_the_first_is_tidied_changes_nothing_of_it() {
    for cut in 0..80 {
        for again in [0, 1, 2, 3, 5, 8] {
            let dir = folder();
            let [zero, one, two] = filled(dir.path());
            for ends_before in [cut, again, again + 1] {
                let power = Power::until(ends_before);
                with_power(dir.path(), &power).and_then(|store| update(&store, &two)).ok();
                power.lose(dir.path());
            }
            let context = format!("cuts {cut} and {again}");
            assert_one_of(dir.path(), &[(&one, Some(&zero)), (&two, Some(&one))], &context);
            update(&open(dir.path()), &two).unwrap();
            assert_clean(dir.path(), &context);
        }
    }
}

#[test]
fn a_power_cut_while_going_back_leaves_the_old_or_the_new_release() {
    for cut in 0.. {
        let dir = folder();
        let [zero, one, _] = filled(dir.path());
        let power = Power::until(cut);
        let done = with_power(dir.path(), &power).and_then(|store| store.back());
        assert_eq!(done.is_err(), power.ended(), "cut {cut}: {done:?}");
        power.lose(dir.path());
        assert_one_of(dir.path(), &[(&one, Some(&zero)), (&zero, None)], &format!("cut {cut}"));
        if !power.ended() {
            break;
        }
    }
}

#[test]
fn a_power_cut_on_the_first_start_leaves_nothing_or_the_first_release() {
    let [zero, ..] = releases();
    for cut in 0.. {
        let dir = folder();
        let power = Power::until(cut);
        let done = with_power(dir.path(), &power).and_then(|store| update(&store, &zero));
        assert_eq!(done.is_err(), power.ended(), "cut {cut}: {done:?}");
        power.lose(dir.path());
        let store = open(dir.path());
        assert!(store.active().is_none_or(|active| active == zero.id()), "cut {cut}");
        update(&store, &zero).unwrap();
        assert_eq!(seen(dir.path()), zero.manifest, "cut {cut}");
        if !power.ended() {
            break;
        }
    }
}

/// The disk says no once, at every step; the same program goes on.
#[test]
fn a_disk_that_refuses_one_step_delays_the_update_and_breaks_nothing() {
    for refused in 0.. {
        let dir = folder();
        let [zero, one, two] = filled(dir.path());
        let steps = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&steps);
        let hook: Hook = Arc::new(move |_: Step<'_>| {
            if count.fetch_add(1, Ordering::Relaxed) == refused {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        });
        let tried = || open_with(dir.path(), NO_FLOOR, &|| Some(Arc::clone(&hook)));
        let store = tried().or_else(|_| tried()).unwrap();
        let done = update(&store, &two);
        if steps.load(Ordering::Relaxed) <= refused {
            done.unwrap();
            break;
        }
        let (active, previous) = (store.active().unwrap(), store.previous().unwrap());
        assert!(
            [(one.id(), zero.id()), (two.id(), one.id())].contains(&(active, previous)),
            "step {refused}: {done:?}"
        );
        update(&store, &two).unwrap();
        drop(store);
        assert_clean(dir.path(), &format!("step {refused}"));
        assert_eq!(seen(dir.path()), two.manifest);
    }
}

/// Where the child of the next test finds its store, and before which step it ends itself.
const CHILD: &str = "MIGRADO_STORE_CHILD";

/// Only does something as the child of the next test: an update that is killed.
#[test]
fn the_child_that_is_killed() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let (root, ends_before) = order.split_once('|').unwrap();
    let ends_before: usize = ends_before.parse().unwrap();
    let steps = AtomicUsize::new(0);
    let hook: Hook = Arc::new(move |_: Step<'_>| {
        if steps.fetch_add(1, Ordering::Relaxed) == ends_before {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)?;
        }
        Ok(())
    });
    let store = Store::open_with(Path::new(root), NO_FLOOR, Some(hook)).unwrap();
    update(&store, &releases()[2]).unwrap();
}

#[test]
fn a_process_that_is_killed_before_any_step_leaves_the_old_or_the_new_release() {
    let dir = folder();
    for ends_before in 0.. {
        let root = dir.path().join(ends_before.to_string());
        let [zero, one, two] = filled(&root);
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::power::the_child_that_is_killed"])
            .env(CHILD, format!("{}|{ends_before}", root.display()))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        let context = format!("killed before {ends_before}");
        assert_one_of(&root, &[(&one, Some(&zero)), (&two, Some(&one))], &context);
        update(&open(&root), &two).unwrap();
        assert_clean(&root, &context);
        if status.success() {
            assert!(ends_before > 40, "an update has {ends_before} steps");
            break;
        }
    }
}
