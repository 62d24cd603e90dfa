//! The envelope around whatever a terminal says: schema version, session, sequence, time.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::limits::PAYLOAD_BYTES_MAX;

/// The schema version that this code writes. A higher one is answered by name, never guessed.
pub const SCHEMA_VERSION: u16 = 1;

/// One message of a terminal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Envelope<B> {
    /// Schema version.
    pub v: u16,
    /// Number of the connection, durable and rising: a later one always wins.
    pub session: u64,
    /// Number within the session and channel, from 1 without gaps; 0 where order does not matter.
    pub seq: u64,
    /// When the body was made, on the terminal's clock.
    pub at_ms: i64,
    /// Sent again from the outbox after an interruption; `at_ms` is then the time it happened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Number of this item in the terminal's outbox: it waits there until a
    /// [`Receipt`](crate::receipt::Receipt) says that the controller has stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u64>,
    /// What is said.
    pub body: B,
}

/// Why a payload was not understood. The words are also the labels of a counter.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Larger than [`PAYLOAD_BYTES_MAX`].
    #[error("payload of {0} bytes is larger than {PAYLOAD_BYTES_MAX}")]
    Oversized(usize),
    /// Not JSON, or not of this shape.
    #[error("payload is malformed")]
    Malformed(#[source] serde_json::Error),
    /// A schema version that this code does not speak.
    #[error("schema version {0} is not known here (this side speaks {SCHEMA_VERSION})")]
    UnknownVersion(u64),
}

impl DecodeError {
    /// The bounded label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Oversized(_) => "oversized",
            Self::Malformed(_) => "malformed",
            Self::UnknownVersion(_) => "unknown_version",
        }
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u64,
}

/// Reads a payload of a known schema version: size first, then version, then shape.
pub fn decode_versioned<T: DeserializeOwned>(payload: &[u8]) -> Result<T, DecodeError> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(DecodeError::Oversized(payload.len()));
    }
    match serde_json::from_slice(payload) {
        Ok(value) => Ok(value),
        // Only a refused payload is read twice: a newer schema shall be named, not called malformed.
        Err(malformed) => match serde_json::from_slice::<VersionOnly>(payload) {
            Ok(VersionOnly { v }) if v != u64::from(SCHEMA_VERSION) => Err(DecodeError::UnknownVersion(v)),
            _ => Err(DecodeError::Malformed(malformed)),
        },
    }
}

impl<B: Serialize> Envelope<B> {
    /// The payload as it goes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl<B: DeserializeOwned> Envelope<B> {
    /// Reads a payload.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let envelope: Self = decode_versioned(payload)?;
        if envelope.v == SCHEMA_VERSION {
            Ok(envelope)
        } else {
            Err(DecodeError::UnknownVersion(u64::from(envelope.v)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_size_version_and_shape_apart() {
        let label = |p: &[u8]| Envelope::<u8>::decode(p).unwrap_err().label();
        assert_eq!(label(&vec![b' '; PAYLOAD_BYTES_MAX + 1]), "oversized");
        assert_eq!(label(b"{"), "malformed");
        assert_eq!(label(br#"{"v":2,"news":true}"#), "unknown_version");
        assert_eq!(label(br#"{"v":2,"session":1,"seq":1,"at_ms":0,"body":3}"#), "unknown_version");
    }

    #[test]
    fn ignores_fields_of_tomorrow() {
        let read = Envelope::<u8>::decode(br#"{"v":1,"session":1,"seq":2,"at_ms":3,"new":{},"body":4}"#);
        assert_eq!(read.unwrap().body, 4);
    }

    proptest! {
        #[test]
        fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(Envelope::<crate::Report>::decode(&bytes).is_err());
            prop_assert!(Envelope::<crate::Ack>::decode(&bytes).is_err());
        }
    }
}
