//! Somebody in the middle of TLS who has the controller's HTTPS key and pretends to be its terminal
//! listener, or a display that was taken over and pretends to its neighbors that it has what they
//! want: it answers whatever path with one text, over a certificate that displays trust.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result};
use migrado_link::tls::CertResolver;
use migrado_link::tls::neighbor::neighbor_server_config;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::controller::Controller;
use crate::mqtt;

/// Bytes of a request's head at most.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The pretender.
#[derive(Debug)]
pub struct Pretender {
    /// `localhost:port` where it is.
    pub address: String,
    answer: watch::Sender<Value>,
    asked: watch::Receiver<u64>,
    task: tokio::task::JoinHandle<()>,
}

impl Pretender {
    /// Begins to answer.
    pub async fn start(controller: &Controller, answer: Value) -> Result<Self> {
        let pki = controller.data_dir.join("pki");
        let read = |name: &str| std::fs::read(pki.join(name)).with_context(|| format!("reading {name}"));
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&read("https.crt")?).collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(&read("https.key")?)?;
        let config = rustls::ServerConfig::builder_with_protocol_versions(&[&rustls::version::TLS13])
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Self::with(config, answer).await
    }

    /// Begins to answer the neighbors of the display whose certificate and key these are.
    pub async fn neighbor(display: &mqtt::Identity, answer: Value) -> Result<Self> {
        let resolver = CertResolver::new(&display.certificate_pem, &display.key_pem)?;
        Self::with(neighbor_server_config(&display.authority_pem, resolver)?, answer).await
    }

    async fn with(config: rustls::ServerConfig, answer: Value) -> Result<Self> {
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("localhost:{}", listener.local_addr()?.port());
        let (answer, told) = watch::channel(answer);
        let (count, asked) = watch::channel(0);
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let text = told.borrow().to_string();
                if serve(&tls, tcp, &text).await.is_ok() {
                    count.send_modify(|n| *n += 1);
                }
            }
        });
        Ok(Self { address, answer, asked, task })
    }

    /// Answers this from now on.
    pub fn tell(&self, answer: Value) {
        self.answer.send_replace(answer);
    }

    /// How many were answered.
    pub fn asked(&self) -> u64 {
        *self.asked.borrow()
    }
}

impl Drop for Pretender {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(tls: &TlsAcceptor, tcp: TcpStream, text: &str) -> Result<()> {
    let mut stream = tls.accept(tcp).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        head.push(stream.read_u8().await?);
    }
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}
