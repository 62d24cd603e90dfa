//! The data path's entry: what terminals say is decoded, applied to the fleet and committed in
//! groups; only then the broker may forget it. A message that cannot be understood is counted and
//! dropped, never an error of the connection.

pub mod decode;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use migrado_link::session::Receipt;
use migrado_protocol::command::Verb;
use migrado_protocol::presence::Presence as PresenceWord;
use migrado_protocol::{Ack, CommandId, TerminalId, UsageHour};
use sqlx::AnyPool;
use tokio::sync::watch;

use crate::broker::Refusals;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::commands::issue::Issue;
use crate::commands::plan::Times;
use crate::commands::settle::Heard as AckHeard;
use crate::events::Events;
use crate::fleet::{Effect, FleetHandle, Heard, Presence, Status, Terminal, presence, status};
use crate::store::{StoreError, terminals, timeline, usage};
use decode::{Said, decode};

/// Messages of one commit: enough to make the cost of a sync small, few enough to stay quick.
pub const GROUP_MAX: usize = 2048;
/// Milliseconds between two requests for the whole report of one terminal.
const ASK_WHOLE_PAUSE_MS: i64 = 60_000;
/// Milliseconds that such a request may wait and take.
const ASK_WHOLE_MS: i64 = 60_000;
/// Time before a database that refused (a full disk, say) is tried again.
const COMMIT_RETRY: std::time::Duration = std::time::Duration::from_secs(1);

/// A message as it came.
#[derive(Debug)]
pub struct Message {
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// Acknowledges it.
    pub receipt: Receipt,
}

/// Takes groups of messages in.
#[derive(Debug)]
pub struct Ingest {
    pool: AnyPool,
    fleet: FleetHandle,
    commands: Commands,
    events: Events,
    refusals: Refusals,
    clock: Clock,
    counts: crate::metrics::Counts,
    dirty: BTreeSet<TerminalId>,
    asked_ms: HashMap<TerminalId, i64>,
    storing: watch::Sender<bool>,
}

/// What a group of messages comes to.
#[derive(Debug, Default)]
struct Group {
    usage: Vec<(TerminalId, UsageHour)>,
    acks: Vec<(TerminalId, Ack)>,
    lines: Vec<(TerminalId, &'static str, String, Option<String>)>,
    gaps: BTreeSet<TerminalId>,
    came: bool,
}

/// What people see of a terminal, before and after.
struct Seen {
    presence: Presence,
    status: Status,
    verdict: Option<migrado_protocol::Level>,
    health: BTreeMap<
        migrado_protocol::Component,
        (migrado_protocol::HealthState, Option<migrado_protocol::Reason>),
    >,
}

impl Seen {
    fn of(t: &Terminal, now_ms: i64) -> Self {
        let presence = presence::decide(t, now_ms).0;
        Self {
            presence,
            status: status::decide(t, presence, now_ms),
            verdict: t.reported.verdict.as_ref().map(|v| v.level),
            health: t.reported.health.iter().map(|(c, h)| (*c, (h.state, h.reason))).collect(),
        }
    }
}

impl Ingest {
    /// Parts that it works with; `storing` is told whether the database takes what is said.
    #[expect(clippy::too_many_arguments, reason = "each is one part, named where it is composed")]
    pub fn new(
        pool: AnyPool,
        fleet: FleetHandle,
        commands: Commands,
        events: Events,
        refusals: Refusals,
        clock: Clock,
        counts: crate::metrics::Counts,
        storing: watch::Sender<bool>,
    ) -> Self {
        let (dirty, asked_ms) = (BTreeSet::new(), HashMap::new());
        Self { pool, fleet, commands, events, refusals, clock, counts, dirty, asked_ms, storing }
    }

