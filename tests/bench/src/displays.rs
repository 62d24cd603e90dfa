//! Simulated displays: thousands of the agent's own MQTT sessions in one process, with the shipped
//! protocol and link. They say what a display says, jittered; they sense nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use migrado_link::session::{LinkEvent, LinkOptions, Publisher, Sessions, Will, link};
use migrado_protocol::envelope::SCHEMA_VERSION;
use migrado_protocol::health::{Component, Health};
use migrado_protocol::presence::{Birth, DeathCause, Presence};
use migrado_protocol::printer::{Amount, Printer, PrinterState, Supply, Tray};
use migrado_protocol::report::{Clock, Page, Report, Storage, System};
use migrado_protocol::topic::{Channel, terminal_filters};
use migrado_protocol::verdict::{Level, Verdict};
use migrado_protocol::{Envelope, TerminalId, Topic};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::known::{Identity, now_ms};

/// Handshakes under way at once: two cores do no more.
const DIALS_MAX: usize = 64;
/// Time within which a display must be connected.
const CONNECT_LIMIT: Duration = Duration::from_secs(300);
/// Time between two looks at what is due to be said.
const TICK: Duration = Duration::from_millis(5);

/// One display.
#[derive(Debug)]
struct Display {
    at: usize,
    id: TerminalId,
    publisher: Publisher,
    session: u64,
    seq: AtomicU64,
}

/// Displays with standing connections; they end with it.
#[derive(Debug, Default)]
pub(crate) struct Displays {
    all: Vec<Arc<Display>>,
    links: JoinSet<()>,
}

struct Numbers(TerminalId);

impl Sessions for Numbers {
    fn next(&mut self) -> (u64, Will) {
        let session = now_ms().unsigned_abs();
        let death = envelope(session, 0, Presence::Death { cause: DeathCause::Lost });
        let topic = Topic::of(&self.0, Channel::Presence);
        (session, Will { topic, payload: death.encode() })
    }
}

fn envelope<B>(session: u64, seq: u64, body: B) -> Envelope<B> {
    Envelope { v: SCHEMA_VERSION, session, seq, at_ms: now_ms(), replayed: false, item: None, body }
}

impl Displays {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Connects displays to a broker; returns when all are subscribed.
    pub(crate) async fn connect(&mut self, identities: &[Identity], broker: &str) -> Result<()> {
        let dials = Arc::new(Semaphore::new(DIALS_MAX));
        let mut coming = JoinSet::new();
        for identity in identities {
            let at = self.all.len() + coming.len();
            let permit = dials.clone().acquire_owned().await?;
            let (connected, told) = oneshot::channel();
            let (publisher, mut events, driver) =
                link(options(identity, broker), Numbers(identity.id.clone()));
            self.links.spawn(driver);
            self.links.spawn(async move {
                let mut connected = Some(connected);
                while let Some(event) = events.recv().await {
                    if let LinkEvent::Connected { session } = event
                        && let Some(connected) = connected.take()
                    {
                        connected.send(session).ok();
                    }
                }
            });
            let id = identity.id.clone();
            coming.spawn(async move {
                let session = tokio::time::timeout(CONNECT_LIMIT, told).await;
                drop(permit);
                let session = session.context("not connected in time")?.context("the link ended")?;
                anyhow::Ok(Arc::new(Display { at, id, publisher, session, seq: AtomicU64::new(0) }))
            });
        }
        let mut new = coming.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
        new.sort_by_key(|d| d.at);
        self.all.extend(new);
        Ok(())
    }

    /// Birth and whole report of the displays from the n-th on.
    pub(crate) async fn appear(&self, from: usize, per_s: f64) -> Result<()> {
        self.say(from..self.len(), self.len() - from, per_s, |display| {
            let born = Birth { agent_version: "0.1.0".into(), started_ms: now_ms(), away: None };
            (Channel::Presence, envelope(display.session, 0, Presence::Birth(born)).encode())
        })
        .await?;
        self.say(from..self.len(), self.len() - from, per_s, |display| {
            let seq = display.seq.fetch_add(1, Ordering::Relaxed) + 1;
            (Channel::Report, envelope(display.session, seq, whole(display.at, now_ms())).encode())
        })
        .await
    }

    /// Reports of the usual change by the first `n` displays in turn, at a rate; returns when the
    /// broker has acknowledged all.
    pub(crate) async fn report(&self, n: usize, reports: usize, per_s: f64) -> Result<()> {
        self.say(0..n, reports, per_s, |display| {
            let seq = display.seq.fetch_add(1, Ordering::Relaxed) + 1;
            (Channel::Report, envelope(display.session, seq, moved(display.at, seq, now_ms())).encode())
        })
        .await
    }

