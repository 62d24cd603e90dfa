//! The key that signs orders is replaced: displays follow, whether they were there or not, and
//! nobody else can put a key of his own in its place.

use std::process::Stdio;

use migrado_link::signing::Signer;
use migrado_protocol::desired::Desired;
use migrado_protocol::endorse::{Endorsement, SigningChain};
use migrado_protocol::signed::Purpose;
use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::{Signed, TerminalId};
use migrado_tests::mqtt::{Client, Hello, Identity};
use migrado_tests::pretender::Pretender;
use migrado_tests::wait::{never, seconds, until};
use migrado_tests::{BrokerKind, Fleet, programs, with_both_brokers};
use serde_json::{Value, json};

async fn rotate(fleet: &Fleet) -> String {
    let key = fleet.api.post("/api/v1/signing-key/rotate", json!({})).await.unwrap();
    key["id"].as_str().unwrap().to_owned()
}

/// The key that signs now, as whoever took the controller's disk would have it.
fn stolen(fleet: &Fleet) -> Signer {
    let entries = std::fs::read_dir(fleet.controller.data_dir.join("pki/private")).unwrap().flatten();
    let is_signing = |p: &std::path::PathBuf| {
        let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name.starts_with("signing") && name.ends_with(".pk8")
    };
    let file = entries.map(|e| e.path()).find(is_signing).unwrap();
    Signer::from_pkcs8(&std::fs::read(file).unwrap()).unwrap()
}

fn trusted(fleet: &Fleet) -> Vec<String> {
    let identity = fleet.terminals[0].identity().unwrap();
    let keys = identity["signing_keys"].as_array().unwrap();
    keys.iter().map(|k| k["id"].as_str().unwrap().to_owned()).collect()
}

async fn until_trusted(fleet: &Fleet, key: &str) {
    until("the display trusts the new key alone", seconds(60), || async {
        let trusted = trusted(fleet);
        if trusted == [key] { Ok(()) } else { Err((trusted, fleet.terminals[0].words())) }
    })
    .await;
}

/// Says over the broker, as the controller, what `signer` signed: a desired state of this generation.
async fn say(fleet: &Fleet, signer: &Signer, generation: u64) {
    let pki = fleet.controller.data_dir.join("pki");
    let read = |name: &str| std::fs::read_to_string(pki.join(name)).unwrap();
    let identity = Identity {
        certificate_pem: read("private/controller.crt"),
        key_pem: read("private/controller.key"),
        authority_pem: read("ca.crt"),
    };
    let me: TerminalId = "fp-01".parse().unwrap();
    let desired = Desired {
        generation,
        label: "forged".into(),
        site_name: "S".into(),
        session_idle_s: 90,
        languages: vec!["de".into()],
        release: None,
        recalled: Vec::new(),
    };
    let mut signed = Signed::unsigned(me.clone(), generation, 1, 0, &desired).unwrap();
    signer.sign(&mut signed, Purpose::Desired);
    let hello = Hello { client_id: "controller".into(), will: None, clean: false };
    let mut client = Client::connect(fleet.controller.ports.mqtt, &identity, &hello).await.unwrap();
    let topic = Topic::of(&me, Channel::Desired).to_string();
    let payload = serde_json::to_vec(&signed).unwrap();
    assert!(client.publish(&topic, &payload, false).await.unwrap() < 0x80);
}

/// Whether the display applied it. The controller then goes above it at once.
async fn believes(fleet: &Fleet, generation: u64) -> Result<Value, Value> {
    let seen = fleet.api.terminal("fp-01").await.map_err(|e| json!(format!("{e:#}")))?;
    if seen["reported_generation"].as_u64() >= Some(generation) {
        Ok(seen)
    } else {
        Err(seen["reported_generation"].clone())
    }
}

