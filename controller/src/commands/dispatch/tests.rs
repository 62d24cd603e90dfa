//! What is sent again, over a real database and an outlet that remembers.

use std::sync::Mutex;

use migrado_protocol::Signed;
use migrado_protocol::command::Verb;

use super::*;
use crate::api::tests::World;
use crate::commands::issue::{Issue, Issued};
use crate::commands::plan::Times;

#[derive(Debug, Default)]
struct Remembering(Mutex<Vec<Signed>>);

#[async_trait]
impl Outlet for Remembering {
    async fn publish(&self, _: &Topic, payload: Vec<u8>, _: bool, _: Option<u32>) -> Result<(), String> {
        self.0.lock().unwrap().push(serde_json::from_slice(&payload).unwrap());
        Ok(())
    }
}

#[derive(Debug)]
struct Connected;

impl Connections for Connected {
    fn session(&self, _: &TerminalId) -> Option<u64> {
        Some(1)
    }
}

fn order(world: &World, terminals: &[&str], key: Option<&str>) -> Issue {
    let now_ms = world.state.clock.now_ms();
    Issue {
        terminals: terminals.iter().map(|t| t.parse().unwrap()).collect(),
        verb: Verb::ReportNow,
        times: Times { start_by_ms: now_ms + 60_000, finish_by_ms: now_ms + 120_000 },
        force_reason: None,
        reason: None,
        actor: "test".into(),
        idempotency: key.map(|key| (key.to_owned(), "hash".to_owned())),
    }
}

fn dispatch(world: &World, connections: impl Connections + 'static) -> (Dispatch, Arc<Remembering>) {
    let (commands, outlet) = (world.state.commands.clone(), Arc::new(Remembering::default()));
    let signing = world.state.pki.signing().clone();
    (Dispatch::new(commands, outlet.clone(), Arc::new(connections), signing), outlet)
}

async fn states(world: &World) -> Vec<(CommandState, i64)> {
    let all = rows::list(&world.state.pool, &rows::Filter::default(), 100).await.unwrap();
    all.iter().map(|c| (c.state, c.revision)).collect()
}

#[tokio::test]
async fn what_is_not_acknowledged_is_sent_again_under_a_new_key_and_otherwise_once() {
    let world = World::new().await;
    let state = &world.state;
    let now_ms = state.clock.now_ms();
    // Before there is a way to the terminals it waits.
    state.commands.issue(order(&world, &["fp-01"], None)).await.unwrap();
    assert_eq!(states(&world).await, [(CommandState::Queued, 1)]);
    let (dispatch, outlet) = dispatch(&world, Connected);
    let signing = state.pki.signing().clone();
    let sent = async || {
        assert!(dispatch.look().await.unwrap());
        let sent = outlet.0.lock().unwrap();
        sent.iter().map(|order| order.key.clone()).collect::<Vec<_>>()
    };
    let old = signing.signer().public().id.clone();
    assert_eq!(sent().await, [old.as_str()]);
    assert_eq!(sent().await, [old.as_str()], "the terminal has it");
    let new = signing.rotate(now_ms).unwrap().id;
    assert_eq!(sent().await, [old.clone(), new.clone()], "the old signature counts no more");
    assert_eq!(sent().await, [old, new]);
    let sent = outlet.0.lock().unwrap();
    assert!(sent[1].sequence > sent[0].sequence, "and it is newer than the first");
}

