//! The broker is gone, at the start or in the middle: everybody waits, nobody spins, nothing is lost.

use migrado_tests::{BrokerKind, Fleet, needs_program};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_goes_and_comes_back_loses_no_order_and_no_usage() {
    needs_program!("broker_loss", "mosquitto");
    let mut fleet = Fleet::builder().broker(BrokerKind::Mosquitto).start().await;
    fleet.mosquitto.as_mut().unwrap().kill().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    kiosk.end().await.unwrap();
    let id = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    fleet.mosquitto.as_mut().unwrap().start().await.unwrap();
    fleet.until_online("fp-01").await;
    fleet.until_command(&id, &["succeeded"]).await;
    fleet.until_terminal("fp-01", "has counted", |t| t["usage_today"]["sessions_begun"] == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_starts_before_the_controller_finds_it_later() {
    let mut fleet = Fleet::builder().start().await;
    assert!(fleet.terminals[0].stop().await);
    assert!(fleet.controller.stop().await, "the controller ends in order");
    fleet.terminals[0].start().unwrap();
    // Its page serves a visitor all the same.
    let kiosk = fleet.terminals[0].kiosk();
    migrado_tests::wait::until("the page answers", migrado_tests::wait::seconds(20), || async {
        kiosk.view().await.map_err(|e| e.to_string())
    })
    .await;
    fleet.controller.start().await.unwrap();
    fleet.until_online("fp-01").await;
}
