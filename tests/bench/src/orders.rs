//! An order's way: given at the API, stored, signed, sent, journalled by a real agent, acknowledged,
//! stored. Beside a bare MQTT request and response between the same identities over the same kind
//! of broker, and the commits that the order is made of.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use migrado_controller::pki::Pki;
use migrado_controller::store;
use migrado_controller::store::commands::{Command, Filter};
use migrado_link::session::{LinkEvent, LinkOptions, Publisher, Sessions, Will, link};
use migrado_link::tls::client_config;
use migrado_protocol::ids::CONTROLLER_NAME;
use migrado_protocol::topic::{Channel, controller_filters, terminal_filters};
use migrado_protocol::{CommandState, TerminalId, Topic};
use migrado_tests::broker::Mosquitto;
use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::ports;
use migrado_tests::terminal::Terminal;
use migrado_tests::wait::{seconds, until};
use serde_json::json;
use sqlx::AnyPool;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::figures::Figure;
use crate::known;

/// Orders of one measurement.
const ORDERS: usize = 200;
/// Bare round trips.
const ROUND_TRIPS: usize = 200;
/// Commits whose cost is measured.
const COMMITS: usize = 200;
/// Rest before each order, round trip and commit: orders are rare, so everybody is measured cold.
const REST: Duration = Duration::from_millis(30);
/// Commits of the controller between an order and its acknowledgement: the order with its audit
/// entry, the mark that it was sent with its sequence, the terminal's word.
const CONTROLLER_COMMITS: f64 = 3.0;
/// Commits of the agent before it acknowledges: the order in its journal with the word about it.
const AGENT_COMMITS: f64 = 1.0;
/// Time between two looks into the database whether an order is acknowledged.
const LOOK: Duration = Duration::from_micros(200);

/// The middle of some durations, in microseconds.
fn p50_us(mut all: Vec<Duration>) -> f64 {
    all.sort_unstable();
    all.get(all.len() / 2).map_or(0.0, |d| d.as_secs_f64() * 1e6)
}

