//! One MQTT 5 session, kept alive: dial, TLS, CONNECT with a fresh session number and will,
//! subscribe, carry both ways, and after a loss the same again with a bounded, jittered pause.
//!
//! Promises: [`Publisher::publish`] is `Ok` only after the broker's acknowledgement; what is not
//! acknowledged when the connection ends is told as [`PublishError::Interrupted`] and never sent
//! again behind the caller's back (its envelope would bear the number of a dead connection; the
//! outbox is the caller's). Incoming messages are acknowledged to the broker when their
//! [`Receipt`] says so, and the broker sends only so many ahead of that: a slow reader costs no
//! memory, and publishing never waits for it. Both walks pass here, in both daemons.

mod backoff;
mod connection;
mod dial;
mod driver;
mod lenient;
mod publisher;
mod receipt;

use std::sync::Arc;

use migrado_protocol::Topic;
use tokio::sync::mpsc;

pub use publisher::{PublishError, Publisher};
pub use receipt::Receipt;

/// Messages that a broker may send a terminal ahead of their receipts: orders are rare and small.
const TERMINAL_AHEAD_MAX: u16 = 32;

/// The same for a reader that commits in groups: a commit of some milliseconds must not bound the
/// rate of a fleet, and 2,048 messages of 410 bytes are less than a megabyte.
const GROUPED_AHEAD_MAX: u16 = 2048;

/// Whom to reach, and as whom.
#[derive(Debug, Clone)]
pub struct LinkOptions {
    /// `host:port` of the broker.
    pub broker: String,
    /// Client id; the name in the certificate.
    pub client_id: String,
    /// See [`crate::tls::client_config`].
    pub tls: Arc<rustls::ClientConfig>,
    /// Seconds of silence after which the broker is asked whether it is there.
    pub keep_alive_s: u16,
    /// Seconds for which the broker keeps the session without a connection.
    pub session_expiry_s: u32,
    /// Topic filters to subscribe to on every connection.
    pub filters: Vec<String>,
    /// User name, for brokers that do not take it from the certificate.
    pub username: Option<String>,
}

/// What the broker publishes, retained, when the connection is lost.
#[derive(Debug, Clone)]
pub struct Will {
    /// Where.
    pub topic: Topic,
    /// What.
    pub payload: Vec<u8>,
}

/// Gives every connection its number.
pub trait Sessions: Send {
    /// The next session number, durable and rising, and the will that bears it. Asked before every
    /// CONNECT, after TLS stands: a broker that is away costs no number and no write.
    fn next(&mut self) -> (u64, Will);
}

/// What happens on the link.
#[derive(Debug)]
pub enum LinkEvent {
    /// The connection stands and every filter is subscribed.
    Connected {
        /// Its number.
        session: u64,
    },
    /// The connection was lost, or an attempt to connect failed.
    Disconnected {
        /// Why, for people.
        reason: String,
    },
    /// A message.
    Message {
        /// Its topic as received; not yet known to be one of ours.
        topic: String,
        /// Its payload, not larger than the protocol allows.
        payload: Vec<u8>,
        /// Kept by the broker from earlier, not sent just now.
        retained: bool,
        /// Acknowledges it to the broker; see [`Receipt`].
        receipt: Receipt,
    },
}

/// Makes a link whose messages count as received once they were handled: when the event's
/// [`Receipt`] is dropped. Nothing happens until the returned future is driven.
pub fn link(
    options: LinkOptions,
    sessions: impl Sessions,
) -> (Publisher, mpsc::Receiver<LinkEvent>, impl Future<Output = ()> + Send) {
    driver::start(options, sessions, TERMINAL_AHEAD_MAX, receipt::WhenDropped::Confirm)
}

/// Makes a link whose messages count as received only when [`Receipt::confirm`] is called, for
/// example after a commit. What is not confirmed when the connection ends comes again.
pub fn link_with_receipts(
    options: LinkOptions,
    sessions: impl Sessions,
) -> (Publisher, mpsc::Receiver<LinkEvent>, impl Future<Output = ()> + Send) {
    driver::start(options, sessions, GROUPED_AHEAD_MAX, receipt::WhenDropped::Withhold)
}
