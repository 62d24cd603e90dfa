//! The durable memory of commands: written before any effect, bounded, and the reason why an id
//! runs at most once. A settled record is forgotten, the oldest first, only when no duplicate of it
//! could still be valid.

use std::sync::Arc;

use migrado_protocol::command::{Ack, CommandState, Order, Rejection, Verb};
use migrado_protocol::ids::CommandId;
use migrado_protocol::limits::{COMMAND_FINISH_MS_MAX, clip};
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition};
use serde::{Deserialize, Serialize};

use super::Tell;
use super::gate::{Kind, RATE_WINDOW_MS, Seen};
use crate::platform::process::Evidence;
use crate::store::StoreError;

/// Records that are kept.
pub const RECORDS_MAX: u64 = 10_000;
/// Milliseconds for which a settled record is kept beyond its finish-by: by then every duplicate has
/// expired, even on a clock that is a day wrong.
pub const KEPT_AFTER_FINISH_MS: i64 = 24 * 60 * 60 * 1000;
/// Records that one pruning removes at most, so that it stays short.
const PRUNED_AT_ONCE: usize = 200;

const RECORDS: TableDefinition<'static, u128, &[u8]> = TableDefinition::new("command_journal");
const SEQUENCES: TableDefinition<'static, &str, u64> = TableDefinition::new("command_sequence");
const ACCEPTED: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("command_accepted_ms");
const LAST: &str = "last";
const NAME: &str = "command journal";
/// What is told of a command whose record is damaged.
const UNREADABLE: &str = "what is remembered of it cannot be read; it is not carried out";

/// One command as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What was ordered.
    pub order: Order,
    /// The sequence with which it came first.
    pub sequence: u64,
    /// Where it stands.
    pub state: CommandState,
    /// Since when.
    pub at_ms: i64,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
    /// It waits for a session's end until this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_until_ms: Option<i64>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Who began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl Record {
    /// One that was taken.
    pub fn accepted(order: Order, sequence: u64, waits_until_ms: Option<i64>, now_ms: i64) -> Self {
        Self {
            order,
            sequence,
            state: CommandState::Accepted,
            at_ms: now_ms,
            rejection: None,
            waits_until_ms,
            detail: None,
            evidence: None,
        }
    }

    /// One that was refused at the gate.
    pub fn rejected(order: Order, sequence: u64, rejection: Rejection, now_ms: i64) -> Self {
        Self::accepted(order, sequence, None, now_ms).ended(
            CommandState::Rejected,
            Some(rejection),
            None,
            now_ms,
        )
    }

    /// One that was taken back before it came, so that it never runs when it does. A settled
    /// record's order is never carried out: a harmless one stands in the place of the unknown one.
    pub fn canceled_unseen(id: CommandId, sequence: u64, now_ms: i64) -> Self {
        let finish_by_ms = now_ms.saturating_add(COMMAND_FINISH_MS_MAX);
        let order =
            Order { id, verb: Verb::ReportNow, start_by_ms: now_ms, finish_by_ms, force_reason: None };
        Self::accepted(order, sequence, None, now_ms).ended(CommandState::Canceled, None, None, now_ms)
    }

    /// The same, waiting for a session.
    #[must_use]
    pub fn waiting(self, until_ms: i64) -> Self {
        Self { waits_until_ms: Some(until_ms), ..self }
    }

    /// The same, begun.
    #[must_use]
    pub fn running(self, by: Evidence, now_ms: i64) -> Self {
        Self { state: CommandState::Running, at_ms: now_ms, waits_until_ms: None, evidence: Some(by), ..self }
    }

    /// The same, over.
    #[must_use]
    pub fn ended(
        self,
        state: CommandState,
        rejection: Option<Rejection>,
        detail: Option<&str>,
        now_ms: i64,
    ) -> Self {
        Self { state, at_ms: now_ms, rejection, waits_until_ms: None, detail: detail.map(clip), ..self }
    }

    /// What is told about it.
    pub fn ack(&self) -> Ack {
        Ack {
            id: self.order.id,
            state: self.state,
            at_ms: self.at_ms,
            rejection: self.rejection,
            waits_until_ms: self.waits_until_ms,
            detail: self.detail.clone(),
        }
    }

    /// What stands for one whose memory is damaged: nobody knows how far it came, so it is over.
    fn unreadable(id: CommandId) -> Self {
        Self::canceled_unseen(id, 0, 0).ended(CommandState::Failed, None, Some(UNREADABLE), 0)
    }

    fn may_be_forgotten(&self, now_ms: i64) -> bool {
        self.state.is_settled() && self.order.finish_by_ms.saturating_add(KEPT_AFTER_FINISH_MS) < now_ms
    }
}

/// The journal. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    db: Arc<Database>,
    records_max: u64,
}

fn failed(operation: &'static str) -> impl Fn(redb::Error) -> StoreError {
    move |source| StoreError::access(operation, NAME, source)
}

impl Journal {
    /// Opens it in the store; makes its tables.
    pub fn open(db: Arc<Database>) -> Result<Self, StoreError> {
        let journal = Self { db, records_max: RECORDS_MAX };
        journal.raise_sequence(0)?;
        Ok(journal)
    }

