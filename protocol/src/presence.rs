//! Birth and death of a terminal's connection, and the controller's own presence. Both are
//! retained; the death is also the will. The session number keeps a late will of an old
//! connection from changing anything.

use serde::{Deserialize, Serialize};

/// Body of a terminal's presence message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Presence {
    /// The connection stands.
    Birth(Birth),
    /// The connection ended: by the will, or announced before a planned stop.
    Death {
        /// Why, where the terminal could say so itself; the will says `lost`.
        cause: DeathCause,
    },
}

/// What a terminal tells about itself when it appears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Birth {
    /// Version of the agent.
    pub agent_version: String,
    /// When the agent process started.
    pub started_ms: i64,
    /// Why it was away before, as far as it can know; absent on its very first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
}

/// An absence, told by the one who was away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Away {
    /// Why.
    pub cause: AwayCause,
    /// Last moment at which the terminal knows it was connected.
    pub from_ms: i64,
    /// When it was back.
    pub until_ms: i64,
}

/// Why a terminal was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AwayCause {
    /// The machine started anew without an orderly end: power or a hard reset.
    Power,
    /// The agent ran on, only the connection was gone.
    Network,
    /// The agent ended without a word while the machine ran on.
    Crash,
    /// The agent was stopped and started in order.
    Restart,
    /// The machine was rebooted in order, or by a command.
    Planned,
    /// Nothing to tell it by.
    #[serde(other)]
    Unknown,
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DeathCause {
    /// The broker lost the connection.
    Lost,
    /// The agent is being stopped or restarted.
    Restart,
    /// The machine goes down in order.
    Planned,
    /// Anything newer than this code.
    #[serde(other)]
    Unknown,
}

/// Body of the controller's presence message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ControllerPresence {
    /// Schema version.
    pub v: u16,
    /// Whether the city listens.
    pub online: bool,
    /// Start of the controller: a will of an earlier start changes nothing.
    pub session: u64,
}
