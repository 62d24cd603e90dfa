//! Trust by a pinned authority key, for enrolment: the server must present its chain with the
//! authority's certificate in it; the one whose public key has the pinned SHA-256 becomes the only
//! root, and then everything is checked as usual: signatures, dates, purpose and host name.
//! Nobody is trusted on first use.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{TlsError, certificates, provider};

/// The server's chain has no authority with the pinned key. Found as the innermost source of the
/// error that the handshake ends with; see [`is_wrong_pin`].
#[derive(Debug, thiserror::Error)]
#[error("the server does not present the authority that the token pins")]
pub struct WrongPin;

/// Whether this error, or one of its sources, is [`WrongPin`].
pub fn is_wrong_pin(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) =
        error.downcast_ref::<rustls::Error>()
    {
        return other.0.is::<WrongPin>();
    }
    // An io::Error hides the error it was made of from `source`; they come nested, too.
    let inner: Option<&(dyn std::error::Error + 'static)> =
        match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    inner.is_some_and(is_wrong_pin)
}

/// SHA-256 of a certificate's public key (SPKI, DER), hexadecimal: the pin of an authority.
pub fn pin_of(cert_pem: &str) -> Result<String, TlsError> {
    let chain = certificates("the authority's certificate", cert_pem)?;
    let first = chain.first().ok_or(TlsError::NoCertificate("the authority's certificate"))?;
    spki_sha256(first)
        .map(|digest| to_hex(&digest))
        .ok_or(TlsError::NoCertificate("the authority's certificate"))
}

/// The configuration of a client without a certificate that trusts only the pinned authority.
pub fn pinned_client_config(authority_sha256: &str) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let verifier =
        Pinned { pin: from_hex(authority_sha256).ok_or(TlsError::Pin)?, provider: provider.clone() };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Provider)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

#[derive(Debug)]
struct Pinned {
    pin: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let authority = intermediates
            .iter()
            .find(|c| spki_sha256(c).is_some_and(|digest| digest == self.pin))
            .ok_or_else(|| CertificateError::Other(OtherError(Arc::new(WrongPin))))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|error| CertificateError::Other(OtherError(Arc::new(error))))?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // The configuration offers no TLS 1.2, so this must never succeed.
        Err(rustls::PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn spki_sha256(der: &[u8]) -> Option<[u8; 32]> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, parsed.public_key().raw);
    digest.as_ref().try_into().ok()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut pin = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in pin.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(pin)
}
