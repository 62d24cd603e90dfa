//! The sockets: console over HTTPS, optionally plain on the loopback, and the terminals' listener
//! with client certificates where a terminal has one.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
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
use tokio::net::TcpSocket;
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
    /// Its address cannot be had.
    #[error("cannot listen at {listen}, which {key} names")]
    Open {
        /// The key of the configuration.
        key: &'static str,
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

/// Connections that wait to be taken; a fleet that comes back at once is not turned away.
const BACKLOG: u32 = 1024;

/// Opens a socket before anything is said to serve. `key` is what people would change.
pub fn open(key: &'static str, listen: SocketAddr) -> Result<TcpListener, ListenError> {
    let open = || {
        let socket = if listen.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // After a restart the address is ours again at once.
        socket.set_reuseaddr(true)?;
        socket.bind(listen)?;
        socket.listen(BACKLOG)?.into_std()
    };
    open().map_err(|source| ListenError::Open { key, listen, source })
}

fn address(socket: &TcpListener) -> SocketAddr {
    socket.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
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
    socket: TcpListener,
    pki: &Pki,
    clients: Clients<'_>,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let listen = address(&socket);
    let mut config =
        server_config(pki.https(), clients).map_err(|source| ListenError::Tls { listen, source })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tls = RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(config)));
    let failed = |source| ListenError::Socket { listen, source };
    let handle = Handle::new();
    let server = axum_server::from_tcp(socket)
        .map_err(failed)?
        .handle(handle.clone())
        .acceptor(PeerAcceptor(tls.handshake_timeout(HANDSHAKE_TIMEOUT)))
        .serve(router.into_make_service_with_connect_info::<SocketAddr>());
    tokio::pin!(server);
    // Cancel-safe: the server is polled on by the second await.
    tokio::select! {
        ended = &mut server => return ended.map_err(failed),
        () = stop.cancelled() => handle.graceful_shutdown(Some(DRAIN_TIMEOUT)),
    }
    server.await.map_err(failed)
}

/// The console over HTTPS, until `stop`.
pub async fn console(
    socket: TcpListener,
    pki: Arc<Pki>,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    serve(socket, &pki, Clients::Anonymous, router, stop).await
}

/// The terminals' listener, until `stop`.
pub async fn terminals(
    socket: TcpListener,
    pki: Arc<Pki>,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let authority = pki.authority_pem().to_owned();
    serve(socket, &pki, Clients::Offered(&authority), router, stop).await
}

/// The console in plain HTTP, on the loopback only, until `stop`.
pub async fn loopback(
    socket: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let listen = address(&socket);
    if !listen.ip().is_loopback() {
        return Err(ListenError::NotLoopback(listen));
    }
    let failed = |source| ListenError::Socket { listen, source };
    let handle = Handle::new();
    let server = axum_server::from_tcp(socket)
        .map_err(failed)?
        .handle(handle.clone())
        .serve(router.into_make_service_with_connect_info::<SocketAddr>());
    tokio::pin!(server);
    // Cancel-safe: the server is polled on by the second await.
    tokio::select! {
        ended = &mut server => return ended.map_err(failed),
        () = stop.cancelled() => handle.graceful_shutdown(Some(DRAIN_TIMEOUT)),
    }
    server.await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_is_taken_is_named_with_its_key() {
        let first = open("console.listen", SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let taken = address(&first);
        let error = open("terminal.listen", taken).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen at {taken}, which terminal.listen names"));
        drop(first);
        open("terminal.listen", taken).unwrap();
    }
}
