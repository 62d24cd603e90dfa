//! The language that agent and controller speak: identities, topics, messages and states.
//!
//! Pure: no runtime, no files, no clock, no cryptography. Times are milliseconds since the Unix
//! epoch (`*_ms`, `i64`), given by the caller. Everything here is a promise on the wire: fields are
//! added, never renamed, and receivers ignore what they do not know.

#[cfg(feature = "schema")]
pub mod asyncapi;
pub mod command;
pub mod content;
pub mod desired;
pub mod endorse;
pub mod enroll;
pub mod envelope;
pub mod health;
pub mod ids;
pub mod limits;
pub mod neighbor;
pub mod presence;
pub mod printer;
pub mod receipt;
pub mod report;
pub mod signed;
pub mod topic;
pub mod usage;
pub mod verdict;

pub use command::{Ack, CommandState, Directive, Order, Verb};
pub use envelope::{DecodeError, Envelope};
pub use health::{Component, Health, HealthState, Reason};
pub use ids::{CommandId, SiteId, TerminalId};
pub use presence::Presence;
pub use receipt::Receipt;
pub use report::Report;
pub use signed::Signed;
pub use topic::Topic;
pub use usage::UsageHour;
pub use verdict::{Level, Verdict};
