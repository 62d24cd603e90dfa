//! What a printer says of itself, in the words of IPP (RFC 8011, PWG 5100.13, RFC 3805).

use serde::{Deserialize, Serialize};

/// IPP `printer-state`, plus what the agent says when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PrinterState {
    /// 3
    Idle,
    /// 4
    Processing,
    /// 5
    Stopped,
    /// No answer, or none that makes sense.
    #[serde(other)]
    Unknown,
}

/// The suffix of a `printer-state-reasons` keyword; without one RFC 8011 says error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Severity {
    /// For information.
    Report,
    /// Soon somebody must act.
    Warning,
    /// Printing stops.
    #[serde(other)]
    Error,
}

/// One of `printer-state-reasons`, its suffix taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateReason {
    /// The keyword, for example `media-empty`.
    pub keyword: String,
    /// How grave.
    pub severity: Severity,
}

/// How much is there. `unknown` and `some` are answers of their own, never a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Amount {
    /// Percent of the capacity, 0 to 100.
    Percent(u8),
    /// Sheets, where the printer counts them and does not tell a capacity.
    Sheets(u32),
    /// At least one unit remains (RFC 3805: -3).
    Some,
    /// The printer does not know (RFC 3805: -2), or there is no limit (-1).
    Unknown,
}

/// A supply: toner, ink, drum, waste container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Supply {
    /// The printer's name for it, for example `Black Toner`.
    pub name: String,
    /// IPP `marker-types` keyword, for example `toner`.
    pub kind: String,
    /// `#RRGGBB`, where the printer tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// What is left; for a waste container how much it can still take.
    pub left: Amount,
    /// A receptacle that fills instead of a supply that is used up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub receptacle: bool,
}

/// An input tray. Manual feed is not a tray and never listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tray {
    /// The printer's name for it.
    pub name: String,
    /// Size of the medium in it as the printer tells it, for example `iso_a4_210x297mm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// What is left.
    pub left: Amount,
}

/// One printer of a display, merged from its queue and the device behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Printer {
    /// When it last answered; an older reading stays with its age when it falls silent.
    pub at_ms: i64,
    /// What was asked: `ipp`, `cups`, `cups+ipp`.
    pub source: String,
    /// Make and model in the printer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub make: Option<String>,
    /// State.
    pub state: PrinterState,
    /// Whether it takes jobs; absent when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepting: Option<bool>,
    /// Asleep to save power; not dead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asleep: bool,
    /// Reasons, `none` left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<StateReason>,
    /// The front panel's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Supplies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supplies: Vec<Supply>,
    /// Trays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trays: Vec<Tray>,
    /// Jobs that are not finished; absent when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// Impressions in the printer's life, where it counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impressions: Option<u64>,
}
