//! The sockets: console over HTTPS, optionally plain on the loopback, and the terminals' listener
//! with client certificates where a terminal has one.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::AddExtension;
use axum::{Extension, Router};
use axum_server::Handle;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use migrado_link::tls::{Clients, TlsError, server_config};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::Layer as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::terminal::Peer;
use crate::pki::Pki;

/// Time within which a handshake must be done.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for requests under way when the controller stops; streams are cut after it.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// A listener did not open, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Its TLS configuration.
    #[error("the listener at {listen} has no usable TLS configuration")]
    Tls {
        /// Where.
        listen: SocketAddr,
        /// Why.
        #[source]
        source: TlsError,
    },
    /// Its socket.
    #[error("the listener at {listen} failed")]
    Socket {
        /// Where.
        listen: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Plain HTTP is for the loopback only.
    #[error("{0} is not a loopback address: plain HTTP is offered nowhere else")]
    NotLoopback(SocketAddr),
}

/// Hands the peer's name and serial to the handlers.
#[derive(Debug, Clone)]
struct PeerAcceptor(RustlsAcceptor);

/// Reads who is at the other end; the handshake has checked the certificate.
fn peer(der: &[u8]) -> Option<Peer> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?.to_owned();
    Some(Peer { name, serial: format!("{:x}", certificate.tbs_certificate.serial) })
}

impl<I, S> Accept<I, S> for PeerAcceptor
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Send + 'static,
{
    type Stream = TlsStream<I>;
    type Service = AddExtension<S, Option<Peer>>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepting = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            let shown = stream.get_ref().1.peer_certificates().and_then(|c| c.first());
            let peer = shown.and_then(|certificate| peer(certificate));
            Ok((stream, Extension(peer).layer(service)))
        })
    }
}

async fn serve(
    listen: SocketAddr,
    pki: &Pki,
    clients: Clients<'_>,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let mut config =
        server_config(pki.https(), clients).map_err(|source| ListenError::Tls { listen, source })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tls = RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(config)));
    let handle = Handle::new();
    let server = axum_server::bind(listen)
        .handle(handle.clone())
        .acceptor(PeerAcceptor(tls.handshake_timeout(HANDSHAKE_TIMEOUT)))
        .serve(router.into_make_service_with_connect_info::<SocketAddr>());
    tokio::pin!(server);
    // Cancel-safe: the server is polled on by the second await.
    tokio::select! {
        ended = &mut server => return ended.map_err(|source| ListenError::Socket { listen, source }),
        () = stop.cancelled() => handle.graceful_shutdown(Some(DRAIN_TIMEOUT)),
    }
    server.await.map_err(|source| ListenError::Socket { listen, source })
}

/// The console over HTTPS, until `stop`.
pub async fn console(
    listen: SocketAddr,
    pki: Arc<Pki>,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    serve(listen, &pki, Clients::Anonymous, router, stop).await
}

/// The terminals' listener, until `stop`.
pub async fn terminals(
    listen: SocketAddr,
    pki: Arc<Pki>,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let authority = pki.authority_pem().to_owned();
    serve(listen, &pki, Clients::Offered(&authority), router, stop).await
}

/// The console in plain HTTP, on the loopback only, until `stop`.
pub async fn loopback(
    listen: SocketAddr,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    if !listen.ip().is_loopback() {
        return Err(ListenError::NotLoopback(listen));
    }
    let handle = Handle::new();
    let server = axum_server::bind(listen)
        .handle(handle.clone())
        .serve(router.into_make_service_with_connect_info::<SocketAddr>());
    tokio::pin!(server);
    // Cancel-safe: the server is polled on by the second await.
    tokio::select! {
        ended = &mut server => return ended.map_err(|source| ListenError::Socket { listen, source }),
        () = stop.cancelled() => handle.graceful_shutdown(Some(DRAIN_TIMEOUT)),
    }
    server.await.map_err(|source| ListenError::Socket { listen, source })
}
