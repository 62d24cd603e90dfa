//! What the page is told: one of a closed set of states, and what belongs to it. The server decides,
//! the page only draws; `kiosk-ui/src/lib/view.ts` is the other end.

use serde::Serialize;

/// The state of the display in the visitor's eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing is known yet.
    Starting,
    /// Informs and prints.
    Ready,
    /// Informs; does not print.
    InformOnly,
    /// Please use another display.
    OutOfService,
    /// New content is being put in place; a moment.
    Updating,
}

/// What the page shall show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// The state of the display.
    pub state: State,
    /// Its identity.
    pub terminal: String,
    /// What people call it; empty until known.
    pub label: String,
    /// What people call the site; empty until known.
    pub site: String,
    /// Languages on offer, in this order.
    pub languages: Vec<String>,
    /// Seconds without a touch that end a session.
    pub idle_s: u32,
    /// The language of the running session.
    pub session: Option<String>,
    /// Show the identity in large letters.
    pub identify: bool,
    /// When it changes, the page loads itself anew.
    pub load: u64,
    /// Whether the city listens; shown in the service details only.
    pub controller_online: bool,
    /// The release to show; without one the page has its built-in words only.
    pub release: Option<Shown>,
    /// Editions of forms that are not handed out any more, as form and edition.
    pub recalled: Vec<(String, String)>,
    /// What this visitor prints, the oldest first.
    pub jobs: Vec<Job>,
}

/// A release to show: its files are below `/release/{id}/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// What it is.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// A form on its way to paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Its number on this display.
    pub id: u32,
    /// The form.
    pub form: String,
    /// Sheets of paper that it needs.
    pub sheets: u32,
    /// How far it is.
    pub state: JobState,
    /// Why it waits or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<JobReason>,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// On its way.
    Printing,
    /// The printer needs somebody first.
    Waiting,
    /// On paper.
    Done,
    /// It will not come.
    Failed,
}

impl JobState {
    /// Whether nothing more happens to it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// Why a job waits or failed, as far as it matters to who stands before the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobReason {
    /// There is no paper.
    Paper,
    /// Something is open, jammed or used up.
    Printer,
    /// The printer does not answer.
    Unreachable,
    /// The printer gave it up, or somebody canceled it.
    GivenUp,
    /// It took too long.
    TooLong,
    /// The form cannot be read on this display.
    Unreadable,
}
