//! A display renews its certificate by itself, and nothing that is lost on the way locks it out.

use migrado_tests::authority::{Wanted, issue};
use migrado_tests::mqtt::{Client, Hello, Identity};
use migrado_tests::terminal::{https, puppet};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{BrokerKind, Fleet, with_both_brokers};
use serde_json::{Value, json};

const DAY_S: i64 = 24 * 60 * 60;
const KNOWN_AS: &str = "/terminal/v1/identity";

fn hello(client_id: &str) -> Hello {
    Hello { client_id: client_id.into(), will: None, clean: true }
}

async fn serial(fleet: &Fleet, id: &str) -> String {
    fleet.api.terminal(id).await.unwrap()["certificate"]["serial"].as_str().unwrap().to_owned()
}

/// Puts a certificate in the display's place that only its dates tell from the enrolled one: it is
/// due for renewal.
async fn make_due(fleet: &Fleet) -> Identity {
    let mut identity = fleet.terminals[0].identity().unwrap();
    let serial = serial(fleet, "fp-01").await;
    let (from_s, until_s) = (-70 * DAY_S, 20 * DAY_S);
    let wanted = Wanted { name: "fp-01", hosts: &[], serial: Some(&serial), from_s, until_s };
    let key_pem = identity["key_pem"].as_str().unwrap().to_owned();
    identity["certificate_pem"] = issue(&fleet.controller, &wanted, &key_pem).unwrap().into();
    fleet.terminals[0].set_identity(&identity).unwrap();
    fleet.terminals[0].as_client().unwrap()
}

async fn audited(fleet: &Fleet, action: &str) -> usize {
    let log = fleet.api.get("/api/v1/audit?limit=200").await.unwrap();
    let items = log["items"].as_array().unwrap();
    items.iter().filter(|e| e["action"] == action && e["result"] == "ok").count()
}

