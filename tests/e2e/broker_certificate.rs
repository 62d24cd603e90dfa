//! The embedded broker shows a renewed certificate without a restart, and nobody is thrown out.

use migrado_protocol::topic::{Channel, Topic};
use migrado_tests::Fleet;
use migrado_tests::authority::{Wanted, issue};
use migrado_tests::mqtt::{Client, Hello};
use migrado_tests::terminal::puppet;
use migrado_tests::wait::{seconds, until};

/// Seconds after which the certificate of this test is due: longer than the controller takes to
/// start, also on a busy machine.
const DUE_S: i64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_after_the_renewal_sees_the_new_certificate_and_who_was_there_stays() {
    let mut fleet = Fleet::builder().without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (identity, _) = puppet(&fleet.controller, &token).await.unwrap();
    fleet.controller.stop().await;
    // A third of the life is left after DUE_S; before that the controller takes it for good.
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let wanted = Wanted {
        name: "localhost",
        hosts: &["localhost", "127.0.0.1", "::1"],
        serial: None,
        from_s: -DUE_S,
        until_s: 2 * DUE_S,
    };
    let certificate = issue(&fleet.controller, &wanted, &key).unwrap();
    let chain = format!("{certificate}{}", fleet.controller.authority_pem().unwrap());
    let pki = fleet.controller.data_dir.join("pki");
    std::fs::write(pki.join("broker.crt"), &chain).unwrap();
    std::fs::write(pki.join("broker.key"), key).unwrap();
    fleet.controller.start().await.unwrap();

    let port = fleet.controller.ports.mqtt;
    let hello = Hello { client_id: "fp-01".into(), will: None, clean: true };
    let mut before = Client::connect(port, &identity, &hello).await.unwrap();
    let shown_before = before.server_certificate();
    let kept = std::fs::read_to_string(pki.join("broker.crt")).unwrap();
    assert_eq!(kept, chain, "the controller renewed it before it was due");

    let shown = async || Client::shown_by(port, &identity).await;
    assert_eq!(shown().await.unwrap(), shown_before);
    until("the broker shows another certificate", seconds(60), || async {
        match shown().await {
            Ok(certificate) if certificate != shown_before => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    // Who was there stays and is heard.
    let topic = Topic::of(&"fp-01".parse().unwrap(), Channel::Report).to_string();
    assert!(before.publish(&topic, b"{}", false).await.unwrap() < 0x80, "thrown out by the renewal");
    // Who comes is let in, and takes the session over as always.
    let after = Client::connect(port, &identity, &hello).await.unwrap();
    assert_ne!(after.server_certificate(), shown_before);
    assert!(before.is_ended(seconds(10)).await, "two connections of one name");
    fleet.controller.process().must_live().unwrap();
}
