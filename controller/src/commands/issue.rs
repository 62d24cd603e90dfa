//! Issues and takes back orders. What applies is `plan`'s decision; here it is stored and audited
//! in one transaction, under the caller's idempotency key.

use std::sync::Arc;

use migrado_protocol::CommandId;
use migrado_protocol::TerminalId;
use migrado_protocol::command::{CommandState, Teller, Verb};
use sqlx::Row as _;

use super::Commands;
use super::desk::{Between, Desk, Letter, letter};
use super::dispatch::Sending;
use super::plan::Times;
use super::settle::controller_step;
use crate::audit::Entry;
use crate::store::command_steps::Step;
use crate::store::commands::{self as rows, Command};
use crate::store::tx::Tx;
use crate::store::{StoreError, audit, idempotency};

/// An order that was checked.
#[derive(Debug, Clone)]
pub struct Issue {
    /// For these terminals.
    pub terminals: Vec<TerminalId>,
    /// What to do.
    pub verb: Verb,
    /// Its times.
    pub times: Times,
    /// Why sessions are not waited for.
    pub force_reason: Option<String>,
    /// Why at all.
    pub reason: Option<String>,
    /// Who orders.
    pub actor: String,
    /// The caller's key with the hash of the request.
    pub idempotency: Option<(String, String)>,
}

/// What came of issuing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issued {
    /// Stored as this batch.
    Batch(String),
    /// The same request was made before; this is its batch.
    Before(String),
    /// The key was used for another request.
    KeyReused,
}

/// What came of taking back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canceling {
    /// It was not sent yet: it is canceled.
    Done,
    /// The terminal has it, or may have it: the wish is on its way, its word decides.
    Asked,
    /// It has begun or is over.
    TooLate(CommandState),
    /// There is no such command.
    Unknown,
}

impl Commands {
    /// Stores an order for each terminal, with its audit entries. Where a terminal is connected it
    /// is signed in the same transaction, and leaves at once.
    pub async fn issue(&self, issue: Issue) -> Result<Issued, StoreError> {
        let batch = uuid::Uuid::now_v7().to_string();
        // Held until the letters are in the queue: they leave in the order of their sequences.
        let mut queue = match self.desk.get() {
            Some(desk) => Some((desk, desk.queue.lock().await)),
            None => None,
        }
        // What is sent in portions need not hold up the others.
        .filter(|(desk, queue)| desk.takes(queue, issue.terminals.len()));
        let at_once = queue.as_ref().map(|(desk, _)| *desk);
        // A caller that hangs up during the commit must not leave an order that nobody sends.
        let between = at_once.map(|desk| Between::new(desk, &self.wake));
        let (made, letters) = match self.store(&issue, &batch, at_once).await {
            Ok(made) => made,
            Err(error) if error.is_conflict() => {
                between.into_iter().for_each(Between::over);
                return self.issued_before(&issue, error).await;
            }
            Err(error) => return Err(error),
        };
        let all_sent = letters.len() == made.len();
        if let Some((desk, queue)) = &mut queue {
            queue.extend(letters);
            desk.filled.notify_one();
        }
        between.into_iter().for_each(Between::over);
        drop(queue);
        if !all_sent {
            self.wake();
        }
        self.changed(made).await;
        Ok(Issued::Batch(batch))
    }

    /// One transaction; gives what was made, and what of it can leave.
    async fn store(
        &self,
        issue: &Issue,
        batch: &str,
        desk: Option<&Arc<Desk>>,
    ) -> Result<(Vec<(CommandId, TerminalId)>, Vec<Letter>), StoreError> {
        let now_ms = self.clock.now_ms();
        let signer = desk.map(|desk| desk.signer());
        let (mut made, mut letters) = (Vec::with_capacity(issue.terminals.len()), Vec::new());
        let mut tx = Tx::begin(&self.pool, "issue an order").await?;
        if let Some((key, hash)) = &issue.idempotency {
            tx.add(idempotency::take(&issue.actor, key, hash, batch, now_ms));
        }
        for terminal in &issue.terminals {
            let mut command = of(issue, terminal, batch, now_ms);
            let mut steps = vec![Step {
                teller: command.issued_by.clone(),
                ..controller_step(command.state, now_ms, command.reason.as_deref())
            }];
            let sends = desk.zip(signer.as_ref()).and_then(|(d, s)| Some((d.mark(terminal, s)?, s)));
            let mut questions = vec![audit::number()];
            if let Some((mark, _)) = &sends {
                command.state = CommandState::Sent;
                command.sent_mark.clone_from(mark);
                command.revision += 1;
                steps.push(controller_step(CommandState::Sent, now_ms, None));
                questions.push(rows::next_sequence(terminal, now_ms));
            }
            let answers = tx.ask(questions).await?;
            rows::insert(&mut tx, &command, &steps);
            let entry = Entry::ok(now_ms, &issue.actor, "command.issue", terminal.as_str())
                .detail(described(&command));
            let corrupt = || StoreError::Corrupt { what: "the head of the audit log".into() };
            audit::entry(answers.first().ok_or_else(corrupt)?, entry).into_iter().for_each(|s| tx.add(s));
            made.push((command.id, terminal.clone()));
            if let Some((_, signer)) = sends
                && let Some(sequence) = answers.get(1)
            {
                let letter = letter(command, Sending::Run, sequence.get(0), signer, now_ms);
                letters.push(letter.map_err(|e| StoreError::Corrupt { what: format!("an order: {e}") })?);
            }
        }
        tx.commit().await?;
        Ok((made, letters))
    }

