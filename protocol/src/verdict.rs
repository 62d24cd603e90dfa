//! The one verdict of a display. Computed by the agent, shown by everybody, recomputed by nobody.

use serde::{Deserialize, Serialize};

use crate::health::{Component, Reason};

/// What the display can do for a visitor right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Level {
    /// Informs and prints.
    FullService,
    /// Informs; printing is not possible.
    InformOnly,
    /// Of no use to a visitor.
    OutOfService,
}

impl Level {
    /// Every level, the best first.
    pub const ALL: [Self; 3] = [Self::FullService, Self::InformOnly, Self::OutOfService];

    /// The word on the wire, in metrics and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::FullService => "full_service",
            Self::InformOnly => "inform_only",
            Self::OutOfService => "out_of_service",
        }
    }
}

/// Why a verdict is not `full_service`: a component and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Because {
    /// Which part.
    pub component: Component,
    /// What is with it.
    pub reason: Reason,
}

/// The verdict with its reasons, the gravest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// The verdict.
    pub level: Level,
    /// Its reasons; empty only with `full_service`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Because>,
    /// Since when the level is what it is.
    pub since_ms: i64,
}
