//! Content: the release that a terminal should have, a part of its desired state, and how far it
//! is, a part of its report. The files and their proofs travel over HTTPS, not here.

use serde::{Deserialize, Serialize};

use crate::neighbor::{Dropped, Neighbor};

/// The release that a terminal should have, and how it may get there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseWanted {
    /// Its name in the signed list of releases, for example `2026-11-25.1`.
    pub name: String,
    /// SHA-256 of its manifest, hex: what it is. The signed list must say the same.
    pub manifest: String,
    /// When it may be fetched.
    pub download: Window,
    /// When it may be put in service; absent: fetch it and wait for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activate: Option<Window>,
    /// When it no longer waits for a visitor; absent: it waits as long as there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_latest_ms: Option<i64>,
    /// Bytes a second at most; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_bytes_s: Option<u64>,
    /// Bytes that this update may take from the line, whatever happens; absent: twice its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_bytes: Option<u64>,
    /// Rises when a person wants it tried again at once, however often it failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// Displays of its site to ask before the controller, in this order; absent: nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbors: Vec<Neighbor>,
}

/// A span of time, open at its ends where they are absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}

impl Window {
    /// Whether a moment lies in it.
    pub fn contains(self, now_ms: i64) -> bool {
        self.from_ms.is_none_or(|from| now_ms >= from) && self.until_ms.is_none_or(|until| now_ms < until)
    }
}

/// An edition of a form that must not be handed out any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recalled {
    /// The form.
    pub form: String,
    /// Its edition.
    pub edition: String,
}

/// How far an update is. It ends as `confirmed`, `rolled_back` or `failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UpdateState {
    /// Checks what is offered and fetches what is new of it.
    Downloading,
    /// Everything is here and verified; it is not in service.
    Staged,
    /// For the end of a visit, or for a window.
    Waiting,
    /// Is being put in service.
    Activating,
    /// In service and watched: does the page show it, does the printer print, can a visit begin?
    Observing,
    /// Has proven itself.
    Confirmed,
    /// Has not: the one before is in service again.
    RolledBack,
    /// Did not come that far; the one before was in service all the time.
    Failed,
    /// A state of a newer agent.
    #[serde(other)]
    Other,
}

impl UpdateState {
    /// Every state that this version knows, in their order.
    pub const ALL: [Self; 8] = [
        Self::Downloading,
        Self::Staged,
        Self::Waiting,
        Self::Activating,
        Self::Observing,
        Self::Confirmed,
        Self::RolledBack,
        Self::Failed,
    ];

    /// The word on the wire, in metrics and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Downloading => "downloading",
            Self::Staged => "staged",
            Self::Waiting => "waiting",
            Self::Activating => "activating",
            Self::Observing => "observing",
            Self::Confirmed => "confirmed",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::Other => "other",
        }
    }

    /// Whether nothing more happens by itself in this attempt.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::RolledBack | Self::Failed)
    }
}

/// What an update waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WaitsFor {
    /// The end of a visit.
    Visitor,
    /// The window in which it may be fetched.
    DownloadWindow,
    /// The window in which it may be put in service.
    ActivateWindow,
    /// Leave to put it in service.
    Leave,
    /// The time of its next attempt.
    NextAttempt,
    /// Something of a newer agent.
    #[serde(other)]
    Other,
}

/// A release on a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseHeld {
    /// Its name.
    pub name: String,
    /// SHA-256 of its manifest, hex.
    pub manifest: String,
    /// Since when it has been in service.
    pub since_ms: i64,
}

/// The update under way, or the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Update {
    /// Name of the release that it brings.
    pub name: String,
    /// SHA-256 of its manifest, hex.
    pub manifest: String,
    /// How far it is.
    pub state: UpdateState,
    /// Since when.
    pub since_ms: i64,
    /// Bytes that have come over the line.
    #[serde(default, skip_serializing_if = "is_zero_64")]
    pub bytes_done: u64,
    /// Bytes that are to come in all; 0 while it is not known.
    #[serde(default, skip_serializing_if = "is_zero_64")]
    pub bytes_total: u64,
    /// Bytes of these that neighbors gave.
    #[serde(default, skip_serializing_if = "is_zero_64")]
    pub bytes_from_neighbors: u64,
    /// What it waits for, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<WaitsFor>,
    /// Since when it has been waiting for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_since_ms: Option<i64>,
    /// Until when at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_latest_ms: Option<i64>,
    /// Attempts that have begun.
    pub attempts: u32,
    /// `attempt` of the desired state that this one answers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// Neighbors that are not asked any more, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbors_dropped: Vec<Dropped>,
    /// Why it failed, was refused or was taken back, by name: `rollback`, `tampered`, `no_space`,
    /// `page_silent` and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// What exactly, in words for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What happened to it, the newest last; a bounded number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<UpdateNote>,
}

/// Something that happened to an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateNote {
    /// When, on the terminal's clock.
    pub at_ms: i64,
    /// How far the update was then.
    pub state: UpdateState,
    /// What was seen, or why, in words for an operator; absent where the state says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a terminal says of its content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContentReport {
    /// In service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<ReleaseHeld>,
    /// The one before, kept to go back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ReleaseHeld>,
    /// The update under way, or the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// Version of the signed list of releases that is trusted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets_version: Option<u64>,
    /// Since when that list has been older than it may be; absent while it is fresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_since_ms: Option<i64>,
    /// Editions that are not handed out here any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalled: Vec<Recalled>,
    /// `host:port` where other displays of its site may fetch from it; absent while they may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serves_at: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero_64(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_at_the_ends_that_it_has_not() {
        let window = |from_ms, until_ms| Window { from_ms, until_ms };
        for (window, now_ms, expected) in [
            (window(None, None), 5, true),
            (window(Some(5), None), 4, false),
            (window(Some(5), None), 5, true),
            (window(None, Some(5)), 4, true),
            (window(None, Some(5)), 5, false),
            (window(Some(3), Some(5)), 4, true),
            (window(Some(5), Some(3)), 4, false),
        ] {
            assert_eq!(window.contains(now_ms), expected, "{window:?} {now_ms}");
        }
    }

    #[test]
    fn every_state_has_the_word_of_the_wire() {
        for state in UpdateState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
    }
}
