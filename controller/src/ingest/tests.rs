//! Ingest over a real database: what it refuses for a while is kept, what was stored is receipted,
//! who was revoked is not heard, the past is told as the past.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::usage::Counter;
use serde_json::{Value, json};
use sqlx::Row as _;

use super::*;
use crate::api::tests::World;
use crate::commands::dispatch::Outlet;
use crate::fleet::terminal::{Certificate, Connection};

/// Keeps what is published.
#[derive(Debug, Default)]
struct Said(Mutex<Vec<(String, Value)>>);

#[async_trait]
impl Outlet for Said {
    async fn publish(&self, topic: &Topic, payload: Vec<u8>, _: bool, _: Option<u32>) -> Result<(), String> {
        let value = serde_json::from_slice(&payload).unwrap();
        self.0.lock().unwrap().push((topic.to_string(), value));
        Ok(())
    }
}

struct Bench {
    world: World,
    ingest: Ingest,
    said: Arc<Said>,
    refusals: Refusals,
    totals: Totals,
    storing: watch::Receiver<bool>,
    _carry: tokio::task::JoinHandle<()>,
}

fn id() -> TerminalId {
    "fp-01".parse().unwrap()
}

impl Bench {
    async fn new() -> Self {
        let world = World::new().await;
        let state = &world.state;
        let certificate = Certificate { serial: "a1".into(), not_after_ms: i64::MAX };
        state.fleet.change(&id(), |t| {
            t.certificate = Some(certificate);
            ((), true)
        });
        state.registry.put(&state.fleet.get(&id()).unwrap()).await.unwrap();
        let said = Arc::new(Said::default());
        let (receipts, carry) = Receipts::new(said.clone());
        let carry = tokio::spawn(carry);
        let (refusals, _refused) = Refusals::new();
        let (sender, storing) = watch::channel(true);
        let totals = Totals::default();
        let ingest = Ingest::new(Parts {
            pool: state.pool.clone(),
            fleet: state.fleet.clone(),
            commands: state.commands.clone(),
            refusals: refusals.clone(),
            clock: state.clock.clone(),
            counts: crate::metrics::Counts::default(),
            totals: totals.clone(),
            receipts,
            storing: sender,
        });
        Self { world, ingest, said, refusals, totals, storing, _carry: carry }
    }

