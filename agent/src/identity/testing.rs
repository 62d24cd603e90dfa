//! For tests of identity: an authority, a small real HTTPS server, and an enrolled display.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use migrado_link::tls::{CertResolver, Clients, server_config};
use migrado_protocol::enroll::{EnrollRequest, EnrollResponse, SigningKey};
use migrado_protocol::ids::TerminalId;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{Held, Identity, key_and_request, load, save};

/// An authority of a test's own.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// What a server of this name shows.
    pub(crate) fn server(&self, name: &str) -> Arc<CertResolver> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().unwrap();
        let chain = format!("{}{}", params.signed_by(&key, &self.issuer).unwrap().pem(), self.pem);
        CertResolver::new(&chain, &key.serialize_pem()).unwrap()
    }

    /// A certificate for the key of a request.
    pub(crate) fn certificate(&self, csr_pem: &str) -> String {
        let mut csr = CertificateSigningRequestParams::from_pem(csr_pem).unwrap();
        // As the controller issues it.
        csr.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        csr.params.signed_by(&csr.public_key, &self.issuer).unwrap().pem()
    }

    /// What an enrolled display gets.
    pub(crate) fn answer(&self, request: &EnrollRequest) -> EnrollResponse {
        EnrollResponse {
            certificate_pem: self.certificate(&request.csr_pem),
            authority_pem: self.pem.clone(),
            broker: "localhost:8883".into(),
            controller: "localhost:8444".into(),
            signing_keys: vec![SigningKey { id: "k".into(), public: "p".into() }],
            content_root: None,
        }
    }

    /// A display that is enrolled with the controller at this address, and trusts these keys.
    pub(crate) fn display(&self, data_dir: &Path, controller: &str, keys: Vec<SigningKey>) -> Arc<Held> {
        self.display_called("fp-01", data_dir, controller, keys)
    }

    /// The same under another name.
    pub(crate) fn display_called(
        &self,
        name: &str,
        data_dir: &Path,
        controller: &str,
        keys: Vec<SigningKey>,
    ) -> Arc<Held> {
        let terminal: TerminalId = name.parse().unwrap();
        let (key_pem, csr_pem) = key_and_request(&terminal).unwrap();
        let request = EnrollRequest { terminal: terminal.clone(), secret: String::new(), csr_pem };
        let given =
            EnrollResponse { controller: controller.to_owned(), signing_keys: keys, ..self.answer(&request) };
        save(data_dir, &Identity { terminal, key_pem, given, next: None }).unwrap();
        Held::new(data_dir, load(data_dir).unwrap().unwrap()).unwrap()
    }
}

/// Serves the router over TLS and gives `localhost:port`.
pub(crate) async fn serve(resolver: Arc<CertResolver>, app: Router) -> String {
    serve_with(server_config(resolver, Clients::Anonymous).unwrap(), app).await
}

/// The same with a configuration of the caller's own.
pub(crate) async fn serve_with(tls: rustls::ServerConfig, app: Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let tls = TlsAcceptor::from(Arc::new(tls));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if let Ok(stream) = tls.accept(tcp).await {
                let service = hyper_util::service::TowerToHyperService::new(app.clone());
                let io = hyper_util::rt::TokioIo::new(stream);
                hyper::server::conn::http1::Builder::new().serve_connection(io, service).await.ok();
            }
        }
    });
    address
}
