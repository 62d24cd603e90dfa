//! An order's way. On the wire: signed, sent, checked and journalled by a real agent, acknowledged;
//! and the whole of it, from the API to the stored acknowledgement. Beside a bare MQTT request and
//! response between the same kinds of identities over the same kind of broker, and the commits that
//! the way is made of.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use migrado_controller::store;
use migrado_controller::store::commands::{Command, Filter};
use migrado_protocol::CommandState;
use migrado_tests::api::Api;
use migrado_tests::broker::Mosquitto;
use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::ports;
use migrado_tests::terminal::Terminal;
use migrado_tests::wait::{seconds, until};
use serde_json::json;
use sqlx::AnyPool;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::bare::{Commits, RoundTrips};
use crate::figures::Figure;
use crate::known;
use crate::wire_orders::WireOrders;

/// Rounds of one measurement. Orders, bare round trips and commits take turns one by one: a sync right
/// behind another costs a third of one after a pause, and disks have moods.
const ROUNDS: usize = 500;
/// Commits of the controller between an order and its stored acknowledgement: the order with its
/// audit entry and its sequence, the terminal's word.
const CONTROLLER_COMMITS: f64 = 2.0;
/// Time between two looks into the database whether an order is acknowledged. The kernel's timer is
/// asked, not tokio's, which counts in milliseconds.
const LOOK: Duration = Duration::from_micros(50);
/// Time within which an order must be acknowledged.
pub(crate) const ACKNOWLEDGED_LIMIT: Duration = Duration::from_secs(20);

/// The middle of some durations, in microseconds.
fn p50_us(mut all: Vec<Duration>) -> f64 {
    all.sort_unstable();
    all.get(all.len() / 2).map_or(0.0, |d| d.as_secs_f64() * 1e6)
}

/// A fleet of one display; its broker is inside the controller or Mosquitto.
pub(crate) struct Orders {
    api: Api,
    watcher: Watcher,
    /// Of the broker.
    pub(crate) port: u16,
    pub(crate) controller: Controller,
    pub(crate) dir: tempfile::TempDir,
    _terminal: Terminal,
    _mosquitto: Option<Mosquitto>,
}

impl Orders {
    pub(crate) async fn start(kind: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let data = dir.path().join("controller");
        let places = Ports::free();
        let names = [("fp-01".to_owned(), "Anzeige 1".to_owned())];
        let address = format!("localhost:{}", places.mqtt);
        let mut config = controller::config(&data, places, kind, &address, &names);
        config["log"] = "warn".into();
        let mut controller = Controller::prepare(dir.path(), &data, places, &config)?;
        let mosquitto = broker(kind, dir.path(), &data, places.mqtt).await?;
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
        let watcher = Watcher::start(&data.join("controller.db"))?;
        Ok(Self {
            api,
            watcher,
            port: places.mqtt,
            controller,
            dir,
            _terminal: terminal,
            _mosquitto: mosquitto,
        })
    }

    /// One order, from the request to the stored acknowledgement.
    pub(crate) async fn once(&self) -> Result<Duration> {
        self.watcher.arm().await?;
        let began = Instant::now();
        // The answer to the one who ordered is beside the way of the order, not on it.
        let ordered = self.api.order("fp-01", json!({"verb": "report_now"}));
        let (ordered, acknowledged) = tokio::join!(ordered, self.watcher.acknowledged());
        ordered?;
        Ok(acknowledged?.duration_since(began))
    }
}

/// The command that was ordered last.
async fn newest(pool: &AnyPool) -> Result<Option<Command>> {
    let filter = Filter { terminal: Some("fp-01".into()), ..Filter::default() };
    Ok(store::commands::list(pool, &filter, 1).await?.pop())
}

/// Mosquitto where it is wanted.
pub(crate) async fn broker(kind: &str, dir: &Path, data: &Path, port: u16) -> Result<Option<Mosquitto>> {
    if kind == "embedded" {
        return Ok(None);
    }
    known::issue(data, 0)?;
    let mut mosquitto = Mosquitto::prepare(dir, &data.join("pki"), port)?;
    mosquitto.start().await?;
    Ok(Some(mosquitto))
}

