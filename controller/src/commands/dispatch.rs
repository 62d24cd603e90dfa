//! Sends what waits: signed, with a sequence of its own, only to terminals that are connected.
//!
//! Level-triggered: a wake-up says only "look"; what is to be sent follows from the database and
//! from who is connected. A command is marked as sent before it is published, so that a crash in
//! between leads to a second sending (the terminal knows the id), never to a lost one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use migrado_link::signing::Signer;
use migrado_protocol::TerminalId;
use migrado_protocol::command::CommandState;
use migrado_protocol::topic::Topic;
use sqlx::Row as _;
use tokio_util::sync::CancellationToken;

use super::Commands;
use super::desk::{AT_ONCE_MAX, Desk, Letter, letter};
use super::settle::controller_step;
use crate::pki::Signing;
use crate::store::StoreError;
use crate::store::commands::{self as rows, Command};
use crate::store::tx::Tx;

/// Publications under way at once: enough to fill the line, bounded for the broker's sake.
const IN_FLIGHT_MAX: usize = 64;

/// Time within which the broker must have taken a message.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Time between two looks when nothing wakes: what a lost wake-up would have told.
const LOOK_PERIOD: Duration = Duration::from_secs(10);

/// Time to wait after the broker did not take something.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// The way to the terminals.
#[async_trait]
pub trait Outlet: Send + Sync + std::fmt::Debug {
    /// Publishes, and returns when the broker has it.
    async fn publish(
        &self,
        topic: &Topic,
        payload: Vec<u8>,
        retain: bool,
        expiry_s: Option<u32>,
    ) -> Result<(), String>;
}

/// Who is connected, and in which connection.
pub trait Connections: Send + Sync + std::fmt::Debug {
    /// The number of the terminal's present connection; `None` when it is not connected.
    fn session(&self, terminal: &TerminalId) -> Option<u64>;
}

/// What is to be sent for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// The order.
    Run,
    /// The wish to take it back.
    Cancel,
}

/// Decides what is to be sent in the connection `mark`. Pure.
pub fn decide(command: &Command, mark: &str, now_ms: i64) -> Option<Sending> {
    match command.state {
        CommandState::Sent | CommandState::Accepted if command.cancel_requested => {
            (command.cancel_mark != mark && now_ms <= command.finish_by_ms).then_some(Sending::Cancel)
        }
        CommandState::Queued | CommandState::Sent => {
            (!command.cancel_requested && command.sent_mark != mark && now_ms < command.start_by_ms)
                .then_some(Sending::Run)
        }
        _ => None,
    }
}

/// The dispatcher.
#[derive(Debug)]
pub struct Dispatch {
    commands: Commands,
    desk: Arc<Desk>,
    outlet: Arc<dyn Outlet>,
}

impl Dispatch {
    /// A dispatcher of a controller that starts now; from now on orders are sent at once.
    pub fn new(
        commands: Commands,
        outlet: Arc<dyn Outlet>,
        connections: Arc<dyn Connections>,
        signing: Signing,
    ) -> Self {
        let desk = Arc::new(Desk::new(connections, signing, commands.clock.now_ms()));
        let desk = commands.desk.get_or_init(|| desk).clone();
        Self { commands, desk, outlet }
    }

