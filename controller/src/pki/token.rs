//! The secrets of enrolment tokens: made here, kept nowhere but in the token; the store has only
//! their hash. How long a token lives and how often it works is the store's part.

use migrado_protocol::TerminalId;
use migrado_protocol::enroll::TokenContent;
use sha2::{Digest, Sha256};

/// How long a token can be used: to walk to the display and type, no longer.
pub const TOKEN_LIFE_MS: i64 = 30 * 60 * 1000;

/// Bytes of randomness in a token: not to be guessed, so a fast hash is enough to keep it.
const SECRET_BYTES: usize = 16;

/// A new token, and what to keep of it.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The token, shown once.
    pub text: String,
    /// Hash of its secret, hexadecimal.
    pub secret_sha256: String,
}

/// Makes a token for a terminal. `controller` is `host:port` of the terminal listener as
/// terminals dial it.
pub fn mint(controller: &str, authority_sha256: &str, terminal: &TerminalId) -> Minted {
    let secret = hex::encode(rand::random::<[u8; SECRET_BYTES]>());
    let secret_sha256 = hash(&secret);
    let content = TokenContent {
        controller: controller.to_owned(),
        authority_sha256: authority_sha256.to_owned(),
        terminal: terminal.clone(),
        secret,
    };
    Minted { text: content.to_text(), secret_sha256 }
}

/// What the store keeps of a secret, and compares.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
