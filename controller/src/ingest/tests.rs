//! Ingest over a real database that refuses for a while.

use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::usage::Counter;

use super::*;
use crate::api::tests::World;
use crate::fleet::terminal::{Certificate, Connection};

fn enrolled(fleet: &FleetHandle, id: &TerminalId) {
    fleet.change(id, |t| {
        t.certificate = Some(Certificate { serial: "1".into(), not_after_ms: i64::MAX });
        ((), true)
    });
}

fn message(id: &TerminalId, channel: Channel, said: &serde_json::Value) -> Message {
    Message {
        topic: Topic::of(id, channel).to_string(),
        payload: said.to_string().into_bytes(),
        receipt: Receipt::none(),
    }
}

#[tokio::test]
async fn what_a_revoked_terminal_says_is_refused_and_only_its_end_is_heard() {
    let state = World::new().await;
    let state = &state.state;
    let (refusals, _refused) = Refusals::new();
    let mut ingest = Ingest::new(
        state.pool.clone(),
        state.fleet.clone(),
        state.commands.clone(),
        state.events.clone(),
        refusals.clone(),
        state.clock.clone(),
        crate::metrics::Counts::default(),
        watch::Sender::new(true),
    );
    let id: TerminalId = "fp-01".parse().unwrap();
    let presence = |body: serde_json::Value| {
        let said = serde_json::json!({ "v": 1, "session": 5, "seq": 0, "at_ms": 1, "body": body });
        message(&id, Channel::Presence, &said)
    };
    let birth = || presence(serde_json::json!({ "is": "birth", "agent_version": "0", "started_ms": 1 }));
    let connection = || state.fleet.get(&id).unwrap().connection;
    ingest.take(vec![birth()]).await;
    assert_eq!((connection(), refusals.counts()["revoked"]), (Connection::Never, 1));
    enrolled(&state.fleet, &id);
    ingest.take(vec![birth()]).await;
    assert_eq!(connection(), Connection::Standing, "negative control");
    state.fleet.change(&id, |t| (t.certificate = None, true));
    ingest.take(vec![presence(serde_json::json!({ "is": "death", "cause": "lost" }))]).await;
    assert!(matches!(connection(), Connection::Ended(_)), "{:?}", connection());
}

#[tokio::test]
async fn what_the_database_refuses_is_kept_until_it_takes_it() {
    let state = World::new().await;
    let state = &state.state;
    let storing = watch::Sender::new(true);
    let mut told = storing.subscribe();
    let (refusals, _refused) = Refusals::new();
    let mut ingest = Ingest::new(
        state.pool.clone(),
        state.fleet.clone(),
        state.commands.clone(),
        state.events.clone(),
        refusals,
        state.clock.clone(),
        crate::metrics::Counts::default(),
        storing,
    );
    let said = serde_json::json!({
        "v": 1, "session": 1, "seq": 1, "at_ms": 1,
        "body": { "hour": 480_000, "counts": { Counter::ALL[0].word(): 7 } },
    });
    let id: TerminalId = "fp-01".parse().unwrap();
    enrolled(&state.fleet, &id);
    let message = message(&id, Channel::Usage, &said);
    let change = async |table: &'static str| {
        sqlx::query(table).execute(&state.pool).await.unwrap();
    };
    change("ALTER TABLE usage_hours RENAME TO away").await;
    let repair = async {
        told.wait_for(|storing| !storing).await.unwrap();
        change("ALTER TABLE away RENAME TO usage_hours").await;
    };
    tokio::join!(ingest.take(vec![message]), repair);
    assert!(*told.borrow(), "the database takes it again");
    let hours = usage::since(&state.pool, Some("fp-01"), 0).await.unwrap();
    assert_eq!(hours[&480_000][&Counter::ALL[0]], 7);
}