/// Orders on a fleet of one display; its broker is inside the controller or Mosquitto.
async fn orders(kind: &str) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("controller");
    let places = Ports::free();
    let names = [("fp-01".to_owned(), "Anzeige 1".to_owned())];
    let address = format!("localhost:{}", places.mqtt);
    let mut config = controller::config(&data, places, kind, &address, &names);
    config["log"] = "warn".into();
    let mut controller = Controller::prepare(dir.path(), &data, places, &config)?;
    let _mosquitto = broker(kind, dir.path(), &data, places.mqtt).await?;
    controller.start().await?;
    let mut api = controller.admin().await?;
    let agent_data = dir.path().join("fp-01");
    let kiosk = ports::free();
    let agent = json!({
        "data_dir": agent_data, "kiosk": {"listen": format!("127.0.0.1:{kiosk}")}, "log": "warn",
    });
    let mut terminal = Terminal::prepare(dir.path(), "fp-01", &agent_data, kiosk, &agent)?;
    terminal.enroll(&controller, &api).await?;
    terminal.start()?;
    until("fp-01 is online", seconds(60), || async {
        let seen = api.terminal("fp-01").await.map_err(|e| format!("{e:#}"))?;
        if seen["presence"]["state"] == "online" { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    let token = api.post("/api/v1/api-tokens", json!({"name": "bench", "role": "operator"})).await?;
    api = api.with_token(token["token"].as_str().context("no token")?);
    api.base = format!("http://127.0.0.1:{}", places.loopback);
    let pool = store::open(&data.join("controller.db")).await?;
    let mut took = Vec::with_capacity(ORDERS);
    for _ in 0..ORDERS {
        let last = newest(&pool).await?.map(|c| c.id);
        tokio::time::sleep(REST).await;
        let began = Instant::now();
        // The answer to the one who ordered is beside the way of the order, not on it.
        let ordered = api.order("fp-01", json!({"verb": "identify", "seconds": 1}));
        let acknowledged = async {
            loop {
                let command = newest(&pool).await?.filter(|c| Some(c.id) != last);
                if command.is_some_and(|c| !matches!(c.state, CommandState::Queued | CommandState::Sent)) {
                    return anyhow::Ok(began.elapsed());
                }
                ensure!(began.elapsed() < seconds(20), "an order was not acknowledged");
                tokio::time::sleep(LOOK).await;
            }
        };
        let (ordered, acknowledged) = tokio::join!(ordered, acknowledged);
        ordered?;
        took.push(acknowledged?);
    }
    Ok(p50_us(took))
}

/// The command that was ordered last.
async fn newest(pool: &AnyPool) -> Result<Option<Command>> {
    let filter = Filter { terminal: Some("fp-01".into()), ..Filter::default() };
    Ok(store::commands::list(pool, &filter, 1).await?.pop())
}

async fn broker(kind: &str, dir: &Path, data: &Path, port: u16) -> Result<Option<Mosquitto>> {
    if kind == "embedded" {
        return Ok(None);
    }
    known::issue(data, 0)?;
    let mut mosquitto = Mosquitto::prepare(dir, &data.join("pki"), port)?;
    mosquitto.start().await?;
    Ok(Some(mosquitto))
}

struct Bare(TerminalId, bool);

impl Sessions for Bare {
    fn next(&mut self) -> (u64, Will) {
        let topic = if self.1 { Topic::ControllerPresence } else { Topic::of(&self.0, Channel::Presence) };
        (1, Will { topic, payload: b"{}".to_vec() })
    }
}

/// Requests of the controller's identity, answered by a display's, without anything else.
async fn round_trips(kind: &str) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("controller");
    let identities = known::issue(&data, 1)?;
    known::put(&data, &identities, false).await?;
    let port = ports::free();
    let _mosquitto = broker(kind, dir.path(), &data, port).await?;
    let _alone = match kind {
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
    let asking =
        options(CONTROLLER_NAME, client_config(pki.authority_pem(), pki.controller())?, controller_filters());
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
    let mut took = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        tokio::time::sleep(REST).await;
        let began = Instant::now();
        let (said, heard) = tokio::join!(ask(&asker, &question), message(&mut answers));
        said?;
        heard?;
        took.push(began.elapsed());
    }
    Ok(p50_us(took))
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

async fn connected(events: &mut mpsc::Receiver<LinkEvent>) -> Result<()> {
    loop {
        if let LinkEvent::Connected { .. } = events.recv().await.context("the link ended")? {
            return Ok(());
        }
    }
}

/// One row, committed by the controller's own store.
async fn controller_commit_us(dir: &Path) -> Result<f64> {
    let pool = store::open(&dir.join("commits.db")).await?;
    let mut took = Vec::with_capacity(COMMITS);
    let id: TerminalId = "fp-01".parse().map_err(|_| anyhow::anyhow!("a name"))?;
    for floor in 0..COMMITS {
        tokio::time::sleep(REST).await;
        let began = Instant::now();
        let mut tx = pool.begin().await?;
        store::commands::next_sequence(&mut tx, &id, i64::try_from(floor)?).await?;
        tx.commit().await?;
        took.push(began.elapsed());
    }
    Ok(p50_us(took))
}

/// One row, committed by the agent's kind of store.
async fn agent_commit_us(dir: &Path) -> Result<f64> {
    let table: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("journal");
    let db = redb::Database::create(dir.join("commits.redb"))?;
    let mut took = Vec::with_capacity(COMMITS);
    for n in 0..COMMITS {
        tokio::time::sleep(REST).await;
        let began = Instant::now();
        let tx = db.begin_write()?;
        tx.open_table(table)?.insert(n as u64, [7_u8; 400].as_slice())?;
        tx.commit()?;
        took.push(began.elapsed());
    }
    Ok(p50_us(took))
}

/// Measures orders over both brokers.
pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let controller_us = controller_commit_us(dir.path()).await?;
    let agent_us = agent_commit_us(dir.path()).await?;
    let commits_us = CONTROLLER_COMMITS * controller_us + AGENT_COMMITS * agent_us;
    let mut figures = Vec::new();
    for kind in ["embedded", "external"] {
        let bare_us = round_trips(kind).await?;
        let ours_us = orders(kind).await?;
        let name = format!("orders: order to acknowledgement p50, {kind}, vs 2 x bare + its commits");
        figures.push(Figure::at_most(&name, ours_us, 2.0 * bare_us + commits_us, "us", 1.0));
        let name = format!("orders: its commits ({CONTROLLER_COMMITS} + {AGENT_COMMITS}), {kind}, vs bare");
        figures.push(Figure::told(&name, commits_us, bare_us, "us"));
    }
    Ok(figures)
}
