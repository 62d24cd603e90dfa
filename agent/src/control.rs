//! The working loop: hears the link, says birth and death, hands orders on, keeps the marks of
//! presence, and feeds systemd's watchdog. One loop on purpose: if it stands still, the watchdog
//! starts the agent anew.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use migrado_link::session::{LinkEvent, Publisher};
use migrado_link::signing::SignatureError;
use migrado_protocol::ids::TerminalId;
use migrado_protocol::presence::{ControllerPresence, Presence};
use migrado_protocol::receipt::Receipt;
use migrado_protocol::topic::{Channel, Topic};
use tokio::sync::{mpsc, watch};

use crate::away::Ended;
use crate::commands::Commands;
use crate::commands::handlers::Leaving;
use crate::desired::{Decision, Reconciler};
use crate::downlink::{self, Heard, Refusal, Refusals};
use crate::identity::keys::Keys;
use crate::parked::{Message, Parked};
use crate::platform::{clock, pulse, systemd};
use crate::presence::{Keeper, message};
use crate::store::{self, StoreError};
use crate::telemetry::Outbox;
use crate::uplink::Session;

/// How often the loop turns without being asked: twice within systemd's usual 30 s watchdog, and
/// together with the sensors.
pub const TURN_PERIOD: Duration = Duration::from_secs(15);
/// How long the broker may take to hear the farewell.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// What is known of the link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Linked {
    /// Number of the connection whose birth the broker has; nothing else is said before.
    pub session: Option<u64>,
    /// Whether the controller says that it listens.
    pub controller_online: bool,
    /// Which start of the controller said so.
    pub controller_session: u64,
}

/// What the loop works with.
pub struct Parts {
    /// This display.
    pub terminal: TerminalId,
    /// Keys whose orders count.
    pub keys: Keys,
    /// The way out.
    pub publisher: Publisher,
    /// What comes in.
    pub events: mpsc::Receiver<LinkEvent>,
    /// Marks of presence.
    pub keeper: Keeper,
    /// The entrance of commands.
    pub commands: Commands,
    /// Desired state.
    pub desired: Reconciler,
    /// What waits for the controller's receipt.
    pub outbox: Outbox,
    /// Whether a visitor's session runs.
    pub session_running: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Tells the standing connection to the uplink, which says its birth.
    pub uplink: watch::Sender<Option<Session>>,
    /// The number of the session whose birth the broker has.
    pub born: watch::Receiver<u64>,
    /// Tells the state of the link to the page.
    pub linked: watch::Sender<Linked>,
    /// Tells the composition root to leave.
    pub leaving: watch::Sender<Leaving>,
    /// Where the store is.
    pub data_dir: PathBuf,
    /// How often systemd wants to hear that the loop turns.
    pub turn_period: Duration,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

/// The loop and what it remembers.
pub struct Control {
    parts: Parts,
    refusals: Refusals,
    /// Orders of a key that is not known yet.
    parked: Parked,
    /// The standing connection, born or not.
    session: Option<u64>,
    controller_session: u64,
    is_store_broken: bool,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control")
            .field("parts", &self.parts)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl Control {
    /// The loop, not yet turning.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            refusals: Refusals::default(),
            parked: Parked::default(),
            session: None,
            controller_session: 0,
            is_store_broken: false,
        }
    }

    /// Turns until the link's driver is gone, which nobody asked for. May be dropped at any await.
    pub async fn run(&mut self) {
        let period = self.parts.turn_period;
        self.turn();
        let mut turn = std::pin::pin!(pulse::sleep_at_most(period));
        loop {
            // Cancel-safe: receiving and watching lose nothing when dropped, the pause is kept.
            tokio::select! {
                event = self.parts.events.recv() => match event {
                    Some(event) => self.hear(event),
                    None => return,
                },
                Ok(()) = self.parts.born.changed() => self.born(),
                Ok(()) = self.parts.keys.settled.changed() => self.hear_parked(),
                () = &mut turn => {
                    self.turn();
                    turn.set(pulse::sleep_at_most(period));
                }
            }
        }
    }

