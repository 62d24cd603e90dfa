//! The disk stops at every single change while a pack is taken: the release in service stays, and the
//! pack goes on from the last checkpoint.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::scratch_tests::{NO_FLOOR, open_with};
use crate::store::Step;

/// Takes a pack with a checkpoint after every piece; the last one is kept, as the agent keeps it.
fn take(between: &Between, store: &Arc<Store>, cursor: &mut Cursor) -> Result<(), PackError> {
    let base = Some(between.old.id());
    let mut reader = PackReader::resume(Arc::clone(store), base, between.new.id(), *cursor)?;
    for bytes in between.pack[usize::try_from(cursor.pack_bytes).unwrap()..].chunks(100) {
        reader.push(bytes)?;
        *cursor = reader.checkpoint()?;
    }
    Ok(())
}

#[test]
fn a_disk_that_stops_before_any_step_of_a_pack_keeps_the_old_release_and_the_pack_goes_on() {
    let between = Between::small();
    for ends_before in 0.. {
        let (dir, store) = between.store();
        drop(store);
        let steps = AtomicUsize::new(0);
        let steps = Arc::new(steps);
        let hook = || -> Option<crate::store::Hook> {
            steps.store(0, Ordering::Relaxed);
            let steps = Arc::clone(&steps);
            Some(Arc::new(move |_: Step<'_>| {
                if steps.fetch_add(1, Ordering::Relaxed) >= ends_before {
                    return Err(io::Error::other("the power is off"));
                }
                Ok(())
            }))
        };
        let mut cursor = Cursor { pack_bytes: 0, file: None, last: None };
        let opened = open_with(dir.path(), NO_FLOOR, &hook);
        let stopped =
            opened.map_err(PackError::Store).and_then(|s| take(&between, &Arc::new(s), &mut cursor));
        let ended = steps.load(Ordering::Relaxed) > ends_before;
        assert_eq!(stopped.is_err(), ended, "before step {ends_before}: {stopped:?}");
        let store = open(dir.path());
        between.assert_old(&store, dir.path());
        if !ended {
            assert!(ends_before > 20, "a pack has {ends_before} steps");
            break;
        }
        if cursor.pack_bytes < between.pack.len() as u64 {
            take(&between, &store, &mut cursor).unwrap();
        }
        between.assert_new(&store, dir.path());
    }
}
