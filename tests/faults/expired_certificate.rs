//! Certificates that are not good any more, or not yet, open nothing.

use migrado_tests::Fleet;
use migrado_tests::mqtt::{Client, Hello};
use migrado_tests::terminal::puppet;

/// Signs a certificate with the controller's own authority, whatever its dates: whoever wrote this
/// test holds the key, and only the dates are wrong.
fn certificate(fleet: &Fleet, from: i32, until: i32) -> (String, String) {
    let pki = fleet.controller.data_dir.join("pki");
    let authority =
        rcgen::KeyPair::from_pem(&std::fs::read_to_string(pki.join("private/ca.key")).unwrap()).unwrap();
    let authority_pem = fleet.controller.authority_pem().unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&authority_pem, authority).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "fp-01");
    parameters.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
    parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
    (parameters.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_or_future_certificate_opens_nothing() {
    let fleet = Fleet::builder().without_agents().start().await;
    let token = fleet.api.enroll_token("fp-01").await.unwrap();
    let (good, _) = puppet(&fleet.controller, &token).await.unwrap();
    let hello = Hello { client_id: "fp-01".into(), will: None, clean: true };
    let port = fleet.controller.ports.mqtt;
    for (from, until) in [(2020, 2021), (2090, 2099)] {
        let (certificate_pem, key_pem) = certificate(&fleet, from, until);
        let bad = migrado_tests::mqtt::Identity { certificate_pem, key_pem, ..good.clone() };
        assert!(
            Client::connect(port, &bad, &hello).await.is_err(),
            "valid from {from} until {until} was let in"
        );
    }
    // Negative control: the certificate that was issued does.
    Client::connect(port, &good, &hello).await.unwrap();
}
