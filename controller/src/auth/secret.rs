//! Random secrets and their hashes. The database keeps only hashes: who reads it cannot log in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Bytes of a session's or token's secret: beyond any guessing.
const SECRET_BYTES: usize = 32;

/// A new random secret as text.
pub fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; SECRET_BYTES]>())
}

/// SHA-256 in hex. Enough for random secrets; passwords are `password.rs`'s part.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// The CSRF token of a session: derived from its secret, so that nothing more is stored, and
/// worthless for finding the secret.
pub fn csrf_of(session_secret: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"migrado csrf\n");
    digest.update(session_secret.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

/// Compares without telling by the time taken where two texts differ.
pub fn same(a: &str, b: &str) -> bool {
    Sha256::digest(a.as_bytes()) == Sha256::digest(b.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_hashes_do_not_give_them_away() {
        let (a, b) = (random(), random());
        assert_ne!(a, b);
        assert!(a.len() >= 43 && hash(&a).len() == 64);
        assert_ne!(csrf_of(&a), csrf_of(&b));
        assert_ne!(csrf_of(&a), hash(&a));
        assert!(same(&a, &a.clone()) && !same(&a, &b));
    }
}
