//! A terminal's timeline: what it said, what was ordered, and what was done to it, in one list. Its
//! three sources are read by the controller's clock from the same position on and merged; what comes
//! later stands above, so a cursor never repeats a line and never skips one.

use std::cmp::Reverse;

use axum::extract::{Path, State};
use migrado_protocol::TerminalId;
use migrado_protocol::command::CommandState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Page, Query, limit};
use super::guard::Viewer;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::terminals::find;
use super::text::{Text, text};
use crate::audit::Outcome;
use crate::commands::verbs;
use crate::fleet::{Presence, words};
use crate::store::command_steps::{self, StepOf};
use crate::store::position::Position;
use crate::store::timeline::{self as lines, Line};
use crate::store::{StoreError, audit};

/// Milliseconds by which a terminal's own time must differ from ours to be worth telling.
const OWN_TIME_MS: i64 = 5_000;

/// Kind of a line in a display's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// It came or went.
    Presence,
    /// A component's health changed.
    Health,
    /// Its verdict changed.
    Verdict,
    /// A command went a step on.
    Command,
    /// It said why it was away.
    Away,
    /// Somebody did something to it.
    Audit,
    /// It sent, or somebody sent about it, what was refused.
    Refusal,
}

/// A line in a display's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineItem {
    /// Its name; as `after=` it gives what is older.
    pub id: String,
    /// When the controller learned of it.
    pub at_ms: i64,
    /// When it happened by the display's clock, where that is another time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_ms: Option<i64>,
    /// What kind.
    pub kind: TimelineKind,
    /// The same for programs: `paper_empty` with its part before it, a command's state, an action.
    pub code: String,
    /// In words.
    pub text: Text,
    /// Who: an account, `terminal`, `controller`, an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The command that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Raw words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Where a line comes from. At the same time the cause is older than its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Audit,
    Command,
    Line,
}

impl Source {
    const ALL: [Self; 3] = [Self::Audit, Self::Command, Self::Line];

    fn word(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Command => "command",
            Self::Line => "line",
        }
    }
}

/// Where a line stands: the greater, the newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at_ms: i64,
    source: Source,
    name: String,
    number: i64,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let at_ms = parts.next()?.parse().ok()?;
        let word = parts.next()?;
        let source = Source::ALL.into_iter().find(|source| source.word() == word)?;
        let (name, number) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { at_ms, source, name, number })
    }

    /// What of a source is older than this.
    fn behind(&self, source: Source) -> Position {
        match source.cmp(&self.source) {
            std::cmp::Ordering::Less => Position::after(self.at_ms),
            std::cmp::Ordering::Equal => {
                Position { at_ms: self.at_ms, name: self.name.clone(), number: self.number }
            }
            std::cmp::Ordering::Greater => Position::before(self.at_ms),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}.{}", self.at_ms, self.source.word(), self.name, self.number)
    }
}

/// Where a history goes on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Cursor {
    limit: Option<u32>,
    after: Option<String>,
}

/// A terminal's history, the newest first.
#[utoipa::path(get, path = "/api/v1/terminals/{id}/timeline", params(Cursor), responses((status = 200, body = Page<TimelineItem>)))]
pub async fn timeline(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
    Query(cursor): Query<Cursor>,
) -> Answer<axum::Json<Page<TimelineItem>>> {
    let terminal = find(&state, &id)?;
    let limit = limit(cursor.limit)?;
    let behind = match cursor.after.as_deref().map(|text| (text, Place::parse(text))) {
        None => None,
        Some((_, Some(place))) => Some(place),
        Some((_, None)) => return Err(Problem::field("after", "use what `next` or a line's `id` said")),
    };
    let items = read(&state, &terminal.id, behind.as_ref(), limit + 1).await?;
    Ok(axum::Json(Page::cut(items, limit, |item| item.id.clone())))
}