    /// Says the farewell: an orderly end, known as such to the controller and to the next start.
    pub async fn farewell(&mut self, ended: Ended) {
        let now_ms = clock::now_ms();
        if let Err(error) = self.parts.keeper.ending(ended, now_ms) {
            tracing::warn!(%error, "the mark of an orderly end was not kept");
        }
        let Some(session) = self.session.take() else { return };
        // Nothing is said after the farewell: the uplink falls silent first.
        self.parts.uplink.send_replace(None);
        let payload = message(session, Presence::Death { cause: ended.cause() }, now_ms);
        let topic = Topic::of(&self.parts.terminal, Channel::Presence);
        let said = self.parts.publisher.publish(&topic, payload, true, None);
        match tokio::time::timeout(FAREWELL_LIMIT, said).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "farewell not heard"),
            Err(_) => tracing::warn!("farewell not heard in time"),
        }
        if tokio::time::timeout(FAREWELL_LIMIT, self.parts.publisher.disconnect()).await.is_err() {
            tracing::warn!("the connection was not closed in time");
        }
    }

    fn turn(&mut self) {
        let now_ms = clock::now_ms();
        let kept = self.parts.keeper.tick(now_ms);
        self.note_store(kept);
        if self.is_store_broken && store::takes_writes(&self.parts.data_dir) {
            // redb writes nothing more after a write that failed: only opening it anew helps.
            tracing::warn!("the disk takes writes again; the agent restarts to use it");
            self.parts.leaving.send_replace(Leaving::Restart);
        }
        systemd::notify_watchdog();
    }

    fn hear(&mut self, event: LinkEvent) {
        let now_ms = clock::now_ms();
        match event {
            LinkEvent::Connected { session } => {
                self.session = Some(session);
                let birth = self.parts.keeper.connected(now_ms);
                if let Some(away) = &birth.away {
                    tracing::info!(cause = ?away.cause, from_ms = away.from_ms, until_ms = away.until_ms, "back");
                }
                self.parts.uplink.send_replace(Some(Session { number: session, birth, since_ms: now_ms }));
            }
            LinkEvent::Disconnected { reason } => {
                if self.session.take().is_some() {
                    tracing::warn!(reason, "disconnected");
                } else {
                    tracing::debug!(reason, "not connected");
                }
                self.parts.uplink.send_replace(None);
                self.parked.leave();
                let kept = self.parts.keeper.disconnected(now_ms);
                self.note_store(kept);
                self.link(Linked::default());
            }
            LinkEvent::Message { topic, payload, retained: _, receipt } => {
                self.hear_message(Message { topic, payload, receipt }, true, now_ms);
            }
        }
    }

    /// The chain of signing keys was read: what waited for it is believed now, or refused for good.
    fn hear_parked(&mut self) {
        let now_ms = clock::now_ms();
        for message in self.parked.take() {
            self.hear_message(message, false, now_ms);
        }
    }

    fn hear_message(&mut self, message: Message, may_wait: bool, now_ms: i64) {
        let Message { topic, payload, receipt } = message;
        let read = {
            let verifier = self.parts.keys.verifier.borrow();
            downlink::read(&topic, &payload, &self.parts.terminal, &verifier, now_ms)
        };
        let done = match read {
            Ok(heard) => self.take(heard, now_ms),
            Err(Refusal::Signature { source: SignatureError::UnknownKey(key), .. }) if may_wait => {
                tracing::info!(key, topic, "an order of an unknown key waits");
                self.parked.put(Message { topic, payload, receipt });
                self.parts.keys.ask();
                return;
            }
            Err(refusal) => {
                self.refusals.note(&topic, &refusal);
                Ok(())
            }
        };
        match done {
            Ok(()) => receipt.confirm(),
            // What could not be kept comes again with the next connection.
            Err(error) => {
                tracing::error!(%error, topic, "order not kept");
                receipt.withhold();
                self.note_store(Err(error));
            }
        }
    }

    fn born(&mut self) {
        let session = *self.parts.born.borrow_and_update();
        if self.session != Some(session) {
            return;
        }
        tracing::info!(session, "connected");
        let kept = self.parts.keeper.born(clock::now_ms());
        self.note_store(kept);
        let linked = Linked { session: Some(session), ..*self.parts.linked.borrow() };
        self.link(linked);
    }

    fn take(&mut self, heard: Heard, now_ms: i64) -> Result<(), StoreError> {
        match heard {
            Heard::Controller(presence) => self.take_controller(presence),
            Heard::Receipt(receipt) => self.take_receipt(&receipt),
            Heard::Desired(desired) => {
                let generation = desired.generation;
                let decision = self.parts.desired.take(desired)?;
                if decision == Decision::Older {
                    tracing::warn!(generation, "older desired state ignored");
                } else {
                    tracing::info!(generation, ?decision, "desired state heard");
                }
            }
            Heard::Directive { sequence, issued_ms, directive } => {
                let session_running = (self.parts.session_running)();
                let taken =
                    self.parts.commands.take(sequence, issued_ms, directive, session_running, now_ms)?;
                tracing::info!(sequence, ?taken, "order heard");
            }
            Heard::UnknownVerb { sequence, id } => {
                let taken = self.parts.commands.refuse_unknown(sequence, id, now_ms)?;
                tracing::warn!(sequence, command = %id, ?taken, "order with an unknown verb");
            }
        }
        Ok(())
    }

    fn take_controller(&mut self, presence: ControllerPresence) {
        // A late will of an earlier start changes nothing.
        if presence.session < self.controller_session {
            return;
        }
        self.controller_session = presence.session;
        let linked = Linked {
            controller_online: presence.online,
            controller_session: presence.session,
            ..*self.parts.linked.borrow()
        };
        self.link(linked);
    }

    /// Items that the controller has are forgotten here; one of an earlier connection may be another
    /// item by now, when the store was lost in between.
    fn take_receipt(&self, receipt: &Receipt) {
        if Some(receipt.session) != self.session {
            return;
        }
        if let Err(error) = self.parts.outbox.remove(&receipt.items) {
            // They are told once more, and the controller knows them.
            tracing::warn!(%error, "cannot remove items from the outbox");
        }
    }

    fn link(&self, linked: Linked) {
        let changed = self.parts.linked.send_if_modified(|now| std::mem::replace(now, linked) != linked);
        if changed {
            systemd::notify_status(&status(&self.parts.terminal, linked));
        }
    }

    fn note_store(&mut self, kept: Result<(), StoreError>) {
        if let Err(error) = kept {
            let source = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
            tracing::error!(%error, source, "the store does not take writes");
            self.is_store_broken |= error.needs_reopening();
        }
    }
}

/// One line for systemd.
pub fn status(terminal: &TerminalId, linked: Linked) -> String {
    let link = match (linked.session, linked.controller_online) {
        (None, _) => "no connection to the broker",
        (Some(_), true) => "connected",
        (Some(_), false) => "connected to the broker, the controller does not listen",
    };
    format!("{terminal}: {link}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_names_the_display_and_its_link() {
        let terminal: TerminalId = "fp-01".parse().unwrap();
        let line = |session, controller_online| {
            status(&terminal, Linked { session, controller_online, controller_session: 1 })
        };
        assert_eq!(line(None, false), "fp-01: no connection to the broker");
        assert_eq!(line(Some(1), true), "fp-01: connected");
        assert!(line(Some(1), false).contains("does not listen"));
    }
}
