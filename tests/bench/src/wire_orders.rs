//! Orders on the wire: signed with the controller's key, sent in its name, checked and journalled by a
//! real agent. The controller itself has stopped, so that only this way is measured.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use migrado_controller::pki::Pki;
use migrado_link::session::{LinkEvent, LinkOptions, Publisher, link};
use migrado_link::signing::Signer;
use migrado_link::tls::client_config;
use migrado_protocol::command::{Ack, Directive, Order, Verb};
use migrado_protocol::envelope::SCHEMA_VERSION;
use migrado_protocol::ids::CONTROLLER_NAME;
use migrado_protocol::signed::Purpose;
use migrado_protocol::topic::{Channel, controller_filters};
use migrado_protocol::{CommandId, Envelope, Receipt, Signed, TerminalId, Topic};
use migrado_tests::process::Process;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bare::{Bare, connected};
use crate::known::now_ms;
use crate::orders::{ACKNOWLEDGED_LIMIT, Orders};

/// Milliseconds within which an order must begin and be done.
const ORDER_MS: i64 = 60_000;

/// Orders that are tried until the display has come back to its broker.
const COMING_BACK_TRIES: usize = 4;

/// A display, and who gives it orders.
pub(crate) struct WireOrders {
    publisher: Publisher,
    events: mpsc::Receiver<LinkEvent>,
    signer: Arc<Signer>,
    terminal: TerminalId,
    sequence: u64,
    _links: JoinSet<()>,
    _broker: Option<Process>,
    _fleet: Orders,
}

impl WireOrders {
    /// A fleet of one display that was enrolled and ordered about before.
    pub(crate) async fn start(kind: &str) -> Result<Self> {
        let mut fleet = Orders::start(kind).await?;
        fleet.once().await?;
        fleet.controller.stop().await;
        let data = fleet.controller.data_dir.clone();
        let broker = match kind {
            "embedded" => Some(crate::broker::start_alone(fleet.dir.path(), &data, fleet.port).await?),
            _ => None,
        };
        let pki = Pki::open(&data, &["localhost"], now_ms())?;
        let options = LinkOptions {
            broker: format!("localhost:{}", fleet.port),
            client_id: CONTROLLER_NAME.to_owned(),
            tls: client_config(pki.authority_pem(), pki.controller())?,
            keep_alive_s: 60,
            session_expiry_s: 60,
            filters: controller_filters(),
            username: None,
        };
        let terminal: TerminalId = "fp-01".parse().map_err(|_| anyhow::anyhow!("a name"))?;
        let (publisher, mut events, driver) = link(options, Bare(terminal.clone(), true));
        let mut links = JoinSet::new();
        links.spawn(driver);
        connected(&mut events).await?;
        let (signer, sequence) = (pki.signing().signer(), now_ms().unsigned_abs());
        let (_links, _broker, _fleet) = (links, broker, fleet);
        let mut wire = Self { publisher, events, signer, terminal, sequence, _links, _broker, _fleet };
        // Until the display is back at its broker, orders are lost.
        let mut last = Ok(());
        for _ in 0..COMING_BACK_TRIES {
            last = wire.once().await.map(|_| ());
            if last.is_ok() {
                break;
            }
        }
        last.map(|()| wire)
    }

    /// One order, from its signing to the acknowledgement; what it still does is waited for.
    pub(crate) async fn once(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let id = CommandId(uuid::Uuid::now_v7());
        let (now_ms, verb) = (now_ms(), Verb::ReportNow);
        let (start_by_ms, finish_by_ms) = (now_ms + ORDER_MS, now_ms + ORDER_MS);
        let order = Order { id, verb, start_by_ms, finish_by_ms, force_reason: None };
        self.sequence += 1;
        let terminal = self.terminal.clone();
        let directive = Directive::Run(order);
        let mut signed = Signed::unsigned(terminal, self.sequence, now_ms, start_by_ms, &directive)?;
        self.signer.sign(&mut signed, Purpose::Command);
        let topic = Topic::of(&self.terminal, Channel::Command);
        let payload = serde_json::to_vec(&signed)?;
        let told = self.publisher.publish(&topic, payload, false, Some(60));
        let heard = acknowledged(&self.publisher, &mut self.events, &self.terminal, id);
        let (told, heard) = tokio::join!(told, tokio::time::timeout(ACKNOWLEDGED_LIMIT, heard));
        told?;
        Ok(heard.context("an order was not acknowledged in time")??.duration_since(began))
    }
}

/// When the first word about a command came. Words get their receipts, as from the controller.
async fn acknowledged(
    publisher: &Publisher,
    events: &mut mpsc::Receiver<LinkEvent>,
    terminal: &TerminalId,
    id: CommandId,
) -> Result<Instant> {
    let (ack, mut first) = (Topic::of(terminal, Channel::Ack), None);
    loop {
        let event = events.recv().await.context("the link ended")?;
        let LinkEvent::Message { topic, payload, receipt, .. } = event else { continue };
        let at = Instant::now();
        receipt.confirm();
        if topic != ack.to_string() {
            continue;
        }
        let said: Envelope<Ack> = serde_json::from_slice(&payload)?;
        if said.body.id == id {
            first.get_or_insert(at);
        }
        let items = said.item.into_iter().collect();
        let stored = Receipt { v: SCHEMA_VERSION, session: said.session, items };
        let to = Topic::of(terminal, Channel::Receipt);
        publisher.publish(&to, serde_json::to_vec(&stored)?, false, None).await?;
        if let (Some(first), true) = (first, said.body.id == id && said.body.state.is_settled()) {
            return Ok(first);
        }
    }
}
