//! The identities of the fleet: the authority, the certificates it issues, the key that signs
//! orders, and the secrets of enrolment tokens. Stands before both walks: whoever is on the wire
//! has its name from here. Decides nothing about who may enrol (`api`) or what a name may do
//! (`broker`); it holds keys, and every file of it goes through `files::replace_file`.
//!
//! Files, below `<data_dir>/pki`: `ca.crt`, `ca.crl`, `broker.{crt,key}` (for an external broker),
//! `https.{crt,key}`, `private/{ca.key,controller.crt,controller.key}`, the key that signs orders
//! (`signing`), and the one of `releases::catalog`, `private/freshness.pk8`.

mod authority;
mod held;
pub mod signing;
pub mod token;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use migrado_link::signing::{KeyError, Signer};
use migrado_link::tls::pinned::pin_of;
use migrado_link::tls::{CertResolver, TlsError};
use migrado_protocol::TerminalId;
use migrado_protocol::enroll::SigningKey;
use migrado_protocol::ids::CONTROLLER_NAME;

use crate::files::{self, FileError};

use authority::Authority;
pub use authority::{CsrError, Issued};
use held::{Held, Renewal};
pub use signing::Signing;

/// The authority could not be opened, or did not issue.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file of it.
    #[error(transparent)]
    File(#[from] FileError),
    /// The authority's certificate is there without its key, or the other way round.
    #[error(
        "{0} is missing beside its counterpart: restore both from the backup, or remove both and enrol every terminal anew"
    )]
    Half(PathBuf),
    /// A certificate or key could not be made or read.
    #[error("cannot make or read {what}")]
    Certificate {
        /// Which.
        what: &'static str,
        /// Why not.
        #[source]
        source: rcgen::Error,
    },
    /// A pair on disk cannot be used for TLS.
    #[error("cannot use {what} for TLS")]
    Tls {
        /// Which.
        what: &'static str,
        /// Why not.
        #[source]
        source: TlsError,
    },
    /// The key that signs orders.
    #[error("cannot use the key that signs orders")]
    Signing(#[source] KeyError),
    /// The chain of endorsements that leads to it.
    #[error("cannot read or write the chain of signing keys: restore signing.json from the backup")]
    Chain {
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

/// What [`Pki::renew_due`] renewed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Renewed {
    /// `broker.crt` and `broker.key` are new: a broker that reads files must read them again.
    pub broker: bool,
    /// The console's and the terminal listener's certificate; in use already.
    pub https: bool,
    /// The controller's own; used from its next connection on.
    pub controller: bool,
}

/// The authority and all that the controller itself shows or signs with.
#[derive(Debug)]
pub struct Pki {
    authority: Authority,
    authority_sha256: String,
    broker: Held,
    https: Held,
    controller: Held,
    signing: Signing,
    folder: PathBuf,
}

impl Pki {
    /// Opens what is there and makes what is missing, everything on the first start. `hosts` are
    /// the names and addresses under which broker and listeners are dialed, besides the loopback.
    pub fn open(data_dir: &Path, hosts: &[&str], now_ms: i64) -> Result<Self, PkiError> {
        let folder = data_dir.join("pki");
        let private = folder.join("private");
        files::make_folder(&folder, 0o750)?;
        files::make_folder(&private, 0o700)?;
        let authority = Authority::open(&folder.join("ca.crt"), &private.join("ca.key"), now_ms)?;
        let authority_sha256 = pin_of(authority.pem())
            .map_err(|source| PkiError::Tls { what: "the authority's certificate", source })?;
        let names = authority::server_names(hosts);
        let server = |what, name: &str, key_mode| {
            let paths = (folder.join(format!("{name}.crt")), folder.join(format!("{name}.key")));
            Held::open(
                what,
                paths,
                key_mode,
                authority::Kind::Server { names: names.clone() },
                &authority,
                now_ms,
            )
        };
        let broker = server("the broker's certificate", "broker", files::GROUP)?;
        let https = server("the HTTPS certificate", "https", files::PRIVATE)?;
        let controller = Held::open(
            "the controller's certificate",
            (private.join("controller.crt"), private.join("controller.key")),
            files::PRIVATE,
            authority::Kind::Client { name: CONTROLLER_NAME.to_owned() },
            &authority,
            now_ms,
        )?;
        let signing = Signing::open(&private)?;
        Ok(Self { authority, authority_sha256, broker, https, controller, signing, folder })
    }

    /// The authority's certificate, PEM.
    pub fn authority_pem(&self) -> &str {
        self.authority.pem()
    }

    /// The pin that tokens carry: SHA-256 of the authority's public key, hexadecimal.
    pub fn authority_sha256(&self) -> &str {
        &self.authority_sha256
    }

    /// What the console and the terminal listener show; renewed in place.
    pub fn https(&self) -> Arc<CertResolver> {
        self.https.resolver.clone()
    }

    /// What the controller shows the broker; renewed in place.
    pub fn controller(&self) -> Arc<CertResolver> {
        self.controller.resolver.clone()
    }

    /// `ca.crt`, for brokers that read files.
    pub fn authority_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// `broker.crt` (with its chain) and `broker.key`, for brokers that read files.
    pub fn broker_files(&self) -> (PathBuf, PathBuf) {
        (self.folder.join("broker.crt"), self.folder.join("broker.key"))
    }

    /// Signs orders, with the key of now.
    pub fn signer(&self) -> Arc<Signer> {
        self.signing.signer()
    }

    /// The key that signs orders, and its replacement.
    pub fn signing(&self) -> &Signing {
        &self.signing
    }

    /// The keys that a terminal is given to check orders with.
    pub fn signing_keys(&self) -> Vec<SigningKey> {
        vec![self.signer().public().clone()]
    }

    /// Writes `ca.crl`, for brokers that read files: these serial numbers (hexadecimal) are void,
    /// each since then.
    pub fn write_revocations(&self, revoked: &[(&str, i64)], now_ms: i64) -> Result<(), PkiError> {
        let what = "the revocation list";
        let list = self.authority.revocation_list(revoked, now_ms);
        let pem = list.map_err(|source| PkiError::Certificate { what, source })?;
        Ok(files::replace_file(&self.folder.join("ca.crl"), pem.as_bytes(), files::PUBLIC)?)
    }

    /// Issues a terminal's certificate: of the request only the key counts, the name is `terminal`.
    pub fn issue_terminal(
        &self,
        terminal: &TerminalId,
        csr_pem: &str,
        now_ms: i64,
    ) -> Result<Issued, CsrError> {
        self.authority.issue_terminal(terminal, csr_pem, now_ms)
    }

    /// Renews whatever of the controller's own has a third of its life left. Called once a day; a
    /// failure keeps the old pair, which still holds for months.
    pub fn renew_due(&self, now_ms: i64) -> Result<Renewed, PkiError> {
        let renew =
            |held: &Held| Ok::<_, PkiError>(held.renew_if_due(&self.authority, now_ms)? == Renewal::Done);
        Ok(Renewed {
            broker: renew(&self.broker)?,
            https: renew(&self.https)?,
            controller: renew(&self.controller)?,
        })
    }
}

#[cfg(test)]
mod tests;
