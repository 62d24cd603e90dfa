//! Tokens, certificates, and what the broker lets an identity do.

use migrado_protocol::topic::{Channel, Topic};
use migrado_tests::mqtt::{Client, Hello};
use migrado_tests::terminal::{puppet, token_content};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{BrokerKind, Fleet, with_both_brokers};

fn topic(terminal: &str, channel: Channel) -> String {
    Topic::of(&terminal.parse().unwrap(), channel).to_string()
}

fn hello(client_id: &str) -> Hello {
    Hello { client_id: client_id.into(), will: None, clean: true }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_works_once_even_under_a_hundred_parallel_tries() {
    let fleet = Fleet::builder().without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let tries = (0..100).map(|_| puppet(&fleet.controller, &token));
    let results = futures_util::future::join_all(tries).await;
    let won = results.iter().filter(|r| r.is_ok()).count();
    assert_eq!(won, 1, "{won} of 100 tries were let in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_a_foreign_and_a_used_token_are_refused_with_a_word() {
    let fleet = Fleet::builder().terminals(2).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    // Somebody else's name in a good token.
    let mut content = token_content(&token).unwrap();
    content.terminal = "fp-02".parse().unwrap();
    let forged = encode(&content);
    assert!(puppet(&fleet.controller, &forged).await.is_err(), "a token of fp-01 let fp-02 in");
    // Another authority pinned: the agent must not talk to this controller.
    let mut content = token_content(&token).unwrap();
    content.authority_sha256 = "0".repeat(64);
    let said = fleet.terminals[0].try_enroll(&fleet.controller, &encode(&content)).await.unwrap();
    assert!(!said.status.success(), "trusted on first use");
    // Negative control: the token itself is still good, once.
    fleet.terminals[0].try_enroll(&fleet.controller, &token).await.unwrap();
    let again = fleet.terminals[0].try_enroll(&fleet.controller, &token).await.unwrap();
    assert!(!again.status.success(), "a used token worked again");
    assert!(!again.stderr.is_empty(), "refused without a word");
}

fn encode(content: &migrado_protocol::enroll::TokenContent) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(serde_json::to_vec(content).unwrap());
    format!("{}{body}", migrado_protocol::enroll::TOKEN_PREFIX)
}

with_both_brokers!(an_identity_writes_its_own_words_and_reads_its_own_orders_only);
async fn an_identity_writes_its_own_words_and_reads_its_own_orders_only(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).terminals(2).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    let port = fleet.controller.ports.mqtt;
    let mut client = Client::connect(port, &identity, &hello("fp-01")).await.unwrap();
    let mut refused = 0.0;
    for channel in Channel::ALL {
        let mine = client.publish(&topic("fp-01", channel), b"{}", false).await.unwrap();
        assert_eq!(mine < 0x80, channel.is_written_by_terminal(), "own {channel:?}: {mine:#x}");
        let foreign = client.publish(&topic("fp-02", channel), b"{}", false).await.unwrap();
        assert!(foreign >= 0x80, "foreign {channel:?}: {foreign:#x}");
        refused += 1.0 + f64::from(u8::from(mine >= 0x80));
    }
    let mut reader = Client::connect(port, &identity, &hello("fp-01")).await.unwrap();
    assert!(reader.subscribe(&topic("fp-01", Channel::Command)).await.unwrap() < 0x80);
    // Mosquitto grants such a subscription and then delivers nothing; both are tight.
    for wild in [
        "#".to_owned(),
        topic("fp-02", Channel::Command).replace("fp-02", "+"),
        topic("fp-02", Channel::Command),
    ] {
        let granted = reader.subscribe(&wild).await.unwrap();
        assert!(granted >= 0x80 || broker == BrokerKind::Mosquitto, "{wild}: {granted:#x}");
    }
    // What Mosquitto refuses it keeps to itself; what the embedded broker refuses has a name, a
    // count and an entry each.
    if broker == BrokerKind::Embedded {
        fleet.controller.wait_metric("migrado_refused_total", &["foreign_topic"], refused).await;
        fleet.controller.wait_metric("migrado_refused_total", &["foreign_subscription"], 3.0).await;
        let foreign = topic("fp-02", Channel::Report);
        until("the refusal stands in the audit log", seconds(20), || async {
            let audit = fleet.api.get("/api/v1/audit").await.map_err(|e| e.to_string())?;
            let entries = audit["items"].as_array().cloned().unwrap_or_default();
            let told = |e: &serde_json::Value| {
                let text = e.to_string();
                ["fp-01", "foreign_topic", foreign.as_str()].iter().all(|word| text.contains(word))
            };
            if entries.iter().any(told) { Ok(()) } else { Err(audit.to_string()) }
        })
        .await;
        let words = fleet.controller.words();
        assert!(words.contains("foreign_topic") && words.contains("fp-01"), "not in the log:\n{words}");
    }
}

with_both_brokers!(nobody_connects_without_a_name_of_his_own);
async fn nobody_connects_without_a_name_of_his_own(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).terminals(2).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    let port = fleet.controller.ports.mqtt;
    // Another one's client id would take over another one's session.
    if let Ok(mut client) = Client::connect(port, &identity, &hello("fp-02")).await {
        let said = client.publish(&topic("fp-02", Channel::Report), b"{}", false).await;
        assert!(said.is_ok_and(|code| code >= 0x80), "spoke as fp-02 with the certificate of fp-01");
    }
    let foreign_will = Hello {
        client_id: "fp-01".into(),
        will: Some((topic("fp-02", Channel::Presence), b"{}".to_vec())),
        clean: true,
    };
    if broker == BrokerKind::Embedded {
        assert!(Client::connect(port, &identity, &foreign_will).await.is_err(), "a will on a foreign topic");
    }
    // Nobody's certificate: an authority of one's own with the same names.
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "fp-01");
    let mut impostor = identity.clone();
    impostor.certificate_pem = parameters.self_signed(&key).unwrap().pem();
    impostor.key_pem = key.serialize_pem();
    assert!(Client::connect(port, &impostor, &hello("fp-01")).await.is_err(), "a certificate of nobody");
    // Negative control.
    Client::connect(port, &identity, &hello("fp-01")).await.unwrap();
}