async fn read(
    state: &ApiState,
    terminal: &TerminalId,
    behind: Option<&Place>,
    count: usize,
) -> Result<Vec<TimelineItem>, StoreError> {
    let (pool, id) = (&state.pool, terminal.as_str());
    let rows = i64::try_from(count).unwrap_or(i64::MAX);
    let from = |source| behind.map_or_else(Position::end, |place| place.behind(source));
    let said = lines::of_terminal(pool, id, &from(Source::Line), rows).await?;
    let ordered = command_steps::of_terminal(pool, id, &from(Source::Command), rows).await?;
    let done = audit::of_terminal(pool, id, &from(Source::Audit), rows).await?;
    let all = said.into_iter().map(of_line);
    let all = all.chain(ordered.into_iter().map(of_step)).chain(done.into_iter().map(of_audit));
    Ok(merged(all.collect(), count))
}

/// The newest of all, in order. Pure.
fn merged(mut items: Vec<(Place, TimelineItem)>, count: usize) -> Vec<TimelineItem> {
    items.sort_by(|(a, _), (b, _)| Reverse(a).cmp(&Reverse(b)));
    items.truncate(count);
    items.into_iter().map(|(_, item)| item).collect()
}

fn of_line(line: Line) -> (Place, TimelineItem) {
    let place = Place { at_ms: line.at_ms, source: Source::Line, name: String::new(), number: line.id };
    let code = line.code.as_str();
    let word = || serde_json::Value::String(code.to_owned());
    let raw = || text(code, code);
    let name = |(de, en): words::Name| text(de, en);
    let (kind, text) = match line.kind.as_str() {
        "presence" => {
            let known = Presence::ALL.into_iter().find(|presence| presence.word() == code);
            (TimelineKind::Presence, known.map_or_else(raw, |p| name(words::presence(p))))
        }
        "verdict" => {
            let level = serde_json::from_value(word());
            (TimelineKind::Verdict, level.map_or_else(|_| raw(), |level| name(words::level(level))))
        }
        "away" => {
            let cause = serde_json::from_value(word());
            (TimelineKind::Away, cause.map_or_else(|_| raw(), |cause| name(words::away(cause))))
        }
        _ => {
            let (de, en) = words::of_health(code);
            (TimelineKind::Health, text(de, en))
        }
    };
    let id = place.to_string();
    let item = TimelineItem {
        id,
        at_ms: line.at_ms,
        own_ms: None,
        kind,
        code: line.code,
        text,
        by: None,
        command: None,
        detail: line.detail,
    };
    (place, item)
}

fn of_step(of: StepOf) -> (Place, TimelineItem) {
    let StepOf { command, verb, rejection, n, step } = of;
    let place = Place { at_ms: step.heard_ms, source: Source::Command, name: command.clone(), number: n };
    let verb = verbs::info(&verb).text;
    let (de, en) = words::command(step.state);
    let mut said = text(format!("{}: {de}", verb.de), format!("{}: {en}", verb.en));
    if let (CommandState::Rejected, Some(why)) = (step.state, rejection) {
        let (de, en) = words::rejection(why);
        said = text(format!("{}. {de}", said.de), format!("{}. {en}", said.en));
    }
    let differs = (step.at_ms - step.heard_ms).abs() >= OWN_TIME_MS;
    let item = TimelineItem {
        id: place.to_string(),
        at_ms: step.heard_ms,
        own_ms: differs.then_some(step.at_ms),
        kind: TimelineKind::Command,
        code: step.state.word().to_owned(),
        text: said,
        by: Some(step.teller),
        command: Some(command),
        detail: step.detail,
    };
    (place, item)
}

fn of_audit(row: crate::audit::Row) -> (Place, TimelineItem) {
    let entry = row.entry;
    let place = Place { at_ms: entry.at_ms, source: Source::Audit, name: String::new(), number: row.id };
    let refused = entry.result == Outcome::Refused;
    let (de, en) = words::action(&entry.action);
    // What was refused to a terminal names what it asked for; of the rest the detail tells more.
    let detail = entry.detail.or_else(|| refused.then_some(entry.object));
    let item = TimelineItem {
        id: place.to_string(),
        at_ms: entry.at_ms,
        own_ms: None,
        kind: if refused { TimelineKind::Refusal } else { TimelineKind::Audit },
        code: entry.action,
        text: if refused {
            text(format!("Abgewiesen: {de}"), format!("Refused: {en}"))
        } else {
            text(de, en)
        },
        by: Some(entry.actor),
        command: None,
        detail,
    };
    (place, item)
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