#[tokio::test]
async fn an_order_for_who_is_connected_is_sent_with_its_issue_and_only_once() {
    let world = World::new().await;
    let (dispatch, outlet) = dispatch(&world, Connected);
    let first = world.state.commands.issue(order(&world, &["fp-01"], Some("k"))).await.unwrap();
    assert_eq!(states(&world).await, [(CommandState::Sent, 2)], "in one transaction");
    let again = world.state.commands.issue(order(&world, &["fp-01"], Some("k"))).await.unwrap();
    let Issued::Batch(batch) = first else { panic!("{first:?}") };
    assert_eq!(again, Issued::Before(batch));
    assert!(dispatch.post_queue().await.unwrap());
    assert!(dispatch.look().await.unwrap());
    assert_eq!(outlet.0.lock().unwrap().len(), 1);
    let id = rows::list(&world.state.pool, &rows::Filter::default(), 1).await.unwrap()[0].id;
    let steps = crate::store::command_steps::of_command(&world.state.pool, id).await.unwrap();
    let told: Vec<_> = steps.iter().map(|s| (s.state, s.teller.as_str())).collect();
    assert_eq!(told, [(CommandState::Queued, "test"), (CommandState::Sent, "controller")]);
    let entries = crate::store::audit::before(&world.state.pool, i64::MAX, Some("fp-01"), 10).await.unwrap();
    assert_eq!(entries.iter().filter(|e| e.entry.action == "command.issue").count(), 1);
    crate::audit::verify(&world.state.pool).await.unwrap();
}

#[tokio::test]
async fn orders_leave_in_the_order_of_their_sequences_whoever_issues_and_looks_meanwhile() {
    let world = World::new().await;
    /// Comes and goes.
    #[derive(Debug, Default)]
    struct Flickering(std::sync::atomic::AtomicU64);
    impl Connections for Flickering {
        fn session(&self, _: &TerminalId) -> Option<u64> {
            let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            (!n.is_multiple_of(3)).then_some(1)
        }
    }
    let (dispatch, outlet) = dispatch(&world, Flickering::default());
    let issue = async || {
        for _ in 0..10 {
            world.state.commands.issue(order(&world, &["fp-01"], None)).await.unwrap();
        }
    };
    let post = async || {
        for _ in 0..30 {
            assert!(dispatch.post_queue().await.unwrap());
            assert!(dispatch.look().await.unwrap());
        }
    };
    tokio::join!(issue(), post(), issue(), issue());
    for _ in 0..3 {
        assert!(dispatch.look().await.unwrap());
    }
    let sequences: Vec<u64> = outlet.0.lock().unwrap().iter().map(|order| order.sequence).collect();
    assert_eq!(sequences.len(), 30);
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
}

#[tokio::test]
async fn an_order_whose_caller_hung_up_while_it_was_stored_is_sent_all_the_same() {
    let world = World::new().await;
    let (dispatch, outlet) = dispatch(&world, Connected);
    let mut hung_up = 0;
    for n in 0..60 {
        let issue = world.state.commands.issue(order(&world, &["fp-01"], None));
        let patience = Duration::from_micros(100 * n);
        // Whole milliseconds are tokio's; a sleep on a thread of its own is finer.
        let bell = tokio::task::spawn_blocking(move || {
            let (_ringer, bell) = std::sync::mpsc::channel::<()>();
            bell.recv_timeout(patience)
        });
        tokio::select! {
            issued = issue => { issued.unwrap(); }
            _ = bell => hung_up += 1,
        }
    }
    assert!(hung_up > 0, "negative control");
    // What was cut off in the middle of its commit may be done a moment later.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(dispatch.look().await.unwrap());
    let sent: std::collections::BTreeSet<String> = {
        let sent = outlet.0.lock().unwrap();
        let id = |order: &Signed| {
            let body: serde_json::Value = serde_json::from_str(order.body.get()).unwrap();
            body["id"].as_str().unwrap().to_owned()
        };
        sent.iter().map(id).collect()
    };
    let stored = rows::list(&world.state.pool, &rows::Filter::default(), 100).await.unwrap();
    let lost: Vec<_> = stored.iter().filter(|c| !sent.contains(&c.id.to_string())).collect();
    assert!(lost.is_empty(), "{} of {} were never sent", lost.len(), stored.len());
    assert!(stored.len() > 5, "{} stored, {hung_up} hung up", stored.len());
}