    /// Takes a group in: applies, commits, and only then acknowledges. While the database refuses,
    /// nothing is acknowledged and nothing more is taken: the broker keeps it.
    pub async fn take(&mut self, messages: Vec<Message>) {
        let now_ms = self.clock.now_ms();
        let mut group = Group::default();
        let mut receipts = Vec::with_capacity(messages.len());
        for message in messages {
            match decode(&message.topic, &message.payload) {
                Ok((terminal, said)) => self.apply(&mut group, &terminal, said, now_ms),
                Err(dropped) => self.refusals.note(&dropped.identity, dropped.reason, &message.topic),
            }
            receipts.push(message.receipt);
        }
        let changed = self.commit_at_last(&group, now_ms).await;
        receipts.into_iter().for_each(Receipt::confirm);
        if !changed.is_empty() {
            self.commands.changed(changed).await;
        }
        if group.came {
            self.commands.wake();
        }
        if let Err(error) = self.ask_for_whole(group.gaps, now_ms).await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "terminals were not asked for their whole report");
        }
    }

    /// Commits, again and again until the database takes it: usage and acknowledgements stand
    /// nowhere else, and a terminal does not say them twice on one connection.
    async fn commit_at_last(&mut self, group: &Group, now_ms: i64) -> Vec<(CommandId, TerminalId)> {
        loop {
            match self.commit(group, now_ms).await {
                Ok(changed) => {
                    self.storing.send_if_modified(|storing| !std::mem::replace(storing, true));
                    return changed;
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "what terminals said waits for the database"
                    );
                    self.storing.send_replace(false);
                    tokio::time::sleep(COMMIT_RETRY).await;
                }
            }
        }
    }

    fn apply(&mut self, group: &mut Group, id: &TerminalId, said: Said, now_ms: i64) {
        let Some(known) = self.fleet.get(id) else {
            self.refusals.note(id.as_str(), "unknown_terminal", id.as_str());
            return;
        };
        // An external broker does not ask us: on a connection that stands a revoked one talks on.
        // That it is gone is heard.
        let dies = matches!(&said, Said::Presence(e) if matches!(e.body, PresenceWord::Death { .. }));
        if known.certificate.is_none() && !dies {
            self.refusals.note(id.as_str(), "revoked", id.as_str());
            return;
        }
        let (channel, session, heard) = match said {
            Said::Presence(e) => ("presence", e.session, Heard::Presence(e.body)),
            Said::Report(e) => ("report", e.session, Heard::Report { seq: e.seq, report: Box::new(e.body) }),
            Said::Usage(e) => {
                group.usage.push((id.clone(), e.body));
                ("usage", e.session, Heard::Sign)
            }
            Said::Ack(e) => {
                group.acks.push((id.clone(), e.body));
                ("ack", e.session, Heard::Sign)
            }
        };
        self.counts.message(channel);
        let before_away = self.fleet.get(id).and_then(|t| t.away.clone());
        let change = self.fleet.change(id, |t| {
            let before = Seen::of(t, now_ms);
            let sign_only = matches!(heard, Heard::Sign);
            let effect = crate::fleet::apply::apply(t, session, heard, now_ms);
            let after = Seen::of(t, now_ms);
            if effect != Effect::Stale {
                t.heartbeats.note(after.status, now_ms);
            }
            let visible = effect != Effect::Stale && (!sign_only || before.presence != after.presence);
            ((before, after, effect, t.away.clone()), visible)
        });
        let Some((before, after, effect, away)) = change else { return };
        if effect == Effect::Stale {
            return;
        }
        self.dirty.insert(id.clone());
        self.events.terminal(id);
        if effect == Effect::TakenWithGap {
            group.gaps.insert(id.clone());
        }
        if away != before_away
            && let Some(away) = &away
        {
            let cause = serde_json::to_value(away.cause).ok().and_then(|v| v.as_str().map(str::to_owned));
            group.lines.push((id.clone(), "away", cause.unwrap_or_default(), None));
        }
        group.came |= before.presence != Presence::Online && after.presence == Presence::Online;
        lines(group, id, &before, &after);
    }

    async fn commit(
        &mut self,
        group: &Group,
        now_ms: i64,
    ) -> Result<Vec<(CommandId, TerminalId)>, StoreError> {
        if self.dirty.is_empty() && group.usage.is_empty() && group.acks.is_empty() {
            return Ok(Vec::new());
        }
        let fail = StoreError::of("commit what terminals said");
        let mut changed = Vec::new();
        let mut tx = self.pool.begin().await.map_err(fail)?;
        for id in &self.dirty {
            if let Some(terminal) = self.fleet.get(id) {
                terminals::put(&mut tx, &terminal).await?;
            }
        }
        for (id, hour) in &group.usage {
            usage::merge(&mut tx, id.as_str(), hour).await?;
        }
        for (id, kind, code, detail) in &group.lines {
            timeline::add(&mut tx, id.as_str(), now_ms, kind, code, detail.as_deref()).await?;
        }
        for (id, ack) in &group.acks {
            match self.commands.acknowledge(&mut tx, id, ack).await? {
                AckHeard::Changed(command) => changed.push((command, id.clone())),
                AckHeard::Nothing => {}
                AckHeard::UnknownCommand => {
                    self.refusals.note(id.as_str(), "unknown_command", &ack.id.to_string())
                }
                AckHeard::Foreign => self.refusals.note(id.as_str(), "foreign_command", &ack.id.to_string()),
            }
        }
        tx.commit().await.map_err(fail)?;
        self.dirty.clear();
        Ok(changed)
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
        self.commands
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

/// Lines of the timeline: what people would want to know later.
fn lines(group: &mut Group, id: &TerminalId, before: &Seen, after: &Seen) {
    if before.presence != after.presence {
        group.lines.push((id.clone(), "presence", after.presence.word().into(), None));
    }
    if let Some(level) = after.verdict
        && before.verdict != after.verdict
    {
        group.lines.push((id.clone(), "verdict", level.word().into(), None));
    }
    for (component, (state, reason)) in &after.health {
        if before.health.get(component) != Some(&(*state, *reason)) && !before.health.is_empty() {
            let reason = reason.map_or_else(|| state.word().to_owned(), |r| r.word());
            group.lines.push((id.clone(), "health", format!("{}:{reason}", component.word()), None));
        }
    }
}

#[cfg(test)]
mod tests;
