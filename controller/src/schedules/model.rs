//! A scheduled order and its runs. What people write is a [`Plan`]; the rest is the controller's.

use jiff::civil::DateTime;
use migrado_protocol::command::Verb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::Terminal;

/// What is to be done, when and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchedulePlan)]
pub struct Plan {
    /// What people call it.
    pub name: String,
    /// When.
    pub when: When,
    /// For which displays.
    pub terminals: Scope,
    /// What.
    pub order: Verb,
    /// Only while the display's site is open, or closed.
    #[serde(default)]
    pub only_when: OnlyWhen,
    /// For how many minutes a run that was missed is still made up for.
    #[serde(default = "usual_grace")]
    pub grace_minutes: u32,
}

/// Minutes for which a missed run is made up for when nobody says otherwise.
fn usual_grace() -> u32 {
    60
}

/// When an order is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum When {
    /// Again and again.
    Recurring {
        /// Minute, hour, day, month and weekday in Europe/Berlin, like `0 3 * * *`.
        cron: String,
    },
    /// Once.
    Dated {
        /// The time on the wall in Europe/Berlin, like `2026-12-24T13:00`.
        #[schema(value_type = String, example = "2026-12-24T13:00")]
        at: DateTime,
    },
}

/// For which displays: `"all"`, `{"site": ...}`, `{"label": ...}` or a list of displays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ScheduleScope)]
pub enum Scope {
    /// These.
    Terminals(Vec<String>),
    /// A site's.
    Site {
        /// Which.
        site: String,
    },
    /// Those whose label has this in it, in capitals or not.
    Label {
        /// What.
        label: String,
    },
    /// `all`.
    Word(String),
}

impl Scope {
    /// Whether a display belongs to it.
    pub fn holds(&self, terminal: &Terminal) -> bool {
        match self {
            Self::Terminals(ids) => ids.iter().any(|id| id == terminal.id.as_str()),
            Self::Site { site } => site == terminal.site.as_str(),
            Self::Label { label } => terminal.label.to_lowercase().contains(&label.to_lowercase()),
            Self::Word(word) => word == "all",
        }
    }
}

/// Under which state of the site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnlyWhen {
    /// Whatever it is.
    #[default]
    Any,
    /// While it is open.
    Open,
    /// While it is closed.
    Closed,
}

/// A scheduled order as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its identity.
    pub id: String,
    /// What people wrote.
    pub plan: Plan,
    /// Whether it rests.
    pub paused: bool,
    /// What was due up to here does not count: it was made, changed or resumed then.
    pub since_ms: i64,
    /// The last time that was decided.
    pub last_due_ms: Option<i64>,
    /// When it was changed.
    pub changed_ms: i64,
    /// By whom.
    pub changed_by: String,
    /// Counts its changes.
    pub revision: i64,
}

/// What became of a time that was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScheduleRunState)]
pub enum RunState {
    /// Decided; the orders are being given.
    Ordering,
    /// The orders were given.
    Ordered,
    /// Nothing was ordered; the reason says why.
    Skipped,
    /// The controller ended while it gave the orders, and came back too late to find out.
    Unknown,
}

impl RunState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ordering, Self::Ordered, Self::Skipped, Self::Unknown];

    /// The word in database and API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ordering => "ordering",
            Self::Ordered => "ordered",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }
}

/// Why nothing was ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The controller was away, and the grace had passed when it came back.
    TooLate,
    /// The site was not open.
    NotOpen,
    /// The site was not closed.
    NotClosed,
    /// The site has no opening hours.
    HoursUnknown,
    /// No display belongs to it.
    NoDisplay,
    /// No display could take the order: none is enrolled, or too many orders wait.
    NotApplicable,
}

impl SkipReason {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::TooLate,
        Self::NotOpen,
        Self::NotClosed,
        Self::HoursUnknown,
        Self::NoDisplay,
        Self::NotApplicable,
    ];

    /// The word in database and API.
    pub fn word(self) -> &'static str {
        match self {
            Self::TooLate => "too_late",
            Self::NotOpen => "not_open",
            Self::NotClosed => "not_closed",
            Self::HoursUnknown => "hours_unknown",
            Self::NoDisplay => "no_display",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// A time that was due, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Of which schedule.
    pub schedule: String,
    /// When it was due.
    pub due_ms: i64,
    /// When that was decided.
    pub decided_ms: i64,
    /// What became of it.
    pub state: RunState,
    /// Why nothing was ordered.
    pub reason: Option<SkipReason>,
    /// Times before it that passed while nobody decided.
    pub missed: i64,
    /// The orders that it gave.
    pub batch: Option<String>,
    /// Displays that got one.
    pub ordered: i64,
    /// Displays that belong to it and got none.
    pub left_out: i64,
}