    async fn say(
        &self,
        displays: std::ops::Range<usize>,
        messages: usize,
        per_s: f64,
        say: impl Fn(&Display) -> (Channel, Vec<u8>),
    ) -> Result<()> {
        let displays = self.all.get(displays).context("so many displays there are not")?;
        let began = Instant::now();
        let mut under_way = JoinSet::new();
        let mut said = 0;
        while said < messages {
            let due = messages.min(((began.elapsed().as_secs_f64() * per_s) as usize).saturating_add(1));
            for n in said..due {
                let display = displays[n % displays.len()].clone();
                let (channel, payload) = say(&display);
                under_way.spawn(async move {
                    let topic = Topic::of(&display.id, channel);
                    display.publisher.publish(&topic, payload, channel.is_retained(), None).await
                });
            }
            said = due;
            while let Some(done) = under_way.try_join_next() {
                done??;
            }
            if per_s.is_finite() {
                tokio::time::sleep(TICK).await;
            }
        }
        while let Some(done) = under_way.join_next().await {
            done??;
        }
        Ok(())
    }
}

fn options(identity: &Identity, broker: &str) -> LinkOptions {
    LinkOptions {
        broker: broker.to_owned(),
        client_id: identity.id.to_string(),
        tls: identity.tls.clone(),
        // Their pings would be the larger part of 10,000 quiet displays.
        keep_alive_s: 240,
        session_expiry_s: 3600,
        filters: terminal_filters(&identity.id),
        username: None,
    }
}

fn system(at: usize, n: u64, now_ms: i64) -> System {
    let wobble = (at as u64 * 7 + n * 13) % 90;
    System {
        at_ms: now_ms,
        cpu_percent: u8::try_from(wobble).unwrap_or(0),
        load1_centi: 20 + u32::try_from(wobble).unwrap_or(0),
        memory_used_bytes: 1_200_000_000 + wobble * 10_000_000,
        memory_total_bytes: 4_010_000_000,
        temperature_celsius: Some(41),
        received_bytes: 5_000_000 + n * 1_100_000,
        sent_bytes: 900_000 + n * 300_000,
        booted_ms: 1_790_000_000_000,
    }
}

fn storage(now_ms: i64) -> Storage {
    Storage {
        at_ms: now_ms,
        free_bytes: 21_000_000_000,
        total_bytes: 31_000_000_000,
        free_inodes: Some(1_800_000),
        total_inodes: Some(1_900_000),
        writable: true,
    }
}

/// What a healthy display with one printer says when it says everything.
pub(crate) fn whole(at: usize, now_ms: i64) -> Report {
    use Component as C;
    let parts = [C::System, C::Storage, C::Clock, C::Services, C::Printer, C::Page, C::Usage, C::Content];
    let supply = |name: &str, left| Supply {
        name: name.into(),
        kind: "toner".into(),
        color: Some("#000000".into()),
        left: Amount::Percent(left),
        receptacle: false,
    };
    let tray = |name: &str, left| Tray {
        name: name.into(),
        media: Some("iso_a4_210x297mm".into()),
        left: Amount::Percent(left),
    };
    let printer = Printer {
        at_ms: now_ms,
        source: "cups+ipp".into(),
        make: Some("Xerox B210".into()),
        state: PrinterState::Idle,
        accepting: Some(true),
        asleep: false,
        reasons: Vec::new(),
        message: None,
        supplies: vec![
            supply("Black Toner", 61),
            supply("Cyan Toner", 72),
            supply("Magenta Toner", 33),
            supply("Yellow Toner", 54),
        ],
        trays: vec![tray("Tray 1", 80), tray("Tray 2", 45)],
        jobs: Some(0),
        impressions: Some(120_000),
    };
    Report {
        full: true,
        verdict: Some(Verdict { level: Level::FullService, because: Vec::new(), since_ms: now_ms }),
        health: parts.into_iter().map(|c| (c, Health::ok(now_ms))).collect(),
        system: Some(system(at, 0, now_ms)),
        storage: Some(storage(now_ms)),
        clock: Some(Clock { at_ms: now_ms, synchronized: Some(true), offset_ms: Some(12) }),
        services: Some(BTreeMap::new()),
        printers: [("main".to_owned(), Some(printer))].into(),
        content: None,
        page: Some(Page { heartbeat_ms: Some(now_ms), session: false, build: Some("0.1.0".into()) }),
        generation: None,
    }
}

/// The usual change: figures that moved, 410 bytes with the envelope.
pub(crate) fn moved(at: usize, n: u64, now_ms: i64) -> Report {
    // A file system without inodes, as many displays have.
    let storage = Storage { free_inodes: None, total_inodes: None, ..storage(now_ms) };
    Report { system: Some(system(at, n, now_ms)), storage: Some(storage), ..Report::default() }
}

/// Fails when the usual report is not the size that is measured elsewhere.
pub(crate) fn check_size() -> Result<usize> {
    let bytes = envelope(now_ms().unsigned_abs(), 1_000, moved(17, 1_000, now_ms())).encode().len();
    ensure!((390..=430).contains(&bytes), "the usual report has {bytes} bytes, not about 410");
    Ok(bytes)
}
