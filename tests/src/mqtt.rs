//! A bare MQTT 5 client over mutual TLS, for saying what no well-behaved client says: foreign
//! topics, foreign wills, oversized and malformed messages, a client id that is not the name in the
//! certificate. It knows only the few packets that this takes, and never reconnects.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// How long the broker may take for one answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Packet types, in the high half of the first byte.
const CONNECT: u8 = 0x10;
const PUBLISH_QOS1: u8 = 0x32;
const SUBSCRIBE: u8 = 0x82;
const PUBACK: u8 = 0x40;

/// Key and certificate of a client, and the authority that it trusts, all PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Certificate.
    pub certificate_pem: String,
    /// Private key.
    pub key_pem: String,
    /// Certificate of the authority.
    pub authority_pem: String,
}

impl Identity {
    /// The TLS side of it.
    pub fn tls(&self) -> Result<Arc<rustls::ClientConfig>> {
        use rustls_pki_types::pem::PemObject;
        use rustls_pki_types::{CertificateDer, PrivateKeyDer};
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.authority_pem.as_bytes()) {
            roots.add(certificate?)?;
        }
        let chain =
            CertificateDer::pem_slice_iter(self.certificate_pem.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)?;
        Ok(Arc::new(config))
    }
}

/// What a client says when it connects.
#[derive(Debug, Clone, Default)]
pub struct Hello {
    /// Client id.
    pub client_id: String,
    /// Will: topic and payload, retained.
    pub will: Option<(String, Vec<u8>)>,
    /// Start without what the broker kept.
    pub clean: bool,
}

/// A message that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
}

/// A connected client.
#[derive(Debug)]
pub struct Client {
    stream: TlsStream<TcpStream>,
    next_id: u16,
    heard: Vec<Heard>,
}

/// One packet: first byte and the rest.
type Packet = (u8, Vec<u8>);

impl Client {
    /// Connects. `Err` with the reason code when the broker refuses, or with what TLS said.
    pub async fn connect(port: u16, identity: &Identity, hello: &Hello) -> Result<Self> {
        let mut client = Self::shake_hands(port, identity).await?;
        client.send(CONNECT, &connect_body(hello)).await?;
        // TLS 1.3 tells a refused client certificate only with the first answer.
        let (kind, body) = client.receive().await.context("no answer to CONNECT")?;
        ensure!(kind == 0x20, "{kind:#x} instead of CONNACK");
        match body.get(1) {
            Some(0) => Ok(client),
            code => bail!("refused with reason {:#x}", code.copied().unwrap_or(0xff)),
        }
    }

    async fn shake_hands(port: u16, identity: &Identity) -> Result<Self> {
        let tcp = TcpStream::connect(("127.0.0.1", port)).await.context("no broker there")?;
        let connector = tokio_rustls::TlsConnector::from(identity.tls()?);
        let stream = connector.connect(ServerName::try_from("localhost")?, tcp).await.context("TLS")?;
        Ok(Self { stream, next_id: 1, heard: Vec::new() })
    }

    /// The certificate that the broker showed, DER.
    pub fn server_certificate(&self) -> Vec<u8> {
        let shown = self.stream.get_ref().1.peer_certificates().unwrap_or_default();
        shown.first().map(|certificate| certificate.to_vec()).unwrap_or_default()
    }

    /// The certificate that the broker shows to whoever shakes hands, DER; no word of MQTT follows.
    pub async fn shown_by(port: u16, identity: &Identity) -> Result<Vec<u8>> {
        Ok(Self::shake_hands(port, identity).await?.server_certificate())
    }

    /// Publishes with QoS 1 and gives the reason code of the answer (0 and 0x10 are success).
    pub async fn publish(&mut self, topic: &str, payload: &[u8], retain: bool) -> Result<u8> {
        let id = self.next_id;
        self.next_id += 1;
        let mut body = text(topic);
        body.extend(id.to_be_bytes());
        body.push(0);
        body.extend(payload);
        self.send(PUBLISH_QOS1 | u8::from(retain), &body).await?;
        let answer = self.wait_for(PUBACK, id).await?;
        Ok(answer.get(2).copied().unwrap_or(0))
    }

    /// Subscribes with QoS 1 and gives the reason code (below 0x80 is success).
    pub async fn subscribe(&mut self, filter: &str) -> Result<u8> {
        let id = self.next_id;
        self.next_id += 1;
        let mut body = id.to_be_bytes().to_vec();
        body.push(0);
        body.extend(text(filter));
        body.push(1);
        self.send(SUBSCRIBE, &body).await?;
        let answer = self.wait_for(0x90, id).await?;
        answer.last().copied().context("an empty SUBACK")
    }

