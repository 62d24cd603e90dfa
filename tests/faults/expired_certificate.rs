//! Certificates that are not good any more, or not yet, open nothing, and the display says what
//! helps.

use migrado_tests::authority::{Wanted, issue};
use migrado_tests::mqtt::{Client, Hello, Identity};
use migrado_tests::terminal::{https, puppet};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{BrokerKind, Fleet, with_both_brokers};

const DAY_S: i64 = 24 * 60 * 60;

fn dated(from_days: i64, until_days: i64) -> Wanted<'static> {
    let (from_s, until_s) = (from_days * DAY_S, until_days * DAY_S);
    Wanted { name: "fp-01", hosts: &[], serial: None, from_s, until_s }
}

with_both_brokers!(an_expired_or_future_certificate_opens_nothing);
async fn an_expired_or_future_certificate_opens_nothing(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (good, _) = puppet(&fleet.controller, &token).await.unwrap();
    let hello = Hello { client_id: "fp-01".into(), will: None, clean: true };
    let port = fleet.controller.ports.mqtt;
    for (from, until) in [(-300, -10), (10, 300)] {
        // The serial is the enrolled one: nothing but the dates is wrong.
        let shown = fleet.api.terminal("fp-01").await.unwrap();
        let serial = shown["certificate"]["serial"].as_str();
        let certificate_pem =
            issue(&fleet.controller, &Wanted { serial, ..dated(from, until) }, &good.key_pem).unwrap();
        let bad = Identity { certificate_pem, ..good.clone() };
        let said = Client::connect(port, &bad, &hello).await;
        assert!(said.is_err(), "valid from day {from} until day {until} was let in");
        let renewed = https(&fleet.controller, &bad).unwrap().renew(&bad).await;
        assert!(renewed.is_err(), "renewed from day {from} until day {until}: {renewed:?}");
    }
    // Negative control: the certificate that was issued does.
    Client::connect(port, &good, &hello).await.unwrap();
    assert_eq!(https(&fleet.controller, &good).unwrap().renew(&good).await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_display_says_what_helps_and_comes_back_with_a_new_token() {
    let mut fleet = Fleet::builder().without_agents().start().await;
    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    let mut identity = fleet.terminals[0].identity().unwrap();
    let shown = fleet.api.terminal("fp-01").await.unwrap();
    let wanted = Wanted { serial: shown["certificate"]["serial"].as_str(), ..dated(-300, -10) };
    let key_pem = identity["key_pem"].as_str().unwrap().to_owned();
    identity["certificate_pem"] = issue(&fleet.controller, &wanted, &key_pem).unwrap().into();
    fleet.terminals[0].set_identity(&identity).unwrap();
    fleet.terminals[0].start().unwrap();
    until("the display says that its certificate has expired", seconds(30), || async {
        let words = fleet.terminals[0].words();
        let advised = words.contains("certificate has expired") && words.contains("migrado-agent enroll");
        if advised { Ok(()) } else { Err(words) }
    })
    .await;
    let seen = fleet.api.terminal("fp-01").await.unwrap();
    assert_ne!(seen["presence"]["state"], "online", "let in with an expired certificate");
    // What it advises helps, also while the agent runs: it starts anew with the new identity.
    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    let end = tokio::time::Instant::now() + seconds(90);
    while !fleet.terminals[0].supervise().unwrap() {
        assert!(tokio::time::Instant::now() < end, "{}", fleet.terminals[0].words());
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    fleet.until_online("fp-01").await;
}
