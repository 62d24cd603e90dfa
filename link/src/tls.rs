//! TLS of the whole project: version 1.3 only, one cryptography provider, certificates that can be
//! swapped without a restart. Configurations are made here and nowhere else.
//!
//! A client trusts one authority and shows its certificate; a server may demand, offer or forgo a
//! client's certificate. Enrolment, which knows only a pin, has its own verifier in [`pinned`]; two
//! displays, which know each other by name alone, have theirs in [`neighbor`].

pub mod neighbor;
pub mod pinned;
mod resolver;

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

pub use resolver::{CertResolver, Validity};

/// Why TLS material could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text is not PEM of the expected kind.
    #[error("{what} is not readable PEM")]
    Pem {
        /// Which part.
        what: &'static str,
        /// What the reader says.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// There is no certificate in the text.
    #[error("{0} holds no certificate")]
    NoCertificate(&'static str),
    /// The certificate cannot be parsed.
    #[error("the certificate cannot be parsed")]
    Certificate(#[source] x509_parser::error::X509Error),
    /// The key cannot be used, or does not belong to the certificate.
    #[error("the private key cannot be used with its certificate")]
    Key(#[source] rustls::Error),
    /// An authority's certificate cannot serve as a root of trust.
    #[error("the authority's certificate cannot serve as a root of trust")]
    Authority(#[source] rustls::Error),
    /// No verifier of clients can be made of the authority.
    #[error("no verifier of clients can be made of the authority's certificate")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    /// The provider lacks TLS 1.3; a mistake of the build.
    #[error("the cryptography provider lacks TLS 1.3")]
    Provider(#[source] rustls::Error),
    /// The pin is not 64 hexadecimal digits.
    #[error("the pin of the authority is not a SHA-256 in hexadecimal digits")]
    Pin,
}

/// What a server asks of its clients.
#[derive(Debug, Clone, Copy)]
pub enum Clients<'a> {
    /// No certificate is asked for (the console).
    Anonymous,
    /// A certificate of this authority (PEM) is checked if one is shown (enrolment beside log upload).
    Offered(&'a str),
    /// A certificate of this authority (PEM) is demanded.
    Required(&'a str),
}

/// Makes aws-lc-rs the process's cryptography. Harmless when called again.
pub fn install_provider() {
    // An error only says that a provider is installed already: it is this one, the only one linked.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
}

fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

fn certificates(what: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|source| TlsError::Pem { what, source })?;
    if chain.is_empty() { Err(TlsError::NoCertificate(what)) } else { Ok(chain) }
}

fn roots(ca_pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("the authority's certificate", ca_pem)? {
        roots.add(certificate).map_err(TlsError::Authority)?;
    }
    Ok(roots)
}

/// The configuration of a client that trusts this authority alone and shows the resolver's
/// certificate. Sessions are never resumed: a swapped certificate counts from the next connection.
pub fn client_config(ca_pem: &str, identity: Arc<CertResolver>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Provider)?
        .with_root_certificates(roots(ca_pem)?)
        .with_client_cert_resolver(identity);
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// The configuration of a client without a certificate of its own (for example `migradoctl`).
pub fn anonymous_client_config(ca_pem: &str) -> Result<ClientConfig, TlsError> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Provider)?
        .with_root_certificates(roots(ca_pem)?)
        .with_no_client_auth())
}

/// The configuration of a server; the caller adds its ALPN protocols.
pub fn server_config(identity: Arc<CertResolver>, clients: Clients<'_>) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Provider)?;
    let builder = match clients {
        Clients::Anonymous => builder.with_no_client_auth(),
        Clients::Offered(ca_pem) | Clients::Required(ca_pem) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(ca_pem)?), provider());
            let verifier = if matches!(clients, Clients::Offered(_)) {
                verifier.allow_unauthenticated()
            } else {
                verifier
            };
            builder.with_client_cert_verifier(verifier.build().map_err(TlsError::Verifier)?)
        }
    };
    let mut config = builder.with_cert_resolver(identity);
    // No tickets: a revoked or expired client certificate must not come back by resumption.
    config.send_tls13_tickets = 0;
    Ok(config)
}
