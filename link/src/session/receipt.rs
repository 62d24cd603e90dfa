//! The acknowledgement of an incoming message towards the broker, in the hands of whoever handles
//! the message. Never waits: it can be given from any place, also after the connection is gone.

use rumqttc::{AsyncClient, ManualAck};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::LinkEvent;

/// What a receipt does when it is dropped without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenDropped {
    /// The message was handled.
    Confirm,
    /// The message may be lost with the process; the broker shall send it again.
    Withhold,
}

/// Acknowledges one message to the broker.
///
/// With [`super::link`] dropping it acknowledges, so that handlers need not know it. With
/// [`super::link_with_receipts`] only [`Receipt::confirm`] does. A message without an
/// acknowledgement comes again on the next connection, and until then counts against what the
/// broker sends ahead.
#[derive(Debug)]
pub struct Receipt {
    pending: Option<Pending>,
}

#[derive(Debug)]
struct Pending {
    client: AsyncClient,
    ack: ManualAck,
    when_dropped: WhenDropped,
    stop: CancellationToken,
    events: mpsc::WeakSender<LinkEvent>,
}

impl Pending {
    fn give(self) {
        // An error says that the connection is gone; then the message comes again by itself.
        self.client.try_manual_ack(self.ack).ok();
    }

    /// Whether somebody still reads events: a message that is dropped because its reader went
    /// away was not handled, whatever the rule for dropping says.
    fn was_handled(&self) -> bool {
        self.when_dropped == WhenDropped::Confirm
            && !self.stop.is_cancelled()
            && self.events.upgrade().is_some_and(|events| !events.is_closed())
    }
}

impl Receipt {
    /// A receipt that acknowledges nothing, for tests of handlers.
    pub fn none() -> Self {
        Self { pending: None }
    }

    pub(super) fn new(
        client: AsyncClient,
        ack: Option<ManualAck>,
        when_dropped: WhenDropped,
        stop: CancellationToken,
        events: mpsc::WeakSender<LinkEvent>,
    ) -> Self {
        Self { pending: ack.map(|ack| Pending { client, ack, when_dropped, stop, events }) }
    }

    /// The message is safe: the broker may forget it.
    pub fn confirm(mut self) {
        if let Some(pending) = self.pending.take() {
            pending.give();
        }
    }

    /// The message could not be handled: the broker shall send it again on the next connection.
    pub fn withhold(mut self) {
        self.pending = None;
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(pending) = self.pending.take()
            && pending.was_handled()
        {
            pending.give();
        }
    }
}
