//! Carries out journalled commands: each waits for its turn and, if it would disturb a visitor, for
//! the end of the session, up to its start-by; is noted as running before it acts; and is over at
//! its finish-by at the latest. One disturbing command at a time. What was running when the agent
//! ended is settled by evidence, never begun again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use migrado_protocol::command::{CommandState, Order, Rejection};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use super::journal::{Journal, Record};
use super::settle::{Settlement, settle};
use super::{Open, Pending, Tell};
use crate::platform::process::Evidence;
use crate::store::Mode;

/// Commands that disturb nobody and may run side by side.
const HARMLESS_AT_ONCE: usize = 4;
/// Seconds that running commands get to end when the agent stops.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and seen that it worked.
    Succeeded(Option<String>),
    /// Tried without success.
    Failed(String),
    /// This machine cannot do that.
    Rejected(Rejection, String),
    /// The agent or the machine goes down: whoever comes next tells.
    Leaving,
}

/// The world on which commands act.
pub trait Effects: Send + Sync + 'static {
    /// Whether a visitor's session runs.
    fn session_running(&self) -> bool;
    /// Waits for its end.
    fn session_ended(&self) -> impl Future<Output = ()> + Send;
    /// Does what is ordered.
    fn perform(&self, order: &Order) -> impl Future<Output = Outcome> + Send;
    /// The mode that is kept.
    fn mode(&self) -> Mode;
    /// The clock.
    fn now_ms(&self) -> i64;
}

/// Carries out commands until it is stopped.
pub struct Executor<E> {
    journal: Journal,
    tell: Arc<dyn Tell>,
    effects: Arc<E>,
    here: Evidence,
    open: Open,
    stop: CancellationToken,
    disturbing: Semaphore,
    harmless: Semaphore,
}

impl<E> std::fmt::Debug for Executor<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("here", &self.here).field("open", &self.open).finish_non_exhaustive()
    }
}

/// How a wait ended.
enum Wait {
    Over,
    Deadline,
    Canceled,
    Stopping,
}

impl<E: Effects> Executor<E> {
    /// An executor of this run.
    pub fn new(
        journal: Journal,
        tell: Arc<dyn Tell>,
        effects: Arc<E>,
        here: Evidence,
        open: Open,
        stop: CancellationToken,
    ) -> Self {
        Self {
            journal,
            tell,
            effects,
            here,
            open,
            stop,
            disturbing: Semaphore::new(1),
            harmless: Semaphore::new(HARMLESS_AT_ONCE),
        }
    }

