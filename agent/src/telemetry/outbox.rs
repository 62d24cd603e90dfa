//! What must not be lost: command results, usage and faults wait here, on the disk, until the
//! controller says that it has stored them. First in, first out; bounded; every push is on the disk
//! when it returns.
//!
//! Usage is cumulative per hour, so a newer count of an hour takes the place of an older one that
//! still waits. When all room is taken, faults go first, then usage, the results of commands last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use migrado_protocol::Ack;
use migrado_protocol::topic::Channel;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::watch;

use crate::commands::Tell;
use crate::store::StoreError;

/// Bytes of all that waits: months of a usual display.
pub const OUTBOX_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes that one item costs besides its own: key and bookkeeping of the table.
const ITEM_OVERHEAD_BYTES: u64 = 64;
/// Items that may be on the disk and count no more, before they are taken from it by themselves: a
/// message's worth of receipts.
const GONE_MAX: usize = 64;
const NAME: &str = "outbox";
const ITEMS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new(NAME);

/// The order in which things go when there is no room: the first of these first.
const LEAST_FIRST: [Kind; 3] = [Kind::Fault, Kind::Usage, Kind::Ack];

/// What waits.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its place; rises.
    pub id: u64,
    /// Which channel it goes to.
    pub channel: Channel,
    /// When it happened.
    pub at_ms: i64,
    /// The body, as JSON.
    pub body: Box<RawValue>,
}

/// How full it is, for the log and the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fill {
    /// Items that wait.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Items that had to go because there was no room, since the agent started.
    pub dropped: u64,
}

/// An item could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// It has no JSON form.
    #[error("the item cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// It is larger than the whole outbox.
    #[error("an item of {0} bytes is larger than the outbox")]
    TooLarge(u64),
    /// The disk did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Fault,
    Usage,
    Ack,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    kind: Kind,
    at_ms: i64,
    /// The hour of usage: a newer count of the same hour takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hour: Option<u32>,
    body: Box<RawValue>,
}

/// One entry of the index that is kept in memory.
#[derive(Debug, Clone, Copy)]
struct Entry {
    id: u64,
    kind: Kind,
    hour: Option<u32>,
    bytes: u64,
}

#[derive(Debug)]
struct Index {
    entries: Vec<Entry>,
    next_id: u64,
    fill: Fill,
    bytes_max: u64,
    /// What is in a transaction that is not on the disk yet.
    staged: Vec<Staged>,
    /// What is still on the disk and counts no more: it goes with the next item that is written.
    gone: Vec<u64>,
}

#[derive(Debug)]
struct Staged {
    entry: Entry,
    superseded: Vec<u64>,
    crowded_out: Vec<u64>,
    swept: Vec<u64>,
}

/// The outbox. A cheap handle.
#[derive(Debug, Clone)]
pub struct Outbox {
    db: Arc<Database>,
    index: Arc<Mutex<Index>>,
    pushed: Arc<watch::Sender<u64>>,
}

impl Outbox {
    /// Opens the outbox in the agent's store; what waited before is still there.
    pub fn open(db: Arc<Database>) -> Result<Self, OutboxError> {
        Self::open_bounded(db, OUTBOX_BYTES_MAX)
    }

    fn open_bounded(db: Arc<Database>, bytes_max: u64) -> Result<Self, OutboxError> {
        let mut index = Index {
            entries: Vec::new(),
            next_id: 1,
            fill: Fill::default(),
            bytes_max,
            staged: Vec::new(),
            gone: Vec::new(),
        };
        let read = db.begin_read().map_err(|e| failed("read", e))?;
        match read.open_table(ITEMS) {
            Ok(table) => {
                for row in table.iter().map_err(|e| failed("read", e))? {
                    let (id, bytes) = row.map_err(|e| failed("read", e))?;
                    let (id, bytes) = (id.value(), bytes.value());
                    index.next_id = id + 1;
                    // A damaged item stays on the disk unseen rather than stopping all others.
                    if let Ok(stored) = serde_json::from_slice::<Stored>(bytes) {
                        index.add(Entry {
                            id,
                            kind: stored.kind,
                            hour: stored.hour,
                            bytes: cost(bytes.len()),
                        });
                    }
                }
            }
            Err(redb::TableError::TableDoesNotExist(_)) => {}
            Err(e) => return Err(failed("read", e).into()),
        }
        drop(read);
        Ok(Self { db, index: Arc::new(Mutex::new(index)), pushed: Arc::new(watch::Sender::new(0)) })
    }

