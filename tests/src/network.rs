//! A small proxy between a terminal and whatever it talks to. It can cut every connection, refuse
//! new ones, and stand still, in which bytes are neither passed nor refused (a half-open line).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Bytes pass.
    Up,
    /// Connections stay, bytes do not pass.
    Stalled,
    /// Connections are cut and refused.
    Down,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect to instead of the target.
    pub address: SocketAddr,
    line: watch::Sender<Line>,
    connections: Arc<AtomicU64>,
    carried: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy in front of a port on loopback.
    pub async fn before(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (line, state) = watch::channel(Line::Up);
        let connections = Arc::new(AtomicU64::new(0));
        let (count, carried) = (connections.clone(), Arc::new(AtomicU64::new(0)));
        let sum = carried.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((incoming, _)) = listener.accept().await else { return };
                count.fetch_add(1, Ordering::Relaxed);
                if *state.borrow() == Line::Down {
                    continue;
                }
                tokio::spawn(carry(incoming, target, state.clone(), sum.clone()));
            }
        });
        Self { address, line, connections, carried, task }
    }

    /// Changes how the line is.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// Cuts every connection that stands; new ones are taken again at once.
    pub async fn cut(&self) {
        self.set(Line::Down);
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        self.set(Line::Up);
    }

    /// Connections tried since the start; shows whether somebody spins.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Bytes that came from the target since the start, those of TLS included.
    pub fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(incoming: TcpStream, target: u16, line: watch::Receiver<Line>, sum: Arc<AtomicU64>) {
    let Ok(outgoing) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
    let (from_client, to_client) = incoming.into_split();
    let (from_target, to_target) = outgoing.into_split();
    let mut down = line.clone();
    tokio::select! {
        // Cancel-safe: both directions die with the connection anyway.
        () = pump(from_client, to_target, line.clone(), None) => {}
        () = pump(from_target, to_client, line, Some(sum)) => {}
        _ = down.wait_for(|l| *l == Line::Down) => {}
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut line: watch::Receiver<Line>,
    sum: Option<Arc<AtomicU64>>,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let Ok(n) = from.read(&mut bytes).await else { return };
        if n == 0 || line.wait_for(|l| *l != Line::Stalled).await.is_err() {
            return;
        }
        if let Some(sum) = &sum {
            sum.fetch_add(n as u64, Ordering::Relaxed);
        }
        if to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
    }
}
