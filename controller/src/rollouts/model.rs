//! What a rollout is: what was asked for, how far it is as a whole, and what is known of each of its
//! displays. Plain data, kept as JSON by `store::rollouts`; what it means is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use migrado_protocol::content::ReleaseWanted;
use migrado_protocol::{SiteId, TerminalId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::lifecycle::State;
use super::why::Why;

/// For which displays a rollout is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Targets {
    /// All.
    All,
    /// A site's.
    Site(SiteId),
    /// These.
    Terminals(Vec<TerminalId>),
}

/// Which displays a wave takes, of those that no earlier wave has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// These.
    Terminals(Vec<TerminalId>),
    /// So many, from as many sites as there are.
    Count(u32),
    /// Until so many percent of all displays of the rollout are in a wave.
    Percent(u8),
    /// A site's.
    Site(SiteId),
    /// Those with a label.
    Label(String),
    /// All that are left.
    Rest,
}

/// How many errors a wave may have before the rollout halts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorsMax {
    /// So many displays.
    Count(u32),
    /// So many percent of the wave.
    Percent(u8),
}

/// A wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// What people call it.
    pub name: String,
    /// Which displays.
    pub who: Who,
    /// Percent of its displays that must be confirmed before the next wave.
    pub success_percent: u8,
    /// Errors beyond which the rollout halts.
    pub errors_max: ErrorsMax,
    /// Seconds that it is watched after its last confirmation.
    pub observe_s: u32,
    /// Whether a person lets the next wave begin.
    pub pause_after: bool,
}

/// Seconds that a step may take on one display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// To come back when it is not there.
    pub reach_s: u32,
    /// To fetch and verify, within open windows.
    pub download_s: u32,
    /// To be put in service and watched, from leave on.
    pub activate_s: u32,
}

impl Default for Limits {
    /// Three days to come back over a weekend, a night to fetch, an hour to be put in service.
    fn default() -> Self {
        Self { reach_s: 3 * 24 * 3600, download_s: 12 * 3600, activate_s: 3600 }
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// What people call it.
    pub title: String,
    /// Name of the release.
    pub release: String,
    /// SHA-256 of its manifest, hex.
    pub manifest: String,
    /// For which displays.
    pub targets: Targets,
    /// One after the other.
    pub waves: Vec<Wave>,
    /// Not before this.
    pub start_ms: Option<i64>,
    /// Bytes a second and display.
    pub throttle_bytes_s: Option<u64>,
    /// Seconds that a display waits for a visitor at most, from leave on.
    pub wait_at_most_s: Option<u32>,
    /// Limits of each step.
    pub limits: Limits,
    /// The only display of its kind at a site may be away while the site is open.
    pub allow_single: bool,
}

/// Who let a rollout stand still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PausedBy {
    /// A person.
    Person,
    /// The end of a wave.
    Wave,
}

/// A rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Identity; a later one is greater.
    pub id: Uuid,
    /// What was asked for.
    pub spec: Spec,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since_ms: i64,
    /// Why, where that is not plain.
    pub reason: Option<Why>,
    /// Who paused it.
    pub paused_by: Option<PausedBy>,
    /// The wave that goes on.
    pub wave: usize,
    /// When each wave began.
    pub begun_ms: Vec<i64>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_ms: i64,
    /// Who started it.
    pub started_by: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// Rises with every change of it or of its displays.
    pub revision: i64,
}

