//! The printer sensor.

pub mod client;
mod transport;
pub mod wire;
