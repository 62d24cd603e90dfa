//! What an operator orders happens on the display once, and comes back proven.

use migrado_protocol::topic::{Channel, Topic};
use migrado_tests::mqtt::{Client, Hello};
use migrado_tests::terminal::puppet;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{BrokerKind, Fleet, with_both_brokers};
use serde_json::{Value, json};

fn states(command: &Value) -> Vec<&str> {
    command["history"].as_array().unwrap().iter().filter_map(|h| h["state"].as_str()).collect()
}

fn times(command: &Value, state: &str) -> usize {
    states(command).into_iter().filter(|s| *s == state).count()
}

with_both_brokers!(an_order_is_acknowledged_by_the_display);
async fn an_order_is_acknowledged_by_the_display(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).start().await;
    let id = fleet.api.order("fp-01", json!({"verb": "identify", "seconds": 2})).await.unwrap();
    let done = fleet.until_command(&id, &["succeeded", "failed", "rejected"]).await;
    assert_eq!(done["state"], "succeeded", "{done}");
    assert_eq!(times(&done, "running"), 1, "{done}");
}

with_both_brokers!(an_order_for_a_display_that_is_away_waits_and_runs_once);
async fn an_order_for_a_display_that_is_away_waits_and_runs_once(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
    assert!(fleet.terminals[0].stop().await);
    fleet.until_terminal("fp-01", "is away", |t| t["presence"]["state"] != "online").await;
    let id = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    assert_eq!(fleet.api.command(&id).await.unwrap()["state"], "queued");
    // The queue of a display that is away outlives the controller.
    fleet.controller.kill().await;
    fleet.controller.start().await.unwrap();
    fleet.terminals[0].start().unwrap();
    let done = fleet.until_command(&id, &["succeeded", "failed", "rejected", "timed_out"]).await;
    assert_eq!((done["state"].as_str(), times(&done, "running")), (Some("succeeded"), 1), "{done}");
}

with_both_brokers!(a_reset_waits_for_the_end_of_a_session_and_a_forced_one_does_not);
async fn a_reset_waits_for_the_end_of_a_session_and_a_forced_one_does_not(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).start().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("uk").await.unwrap();
    let waiting = fleet.api.order("fp-01", json!({"verb": "reset_session"})).await.unwrap();
    let seen = fleet.until_command(&waiting, &["accepted"]).await;
    assert!(seen["waits_until_ms"].is_number(), "{seen}");
    kiosk.end().await.unwrap();
    fleet.until_command(&waiting, &["succeeded"]).await;

    kiosk.begin("ar").await.unwrap();
    let forced = fleet
        .api
        .order_with("fp-01", json!({"verb": "reset_session"}), json!({"force_reason": "Besucher ist fort"}))
        .await
        .unwrap();
    fleet.until_command(&forced, &["succeeded"]).await;
}

with_both_brokers!(what_waits_can_be_taken_back);
async fn what_waits_can_be_taken_back(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).start().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    let id = fleet.api.order("fp-01", json!({"verb": "reset_session"})).await.unwrap();
    fleet.until_command(&id, &["accepted"]).await;
    fleet.api.post(&format!("/api/v1/commands/{id}/cancel"), json!({})).await.unwrap();
    let seen = fleet.until_command(&id, &["canceled", "succeeded", "failed"]).await;
    assert_eq!((seen["state"].as_str(), times(&seen, "running")), (Some("canceled"), 0), "{seen}");
    kiosk.end().await.unwrap();
}

with_both_brokers!(the_agent_restarts_once_and_says_afterwards_that_it_did);
async fn the_agent_restarts_once_and_says_afterwards_that_it_did(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
    let id = fleet.api.order("fp-01", json!({"verb": "restart_agent"})).await.unwrap();
    let end = tokio::time::Instant::now() + seconds(60);
    let mut restarts = 0;
    let done = loop {
        restarts += usize::from(fleet.terminals[0].supervise().unwrap());
        if let Ok(done) = fleet.api.command_in(&id, &["succeeded", "failed", "rejected"]).await {
            break done;
        }
        assert!(tokio::time::Instant::now() < end, "{}", fleet.terminals[0].words());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!((done["state"].as_str(), restarts), (Some("succeeded"), 1), "{done}");
}

with_both_brokers!(what_the_display_does_not_allow_is_rejected_with_a_reason);
async fn what_the_display_does_not_allow_is_rejected_with_a_reason(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).start().await;
    let order = json!({"verb": "restart_service", "unit": "ssh.service"});
    let id = fleet.api.order("fp-01", order).await.unwrap();
    let seen = fleet.until_command(&id, &["rejected", "succeeded", "failed"]).await;
    assert_eq!(
        (seen["state"].as_str(), seen["rejection"].as_str()),
        (Some("rejected"), Some("unit_not_listed")),
        "{seen}"
    );
}

with_both_brokers!(a_time_out_is_overruled_by_the_displays_later_word);
async fn a_time_out_is_overruled_by_the_displays_later_word(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    let hello = Hello { client_id: "fp-01".into(), will: None, clean: true };
    let mut display = Client::connect(fleet.controller.ports.mqtt, &identity, &hello).await.unwrap();
    let topic = |channel| Topic::of(&"fp-01".parse().unwrap(), channel).to_string();
    let says = |body: Value| json!({"v": 1, "session": 3, "seq": 0, "at_ms": 1, "body": body}).to_string();
    let birth = says(json!({"is": "birth", "agent_version": "0", "started_ms": 1}));
    display.subscribe(&topic(Channel::Command)).await.unwrap();
    display.publish(&topic(Channel::Presence), birth.as_bytes(), true).await.unwrap();
    fleet.until_online("fp-01").await;
    let short = json!({"start_by_s": 2, "finish_by_s": 3});
    let id = fleet.api.order_with("fp-01", json!({"verb": "report_now"}), short).await.unwrap();
    let ack = |state: &str| says(json!({"id": id, "state": state, "at_ms": 1}));
    display.publish(&topic(Channel::Ack), ack("accepted").as_bytes(), false).await.unwrap();
    // The controller gives it a minute of grace after its end, for words on the way.
    let ask = || async { fleet.api.command_in(&id, &["timed_out"]).await.map_err(|e| e.to_string()) };
    until("the controller gives up", seconds(120), ask).await;
    display.publish(&topic(Channel::Ack), ack("succeeded").as_bytes(), false).await.unwrap();
    fleet.until_command(&id, &["succeeded"]).await;
}
