//! HTTP exchanges with a printer, bounded in time and bytes: a request with a length (old printers
//! dislike chunks), an answer no larger than the limit. A connection serves one exchange, for small
//! printers take few at a time; only one to this machine's own queue is kept for the next ([`Kept`]).
//! `ipps` is encrypted but the printer is not authenticated: its certificate is self-signed, and
//! nobody in a service centre installs another. What a printer says is shown, never obeyed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::client::PrinterFault;

/// Bytes of an answer. The most talkative fixture has 10 KiB.
pub(super) const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Bytes that hyper buffers of the answer's head and of each read.
const BUFFER_BYTES_MAX: usize = 16 * 1024;
/// How long a printer may take to take a connection. One that sleeps takes it at once.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
/// Port of IPP, encrypted or not (RFC 8010, RFC 7472).
const IPP_PORT: u16 = 631;

/// Where a printer or a queue is, read once from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// As configured; also the `printer-uri` of every request.
    pub uri: Uri,
    host: String,
    port: u16,
    encrypted: bool,
}

/// The text does not say where a printer is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not the address of a printer: use ipp://host/path or ipps://host/path")]
pub struct InvalidPrinterUri(String);

impl Endpoint {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, InvalidPrinterUri> {
        let invalid = || InvalidPrinterUri(text.chars().take(200).collect());
        let uri: Uri = text.parse().map_err(|_| invalid())?;
        let (encrypted, default_port) = match uri.scheme_str() {
            Some("ipp") => (false, IPP_PORT),
            Some("ipps") => (true, IPP_PORT),
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => return Err(invalid()),
        };
        let host = uri.host().filter(|h| !h.is_empty()).ok_or_else(invalid)?.to_owned();
        let port = uri.port_u16().unwrap_or(default_port);
        Ok(Self { uri, host, port, encrypted })
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Addresses that need no resolver, whose lookups cost a thread each.
    fn fixed_addresses(&self) -> Option<Vec<SocketAddr>> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        if bare.eq_ignore_ascii_case("localhost") {
            let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            return Some(both.map(|ip| SocketAddr::new(ip, self.port)).to_vec());
        }
        bare.parse().ok().map(|ip: IpAddr| vec![SocketAddr::new(ip, self.port)])
    }
}

impl Endpoint {
    fn is_here(&self) -> bool {
        self.fixed_addresses().is_some_and(|all| all.iter().all(|a| a.ip().to_canonical().is_loopback()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.uri)
    }
}

/// Sends `body` over a connection of its own and brings back the answer's body, or the fault that a
/// person can understand.
pub(super) async fn post(endpoint: &Endpoint, body: Bytes, deadline: Instant) -> Result<Bytes, PrinterFault> {
    let exchange = async { open(endpoint, deadline).await?.exchange(endpoint, body, false).await };
    tokio::time::timeout_at(deadline, exchange).await.unwrap_or(Err(PrinterFault::Timeout))
}

/// A connection to a queue of this machine that is kept from one exchange to the next.
#[derive(Default)]
pub(super) struct Kept(Option<Open>);

/// A connection and what drives it. Both live together: dropping them closes the connection.
struct Open {
    sender: SendRequest<Full<Bytes>>,
    driver: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.0.is_some()).finish()
    }
}

impl Kept {
    /// Like [`post`], over the kept connection if there is one. For requests that change nothing: one
    /// that fails there, where a server may have closed at the same moment, is sent once more.
    pub(super) async fn post(
        &mut self,
        endpoint: &Endpoint,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Bytes, PrinterFault> {
        let exchange = async {
            if let Some(mut open) = self.0.take().and_then(Open::still)
                && let Ok(answer) = open.exchange(endpoint, body.clone(), true).await
            {
                self.0 = Some(open);
                return Ok(answer);
            }
            let mut open = open(endpoint, deadline).await?;
            let keep = endpoint.is_here();
            let answer = open.exchange(endpoint, body, keep).await?;
            self.0 = keep.then_some(open);
            Ok(answer)
        };
        tokio::time::timeout_at(deadline, exchange).await.unwrap_or(Err(PrinterFault::Timeout))
    }
}

async fn open(endpoint: &Endpoint, deadline: Instant) -> Result<Open, PrinterFault> {
    let stream = connect(endpoint, deadline).await?;
    if !endpoint.encrypted {
        return handshake(stream).await;
    }
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|e| PrinterFault::Unreachable(format!("{}: {e}", endpoint.host)))?;
    let stream = tokio_rustls::TlsConnector::from(tls())
        .connect(name, stream)
        .await
        .map_err(|e| PrinterFault::Nonsense(format!("TLS: {e}")))?;
    handshake(stream).await
}

async fn handshake<S>(stream: S) -> Result<Open, PrinterFault>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(BUFFER_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(nonsense)?;
    // How it ends is told to the exchange; without one it is only over.
    Ok(Open { sender, driver: Box::pin(connection.map(drop)) })
}

