//! What the API shows of the fleet, typed apart from the domain. Times are milliseconds since the
//! epoch; what is not known is `null` or absent, never 0.

use std::collections::BTreeMap;

use migrado_protocol::content::ContentReport;
use migrado_protocol::desired::Desired;
use migrado_protocol::presence::Away;
use migrado_protocol::printer::Printer;
use migrado_protocol::report::{Clock, Page, Storage, System, UnitState};
use migrado_protocol::usage::Counter;
use migrado_protocol::{Component, Health, HealthState, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::Text;

/// A display in one word, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something does not work.
    Fault,
    /// It is not connected and should be.
    Offline,
    /// It works, but somebody should look.
    Warning,
    /// It is being changed.
    Maintenance,
    /// It is off on purpose.
    Off,
    /// Nothing is known.
    Unknown,
    /// All is well.
    Ok,
}

impl Status {
    /// Every status, the worst first.
    pub const ALL: [Self; 7] =
        [Self::Fault, Self::Offline, Self::Warning, Self::Maintenance, Self::Off, Self::Unknown, Self::Ok];
}

/// Why something is not green, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Why {
    /// The kind, for programs.
    pub code: String,
    /// Which part of the display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<Component>,
    /// What that part is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Text>,
    /// In words.
    pub text: Text,
    /// What to do next.
    pub next_step: Text,
    /// The raw words of the display or printer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Since when.
    pub since_ms: i64,
}

/// Whether the display is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// Connected.
    Online,
    /// Connected, but silent for longer than usual.
    Late,
    /// Not connected.
    Offline,
    /// Not connected, announced or by the calendar.
    OffOnPurpose,
    /// Never heard of.
    Unknown,
}

/// Presence with its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PresenceView {
    /// Whether it is connected.
    pub state: PresenceState,
    /// Since when.
    pub since_ms: i64,
    /// When it was last heard.
    pub last_seen_ms: Option<i64>,
}

/// Health of the whole display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HealthView {
    /// The worst of its components.
    pub state: HealthState,
    /// Since when.
    pub since_ms: Option<i64>,
}

/// A display in a list and in the event stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TerminalSummary {
    /// Identity.
    pub id: String,
    /// Identity of its site.
    pub site: String,
    /// What people call it.
    pub label: String,
    /// In one word.
    pub status: Status,
    /// Why it is not `ok`, the gravest first.
    pub why: Vec<Why>,
    /// Presence.
    pub presence: PresenceView,
    /// Health.
    pub health: HealthView,
    /// The display's own verdict; null before its first report.
    pub verdict: Option<Verdict>,
    /// Status in the last 30 buckets of ten minutes, the oldest first; null without data.
    pub heartbeats: Vec<Option<Status>>,
    /// Whether a visitor's session runs; null when not known.
    pub session: Option<bool>,
    /// Commands that are not settled.
    pub open_commands: i64,
    /// Whether what is applied differs from what is desired.
    pub drift: bool,
    /// Version of its agent.
    pub agent_version: Option<String>,
    /// Whether it has a valid certificate.
    pub enrolled: bool,
    /// Rises with every change.
    pub revision: u64,
    /// When this was made.
    pub at_ms: i64,
}

/// A component with why it is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ComponentView {
    /// The node of the health tree.
    #[serde(flatten)]
    pub health: Health,
    /// What it is called.
    pub name: Text,
    /// Its reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Why it is not `ok`, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
}

/// The certificate that a display holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CertificateView {
    /// Serial number, hex.
    pub serial: String,
    /// Until when it is valid.
    pub not_after_ms: i64,
}

/// An absence that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AwayView {
    /// Cause and times.
    #[serde(flatten)]
    pub away: Away,
    /// The cause in words.
    pub text: Text,
}

/// How far a download is, and how fast it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DownloadView {
    /// Bytes that have come.
    pub bytes_done: u64,
    /// Bytes that are to come in all.
    pub bytes_total: u64,
    /// Bytes of these that neighbors gave.
    pub bytes_from_neighbors: u64,
    /// Bytes a second, of the last half minute; absent while it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_s: Option<u64>,
    /// Seconds that the rest takes at this pace; absent while that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_s: Option<u64>,
}

/// All that is known of one display.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TerminalDetail {
    /// What lists show.
    #[serde(flatten)]
    pub summary: TerminalSummary,
    /// Health tree.
    pub components: BTreeMap<Component, ComponentView>,
    /// Processor, memory, temperature, network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// The data directory's file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// The clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// Listed systemd units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<BTreeMap<String, UnitState>>,
    /// Printers by name.
    pub printers: BTreeMap<String, Printer>,
    /// The visitor's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// Releases of content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentReport>,
    /// How far the download is, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<DownloadView>,
    /// What it should be; null before the first.
    pub desired: Option<Desired>,
    /// When that changed.
    pub desired_at_ms: Option<i64>,
    /// The generation that it says is applied.
    pub reported_generation: Option<u64>,
    /// Its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateView>,
    /// Why it was last away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away: Option<AwayView>,
    /// When its agent started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// What visitors used since midnight.
    pub usage_today: BTreeMap<Counter, u64>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SiteSummary {
    /// Identity.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Displays by status.
    pub counts: BTreeMap<Status, u32>,
}

/// Something that needs somebody now. A dead site is one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Important {
    /// The display, or
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// the whole site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Why.
    pub why: Why,
}

/// The fleet at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FleetView {
    /// The stream's id at this moment: what is after it has to be heard.
    pub revision: u64,
    /// The controller's clock.
    pub now_ms: i64,
    /// Sites.
    pub sites: Vec<SiteSummary>,
    /// Displays by status.
    pub counts: BTreeMap<Status, u32>,
    /// What needs somebody, the gravest first.
    pub important: Vec<Important>,
}

/// What visitors used in one hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsageHourView {
    /// Begin of the hour.
    pub hour_ms: i64,
    /// Counts; what is absent is 0.
    pub counts: BTreeMap<Counter, u64>,
}

/// What visitors used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsageView {
    /// Hours with something in them, the oldest first.
    pub hours: Vec<UsageHourView>,
}