with_both_brokers!(a_display_renews_its_certificate_by_itself_without_a_restart);
async fn a_display_renews_its_certificate_by_itself_without_a_restart(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).without_agents().start().await;
    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    let old = make_due(&fleet).await;
    let old_serial = serial(&fleet, "fp-01").await;
    fleet.terminals[0].start().unwrap();
    let renewed = fleet
        .until_terminal("fp-01", "uses a new certificate", |t| t["certificate"]["serial"] != *old_serial)
        .await;
    assert!(renewed["certificate"]["not_after_ms"].as_i64() > Some(0));
    // The controller sees the new one a moment before the display hears of it.
    until("a new key is in use", seconds(30), || async {
        let kept = fleet.terminals[0].identity().unwrap_or(Value::Null);
        if kept["next"].is_null() && kept["key_pem"] != old.key_pem { Ok(()) } else { Err(kept) }
    })
    .await;
    let new = fleet.terminals[0].as_client().unwrap();
    assert_eq!(audited(&fleet, "certificate.renew").await, 1);
    assert_eq!(audited(&fleet, "certificate.replace").await, 1);
    // The next connection shows the new one: the embedded broker would not let the old one in.
    let before = fleet.line.connections();
    fleet.line.cut().await;
    until("it dials again", seconds(30), || async {
        let now = fleet.line.connections();
        if now > before { Ok(()) } else { Err(now) }
    })
    .await;
    let order = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    fleet.until_command(&order, &["succeeded"]).await;
    // HTTPS too, and the old one opens nothing any more.
    let said = https(&fleet.controller, &old).unwrap().get(KNOWN_AS).await.unwrap();
    assert_eq!((said.0, &said.1["code"]), (403, &json!("certificate_refused")));
    assert_eq!(https(&fleet.controller, &new).unwrap().get(KNOWN_AS).await.unwrap().0, 200);
    if broker == BrokerKind::Embedded {
        let port = fleet.controller.ports.mqtt;
        assert!(Client::connect(port, &old, &hello("fp-01")).await.is_err(), "the old one was let in");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_the_new_certificate_was_seen_both_open_and_then_only_the_new_one() {
    let mut fleet = Fleet::builder().without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (old, _) = puppet(&fleet.controller, &token).await.unwrap();
    // Two answers are lost; the controller is killed and started in between.
    for _ in 0..2 {
        assert_eq!(https(&fleet.controller, &old).unwrap().renew(&old).await.unwrap().0, 200);
        fleet.controller.kill().await;
        fleet.controller.start().await.unwrap();
    }
    let port = fleet.controller.ports.mqtt;
    Client::connect(port, &old, &hello("fp-01")).await.expect("an answer was lost, and the old one counts");
    let (_, new, _) = https(&fleet.controller, &old).unwrap().renew(&old).await.unwrap();
    let new = new.unwrap();
    Client::connect(port, &old, &hello("fp-01")).await.expect("the new one was not seen yet");
    Client::connect(port, &new, &hello("fp-01")).await.expect("the new one counts at once");
    assert!(Client::connect(port, &old, &hello("fp-01")).await.is_err(), "the new one was seen");
    assert_eq!(https(&fleet.controller, &old).unwrap().renew(&old).await.unwrap().0, 403);
    // So it is after a restart, too.
    fleet.controller.kill().await;
    fleet.controller.start().await.unwrap();
    Client::connect(port, &new, &hello("fp-01")).await.unwrap();
    assert!(Client::connect(port, &old, &hello("fp-01")).await.is_err(), "came back after a restart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_that_lost_its_power_in_the_middle_of_a_renewal_comes_back() {
    // The controller has seen the new certificate or not; the display does not know.
    for is_seen in [false, true] {
        let mut fleet = Fleet::builder().without_agents().start().await;
        fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
        let old = fleet.terminals[0].as_client().unwrap();
        // An answer that was lost altogether, and one that reached the disk.
        https(&fleet.controller, &old).unwrap().renew(&old).await.unwrap();
        let (_, new, _) = https(&fleet.controller, &old).unwrap().renew(&old).await.unwrap();
        let new = new.unwrap();
        let mut identity = fleet.terminals[0].identity().unwrap();
        identity["next"] = json!({"key_pem": new.key_pem, "certificate_pem": new.certificate_pem});
        fleet.terminals[0].set_identity(&identity).unwrap();
        if is_seen {
            assert_eq!(https(&fleet.controller, &new).unwrap().get(KNOWN_AS).await.unwrap().0, 200);
            assert_eq!(https(&fleet.controller, &old).unwrap().get(KNOWN_AS).await.unwrap().0, 403);
        }
        fleet.terminals[0].start().unwrap();
        fleet.until_online("fp-01").await;
        until("the new pair is in use", seconds(30), || async {
            let kept = fleet.terminals[0].identity().unwrap_or(Value::Null);
            if kept["key_pem"] == new.key_pem && kept["next"].is_null() {
                Ok(())
            } else {
                Err(kept["next"].clone())
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_that_the_controller_does_not_know_is_dropped_for_the_old_one() {
    let mut fleet = Fleet::builder().without_agents().start().await;
    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    let old = fleet.terminals[0].as_client().unwrap();
    let (_, overtaken, _) = https(&fleet.controller, &old).unwrap().renew(&old).await.unwrap();
    // A request that was answered later than it was sent: another one was issued after it.
    https(&fleet.controller, &old).unwrap().renew(&old).await.unwrap();
    let overtaken = overtaken.unwrap();
    let mut identity = fleet.terminals[0].identity().unwrap();
    identity["next"] = json!({"key_pem": overtaken.key_pem, "certificate_pem": overtaken.certificate_pem});
    fleet.terminals[0].set_identity(&identity).unwrap();
    fleet.terminals[0].start().unwrap();
    fleet.until_online("fp-01").await;
    until("the pair is dropped", seconds(30), || async {
        let kept = fleet.terminals[0].identity().unwrap_or(Value::Null);
        if kept["next"].is_null() && kept["key_pem"] == old.key_pem { Ok(()) } else { Err(kept) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_revoked_renews_nothing_and_nobody_renews_another() {
    let fleet = Fleet::builder().terminals(2).without_agents().start().await;
    let enrolled = async |id: &str| {
        let token = fleet.api.enroll_token(id).await.unwrap();
        puppet(&fleet.controller, &token).await.unwrap().0
    };
    let (revoked, other) = (enrolled("fp-01").await, enrolled("fp-02").await);
    let (_, issued, _) = https(&fleet.controller, &revoked).unwrap().renew(&revoked).await.unwrap();
    fleet.api.post("/api/v1/terminals/fp-01/revoke", json!({})).await.unwrap();
    // Neither the one in use nor the one that waited.
    for identity in [&revoked, &issued.unwrap()] {
        let (status, new, body) = https(&fleet.controller, identity).unwrap().renew(identity).await.unwrap();
        assert_eq!((status, &body["code"]), (403, &json!("certificate_refused")));
        assert!(new.is_none());
    }
    // The name in a new certificate is that of the one shown, whatever the request says.
    let (status, renewed, _) = https(&fleet.controller, &other).unwrap().renew(&other).await.unwrap();
    assert_eq!(status, 200);
    let known = https(&fleet.controller, &renewed.unwrap()).unwrap().get(KNOWN_AS).await.unwrap();
    assert_eq!(known.1["terminal"], "fp-02");
    // And without a certificate nothing is told at all.
    let mut stranger = fleet.controller.stranger().unwrap();
    stranger.base = format!("https://localhost:{}", fleet.controller.ports.terminal);
    for path in [KNOWN_AS, "/terminal/v1/signing-keys"] {
        let said = stranger.send(reqwest::Method::GET, path, None, &[]).await.unwrap();
        assert_eq!(said.status.as_u16(), 401, "{path}");
    }
}