with_both_brokers!(orders_go_on_after_a_rotation_and_the_old_key_counts_no_more);
async fn orders_go_on_after_a_rotation_and_the_old_key_counts_no_more(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).start().await;
    let old = stolen(&fleet);
    let first = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    fleet.until_command(&first, &["succeeded"]).await;
    let new = rotate(&fleet).await;
    assert_ne!(new, old.public().id);
    let second = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    fleet.until_command(&second, &["succeeded"]).await;
    until_trusted(&fleet, &new).await;
    // Whoever kept the old key gives no orders any more; with the new one he would.
    say(&fleet, &old, 900).await;
    never("the old key was obeyed", seconds(5), || believes(&fleet, 900)).await;
    say(&fleet, &stolen(&fleet), 901).await;
    until("negative control: the new key is obeyed", seconds(30), || believes(&fleet, 901)).await;
    let log = fleet.api.get("/api/v1/audit?limit=200").await.unwrap();
    let items = log["items"].as_array().unwrap();
    assert!(items.iter().any(|e| e["action"] == "signing_key.rotate" && e["actor"] == "admin"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_that_was_away_for_two_rotations_takes_the_next_order() {
    let mut fleet = Fleet::builder().start().await;
    assert!(fleet.terminals[0].stop().await);
    fleet.until_terminal("fp-01", "is away", |t| t["presence"]["state"] != "online").await;
    let order = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    rotate(&fleet).await;
    // The chain outlives the controller.
    fleet.controller.kill().await;
    fleet.controller.start().await.unwrap();
    let newest = rotate(&fleet).await;
    fleet.terminals[0].start().unwrap();
    let done = fleet.until_command(&order, &["succeeded", "failed", "rejected", "timed_out"]).await;
    assert_eq!(done["state"], "succeeded", "{done}\n{}", fleet.terminals[0].words());
    until_trusted(&fleet, &newest).await;
    // What it learned it keeps.
    fleet.terminals[0].kill().await;
    fleet.terminals[0].start().unwrap();
    let again = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    fleet.until_command(&again, &["succeeded"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_was_sent_and_not_acknowledged_comes_again_under_the_new_key() {
    let mut fleet = Fleet::builder().start().await;
    // Still, not cut: the order is sent and stays on the way.
    fleet.line.set(migrado_tests::network::Line::Stalled);
    let order = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    fleet.until_command(&order, &["sent"]).await;
    // The display learns the new key before it hears the order that the old one signed.
    let newest = rotate(&fleet).await;
    fleet.terminals[0].stop().await;
    let mut identity = fleet.terminals[0].identity().unwrap();
    identity["signing_keys"] = json!([stolen(&fleet).public()]);
    fleet.terminals[0].set_identity(&identity).unwrap();
    fleet.line.set(migrado_tests::network::Line::Up);
    fleet.terminals[0].start().unwrap();
    let done = fleet.until_command(&order, &["succeeded", "failed", "rejected", "timed_out"]).await;
    assert_eq!(done["state"], "succeeded", "{done}\n{}", fleet.terminals[0].words());
    until_trusted(&fleet, &newest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_endorsement_is_refused_even_with_broker_and_https_in_foreign_hands() {
    let mut fleet = Fleet::builder().without_agents().start().await;
    let ours = stolen(&fleet);
    let (thief, _) = Signer::generate().unwrap();
    let forged = Endorsement { by: ours.public().id.clone(), ..thief.endorse(thief.public(), 7) };
    let chain = |endorsements| json!(SigningChain { endorsements });
    let pretender = Pretender::start(&fleet.controller, chain(vec![forged])).await.unwrap();
    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    let mut identity = fleet.terminals[0].identity().unwrap();
    identity["controller"] = pretender.address.clone().into();
    fleet.terminals[0].set_identity(&identity).unwrap();
    fleet.terminals[0].start().unwrap();
    fleet.until_online("fp-01").await;

    let asked_before = pretender.asked();
    say(&fleet, &thief, 900).await;
    until("the chain was read and refused", seconds(30), || async {
        let words = fleet.terminals[0].words();
        let refused = words.contains("the chain of signing keys does not hold");
        if refused && words.contains("unknown_key") { Ok(()) } else { Err(words) }
    })
    .await;
    assert!(pretender.asked() > asked_before);
    never("a forged endorsement was believed", seconds(3), || believes(&fleet, 900)).await;
    assert_eq!(trusted(&fleet), [ours.public().id.clone()]);

    // Negative control: the same words with a true endorsement are followed.
    pretender.tell(chain(vec![ours.endorse(thief.public(), 8)]));
    say(&fleet, &thief, 901).await;
    until("an endorsed key is obeyed", seconds(60), || believes(&fleet, 901)).await;
    assert_eq!(trusted(&fleet), [thief.public().id.clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_replaces_the_key_and_asks_before() {
    let fleet = Fleet::builder().without_agents().start().await;
    let made = fleet.api.post("/api/v1/api-tokens", json!({"name": "cli"})).await.unwrap();
    let token = fleet.dir().join("token");
    std::fs::write(&token, made["token"].as_str().unwrap()).unwrap();
    let ctl = async |words: &[&str]| {
        let said = tokio::process::Command::new(programs::ours("migradoctl"))
            .args(words)
            .args([
                "--output",
                "json",
                "--url",
                &format!("https://localhost:{}", fleet.controller.ports.console),
            ])
            .arg("--token-file")
            .arg(&token)
            .arg("--ca")
            .arg(fleet.controller.data_dir.join("pki/ca.crt"))
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let key: Value = serde_json::from_slice(&said.stdout).unwrap_or_default();
        (said.status.success(), key["id"].clone())
    };
    let (_, before) = ctl(&["signing-key", "show"]).await;
    assert!(before.is_string());
    assert!(!ctl(&["signing-key", "rotate"]).await.0, "replaced without being told to");
    let (done, after) = ctl(&["signing-key", "rotate", "--yes"]).await;
    assert!(done && after.is_string() && after != before);
    assert_eq!(ctl(&["signing-key", "show"]).await.1, after);
}
