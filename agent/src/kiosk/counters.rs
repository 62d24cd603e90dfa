//! Counters of what visitors use, formed on the display: cumulative per hour, on the disk before
//! anybody is told. There is no other record of a visit.

use std::collections::BTreeMap;
use std::sync::Arc;

use migrado_protocol::UsageHour;
use migrado_protocol::usage::Counter;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::watch;

use super::hour_of;
use crate::sensors::usage::Hours;

/// Hour and counter word to count.
const COUNTS: TableDefinition<'static, (u32, &str), u32> = TableDefinition::new("usage");

/// Hours with counts that nobody was told of yet. Kept beside the counts in the same transaction, so
/// that a restart tells neither all hours again nor none.
const UNTOLD: TableDefinition<'static, u32, ()> = TableDefinition::new("usage_untold");

/// Hours that are kept: a month, so that a clock that is set back finds its hour again.
const HOURS_KEPT: u32 = 31 * 24;

/// A counter does not grow by more than this within one hour: a page gone mad must not invent
/// visitors. A display serves one person at a time, none of whom stays for less than some seconds.
const HOUR_COUNT_MAX: u32 = 1_000;

/// Why counts could not be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} the usage counters")]
pub struct CountersError {
    operation: &'static str,
    #[source]
    source: Box<redb::Error>,
}

/// The counters. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Counters {
    db: Arc<Database>,
    changed: watch::Sender<u64>,
}

impl Counters {
    /// The counters of a display's database.
    pub fn new(db: Arc<Database>) -> Self {
        Self { db, changed: watch::Sender::new(0) }
    }

    /// Counts. A disk that refuses costs the count, never the visitor: it is logged and that is it.
    pub fn bump(&self, counter: Counter, n: u32, now_ms: i64) {
        match self.try_bump(counter, n, hour_of(now_ms)) {
            Ok(()) => self.changed.send_modify(|n| *n += 1),
            Err(error) => {
                tracing::warn!(
                    counter = counter.word(),
                    error = &error as &dyn std::error::Error,
                    "usage is not counted"
                );
            }
        }
    }

    /// Wakes when something was counted.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The counts of an hour.
    pub fn hour(&self, hour: u32) -> Result<UsageHour, CountersError> {
        let failed = |source: redb::Error| CountersError { operation: "read", source: Box::new(source) };
        let read = self.db.begin_read().map_err(|e| failed(e.into()))?;
        let mut counts = BTreeMap::new();
        let table = match read.open_table(COUNTS) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(UsageHour { hour, counts }),
            Err(e) => return Err(failed(e.into())),
        };
        for counter in Counter::ALL {
            if let Some(count) = table.get((hour, counter.word())).map_err(|e| failed(e.into()))? {
                counts.insert(counter, count.value());
            }
        }
        Ok(UsageHour { hour, counts })
    }

    /// The hours that have counts and are kept, the oldest first.
    pub fn hours(&self) -> Result<Vec<u32>, CountersError> {
        let failed = |source: redb::Error| CountersError { operation: "read", source: Box::new(source) };
        let read = self.db.begin_read().map_err(|e| failed(e.into()))?;
        let table = match read.open_table(COUNTS) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(e) => return Err(failed(e.into())),
        };
        let mut hours: Vec<u32> = Vec::new();
        for row in table.iter().map_err(|e| failed(e.into()))? {
            let (hour, _) = row.map_err(|e| failed(e.into()))?.0.value();
            if hours.last() != Some(&hour) {
                hours.push(hour);
            }
        }
        Ok(hours)
    }

    /// Every hour that is kept, closed ones and the open one, the oldest first.
    pub fn closed_and_open_hours(&self) -> Result<Vec<UsageHour>, CountersError> {
        self.hours()?.into_iter().map(|hour| self.hour(hour)).collect()
    }

    /// The hours that were counted in since they were told last.
    pub fn untold_hours(&self) -> Result<Vec<UsageHour>, CountersError> {
        let failed = |source: redb::Error| CountersError { operation: "read", source: Box::new(source) };
        let read = self.db.begin_read().map_err(|e| failed(e.into()))?;
        let table = match read.open_table(UNTOLD) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(e) => return Err(failed(e.into())),
        };
        let mut hours = Vec::new();
        for row in table.iter().map_err(|e| failed(e.into()))? {
            hours.push(row.map_err(|e| failed(e.into()))?.0.value());
        }
        hours.into_iter().map(|hour| self.hour(hour)).collect()
    }

    /// These hours are told, with the counts that they have now. Not synced by itself: after a power
    /// cut they would be told once more, which changes nothing.
    pub fn mark_told(&self, hours: &[UsageHour]) -> Result<(), CountersError> {
        let failed = |source: redb::Error| CountersError { operation: "write", source: Box::new(source) };
        let mut write = self.db.begin_write().map_err(|e| failed(e.into()))?;
        write.set_durability(Durability::None).map_err(|e| failed(e.into()))?;
        {
            let mut table = write.open_table(UNTOLD).map_err(|e| failed(e.into()))?;
            for hour in hours {
                table.remove(hour.hour).map_err(|e| failed(e.into()))?;
            }
        }
        write.commit().map_err(|e| failed(e.into()))
    }

    fn try_bump(&self, counter: Counter, n: u32, hour: u32) -> Result<(), CountersError> {
        let failed = |source: redb::Error| CountersError { operation: "write", source: Box::new(source) };
        let write = self.db.begin_write().map_err(|e| failed(e.into()))?;
        {
            let mut table = write.open_table(COUNTS).map_err(|e| failed(e.into()))?;
            let before =
                table.get((hour, counter.word())).map_err(|e| failed(e.into()))?.map_or(0, |v| v.value());
            let after = before.saturating_add(n).min(HOUR_COUNT_MAX);
            table.insert((hour, counter.word()), after).map_err(|e| failed(e.into()))?;
            let oldest = hour.saturating_sub(HOURS_KEPT);
            table.retain_in(..(oldest, ""), |_, _| false).map_err(|e| failed(e.into()))?;
            let mut untold = write.open_table(UNTOLD).map_err(|e| failed(e.into()))?;
            untold.insert(hour, ()).map_err(|e| failed(e.into()))?;
            untold.retain_in(..oldest, |_, ()| false).map_err(|e| failed(e.into()))?;
        }
        write.commit().map_err(|e| failed(e.into()))
    }
}

