//! What is sent again, over a real database and an outlet that remembers.

use std::sync::Mutex;

use migrado_protocol::command::Verb;

use super::*;
use crate::api::tests::World;
use crate::commands::issue::Issue;
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

#[tokio::test]
async fn what_is_not_acknowledged_is_sent_again_under_a_new_key_and_otherwise_once() {
    let world = World::new().await;
    let state = &world.state;
    let now_ms = state.clock.now_ms();
    state
        .commands
        .issue(Issue {
            terminals: vec!["fp-01".parse().unwrap()],
            verb: Verb::ReportNow,
            times: Times { start_by_ms: now_ms + 60_000, finish_by_ms: now_ms + 120_000 },
            force_reason: None,
            reason: None,
            actor: "test".into(),
            idempotency: None,
        })
        .await
        .unwrap();
    let outlet = Arc::new(Remembering::default());
    let signing = state.pki.signing().clone();
    let dispatch =
        Dispatch::new(state.commands.clone(), outlet.clone(), Arc::new(Connected), signing.clone());
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
