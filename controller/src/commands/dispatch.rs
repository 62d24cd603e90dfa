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
use migrado_protocol::command::{CommandState, Directive, Order};
use migrado_protocol::signed::Purpose;
use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::{Signed, TerminalId};
use tokio_util::sync::CancellationToken;

use super::Commands;
use super::settle::controller_step;
use crate::pki::Signing;
use crate::store::{
    StoreError,
    commands::{self as rows, Command},
};

/// Commands marked in one transaction: one sync of the disk serves them all.
const CHUNK: usize = 256;

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

/// Something signed and ready to go.
#[derive(Debug)]
struct Letter {
    command: Command,
    sending: Sending,
    topic: Topic,
    payload: Vec<u8>,
    expiry_s: u32,
}

/// The dispatcher.
#[derive(Debug)]
pub struct Dispatch {
    commands: Commands,
    outlet: Arc<dyn Outlet>,
    connections: Arc<dyn Connections>,
    signing: Signing,
    /// This start of the controller: what an earlier one marked as sent may never have left.
    start: i64,
}

impl Dispatch {
    /// A dispatcher of a controller that starts now.
    pub fn new(
        commands: Commands,
        outlet: Arc<dyn Outlet>,
        connections: Arc<dyn Connections>,
        signing: Signing,
    ) -> Self {
        let start = commands.clock.now_ms();
        Self { commands, outlet, connections, signing, start }
    }

    /// The task.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            match self.look().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(RETRY_PAUSE).await,
                Err(error) => {
                    tracing::error!(%error, "commands could not be dispatched");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
            // Every arm is cancel-safe: a wake-up that is not taken stays stored in the `Notify`.
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.commands.wake.notified() => {}
                () = tokio::time::sleep(LOOK_PERIOD) => {}
            }
        }
    }

    /// Sends all that can be sent now; `false` when the broker did not take something.
    pub async fn look(&self) -> Result<bool, StoreError> {
        let now_ms = self.commands.clock.now_ms();
        // One key for the marks and the letters: when it is replaced meanwhile, the next look sends
        // again under the new one whatever is not acknowledged.
        let signer = self.signing.signer();
        let mut due = Vec::new();
        let mut marks: HashMap<TerminalId, Option<String>> = HashMap::new();
        for command in rows::open(&self.commands.pool).await? {
            let mark = marks.entry(command.terminal.clone()).or_insert_with(|| {
                let session = self.connections.session(&command.terminal);
                session.map(|s| format!("{}.{s}.{}", self.start, signer.public().id))
            });
            let Some(mark) = mark else { continue };
            if let Some(sending) = decide(&command, mark, now_ms) {
                due.push((command, sending, mark.clone()));
            }
        }
        let mut all_taken = true;
        for chunk in due.chunks(CHUNK) {
            let letters = self.mark(chunk, &signer, now_ms).await?;
            let sent: Vec<_> = letters.iter().map(|l| (l.command.id, l.command.terminal.clone())).collect();
            // Nobody's screen may hold up an order.
            let (taken, ()) = tokio::join!(self.post(letters), self.commands.changed(sent));
            all_taken &= taken?;
        }
        Ok(all_taken)
    }

    /// Marks commands as sent, takes their sequences, and signs them. One transaction.
    async fn mark(
        &self,
        chunk: &[(Command, Sending, String)],
        signer: &Signer,
        now_ms: i64,
    ) -> Result<Vec<Letter>, StoreError> {
        let fail = StoreError::of("mark commands as sent");
        let mut letters = Vec::with_capacity(chunk.len());
        let mut tx = self.commands.pool.begin().await.map_err(fail)?;
        for (command, sending, mark) in chunk {
            let sequence = rows::next_sequence(&mut tx, &command.terminal, now_ms).await?;
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
            if !rows::update(&mut tx, &command, step.as_ref()).await? {
                continue; // The terminal or a person was faster; the next look decides anew.
            }
            command.revision += 1;
            let sequence = u64::try_from(sequence).unwrap_or(0);
            match letter(command, *sending, sequence, signer, now_ms) {
                Ok(letter) => letters.push(letter),
                Err(error) => tracing::error!(%error, "an order could not be written"),
            }
        }
        tx.commit().await.map_err(fail)?;
        Ok(letters)
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

fn letter(
    command: Command,
    sending: Sending,
    sequence: u64,
    signer: &Signer,
    now_ms: i64,
) -> Result<Letter, serde_json::Error> {
    let (directive, expires_ms) = match sending {
        Sending::Run => {
            let order = Order {
                id: command.id,
                verb: command.verb.clone(),
                start_by_ms: command.start_by_ms,
                finish_by_ms: command.finish_by_ms,
                force_reason: command.force_reason.clone(),
            };
            (Directive::Run(order), command.start_by_ms)
        }
        Sending::Cancel => (Directive::Cancel { id: command.id }, command.finish_by_ms),
    };
    let mut signed = Signed::unsigned(command.terminal.clone(), sequence, now_ms, expires_ms, &directive)?;
    signer.sign(&mut signed, Purpose::Command);
    let payload = serde_json::to_vec(&signed)?;
    let topic = Topic::of(&command.terminal, Channel::Command);
    // Rounded up: the signature and the terminal hold the exact time.
    let expiry_s = u32::try_from((expires_ms - now_ms).max(0) / 1000 + 1).unwrap_or(u32::MAX);
    Ok(Letter { command, sending, topic, payload, expiry_s })
}

#[cfg(test)]
mod tests;
