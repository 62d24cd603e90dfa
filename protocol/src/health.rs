//! The health tree: one node per component, each with a state, a reason and a since-when.

use serde::{Deserialize, Serialize};

/// A part of the display that can be well or ill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Component {
    /// Processor, memory, temperature.
    System,
    /// Space, inodes, writability of the data directory.
    Storage,
    /// Synchronization and offset.
    Clock,
    /// The listed systemd units.
    Services,
    /// All printers of the display, taken together.
    Printer,
    /// The visitor's page.
    Page,
    /// Counting what visitors use.
    Usage,
    /// The release in service, and the next one on its way.
    Content,
    /// A component of a newer agent.
    #[serde(other)]
    Other,
}

impl Component {
    /// Every part that this version senses.
    pub const ALL: [Self; 8] = [
        Self::System,
        Self::Storage,
        Self::Clock,
        Self::Services,
        Self::Printer,
        Self::Page,
        Self::Usage,
        Self::Content,
    ];

    /// The word on the wire, in metrics and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Storage => "storage",
            Self::Clock => "clock",
            Self::Services => "services",
            Self::Printer => "printer",
            Self::Page => "page",
            Self::Usage => "usage",
            Self::Content => "content",
            Self::Other => "other",
        }
    }
}

/// How a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HealthState {
    /// As it should be.
    Ok,
    /// Works, but somebody should look.
    Degraded,
    /// Does not work.
    Failed,
    /// Nothing can be said: no sensor here, or it has not answered yet.
    #[serde(other)]
    Unknown,
}

impl HealthState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Degraded, Self::Failed, Self::Unknown];

    /// The word on the wire, in metrics and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// How much it asks for attention: a known fault outranks what is not known.
    fn gravity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unknown => 1,
            Self::Degraded => 2,
            Self::Failed => 3,
        }
    }
}

/// Why a component is not `ok`. Closed, so that every reason has a sentence and a next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Reason {
    // any component
    /// This machine has nothing to sense here. Not a fault.
    Unsupported,
    /// The first reading is not in yet.
    Starting,
    /// The sensor did not answer within its time.
    SensorTimeout,
    /// The sensor answered with an error.
    SensorFailed,
    // system
    /// The processor is busy for minutes.
    CpuBusy,
    /// Little memory is available.
    MemoryLow,
    /// The machine is too hot.
    TemperatureHigh,
    // storage
    /// Little space is left.
    DiskNearlyFull,
    /// Few inodes are left.
    InodesNearlyFull,
    /// The file system is mounted read-only.
    ReadOnly,
    /// A write test failed.
    WriteFailed,
    // clock
    /// The clock is not synchronized.
    ClockUnsynchronized,
    /// The clock differs from the controller's.
    ClockOffset,
    // services
    /// A listed unit has failed.
    UnitFailed,
    /// A listed unit is not running.
    UnitInactive,
    // printer
    /// Nobody answers at the printer's address.
    PrinterUnreachable,
    /// The printer took the connection and did not answer in time.
    PrinterTimeout,
    /// The printer's answer is not IPP, or makes no sense.
    PrinterNonsense,
    /// The printer refused with an IPP error status.
    PrinterError,
    /// Paper has run out.
    PaperEmpty,
    /// Paper is running low.
    PaperLow,
    /// Toner or ink has run out.
    TonerEmpty,
    /// Toner or ink is running low. Never stops printing.
    TonerLow,
    /// Paper is jammed.
    PaperJam,
    /// A cover or door is open.
    CoverOpen,
    /// The waste container is full.
    WasteFull,
    /// The waste container is nearly full.
    WasteNearlyFull,
    /// The output tray is full.
    OutputFull,
    /// The queue is paused or the printer stopped, without a better reason.
    PrinterStopped,
    /// The printer does not take jobs.
    PrinterRejecting,
    /// A job has not moved for minutes.
    QueueStuck,
    /// A reason of the printer's own; its words are in the detail.
    PrinterOther,
    // page
    /// The page has not sent its heartbeat in time.
    PageSilent,
    /// No page has ever reported since the agent started.
    PageNeverSeen,
    // ordered
    /// What was offered as content is not what its editors signed; it was not taken.
    ContentRefused,
    /// The signed list of releases is older than it may be: somebody may hold it back.
    ContentStale,
    /// A release could not be fetched or put in service; the one before serves.
    ContentFailed,
    /// There is no space for a release; the one before serves.
    ContentNoSpace,
    /// A release did not work and was taken back; the one before serves.
    ContentRolledBack,
    /// Files of the release in service were damaged on the disk; they are fetched anew.
    ContentDamaged,
    /// Put out of service by the staff.
    OutOfServiceOrdered,
    /// A reason of a newer agent.
    #[serde(other)]
    Other,
}

impl Reason {
    /// The word on the wire and in the API.
    pub fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// How it is.
    pub state: HealthState,
    /// Why it is not `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The raw words: a number, a unit's name, what the printer wrote. Never personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Since when state and reason are what they are.
    pub since_ms: i64,
}

impl Health {
    /// A component that is well.
    pub fn ok(since_ms: i64) -> Self {
        Self { state: HealthState::Ok, reason: None, detail: None, since_ms }
    }

    /// A component that is not well, or not known.
    pub fn not_ok(state: HealthState, reason: Reason, detail: Option<String>, since_ms: i64) -> Self {
        Self { state, reason: Some(reason), detail, since_ms }
    }

    /// Whether this machine has nothing to sense here; such a node counts for nothing.
    pub fn is_unsupported(&self) -> bool {
        self.reason == Some(Reason::Unsupported)
    }

    /// Whether the first reading is still to come.
    pub fn is_starting(&self) -> bool {
        self.state == HealthState::Unknown && self.reason == Some(Reason::Starting)
    }
}

/// The worst state of the nodes that count. `unknown` without any node.
pub fn roll_up<'a>(nodes: impl IntoIterator<Item = &'a Health>) -> HealthState {
    nodes
        .into_iter()
        .filter(|n| !n.is_unsupported())
        .map(|n| n.state)
        .max_by_key(|state| state.gravity())
        .unwrap_or(HealthState::Unknown)
}
