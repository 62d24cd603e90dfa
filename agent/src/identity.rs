//! Who this display is: its certificate and key, whom it trusts, whose orders it takes. One file,
//! `<data_dir>/identity.json`, replaced whole, so that key and certificate always belong together.
//! Made by [`enroll`] once; read by `app` at every start. The key never leaves the machine.

pub mod enroll;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use migrado_link::tls::{self, CertResolver, TlsError};
use migrado_protocol::TerminalId;
use migrado_protocol::enroll::SigningKey;
use serde::{Deserialize, Serialize};

use crate::platform::disk;

const FILE: &str = "identity.json";

/// All that makes this display one of the fleet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its name; also the common name in the certificate.
    pub terminal: TerminalId,
    /// `host:port` of the broker.
    pub broker: String,
    /// `host:port` of the controller's terminal listener.
    pub controller: String,
    /// The authority's certificate, PEM: the only one that is trusted.
    pub authority_pem: String,
    /// This display's certificate, PEM.
    pub certificate_pem: String,
    /// Its private key, PEM.
    pub key_pem: String,
    /// Keys that sign orders.
    pub signing_keys: Vec<SigningKey>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of logs.
        f.debug_struct("Identity")
            .field("terminal", &self.terminal)
            .field("broker", &self.broker)
            .field("controller", &self.controller)
            .finish_non_exhaustive()
    }
}

/// The identity could not be read, kept or used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// This display was never enrolled.
    #[error("this display is not enrolled: there is no {0}; get a token and run `migrado-agent enroll`")]
    NotEnrolled(PathBuf),
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file is damaged.
    #[error("{path} is damaged; enrol this display anew")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where.
        #[source]
        source: serde_json::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Certificate, key or authority cannot be used for TLS.
    #[error("the identity cannot be used for TLS")]
    Tls(#[from] TlsError),
}

impl Identity {
    /// Reads what enrolment kept.
    pub fn load(data_dir: &Path) -> Result<Self, IdentityError> {
        let path = data_dir.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(IdentityError::NotEnrolled(path));
            }
            Err(source) => return Err(IdentityError::Read { path, source }),
        };
        serde_json::from_slice(&text).map_err(|source| IdentityError::Damaged { path, source })
    }

    /// Keeps it, readable by the agent's user only.
    pub fn store(&self, data_dir: &Path) -> Result<(), IdentityError> {
        let path = data_dir.join(FILE);
        let write = || -> io::Result<()> {
            std::fs::create_dir_all(data_dir)?;
            disk::replace_file(&path, &serde_json::to_vec_pretty(self)?)
        };
        write().map_err(|source| IdentityError::Write { path: path.clone(), source })
    }

    /// The pair that is shown to broker and controller.
    pub fn resolver(&self) -> Result<Arc<CertResolver>, IdentityError> {
        Ok(CertResolver::new(&self.certificate_pem, &self.key_pem)?)
    }

    /// TLS towards broker and controller with this pair.
    pub fn client_config(
        &self,
        resolver: Arc<CertResolver>,
    ) -> Result<Arc<rustls::ClientConfig>, IdentityError> {
        Ok(tls::client_config(&self.authority_pem, resolver)?)
    }
}

#[cfg(test)]
mod tests;
