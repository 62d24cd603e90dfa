//! What the display does *once* because it was ordered: `gate` (pure admission) → `journal`
//! (durable, before any effect) → `executor` → `handlers` (one file per verb) → ack through the
//! outbox. After a return of agent or machine `settle` decides by evidence what became of what ran.

pub mod executor;
pub mod gate;
pub mod handlers;
pub mod journal;
pub mod redact;
pub mod settle;
pub mod upload;

use std::sync::{Arc, Mutex, PoisonError};

use migrado_protocol::command::{Ack, CommandState, Directive, Order, Rejection};
use migrado_protocol::ids::CommandId;
use redb::WriteTransaction;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::store::StoreError;
use gate::{Admission, Capabilities, Limits};
use journal::{Journal, Record};

/// Commands that may be open at once. What people order for one display stays far below; a
/// controller gone mad must not fill the memory.
pub const OPEN_MAX: usize = 100;

/// Where acks go. They become durable in the transaction in which the journal notes the state, so
/// that no state is noted untold.
pub trait Tell: Send + Sync {
    /// Puts an ack into the transaction.
    fn tell(&self, write: &WriteTransaction, ack: &Ack) -> Result<(), StoreError>;
    /// The transaction is on the disk: send what is in it.
    fn told(&self);
}

/// Which display this is, as far as admission cares.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What this machine can do.
    pub capabilities: Capabilities,
    /// Its own limits.
    pub limits: Limits,
    /// What was signed before this is refused.
    pub not_before_ms: i64,
}

/// A command on its way from the gate to the executor.
#[derive(Debug)]
pub struct Pending {
    /// As journalled.
    pub record: Record,
    /// Canceled when it is taken back before it began.
    pub cancel: CancellationToken,
}

/// The entrance: takes verified orders. Cheap to clone.
#[derive(Clone)]
pub struct Commands {
    journal: Journal,
    tell: Arc<dyn Tell>,
    rules: Arc<Rules>,
    to_executor: mpsc::Sender<Pending>,
    open: Open,
}

/// The open commands' ways to be taken back.
#[derive(Debug, Clone, Default)]
pub struct Open(Arc<Mutex<Vec<(CommandId, CancellationToken)>>>);

impl Open {
    fn insert(&self, id: CommandId) -> CancellationToken {
        let cancel = CancellationToken::new();
        self.lock().push((id, cancel.clone()));
        cancel
    }

    fn remove(&self, id: CommandId) {
        self.lock().retain(|(open, _)| *open != id);
    }

    fn cancel(&self, id: CommandId) {
        if let Some((_, cancel)) = self.lock().iter().find(|(open, _)| *open == id) {
            cancel.cancel();
        }
    }

    fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(CommandId, CancellationToken)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a directive at the gate, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Journalled; it will run.
    Accepted,
    /// Known already; its state was told again.
    Duplicate,
    /// Refused, and told so.
    Rejected(Rejection),
    /// Taken back before it began, and noted so.
    Canceled,
    /// A cancellation that came too late; where the command stands was told again.
    CancelTooLate,
    /// A cancellation older than what was taken: replayed or reordered. Changes nothing.
    CancelIgnored,
}