    #[cfg(test)]
    pub(crate) fn bounded(self, records_max: u64) -> Self {
        Self { records_max, ..self }
    }

    /// What is remembered of an id.
    pub fn record(&self, id: CommandId) -> Result<Option<Record>, StoreError> {
        let read = self.db.begin_read().map_err(|e| failed("read")(e.into()))?;
        let table = read.open_table(RECORDS).map_err(|e| failed("read")(e.into()))?;
        let Some(bytes) = table.get(id.0.as_u128()).map_err(|e| failed("read")(e.into()))? else {
            return Ok(None);
        };
        match decode(bytes.value()) {
            Ok(record) => Ok(Some(record)),
            Err(error) => {
                tracing::error!(command = %id, error = &error as &dyn std::error::Error, "{UNREADABLE}");
                Ok(Some(Record::unreadable(id)))
            }
        }
    }

    /// The highest sequence that was taken.
    pub fn last_sequence(&self) -> Result<u64, StoreError> {
        let read = self.db.begin_read().map_err(|e| failed("read")(e.into()))?;
        let table = read.open_table(SEQUENCES).map_err(|e| failed("read")(e.into()))?;
        Ok(table.get(LAST).map_err(|e| failed("read")(e.into()))?.map_or(0, |last| last.value()))
    }

    /// What the gate needs to know.
    pub fn seen(&self, order: &Order, has_room: bool, now_ms: i64) -> Result<Seen, StoreError> {
        let is_known = self.record(order.id)?.is_some();
        let recent = match Kind::of(&order.verb) {
            Some(kind) => u32::try_from(self.accepted_within(kind, now_ms)?.len()).unwrap_or(u32::MAX),
            None => 0,
        };
        let has_room = has_room && self.make_room(now_ms)?;
        Ok(Seen { last_sequence: self.last_sequence()?, is_known, has_room, recent })
    }

    /// Notes a new command, its sequence, its count against the limits, and its ack: all or nothing.
    /// A rejected one for which there is no room is told, not kept.
    pub fn take(&self, record: &Record, keep: bool, now_ms: i64, tell: &dyn Tell) -> Result<(), StoreError> {
        let kind = Kind::of(&record.order.verb).filter(|_| record.state == CommandState::Accepted);
        let accepted = match kind {
            Some(kind) => Some((kind, self.accepted_within(kind, now_ms)?)),
            None => None,
        };
        self.write(|write| {
            if keep {
                let mut table = write.open_table(RECORDS).map_err(|e| failed("write")(e.into()))?;
                put(&mut table, record)?;
            }
            if let Some((kind, mut times)) = accepted {
                times.push(now_ms);
                let bytes = encode(&times)?;
                let mut table = write.open_table(ACCEPTED).map_err(|e| failed("write")(e.into()))?;
                table.insert(kind.word(), bytes.as_slice()).map_err(|e| failed("write")(e.into()))?;
            }
            raise(write, record.sequence)?;
            tell.tell(write, &record.ack())
        })?;
        tell.told();
        Ok(())
    }

    /// Notes a new state of a known command, together with its ack. `false`, and nothing is noted,
    /// when the command is over already: it may have been taken back meanwhile.
    pub fn advance(&self, record: &Record, tell: &dyn Tell) -> Result<bool, StoreError> {
        let mut is_open = true;
        self.write(|write| {
            let mut table = write.open_table(RECORDS).map_err(|e| failed("write")(e.into()))?;
            let id = record.order.id.0.as_u128();
            if let Some(kept) = table.get(id).map_err(|e| failed("write")(e.into()))? {
                is_open = !decode(kept.value())?.state.is_settled();
            }
            if !is_open {
                return Ok(());
            }
            put(&mut table, record)?;
            drop(table);
            tell.tell(write, &record.ack())
        })?;
        tell.told();
        Ok(is_open)
    }

    /// Notes that a command was taken back, with the sequence of the cancellation and the ack: all
    /// or nothing, so that no kill between two steps lets it run.
    pub fn cancel(
        &self,
        id: CommandId,
        known: Option<Record>,
        sequence: u64,
        now_ms: i64,
        tell: &dyn Tell,
    ) -> Result<(), StoreError> {
        let keep = known.is_some() || self.make_room(now_ms)?;
        let record = match known {
            Some(known) => known.ended(CommandState::Canceled, None, None, now_ms),
            None => Record::canceled_unseen(id, sequence, now_ms),
        };
        self.write(|write| {
            if keep {
                let mut table = write.open_table(RECORDS).map_err(|e| failed("write")(e.into()))?;
                put(&mut table, &record)?;
            }
            raise(write, sequence)?;
            tell.tell(write, &record.ack())
        })?;
        tell.told();
        Ok(())
    }

    /// Tells the state of a known command again; the sequence with which it was asked is taken.
    pub fn tell_again(&self, record: &Record, sequence: u64, tell: &dyn Tell) -> Result<(), StoreError> {
        self.tell_only(&record.ack(), sequence, tell)
    }

