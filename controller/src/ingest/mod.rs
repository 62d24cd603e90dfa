//! The data path's entry: what terminals say is decoded, applied to the fleet and committed in
//! groups; only then the broker may forget it, the display gets a receipt for what waits in its
//! outbox, and the change is told. A message that cannot be understood is counted and dropped,
//! never an error of the connection.

pub mod decode;
pub mod gather;
pub mod group;
pub mod limiter;
pub mod receipts;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use migrado_link::session::Receipt;
use migrado_protocol::command::Verb;
use migrado_protocol::presence::Presence as Told;
use migrado_protocol::{CommandId, Envelope, TerminalId, UsageHour};
use sqlx::AnyPool;
use tokio::sync::watch;

use crate::broker::Refusals;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::commands::issue::Issue;
use crate::commands::plan::Times;
use crate::commands::settle::Heard as AckHeard;
use crate::fleet::{FleetHandle, Heard, Terminal};
use crate::store::tx::Tx;
use crate::store::usage::Risen;
use crate::store::{StoreError, audit, terminals, timeline, usage};
use crate::usage::Totals;
use decode::{Said, decode, item_of};
use group::Group;
use limiter::{Admission, Limiter};
use receipts::Receipts;

/// Messages of one commit: enough to make the cost of a sync small, few enough to stay quick.
pub const GROUP_MAX: usize = 2048;
/// Milliseconds between two requests for the whole report of one terminal.
const ASK_WHOLE_PAUSE_MS: i64 = 60_000;
/// Milliseconds that such a request may wait and take.
const ASK_WHOLE_MS: i64 = 60_000;
/// Milliseconds between two entries of the audit log about one terminal's neighbors.
const DROP_TOLD_PAUSE_MS: i64 = 60_000;
/// Time before a database that refused (a full disk, say) is tried again.
const COMMIT_RETRY: std::time::Duration = std::time::Duration::from_secs(1);
/// Milliseconds of an hour.
const HOUR_MS: i64 = 60 * 60 * 1000;
/// Hours that are counted after the fact: what a display keeps, a month.
pub const USAGE_HOURS_BACK: i64 = 31 * 24;
/// Hours that a display's clock may be ahead.
const USAGE_HOURS_AHEAD: i64 = 24;

/// A message as it came.
#[derive(Debug)]
pub struct Message {
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// Kept by the broker from earlier: it tells what was, not that somebody is there now.
    pub retained: bool,
    /// Acknowledges it.
    pub receipt: Receipt,
}

/// Parts that ingest works with.
#[derive(Debug)]
pub struct Parts {
    /// Database.
    pub pool: AnyPool,
    /// Fleet.
    pub fleet: FleetHandle,
    /// Commands.
    pub commands: Commands,
    /// Counts what is refused.
    pub refusals: Refusals,
    /// Clock.
    pub clock: Clock,
    /// Counts what is taken.
    pub counts: crate::metrics::Counts,
    /// Totals of usage.
    pub totals: Totals,
    /// The way out for receipts.
    pub receipts: Receipts,
    /// Told whether the database takes what is said.
    pub storing: watch::Sender<bool>,
}

/// Takes groups of messages in.
#[derive(Debug)]
pub struct Ingest {
    parts: Parts,
    limiter: Limiter,
    /// What is not on the disk yet, and whether of a terminal more than its readings.
    dirty: BTreeMap<TerminalId, bool>,
    asked_ms: HashMap<TerminalId, i64>,
    /// When the audit log was last told of neighbors that a terminal asks no more.
    told_ms: HashMap<TerminalId, i64>,
}

/// What a commit brought.
#[derive(Debug, Default)]
struct Committed {
    commands: Vec<(CommandId, TerminalId)>,
    risen: Vec<(TerminalId, Risen)>,
}

impl Ingest {
    /// Takes nothing yet.
    pub fn new(parts: Parts) -> Self {
        let (limiter, dirty) = (Limiter::default(), BTreeMap::new());
        Self { parts, limiter, dirty, asked_ms: HashMap::new(), told_ms: HashMap::new() }
    }

