//! Passwords: argon2id, the rules for new ones, and the work kept off the async threads.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use rand::Rng as _;
use tokio::sync::Semaphore;

/// Characters a password must have: NIST SP 800-63B asks for 8, an operator's may be longer.
pub const PASSWORD_CHARS_MIN: usize = 12;

/// Characters a password may have: a hash must not become a way to keep the server busy.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Hashes at once: each takes 19 MiB and a core for some 50 ms; logins wait, the fleet does not.
const HASHES_AT_ONCE: usize = 2;

/// Characters of a password that the controller makes: about 119 bits.
const GENERATED_CHARS: usize = 20;

/// Without characters that look alike on paper.
const GENERATED_ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Why a password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// argon2 refused.
    #[error("cannot hash the password: {0}")]
    Hash(argon2::password_hash::Error),
    /// The worker thread ended.
    #[error("the hashing thread ended")]
    Thread(#[source] tokio::task::JoinError),
}

/// Why a new password is not taken; told to the person.
pub fn check_new(password: &str, name: &str) -> Result<(), String> {
    let chars = password.chars().count();
    if chars < PASSWORD_CHARS_MIN {
        return Err(format!("use at least {PASSWORD_CHARS_MIN} characters"));
    }
    if chars > PASSWORD_CHARS_MAX {
        return Err(format!("use at most {PASSWORD_CHARS_MAX} characters"));
    }
    if !name.is_empty() && password.to_lowercase().contains(&name.to_lowercase()) && chars < name.len() + 8 {
        return Err("do not build the password from the account's name".to_owned());
    }
    if password.chars().all(|c| password.starts_with(c)) {
        return Err("use more than one character".to_owned());
    }
    Ok(())
}

/// A random password for a new account.
pub fn generate() -> String {
    let mut rng = rand::rng();
    (0..GENERATED_CHARS)
        .map(|_| char::from(GENERATED_ALPHABET[rng.random_range(0..GENERATED_ALPHABET.len())]))
        .collect()
}

/// Hashes a password; slow on purpose.
pub fn hash_blocking(password: &str) -> Result<String, PasswordError> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(PasswordError::Hash)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn verify_blocking(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

/// Hashes and checks on worker threads, a few at once.
#[derive(Debug, Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    /// Hash of a password that nobody has: an unknown account takes as long as a known one.
    nobody: Arc<str>,
}

impl Passwords {
    /// Prepares the hash that unknown accounts are checked against.
    pub fn new() -> Result<Self, PasswordError> {
        let nobody = hash_blocking(&generate())?;
        Ok(Self { permits: Arc::new(Semaphore::new(HASHES_AT_ONCE)), nobody: nobody.into() })
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let _permit = self.permits.acquire().await.ok();
        tokio::task::spawn_blocking(move || hash_blocking(&password)).await.map_err(PasswordError::Thread)?
    }

    /// Checks a password against an account's hash. `None` for an account that does not exist:
    /// the same work is done, and the answer is no.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let _permit = self.permits.acquire().await.ok();
        let nobody = self.nobody.clone();
        tokio::task::spawn_blocking(move || {
            let known = hash.is_some();
            verify_blocking(&password, hash.as_deref().unwrap_or(&nobody)) && known
        })
        .await
        .map_err(PasswordError::Thread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn takes_the_right_password_only_and_never_an_unknown_account() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse batterx".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("anything".into(), None).await.unwrap());
        assert!(!passwords.verify("anything".into(), Some("not a hash".into())).await.unwrap());
    }

    #[test]
    fn refuses_weak_passwords_with_what_to_do() {
        assert!(check_new("short", "a").unwrap_err().contains("12"));
        assert!(check_new(&"x".repeat(300), "a").unwrap_err().contains("256"));
        assert!(check_new("aaaaaaaaaaaaaa", "b").is_err());
        assert!(check_new("operator-1234", "operator").is_err());
        assert!(check_new(&generate(), "admin").is_ok());
    }
}
