//! Enrolment: a terminal shows a one-time token and a certificate request over HTTPS and gets its
//! identity. The token pins the authority's key, so that nobody is trusted on first use.

use serde::{Deserialize, Serialize};

use crate::ids::TerminalId;

/// What a token says. As text: `mft1.` and the JSON of this in base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenContent {
    /// `host:port` of the controller's terminal listener.
    pub controller: String,
    /// SHA-256 of the authority's public key (SPKI, DER), hex.
    pub authority_sha256: String,
    /// For which terminal.
    pub terminal: TerminalId,
    /// 128 random bits, hex. The controller keeps only a hash of them.
    pub secret: String,
}

/// First characters of a token: what it is, and its version.
pub const TOKEN_PREFIX: &str = "mft1.";

/// Body of `POST /terminal/v1/enroll`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrollRequest {
    /// For which terminal.
    pub terminal: TerminalId,
    /// The token's secret, hex.
    pub secret: String,
    /// Certificate request, PEM. Its key never leaves the terminal.
    pub csr_pem: String,
}

/// What an enrolled terminal gets, and keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrollResponse {
    /// The terminal's certificate, PEM.
    pub certificate_pem: String,
    /// The authority's certificate, PEM.
    pub authority_pem: String,
    /// `host:port` of the broker.
    pub broker: String,
    /// `host:port` of the controller's terminal listener (logs, later content).
    pub controller: String,
    /// Keys that sign orders.
    pub signing_keys: Vec<SigningKey>,
}

/// A public key that signs orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// Its identity, as named in orders.
    pub id: String,
    /// Ed25519 public key, base64.
    pub public: String,
}
