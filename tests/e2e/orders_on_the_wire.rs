//! A replayed, reordered, foreign or altered order never runs. The test stands where the broker is
//! taken over: it has the orders' bytes and publishes as the controller, but lacks the signing key.

use migrado_protocol::topic::{Channel, Topic};
use migrado_tests::mqtt::{Client, Hello};
use migrado_tests::terminal::puppet;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{BrokerKind, Fleet, needs_program, with_both_brokers};
use serde_json::{Value, json};

fn topic(terminal: &str, channel: Channel) -> String {
    Topic::of(&terminal.parse().unwrap(), channel).to_string()
}

fn hello(client_id: &str) -> Hello {
    Hello { client_id: client_id.into(), will: None, clean: true }
}

/// An order as it went over the wire.
struct Captured {
    id: String,
    bytes: Vec<u8>,
}

impl Captured {
    fn frame(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

/// Orders `n` times and captures what the broker brings for the display, which is a puppet meanwhile.
async fn capture(fleet: &Fleet, n: usize) -> (Vec<Captured>, migrado_protocol::enroll::EnrollResponse) {
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, enrolled) = puppet(&fleet.controller, &token).await.unwrap();
    let mut client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello("fp-01")).await.unwrap();
    client.subscribe(&topic("fp-01", Channel::Command)).await.unwrap();
    let birth = json!({"v": 1, "session": 3, "seq": 0, "at_ms": 1,
        "body": {"is": "birth", "agent_version": "0", "started_ms": 1}});
    client.publish(&topic("fp-01", Channel::Presence), birth.to_string().as_bytes(), true).await.unwrap();
    fleet.until_online("fp-01").await;
    let mut captured = Vec::new();
    for _ in 0..n {
        let id = fleet.api.order("fp-01", json!({"verb": "identify", "seconds": 100})).await.unwrap();
        let bytes = loop {
            let heard = client.next(seconds(20)).await.expect("the order comes");
            let order: Value = serde_json::from_slice(&heard.payload).unwrap();
            if order["body"]["id"] == id {
                break heard.payload;
            }
        };
        captured.push(Captured { id, bytes });
    }
    (captured, enrolled)
}

with_both_brokers!(orders_are_signed_for_one_terminal_and_rise_in_sequence);
async fn orders_are_signed_for_one_terminal_and_rise_in_sequence(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).without_agents().start().await;
    let (captured, enrolled) = capture(&fleet, 2).await;
    let frames: Vec<Value> = captured.iter().map(Captured::frame).collect();
    let sequences: Vec<u64> = frames.iter().map(|o| o["sequence"].as_u64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
    for order in &frames {
        assert_eq!(order["terminal"], "fp-01");
        assert_eq!(order["key"], enrolled.signing_keys[0].id.as_str());
        assert!(!order["signature"].as_str().unwrap().is_empty());
    }
}

/// Whoever holds the broker, listening to what the displays say.
struct Intruder {
    client: Client,
    acks: Vec<(String, Value)>,
}

impl Intruder {
    async fn publish(&mut self, terminal: &str, bytes: &[u8]) {
        let said = self.client.publish(&topic(terminal, Channel::Command), bytes, false).await.unwrap();
        assert!(said < 0x80, "the broker refused: {said:#x}");
    }

    /// Listens until a display has said this of a command.
    async fn until(&mut self, id: &str, state: &str) -> Value {
        let end = tokio::time::Instant::now() + seconds(30);
        loop {
            let found = self.acks.iter().rfind(|(_, a)| a["id"] == id && a["state"] == state);
            if let Some((_, ack)) = found {
                return ack.clone();
            }
            assert!(tokio::time::Instant::now() < end, "no {state} of {id} in {:?}", self.acks);
            self.listen(seconds(1)).await;
        }
    }

    async fn listen(&mut self, limit: std::time::Duration) {
        while let Some(heard) = self.client.next(limit).await {
            let envelope: Value = serde_json::from_slice(&heard.payload).unwrap();
            self.acks.push((heard.topic, envelope["body"].clone()));
        }
    }

    /// How often a display said that it began this command.
    fn runs(&self, id: &str) -> usize {
        self.acks.iter().filter(|(_, a)| a["id"] == id && a["state"] == "running").count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replayed_reordered_foreign_and_altered_orders_never_run() {
    needs_program!("orders_on_the_wire", "mosquitto");
    // Only an external broker can be held without the controller.
    let builder = Fleet::builder().broker(BrokerKind::Mosquitto).terminals(2).without_agents();
    let mut fleet = builder.start().await;
    let (orders, _) = capture(&fleet, 3).await;
    let [older, good, newer] = &orders[..] else { panic!("three orders") };
    for terminal in &mut fleet.terminals {
        terminal.enroll(&fleet.controller, &fleet.api).await.unwrap();
    }
    let identity = fleet.controller.forge("controller", 2020, 2090).unwrap();
    fleet.controller.kill().await;
    let client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello("controller")).await.unwrap();
    let mut intruder = Intruder { client, acks: Vec::new() };
    for terminal in ["fp-01", "fp-02"] {
        intruder.client.subscribe(&topic(terminal, Channel::Ack)).await.unwrap();
    }
    for terminal in &mut fleet.terminals {
        terminal.start().unwrap();
    }
    for terminal in &fleet.terminals {
        until("it is connected", seconds(30), || async {
            let words = terminal.words();
            if words.contains(" connected session=") { Ok(()) } else { Err(words) }
        })
        .await;
    }

    let altered =
        String::from_utf8(good.bytes.clone()).unwrap().replacen("\"seconds\":100", "\"seconds\":101", 1);
    assert_ne!(altered.as_bytes(), good.bytes);
    intruder.publish("fp-01", altered.as_bytes()).await;
    intruder.publish("fp-02", &good.bytes).await;
    // Negative control: untouched it runs, so the altered one did not because it was altered.
    intruder.publish("fp-01", &good.bytes).await;
    intruder.until(&good.id, "succeeded").await;
    intruder.publish("fp-01", &good.bytes).await;
    intruder.publish("fp-01", &older.bytes).await;
    let late = intruder.until(&older.id, "rejected").await;
    assert_eq!(late["rejection"], "out_of_order", "{late}");
    // A later one still runs: what was refused has not stopped the display.
    intruder.publish("fp-01", &newer.bytes).await;
    intruder.until(&newer.id, "succeeded").await;
    intruder.listen(seconds(2)).await;
    let runs = [older, good, newer].map(|order| intruder.runs(&order.id));
    assert_eq!(runs, [0, 1, 1], "{:?}", intruder.acks);
    assert!(intruder.acks.iter().all(|(topic, _)| topic.contains("fp-01")), "{:?}", intruder.acks);
    assert_eq!(fleet.terminals[1].kiosk().view().await.unwrap()["identify"], false);
    assert_eq!(fleet.terminals[0].kiosk().view().await.unwrap()["identify"], true);
    assert!(fleet.terminals[0].words().contains("wrong_signature"), "{}", fleet.terminals[0].words());
    assert!(fleet.terminals[1].words().contains("reason=\"foreign\""), "{}", fleet.terminals[1].words());
}