    /// Takes a group in: applies, commits, and only then acknowledges and tells. While the database
    /// refuses, nothing is acknowledged and nothing more is taken: the displays keep it.
    pub async fn take(&mut self, messages: Vec<Message>) {
        let now_ms = self.parts.clock.now_ms();
        let mut group = Group::default();
        let mut confirmations = Vec::with_capacity(messages.len());
        for message in messages {
            match decode(&message.topic, &message.payload) {
                Ok((terminal, said)) => self.hear(&mut group, &terminal, said, message.retained, now_ms),
                Err(dropped) => {
                    self.parts.refusals.note(&dropped.identity, dropped.reason, &message.topic);
                    if let Some((terminal, item)) = item_of(&message.topic, &message.payload) {
                        receipts::note(&mut group.items, &terminal, item);
                    }
                }
            }
            confirmations.push(message.receipt);
        }
        let committed = self.commit_at_last(&group).await;
        confirmations.into_iter().for_each(Receipt::confirm);
        self.parts.receipts.tell(group.items);
        self.parts.fleet.tell_changed(&group.seen);
        for (terminal, risen) in committed.risen {
            self.parts.totals.add(&terminal, risen);
        }
        if !committed.commands.is_empty() {
            self.parts.commands.changed(committed.commands).await;
        }
        if group.came {
            self.parts.commands.wake();
        }
        if let Err(error) = self.ask_for_whole(group.gaps, now_ms).await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "terminals were not asked for their whole report");
        }
    }

    /// Commits, again and again until the database takes it.
    async fn commit_at_last(&mut self, group: &Group) -> Committed {
        loop {
            match self.commit(group).await {
                Ok(committed) => {
                    self.parts.storing.send_if_modified(|storing| !std::mem::replace(storing, true));
                    return committed;
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "what terminals said waits for the database"
                    );
                    self.parts.storing.send_replace(false);
                    tokio::time::sleep(COMMIT_RETRY).await;
                }
            }
        }
    }

    /// Hears one message of a terminal.
    fn hear(&mut self, group: &mut Group, id: &TerminalId, said: Said, retained: bool, now_ms: i64) {
        // An external broker does not ask us: on a connection that stands a revoked one talks on. That
        // it is gone is heard.
        let dies = matches!(&said, Said::Presence(e) if matches!(e.body, Told::Death { .. }));
        if !self.may_speak(id, dies, now_ms) {
            return;
        }
        if let Some(item) = said.item() {
            receipts::note(&mut group.items, id, item);
        }
        let (channel, session, heard) = match said {
            Said::Presence(e) => ("presence", e.session, heard_presence(e, retained)),
            Said::Report(e) => ("report", e.session, Heard::Report { seq: e.seq, report: Box::new(e.body) }),
            Said::Fault(e) => {
                group.note_past(id, e.at_ms.min(now_ms), &e.body.health);
                ("report", e.session, Heard::Sign)
            }
            Said::Usage(e) => {
                let session = e.session;
                self.count_usage(group, id, e, now_ms);
                ("usage", session, Heard::Sign)
            }
            Said::Ack(e) => {
                group.acks.push((id.clone(), e.body));
                ("ack", e.session, Heard::Sign)
            }
        };
        self.parts.counts.message(channel);
        let change = |t: &mut Terminal| group::change(t, session, heard, now_ms);
        let Some((applied, visible)) = self.parts.fleet.change_untold(id, change) else { return };
        *self.dirty.entry(id.clone()).or_default() |= applied.more_than_readings;
        if visible {
            group.seen.insert(id.clone());
        }
        let told = group.entries.len();
        group.note(id, applied, now_ms);
        // A display that says another neighbor with every report must not fill the audit log.
        let last_ms = self.told_ms.get(id).copied();
        if group.entries.len() > told {
            if last_ms.is_some_and(|last_ms| now_ms - last_ms < DROP_TOLD_PAUSE_MS) {
                group.entries.truncate(told);
            } else {
                self.told_ms.insert(id.clone(), now_ms);
            }
        }
    }

    /// Whether a terminal's words count: it is in the fleet, has a certificate that holds, and does
    /// not flood. `dies` where it says, or is said, to be gone.
    fn may_speak(&mut self, id: &TerminalId, dies: bool, now_ms: i64) -> bool {
        let reason = match self.parts.fleet.get(id) {
            None => "unknown_terminal",
            Some(terminal) if terminal.certificate.is_none() && !dies => "revoked",
            Some(_) => match self.limiter.admit(id, now_ms) {
                Admission::Taken => return true,
                Admission::FirstDropped => "flood",
                Admission::Dropped => {
                    self.parts.refusals.count("flood");
                    return false;
                }
            },
        };
        self.parts.refusals.note(id.as_str(), reason, id.as_str());
        false
    }

    /// Takes an hour that can be one: a display whose clock is years off must not fill the table.
    fn count_usage(&self, group: &mut Group, id: &TerminalId, said: Envelope<UsageHour>, now_ms: i64) {
        let ahead = i64::from(said.body.hour) - now_ms.div_euclid(HOUR_MS);
        if (-USAGE_HOURS_BACK..=USAGE_HOURS_AHEAD).contains(&ahead) {
            group.usage.push((id.clone(), said.body));
        } else {
            let hour = said.body.hour.to_string();
            self.parts.refusals.note(id.as_str(), "usage_hour_out_of_range", &hour);
        }
    }

    async fn commit(&mut self, group: &Group) -> Result<Committed, StoreError> {
        let mut committed = Committed::default();
        if self.dirty.is_empty() {
            return Ok(committed);
        }
        let (mut moved, mut changed) = (Vec::with_capacity(self.dirty.len()), Vec::new());
        for (id, more_than_readings) in &self.dirty {
            let Some(terminal) = self.parts.fleet.get(id) else { continue };
            if *more_than_readings {
                changed.push(terminal.clone());
            }
            moved.push(terminal);
        }
        let mut tx = Tx::begin(&self.parts.pool, "commit what terminals said").await?;
        terminals::put_readings(&mut tx, &moved).await?;
        terminals::put_states(&mut tx, &changed).await?;
        for (id, hour) in &group.usage {
            let risen = usage::merge(tx.conn().await?, id.as_str(), hour).await?;
            committed.risen.push((id.clone(), risen));
        }
        for line in &group.lines {
            timeline::put(tx.conn().await?, line).await?;
        }
        for entry in &group.entries {
            audit::append_in(tx.conn().await?, entry.clone()).await?;
        }
        for (id, ack) in &group.acks {
            match self.parts.commands.acknowledge(&mut tx, id, ack).await {
                Ok(AckHeard::Changed(command)) => committed.commands.push((command, id.clone())),
                Ok(AckHeard::Nothing) => {}
                Ok(AckHeard::UnknownCommand) => self.refuse(id, "unknown_command", &ack.id.to_string()),
                Ok(AckHeard::Foreign) => self.refuse(id, "foreign_command", &ack.id.to_string()),
                // One row that nobody can read must not hold up the whole fleet.
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%error, command = %ack.id, "a word about a command is passed over");
                    self.refuse(id, "unreadable_command", &ack.id.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        tx.commit().await?;
        self.dirty.clear();
        Ok(committed)
    }

    fn refuse(&self, id: &TerminalId, reason: &'static str, object: &str) {
        self.parts.refusals.note(id.as_str(), reason, object);
    }

    /// Asks terminals for their whole report, each not too often.
    async fn ask_for_whole(&mut self, gaps: BTreeSet<TerminalId>, now_ms: i64) -> Result<(), StoreError> {
        self.asked_ms.retain(|_, asked| now_ms - *asked < ASK_WHOLE_PAUSE_MS);
        let terminals: Vec<TerminalId> =
            gaps.into_iter().filter(|t| !self.asked_ms.contains_key(t)).collect();
        if terminals.is_empty() {
            return Ok(());
        }
        self.asked_ms.extend(terminals.iter().map(|t| (t.clone(), now_ms)));
        self.parts
            .commands
            .issue(Issue {
                terminals,
                verb: Verb::ReportNow,
                times: Times { start_by_ms: now_ms + ASK_WHOLE_MS, finish_by_ms: now_ms + 2 * ASK_WHOLE_MS },
                force_reason: None,
                reason: Some("a part of its reports is missing".into()),
                actor: "controller".into(),
                idempotency: None,
            })
            .await
            .map(|_issued| ())
    }
}

/// A birth that the broker kept says that somebody was there, not that he is.
fn heard_presence(said: Envelope<Told>, retained: bool) -> Heard {
    if retained { Heard::Kept(said.body) } else { Heard::Presence(said.body) }
}

#[cfg(test)]
mod tests;
