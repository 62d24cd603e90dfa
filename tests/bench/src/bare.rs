//! What an order is held against: bare requests and answers over the same kind of broker, and the
//! commits that it is made of, by the stores that it goes through.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use migrado_agent::commands::journal::{Journal, Record};
use migrado_agent::telemetry::outbox::Outbox;
use migrado_controller::pki::Pki;
use migrado_controller::store;
use migrado_controller::store::tx::Tx;
use migrado_link::session::{LinkEvent, LinkOptions, Publisher, Sessions, Will, link};
use migrado_link::tls::client_config;
use migrado_protocol::command::{Order, Verb};
use migrado_protocol::ids::CONTROLLER_NAME;
use migrado_protocol::topic::{Channel, controller_filters};
use migrado_protocol::{CommandId, TerminalId, Topic};
use migrado_tests::broker::Mosquitto;
use migrado_tests::ports;
use migrado_tests::process::Process;
use sqlx::AnyPool;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::known;
use crate::orders::broker;

/// Time within which an answer comes, if there will be one.
const COMING: Duration = Duration::from_millis(500);

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
    _answerer: Process,
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
        let (asker, mut answers, driver) = link(asking, Bare(identity.id.clone(), true));
        links.spawn(driver);
        connected(&mut answers).await?;
        // As a display, it is a process of its own.
        let (cert, key) = (dir.path().join("answerer.crt"), dir.path().join("answerer.key"));
        std::fs::write(&cert, &identity.pem.0)?;
        std::fs::write(&key, &identity.pem.1)?;
        let answerer = Process::start(dir.path(), "answerer", &std::env::current_exe()?, |c| {
            c.args(["answer", "--name", identity.id.as_str(), "--broker", &format!("localhost:{port}")]);
            c.arg("--cert").arg(cert).arg("--key").arg(key).arg("--authority").arg(data.join("pki/ca.crt"));
        })?;
        let question = Topic::of(&identity.id, Channel::Command);
        let (_links, _mosquitto, _alone, _answerer, _dir) = (links, mosquitto, alone, answerer, dir);
        let mut all = Self { asker, answers, question, _links, _mosquitto, _alone, _answerer, _dir };
        // Until it listens, questions are lost.
        while tokio::time::timeout(COMING, all.once()).await.is_err() {}
        Ok(all)
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

/// One row, committed by the controller's store; what an order writes, by the agent's.
pub(crate) struct Commits {
    pool: AnyPool,
    id: TerminalId,
    journal: Journal,
    outbox: Outbox,
    sequence: u64,
    _dir: tempfile::TempDir,
}

impl Commits {
    pub(crate) async fn open() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let pool = store::open(&dir.path().join("commits.db")).await?;
        let db = Arc::new(redb::Database::create(dir.path().join("commits.redb"))?);
        let (journal, outbox) = (Journal::open(db.clone())?, Outbox::open(db)?);
        let id = "fp-01".parse().map_err(|_| anyhow::anyhow!("a name"))?;
        Ok(Self { pool, id, journal, outbox, sequence: 0, _dir: dir })
    }

    pub(crate) async fn controller_once(&self) -> Result<Duration> {
        let began = Instant::now();
        let mut tx = Tx::begin(&self.pool, "commit a row").await?;
        tx.add(store::commands::next_sequence(&self.id, 0));
        tx.commit().await?;
        Ok(began.elapsed())
    }

    /// What an order writes on a display, by the agent's own store: the order in the journal, the word
    /// about it in the outbox, the last sequence.
    pub(crate) fn agent_once(&mut self) -> Result<Duration> {
        self.sequence += 1;
        let (id, now_ms) = (CommandId(uuid::Uuid::now_v7()), known::now_ms());
        let (start_by_ms, finish_by_ms) = (now_ms + 60_000, now_ms + 60_000);
        let order = Order { id, verb: Verb::ReportNow, start_by_ms, finish_by_ms, force_reason: None };
        let record = Record::accepted(order, self.sequence, None, now_ms);
        let began = Instant::now();
        self.journal.take(&record, true, now_ms, &self.outbox)?;
        let took = began.elapsed();
        let waiting: Vec<u64> =
            self.outbox.oldest(0, 1).context("the outbox")?.iter().map(|i| i.id).collect();
        self.outbox.remove(&waiting)?;
        Ok(took)
    }
}