/// How far one display of a rollout is. Between `downloading` and `failed` the words are those of the
/// display's own update.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Its wave has not begun, or it is not there.
    Pending,
    /// It was told and fetches.
    Downloading,
    /// Has everything and waits for leave.
    Staged,
    /// Has leave, and waits for a visitor or its window.
    Waiting,
    /// Puts it in service.
    Activating,
    /// Is watched.
    Observing,
    /// Has proven it.
    Confirmed,
    /// Went back by itself.
    RolledBack,
    /// Did not come that far.
    Failed,
    /// Said nothing in time; its later word counts.
    TimedOut,
    /// Was not there in time; it was not told anything.
    Unreached,
    /// Is none of this rollout's any more, and why stands beside.
    LeftOut,
    /// Was told to have again what it had, and has not proven that.
    Returning,
    /// Has again what it had.
    Returned,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 14] = [
        Self::Pending,
        Self::Downloading,
        Self::Staged,
        Self::Waiting,
        Self::Activating,
        Self::Observing,
        Self::Confirmed,
        Self::RolledBack,
        Self::Failed,
        Self::TimedOut,
        Self::Unreached,
        Self::LeftOut,
        Self::Returning,
        Self::Returned,
    ];

    /// The word in the database, in metrics and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Downloading => "downloading",
            Self::Staged => "staged",
            Self::Waiting => "waiting",
            Self::Activating => "activating",
            Self::Observing => "observing",
            Self::Confirmed => "confirmed",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Unreached => "unreached",
            Self::LeftOut => "left_out",
            Self::Returning => "returning",
            Self::Returned => "returned",
        }
    }

    /// Whether it speaks against the release.
    pub fn is_error(self) -> bool {
        matches!(self, Self::RolledBack | Self::Failed | Self::TimedOut)
    }

    /// Whether it is on its way to the release.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Downloading | Self::Staged | Self::Waiting | Self::Activating | Self::Observing)
    }
}

/// Something that a display can do for visitors and that a site must not lose.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Prints: full service.
    Printing,
    /// Can be used from a wheelchair.
    Wheelchair,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Self; 2] = [Self::Printing, Self::Wheelchair];
}

/// A display of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Display {
    /// Which.
    pub terminal: TerminalId,
    /// Its wave.
    pub wave: usize,
    /// How far it is.
    pub step: Step,
    /// Since when.
    pub since_ms: i64,
    /// From when on the step's time counts.
    pub clock_ms: i64,
    /// Why it is so, or what it waits for.
    pub why: Option<Why>,
    /// What it was told to have.
    pub told: Option<ReleaseWanted>,
    /// Generation of the desired state that told it.
    pub generation: u64,
    /// What it should have had, or had, before it was told.
    pub before: Option<ReleaseWanted>,
    /// Since when it may put it in service.
    pub leave_ms: Option<i64>,
    /// What its site misses while it is away.
    pub misses: BTreeSet<Capability>,
}

impl Display {
    /// One of which nothing has begun.
    pub fn pending(terminal: TerminalId, wave: usize, now_ms: i64) -> Self {
        Self {
            terminal,
            wave,
            step: Step::Pending,
            since_ms: now_ms,
            clock_ms: now_ms,
            why: None,
            told: None,
            generation: 0,
            before: None,
            leave_ms: None,
            misses: BTreeSet::new(),
        }
    }

    /// Whether visitors may have to do without it: from leave on until its last word.
    pub fn is_away(&self) -> bool {
        let may_go = self.step.is_under_way() || matches!(self.step, Step::Returning | Step::TimedOut);
        self.leave_ms.is_some() && may_go
    }

    /// SHA-256 of the manifest that it was told to have.
    pub fn told_manifest(&self) -> Option<&str> {
        self.told.as_ref().map(|told| told.manifest.as_str())
    }

    /// At a step since now; the same step keeps its time.
    pub fn step_to(&mut self, step: Step, now_ms: i64) {
        if self.step != step {
            (self.step, self.since_ms) = (step, now_ms);
        }
    }
}

/// A rollout with its displays, by identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The rollout.
    pub rollout: Rollout,
    /// Its displays.
    pub displays: BTreeMap<TerminalId, Display>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_the_word_of_the_api_and_only_one_meaning() {
        for step in Step::ALL {
            assert_eq!(serde_json::to_value(step).unwrap(), step.word());
            assert!(!(step.is_error() && step.is_under_way()), "{step:?}");
        }
    }

    #[test]
    fn a_display_is_away_from_leave_until_its_last_word() {
        for step in Step::ALL {
            let mut display = Display { step, ..Display::pending("fp-01".parse().unwrap(), 0, 0) };
            assert!(!display.is_away(), "{step:?} without leave");
            display.leave_ms = Some(1);
            let gone = step.is_under_way() || matches!(step, Step::Returning | Step::TimedOut);
            assert_eq!(display.is_away(), gone, "{step:?} with leave");
        }
    }
}
