//! The file system of the data directory: space, inodes, a real write test, read-only seen. A disk
//! that hangs holds one blocking thread, never the agent: the next reading waits for the same one.

use std::io;
use std::path::{Path, PathBuf};

use migrado_protocol::health::{Component, Reason};
use migrado_protocol::report::Storage;
use tokio::task::JoinHandle;

use super::{Judgement, Reading, Sensed, Sensor};
use crate::platform::disk::{self, Space};

/// Part of the space or inodes below which somebody should look, one in this many.
const LOW_PART: u64 = 20;
/// Bytes below which somebody should look on a disk that has more than [`SMALL_DISK_BYTES`]: a
/// release must fit beside the running one.
const LOW_BYTES: u64 = 1024 * 1024 * 1024;
/// A disk below this is judged by its part only.
const SMALL_DISK_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// Bytes below which nothing new can be kept: the outbox alone may need this.
const FULL_BYTES: u64 = 64 * 1024 * 1024;

/// Reads it.
#[derive(Debug)]
pub struct StorageSensor {
    dir: PathBuf,
    /// A reading that is still under way.
    pending: Option<JoinHandle<Found>>,
}

#[derive(Debug)]
struct Found {
    space: io::Result<Space>,
    write: io::Result<()>,
}

impl StorageSensor {
    /// Of the data directory.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, pending: None }
    }
}

impl Sensor for StorageSensor {
    const COMPONENT: Component = Component::Storage;

    async fn read(&mut self, now_ms: i64) -> Sensed {
        let dir = self.dir.clone();
        let pending =
            self.pending.get_or_insert_with(|| tokio::task::spawn_blocking(move || find(&dir, now_ms)));
        // Dropped at the limit, the handle stays in its place.
        let found = pending.await;
        self.pending = None;
        match found {
            Ok(Found { space: Ok(space), write }) => {
                let reading = reading(&space, write.is_ok(), now_ms);
                Sensed::new(Reading::Storage(reading), judge(&space, write.err().as_ref()))
            }
            Ok(Found { space: Err(error), .. }) => {
                Sensed::only(Judgement::unknown(Reason::SensorFailed, error.to_string()))
            }
            Err(error) => Sensed::only(Judgement::unknown(Reason::SensorFailed, error.to_string())),
        }
    }
}

fn find(dir: &Path, now_ms: i64) -> Found {
    Found { space: disk::space(dir), write: disk::write_test(dir, now_ms) }
}

fn reading(space: &Space, writable: bool, now_ms: i64) -> Storage {
    Storage {
        at_ms: now_ms,
        free_bytes: space.free_bytes,
        total_bytes: space.total_bytes,
        free_inodes: space.inodes.map(|(free, _)| free),
        total_inodes: space.inodes.map(|(_, total)| total),
        writable,
    }
}

/// What it means. Pure.
fn judge(space: &Space, write: Option<&io::Error>) -> Judgement {
    let percent = |free: u64, total: u64| format!("{} % free", free.saturating_mul(100) / total.max(1));
    if space.read_only {
        return Judgement::failed(Reason::ReadOnly, None);
    }
    if let Some(error) = write {
        let reason = match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem => Reason::ReadOnly,
            io::ErrorKind::StorageFull => Reason::DiskNearlyFull,
            _ => Reason::WriteFailed,
        };
        return Judgement::failed(reason, error.to_string());
    }
    let (free, total) = (space.free_bytes, space.total_bytes);
    if free < FULL_BYTES.min(total / LOW_PART) {
        return Judgement::failed(Reason::DiskNearlyFull, percent(free, total));
    }
    if free < total / LOW_PART || (total > SMALL_DISK_BYTES && free < LOW_BYTES) {
        return Judgement::degraded(Reason::DiskNearlyFull, percent(free, total));
    }
    match space.inodes {
        Some((free, total)) if free == 0 => Judgement::failed(Reason::InodesNearlyFull, percent(free, total)),
        Some((free, total)) if free < total / LOW_PART => {
            Judgement::degraded(Reason::InodesNearlyFull, percent(free, total))
        }
        _ => Judgement::ok(),
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::HealthState::{self, Degraded, Failed, Ok};

    use super::*;

    type Case = (&'static str, Space, Option<io::ErrorKind>, HealthState, Option<Reason>);

    const GIB: u64 = 1024 * 1024 * 1024;

    #[test]
    fn every_finding_has_its_judgement() {
        let disk = Space {
            free_bytes: 50 * GIB,
            total_bytes: 100 * GIB,
            inodes: Some((500, 1000)),
            read_only: false,
        };
        let small = Space { free_bytes: GIB / 2, total_bytes: GIB, ..disk };
        let kind = io::ErrorKind::Other;
        let cases: [Case; 13] = [
            ("room", disk, None, Ok, None),
            ("a small disk half full", small, None, Ok, None),
            ("no inodes to count", Space { inodes: None, ..disk }, None, Ok, None),
            ("4 % left", Space { free_bytes: 4 * GIB, ..disk }, None, Degraded, Some(Reason::DiskNearlyFull)),
            ("5 % left", Space { free_bytes: 5 * GIB, ..disk }, None, Ok, None),
            (
                "under 1 GiB of 18",
                Space { free_bytes: GIB - 1, total_bytes: 18 * GIB, ..disk },
                None,
                Degraded,
                Some(Reason::DiskNearlyFull),
            ),
            ("nothing left", Space { free_bytes: 0, ..disk }, None, Failed, Some(Reason::DiskNearlyFull)),
            (
                "few inodes",
                Space { inodes: Some((49, 1000)), ..disk },
                None,
                Degraded,
                Some(Reason::InodesNearlyFull),
            ),
            (
                "no inode",
                Space { inodes: Some((0, 1000)), ..disk },
                None,
                Failed,
                Some(Reason::InodesNearlyFull),
            ),
            ("read-only", Space { read_only: true, ..disk }, None, Failed, Some(Reason::ReadOnly)),
            (
                "read-only by error",
                disk,
                Some(io::ErrorKind::ReadOnlyFilesystem),
                Failed,
                Some(Reason::ReadOnly),
            ),
            ("full by error", disk, Some(io::ErrorKind::StorageFull), Failed, Some(Reason::DiskNearlyFull)),
            ("a dying disk", disk, Some(kind), Failed, Some(Reason::WriteFailed)),
        ];
        for (name, space, error, state, reason) in cases {
            let error = error.map(|kind| io::Error::new(kind, "as a test"));
            let judged = judge(&space, error.as_ref());
            assert_eq!((judged.state, judged.reason), (state, reason), "{name}");
        }
    }

    #[tokio::test]
    async fn reads_a_real_directory_and_names_one_that_cannot_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let sensed = StorageSensor::new(dir.path().to_owned()).read(7).await;
        assert!(matches!(sensed.reading, Some(Reading::Storage(Storage { at_ms: 7, writable: true, .. }))));
        let sensed = StorageSensor::new(dir.path().join("absent")).read(7).await;
        assert_eq!(sensed.judgement.reason, Some(Reason::SensorFailed));
    }
}
