//! What a group of messages comes to before it is committed, and the lines that people will want to
//! read later. Pure but for the fleet that it changes.

use std::collections::{BTreeMap, BTreeSet};

use migrado_protocol::limits::clip;
use migrado_protocol::neighbor::{DROPPED_MAX, Dropped};
use migrado_protocol::presence::AwayCause;
use migrado_protocol::{Ack, Component, Health, Level, TerminalId, UsageHour};

use super::receipts::Items;
use crate::audit::Entry;
use crate::fleet::apply::{Effect, Heard, apply};
use crate::fleet::terminal::brings_only_readings;
use crate::fleet::{Presence, Status, Terminal, presence, status};
use crate::store::timeline::NewLine;

/// A group on its way to the database.
#[derive(Debug, Default)]
pub struct Group {
    /// Counted hours.
    pub usage: Vec<(TerminalId, UsageHour)>,
    /// Words about commands.
    pub acks: Vec<(TerminalId, Ack)>,
    /// Lines of timelines.
    pub lines: Vec<NewLine>,
    /// Terminals of whose reports a part is missing.
    pub gaps: BTreeSet<TerminalId>,
    /// Terminals whose change people can see.
    pub seen: BTreeSet<TerminalId>,
    /// Entries of the audit log.
    pub entries: Vec<Entry>,
    /// Items that get a receipt.
    pub items: Items,
    /// Somebody came: orders may be waiting for him.
    pub came: bool,
}

/// What people see of a terminal, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    presence: Presence,
    status: Status,
    verdict: Option<Level>,
}

impl Seen {
    fn of(t: &Terminal, now_ms: i64) -> Self {
        let presence = presence::decide(t, now_ms).0;
        let verdict = t.reported.verdict.as_ref().map(|v| v.level);
        Self { presence, status: status::decide(t, presence, now_ms), verdict }
    }
}

/// What a message did to a terminal.
#[derive(Debug)]
pub struct Applied {
    /// In the domain's words.
    pub effect: Effect,
    /// Whether more than readings may have changed.
    pub more_than_readings: bool,
    before: Seen,
    after: Seen,
    /// Whether an absence was told that was not known before.
    told_away: Option<AwayCause>,
    health: Vec<String>,
    /// Neighbors that it says to ask no more, and had not said before.
    dropped: Vec<Dropped>,
}

/// Applies what was heard; the second value says whether people can see a difference.
pub fn change(t: &mut Terminal, session: u64, heard: Heard, now_ms: i64) -> (Applied, bool) {
    let before = Seen::of(t, now_ms);
    let away_before = t.away.clone();
    let sign_only = matches!(heard, Heard::Sign);
    let more_than_readings = match &heard {
        Heard::Report { report, .. } => !brings_only_readings(report),
        Heard::Presence(_) | Heard::Kept(_) => true,
        Heard::Sign => false,
    };
    let health = match &heard {
        Heard::Report { report, .. } => health_codes(&t.reported.health, &report.health),
        _ => Vec::new(),
    };
    let known = dropped_by(t);
    let effect = apply(t, session, heard, now_ms);
    let mut dropped = dropped_by(t);
    dropped.retain(|one| !known.contains(one));
    let after = Seen::of(t, now_ms);
    if effect != Effect::Stale {
        t.heartbeats.note(after.status, now_ms);
    }
    let told_away = t.away.as_ref().filter(|away| away_before.as_ref() != Some(away)).map(|away| away.cause);
    let visible = effect != Effect::Stale && (!sign_only || before.presence != after.presence);
    (Applied { effect, more_than_readings, before, after, told_away, health, dropped }, visible)
}

/// The neighbors that a terminal says to ask no more: no more of them than it may say.
fn dropped_by(t: &Terminal) -> Vec<Dropped> {
    let update = t.reported.content.as_ref().and_then(|content| content.update.as_ref());
    update
        .map(|update| update.neighbors_dropped.iter().take(DROPPED_MAX).cloned().collect())
        .unwrap_or_default()
}

/// The nodes that are otherwise than before. The first report of all tells no news.
fn health_codes(before: &BTreeMap<Component, Health>, told: &BTreeMap<Component, Health>) -> Vec<String> {
    if before.is_empty() {
        return Vec::new();
    }
    let changed = |(component, node): &(&Component, &Health)| {
        before.get(component).map(|b| (b.state, b.reason)) != Some((node.state, node.reason))
    };
    told.iter().filter(changed).map(|(component, node)| code(*component, node)).collect()
}

fn code(component: Component, node: &Health) -> String {
    let reason = node.reason.map_or_else(|| node.state.word().to_owned(), |r| r.word());
    format!("{}:{reason}", component.word())
}

/// What the audit log keeps of neighbors that a terminal asks no more.
fn told_of(id: &TerminalId, dropped: &[Dropped], now_ms: i64) -> Entry {
    let words: Vec<String> = dropped
        .iter()
        .map(|one| format!("{}: {}, object {}", one.terminal, clip(&one.finding), clip(&one.object)))
        .collect();
    Entry::ok(now_ms, id.as_str(), "neighbor.drop", id.as_str()).detail(words.join("; "))
}

impl Group {
    /// Notes what a message did.
    pub fn note(&mut self, id: &TerminalId, applied: Applied, now_ms: i64) {
        let Applied { effect, more_than_readings: _, before, after, told_away, health, dropped } = applied;
        if effect == Effect::Stale {
            return;
        }
        self.entries.extend((!dropped.is_empty()).then(|| told_of(id, &dropped, now_ms)));
        if effect == Effect::TakenWithGap {
            self.gaps.insert(id.clone());
        }
        self.came |= before.presence != Presence::Online && after.presence == Presence::Online;
        let mut line = |kind, code: String| {
            self.lines.push(NewLine { terminal: id.clone(), at_ms: now_ms, kind, code, replayed: false });
        };
        if let Some(cause) = told_away {
            let word = serde_json::to_value(cause).ok().and_then(|v| v.as_str().map(str::to_owned));
            line("away", word.unwrap_or_default());
        }
        if before.presence != after.presence {
            line("presence", after.presence.word().into());
        }
        if let Some(level) = after.verdict
            && before.verdict != after.verdict
        {
            line("verdict", level.word().into());
        }
        health.into_iter().for_each(|code| line("health", code));
    }

    /// Notes what was ill, or well again, at a time when nobody could hear it.
    pub fn note_past(&mut self, id: &TerminalId, at_ms: i64, health: &BTreeMap<Component, Health>) {
        for (component, node) in health {
            let code = code(*component, node);
            let line = NewLine { terminal: id.clone(), at_ms, kind: "health", code, replayed: true };
            self.lines.push(line);
        }
    }
}
