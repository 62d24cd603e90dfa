//! Who this terminal is: its key, its certificate, whom it trusts. Made at enrolment (`enroll`),
//! kept in one file below the data directory, read at every start, used and changed while the agent
//! runs (`held`): the certificate is renewed (`renew`), the controller's signing key is followed
//! (`keys`). A key of the display never leaves it.

mod awaited;
mod enroll;
mod held;
pub mod keys;
mod listener;
mod renew;
#[cfg(test)]
pub(crate) mod testing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use migrado_link::tls::TlsError;
use migrado_protocol::enroll::EnrollResponse;
use migrado_protocol::ids::TerminalId;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use awaited::await_identity;
pub use enroll::{EnrollError, enroll};
pub use held::Held;
pub use listener::AskError;

use crate::commands::handlers::Leaving;
use crate::platform::disk;
use crate::tasks::{Stage, Tasks};
use keys::Keys;
use renew::Renewal;

/// The file below the data directory; only the agent may read it.
const FILE: &str = "identity.json";

/// What is kept.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    /// This terminal.
    pub terminal: TerminalId,
    /// Its private key, PKCS#8 PEM.
    pub key_pem: String,
    /// What the controller gave.
    #[serde(flatten)]
    pub given: EnrollResponse,
    /// What a renewal brought, until the controller has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Pair>,
}

/// A private key and the certificate for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// PKCS#8 PEM.
    pub key_pem: String,
    /// PEM.
    pub certificate_pem: String,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the key.
        f.debug_struct("Pair").field("certificate_pem", &self.certificate_pem).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the key.
        f.debug_struct("Identity").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

/// The identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read or written.
    #[error("cannot {operation} the identity {}", path.display())]
    File {
        /// `read` or `write`.
        operation: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what was written.
    #[error("the identity {} is damaged; enroll the terminal again", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Somebody enrolled the terminal anew.
    #[error("the terminal was enrolled anew; what is held here is void")]
    Replaced,
    /// Its key or certificates are no use.
    #[error("the terminal's certificate cannot be used; enroll the terminal again")]
    Tls(#[from] TlsError),
}

/// Starts what keeps the identity good: the certificate is renewed, the controller's signing key
/// followed. Gives what orders are checked with.
pub fn keep(
    tasks: &mut Tasks,
    terminal: &TerminalId,
    held: &Arc<Held>,
    leaving: &watch::Sender<Leaving>,
) -> Keys {
    let renewal = Renewal { terminal: terminal.clone(), held: held.clone(), leaving: leaving.clone() };
    tasks.spawn_until_canceled(Stage::Work, "renewal", renewal.run());
    let (keys, following) = keys::keys(held.clone());
    tasks.spawn_until_canceled(Stage::Work, "keys", following);
    keys
}

/// A new P-256 key, and the request that proves it.
fn key_and_request(terminal: &TerminalId) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, terminal.as_str());
    let csr = params.serialize_request(&key)?.pem()?;
    Ok((key.serialize_pem(), csr))
}

/// Reads the identity; `None` where the terminal is not enrolled.
pub fn load(data_dir: &Path) -> Result<Option<Identity>, IdentityError> {
    let path = data_dir.join(FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(IdentityError::File { operation: "read", path, source }),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| IdentityError::Damaged { path, source })
}

fn save(data_dir: &Path, identity: &Identity) -> Result<(), IdentityError> {
    let path = data_dir.join(FILE);
    let bytes = serde_json::to_vec(identity)
        .map_err(|source| IdentityError::Damaged { path: path.clone(), source })?;
    std::fs::create_dir_all(data_dir)
        .and_then(|()| disk::replace_file(&path, &bytes))
        .map_err(|source| IdentityError::File { operation: "write", path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_kept_for_its_owner_alone_and_its_key_is_never_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        assert!(load(dir.path()).unwrap().is_none());
        let identity = Identity {
            terminal: "fp-01".parse().unwrap(),
            key_pem: "SECRET".into(),
            given: EnrollResponse {
                certificate_pem: "C".into(),
                authority_pem: "A".into(),
                broker: "b:1".into(),
                controller: "c:2".into(),
                signing_keys: vec![],
                content_root: None,
            },
            next: None,
        };
        save(dir.path(), &identity).unwrap();
        let read = load(dir.path()).unwrap().unwrap();
        assert_eq!((read.key_pem.as_str(), read.given.broker.as_str()), ("SECRET", "b:1"));
        assert!(!format!("{read:?}").contains("SECRET"));
        let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(matches!(load(dir.path()), Err(IdentityError::Damaged { .. })));
    }
}
