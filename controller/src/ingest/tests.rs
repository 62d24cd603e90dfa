//! Ingest over a real database that refuses for a while.

use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::usage::Counter;

use super::*;
use crate::api::tests::World;

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
    let message = Message {
        topic: Topic::of(&id, Channel::Usage).to_string(),
        payload: said.to_string().into_bytes(),
        receipt: Receipt::none(),
    };
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