    /// Keeps an item: a result ([`Channel::Ack`]) or a fault ([`Channel::Report`]).
    pub fn push<B: Serialize>(&self, channel: Channel, body: &B, at_ms: i64) -> Result<u64, OutboxError> {
        let kind = if channel == Channel::Ack { Kind::Ack } else { Kind::Fault };
        self.keep(kind, None, body, at_ms)
    }

    /// Keeps the count of an hour in place of an older one that still waits.
    pub fn push_usage(&self, usage: &migrado_protocol::UsageHour, at_ms: i64) -> Result<u64, OutboxError> {
        self.keep(Kind::Usage, Some(usage.hour), usage, at_ms)
    }

    fn keep<B: Serialize>(
        &self,
        kind: Kind,
        hour: Option<u32>,
        body: &B,
        at_ms: i64,
    ) -> Result<u64, OutboxError> {
        // The order of locks: first the writer's, then the index. `tell` comes with the writer's.
        let write = self.db.begin_write().map_err(|e| failed("write", e))?;
        let id = self.put(&write, kind, hour, body, at_ms)?;
        write.commit().map_err(|e| failed("write", e))?;
        self.told();
        Ok(id)
    }

    /// Puts an item into a transaction; [`Tell::told`] makes it seen once that is on the disk.
    fn put<B: Serialize>(
        &self,
        write: &WriteTransaction,
        kind: Kind,
        hour: Option<u32>,
        body: &B,
        at_ms: i64,
    ) -> Result<u64, OutboxError> {
        let body = serde_json::value::to_raw_value(body).map_err(OutboxError::Encode)?;
        let bytes = serde_json::to_vec(&Stored { kind, at_ms, hour, body }).map_err(OutboxError::Encode)?;
        let mut index = self.index();
        let entry = Entry { id: index.next_id, kind, hour, bytes: cost(bytes.len()) };
        let (superseded, crowded_out) = index.makes_room_for(&entry)?;
        let mut table = write.open_table(ITEMS).map_err(|e| failed("write", e))?;
        let swept = index.gone.clone();
        for id in superseded.iter().chain(&crowded_out).chain(&swept) {
            table.remove(id).map_err(|e| failed("write", e))?;
        }
        table.insert(entry.id, bytes.as_slice()).map_err(|e| failed("write", e))?;
        index.next_id += 1;
        index.staged.push(Staged { entry, superseded, crowded_out, swept });
        Ok(entry.id)
    }

