//! The sending half of the link: a cheap handle that many tasks may hold. It queues nothing while
//! the link is down (what must not be lost is in the caller's outbox) and bounds what is under way.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use migrado_protocol::Topic;
use migrado_protocol::limits::PAYLOAD_BYTES_MAX;
use rumqttc::mqttbytes::v5::PublishProperties;
use rumqttc::{AsyncClient, PublishNoticeError, PublishOptions};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Publishes under way at a time; more wait in line, in order. Each holds at most one payload.
pub(super) const IN_FLIGHT_MAX: u16 = 64;

/// Bytes of an MQTT publish around topic and payload: headers and our one property.
const PACKET_OVERHEAD_BYTES: usize = 32;

/// How long an orderly goodbye may take before the line is cut.
pub(super) const GOODBYE_LIMIT: Duration = Duration::from_secs(5);

/// Why a publish did not succeed. Except for `Interrupted` the broker did not take the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// More than the protocol or the broker allows; trying again will not help.
    #[error("payload of {bytes} bytes for {topic} is larger than {max}")]
    TooLarge {
        /// Where to.
        topic: String,
        /// Its size.
        bytes: usize,
        /// What is allowed.
        max: usize,
    },
    /// There is no connection.
    #[error("not connected")]
    NotConnected,
    /// The connection ended before the broker's word: it may or may not have the message.
    #[error("the connection ended before the broker acknowledged")]
    Interrupted,
    /// The broker refused it (0x87: this identity may not write there).
    #[error("the broker refused the message for {topic} with reason 0x{code:02x}")]
    Refused {
        /// Where to.
        topic: String,
        /// Reason code of MQTT 5.
        code: u8,
    },
}

impl PublishError {
    /// Whether the same message can succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::NotConnected | Self::Interrupted)
    }
}

/// What the driver and the publishers share.
#[derive(Debug)]
pub(super) struct Shared {
    line: Mutex<Option<Line>>,
    under_way: Semaphore,
    pub(super) stop: CancellationToken,
    pub(super) ended: CancellationToken,
}

/// A standing connection.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) client: AsyncClient,
    pub(super) closed: CancellationToken,
    pub(super) packet_bytes_max: Option<usize>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            line: Mutex::new(None),
            under_way: Semaphore::new(usize::from(IN_FLIGHT_MAX)),
            stop: CancellationToken::new(),
            ended: CancellationToken::new(),
        }
    }

    pub(super) fn set_line(&self, line: Option<Line>) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }

    fn line(&self) -> Option<Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Publishes on the link. Clones share it.
#[derive(Debug, Clone)]
pub struct Publisher(pub(super) Arc<Shared>);

impl Publisher {
    /// Publishes with QoS 1. `Ok` means that the broker has acknowledged. Messages of one caller
    /// that are awaited one after the other arrive in that order. Dropping the future leaves open
    /// whether the message is sent.
    pub async fn publish(
        &self,
        topic: &Topic,
        payload: Vec<u8>,
        retain: bool,
        expiry_s: Option<u32>,
    ) -> Result<(), PublishError> {
        let topic = topic.to_string();
        check_size(&topic, payload.len(), None)?;
        // The semaphore is never closed; the error exists only in the type.
        let _under_way = self.0.under_way.acquire().await.map_err(|_| PublishError::NotConnected)?;
        let line = self.0.line().ok_or(PublishError::NotConnected)?;
        check_size(&topic, payload.len(), line.packet_bytes_max)?;
        let mut options = PublishOptions::at_least_once().retain(retain);
        if expiry_s.is_some() {
            let expiry = PublishProperties { message_expiry_interval: expiry_s, ..Default::default() };
            options = options.properties(expiry);
        }
        let Line { client, closed, .. } = line;
        let notice = client
            .try_publish_tracked(topic.as_str(), payload, options)
            .map_err(|_| PublishError::NotConnected)?;
        // Held no longer than needed: the driver's channels end with their last sender.
        drop(client);
        // Both arms only wait: dropping either loses nothing but the wish to know.
        tokio::select! {
            biased;
            told = notice.wait_completion_async() => told.map_err(|error| refusal(topic, &error)),
            () = closed.cancelled() => Err(PublishError::Interrupted),
        }
    }

    /// Says goodbye, so that the broker does not publish the will, and ends the driver. Returns
    /// when it has ended, or after the time that this may take.
    pub async fn disconnect(&self) {
        self.0.stop.cancel();
        // Whether the driver ended by itself or is cut off with its task makes no difference here.
        timeout(GOODBYE_LIMIT * 2, self.0.ended.cancelled()).await.ok();
    }
}

fn check_size(topic: &str, bytes: usize, packet_bytes_max: Option<usize>) -> Result<(), PublishError> {
    let broker_max = packet_bytes_max
        .map_or(usize::MAX, |max| max.saturating_sub(topic.len().saturating_add(PACKET_OVERHEAD_BYTES)));
    let max = PAYLOAD_BYTES_MAX.min(broker_max);
    if bytes <= max { Ok(()) } else { Err(PublishError::TooLarge { topic: topic.to_owned(), bytes, max }) }
}

fn refusal(topic: String, error: &PublishNoticeError) -> PublishError {
    /// "Retain not supported" of MQTT 5: known from the broker's greeting, so never sent.
    const RETAIN_NOT_SUPPORTED: u8 = 0x9a;
    match error {
        PublishNoticeError::V5PubAck(reason) => PublishError::Refused { topic, code: *reason as u8 },
        PublishNoticeError::RetainNotSupported => PublishError::Refused { topic, code: RETAIN_NOT_SUPPORTED },
        _ => PublishError::Interrupted,
    }
}
