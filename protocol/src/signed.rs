//! The frame around whatever the controller orders. The signature covers terminal, sequence,
//! times and the body's bytes exactly as they stand in the message, so that nothing has to be
//! brought into a canonical form. Making and checking signatures is `link`'s part.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::envelope::SCHEMA_VERSION;
use crate::ids::TerminalId;

/// What a signature is for; a signature for one purpose is worthless for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The body is a [`crate::command::Directive`].
    Command,
    /// The body is a [`crate::desired::Desired`].
    Desired,
}

/// A signed order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signed {
    /// Schema version.
    pub v: u16,
    /// For whom.
    pub terminal: TerminalId,
    /// Rising per terminal and purpose; a terminal takes only a higher one than its last.
    pub sequence: u64,
    /// When it was signed, on the controller's clock.
    pub issued_ms: i64,
    /// After this it is void; 0 for never (desired state).
    pub expires_ms: i64,
    /// Identity of the signing key.
    pub key: String,
    /// What is ordered, as JSON.
    pub body: Box<RawValue>,
    /// Ed25519 over [`Signed::signing_input`], base64.
    #[serde(default)]
    pub signature: String,
}

impl Signed {
    /// An order that still lacks its signature.
    pub fn unsigned(
        terminal: TerminalId,
        sequence: u64,
        issued_ms: i64,
        expires_ms: i64,
        body: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        let body = serde_json::value::to_raw_value(body)?;
        Ok(Self {
            v: SCHEMA_VERSION,
            terminal,
            sequence,
            issued_ms,
            expires_ms,
            key: String::new(),
            body,
            signature: String::new(),
        })
    }

    /// The bytes that are signed. Every variable part but the last has no line break, so that no
    /// two different orders have the same bytes.
    pub fn signing_input(&self, purpose: Purpose) -> Vec<u8> {
        let purpose = match purpose {
            Purpose::Command => "command",
            Purpose::Desired => "desired",
        };
        format!(
            "migrado/{}/{purpose}\n{}\n{}\n{}\n{}\n{}",
            self.v,
            self.terminal,
            self.sequence,
            self.issued_ms,
            self.expires_ms,
            self.body.get()
        )
        .into_bytes()
    }
}
