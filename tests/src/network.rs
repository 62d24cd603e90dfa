//! A small proxy between a terminal and whatever it talks to. It can cut every connection, refuse
//! new ones, and stand still, in which bytes are neither passed nor refused (a half-open line). It
//! counts what it carries.

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

/// Bytes that a proxy has carried: what TCP carries, with TLS, without the headers of TCP and IP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// From whoever dials.
    pub up: u64,
    /// To whoever dials.
    pub down: u64,
}

impl Carried {
    /// Both directions.
    pub fn sum(self) -> u64 {
        self.up + self.down
    }

    /// What was carried since an earlier look.
    pub fn since(self, earlier: Self) -> Self {
        Self { up: self.up - earlier.up, down: self.down - earlier.down }
    }
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect to instead of the target.
    pub address: SocketAddr,
    line: watch::Sender<Line>,
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy in front of a port on loopback.
    pub async fn before(target: u16) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), target).await
    }

    /// Starts a proxy that listens at this address, in front of a port on loopback.
    pub async fn at(address: SocketAddr, target: u16) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (line, state) = watch::channel(Line::Up);
        let counts = Arc::new(Counts::default());
        let count = counts.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((incoming, _)) = listener.accept().await else { return };
                count.connections.fetch_add(1, Ordering::Relaxed);
                if *state.borrow() == Line::Down {
                    continue;
                }
                tokio::spawn(carry(incoming, target, state.clone(), count.clone()));
            }
        });
        Self { address, line, counts, task }
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
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// Bytes carried since the start.
    pub fn bytes(&self) -> Carried {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Carried { up: read(&self.counts.up), down: read(&self.counts.down) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(incoming: TcpStream, target: u16, line: watch::Receiver<Line>, counts: Arc<Counts>) {
    let Ok(outgoing) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
    // What comes goes on at once: a proxy that waits for more is a slower line than the one it plays.
    if incoming.set_nodelay(true).is_err() || outgoing.set_nodelay(true).is_err() {
        return;
    }
    let (from_client, to_client) = incoming.into_split();
    let (from_target, to_target) = outgoing.into_split();
    let mut down = line.clone();
    tokio::select! {
        // Cancel-safe: both directions die with the connection anyway.
        () = pump(from_client, to_target, line.clone(), &counts.up) => {}
        () = pump(from_target, to_client, line, &counts.down) => {}
        _ = down.wait_for(|l| *l == Line::Down) => {}
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut line: watch::Receiver<Line>,
    count: &AtomicU64,
) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let Ok(n) = from.read(&mut bytes).await else { return };
        if n == 0 || line.wait_for(|l| *l != Line::Stalled).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
        count.fetch_add(n as u64, Ordering::Relaxed);
    }
}