    /// The same request was made before, or another one under its key.
    async fn issued_before(&self, issue: &Issue, error: StoreError) -> Result<Issued, StoreError> {
        let Some((key, hash)) = &issue.idempotency else { return Err(error) };
        match idempotency::find(&self.pool, &issue.actor, key).await? {
            Some(kept) if kept.request_hash == *hash => Ok(Issued::Before(kept.batch)),
            Some(_) => Ok(Issued::KeyReused),
            None => Err(error),
        }
    }

    /// Takes a command back: at once while it is queued, else by asking its terminal.
    pub async fn cancel(&self, id: CommandId, actor: &str) -> Result<Canceling, StoreError> {
        let now_ms = self.clock.now_ms();
        let fail = StoreError::of("cancel a command");
        loop {
            let Some(mut command) = rows::get(&self.pool, id).await? else {
                return Ok(Canceling::Unknown);
            };
            let (done, step) = match decide_cancel(&command) {
                Canceling::Done => {
                    command.state = CommandState::Canceled;
                    let step = Step {
                        teller: actor.to_owned(),
                        ..controller_step(CommandState::Canceled, now_ms, None)
                    };
                    (Canceling::Done, Some(step))
                }
                Canceling::Asked => (Canceling::Asked, None),
                other => return Ok(other),
            };
            command.cancel_requested = true;
            let mut tx = self.pool.begin().await.map_err(fail)?;
            if !rows::update(&mut tx, &command, step.as_ref()).await? {
                continue; // Dispatcher or terminal were faster: decide on what is true now.
            }
            let entry = Entry::ok(now_ms, actor, "command.cancel", command.terminal.as_str())
                .detail(format!("{} {id}", command.verb.word()));
            audit::append_in(&mut tx, entry).await?;
            tx.commit().await.map_err(fail)?;
            self.wake();
            self.changed([(id, command.terminal)]).await;
            return Ok(done);
        }
    }
}

/// Decides what taking back means for a command. Pure.
pub fn decide_cancel(command: &Command) -> Canceling {
    if command.state == CommandState::Queued
        && command.state.after(CommandState::Canceled, Teller::Controller).is_some()
    {
        return Canceling::Done;
    }
    match command.state {
        CommandState::Sent | CommandState::Accepted => Canceling::Asked,
        state => Canceling::TooLate(state),
    }
}

fn of(issue: &Issue, terminal: &TerminalId, batch: &str, now_ms: i64) -> Command {
    Command {
        id: CommandId(uuid::Uuid::now_v7()),
        batch: batch.to_owned(),
        terminal: terminal.clone(),
        verb: issue.verb.clone(),
        state: CommandState::Queued,
        issued_by: issue.actor.clone(),
        issued_ms: now_ms,
        start_by_ms: issue.times.start_by_ms,
        finish_by_ms: issue.times.finish_by_ms,
        force_reason: issue.force_reason.clone(),
        reason: issue.reason.clone(),
        rejection: None,
        detail: None,
        waits_until_ms: None,
        cancel_requested: false,
        sent_mark: String::new(),
        cancel_mark: String::new(),
        has_logs: false,
        revision: 1,
    }
}

fn described(command: &Command) -> String {
    let mut words = command.verb.word().to_owned();
    let arguments = serde_json::to_value(&command.verb).unwrap_or_default();
    for (name, value) in arguments.as_object().into_iter().flatten().filter(|(name, _)| *name != "verb") {
        words.push_str(&format!(" {name}={value}"));
    }
    words.push_str(&format!(" {}", command.id));
    for (name, reason) in [("forced", &command.force_reason), ("reason", &command.reason)] {
        if let Some(reason) = reason {
            words.push_str(&format!(" ({name}: {reason})"));
        }
    }
    words
}