    /// The next message within the limit.
    pub async fn next(&mut self, limit: Duration) -> Option<Heard> {
        let end = tokio::time::Instant::now() + limit;
        while self.heard.is_empty() {
            let (kind, body) = tokio::time::timeout_at(end, self.receive()).await.ok()?.ok()?;
            self.take(kind, body).await.ok()?;
        }
        Some(self.heard.remove(0))
    }

    /// Sends bytes as they are, whatever they mean.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        Ok(self.stream.flush().await?)
    }

    /// Whether the broker ends the connection within the limit.
    pub async fn is_ended(&mut self, limit: Duration) -> bool {
        let end = tokio::time::Instant::now() + limit;
        loop {
            match tokio::time::timeout_at(end, self.receive()).await {
                Err(_) => return false,
                Ok(Err(_)) | Ok(Ok((0xe0, _))) => return true,
                Ok(Ok(_)) => {}
            }
        }
    }

    async fn wait_for(&mut self, kind: u8, id: u16) -> Result<Vec<u8>> {
        loop {
            let (got, body) =
                tokio::time::timeout(ANSWER, self.receive()).await.context("no answer in time")??;
            if got == kind && body.starts_with(&id.to_be_bytes()) {
                return Ok(body);
            }
            ensure!(got != 0xe0, "disconnected with reason {:#x}", body.first().copied().unwrap_or(0));
            self.take(got, body).await?;
        }
    }

    /// Keeps a message and acknowledges it; passes over everything else.
    async fn take(&mut self, kind: u8, body: Vec<u8>) -> Result<()> {
        if kind & 0xf0 != 0x30 {
            return Ok(());
        }
        let (topic, mut rest) = read_text(&body)?;
        if kind & 0x06 != 0 {
            let (id, after) = rest.split_at_checked(2).context("no packet id")?;
            rest = after;
            self.send(PUBACK, id).await?;
        }
        let (properties, at) = read_length(rest)?;
        let payload = rest.get(at + properties..).context("short")?.to_vec();
        self.heard.push(Heard { topic, payload });
        Ok(())
    }

    async fn send(&mut self, kind: u8, body: &[u8]) -> Result<()> {
        let mut packet = vec![kind];
        packet.extend(length(body.len()));
        packet.extend(body);
        self.send_raw(&packet).await
    }

    async fn receive(&mut self) -> Result<Packet> {
        let kind = self.stream.read_u8().await?;
        let (mut size, mut shift) = (0usize, 0);
        loop {
            let byte = self.stream.read_u8().await?;
            size |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            ensure!(shift < 28, "a length without end");
        }
        let mut body = vec![0; size];
        self.stream.read_exact(&mut body).await?;
        Ok((kind, body))
    }
}

fn connect_body(hello: &Hello) -> Vec<u8> {
    let mut flags = u8::from(hello.clean) << 1;
    if hello.will.is_some() {
        // Will, QoS 1, retained.
        flags |= 0x04 | 0x08 | 0x20;
    }
    let mut body = text("MQTT");
    body.extend([5, flags]);
    body.extend(60u16.to_be_bytes());
    // Session expiry of an hour.
    body.extend([5, 0x11, 0, 0, 0x0e, 0x10]);
    body.extend(text(&hello.client_id));
    if let Some((topic, payload)) = &hello.will {
        body.push(0);
        body.extend(text(topic));
        body.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        body.extend(payload);
    }
    body
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

fn read_text(bytes: &[u8]) -> Result<(String, &[u8])> {
    let (size, rest) = bytes.split_at_checked(2).context("short")?;
    let size = usize::from(u16::from_be_bytes([size[0], size[1]]));
    let (text, rest) = rest.split_at_checked(size).context("short")?;
    Ok((String::from_utf8(text.to_vec())?, rest))
}

fn length(mut size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(size & 0x7f).unwrap();
        size >>= 7;
        bytes.push(if size > 0 { low | 0x80 } else { low });
        if size == 0 {
            return bytes;
        }
    }
}

fn read_length(bytes: &[u8]) -> Result<(usize, usize)> {
    let mut size = 0;
    for (n, byte) in bytes.iter().take(4).enumerate() {
        size |= usize::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Ok((size, n + 1));
        }
    }
    bail!("a length without end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_they_are_read() {
        for size in [0, 1, 127, 128, 16_383, 16_384, 300_000] {
            let bytes = length(size);
            assert_eq!(read_length(&bytes).unwrap(), (size, bytes.len()));
        }
    }
}
