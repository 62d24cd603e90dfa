//! A revoked display is out: at the embedded broker at once; at Mosquitto, which does not ask the
//! controller, when it has read the revocation list.

use migrado_protocol::topic::{Channel, Topic};
use migrado_tests::mqtt::{Client, Hello, Identity};
use migrado_tests::terminal::{https, puppet};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{BrokerKind, Fleet, needs_program};
use serde_json::json;

fn hello(id: &str) -> Hello {
    Hello { client_id: id.into(), will: None, clean: true }
}

fn topic(id: &str, channel: Channel) -> String {
    Topic::of(&id.parse().unwrap(), channel).to_string()
}

async fn enrolled(fleet: &Fleet, id: &str) -> Identity {
    let token = fleet.api.enroll_token(id).await.unwrap();
    puppet(&fleet.controller, &token).await.unwrap().0
}

/// What is asked of the terminal listener with this certificate, by status.
async fn https_says(fleet: &Fleet, identity: &Identity) -> Vec<u16> {
    let listener = https(&fleet.controller, identity).unwrap();
    let mut said = vec![listener.renew(identity).await.unwrap().0];
    for path in ["/terminal/v1/identity", "/terminal/v1/signing-keys"] {
        said.push(listener.get(path).await.unwrap().0);
    }
    said
}

async fn revoke(fleet: &Fleet, id: &str) {
    fleet.api.post(&format!("/api/v1/terminals/{id}/revoke"), json!({})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_display_is_thrown_out_at_once_and_another_stays() {
    let mut fleet = Fleet::builder().terminals(2).without_agents().start().await;
    let (one, two) = (enrolled(&fleet, "fp-01").await, enrolled(&fleet, "fp-02").await);
    let port = fleet.controller.ports.mqtt;
    let mut revoked = Client::connect(port, &one, &hello("fp-01")).await.unwrap();
    let mut other = Client::connect(port, &two, &hello("fp-02")).await.unwrap();
    revoke(&fleet, "fp-01").await;
    assert!(revoked.is_ended(seconds(5)).await, "still connected after being revoked");
    for is_restarted in [false, true] {
        if is_restarted {
            fleet.controller.kill().await;
            fleet.controller.start().await.unwrap();
        }
        let back = Client::connect(port, &one, &hello("fp-01")).await;
        assert!(back.is_err(), "came back; controller restarted: {is_restarted}");
        assert_eq!(https_says(&fleet, &one).await, [403, 403, 403], "restarted: {is_restarted}");
        if !is_restarted {
            let said = other.publish(&topic("fp-02", Channel::Report), b"{}", false).await;
            assert!(said.is_ok_and(|code| code < 0x80), "another one was thrown out, too");
        }
        assert_eq!(https_says(&fleet, &two).await, [200, 200, 200], "restarted: {is_restarted}");
    }
    fleet.controller.wait_metric("migrado_refused_total", &["revoked"], 1.0).await;
    // Enrolled anew it is let in, and what it held before is not.
    let again = enrolled(&fleet, "fp-01").await;
    Client::connect(port, &again, &hello("fp-01")).await.unwrap();
    assert!(Client::connect(port, &one, &hello("fp-01")).await.is_err(), "the revoked one came back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquitto_lets_no_revoked_display_in_once_it_has_read_the_list() {
    needs_program!("mosquitto_revocation", "mosquitto");
    let fleet = Fleet::builder().broker(BrokerKind::Mosquitto).terminals(2).without_agents().start().await;
    let (one, two) = (enrolled(&fleet, "fp-01").await, enrolled(&fleet, "fp-02").await);
    let port = fleet.controller.ports.mqtt;
    let mut standing = Client::connect(port, &one, &hello("fp-01")).await.unwrap();
    let mut other = Client::connect(port, &two, &hello("fp-02")).await.unwrap();
    revoke(&fleet, "fp-01").await;
    // HTTPS asks the controller, so there it is out at once, with this broker, too.
    assert_eq!(https_says(&fleet, &one).await, [403, 403, 403]);
    fleet.mosquitto.as_ref().unwrap().reload().await.unwrap();
    // It says so a moment before it uses the list.
    until("the revoked one is refused", seconds(10), || async {
        match Client::connect(port, &one, &hello("fp-01")).await {
            Ok(_) => Err("came back after the reload"),
            Err(_) => Ok(()),
        }
    })
    .await;
    Client::connect(port, &two, &hello("fp-02")).await.expect("another one is let in");
    assert!(other.is_ended(seconds(10)).await, "taken over by its own second connection");
    // Mosquitto leaves a connection that stands; what comes over it is refused and counted.
    let birth = json!({"v": 1, "session": 3, "seq": 0, "at_ms": 1,
        "body": {"is": "birth", "agent_version": "0", "started_ms": 1}});
    let said = standing.publish(&topic("fp-01", Channel::Presence), birth.to_string().as_bytes(), true).await;
    assert!(
        said.is_ok_and(|code| code < 0x80),
        "Mosquitto ends such connections now: say so in deploy/broker"
    );
    fleet.controller.wait_metric("migrado_refused_total", &["revoked"], 1.0).await;
    let seen = fleet.api.terminal("fp-01").await.unwrap();
    assert_eq!(seen["presence"]["state"], "unknown", "{seen}");
    // Enrolled anew it is let in again.
    let again = enrolled(&fleet, "fp-01").await;
    Client::connect(port, &again, &hello("fp-01")).await.unwrap();
}
