//! TLS between two displays of one authority. Both show the certificate that they enrolled for,
//! which is a client's and says no host: what counts is who somebody is, never where. The one who asks
//! names the display that must answer; the one who answers lets every display in, and nobody else.
//!
//! Neither knows which certificates the controller has taken back: the controller names no neighbor
//! without a valid one, and what is given is public and checked by its hash.

use std::sync::Arc;

use migrado_protocol::TerminalId;
use migrado_protocol::ids::CONTROLLER_NAME;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, OtherError, ServerConfig,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{CertResolver, TlsError, provider, roots};

/// A certificate of our authority that is not that of the display that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongNeighbor {
    /// It names nobody, several, or nothing that a display can be called.
    #[error("the certificate is not that of a display")]
    NoDisplay,
    /// It is another display's.
    #[error("the certificate is that of {found}, not of {wanted}")]
    Other {
        /// Whose it is.
        found: TerminalId,
        /// Whose it had to be.
        wanted: TerminalId,
    },
}

/// The configuration of a display that gives others of its authority what it has.
pub fn neighbor_server_config(
    authority_pem: &str,
    identity: Arc<CertResolver>,
) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Provider)?
        .with_client_cert_verifier(Arc::new(Displays::of(authority_pem, None)?))
        .with_cert_resolver(identity);
    // No tickets: an expired certificate must not come back by resumption.
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The configuration of a display that asks the one of this name, wherever it listens.
pub fn neighbor_client_config(
    authority_pem: &str,
    identity: Arc<CertResolver>,
    neighbor: &TerminalId,
) -> Result<Arc<ClientConfig>, TlsError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Provider)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Displays::of(authority_pem, Some(neighbor))?))
        .with_client_cert_resolver(identity);
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Lets displays of an authority pass, or one of them alone.
#[derive(Debug)]
struct Displays {
    /// Chain, dates and purpose, the same whichever end shows the certificate.
    chain: Arc<dyn ClientCertVerifier>,
    wanted: Option<TerminalId>,
}

impl Displays {
    fn of(authority_pem: &str, wanted: Option<&TerminalId>) -> Result<Self, TlsError> {
        let chain = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(authority_pem)?), provider());
        Ok(Self { chain: chain.build().map_err(TlsError::Verifier)?, wanted: wanted.cloned() })
    }

    fn check(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        self.chain.verify_client_cert(end_entity, intermediates, now)?;
        let found = display_of(end_entity).ok_or_else(|| refuse(WrongNeighbor::NoDisplay))?;
        match &self.wanted {
            Some(wanted) if *wanted != found => {
                Err(refuse(WrongNeighbor::Other { found, wanted: wanted.clone() }))
            }
            _ => Ok(()),
        }
    }
}

fn refuse(why: WrongNeighbor) -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(why))).into()
}

/// The display that a certificate names, and names alone. The controller shows certificates of the
/// same authority and is none.
pub fn display_of(der: &[u8]) -> Option<TerminalId> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    // A certificate that may be used for anything is none that we give to displays.
    let usage = parsed.extended_key_usage().ok()??.value;
    if !usage.client_auth || usage.server_auth || usage.any {
        return None;
    }
    let mut names = parsed.subject().iter_common_name();
    let name = names.next()?.as_str().ok()?;
    let is_alone = names.next().is_none();
    (is_alone && name != CONTROLLER_NAME).then(|| name.parse().ok()).flatten()
}

impl ServerCertVerifier for Displays {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.check(end_entity, intermediates, now).map(|()| ServerCertVerified::assertion())
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
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

impl ClientCertVerifier for Displays {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.check(end_entity, intermediates, now).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // As above.
        Err(rustls::PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
