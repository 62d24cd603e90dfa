//! What visitors used, counted on the display. One message is one hour: the counters since the
//! hour began, so that a message sent twice, or a later one, changes nothing but upwards.
//! The schema has no free text: nothing of a visitor can travel in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counters of one hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UsageHour {
    /// Begin of the hour, UTC, in hours since the Unix epoch.
    pub hour: u32,
    /// Cumulative counts of this hour by counter; what is absent is 0.
    pub counts: BTreeMap<Counter, u32>,
}

/// What is counted. Closed on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Counter {
    /// A session began.
    SessionsBegun,
    /// A session was ended by its visitor.
    SessionsEndedByVisitor,
    /// A session was ended because nobody was there any more.
    SessionsEndedByIdle,
    /// A session was ended by an order.
    SessionsEndedByReset,
    /// A language was chosen.
    LanguagesChosen,
    /// Sheets printed.
    SheetsPrinted,
    /// A print job that failed.
    PrintsFailed,
    /// A counter of a newer agent.
    #[serde(other)]
    Other,
}

impl Counter {
    /// Every counter that exists.
    pub const ALL: [Self; 7] = [
        Self::SessionsBegun,
        Self::SessionsEndedByVisitor,
        Self::SessionsEndedByIdle,
        Self::SessionsEndedByReset,
        Self::LanguagesChosen,
        Self::SheetsPrinted,
        Self::PrintsFailed,
    ];

    /// The word on the wire, in metrics and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::SessionsBegun => "sessions_begun",
            Self::SessionsEndedByVisitor => "sessions_ended_by_visitor",
            Self::SessionsEndedByIdle => "sessions_ended_by_idle",
            Self::SessionsEndedByReset => "sessions_ended_by_reset",
            Self::LanguagesChosen => "languages_chosen",
            Self::SheetsPrinted => "sheets_printed",
            Self::PrintsFailed => "prints_failed",
            Self::Other => "other",
        }
    }
}
