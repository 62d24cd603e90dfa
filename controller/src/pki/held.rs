//! One certificate of the controller's own with its key: on disk, in the resolver, and renewed.
//! A key is made anew with every certificate.

use std::path::PathBuf;
use std::sync::Arc;

use migrado_link::tls::CertResolver;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};

use super::PkiError;
use super::authority::{Authority, Kind, bears};
use crate::files;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    NotDue,
    Done,
}

#[derive(Debug)]
pub(super) struct Held {
    what: &'static str,
    cert: PathBuf,
    key: PathBuf,
    key_mode: u32,
    kind: Kind,
    pub(super) resolver: Arc<CertResolver>,
}

impl Held {
    /// Opens the pair; makes it if it is missing, cannot be used, is due, lacks a name that is
    /// wanted now, or comes from another authority.
    pub(super) fn open(
        what: &'static str,
        (cert, key): (PathBuf, PathBuf),
        key_mode: u32,
        kind: Kind,
        authority: &Authority,
        now_ms: i64,
    ) -> Result<Self, PkiError> {
        if let (Some(cert_pem), Some(key_pem)) = (files::read_text(&cert)?, files::read_text(&key)?) {
            let fits = match &kind {
                Kind::Server { names } => bears(&cert_pem, names),
                Kind::Client { .. } => true,
            };
            // The pair is written in two steps: a power cut between them leaves halves that do not
            // belong together, which the resolver refuses and which are made anew below.
            if let Ok(resolver) = CertResolver::new(&cert_pem, &key_pem)
                && fits
                && cert_pem.ends_with(authority.pem())
                && !resolver.validity().is_due(now_ms)
            {
                return Ok(Self { what, cert, key, key_mode, kind, resolver });
            }
        }
        let (cert_pem, key_pem) = make(what, &kind, authority, now_ms)?;
        let resolver =
            CertResolver::new(&cert_pem, &key_pem).map_err(|source| PkiError::Tls { what, source })?;
        let held = Self { what, cert, key, key_mode, kind, resolver };
        held.write(&cert_pem, &key_pem)?;
        Ok(held)
    }

    pub(super) fn renew_if_due(&self, authority: &Authority, now_ms: i64) -> Result<Renewal, PkiError> {
        if !self.resolver.validity().is_due(now_ms) {
            return Ok(Renewal::NotDue);
        }
        let (cert_pem, key_pem) = make(self.what, &self.kind, authority, now_ms)?;
        self.write(&cert_pem, &key_pem)?;
        self.resolver
            .swap(&cert_pem, &key_pem)
            .map_err(|source| PkiError::Tls { what: self.what, source })?;
        Ok(Renewal::Done)
    }

    fn write(&self, cert_pem: &str, key_pem: &str) -> Result<(), PkiError> {
        files::replace_file(&self.key, key_pem.as_bytes(), self.key_mode)?;
        files::replace_file(&self.cert, cert_pem.as_bytes(), files::PUBLIC)?;
        Ok(())
    }
}

fn make(
    what: &'static str,
    kind: &Kind,
    authority: &Authority,
    now_ms: i64,
) -> Result<(String, String), PkiError> {
    let broken = |source| PkiError::Certificate { what, source };
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
    let cert_pem = authority.issue_own(kind, &key, now_ms).map_err(broken)?;
    Ok((cert_pem, key.serialize_pem()))
}
