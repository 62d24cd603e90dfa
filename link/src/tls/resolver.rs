//! The certificate and key that this process shows, swappable while it runs: the next handshake
//! uses the new pair, connections that stand are left alone.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{TlsError, certificates, provider};

/// From when to when a certificate holds, and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// Its serial number, hexadecimal, lower case.
    pub serial: String,
    /// Not before this.
    pub not_before_ms: i64,
    /// Not after this.
    pub not_after_ms: i64,
}

impl Validity {
    /// Reads the first certificate of a PEM text.
    pub fn of(cert_pem: &str) -> Result<Self, TlsError> {
        let chain = certificates("the certificate", cert_pem)?;
        let first = chain.first().ok_or(TlsError::NoCertificate("the certificate"))?;
        Self::of_der(first)
    }

    fn of_der(der: &[u8]) -> Result<Self, TlsError> {
        let (_, parsed) = X509Certificate::from_der(der).map_err(|source| {
            TlsError::Certificate(match source {
                x509_parser::nom::Err::Error(e) | x509_parser::nom::Err::Failure(e) => e,
                x509_parser::nom::Err::Incomplete(_) => x509_parser::error::X509Error::InvalidCertificate,
            })
        })?;
        Ok(Self {
            serial: format!("{:x}", parsed.tbs_certificate.serial),
            not_before_ms: parsed.validity().not_before.timestamp().saturating_mul(1000),
            not_after_ms: parsed.validity().not_after.timestamp().saturating_mul(1000),
        })
    }

    /// Whether no more than a third of its life is left: time for a new one.
    pub fn is_due(&self, now_ms: i64) -> bool {
        let life_ms = self.not_after_ms.saturating_sub(self.not_before_ms);
        self.not_after_ms.saturating_sub(now_ms) <= life_ms / 3
    }
}

#[derive(Debug)]
struct Held {
    key: Arc<CertifiedKey>,
    validity: Validity,
}

/// Holds the pair that is shown, for both ends of TLS.
#[derive(Debug)]
pub struct CertResolver(RwLock<Held>);

impl CertResolver {
    /// Holds this pair. The PEM may carry the chain after the certificate.
    pub fn new(cert_pem: &str, key_pem: &str) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self(RwLock::new(held(cert_pem, key_pem)?))))
    }

    /// Shows another pair from the next handshake on. On an error the old one stays.
    pub fn swap(&self, cert_pem: &str, key_pem: &str) -> Result<(), TlsError> {
        let fresh = held(cert_pem, key_pem)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// How long the pair holds.
    pub fn validity(&self) -> Validity {
        self.0.read().unwrap_or_else(PoisonError::into_inner).validity.clone()
    }

    fn key(&self) -> Arc<CertifiedKey> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).key.clone()
    }
}

fn held(cert_pem: &str, key_pem: &str) -> Result<Held, TlsError> {
    let chain = certificates("the certificate", cert_pem)?;
    let validity = Validity::of_der(chain.first().ok_or(TlsError::NoCertificate("the certificate"))?)?;
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())
        .map_err(|source| TlsError::Pem { what: "the private key", source })?;
    let key = CertifiedKey::from_der(chain, key, &provider()).map_err(TlsError::Key)?;
    Ok(Held { key: Arc::new(key), validity })
}

impl ResolvesClientCert for CertResolver {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.key())
    }
    fn has_certs(&self) -> bool {
        true
    }
}

impl ResolvesServerCert for CertResolver {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.key())
    }
}
