//! Totals of what visitors used, for whoever asks often: kept in memory beside the database, so
//! that a scrape costs no query. Ingest adds what a commit brought; a restart reads them again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use migrado_protocol::TerminalId;
use migrado_protocol::usage::Counter;
use sqlx::AnyPool;

use crate::fleet::FleetHandle;
use crate::store::usage::Risen;
use crate::store::{StoreError, usage as rows};

/// The site of terminals that are no longer in the fleet: what they counted stays counted.
const RETIRED: &str = "retired";

type ByTerminal = BTreeMap<TerminalId, BTreeMap<Counter, u64>>;

/// The totals; a cheap handle.
#[derive(Debug, Clone, Default)]
pub struct Totals(Arc<Mutex<ByTerminal>>);

impl Totals {
    /// The totals of this database.
    pub async fn open(pool: &AnyPool) -> Result<Self, StoreError> {
        let mut all = ByTerminal::new();
        for (terminal, counter, n) in rows::totals(pool).await? {
            all.entry(terminal).or_default().insert(counter, n);
        }
        Ok(Self(Arc::new(Mutex::new(all))))
    }

    /// Adds what was committed.
    pub fn add(&self, terminal: &TerminalId, risen: Risen) {
        if risen.is_empty() {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counters = all.entry(terminal.clone()).or_default();
        for (counter, n) in risen {
            *counters.entry(counter).or_default() += n;
        }
    }

    /// Totals by site and counter.
    pub fn by_site(&self, fleet: &FleetHandle) -> BTreeMap<(String, &'static str), u64> {
        let mut sites = BTreeMap::new();
        for (terminal, counters) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let site = fleet.get(terminal).map_or_else(|| RETIRED.to_owned(), |t| t.site.to_string());
            for (counter, n) in counters {
                *sites.entry((site.clone(), counter.word())).or_default() += n;
            }
        }
        sites
    }
}
