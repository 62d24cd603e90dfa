//! The controller's end of the link: announces every connection, hands groups of messages to
//! `ingest`, and says goodbye. Decides nothing about what terminals say.

use migrado_link::session::{LinkEvent, Publisher, Sessions, Will};
use migrado_protocol::Topic;
use migrado_protocol::envelope::SCHEMA_VERSION;
use migrado_protocol::presence::ControllerPresence;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::api::state::ApiState;
use crate::clock::Clock;
use crate::ingest::gather::gather;
use crate::ingest::{GROUP_MAX, Ingest, Message};

/// The controller's connections are numbered by the time of their making.
#[derive(Debug)]
pub struct Numbers(pub Clock);

fn presence_payload(online: bool, session: u64) -> Vec<u8> {
    serde_json::to_vec(&ControllerPresence { v: SCHEMA_VERSION, online, session }).unwrap_or_default()
}

impl Sessions for Numbers {
    fn next(&mut self) -> (u64, Will) {
        let session = u64::try_from(self.0.now_ms()).unwrap_or(0);
        (session, Will { topic: Topic::ControllerPresence, payload: presence_payload(false, session) })
    }
}

/// How often the loop shows that it turns while nothing comes; a fraction of the watchdog's time.
const BEAT: std::time::Duration = std::time::Duration::from_secs(2);

/// What the loop tells others of itself.
#[derive(Debug)]
pub struct Tells {
    /// Number of the connection with the broker; 0 while there is none.
    pub connection: watch::Sender<u64>,
    /// Rises with every turn: who waits for the next one notices a loop that stands still.
    pub beats: watch::Sender<u64>,
}

/// Reads the link: groups of messages go to ingest, a new connection is announced.
pub async fn wire_task(
    mut ingest: Ingest,
    mut events: mpsc::Receiver<LinkEvent>,
    publisher: Publisher,
    state: ApiState,
    tells: Tells,
    stop: CancellationToken,
) {
    let Tells { connection, beats } = tells;
    let mut buffer = Vec::with_capacity(GROUP_MAX);
    loop {
        beats.send_modify(|n| *n += 1);
        // Cancel-safe: recv_many() takes events only when it completes, a sleep holds nothing.
        let n = tokio::select! {
            () = stop.cancelled() => break,
            n = events.recv_many(&mut buffer, GROUP_MAX) => n,
            () = tokio::time::sleep(BEAT) => continue,
        };
        if n == 0 {
            return;
        }
        gather(&mut events, &mut buffer).await;
        let mut messages = Vec::with_capacity(buffer.len());
        for event in buffer.drain(..) {
            match event {
                LinkEvent::Message { topic, payload, retained, receipt } => {
                    messages.push(Message { topic, payload, retained, receipt })
                }
                LinkEvent::Connected { session } => {
                    tracing::info!(session, "connected to the broker");
                    let payload = presence_payload(true, session);
                    if let Err(error) =
                        publisher.publish(&Topic::ControllerPresence, payload, true, None).await
                    {
                        tracing::warn!(%error, "the controller's presence was not published");
                    }
                    connection.send_replace(session);
                    state.commands.wake();
                }
                LinkEvent::Disconnected { reason } => {
                    tracing::warn!(reason, "not connected to the broker");
                    connection.send_replace(0);
                }
            }
        }
        ingest.take(messages).await;
    }
    let session = u64::try_from(state.clock.now_ms()).unwrap_or(0);
    // The will says the same if this does not arrive.
    publisher.publish(&Topic::ControllerPresence, presence_payload(false, session), true, None).await.ok();
    publisher.disconnect().await;
}