impl std::fmt::Debug for Commands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commands")
            .field("rules", &self.rules)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl Commands {
    /// The entrance, and the executor's end of it.
    pub fn new(journal: Journal, tell: Arc<dyn Tell>, rules: Rules) -> (Self, mpsc::Receiver<Pending>, Open) {
        // Room for what waits from before a restart as well.
        let (to_executor, arriving) = mpsc::channel(2 * OPEN_MAX);
        let open = Open::default();
        (Self { journal, tell, rules: Arc::new(rules), to_executor, open: open.clone() }, arriving, open)
    }

    /// Takes a verified directive: decides, journals, tells. It does not wait for the effect.
    pub fn take(
        &self,
        sequence: u64,
        issued_ms: i64,
        directive: Directive,
        session_running: bool,
        now_ms: i64,
    ) -> Result<Taken, StoreError> {
        match directive {
            Directive::Cancel { id } => self.take_cancel(sequence, id, now_ms),
            Directive::Run(order) => self.take_order(sequence, issued_ms, order, session_running, now_ms),
        }
    }

    /// Refuses an order whose verb this agent does not know.
    pub fn refuse_unknown(&self, sequence: u64, id: CommandId, now_ms: i64) -> Result<Taken, StoreError> {
        if let Some(known) = self.journal.record(id)? {
            self.journal.tell_again(&known, sequence, &*self.tell)?;
            return Ok(Taken::Duplicate);
        }
        let rejection = if sequence > self.journal.last_sequence()? {
            Rejection::UnknownVerb
        } else {
            Rejection::OutOfOrder
        };
        let ack = Ack {
            id,
            state: CommandState::Rejected,
            at_ms: now_ms,
            rejection: Some(rejection),
            waits_until_ms: None,
            detail: None,
        };
        self.journal.tell_only(&ack, sequence, &*self.tell)?;
        Ok(Taken::Rejected(rejection))
    }

    fn take_order(
        &self,
        sequence: u64,
        issued_ms: i64,
        order: Order,
        session_running: bool,
        now_ms: i64,
    ) -> Result<Taken, StoreError> {
        let has_room = self.open.count() < OPEN_MAX && self.to_executor.capacity() > 0;
        let seen = self.journal.seen(&order, has_room, now_ms)?;
        let known = self.journal.record(order.id)?;
        let admission = gate::admit(&order, sequence, issued_ms, &seen, &self.rules, session_running, now_ms);
        match (admission, known) {
            (_, Some(known)) => {
                self.journal.tell_again(&known, sequence, &*self.tell)?;
                Ok(Taken::Duplicate)
            }
            (Admission::Duplicate, None) => Ok(Taken::Duplicate),
            (Admission::Reject(rejection), None) => {
                let record = Record::rejected(order, sequence, rejection, now_ms);
                self.journal.take(&record, seen.has_room, now_ms, &*self.tell)?;
                Ok(Taken::Rejected(rejection))
            }
            (Admission::Accept { waits_until_ms }, None) => {
                let record = Record::accepted(order, sequence, waits_until_ms, now_ms);
                self.journal.take(&record, true, now_ms, &*self.tell)?;
                self.hand_over(record);
                Ok(Taken::Accepted)
            }
        }
    }

    /// Gives a journalled command to the executor.
    fn hand_over(&self, record: Record) {
        let id = record.order.id;
        let pending = Pending { cancel: self.open.insert(id), record };
        if let Err(error) = self.to_executor.try_send(pending) {
            // The gate saw room; only a stopping executor is gone. The journal keeps the command.
            tracing::warn!(command = %id, %error, "command waits for the next start");
            self.open.remove(id);
        }
    }

    /// Takes a command back, also one that has not come yet: what is journalled as canceled never
    /// runs. A late cancellation is taken like a timely one, for it only prevents.
    fn take_cancel(&self, sequence: u64, id: CommandId, now_ms: i64) -> Result<Taken, StoreError> {
        if sequence <= self.journal.last_sequence()? {
            return Ok(Taken::CancelIgnored);
        }
        match self.journal.record(id)? {
            // Whoever cancels learns where it stands, if it is too late.
            Some(known) if known.state != CommandState::Accepted => {
                self.journal.tell_again(&known, sequence, &*self.tell)?;
                Ok(Taken::CancelTooLate)
            }
            known => {
                self.journal.cancel(id, known, sequence, now_ms, &*self.tell)?;
                // Only now: the executor may look at the journal at once.
                self.open.cancel(id);
                Ok(Taken::Canceled)
            }
        }
    }

    /// Hands over what was open when the agent ended: the executor settles or resumes it.
    pub fn resume(&self) -> Result<usize, StoreError> {
        let open = self.journal.open_records()?;
        let count = open.len();
        for record in open {
            self.hand_over(record);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
