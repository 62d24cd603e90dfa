//! A replayed, reordered, foreign or altered order never runs. The test stands where the broker is
//! taken over: it has the orders' bytes and may publish as the controller, but lacks the signing key.

use migrado_protocol::topic::{Channel, Topic};
use migrado_tests::Fleet;
use migrado_tests::mqtt::{Client, Hello};
use migrado_tests::terminal::puppet;
use migrado_tests::wait::seconds;
use serde_json::{Value, json};

fn topic(terminal: &str, channel: Channel) -> String {
    Topic::of(&terminal.parse().unwrap(), channel).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_signed_for_one_terminal_and_rise_in_sequence() {
    let fleet = Fleet::builder().without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, enrolled) = puppet(&fleet.controller, &token).await.unwrap();
    let hello = Hello { client_id: "fp-01".into(), will: None, clean: true };
    let mut client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello).await.unwrap();
    client.subscribe(&topic("fp-01", Channel::Command)).await.unwrap();
    let birth = json!({"v": 1, "session": 3, "seq": 0, "at_ms": 1,
        "body": {"is": "birth", "agent_version": "0", "started_ms": 1}});
    client.publish(&topic("fp-01", Channel::Presence), birth.to_string().as_bytes(), true).await.unwrap();
    fleet.until_online("fp-01").await;

    let mut orders: Vec<Value> = Vec::new();
    for _ in 0..2 {
        let id = fleet.api.order("fp-01", json!({"verb": "identify", "seconds": 1})).await.unwrap();
        loop {
            let heard = client.next(seconds(20)).await.expect("the order comes");
            let order: Value = serde_json::from_slice(&heard.payload).unwrap();
            let ours = order["body"]["id"] == id;
            orders.push(order);
            if ours {
                break;
            }
        }
    }
    let sequences: Vec<u64> = orders.iter().map(|o| o["sequence"].as_u64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
    for order in &orders {
        assert_eq!(order["terminal"], "fp-01");
        assert_eq!(order["key"], enrolled.signing_keys[0].id.as_str());
        assert!(!order["signature"].as_str().unwrap().is_empty());
    }
}
