//! Counters of use per hour: cumulative, durable at once, without a word of anybody. The usage
//! sensor brings them to the outbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use migrado_protocol::usage::{Counter, UsageHour};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use crate::sensors::usage::Hours;
use crate::store::StoreError;

const HOURS: TableDefinition<'static, u32, &[u8]> = TableDefinition::new("usage_hours");
const NAME: &str = "usage hours";
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Hours that are kept after they are over, so that a clock that is set back counts on.
const HOURS_KEPT: u32 = 48;

/// The counters. A cheap handle.
#[derive(Debug, Clone)]
pub struct Counters {
    db: Arc<Database>,
}

impl Counters {
    /// Opens them; what was counted before a restart counts on.
    pub fn open(db: Arc<Database>) -> Result<Self, StoreError> {
        let write = db.begin_write().map_err(|e| failed("write", e))?;
        write.open_table(HOURS).map_err(|e| failed("write", e))?;
        write.commit().map_err(|e| failed("write", e))?;
        Ok(Self { db })
    }

    /// Counts, on the disk when it returns.
    pub fn bump(&self, counter: Counter, by: u32, now_ms: i64) -> Result<(), StoreError> {
        let hour = hour_of(now_ms);
        let mut usage = self.hour(hour)?.unwrap_or(UsageHour { hour, counts: BTreeMap::new() });
        let count = usage.counts.entry(counter).or_default();
        *count = count.saturating_add(by);
        let bytes =
            serde_json::to_vec(&usage).map_err(|source| StoreError::Damaged { name: NAME, source })?;
        let write = self.db.begin_write().map_err(|e| failed("write", e))?;
        {
            let mut table = write.open_table(HOURS).map_err(|e| failed("write", e))?;
            table.insert(hour, bytes.as_slice()).map_err(|e| failed("write", e))?;
            let old = ..hour.saturating_sub(HOURS_KEPT);
            table.retain_in(old, |_, _| false).map_err(|e| failed("write", e))?;
        }
        write.commit().map_err(|e| failed("write", e))
    }

    fn hour(&self, hour: u32) -> Result<Option<UsageHour>, StoreError> {
        let read = self.db.begin_read().map_err(|e| failed("read", e))?;
        let table = read.open_table(HOURS).map_err(|e| failed("read", e))?;
        let row = table.get(hour).map_err(|e| failed("read", e))?;
        row.map(|bytes| decode(bytes.value())).transpose()
    }
}

impl Hours for Counters {
    fn hours(&self, _now_ms: i64) -> Result<Vec<UsageHour>, String> {
        let words = |e: StoreError| e.to_string();
        let read = self.db.begin_read().map_err(|e| words(failed("read", e)))?;
        let table = read.open_table(HOURS).map_err(|e| words(failed("read", e)))?;
        let mut hours = Vec::new();
        for row in table.iter().map_err(|e| words(failed("read", e)))? {
            let (_, bytes) = row.map_err(|e| words(failed("read", e)))?;
            hours.push(decode(bytes.value()).map_err(words)?);
        }
        Ok(hours)
    }
}

fn hour_of(now_ms: i64) -> u32 {
    u32::try_from(now_ms / HOUR_MS).unwrap_or(0)
}

fn failed(operation: &'static str, source: impl Into<redb::Error>) -> StoreError {
    StoreError::access(operation, NAME, source)
}

fn decode(bytes: &[u8]) -> Result<UsageHour, StoreError> {
    serde_json::from_slice(bytes).map_err(|source| StoreError::Damaged { name: NAME, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    #[test]
    fn counts_go_on_after_a_restart_and_are_sums() {
        let dir = tempfile::tempdir().unwrap();
        for expected in 1..4 {
            let counters = Counters::open(store::open(dir.path()).unwrap().0).unwrap();
            counters.bump(Counter::SessionsBegun, 1, 5 * HOUR_MS).unwrap();
            let hours = counters.hours(5 * HOUR_MS).unwrap();
            assert_eq!((hours.len(), hours[0].counts[&Counter::SessionsBegun]), (1, expected));
        }
    }
}
