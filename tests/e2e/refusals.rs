//! Bad words of a terminal are counted and audited, never a panic, never a disconnect loop.

use migrado_protocol::limits::PAYLOAD_BYTES_MAX;
use migrado_protocol::topic::{Channel, Topic};
use migrado_tests::mqtt::{Client, Hello};
use migrado_tests::terminal::puppet;
use migrado_tests::wait::seconds;
use migrado_tests::{BrokerKind, Fleet, with_both_brokers};
use serde_json::json;

fn topic(channel: Channel) -> String {
    Topic::of(&"fp-01".parse().unwrap(), channel).to_string()
}

fn hello() -> Hello {
    Hello { client_id: "fp-01".into(), will: None, clean: true }
}

fn envelope(session: u64, seq: u64, body: serde_json::Value) -> Vec<u8> {
    json!({"v": 1, "session": session, "seq": seq, "at_ms": 1, "body": body}).to_string().into_bytes()
}

fn birth(session: u64) -> Vec<u8> {
    envelope(session, 0, json!({"is": "birth", "agent_version": "0.0.0", "started_ms": 1}))
}

with_both_brokers!(malformed_and_unknown_words_are_counted_by_reason_and_the_connection_lives);
async fn malformed_and_unknown_words_are_counted_by_reason_and_the_connection_lives(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    let mut client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello()).await.unwrap();
    let report = topic(Channel::Report);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for malformed in [
        "{",
        "null",
        "\u{0}\u{1}",
        deep.as_str(),
        r#"{"v":1,"session":-1}"#,
        r#"{"v":1,"session":1,"seq":1,"at_ms":1e999,"body":{}}"#,
    ] {
        client.publish(&report, malformed.as_bytes(), false).await.unwrap();
    }
    fleet.controller.wait_metric("migrado_refused_total", &["malformed"], 6.0).await;
    client.publish(&report, br#"{"v":99,"news":true}"#, false).await.unwrap();
    fleet.controller.wait_metric("migrado_refused_total", &["unknown_version"], 1.0).await;
    // The connection and the controller live, and good words are still heard.
    client.publish(&topic(Channel::Presence), &birth(5), true).await.unwrap();
    fleet.until_online("fp-01").await;
    fleet.controller.process().must_live().unwrap();
}

with_both_brokers!(an_oversized_message_harms_nobody_else);
async fn an_oversized_message_harms_nobody_else(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).terminals(2).start().await;
    fleet.terminals[0].kill().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    let mut client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello()).await.unwrap();
    let large = vec![b' '; PAYLOAD_BYTES_MAX + 1024];
    let said = client.publish(&topic(Channel::Report), &large, false).await;
    assert!(
        said.is_err() || said.is_ok_and(|code| code < 0x80 || code == 0x95),
        "neither refused nor dropped"
    );
    fleet.until_online("fp-02").await;
    fleet.controller.process().must_live().unwrap();
}

with_both_brokers!(a_late_will_of_an_old_session_changes_nothing);
async fn a_late_will_of_an_old_session_changes_nothing(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    let mut client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello()).await.unwrap();
    let presence = topic(Channel::Presence);
    let death = |session| envelope(session, 0, json!({"is": "death", "cause": "lost"}));
    client.publish(&presence, &birth(8), true).await.unwrap();
    fleet.until_online("fp-01").await;
    client.publish(&presence, &death(7), true).await.unwrap();
    migrado_tests::wait::never("an old will took the display away", seconds(3), || async {
        let seen = fleet.api.terminal("fp-01").await.unwrap();
        if seen["presence"]["state"] == "online" { Err(()) } else { Ok(seen) }
    })
    .await;
    // Negative control: the will of this session does; those who come straight back are only late.
    client.publish(&presence, &death(8), true).await.unwrap();
    fleet.until_terminal("fp-01", "is late", |t| t["presence"]["state"] != "online").await;
}

with_both_brokers!(a_gap_makes_the_controller_ask_for_the_whole);
async fn a_gap_makes_the_controller_ask_for_the_whole(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    let mut client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello()).await.unwrap();
    client.subscribe(&topic(Channel::Command)).await.unwrap();
    client.publish(&topic(Channel::Presence), &birth(3), true).await.unwrap();
    let report = topic(Channel::Report);
    client.publish(&report, &envelope(3, 1, json!({"full": true})), false).await.unwrap();
    fleet.until_online("fp-01").await;
    client.publish(&report, &envelope(3, 5, json!({"generation": 1})), false).await.unwrap();
    let end = tokio::time::Instant::now() + seconds(20);
    loop {
        let heard = client.next(seconds(20)).await.expect("the controller asks for the whole");
        if String::from_utf8_lossy(&heard.payload).contains("report_now") {
            break;
        }
        assert!(tokio::time::Instant::now() < end, "only {heard:?} came");
    }
}

with_both_brokers!(usage_that_comes_twice_counts_once);
async fn usage_that_comes_twice_counts_once(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    let mut client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello()).await.unwrap();
    client.publish(&topic(Channel::Presence), &birth(3), true).await.unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let hour = now.as_secs() / 3600;
    for sheets in [4, 4, 7, 7, 5] {
        let body = json!({"hour": hour, "counts": {"sheets_printed": sheets}});
        client.publish(&topic(Channel::Usage), &envelope(3, 0, body), false).await.unwrap();
    }
    fleet.until_terminal("fp-01", "has 7 sheets", |t| t["usage_today"]["sheets_printed"] == 7).await;
}
