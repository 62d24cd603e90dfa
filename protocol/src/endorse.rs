//! How the key that signs orders is replaced: the old key signs the new one. The controller keeps
//! the chain; a terminal that hears an order of an unknown key reads it and goes from a key that it
//! holds to the newest one. Making and checking the signatures is `link`'s part.

use serde::{Deserialize, Serialize};

use crate::enroll::SigningKey;
use crate::envelope::SCHEMA_VERSION;

/// Endorsements that are kept and read: a terminal that missed more rotations is enrolled anew. One
/// has about 250 bytes.
pub const ENDORSEMENTS_MAX: usize = 256;

/// A key vouches for the one that takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endorsement {
    /// The new key.
    pub key: SigningKey,
    /// Identity of the key that vouches for it.
    pub by: String,
    /// When, on the controller's clock.
    pub at_ms: i64,
    /// Ed25519 of the old key over [`Endorsement::signing_input`], base64.
    pub signature: String,
}

impl Endorsement {
    /// The bytes that are signed. The first line differs from that of every order, so that no order
    /// is an endorsement; no part has a line break.
    pub fn signing_input(&self) -> Vec<u8> {
        format!(
            "migrado/{SCHEMA_VERSION}/endorse\n{}\n{}\n{}\n{}",
            self.by, self.key.id, self.key.public, self.at_ms
        )
        .into_bytes()
    }
}

/// Answer of `GET /terminal/v1/signing-keys`: every endorsement, the oldest first. Each key vouches
/// for the next; the last one is the key that signs now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningChain {
    /// The endorsements.
    pub endorsements: Vec<Endorsement>,
}