    async fn sql(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.world.state.pool).await.unwrap();
    }

    async fn take(&mut self, channel: Channel, said: Value) {
        self.ingest.take(vec![message(channel, &said)]).await;
    }

    /// The items that were receipted, once there are so many.
    async fn items(&self, n: usize) -> Vec<u64> {
        loop {
            let items: Vec<u64> = self
                .said
                .0
                .lock()
                .unwrap()
                .iter()
                .inspect(|(topic, _)| assert_eq!(topic, "migrado/v1/t/fp-01/receipt"))
                .flat_map(|(_, r)| r["items"].as_array().unwrap().clone())
                .map(|item| item.as_u64().unwrap())
                .collect();
            if items.len() >= n {
                return items;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn lines(&self) -> Vec<(i64, String)> {
        let rows = sqlx::query("SELECT at_ms, code FROM timeline WHERE kind = 'health' ORDER BY id")
            .fetch_all(&self.world.state.pool)
            .await
            .unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

fn message(channel: Channel, said: &Value) -> Message {
    Message {
        topic: Topic::of(&id(), channel).to_string(),
        payload: said.to_string().into_bytes(),
        retained: false,
        receipt: Receipt::none(),
    }
}

fn hour() -> i64 {
    crate::clock::now_ms() / HOUR_MS
}

fn usage_said(item: u64, hour: i64, n: u32) -> Value {
    json!({ "v": 1, "session": 1, "seq": 0, "at_ms": 1, "item": item,
            "body": { "hour": hour, "counts": { Counter::ALL[0].word(): n } } })
}

#[tokio::test]
async fn what_the_database_refuses_is_kept_until_it_takes_it_and_receipted_then() {
    let mut bench = Bench::new().await;
    bench.sql("ALTER TABLE usage_hours RENAME TO away").await;
    let (pool, mut storing) = (bench.world.state.pool.clone(), bench.storing.clone());
    let said = bench.said.clone();
    let repair = async move {
        storing.wait_for(|storing| !storing).await.unwrap();
        assert!(said.0.lock().unwrap().is_empty(), "a receipt before the commit");
        sqlx::query("ALTER TABLE away RENAME TO usage_hours").execute(&pool).await.unwrap();
    };
    let hour = hour();
    tokio::join!(bench.take(Channel::Usage, usage_said(5, hour, 7)), repair);
    assert!(*bench.storing.borrow(), "the database takes it again");
    assert_eq!(bench.items(1).await, [5]);
    let hours = usage::since(&bench.world.state.pool, Some("fp-01"), 0).await.unwrap();
    assert_eq!(hours[&hour][&Counter::ALL[0]], 7);
    let totals = bench.totals.by_site(&bench.world.state.fleet);
    assert_eq!(totals[&("fp".to_owned(), Counter::ALL[0].word())], 7);
}

#[tokio::test]
async fn who_was_revoked_is_not_heard_and_gets_no_receipt() {
    let mut bench = Bench::new().await;
    bench.take(Channel::Usage, usage_said(1, hour(), 1)).await;
    assert_eq!(bench.items(1).await, [1], "with a certificate it is heard");
    bench.world.state.fleet.change(&id(), |t| {
        t.certificate = None;
        ((), true)
    });
    bench.take(Channel::Usage, usage_said(2, hour(), 9)).await;
    tokio::task::yield_now().await;
    assert_eq!(bench.items(1).await, [1]);
    assert_eq!(bench.refusals.counts()["revoked"], 1);
    let hours = usage::since(&bench.world.state.pool, Some("fp-01"), 0).await.unwrap();
    assert_eq!(hours.into_values().next().unwrap()[&Counter::ALL[0]], 1);
}

#[tokio::test]
async fn of_a_revoked_terminal_only_its_end_is_heard() {
    let mut bench = Bench::new().await;
    let fleet = bench.world.state.fleet.clone();
    let said = |body: Value| json!({ "v": 1, "session": 5, "seq": 0, "at_ms": 1, "body": body });
    let birth = said(json!({ "is": "birth", "agent_version": "0", "started_ms": 1 }));
    let connection = || fleet.get(&id()).unwrap().connection;
    bench.take(Channel::Presence, birth.clone()).await;
    assert_eq!(connection(), Connection::Standing, "negative control");
    fleet.change(&id(), |t| (t.certificate = None, true));
    bench.take(Channel::Presence, said(json!({ "is": "death", "cause": "lost" }))).await;
    assert!(matches!(connection(), Connection::Ended(_)), "{:?}", connection());
    bench.take(Channel::Presence, birth).await;
    assert!(matches!(connection(), Connection::Ended(_)), "{:?}", connection());
}

#[tokio::test]
async fn a_fault_that_nobody_could_hear_stands_once_at_its_own_time_and_changes_nothing_now() {
    let mut bench = Bench::new().await;
    let fault = |item: u64, at_ms: i64, state: &str, reason: &str| {
        json!({ "v": 1, "session": 9, "seq": 0, "at_ms": at_ms, "replayed": true, "item": item,
                "body": { "health": { "printer": { "state": state, "reason": reason, "since_ms": at_ms } } } })
    };
    bench.take(Channel::Report, fault(3, 1_000, "failed", "paper_jam")).await;
    bench.take(Channel::Report, fault(4, 2_000, "ok", "other")).await;
    // Its receipt was lost, so it is told again.
    bench.take(Channel::Report, fault(3, 1_000, "failed", "paper_jam")).await;
    assert_eq!(bench.items(3).await, [3, 4, 3]);
    let lines = bench.lines().await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((lines[0].0, lines[1].0), (1_000, 2_000));
    let terminal = bench.world.state.fleet.get(&id()).unwrap();
    assert!(terminal.reported.health.is_empty() && terminal.seq == 0, "the past is not the present");
}

#[tokio::test]
async fn a_row_that_nobody_can_read_holds_up_nobody() {
    let mut bench = Bench::new().await;
    let command = uuid::Uuid::from_u128(7);
    let insert = format!(
        "INSERT INTO commands (id, batch, terminal, verb, state, issued_by, issued_ms, start_by_ms, finish_by_ms,
           cancel_requested, sent_mark, cancel_mark, has_logs, revision)
         VALUES ('{command}', 'b', 'fp-01', '{{\"verb\":\"fly\"}}', 'sent', 'a', 0, 0, 0, 0, '', '', 0, 1)"
    );
    sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&bench.world.state.pool).await.unwrap();
    let ack = json!({ "v": 1, "session": 1, "seq": 0, "at_ms": 1, "item": 1,
                      "body": { "id": command, "state": "succeeded", "at_ms": 1 } });
    let messages = vec![message(Channel::Ack, &ack), message(Channel::Usage, &usage_said(2, hour(), 4))];
    bench.ingest.take(messages).await;
    assert_eq!(bench.items(2).await, [1, 2]);
    assert_eq!(bench.refusals.counts()["unreadable_command"], 1);
    let hours = usage::since(&bench.world.state.pool, Some("fp-01"), 0).await.unwrap();
    assert_eq!(hours.len(), 1, "the rest of the group is stored");
}

#[tokio::test]
async fn hours_that_cannot_be_are_refused_for_good() {
    let mut bench = Bench::new().await;
    for (item, off) in [(1, 48), (2, -USAGE_HOURS_BACK - 1), (3, 1_000_000)] {
        bench.take(Channel::Usage, usage_said(item, hour() + off, 1)).await;
    }
    bench.take(Channel::Usage, usage_said(4, hour() - USAGE_HOURS_BACK + 1, 1)).await;
    assert_eq!(bench.items(4).await, [1, 2, 3, 4], "none of them is told for ever");
    assert_eq!(bench.refusals.counts()["usage_hour_out_of_range"], 3);
    let hours = usage::since(&bench.world.state.pool, Some("fp-01"), 0).await.unwrap();
    assert_eq!(hours.len(), 1);
}

async fn put_all(pool: &AnyPool, terminal: &Arc<Terminal>) {
    let mut tx = Tx::begin(pool, "test").await.unwrap();
    terminals::put_readings(&mut tx, std::slice::from_ref(terminal)).await.unwrap();
    terminals::put_states(&mut tx, std::slice::from_ref(terminal)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_ingest_writes_brings_no_revoked_or_removed_terminal_back() {
    let mut bench = Bench::new().await;
    let pool = bench.world.state.pool.clone();
    bench.take(Channel::Usage, usage_said(1, hour(), 1)).await;
    let with_certificate = bench.world.state.fleet.get(&id()).unwrap();
    let mut revoked = (*with_certificate).clone();
    revoked.certificate = None;
    bench.world.state.registry.put(&revoked).await.unwrap();
    // As if the group had been composed just before the revocation.
    put_all(&pool, &with_certificate).await;
    assert_eq!(terminals::all(&pool).await.unwrap()[0].certificate, None);
    bench.world.state.registry.remove(&id()).await.unwrap();
    put_all(&pool, &with_certificate).await;
    assert!(terminals::all(&pool).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_message_leaves_the_disk_as_the_fleet_has_it() {
    let mut bench = Bench::new().await;
    let said = |session: u64, seq: u64, body: Value| json!({ "v": 1, "session": session, "seq": seq, "at_ms": 1, "body": body });
    let system = |load: u32| {
        json!({ "at_ms": 1, "cpu_percent": 3, "load1_centi": load, "memory_used_bytes": 1, "memory_total_bytes": 2,
                "received_bytes": 0, "sent_bytes": 0, "booted_ms": 0 })
    };
    let verdict = json!({ "level": "inform_only", "because": [], "since_ms": 5 });
    let health = json!({ "printer": { "state": "failed", "reason": "paper_jam", "since_ms": 5 } });
    let printer = json!({ "main": { "at_ms": 1, "source": "ipp", "state": "idle", "accepting": true, "asleep": false } });
    let page = json!({ "heartbeat_ms": 9, "session": true, "build": "1" });
    let messages = [
        (Channel::Presence, said(5, 0, json!({ "is": "birth", "agent_version": "0", "started_ms": 1 }))),
        (Channel::Report, said(5, 1, json!({ "full": true, "system": system(1), "generation": 4 }))),
        (Channel::Report, said(5, 2, json!({ "system": system(2) }))),
        (Channel::Report, said(5, 3, json!({ "health": health }))),
        (Channel::Report, said(5, 4, json!({ "verdict": verdict, "system": system(3) }))),
        (Channel::Report, said(5, 5, json!({ "printers": printer }))),
        (
            Channel::Report,
            said(
                5,
                6,
                json!({ "page": page, "services": { "cups": { "active": "active", "sub": "running" } } }),
            ),
        ),
        (Channel::Report, said(5, 7, json!({ "printers": { "main": null }, "generation": 5 }))),
        (Channel::Presence, said(5, 0, json!({ "is": "death", "cause": "lost" }))),
    ];
    for (channel, message) in messages {
        let before = bench.world.state.fleet.get(&id()).unwrap();
        bench.take(channel, message.clone()).await;
        let now = bench.world.state.fleet.get(&id()).unwrap();
        assert_ne!(now, before, "{message} was taken");
        let stored = terminals::all(&bench.world.state.pool).await.unwrap().pop().unwrap();
        let comparable = Terminal { certificate: stored.certificate.clone(), ..(*now).clone() };
        assert_eq!(stored, comparable, "after {message}");
    }
}

#[tokio::test]
async fn a_neighbor_that_a_display_asks_no_more_stands_in_the_audit_log_once() {
    let mut bench = Bench::new().await;
    let report = |seq: u64, liars: &[&str]| {
        let dropped: Vec<Value> = liars
            .iter()
            .map(|liar| json!({ "terminal": liar, "finding": "neighbor_lied", "object": "0b" }))
            .collect();
        json!({ "v": 1, "session": 1, "seq": seq, "at_ms": 1, "body": { "content": { "update": {
            "name": "r", "manifest": "0a", "state": "downloading", "since_ms": 1, "attempts": 1,
            "neighbors_dropped": dropped } } } })
    };
    bench
        .take(
            Channel::Presence,
            json!({ "v": 1, "session": 1, "seq": 0, "at_ms": 1,
            "body": { "is": "birth", "agent_version": "0", "started_ms": 1 } }),
        )
        .await;
    for (seq, liars) in [(1, &[][..]), (2, &["fp-07"]), (3, &["fp-07"]), (4, &["fp-08"]), (5, &["fp-09"])] {
        bench.take(Channel::Report, report(seq, liars)).await;
    }
    let rows = sqlx::query("SELECT actor, object, detail FROM audit WHERE action = 'neighbor.drop'")
        .fetch_all(&bench.world.state.pool)
        .await
        .unwrap();
    let rows: Vec<[String; 3]> = rows.iter().map(|row| [row.get(0), row.get(1), row.get(2)]).collect();
    let words = "fp-07: neighbor_lied, object 0b";
    assert_eq!(rows, [["fp-01", "fp-01", words].map(str::to_owned)], "no more than one in a minute");
    let terminal = bench.world.state.fleet.get(&id()).unwrap();
    let update = terminal.reported.content.as_ref().unwrap().update.as_ref().unwrap();
    assert_eq!(update.neighbors_dropped[0].terminal.as_str(), "fp-09", "the report is the newest");
}
