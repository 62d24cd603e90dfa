//! Drives the session: one client of the MQTT library per connection, so that nothing of a dead
//! connection (numbers, wills, queued publishes) reaches the next one. Waits between connections are here,
//! the connection itself is in `connection.rs`.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::AsyncClient;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::backoff::Backoff;
use super::connection::{Connection, mqtt_options};
use super::dial::dial;
use super::publisher::{Publisher, Shared};
use super::receipt::WhenDropped;
use super::{LinkEvent, LinkOptions, Sessions};

/// Events besides messages that may wait for a slow reader: both of an attempt, with room.
const STATE_EVENTS: usize = 8;

/// What does not change from one connection to the next.
pub(super) struct Driver {
    pub(super) options: LinkOptions,
    pub(super) ahead_max: u16,
    pub(super) when_dropped: WhenDropped,
    pub(super) events: mpsc::Sender<LinkEvent>,
    pub(super) shared: Arc<Shared>,
}

/// Room for the two events of one attempt, taken beforehand so that neither can be lost or waited for.
struct Room {
    connected: mpsc::OwnedPermit<LinkEvent>,
    disconnected: mpsc::OwnedPermit<LinkEvent>,
}

/// How an attempt ended.
pub(super) enum End {
    /// By our own wish.
    Left,
    /// By a failure; it had stood so long.
    Lost { reason: String, stood: Duration },
}

pub(super) fn start(
    options: LinkOptions,
    sessions: impl Sessions,
    ahead_max: u16,
    when_dropped: WhenDropped,
) -> (Publisher, mpsc::Receiver<LinkEvent>, impl Future<Output = ()> + Send) {
    let shared = Arc::new(Shared::new());
    let (events, receiver) = mpsc::channel(usize::from(ahead_max) + STATE_EVENTS);
    let driver = Driver { options, ahead_max, when_dropped, events, shared: shared.clone() };
    (Publisher(shared), receiver, driver.run(sessions))
}

impl Driver {
    async fn run(self, mut sessions: impl Sessions) {
        let _ended = self.shared.ended.clone().drop_guard();
        let mut backoff = Backoff::default();
        while let Some(Room { connected, disconnected }) = self.room().await {
            let end = self.attempt(&mut sessions, connected).await;
            let pause = match end {
                End::Left => {
                    disconnected.send(LinkEvent::Disconnected { reason: "left in order".into() });
                    return;
                }
                End::Lost { reason, stood } => {
                    let pause = backoff.pause_after(stood, rand::random());
                    info!(broker = %self.options.broker, %reason, retry_ms = pause.as_millis(), "link down");
                    disconnected.send(LinkEvent::Disconnected { reason });
                    pause
                }
            };
            // Both arms only wait.
            tokio::select! {
                () = sleep(pause) => {}
                () = self.unwanted() => return,
            }
        }
    }

    /// Resolves when nobody wants the link any more.
    pub(super) async fn unwanted(&self) {
        tokio::select! {
            () = self.shared.stop.cancelled() => {}
            () = self.events.closed() => {}
        }
    }

    /// Waits for room for an attempt's events; `None` when nobody wants the link any more.
    async fn room(&self) -> Option<Room> {
        let room = async {
            let connected = self.events.clone().reserve_owned().await.ok()?;
            let disconnected = self.events.clone().reserve_owned().await.ok()?;
            Some(Room { connected, disconnected })
        };
        // A permit that was taken when another arm wins goes back by being dropped.
        tokio::select! {
            biased;
            () = self.unwanted() => None,
            room = room => room,
        }
    }

    async fn attempt(&self, sessions: &mut impl Sessions, connected: mpsc::OwnedPermit<LinkEvent>) -> End {
        let never_stood = |reason: String| End::Lost { reason, stood: Duration::ZERO };
        // A dial that is dropped half way is a closed socket, nothing more.
        let stream = tokio::select! {
            () = self.unwanted() => return End::Left,
            dialed = dial(&self.options.broker, &self.options.tls) => match dialed {
                Ok(stream) => stream,
                Err(error) => return never_stood(error.to_string()),
            },
        };
        let (session, will) = sessions.next();
        let options = mqtt_options(&self.options, will, stream, self.ahead_max);
        let (client, eventloop) = AsyncClient::builder(options).unbounded().build();
        let closed = CancellationToken::new();
        let _cut = Cut { shared: self.shared.clone(), closed: closed.clone() };
        Connection::new(self, session, client, connected, closed).run(eventloop).await
    }
}

/// Ends the line for the publishers, also when the driver's task is dropped.
struct Cut {
    shared: Arc<Shared>,
    closed: CancellationToken,
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.shared.set_line(None);
        self.closed.cancel();
    }
}
