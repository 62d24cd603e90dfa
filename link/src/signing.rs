//! Signatures of orders: Ed25519 over [`Signed::signing_input`]. The controller signs, terminals
//! verify against the keys they were given at enrolment, or that those keys endorsed. Replays are
//! not seen here: sequences are the gate's part on the terminal.

mod endorse;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use migrado_protocol::enroll::SigningKey;
use migrado_protocol::envelope::SCHEMA_VERSION;
use migrado_protocol::signed::Purpose;
use migrado_protocol::{Signed, TerminalId};

pub use endorse::{ChainError, follow};

/// Bytes of the key's digest that name it: enough to tell a handful of keys apart.
const KEY_ID_BYTES: usize = 8;

/// A key could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not an Ed25519 key in PKCS#8.
    #[error("the signing key is not an Ed25519 key in PKCS#8")]
    Rejected(#[source] aws_lc_rs::error::KeyRejected),
    /// The random source failed.
    #[error("a signing key could not be made")]
    Unspecified(#[source] aws_lc_rs::error::Unspecified),
}

/// Why an order is not taken. The words are also the labels of a counter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A schema version that this code does not speak.
    #[error("the order has schema version {0}, this side speaks {SCHEMA_VERSION}")]
    UnknownVersion(u16),
    /// For another terminal.
    #[error("the order is for terminal {0}")]
    Foreign(TerminalId),
    /// Signed with a key that was never given to this terminal.
    #[error("the order is signed with key {0}, which is not known here")]
    UnknownKey(String),
    /// Altered, signed for another purpose, or not signed by the named key.
    #[error("the signature does not fit the order")]
    Wrong,
    /// Its time is over.
    #[error("the order expired at {expires_ms} ms")]
    Expired {
        /// When.
        expires_ms: i64,
    },
}

impl SignatureError {
    /// The bounded label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::UnknownVersion(_) => "unknown_version",
            Self::Foreign(_) => "foreign",
            Self::UnknownKey(_) => "unknown_key",
            Self::Wrong => "wrong_signature",
            Self::Expired { .. } => "expired",
        }
    }
}

/// The name of a public key: the beginning of its digest.
fn key_id(public: &[u8]) -> String {
    digest(&SHA256, public).as_ref().iter().take(KEY_ID_BYTES).map(|b| format!("{b:02x}")).collect()
}

/// Signs orders with one key.
#[derive(Debug)]
pub struct Signer {
    pair: Ed25519KeyPair,
    public: SigningKey,
}

impl Signer {
    /// A new key; the second part is its PKCS#8 DER, to be kept secret and durable.
    pub fn generate() -> Result<(Self, Vec<u8>), KeyError> {
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())
            .map_err(KeyError::Unspecified)?;
        let pkcs8 = document.as_ref().to_vec();
        Ok((Self::from_pkcs8(&pkcs8)?, pkcs8))
    }

    /// A key that was made before.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(KeyError::Rejected)?;
        let bytes = pair.public_key().as_ref();
        let public = SigningKey { id: key_id(bytes), public: BASE64.encode(bytes) };
        Ok(Self { pair, public })
    }

    /// The public half, as terminals get it.
    pub fn public(&self) -> &SigningKey {
        &self.public
    }

    /// Puts key and signature into the order.
    pub fn sign(&self, order: &mut Signed, purpose: Purpose) {
        order.key.clone_from(&self.public.id);
        order.signature = BASE64.encode(self.pair.sign(&order.signing_input(purpose)));
    }
}

/// Checks orders against the keys of the controller.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: Vec<SigningKey>,
}

impl Verifier {
    /// Trusts these keys.
    pub fn new(keys: Vec<SigningKey>) -> Self {
        Self { keys }
    }

    /// The keys that are trusted.
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }

    /// Whether the order is for `me`, signed by a known key for this purpose, and not over.
    pub fn verify(
        &self,
        order: &Signed,
        purpose: Purpose,
        me: &TerminalId,
        now_ms: i64,
    ) -> Result<(), SignatureError> {
        if order.v != SCHEMA_VERSION {
            return Err(SignatureError::UnknownVersion(order.v));
        }
        if order.terminal != *me {
            return Err(SignatureError::Foreign(order.terminal.clone()));
        }
        let key = self
            .keys
            .iter()
            .find(|key| key.id == order.key)
            .ok_or_else(|| SignatureError::UnknownKey(migrado_protocol::limits::clip(&order.key)))?;
        let public = BASE64.decode(&key.public).map_err(|_| SignatureError::Wrong)?;
        let signature = BASE64.decode(&order.signature).map_err(|_| SignatureError::Wrong)?;
        UnparsedPublicKey::new(&ED25519, public)
            .verify(&order.signing_input(purpose), &signature)
            .map_err(|_| SignatureError::Wrong)?;
        if order.expires_ms != 0 && now_ms > order.expires_ms {
            return Err(SignatureError::Expired { expires_ms: order.expires_ms });
        }
        Ok(())
    }
}
