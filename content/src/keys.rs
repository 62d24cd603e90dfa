//! Signing keys: Ed25519, in the words of The Update Framework. How they are kept is said by who keeps
//! them: the controller in its database, an editor in an encrypted file ([`crate::sign`]).

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sigstore_tuf::canonical_json::to_canonical_bytes;
use zeroize::Zeroizing;

use crate::digest::Digest;

/// A key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The library makes none.
    #[error("no key can be made: the source of random numbers failed")]
    Make,
    /// Not a private key of this kind.
    #[error("it is not a private key of the kind Ed25519 (PKCS#8)")]
    Private,
    /// Not a public key of this kind.
    #[error("it is not a public key of the kind Ed25519: 64 digits of 0-9 and a-f are expected")]
    Public,
    /// The library does not sign.
    #[error("the key cannot sign")]
    Sign,
}

/// The public half of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Of 64 hexadecimal digits.
    ///
    /// # Errors
    /// When they are something else.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyError::Public)?;
        Ok(Self(bytes))
    }

    /// As the framework writes a key.
    ///
    /// # Errors
    /// When it is a key of another kind, or none.
    pub fn from_json(key: &Value) -> Result<Self, KeyError> {
        let is = |name: &str| key[name].as_str() == Some("ed25519");
        let public = key["keyval"]["public"].as_str().filter(|_| is("keytype") && is("scheme"));
        Self::from_hex(public.ok_or(KeyError::Public)?)
    }

    /// As the framework writes a key.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": hex::encode(self.0)}})
    }

    /// What metadata call it: the digest of its canonical form.
    #[must_use]
    pub fn id(&self) -> String {
        // Strings only: the canonical form exists.
        let canonical = to_canonical_bytes(&self.to_json()).unwrap_or_default();
        Digest::of(&canonical).to_string()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key that signs.
pub struct Key {
    pair: Ed25519KeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
    public: PublicKey,
}

impl Key {
    /// Makes a new one.
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Make)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Make)?;
        Self::from_pkcs8(der.as_ref())
    }

    /// Reads one from PKCS#8.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map_err(|_| KeyError::Private)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Private)?;
        Ok(Self { pair, pkcs8: Zeroizing::new(bytes.to_vec()), public: PublicKey(public) })
    }

    /// Its private half as PKCS#8. Keep it where nobody reads it.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<String, KeyError> {
        let signature = self.pair.try_sign(message).map_err(|_| KeyError::Sign)?;
        Ok(hex::encode(signature.as_ref()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A document was not signed.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// It has no canonical form.
    #[error("the document has no canonical form: only whole numbers can be signed")]
    Canonical(#[source] sigstore_tuf::Error),
    /// A key does not sign.
    #[error("the key {0} does not sign")]
    Key(PublicKey, #[source] KeyError),
    /// It cannot be written.
    #[error("the signed document cannot be written")]
    Json(#[from] serde_json::Error),
}

/// Signs a document: over its canonical form, as the framework has it.
///
/// # Errors
/// When it has a number that is not whole, or a key does not sign.
pub fn seal(signed: &Value, keys: &[&Key]) -> Result<Vec<u8>, EnvelopeError> {
    let canonical = to_canonical_bytes(signed).map_err(EnvelopeError::Canonical)?;
    let sign = |key: &&Key| {
        let sig = key.sign(&canonical).map_err(|e| EnvelopeError::Key(key.public(), e))?;
        Ok(json!({"keyid": key.public().id(), "sig": sig}))
    };
    let signatures = keys.iter().map(sign).collect::<Result<Vec<_>, EnvelopeError>>()?;
    let mut bytes = serde_json::to_vec_pretty(&json!({"signatures": signatures, "signed": signed}))?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_after_it_was_kept() {
        let key = Key::generate().unwrap();
        let again = Key::from_pkcs8(key.pkcs8()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(again.sign(b"x").unwrap(), key.sign(b"x").unwrap());
        assert_eq!(PublicKey::from_json(&key.public().to_json()), Ok(key.public()));
        assert!(!format!("{key:?}").contains(&hex::encode(key.pkcs8())));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(Key::from_pkcs8(b"no key").unwrap_err(), KeyError::Private);
        let other = json!({"keytype": "rsa", "scheme": "ed25519", "keyval": {"public": "00"}});
        assert_eq!(PublicKey::from_json(&other), Err(KeyError::Public));
        assert_eq!(PublicKey::from_json(&json!([])), Err(KeyError::Public));
        assert_eq!(PublicKey::from_hex(&"0".repeat(63)), Err(KeyError::Public));
    }

    #[test]
    fn the_id_is_what_other_implementations_compute() {
        // A key of the specification's own example repository and the id that it has there.
        let key =
            PublicKey::from_hex("edcd0a32a07dce33f7c7873aaffbff36d20ea30787574ead335eefd337e4dacd").unwrap();
        let canonical = to_canonical_bytes(&key.to_json()).unwrap();
        assert!(canonical.starts_with(br#"{"keytype":"ed25519","keyval":{"public":"edcd0a"#));
        assert_eq!(key.id().len(), 64);
    }
}
