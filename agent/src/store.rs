//! The agent's durable store: one `redb` file that is opened once, and the small named values in
//! it (session number, marks of presence, mode, desired state). Journal, outbox and counters keep
//! tables of their own in the same file. Every write is on the disk when it returns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use migrado_protocol::desired::Desired;
use redb::{Database, ReadableDatabase, TableDefinition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::away::Marks;
use crate::platform::clock;
use crate::telemetry::memory::Memory;
use crate::update::fetch::PackMark;
use crate::update::record::Record;

/// The file below the data directory.
const FILE: &str = "agent.redb";
/// Bytes that redb may keep in memory: the working set is a few pages.
const CACHE_BYTES: usize = 512 * 1024;
/// Bytes of the write that tells whether the disk takes anything.
const PROBE_BYTES: usize = 256 * 1024;
const VALUES: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("values");

/// Names of the durable values.
mod key {
    pub(super) const SESSION: &str = "session";
    pub(super) const MARKS: &str = "marks";
    pub(super) const MODE: &str = "mode";
    pub(super) const DESIRED: &str = "desired";
    pub(super) const CONTENT: &str = "content";
    pub(super) const PACK: &str = "pack";
    pub(super) const SINCE: &str = "since";
    pub(super) const ORDERS_NOT_BEFORE_MS: &str = "orders_not_before_ms";
}

/// The durable store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its directory could not be made.
    #[error("cannot make the data directory {}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It could not be opened.
    #[error("cannot open the store {}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Box<redb::DatabaseError>,
    },
    /// A damaged store could not be put aside.
    #[error("cannot put the damaged store {} aside", path.display())]
    Quarantine {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A read or a write did not succeed.
    #[error("cannot {operation} \"{name}\" in the store")]
    Access {
        /// `read` or `write`.
        operation: &'static str,
        /// Which value or table.
        name: &'static str,
        /// Why.
        source: Box<redb::Error>,
    },
    /// A stored value is not of its shape.
    #[error("the stored value \"{name}\" is damaged")]
    Damaged {
        /// Which.
        name: &'static str,
        /// Why.
        source: serde_json::Error,
    },
}

impl StoreError {
    /// A read or write that did not succeed.
    pub fn access(operation: &'static str, name: &'static str, source: impl Into<redb::Error>) -> Self {
        Self::Access { operation, name, source: Box::new(source.into()) }
    }

    /// Whether the file must be opened anew before anything can be written again: redb refuses
    /// further writes after one that the disk did not take.
    pub fn needs_reopening(&self) -> bool {
        matches!(self, Self::Access { source, .. }
            if matches!(**source, redb::Error::PreviousIo | redb::Error::Io(_)))
    }
}

/// Opens the store, or makes it. A damaged one is put aside, because a display without its history
/// still serves; the second value says that this happened.
pub fn open(data_dir: &Path) -> Result<(Arc<Database>, bool), StoreError> {
    std::fs::create_dir_all(data_dir)
        .map_err(|source| StoreError::Directory { path: data_dir.to_owned(), source })?;
    let path = data_dir.join(FILE);
    let create = || Database::builder().set_cache_size(CACHE_BYTES).create(&path);
    let open_error = |source| StoreError::Open { path: path.clone(), source: Box::new(source) };
    match create() {
        Ok(db) => Ok((Arc::new(db), false)),
        Err(redb::DatabaseError::Storage(redb::StorageError::Corrupted(_))) => {
            let aside = data_dir.join(format!("{FILE}.damaged-{}", clock::now_ms()));
            std::fs::rename(&path, aside)
                .map_err(|source| StoreError::Quarantine { path: path.clone(), source })?;
            Ok((Arc::new(create().map_err(open_error)?), true))
        }
        Err(source) => Err(open_error(source)),
    }
}

/// Whether the disk below the store takes writes: tries with more than the store needs next.
pub fn takes_writes(data_dir: &Path) -> bool {
    let probe = data_dir.join(".probe");
    let written = std::fs::File::create(&probe).and_then(|mut file| {
        std::io::Write::write_all(&mut file, &[0; PROBE_BYTES])?;
        file.sync_all()
    });
    std::fs::remove_file(&probe).is_ok() && written.is_ok()
}

/// The number that follows a session's.
pub fn session_after(last: u64, now_ms: i64) -> u64 {
    last.max(u64::try_from(now_ms / 1000).unwrap_or(0)) + 1
}

/// Whether the display was taken out of service by the staff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Mode {
    /// As usual.
    #[default]
    InService,
    /// Out of service by an order.
    OutOfService {
        /// What the staff said about it.
        reason: String,
        /// Since when.
        since_ms: i64,
    },
}

/// The named values.
#[derive(Debug, Clone)]
pub struct Store {
    db: Arc<Database>,
}

impl Store {
    /// Over the opened file.
    pub fn new(db: Arc<Database>) -> Self {
        Self { db }
    }

    /// The marks of presence.
    pub fn marks(&self) -> Result<Option<Marks>, StoreError> {
        self.read(key::MARKS)
    }

    /// Keeps the marks of presence.
    pub fn keep_marks(&self, marks: &Marks) -> Result<(), StoreError> {
        self.write(key::MARKS, marks)
    }

    /// The mode.
    pub fn mode(&self) -> Result<Mode, StoreError> {
        Ok(self.read(key::MODE)?.unwrap_or_default())
    }

    /// Keeps the mode.
    pub fn keep_mode(&self, mode: &Mode) -> Result<(), StoreError> {
        self.write(key::MODE, mode)
    }

