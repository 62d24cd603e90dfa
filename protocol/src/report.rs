//! What a terminal reports: the parts that changed meaningfully, or everything.
//!
//! In a whole report (`full`) an absent part means "not known"; in a changed-parts report it means
//! "as before". Printers are keyed by their configured name; a name mapped to nothing is gone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::content::ContentReport;
use crate::health::{Component, Health};
use crate::printer::Printer;
use crate::verdict::Verdict;

/// Body of a report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The whole state; replaces whatever was known before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
    /// The verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Nodes of the health tree.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub health: BTreeMap<Component, Health>,
    /// System readings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// Storage readings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// Clock readings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// Listed systemd units by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<BTreeMap<String, UnitState>>,
    /// Printers by their configured name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub printers: BTreeMap<String, Option<Printer>>,
    /// The visitor's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// Releases of content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentReport>,
    /// The desired generation that is applied here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
}

/// Processor, memory, temperature, network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct System {
    /// When it was read.
    pub at_ms: i64,
    /// Processor use since the last reading, percent of all cores.
    pub cpu_percent: u8,
    /// Load average of one minute, hundredths.
    pub load1_centi: u32,
    /// Memory in use.
    pub memory_used_bytes: u64,
    /// Memory there is.
    pub memory_total_bytes: u64,
    /// The hottest sensor; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_celsius: Option<i16>,
    /// Bytes received since boot, without loopback.
    pub received_bytes: u64,
    /// Bytes sent since boot, without loopback.
    pub sent_bytes: u64,
    /// When the machine booted.
    pub booted_ms: i64,
}

/// The file system of the agent's data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Storage {
    /// When it was read.
    pub at_ms: i64,
    /// Space left.
    pub free_bytes: u64,
    /// Space there is.
    pub total_bytes: u64,
    /// Inodes left; absent where the file system has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_inodes: Option<u64>,
    /// Inodes there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_inodes: Option<u64>,
    /// Whether the last write test succeeded.
    pub writable: bool,
}

/// The terminal's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Clock {
    /// When it was read.
    pub at_ms: i64,
    /// Whether the kernel holds the clock for synchronized; absent where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synchronized: Option<bool>,
    /// Terminal minus controller; absent while the controller has not been heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<i64>,
}

/// State of a systemd unit, in systemd's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitState {
    /// `ActiveState`: active, inactive, failed, activating, ...
    pub active: String,
    /// `SubState`: running, dead, ...
    pub sub: String,
    /// `NRestarts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
}

/// The visitor's page as its heartbeat tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page {
    /// Last heartbeat; absent when none has come since the agent started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_ms: Option<i64>,
    /// Whether a visitor's session runs.
    pub session: bool,
    /// Build of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
}
