//! What goes wrong when keys are made, kept and used: what, where, and what to do.

use std::path::{Path, PathBuf};

use crate::freshness::FreshnessError;
use crate::keys::{EnvelopeError, KeyError, PublicKey};
use crate::trust::TrustError;

/// Something was not signed, or not kept.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// A file cannot be read or written.
    #[error("cannot {operation} {path}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Something is there already.
    #[error("{0} exists already: nothing is overwritten, give another folder")]
    Exists(PathBuf),
    /// The folder has no keys.
    #[error("{0} is no folder of keys: make one with migradoctl content keys init")]
    NoKeys(PathBuf),
    /// A file of a key cannot be read.
    #[error("{path} is no private key (PEM, PKCS#8, Ed25519): {reason}")]
    Pem {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is encrypted and there is no passphrase.
    #[error("{0} is encrypted: its passphrase is needed")]
    Locked(PathBuf),
    /// The passphrase does not open it.
    #[error("the passphrase does not open {0}")]
    Passphrase(PathBuf),
    /// The numbers make no sense together.
    #[error("{0}")]
    Numbers(String),
    /// Keys that are needed are not at hand.
    #[error("{role}: {have} of the {need} keys that are needed are at hand; bring the files of: {missing}")]
    TooFewKeys {
        /// For what.
        role: &'static str,
        /// How many are there.
        have: usize,
        /// How many must be.
        need: usize,
        /// The public halves of those that could be.
        missing: String,
    },
    /// A key that is to go is not in the root.
    #[error("the root does not name the key {0}")]
    UnknownKey(PublicKey),
    /// A release of that name is live, with other content.
    #[error("the release {0} is live already: give another name")]
    Live(String),
    /// No release of that name is live.
    #[error("no release {0} is live")]
    NotLive(String),
    /// The key itself.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The signature.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The controller's part.
    #[error(transparent)]
    Freshness(#[from] FreshnessError),
    /// What was signed would be refused by displays.
    #[error("displays would refuse this")]
    Refused(#[from] TrustError),
}

/// An error that names what was tried on what.
pub(super) fn failed(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> SignError + use<> {
    let path = path.to_path_buf();
    move |source| SignError::File { operation, path, source }
}
