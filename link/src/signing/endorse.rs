//! One signing key vouches for the next. [`follow`] goes from a key that is held to the newest one;
//! whoever lacks the private half of a held key cannot make it go anywhere. Pure.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use migrado_protocol::endorse::{ENDORSEMENTS_MAX, Endorsement, SigningChain};
use migrado_protocol::enroll::SigningKey;
use migrado_protocol::limits::clip;

use super::{Signer, key_id};

/// Why a chain of endorsements is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// More than a controller keeps.
    #[error("the chain has {0} endorsements, more than {ENDORSEMENTS_MAX}")]
    TooLong(usize),
    /// It names a key that is held, but that key did not sign it.
    #[error("key {key} is not endorsed by key {by}, as it claims")]
    Forged {
        /// The key that wants to be trusted.
        key: String,
        /// The key that is said to vouch for it.
        by: String,
    },
}

impl Signer {
    /// Vouches for the key that takes the place of this one.
    pub fn endorse(&self, key: &SigningKey, at_ms: i64) -> Endorsement {
        let mut endorsement =
            Endorsement { key: key.clone(), by: self.public.id.clone(), at_ms, signature: String::new() };
        endorsement.signature = BASE64.encode(self.pair.sign(&endorsement.signing_input()));
        endorsement
    }
}

/// The newest key to which the chain leads from the held ones; `None` when it leads nowhere.
///
/// Endorsements by keys that are not held are passed over: they are older than what is held, or of
/// somebody else. From the first step on only the key of the last step is held.
pub fn follow(held: &[SigningKey], chain: &SigningChain) -> Result<Option<SigningKey>, ChainError> {
    if chain.endorsements.len() > ENDORSEMENTS_MAX {
        return Err(ChainError::TooLong(chain.endorsements.len()));
    }
    let mut reached: Option<&SigningKey> = None;
    for endorsement in &chain.endorsements {
        let by = match reached {
            Some(key) => Some(key).filter(|key| key.id == endorsement.by),
            None => held.iter().find(|key| key.id == endorsement.by),
        };
        let Some(by) = by else { continue };
        if !holds(endorsement, by) {
            return Err(ChainError::Forged { key: clip(&endorsement.key.id), by: by.id.clone() });
        }
        reached = Some(&endorsement.key);
    }
    Ok(reached.cloned())
}

/// Whether `by` signed it, and the new key bears its own name.
fn holds(endorsement: &Endorsement, by: &SigningKey) -> bool {
    let (Ok(new), Ok(old), Ok(signature)) = (
        BASE64.decode(&endorsement.key.public),
        BASE64.decode(&by.public),
        BASE64.decode(&endorsement.signature),
    ) else {
        return false;
    };
    key_id(&new) == endorsement.key.id
        && UnparsedPublicKey::new(&ED25519, old).verify(&endorsement.signing_input(), &signature).is_ok()
}
