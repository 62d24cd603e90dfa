//! Issues and takes back orders. What applies is `plan`'s decision; here it is stored and audited
//! in one transaction, under the caller's idempotency key.

use migrado_protocol::CommandId;
use migrado_protocol::TerminalId;
use migrado_protocol::command::{CommandState, Teller, Verb};

use super::Commands;
use super::plan::Times;
use super::settle::controller_step;
use crate::audit::Entry;
use crate::store::command_steps::Step;
use crate::store::commands::{self as rows, Command};
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
    /// Stores an order for each terminal, with its audit entries.
    pub async fn issue(&self, issue: Issue) -> Result<Issued, StoreError> {
        let now_ms = self.clock.now_ms();
        let batch = uuid::Uuid::now_v7().to_string();
        let fail = StoreError::of("issue an order");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        if let Some((key, hash)) = &issue.idempotency {
            let kept = idempotency::take(&mut tx, &issue.actor, key, hash, &batch, now_ms).await?;
            match kept {
                Some(kept) if kept.request_hash == *hash => return Ok(Issued::Before(kept.batch)),
                Some(_) => return Ok(Issued::KeyReused),
                None => {}
            }
        }
        let mut made = Vec::with_capacity(issue.terminals.len());
        for terminal in &issue.terminals {
            let command = of(&issue, terminal, &batch, now_ms);
            rows::insert(&mut tx, &command).await?;
            let entry = Entry::ok(now_ms, &issue.actor, "command.issue", terminal.as_str())
                .detail(described(&command));
            audit::append_in(&mut tx, entry).await?;
            made.push((command.id, terminal.clone()));
        }
        tx.commit().await.map_err(fail)?;
        self.wake();
        self.changed(made).await;
        Ok(Issued::Batch(batch))
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
