//! Receipts: tells terminals which items of their outboxes are on the controller's disk. A receipt
//! that does not go out is no loss: the terminal tells the item again and gets another one.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use migrado_protocol::envelope::SCHEMA_VERSION;
use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::{Receipt, TerminalId};
use tokio::sync::mpsc;

use super::decode::Item;
use crate::commands::dispatch::Outlet;

/// Receipts that may wait to go out: one for each display of a large fleet at the full hour.
const WAITING_MAX: usize = 16_384;
/// Publications under way at once.
const IN_FLIGHT_MAX: usize = 64;
/// Items of one receipt: far below the size of a message.
const ITEMS_MAX: usize = 4_096;
/// Seconds after which a receipt is of no use: the item was told again by then.
const EXPIRY_S: u32 = 60;

/// Items of a group, by terminal and connection.
pub type Items = BTreeMap<(TerminalId, u64), Vec<u64>>;

/// Notes an item.
pub fn note(items: &mut Items, terminal: &TerminalId, item: Item) {
    items.entry((terminal.clone(), item.session)).or_default().push(item.item);
}

/// The way out for receipts.
#[derive(Debug, Clone)]
pub struct Receipts(mpsc::Sender<(TerminalId, Receipt)>);

impl Receipts {
    /// The way out, and the task that carries it on.
    pub fn new(outlet: Arc<dyn Outlet>) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, waiting) = mpsc::channel(WAITING_MAX);
        (Self(sender), publish(waiting, outlet))
    }

    /// Tells terminals that these items are stored. Never waits.
    pub fn tell(&self, items: Items) {
        for ((terminal, session), items) in items {
            for items in items.chunks(ITEMS_MAX) {
                let receipt = Receipt { v: SCHEMA_VERSION, session, items: items.to_vec() };
                if self.0.try_send((terminal.clone(), receipt)).is_err() {
                    tracing::debug!(%terminal, "a receipt found no room and is told with the next");
                }
            }
        }
    }
}

async fn publish(waiting: mpsc::Receiver<(TerminalId, Receipt)>, outlet: Arc<dyn Outlet>) {
    let waiting = futures_util::stream::unfold(waiting, async |mut waiting| {
        waiting.recv().await.map(|next| (next, waiting))
    });
    waiting
        .for_each_concurrent(IN_FLIGHT_MAX, async |(terminal, receipt)| {
            let payload = serde_json::to_vec(&receipt).unwrap_or_default();
            let topic = Topic::of(&terminal, Channel::Receipt);
            if let Err(reason) = outlet.publish(&topic, payload, false, Some(EXPIRY_S)).await {
                tracing::debug!(%terminal, reason, "a receipt did not go out");
            }
        })
        .await;
}
