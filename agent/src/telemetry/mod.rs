//! From readings to messages: `sampler` runs the sensors, `state` holds what is known now, `report`
//! decides what of it is worth a message, `memory` keeps since-whens over a restart, `outbox` keeps what must not be lost. Sends nothing.

pub mod memory;
pub mod outbox;
pub mod report;
pub mod sampler;
pub mod state;

pub use outbox::Outbox;
pub use state::State;
