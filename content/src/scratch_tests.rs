//! What tests of stores and packs share: a folder in memory, a store in it, and bytes.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use crate::store::{Floor, Hook, Store, StoreError};

/// A floor that no test reaches.
pub(crate) const NO_FLOOR: Floor = Floor { percent: 0, bytes: 0 };
/// How often a lock is tried that a process beside may hold for a moment.
const LOCK_TRIES: usize = 100_000;

/// A folder for a store, in memory where there is such a place: thousands of syncs take a moment there.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Opens a store that nobody else has open. A test beside this one may be starting a process, which
/// holds the lock from its fork to its exec.
pub(crate) fn open_with(
    root: &Path,
    floor: Floor,
    hook: &dyn Fn() -> Option<Hook>,
) -> Result<Store, StoreError> {
    for _ in 0..LOCK_TRIES {
        match Store::open_with(root, floor, hook()) {
            Err(StoreError::Busy { .. }) => std::thread::yield_now(),
            opened => return opened,
        }
    }
    Store::open_with(root, floor, hook())
}

/// A store without a floor.
pub(crate) fn open(root: &Path) -> Arc<Store> {
    Arc::new(open_with(root, NO_FLOOR, &|| None).unwrap())
}

/// Bytes that do not compress, the same each time.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}
