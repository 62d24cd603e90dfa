//! What an order is held against: bare requests and answers over the same kind of broker, and the
//! commits of one row by the stores that an order goes through.

use std::time::Duration;

use anyhow::{Context, Result};
use migrado_controller::pki::Pki;
use migrado_controller::store;
use migrado_controller::store::tx::Tx;
use migrado_link::session::{LinkEvent, LinkOptions, Publisher, Sessions, Will, link};
use migrado_link::tls::client_config;
use migrado_protocol::ids::CONTROLLER_NAME;
use migrado_protocol::topic::{Channel, controller_filters, terminal_filters};
use migrado_protocol::{TerminalId, Topic};
use migrado_tests::broker::Mosquitto;
use migrado_tests::ports;
use migrado_tests::process::Process;
use sqlx::AnyPool;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::known;
use crate::orders::broker;

/// A session that says nothing by itself; `true` for the controller's.
pub(crate) struct Bare(pub(crate) TerminalId, pub(crate) bool);

impl Sessions for Bare {
    fn next(&mut self) -> (u64, Will) {
        let topic = if self.1 { Topic::ControllerPresence } else { Topic::of(&self.0, Channel::Presence) };
        (1, Will { topic, payload: b"{}".to_vec() })
    }
}

/// Requests of the controller's identity, answered by a display's, without anything else.
pub(crate) struct RoundTrips {
    asker: Publisher,
    answers: mpsc::Receiver<LinkEvent>,
    question: Topic,
    _links: JoinSet<()>,
    _mosquitto: Option<Mosquitto>,
    _alone: Option<Process>,
    _dir: tempfile::TempDir,
}

impl RoundTrips {
    pub(crate) async fn start(kind: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let data = dir.path().join("controller");
        let identities = known::issue(&data, 1)?;
        known::put(&data, &identities, false).await?;
        let port = ports::free();
        let mosquitto = broker(kind, dir.path(), &data, port).await?;
        let alone = match kind {
            "embedded" => Some(crate::broker::start_alone(dir.path(), &data, port).await?),
            _ => None,
        };
        let identity = identities.first().context("one identity")?;
        let pki = Pki::open(&data, &["localhost"], known::now_ms())?;
        let mut links = JoinSet::new();
        let options = |name: &str, tls, filters| LinkOptions {
            broker: format!("localhost:{port}"),
            client_id: name.to_owned(),
            tls,
            keep_alive_s: 60,
            session_expiry_s: 60,
            filters,
            username: None,
        };
        let tls = client_config(pki.authority_pem(), pki.controller())?;
        let asking = options(CONTROLLER_NAME, tls, controller_filters());
        let answering = options(identity.id.as_str(), identity.tls.clone(), terminal_filters(&identity.id));
        let (asker, mut answers, driver) = link(asking, Bare(identity.id.clone(), true));
        links.spawn(driver);
        let (answerer, mut questions, driver) = link(answering, Bare(identity.id.clone(), false));
        links.spawn(driver);
        connected(&mut answers).await?;
        connected(&mut questions).await?;
        let ack = Topic::of(&identity.id, Channel::Ack);
        links.spawn(async move {
            while let Some(event) = questions.recv().await {
                if let LinkEvent::Message { payload, receipt, .. } = event {
                    receipt.confirm();
                    if answerer.publish(&ack, payload, false, None).await.is_err() {
                        return;
                    }
                }
            }
        });
        let question = Topic::of(&identity.id, Channel::Command);
        let (_links, _mosquitto, _alone, _dir) = (links, mosquitto, alone, dir);
        Ok(Self { asker, answers, question, _links, _mosquitto, _alone, _dir })
    }

    pub(crate) async fn once(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let (said, heard) = tokio::join!(ask(&self.asker, &self.question), message(&mut self.answers));
        said?;
        heard?;
        Ok(began.elapsed())
    }
}

async fn ask(asker: &Publisher, topic: &Topic) -> Result<()> {
    Ok(asker.publish(topic, vec![b'x'; 400], false, None).await?)
}

async fn message(events: &mut mpsc::Receiver<LinkEvent>) -> Result<()> {
    loop {
        if let LinkEvent::Message { receipt, .. } = events.recv().await.context("the link ended")? {
            receipt.confirm();
            return Ok(());
        }
    }
}

pub(crate) async fn connected(events: &mut mpsc::Receiver<LinkEvent>) -> Result<()> {
    loop {
        if let LinkEvent::Connected { .. } = events.recv().await.context("the link ended")? {
            return Ok(());
        }
    }
}

/// One row, committed by the controller's own store; what an order writes, by the agent's kind of
/// store.
pub(crate) struct Commits {
    pool: AnyPool,
    id: TerminalId,
    journal: redb::Database,
    written: u64,
    _dir: tempfile::TempDir,
}

impl Commits {
    pub(crate) async fn open() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let pool = store::open(&dir.path().join("commits.db")).await?;
        let journal = redb::Database::create(dir.path().join("commits.redb"))?;
        let id = "fp-01".parse().map_err(|_| anyhow::anyhow!("a name"))?;
        Ok(Self { pool, id, journal, written: 0, _dir: dir })
    }

    pub(crate) async fn controller_once(&self) -> Result<Duration> {
        let began = Instant::now();
        let mut tx = Tx::begin(&self.pool, "commit a row").await?;
        tx.add(store::commands::next_sequence(&self.id, 0));
        tx.commit().await?;
        Ok(began.elapsed())
    }

    /// What an order writes: the order, the word about it, the last sequence; in a journal that grows
    /// and an outbox that is emptied.
    pub(crate) fn agent_once(&mut self) -> Result<Duration> {
        const JOURNAL: redb::TableDefinition<'_, u128, &[u8]> = redb::TableDefinition::new("journal");
        const OUTBOX: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("outbox");
        const SEQUENCE: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("sequence");
        self.written += 1;
        let began = Instant::now();
        let tx = self.journal.begin_write()?;
        tx.open_table(JOURNAL)?.insert(uuid::Uuid::now_v7().as_u128(), [7_u8; 300].as_slice())?;
        tx.open_table(OUTBOX)?.insert(self.written, [7_u8; 200].as_slice())?;
        tx.open_table(OUTBOX)?.remove(self.written - 1)?;
        tx.open_table(SEQUENCE)?.insert("last", self.written)?;
        tx.commit()?;
        Ok(began.elapsed())
    }
}