impl Hours for Counters {
    fn untold(&self) -> Result<Vec<UsageHour>, String> {
        self.untold_hours().map_err(|error| error.to_string())
    }

    fn told(&self, hours: &[UsageHour]) -> Result<(), String> {
        self.mark_told(hours).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(path: &std::path::Path) -> Arc<Database> {
        Arc::new(Database::create(path).unwrap())
    }

    #[test]
    fn counts_per_hour_survive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.redb");
        let hour_ms = 3_600_000;
        {
            let counters = Counters::new(db(&path));
            counters.bump(Counter::SessionsBegun, 1, 10 * hour_ms);
            counters.bump(Counter::SessionsBegun, 1, 11 * hour_ms - 1);
            counters.bump(Counter::SheetsPrinted, 3, 11 * hour_ms);
        }
        let counters = Counters::new(db(&path));
        assert_eq!(counters.hours().unwrap(), [10, 11]);
        assert_eq!(counters.hour(10).unwrap().counts, BTreeMap::from([(Counter::SessionsBegun, 2)]));
        assert_eq!(counters.hour(11).unwrap().counts, BTreeMap::from([(Counter::SheetsPrinted, 3)]));
        assert!(counters.hour(12).unwrap().counts.is_empty());
    }

    #[test]
    fn a_page_gone_mad_cannot_invent_visitors_without_bound() {
        let dir = tempfile::tempdir().unwrap();
        let counters = Counters::new(db(&dir.path().join("agent.redb")));
        counters.bump(Counter::SessionsBegun, u32::MAX, 0);
        counters.bump(Counter::SessionsBegun, 1, 0);
        assert_eq!(counters.hour(0).unwrap().counts[&Counter::SessionsBegun], HOUR_COUNT_MAX);
    }

    #[test]
    fn old_hours_go() {
        let dir = tempfile::tempdir().unwrap();
        let counters = Counters::new(db(&dir.path().join("agent.redb")));
        let hour_ms = 3_600_000;
        counters.bump(Counter::SessionsBegun, 1, 0);
        counters.bump(Counter::SessionsBegun, 1, i64::from(HOURS_KEPT + 1) * hour_ms);
        assert_eq!(counters.hours().unwrap(), [HOURS_KEPT + 1]);
    }
}
