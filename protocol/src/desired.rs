//! Desired state: what a terminal *should be*. One retained message per terminal with a generation
//! number; it is signed ([`crate::signed`]) with the generation as its sequence.

use serde::{Deserialize, Serialize};

use crate::content::{Recalled, ReleaseWanted};

/// Body of the desired state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Desired {
    /// Rises with every change; an older one never replaces a newer one.
    pub generation: u64,
    /// What people call the display, for example `Eingang links`.
    pub label: String,
    /// What people call the site.
    pub site_name: String,
    /// Seconds without a touch after which a session ends.
    pub session_idle_s: u32,
    /// Languages offered on the page, as BCP 47 tags, in this order.
    pub languages: Vec<String>,
    /// The release to have; absent: whatever is there stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseWanted>,
    /// Editions of forms that must not be handed out, whatever release is in service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalled: Vec<Recalled>,
}
