//! Printers that behave badly, each on a port of its own.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a printer misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    /// Takes the connection and never answers.
    Hangs,
    /// Answers one byte a second, for ever.
    Trickles,
    /// Answers HTTP 200 with bytes that are not IPP.
    Nonsense,
    /// Answers with bytes that are not even HTTP.
    Garbage,
    /// Answers ten megabytes.
    Endless,
    /// Answers HTTP 500.
    ServerError,
    /// Cuts the connection in the middle of the answer.
    Cuts,
}

impl Behavior {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Hangs,
        Self::Trickles,
        Self::Nonsense,
        Self::Garbage,
        Self::Endless,
        Self::ServerError,
        Self::Cuts,
    ];
}

/// A running fake.
#[derive(Debug)]
pub struct FakePrinter {
    /// Its port.
    pub port: u16,
    asked: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl FakePrinter {
    /// Starts one.
    pub async fn start(behavior: Behavior) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicU64::new(0));
        let count = asked.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream, behavior));
            }
        });
        Self { port, asked, task }
    }

    /// Where jobs would go.
    pub fn uri(&self) -> String {
        format!("ipp://localhost:{}/ipp/print", self.port)
    }

    /// How often somebody connected.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for FakePrinter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whoever asks may go away in the middle; nothing of that matters here.
async fn answer(mut stream: TcpStream, behavior: Behavior) {
    let mut request = vec![0; 64 * 1024];
    if stream.read(&mut request).await.is_err() {
        return;
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nConnection: close\r\n";
    let answer: Vec<u8> = match behavior {
        Behavior::Hangs => return std::future::pending().await,
        Behavior::Trickles => {
            for byte in format!("{head}\r\n").bytes().cycle() {
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
            return;
        }
        Behavior::Nonsense => format!("{head}Content-Length: 12\r\n\r\nno ipp here!").into_bytes(),
        Behavior::Garbage => (0..=255u8).cycle().take(4096).collect(),
        Behavior::Endless => {
            let mut all = format!("{head}\r\n\u{2}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{1}").into_bytes();
            all.resize(10 * 1024 * 1024, 0x21);
            all
        }
        Behavior::ServerError => {
            b"HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
        }
        Behavior::Cuts => format!("{head}Content-Length: 5000\r\n\r\n\u{2}\u{0}").into_bytes(),
    };
    if stream.write_all(&answer).await.is_ok() {
        let _closed = stream.shutdown().await.is_ok();
    }
}
