//! The broker is gone, at the start or in the middle: everybody waits, nobody spins, nothing is lost.

use migrado_tests::{BrokerKind, Fleet, with_both_brokers};
use serde_json::json;

with_both_brokers!(a_broker_that_goes_and_comes_back_loses_no_order_and_no_usage);
async fn a_broker_that_goes_and_comes_back_loses_no_order_and_no_usage(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    let waiting = fleet.api.order("fp-01", json!({"verb": "reset_session"})).await.unwrap();
    fleet.until_command(&waiting, &["accepted"]).await;
    // The embedded broker goes with the controller.
    match &mut fleet.mosquitto {
        Some(mosquitto) => mosquitto.kill().await,
        None => fleet.controller.kill().await,
    }
    kiosk.end().await.unwrap();
    let queued = match broker {
        BrokerKind::Mosquitto => Some(fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap()),
        BrokerKind::Embedded => None,
    };
    match &mut fleet.mosquitto {
        Some(mosquitto) => mosquitto.start().await.unwrap(),
        None => fleet.controller.start().await.unwrap(),
    }
    fleet.until_online("fp-01").await;
    for id in [Some(waiting), queued].into_iter().flatten() {
        fleet.until_command(&id, &["succeeded"]).await;
    }
    fleet.until_terminal("fp-01", "has counted", |t| t["usage_today"]["sessions_begun"] == 1).await;
}

with_both_brokers!(an_agent_that_starts_before_the_controller_finds_it_later);
async fn an_agent_that_starts_before_the_controller_finds_it_later(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
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