    /// Runs until it is stopped; then running commands get a moment, waiting ones stay journalled.
    pub async fn run(self, mut arriving: mpsc::Receiver<Pending>) {
        let mut living = FuturesUnordered::new();
        loop {
            // Cancel-safe: neither a received command nor a finished one is lost by dropping.
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                pending = arriving.recv() => match pending {
                    Some(pending) => living.push(self.live(pending)),
                    None => break,
                },
                Some(()) = living.next() => {}
            }
        }
        let last_ones = async { while living.next().await.is_some() {} };
        if tokio::time::timeout(STOP_GRACE, last_ones).await.is_err() {
            tracing::warn!("a command was still running at the stop; the next start settles it");
        }
    }

    /// One command from its acceptance to its end.
    async fn live(&self, Pending { record, cancel }: Pending) {
        let id = record.order.id;
        // The word that it was accepted goes out first: what is journalled next holds this thread.
        tokio::task::yield_now().await;
        // Taken back on its way here; whoever did that has noted it.
        if cancel.is_cancelled() {
            return self.open.remove(id);
        }
        match settle(&record, &self.here, &self.effects.mode()) {
            Settlement::Resume => self.wait_and_run(record, &cancel).await,
            Settlement::WaitForReboot => self.wait_for_the_end(record).await,
            Settlement::Over(state, why) => self.end(record, state, None, Some(why)),
        }
        self.open.remove(id);
    }

    async fn wait_and_run(&self, record: Record, cancel: &CancellationToken) {
        let lane = if record.order.verb.disturbs_session() { &self.disturbing } else { &self.harmless };
        let mut record = record;
        // Whoever waits for a visitor stands in nobody's way: the turn is taken after the wait, and
        // given back if a new visitor was quicker.
        let turn = loop {
            match self.wait_for_session(record, cancel).await {
                Some(waited) => record = waited,
                None => return,
            }
            let Ok(turn) = self.turn(lane, &record, cancel).await else { return };
            if !self.must_wait(&record) {
                break turn;
            }
        };
        let now_ms = self.effects.now_ms();
        if now_ms > record.order.start_by_ms {
            return self.end(record, CommandState::Rejected, Some(Rejection::Expired), None);
        }
        let record = record.running(self.here.clone(), now_ms);
        // Nothing acts that is not noted.
        if !self.note(&record) {
            return;
        }
        self.perform(record).await;
        drop(turn);
    }

    /// Waits until no other command is in the way. An error has been told already.
    async fn turn<'a>(
        &self,
        lane: &'a Semaphore,
        record: &Record,
        cancel: &CancellationToken,
    ) -> Result<SemaphorePermit<'a>, ()> {
        let mut permit = None;
        let wait = async { permit = lane.acquire().await.ok() };
        match self.wait(wait, record.order.start_by_ms, cancel).await {
            Wait::Over => permit.ok_or(()),
            Wait::Stopping => Err(()),
            Wait::Deadline => {
                self.end(record.clone(), CommandState::Rejected, Some(Rejection::Expired), None);
                Err(())
            }
            // Journal and ack were written by whoever took it back.
            Wait::Canceled => Err(()),
        }
    }

    /// Waits for the visitor, if the command would disturb. `None` has been told already.
    async fn wait_for_session(&self, record: Record, cancel: &CancellationToken) -> Option<Record> {
        if !self.must_wait(&record) {
            return Some(record);
        }
        let until_ms = record.order.start_by_ms;
        let record = if record.waits_until_ms.is_none() {
            let record = record.waiting(until_ms);
            if !self.note(&record) {
                return None;
            }
            record
        } else {
            record
        };
        let ended = async {
            // A new visitor may have begun between the end of the last session and this moment.
            while self.effects.session_running() {
                self.effects.session_ended().await;
            }
        };
        match self.wait(ended, until_ms, cancel).await {
            Wait::Over => Some(record),
            Wait::Stopping => None,
            Wait::Deadline => {
                self.end(record, CommandState::Rejected, Some(Rejection::SessionRunning), None);
                None
            }
            Wait::Canceled => None,
        }
    }

    fn must_wait(&self, record: &Record) -> bool {
        record.order.verb.disturbs_session()
            && record.order.force_reason.is_none()
            && self.effects.session_running()
    }

    async fn perform(&self, record: Record) {
        let left = self.until(record.order.finish_by_ms);
        match tokio::time::timeout(left, self.effects.perform(&record.order)).await {
            Ok(Outcome::Succeeded(detail)) => {
                self.end(record, CommandState::Succeeded, None, detail.as_deref());
            }
            Ok(Outcome::Failed(why)) => self.end(record, CommandState::Failed, None, Some(&why)),
            Ok(Outcome::Rejected(rejection, why)) => {
                self.end(record, CommandState::Rejected, Some(rejection), Some(&why));
            }
            Ok(Outcome::Leaving) => self.wait_for_the_end(record).await,
            Err(_) => {
                self.end(record, CommandState::Failed, None, Some("it did not finish in its time"));
            }
        }
    }

    /// The agent or the machine is going down. If that does not happen in time, it has failed.
    async fn wait_for_the_end(&self, record: Record) {
        // Cancel-safe: nothing is noted before the deadline.
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(self.until(record.order.finish_by_ms)) => {
                self.end(record, CommandState::Failed, None, Some("it is still the same run"));
            }
        }
    }

    async fn wait(&self, wait: impl Future<Output = ()>, until_ms: i64, cancel: &CancellationToken) -> Wait {
        // Cancel-safe: the waits hold nothing but a place in a queue.
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Wait::Stopping,
            () = cancel.cancelled() => Wait::Canceled,
            () = wait => Wait::Over,
            () = tokio::time::sleep(self.until(until_ms)) => Wait::Deadline,
        }
    }

    fn until(&self, at_ms: i64) -> Duration {
        Duration::from_millis(u64::try_from(at_ms.saturating_sub(self.effects.now_ms())).unwrap_or(0))
    }

    fn end(&self, record: Record, state: CommandState, rejection: Option<Rejection>, detail: Option<&str>) {
        let record = record.ended(state, rejection, detail, self.effects.now_ms());
        self.note(&record);
        tracing::info!(
            command = %record.order.id,
            verb = record.order.verb.word(),
            state = state.word(),
            detail = record.detail.as_deref().unwrap_or_default(),
            "command over"
        );
    }

    /// Journals and tells. Whether it is on the disk.
    fn note(&self, record: &Record) -> bool {
        match self.journal.advance(record, &*self.tell) {
            Ok(true) => true,
            Ok(false) => {
                tracing::warn!(command = %record.order.id, state = record.state.word(), "it is over already");
                false
            }
            Err(error) => {
                // The next start settles by what the journal says.
                tracing::error!(command = %record.order.id, state = record.state.word(), %error, "state not journalled");
                false
            }
        }
    }
}