/// A thread that looks into the controller's database.
struct Watcher {
    arm: std::sync::mpsc::Sender<oneshot::Sender<()>>,
    told: tokio::sync::Mutex<mpsc::Receiver<Instant>>,
}

impl Watcher {
    #[expect(clippy::disallowed_methods, reason = "the thread is its own, and tokio's timer is too coarse")]
    fn start(file: &Path) -> Result<Self> {
        let (arm, armed) = std::sync::mpsc::channel::<oneshot::Sender<()>>();
        let (tell, told) = mpsc::channel(1);
        let (file, runtime) =
            (file.to_owned(), tokio::runtime::Builder::new_current_thread().enable_all().build()?);
        let watch = async move {
            let pool = store::open(&file).await?;
            while let Ok(ready) = armed.recv() {
                let last = newest(&pool).await?.map(|c| c.id);
                ready.send(()).ok();
                let waits = |c: &Command| matches!(c.state, CommandState::Queued | CommandState::Sent);
                while newest(&pool).await?.is_none_or(|c| Some(c.id) == last || waits(&c)) {
                    std::thread::sleep(LOOK);
                }
                let acknowledged = Instant::now();
                // What it still does belongs to no other order's time.
                while newest(&pool).await?.is_some_and(|c| !c.state.is_settled()) {
                    std::thread::sleep(LOOK);
                }
                tell.send(acknowledged).await?;
            }
            anyhow::Ok(())
        };
        std::thread::spawn(move || runtime.block_on(watch));
        Ok(Self { arm, told: tokio::sync::Mutex::new(told) })
    }

    /// Takes the newest command of now for the one before the next.
    async fn arm(&self) -> Result<()> {
        let (ready, is_ready) = oneshot::channel();
        self.arm.send(ready)?;
        Ok(is_ready.await?)
    }

    /// When the next one was acknowledged.
    async fn acknowledged(&self) -> Result<Instant> {
        let mut told = self.told.lock().await;
        let told = tokio::time::timeout(ACKNOWLEDGED_LIMIT, told.recv()).await;
        told.context("an order was not acknowledged in time")?.context("nobody looks any more")
    }
}

/// Measures orders over both brokers. What they are held against is measured in turn with them: the
/// cost of a sync changes with whatever else the disk does.
pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for kind in ["embedded", "external"] {
        let (orders, mut wire) = (Orders::start(kind).await?, WireOrders::start(kind).await?);
        let (mut bare, mut commits) = (RoundTrips::start(kind).await?, Commits::open().await?);
        let mut took: [Vec<Duration>; 5] = std::array::from_fn(|_| Vec::with_capacity(ROUNDS));
        for _ in 0..ROUNDS {
            let once = [
                wire.once().await?,
                bare.once().await?,
                commits.agent_once()?,
                orders.once().await?,
                commits.controller_once().await?,
            ];
            took.iter_mut().zip(once).for_each(|(all, one)| all.push(one));
        }
        let [wire_us, bare_us, agent_us, whole_us, controller_us] = took.map(p50_us);
        let named = |what: &str| format!("orders: {what}, {kind}");
        let limit_us = 2.0 * bare_us + agent_us;
        let name = named("order, journalled, acknowledged p50 vs 2 x bare + its sync");
        figures.push(Figure::at_most(&name, wire_us, limit_us, "us", 1.0));
        figures.push(Figure::told(&named("its sync vs bare"), agent_us, bare_us, "us"));
        let name = named("from the API to the stored acknowledgement p50 vs 2 x bare + 3 syncs");
        let limit_us = 2.0 * bare_us + CONTROLLER_COMMITS * controller_us + agent_us;
        figures.push(Figure::told(&name, whole_us, limit_us, "us"));
    }
    Ok(figures)
}
