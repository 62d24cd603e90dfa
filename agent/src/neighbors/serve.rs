//! Lets other displays of the same authority in, and keeps what they may take of this one small: few
//! connections, none for ever, nothing that ticks while nobody is there. What they are answered is
//! [`super::answers`]'s part.
//!
//! One task, without tasks of its own: connections are futures that it polls. A port that is taken
//! ends nothing: the display serves visitors, and its neighbors ask somebody else.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use migrado_content::store::Store as Content;
use migrado_link::tls::neighbor::display_of;
use migrado_protocol::TerminalId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::Board;
use super::address;
use super::answers::{Host, answer};
use crate::config::NeighborsConfig;
use crate::identity::Held;
use crate::kiosk::Kiosk;
use crate::tasks::{Stage, Tasks};
use crate::uplink::Session;

/// Connections at once: a site of twenty displays, each with one. The next waits in the kernel.
const CONNECTIONS_MAX: usize = 24;
/// Connections of one display: the one that it uses, and one that it has not noticed to be gone.
const CONNECTIONS_PER_DISPLAY_MAX: usize = 2;
/// Bytes of a request, and of an answer that wait for the line, on one connection.
const BUFFER_BYTES: usize = 16 * 1024;
/// The pause after the kernel gave no connection: it has none to give.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// How long a connection may take and last.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For its handshake.
    pub handshake: Duration,
    /// Without a request.
    pub idle: Duration,
    /// In all: who needs longer comes again and goes on at the byte.
    pub life: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { handshake: seconds(5), idle: seconds(30), life: seconds(600) }
    }
}

/// The task that serves neighbors.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    bound: SocketAddr,
    tls: Arc<rustls::ServerConfig>,
    host: Arc<Host>,
    guests: Arc<Mutex<Vec<TerminalId>>>,
    patience: Patience,
}

/// What the server is made of.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Where it listens, if it does.
    pub config: &'a NeighborsConfig,
    /// Who the display is.
    pub held: &'a Arc<Held>,
    /// The visitor's side: while one is there, less is given.
    pub kiosk: &'a Kiosk,
    /// What is given away.
    pub content: Arc<Content>,
    /// What is told to neighbors, and of them.
    pub board: &'a Board,
    /// The connection to the controller.
    pub session: watch::Receiver<Option<Session>>,
}

/// Starts it, where the configuration says an address.
pub async fn start(tasks: &mut Tasks, opening: Opening<'_>) {
    let Opening { config, held, kiosk, content, board, session } = opening;
    let Some(listen) = config.listen else { return };
    let host = Host::new(content, board.serving.subscribe(), kiosk.clone());
    let Some(server) = Server::open(listen, held, host, Patience::default()).await else { return };
    let (configured, serves_at) = (config.address.clone(), board.serves_at.clone());
    let sign = Sign { configured, held: held.clone(), session, serves_at };
    tasks.spawn_until_canceled(Stage::Work, "neighbors", server.run(sign));
}

/// Where the server says that it is to be found.
#[derive(Debug)]
pub struct Sign {
    /// `host:port` as configured.
    pub configured: Option<String>,
    /// Who the display is, and with which controller.
    pub held: Arc<Held>,
    /// Rises with each connection to the controller: the address may be another one then.
    pub session: watch::Receiver<Option<Session>>,
    /// Told here.
    pub serves_at: watch::Sender<Option<String>>,
}

impl Server {
    /// Takes the address, or says in the log why it cannot.
    pub async fn open(listen: SocketAddr, held: &Held, host: Arc<Host>, patience: Patience) -> Option<Self> {
        let opened = async {
            let tls = held.neighbor_server().map_err(std::io::Error::other)?;
            let listener = TcpListener::bind(listen).await?;
            let bound = listener.local_addr()?;
            Ok::<_, std::io::Error>((Arc::new(tls), listener, bound))
        };
        match opened.await {
            Ok((tls, listener, bound)) => {
                tracing::info!(%bound, "neighbors may fetch content here");
                Some(Self { listener, bound, tls, host, guests: Arc::default(), patience })
            }
            Err(error) => {
                tracing::error!(%listen, %error, "neighbors cannot be served; they ask somebody else");
                None
            }
        }
    }

    /// Where it listens.
    pub fn bound(&self) -> SocketAddr {
        self.bound
    }

    /// Serves as long as the process lives.
    pub async fn run(self, sign: Sign) {
        // Both run for ever: a name that is looked up slowly holds no connection up.
        tokio::join!(self.let_in(), self.tell(sign));
    }

    async fn let_in(&self) {
        let mut open = FuturesUnordered::new();
        loop {
            // Cancel-safe: accept and next lose nothing when dropped.
            tokio::select! {
                accepted = self.listener.accept(), if open.len() < CONNECTIONS_MAX => match accepted {
                    Ok((tcp, from)) => open.push(Box::pin(self.connection(tcp, from))),
                    Err(error) => {
                        tracing::warn!(%error, "no neighbor can be let in");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(()) = open.next() => {}
            }
        }
    }

    async fn tell(&self, mut sign: Sign) {
        loop {
            let controller = sign.held.controller();
            let at = address::told(sign.configured.as_deref(), self.bound, &controller).await;
            // Without a way to the controller nobody can be told; what was told may still be right.
            if at.is_some() {
                sign.serves_at.send_if_modified(|told| std::mem::replace(told, at.clone()) != at);
            }
            if sign.session.changed().await.is_err() {
                return;
            }
        }
    }

    async fn connection(&self, tcp: TcpStream, from: SocketAddr) {
        tcp.set_nodelay(true).ok();
        let shaken =
            tokio::time::timeout(self.patience.handshake, TlsAcceptor::from(self.tls.clone()).accept(tcp))
                .await;
        let stream = match shaken {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::warn!(%from, %error, "somebody who is no display of ours asked for content");
                return;
            }
            Err(_) => return,
        };
        let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let Some(display) = certificates.first().and_then(|der| display_of(der)) else { return };
        let Some(_guest) = Guest::enter(&self.guests, display) else { return };
        let service = service_fn(|request| answer(self.host.clone(), request));
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.patience.idle)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        if let Ok(Err(error)) = tokio::time::timeout(self.patience.life, serving).await {
            tracing::debug!(%from, %error, "a neighbor's connection broke");
        }
    }
}

/// A display that is connected, as long as it is.
struct Guest {
    guests: Arc<Mutex<Vec<TerminalId>>>,
    display: TerminalId,
}

impl Guest {
    fn enter(guests: &Arc<Mutex<Vec<TerminalId>>>, display: TerminalId) -> Option<Self> {
        let mut here = guests.lock().unwrap_or_else(PoisonError::into_inner);
        if here.iter().filter(|guest| **guest == display).count() >= CONNECTIONS_PER_DISPLAY_MAX {
            return None;
        }
        here.push(display.clone());
        Some(Self { guests: guests.clone(), display })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut here = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = here.iter().position(|guest| *guest == self.display) {
            here.swap_remove(at);
        }
    }
}
