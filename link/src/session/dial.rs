//! TCP and TLS towards the broker, before a word of MQTT is said. Done here and not by the client
//! library, so that a failure has a name and a session number is only drawn for a standing line.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// For TCP and TLS together; a line that needs longer would not carry the keep-alive either.
const DIAL_LIMIT: Duration = Duration::from_secs(20);

/// Why the broker was not reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error("broker address \"{0}\" is not host:port")]
    Address(String),
    #[error("broker {address} is unreachable: {source}")]
    Tcp { address: String, source: std::io::Error },
    #[error("no TLS with broker {address}: {source}")]
    Tls { address: String, source: std::io::Error },
    #[error("broker {0} did not answer within {limit_s}s", limit_s = DIAL_LIMIT.as_secs())]
    Slow(String),
}

pub(super) async fn dial(address: &str, tls: &Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, DialError> {
    let name = server_name(address).ok_or_else(|| DialError::Address(address.to_owned()))?;
    let attempt = async {
        let tcp = async {
            let tcp = TcpStream::connect(address).await?;
            // An order is one small packet: it must not wait for a companion.
            tcp.set_nodelay(true)?;
            Ok(tcp)
        };
        let tcp = tcp.await.map_err(|source| DialError::Tcp { address: address.to_owned(), source })?;
        TlsConnector::from(tls.clone())
            .connect(name, tcp)
            .await
            .map_err(|source| DialError::Tls { address: address.to_owned(), source })
    };
    timeout(DIAL_LIMIT, attempt).await.unwrap_or_else(|_| Err(DialError::Slow(address.to_owned())))
}

/// The name the broker's certificate must bear.
fn server_name(address: &str) -> Option<ServerName<'static>> {
    let (host, port) = address.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(host.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_name_that_the_certificate_must_bear() {
        for (address, name) in [
            ("fleet.dortmund.example:8883", Some("fleet.dortmund.example")),
            ("127.0.0.1:1", Some("127.0.0.1")),
            ("[::1]:8883", Some("::1")),
            ("localhost", None),
            ("localhost:99999", None),
            (":8883", None),
        ] {
            let read = server_name(address).map(|n| n.to_str().into_owned());
            assert_eq!(read.as_deref(), name, "{address}");
        }
    }
}
