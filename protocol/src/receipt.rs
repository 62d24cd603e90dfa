//! The controller's receipt for what waits in a terminal's outbox. A broker's acknowledgement says
//! only that the broker has a message; whoever loses power next may be the broker. So an item is
//! forgotten on the display when the controller has it on its disk, and told again until then.

use serde::{Deserialize, Serialize};

/// Items that the controller has stored, or refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// Schema version.
    pub v: u16,
    /// The connection on which they were said: a receipt for an earlier one counts for nothing.
    pub session: u64,
    /// Their numbers in the outbox.
    pub items: Vec<u64>,
}