    /// Tells without keeping anything but the sequence.
    pub fn tell_only(&self, ack: &Ack, sequence: u64, tell: &dyn Tell) -> Result<(), StoreError> {
        self.write(|write| {
            raise(write, sequence)?;
            tell.tell(write, ack)
        })?;
        tell.told();
        Ok(())
    }

    /// Takes a sequence.
    pub fn raise_sequence(&self, sequence: u64) -> Result<(), StoreError> {
        self.write(|write| {
            write.open_table(RECORDS).map_err(|e| failed("write")(e.into()))?;
            write.open_table(ACCEPTED).map_err(|e| failed("write")(e.into()))?;
            raise(write, sequence)
        })
    }

    /// Every command that is not settled, in the order of their coming. One that cannot be read is
    /// passed over: it never runs, and must not keep the others or the agent from starting.
    pub fn open_records(&self) -> Result<Vec<Record>, StoreError> {
        let read = self.db.begin_read().map_err(|e| failed("read")(e.into()))?;
        let table = read.open_table(RECORDS).map_err(|e| failed("read")(e.into()))?;
        let mut open = Vec::new();
        for entry in table.iter().map_err(|e| failed("read")(e.into()))? {
            let (id, bytes) = entry.map_err(|e| failed("read")(e.into()))?;
            match decode(bytes.value()) {
                Ok(record) if record.state.is_settled() => {}
                Ok(record) => open.push(record),
                Err(error) => {
                    let command = CommandId(uuid::Uuid::from_u128(id.value()));
                    tracing::error!(%command, error = &error as &dyn std::error::Error, "a command is not carried out");
                }
            }
        }
        open.sort_by_key(|record| record.sequence);
        Ok(open)
    }

    /// How many commands are remembered.
    pub fn len(&self) -> Result<u64, StoreError> {
        let read = self.db.begin_read().map_err(|e| failed("read")(e.into()))?;
        let table = read.open_table(RECORDS).map_err(|e| failed("read")(e.into()))?;
        table.len().map_err(|e| failed("read")(e.into()))
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// Forgets old settled commands if the journal is full. Whether there is room then.
    fn make_room(&self, now_ms: i64) -> Result<bool, StoreError> {
        if self.len()? < self.records_max {
            return Ok(true);
        }
        self.write(|write| {
            let mut table = write.open_table(RECORDS).map_err(|e| failed("prune")(e.into()))?;
            // Ids are UUIDs of version 7: their order is that of their making.
            let mut old = Vec::new();
            for entry in table.iter().map_err(|e| failed("prune")(e.into()))? {
                let (id, bytes) = entry.map_err(|e| failed("prune")(e.into()))?;
                if decode(bytes.value()).is_ok_and(|record| record.may_be_forgotten(now_ms)) {
                    old.push(id.value());
                }
                if old.len() == PRUNED_AT_ONCE {
                    break;
                }
            }
            for id in old {
                table.remove(id).map_err(|e| failed("prune")(e.into()))?;
            }
            Ok(())
        })?;
        Ok(self.len()? < self.records_max)
    }

    fn accepted_within(&self, kind: Kind, now_ms: i64) -> Result<Vec<i64>, StoreError> {
        let read = self.db.begin_read().map_err(|e| failed("read")(e.into()))?;
        let table = read.open_table(ACCEPTED).map_err(|e| failed("read")(e.into()))?;
        let Some(bytes) = table.get(kind.word()).map_err(|e| failed("read")(e.into()))? else {
            return Ok(Vec::new());
        };
        let times: Vec<i64> = serde_json::from_slice(bytes.value())
            .map_err(|source| StoreError::Damaged { name: NAME, source })?;
        // A time ahead of the clock was noted while the clock was wrong. It would count until the
        // clock has caught up, which may take years.
        Ok(times.into_iter().filter(|at| (now_ms - RATE_WINDOW_MS + 1..=now_ms).contains(at)).collect())
    }

    fn write(
        &self,
        body: impl FnOnce(&redb::WriteTransaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let write = self.db.begin_write().map_err(|e| failed("write")(e.into()))?;
        body(&write)?;
        write.commit().map_err(|e| failed("write")(e.into()))
    }
}

fn raise(write: &redb::WriteTransaction, sequence: u64) -> Result<(), StoreError> {
    let mut table = write.open_table(SEQUENCES).map_err(|e| failed("write")(e.into()))?;
    let last = table.get(LAST).map_err(|e| failed("write")(e.into()))?.map_or(0, |last| last.value());
    if sequence > last {
        table.insert(LAST, sequence).map_err(|e| failed("write")(e.into()))?;
    }
    Ok(())
}

fn put(table: &mut Table<'_, u128, &[u8]>, record: &Record) -> Result<(), StoreError> {
    let bytes = encode(record)?;
    table.insert(record.order.id.0.as_u128(), bytes.as_slice()).map_err(|e| failed("write")(e.into()))?;
    Ok(())
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|source| StoreError::Damaged { name: NAME, source })
}

fn decode(bytes: &[u8]) -> Result<Record, StoreError> {
    serde_json::from_slice(bytes).map_err(|source| StoreError::Damaged { name: NAME, source })
}