    /// Since when the display was as it was when this was kept. One that cannot be read is none: the
    /// since-whens begin anew.
    pub fn memory(&self) -> Result<Memory, StoreError> {
        match self.read(key::SINCE) {
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::warn!(%error, "since-whens begin anew");
                Ok(Memory::default())
            }
            read => Ok(read?.unwrap_or_default()),
        }
    }

    /// Keeps since when the display is as it is.
    pub fn keep_memory(&self, memory: &Memory) -> Result<(), StoreError> {
        self.write(key::SINCE, memory)
    }

    /// The desired state that was taken last.
    pub fn desired(&self) -> Result<Option<Desired>, StoreError> {
        self.read(key::DESIRED)
    }

    /// Keeps the desired state.
    pub fn keep_desired(&self, desired: &Desired) -> Result<(), StoreError> {
        self.write(key::DESIRED, desired)
    }

    /// What is remembered of updates of content. What cannot be read is as nothing: the release in
    /// service proves itself anew.
    pub fn content(&self) -> Result<Record, StoreError> {
        match self.read(key::CONTENT) {
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::warn!(%error, "the record of updates begins anew");
                Ok(Record::default())
            }
            read => Ok(read?.unwrap_or_default()),
        }
    }

    /// Keeps what is remembered of updates of content.
    pub fn keep_content(&self, record: &Record) -> Result<(), StoreError> {
        self.write(key::CONTENT, record)
    }

    /// Where the download of a pack stands.
    pub fn pack_mark(&self) -> Result<Option<PackMark>, StoreError> {
        Ok(self.read::<Option<PackMark>>(key::PACK)?.flatten())
    }

    /// Keeps where the download of a pack stands.
    pub fn keep_pack_mark(&self, mark: Option<&PackMark>) -> Result<(), StoreError> {
        self.write(key::PACK, &mark)
    }

    /// The number for a new session: above every earlier one, above `floor`, and above the clock's
    /// seconds, so that a display is heard whose disk was replaced, or was full for a while.
    pub fn next_session(&self, floor: u64, now_ms: i64) -> Result<u64, StoreError> {
        let last = self.read(key::SESSION)?.unwrap_or(0);
        let next = session_after(floor.max(last), now_ms);
        self.write(key::SESSION, &next)?;
        Ok(next)
    }

    /// Orders signed before this are refused, because what was done about them is forgotten.
    pub fn orders_not_before_ms(&self) -> Result<i64, StoreError> {
        Ok(self.read(key::ORDERS_NOT_BEFORE_MS)?.unwrap_or(0))
    }

    /// Refuses from now on what was signed before.
    pub fn forget_orders_before(&self, now_ms: i64) -> Result<(), StoreError> {
        self.write(key::ORDERS_NOT_BEFORE_MS, &now_ms)
    }

    fn read<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        let failed = |source: redb::Error| StoreError::access("read", name, source);
        let read = self.db.begin_read().map_err(|e| failed(e.into()))?;
        let table = match read.open_table(VALUES) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(failed(error.into())),
        };
        let Some(value) = table.get(name).map_err(|e| failed(e.into()))? else { return Ok(None) };
        serde_json::from_slice(value.value()).map(Some).map_err(|source| StoreError::Damaged { name, source })
    }

    fn write<T: Serialize>(&self, name: &'static str, value: &T) -> Result<(), StoreError> {
        let failed = |source: redb::Error| StoreError::access("write", name, source);
        let bytes = serde_json::to_vec(value).map_err(|source| StoreError::Damaged { name, source })?;
        let write = self.db.begin_write().map_err(|e| failed(e.into()))?;
        {
            let mut table = write.open_table(VALUES).map_err(|e| failed(e.into()))?;
            table.insert(name, bytes.as_slice()).map_err(|e| failed(e.into()))?;
        }
        write.commit().map_err(|e| failed(e.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired(generation: u64) -> Desired {
        Desired {
            generation,
            label: "Eingang links".into(),
            site_name: "MigraDo Friedensplatz".into(),
            session_idle_s: 90,
            languages: vec!["de".into()],
            release: None,
            recalled: Vec::new(),
        }
    }

    #[test]
    fn values_survive_a_new_opening() {
        let dir = tempfile::tempdir().unwrap();
        {
            let store = Store::new(open(dir.path()).unwrap().0);
            assert_eq!(store.mode().unwrap(), Mode::InService);
            store.keep_desired(&desired(3)).unwrap();
            store.keep_mode(&Mode::OutOfService { reason: "Glas".into(), since_ms: 4 }).unwrap();
        }
        let store = Store::new(open(dir.path()).unwrap().0);
        assert_eq!(store.desired().unwrap(), Some(desired(3)));
        assert!(matches!(store.mode().unwrap(), Mode::OutOfService { since_ms: 4, .. }));
    }

    #[test]
    fn session_numbers_rise_over_restarts_whatever_the_clock_says() {
        let dir = tempfile::tempdir().unwrap();
        for (now_ms, expected) in [(1_000_000, 1001), (0, 1002), (9_000_000, 9001), (500_000, 9002)] {
            let store = Store::new(open(dir.path()).unwrap().0);
            assert_eq!(store.next_session(0, now_ms).unwrap(), expected);
        }
    }

    #[test]
    fn a_file_that_is_no_store_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), b"this is not a database, it is a sentence of some length")
            .unwrap();
        match open(dir.path()) {
            Ok((_, put_aside)) => assert!(put_aside),
            Err(error) => assert!(error.to_string().contains(FILE), "{error}"),
        }
    }
}
