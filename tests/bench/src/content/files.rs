//! A server of files for the peers: GET, whole files, connections that stay, with or without TLS. It
//! does for them what the controller does for displays, and no more.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Bytes of a request's head that are read.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Bytes that are read from a file at once.
const READ_BYTES: usize = 256 * 1024;

/// A running server. It ends with it.
#[derive(Debug)]
pub(crate) struct FileServer {
    /// Its port on loopback.
    pub(crate) port: u16,
    _tasks: JoinSet<()>,
}

/// What a server shows, and what its clients trust.
#[derive(Debug)]
pub(crate) struct Shown {
    config: Arc<ServerConfig>,
    /// The certificate, PEM.
    pub(crate) pem: String,
}

impl Shown {
    /// A certificate for `localhost`.
    pub(crate) fn new() -> Result<Self> {
        let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let key = PrivateKeyDer::Pkcs8(signed.signing_key.serialize_der().into());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![signed.cert.der().clone()], key)?;
        Ok(Self { config: Arc::new(config), pem: signed.cert.pem() })
    }
}

impl FileServer {
    /// Serves a folder.
    pub(crate) async fn start(folder: &Path, shown: Option<&Shown>) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let acceptor = shown.map(|shown| TlsAcceptor::from(shown.config.clone()));
        let folder = folder.to_path_buf();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut under_way = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (folder, acceptor) = (folder.clone(), acceptor.clone());
                under_way.spawn(async move {
                    // Who breaks off has what it wants, or says so itself.
                    let _ended = match acceptor {
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => answer(stream, folder).await,
                            Err(error) => Err(error.into()),
                        },
                        None => answer(stream, folder).await,
                    };
                });
                while under_way.try_join_next().is_some() {}
            }
        });
        Ok(Self { port, _tasks: tasks })
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, folder: PathBuf) -> Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(path) = request(&mut stream).await? {
        let file = tokio::fs::File::open(folder.join(path.trim_start_matches('/'))).await;
        let about = match &file {
            Ok(file) => file.metadata().await.ok().filter(std::fs::Metadata::is_file),
            Err(_) => None,
        };
        match (file, about) {
            (Ok(file), Some(about)) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", about.len());
                stream.write_all(head.as_bytes()).await?;
                let mut file = BufReader::with_capacity(READ_BYTES, file);
                tokio::io::copy_buf(&mut file, &mut stream).await?;
            }
            _ => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await?,
        }
        stream.flush().await?;
    }
    Ok(())
}

/// The path of the next request; nothing when there is none.
async fn request(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Result<Option<String>> {
    let (mut path, mut read) = (None, 0);
    loop {
        let mut line = String::new();
        let bytes = stream.read_line(&mut line).await?;
        read += bytes;
        anyhow::ensure!(read <= HEAD_BYTES_MAX, "a request of more than {HEAD_BYTES_MAX} bytes");
        match line.trim_end() {
            "" if bytes == 0 => return Ok(None),
            "" if path.is_some() => return Ok(path),
            "" => {}
            line if path.is_none() => {
                let asked = line.split(' ').nth(1).context("a request without a path")?;
                let asked = asked.split('?').next().unwrap_or_default();
                anyhow::ensure!(!asked.contains(".."), "a path that leaves the folder: {asked}");
                path = Some(asked.to_owned());
            }
            _ => {}
        }
    }
}
