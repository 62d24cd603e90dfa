//! The wire: MQTT 5 over mutual TLS 1.3, and the signatures of orders.
//!
//! [`tls`] makes the configurations of both ends, [`signing`] makes and checks signatures of
//! [`migrado_protocol::Signed`], [`session`] keeps one MQTT session alive. Nothing else in the
//! workspace names the MQTT client library. Knows no topic, no message and no file: it carries.

pub mod session;
pub mod signing;
pub mod tls;

pub use session::{
    LinkEvent, LinkOptions, PublishError, Publisher, Receipt, Sessions, Will, link, link_with_receipts,
};