    /// The task.
    pub async fn run(self, stop: CancellationToken) {
        let mut looking = true;
        loop {
            let done = if looking { self.look().await } else { self.post_queue().await };
            let went = match done {
                Ok(went) => went,
                Err(error) => {
                    tracing::error!(%error, "commands could not be dispatched");
                    self.desk.doubt();
                    false
                }
            };
            if !went {
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            // Every arm is cancel-safe: a wake-up that is not taken stays stored in the `Notify`.
            looking = tokio::select! {
                () = stop.cancelled() => return,
                () = self.desk.filled.notified() => !went,
                () = self.commands.wake.notified() => true,
                () = tokio::time::sleep(LOOK_PERIOD) => true,
            };
        }
    }

    /// Sends what was signed already.
    async fn post_queue(&self) -> Result<bool, StoreError> {
        let letters = std::mem::take(&mut *self.desk.queue.lock().await);
        self.post(letters.into()).await
    }

    /// Sends all that can be sent now; `false` when the broker did not take something.
    pub async fn look(&self) -> Result<bool, StoreError> {
        let now_ms = self.commands.clock.now_ms();
        let signer = self.desk.signer();
        let mut all_taken = self.post_queue().await?;
        let mut due = Vec::new();
        let mut marks: HashMap<TerminalId, Option<String>> = HashMap::new();
        for command in rows::open(&self.commands.pool).await? {
            let mark = marks
                .entry(command.terminal.clone())
                .or_insert_with(|| self.desk.mark(&command.terminal, &signer));
            let Some(mark) = mark else { continue };
            if let Some(sending) = decide(&command, mark, now_ms) {
                due.push((command, sending, mark.clone()));
            }
        }
        for chunk in due.chunks(AT_ONCE_MAX) {
            let letters = self.mark(chunk, &signer, now_ms).await?;
            let sent: Vec<_> = letters.iter().map(|l| (l.command.id, l.command.terminal.clone())).collect();
            // Nobody's screen may hold up an order.
            let (taken, ()) = tokio::join!(self.post(letters), self.commands.changed(sent));
            all_taken &= taken?;
        }
        Ok(all_taken)
    }

    /// Marks commands as sent, takes their sequences, and signs them. One transaction: one sync of
    /// the disk serves them all. Gives them behind what is in the queue already.
    async fn mark(
        &self,
        chunk: &[(Command, Sending, String)],
        signer: &Signer,
        now_ms: i64,
    ) -> Result<Vec<Letter>, StoreError> {
        let mut queue = self.desk.queue.lock().await;
        let mut letters = Vec::with_capacity(chunk.len());
        let mut tx = Tx::begin(&self.commands.pool, "mark commands as sent").await?;
        for (command, sending, mark) in chunk {
            let mut command = command.clone();
            let step = match sending {
                Sending::Cancel => {
                    command.cancel_mark.clone_from(mark);
                    None
                }
                Sending::Run => {
                    command.sent_mark.clone_from(mark);
                    let again = command.state == CommandState::Sent;
                    command.state = CommandState::Sent;
                    (!again).then(|| controller_step(CommandState::Sent, now_ms, None))
                }
            };
            let sequence = rows::next_sequence(&command.terminal, now_ms);
            let answer = tx.ask([sequence, rows::update_if_same(&command)]).await?;
            let [sequence, _revision] = answer.as_slice() else {
                continue; // The terminal or a person was faster; the next look decides anew.
            };
            if let Some(step) = &step {
                rows::step_of_update(&mut tx, &command, step);
            }
            command.revision += 1;
            match letter(command, *sending, sequence.get(0), signer, now_ms) {
                Ok(letter) => letters.push(letter),
                Err(error) => tracing::error!(%error, "an order could not be written"),
            }
        }
        tx.commit().await?;
        Ok(queue.drain(..).chain(letters).collect())
    }

    /// Publishes; what the broker did not take waits again.
    async fn post(&self, letters: Vec<Letter>) -> Result<bool, StoreError> {
        let mut outcomes = futures_util::stream::iter(letters)
            .map(|letter| async move {
                let sent = self.outlet.publish(&letter.topic, letter.payload, false, Some(letter.expiry_s));
                let outcome = match tokio::time::timeout(PUBLISH_TIMEOUT, sent).await {
                    Ok(outcome) => outcome,
                    Err(_) => Err("the broker did not acknowledge in time".to_owned()),
                };
                (letter.command, letter.sending, outcome)
            })
            // In order of their sequences: a terminal refuses an older one after a newer one.
            .buffered(IN_FLIGHT_MAX);
        let mut all_taken = true;
        while let Some((command, sending, outcome)) = outcomes.next().await {
            let Err(error) = outcome else { continue };
            all_taken = false;
            tracing::warn!(terminal = %command.terminal, command = %command.id, %error, "an order was not taken by the broker");
            self.take_back(command, sending).await?;
        }
        Ok(all_taken)
    }

    async fn take_back(&self, mut command: Command, sending: Sending) -> Result<(), StoreError> {
        let fail = StoreError::of("put a command back into the queue");
        let now_ms = self.commands.clock.now_ms();
        let step = match sending {
            Sending::Cancel => {
                command.cancel_mark.clear();
                None
            }
            Sending::Run => {
                command.sent_mark.clear();
                command.state = CommandState::Queued;
                Some(controller_step(CommandState::Queued, now_ms, Some("the broker did not take it")))
            }
        };
        let mut tx = self.commands.pool.begin().await.map_err(fail)?;
        // When somebody was faster, the terminal has it after all.
        if rows::update(&mut tx, &command, step.as_ref()).await? {
            tx.commit().await.map_err(fail)?;
            self.commands.changed([(command.id, command.terminal)]).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
