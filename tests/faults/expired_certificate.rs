//! Certificates that are not good any more, or not yet, open nothing.

use migrado_tests::mqtt::{Client, Hello};
use migrado_tests::terminal::puppet;
use migrado_tests::{BrokerKind, Fleet, with_both_brokers};

with_both_brokers!(an_expired_or_future_certificate_opens_nothing);
async fn an_expired_or_future_certificate_opens_nothing(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (good, _) = puppet(&fleet.controller, &token).await.unwrap();
    let hello = Hello { client_id: "fp-01".into(), will: None, clean: true };
    let port = fleet.controller.ports.mqtt;
    for (from, until) in [(2020, 2021), (2090, 2099)] {
        let bad = fleet.controller.forge("fp-01", from, until).unwrap();
        assert!(
            Client::connect(port, &bad, &hello).await.is_err(),
            "valid from {from} until {until} was let in"
        );
    }
    // Negative control: the certificate that was issued does.
    Client::connect(port, &good, &hello).await.unwrap();
}