    /// The oldest items after `after`, at most `count`.
    pub fn oldest(&self, after: u64, count: usize) -> Result<Vec<Item>, OutboxError> {
        let ids: Vec<u64> = {
            let index = self.index();
            index.entries.iter().filter(|e| e.id > after).take(count).map(|e| e.id).collect()
        };
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.db.begin_read().map_err(|e| failed("read", e))?;
        let table = read.open_table(ITEMS).map_err(|e| failed("read", e))?;
        let (mut items, mut gone) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            let row = table.get(id).map_err(|e| failed("read", e))?;
            match row.and_then(|row| serde_json::from_slice::<Stored>(row.value()).ok()) {
                Some(s) => items.push(Item { id, channel: s.kind.channel(), at_ms: s.at_ms, body: s.body }),
                // Its transaction never came to the disk.
                None => gone.push(id),
            }
        }
        self.index().forget(&gone);
        Ok(items)
    }

    /// Forgets items that the controller has. Not on the disk at once: after a power cut they would be
    /// sent once more, and whatever waits here may be heard twice.
    pub fn remove(&self, ids: &[u64]) -> Result<(), OutboxError> {
        let many = {
            let mut index = self.index();
            index.forget(ids);
            index.gone.extend(ids);
            index.gone.len() >= GONE_MAX
        };
        if many { self.sweep() } else { Ok(()) }
    }

    /// Takes from the disk what counts no more.
    fn sweep(&self) -> Result<(), OutboxError> {
        let mut write: WriteTransaction = self.db.begin_write().map_err(|e| failed("write", e))?;
        write.set_durability(Durability::None).map_err(|e| failed("write", e))?;
        let swept = self.index().gone.clone();
        {
            let mut table = write.open_table(ITEMS).map_err(|e| failed("write", e))?;
            for id in &swept {
                table.remove(id).map_err(|e| failed("write", e))?;
            }
        }
        write.commit().map_err(|e| failed("write", e))?;
        self.index().swept(&swept);
        Ok(())
    }

    /// Whether an item up to this number still waits.
    pub fn waits_up_to(&self, id: u64) -> bool {
        self.index().entries.first().is_some_and(|oldest| oldest.id <= id)
    }

    /// How full it is.
    pub fn fill(&self) -> Fill {
        self.index().fill
    }

    /// Changes whenever something was pushed.
    pub fn pushed(&self) -> watch::Receiver<u64> {
        self.pushed.subscribe()
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Outbox {
    /// The last handle of an agent that stops in order leaves nothing that would be told again.
    fn drop(&mut self) {
        if Arc::strong_count(&self.index) == 1
            && !self.index().gone.is_empty()
            && let Err(error) = self.sweep()
        {
            tracing::debug!(error = &error as &dyn std::error::Error, "told items stay in the outbox");
        }
    }
}

impl Tell for Outbox {
    fn tell(&self, write: &WriteTransaction, ack: &Ack) -> Result<(), StoreError> {
        match self.put(write, Kind::Ack, None, ack, ack.at_ms) {
            Ok(_) => Ok(()),
            Err(OutboxError::Store(error)) => Err(error),
            Err(OutboxError::Encode(source)) => Err(StoreError::Damaged { name: NAME, source }),
            Err(OutboxError::TooLarge(_)) => {
                Err(StoreError::access("write", NAME, redb::StorageError::ValueTooLarge(0)))
            }
        }
    }

    fn told(&self) {
        let mut index = self.index();
        let mut last = None;
        for staged in std::mem::take(&mut index.staged) {
            index.forget(&staged.superseded);
            index.forget(&staged.crowded_out);
            index.swept(&staged.swept);
            index.fill.dropped += staged.crowded_out.len() as u64;
            index.add(staged.entry);
            last = Some(staged.entry.id);
        }
        drop(index);
        if let Some(last) = last {
            self.pushed.send_replace(last);
        }
    }
}

impl Kind {
    fn channel(self) -> Channel {
        match self {
            Self::Fault => Channel::Report,
            Self::Usage => Channel::Usage,
            Self::Ack => Channel::Ack,
        }
    }
}

impl Index {
    fn add(&mut self, entry: Entry) {
        self.fill.items += 1;
        self.fill.bytes += entry.bytes;
        self.entries.push(entry);
    }

    fn forget(&mut self, ids: &[u64]) {
        let fill = &mut self.fill;
        self.entries.retain(|e| {
            let goes = ids.contains(&e.id);
            if goes {
                fill.items -= 1;
                fill.bytes -= e.bytes;
            }
            !goes
        });
    }

    /// These are on the disk no more.
    fn swept(&mut self, ids: &[u64]) {
        self.gone.retain(|id| !ids.contains(id));
    }

    /// Which items go for this one: those it supersedes, and those there is no room for any more.
    fn makes_room_for(&self, new: &Entry) -> Result<(Vec<u64>, Vec<u64>), OutboxError> {
        if new.bytes > self.bytes_max {
            return Err(OutboxError::TooLarge(new.bytes));
        }
        let same_hour = |e: &&Entry| e.kind == new.kind && e.hour.is_some() && e.hour == new.hour;
        let superseded: Vec<Entry> = self.entries.iter().filter(same_hour).copied().collect();
        let staged: u64 = self.staged.iter().map(|s| s.entry.bytes).sum();
        let mut bytes =
            self.fill.bytes + staged + new.bytes - superseded.iter().map(|e| e.bytes).sum::<u64>();
        let superseded: Vec<u64> = superseded.iter().map(|e| e.id).collect();
        let mut crowded_out = Vec::new();
        for kind in LEAST_FIRST {
            for entry in self.entries.iter().filter(|e| e.kind == kind && !superseded.contains(&e.id)) {
                if bytes <= self.bytes_max {
                    return Ok((superseded, crowded_out));
                }
                bytes -= entry.bytes;
                crowded_out.push(entry.id);
            }
        }
        Ok((superseded, crowded_out))
    }
}

fn cost(bytes: usize) -> u64 {
    bytes as u64 + ITEM_OVERHEAD_BYTES
}

fn failed(operation: &'static str, error: impl Into<redb::Error>) -> StoreError {
    StoreError::access(operation, NAME, error)
}

#[cfg(test)]
mod tests;
