//! Commands: what a terminal should do once. `issue` checks, stores and audits; `dispatch` sends
//! what waits to terminals that are connected; `settle` takes the terminals' word and the passing
//! of time. The database is the truth throughout: a restart in the middle changes nothing.

pub mod desk;
pub mod dispatch;
pub mod issue;
pub mod plan;
pub mod settle;
pub mod verbs;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use migrado_protocol::command::Ack;
use migrado_protocol::{CommandId, TerminalId};
use sqlx::AnyPool;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::events::Events;
use crate::store::tx::Tx;
use crate::store::{StoreError, commands as rows};

/// The commands of the fleet; a cheap handle.
#[derive(Debug, Clone)]
pub struct Commands {
    pub(crate) pool: AnyPool,
    pub(crate) events: Events,
    pub(crate) clock: Clock,
    pub(crate) wake: Arc<Notify>,
    /// Where orders are signed, once there is a way to the terminals.
    pub(crate) desk: Arc<OnceLock<Arc<desk::Desk>>>,
    open: Arc<Mutex<Open>>,
}

/// Open commands, counted.
#[derive(Debug, Default)]
struct Open {
    by_terminal: HashMap<String, i64>,
    by_state: BTreeMap<String, u64>,
}

impl Commands {
    /// The commands in this database.
    pub async fn open(pool: AnyPool, events: Events, clock: Clock) -> Result<Self, StoreError> {
        let (wake, desk, open) = (Arc::new(Notify::new()), Arc::default(), Arc::default());
        let commands = Self { pool, events, clock, wake, desk, open };
        commands.recount().await?;
        Ok(commands)
    }

    /// Open commands of a terminal, for the fleet's lists.
    pub fn open_count(&self, terminal: &TerminalId) -> i64 {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.by_terminal.get(terminal.as_str()).copied().unwrap_or(0)
    }

    /// Open commands by state, for metrics.
    pub fn open_states(&self) -> BTreeMap<String, u64> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).by_state.clone()
    }

    /// Takes a terminal's word about a command, within the caller's transaction. After its commit
    /// the caller tells [`Self::changed`]. An order of somebody else is refused here.
    pub async fn acknowledge(
        &self,
        tx: &mut Tx,
        terminal: &TerminalId,
        ack: &Ack,
    ) -> Result<settle::Heard, StoreError> {
        settle::acknowledge(tx, terminal, ack, self.clock.now_ms()).await
    }

    /// Tells everybody that commands changed: the streams, the counts, the dispatcher.
    pub async fn changed(&self, ids: impl IntoIterator<Item = (CommandId, TerminalId)>) {
        for (id, terminal) in ids {
            self.events.command(id);
            self.events.terminal(&terminal);
        }
        if let Err(error) = self.recount().await {
            tracing::error!(%error, "open commands could not be counted");
        }
    }

    /// Something may be to send: a terminal came back, or the broker did.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    async fn recount(&self) -> Result<(), StoreError> {
        let mut counts = Open::default();
        for (terminal, state, n) in rows::open_counts(&self.pool).await? {
            *counts.by_terminal.entry(terminal).or_default() += n;
            *counts.by_state.entry(state).or_default() += n.unsigned_abs();
        }
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = counts;
        Ok(())
    }
}