async fn connect(endpoint: &Endpoint, deadline: Instant) -> Result<TcpStream, PrinterFault> {
    let deadline = deadline.min(Instant::now() + CONNECT_LIMIT);
    let attempt = async {
        match endpoint.fixed_addresses() {
            Some(addresses) => TcpStream::connect(addresses.as_slice()).await,
            None => TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await,
        }
    };
    let unreachable = |why: String| PrinterFault::Unreachable(format!("{}: {why}", endpoint.authority()));
    match tokio::time::timeout_at(deadline, attempt).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Err(_) => Err(unreachable("no answer".to_owned())),
    }
}

impl Open {
    /// Itself, unless the other end has closed it meanwhile.
    fn still(mut self) -> Option<Self> {
        // One that ended with the last exchange must not be driven any more.
        if !self.sender.is_closed() {
            self.driver.as_mut().now_or_never();
        }
        self.sender.is_ready().then_some(self)
    }

    async fn exchange(
        &mut self,
        endpoint: &Endpoint,
        body: Bytes,
        keep: bool,
    ) -> Result<Bytes, PrinterFault> {
        let path = endpoint.uri.path_and_query().map_or("/", |p| p.as_str());
        let mut request = Request::post(path)
            .header(header::HOST, endpoint.authority())
            .header(header::CONTENT_TYPE, "application/ipp");
        if !keep {
            request = request.header(header::CONNECTION, "close");
        }
        let request = request.body(Full::new(body)).map_err(|e| PrinterFault::Unreachable(e.to_string()))?;
        let Self { sender, driver } = self;
        let answer = async {
            let response = sender.send_request(request).await.map_err(nonsense)?;
            if response.status() != StatusCode::OK {
                return Err(refusal(response.status()));
            }
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
            match body.collect().await {
                Ok(whole) => Ok(whole.to_bytes()),
                Err(e) if e.is::<LengthLimitError>() => {
                    Err(PrinterFault::Nonsense(format!("answer larger than {ANSWER_BYTES_MAX} bytes")))
                }
                Err(e) => Err(PrinterFault::Nonsense(format!("HTTP: {e}"))),
            }
        };
        // The connection may end before the answer is read from its channel, which is no fault by
        // itself.
        let driver = async {
            driver.await;
            std::future::pending::<()>().await;
        };
        // Cancel-safe: who drops this at the deadline drops the connection as well.
        tokio::select! {
            answer = answer => answer,
            () = driver => Err(PrinterFault::Timeout),
        }
    }
}

fn nonsense(error: hyper::Error) -> PrinterFault {
    PrinterFault::Nonsense(format!("HTTP: {error}"))
}

/// An HTTP status instead of an IPP answer. Those that ask who we are, or to go away, are refusals;
/// any other means that what answers there is no printer.
fn refusal(status: StatusCode) -> PrinterFault {
    match status.as_u16() {
        401 | 403 | 426 | 503 => {
            PrinterFault::Refused { status: status.as_u16(), name: format!("HTTP {status}") }
        }
        _ => PrinterFault::Nonsense(format!("HTTP {status}")),
    }
}

fn tls() -> Arc<rustls::ClientConfig> {
    static CONFIG: OnceLock<Arc<rustls::ClientConfig>> = OnceLock::new();
    CONFIG
        .get_or_init(|| {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            // aws-lc-rs speaks both versions; printers of ten years need 1.2.
            let versions = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_protocol_versions(rustls::ALL_VERSIONS)
                .unwrap_or_else(|_| rustls::ClientConfig::builder());
            Arc::new(
                versions
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(SelfSigned(provider)))
                    .with_no_client_auth(),
            )
        })
        .clone()
}

/// Takes any certificate and checks only that the printer holds its key.
#[derive(Debug)]
struct SelfSigned(Arc<CryptoProvider>);

impl ServerCertVerifier for SelfSigned {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_refuses_what_is_none() {
        let cases = [
            ("ipp://192.0.2.7/ipp/print", Some(("192.0.2.7:631", false))),
            ("ipps://printer.example/ipp/print", Some(("printer.example:631", true))),
            ("http://localhost:8631/ipp/print", Some(("localhost:8631", false))),
            ("ipp://[::1]:8631/", Some(("[::1]:8631", false))),
            ("usb://HP/LaserJet", None),
            ("ipp:///printers/main", None),
            ("printer", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let read = Endpoint::parse(text).ok().map(|e| (e.authority(), e.encrypted));
            assert_eq!(read, expected.map(|(a, e)| (a.to_owned(), e)), "{text}");
        }
    }

    #[test]
    fn literal_addresses_and_localhost_ask_no_resolver() {
        for (uri, fixed) in [
            ("ipp://127.0.0.1/", true),
            ("ipp://[::1]/", true),
            ("ipp://LocalHost/", true),
            ("ipp://p.example/", false),
        ] {
            assert_eq!(Endpoint::parse(uri).unwrap().fixed_addresses().is_some(), fixed, "{uri}");
        }
    }
}
