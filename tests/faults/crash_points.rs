//! Killed in the middle: what was acknowledged is there, what was ordered runs once.

use migrado_tests::Fleet;
use serde_json::{Value, json};

fn runs(command: &Value) -> usize {
    command["history"].as_array().unwrap().iter().filter(|h| h["state"] == "running").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_killed_in_the_middle_of_a_command_learns_its_end() {
    let mut fleet = Fleet::builder().start().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    let id = fleet.api.order("fp-01", json!({"verb": "reset_session"})).await.unwrap();
    fleet.until_command(&id, &["accepted"]).await;
    fleet.controller.kill().await;
    // While it is dead the session ends and the reset runs.
    kiosk.end().await.unwrap();
    fleet.controller.start().await.unwrap();
    let done = fleet.until_command(&id, &["succeeded", "failed", "rejected"]).await;
    assert_eq!((done["state"].as_str(), runs(&done) <= 1), (Some("succeeded"), true), "{done}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_killed_while_an_order_waits_runs_it_once_afterwards() {
    let mut fleet = Fleet::builder().start().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    let id = fleet.api.order("fp-01", json!({"verb": "reset_session"})).await.unwrap();
    fleet.until_command(&id, &["accepted"]).await;
    fleet.terminals[0].kill().await;
    fleet.terminals[0].start().unwrap();
    let done = fleet.until_command(&id, &["succeeded", "failed", "rejected"]).await;
    assert!(runs(&done) <= 1, "{done}");
}
