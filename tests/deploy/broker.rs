//! Mosquitto with the shipped configuration holds the same rules as the embedded broker: every
//! channel, for its owner, for another terminal, and for the controller.

use std::path::Path;

use migrado_protocol::TerminalId;
use migrado_protocol::topic::{Channel, Topic};
use migrado_tests::broker::Mosquitto;
use migrado_tests::mqtt::{Client, Hello, Identity};
use migrado_tests::{needs_program, ports, tls};

/// An authority for this test alone.
struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), issuer: rcgen::Issuer::new(parameters, key) }
    }

    /// A list on which nobody stands.
    fn revocations(&self) -> String {
        let list = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2020, 1, 1),
            next_update: rcgen::date_time_ymd(2100, 1, 1),
            crl_number: rcgen::SerialNumber::from(1u64),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    fn identity(&self, name: &str) -> Identity {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            authority_pem: self.pem.clone(),
        }
    }
}

async fn start(dir: &Path, authority: &Authority) -> (Mosquitto, u16) {
    tls::provider();
    let broker = authority.identity("localhost");
    std::fs::write(dir.join("ca.crt"), &authority.pem).unwrap();
    std::fs::write(dir.join("ca.crl"), authority.revocations()).unwrap();
    std::fs::write(dir.join("broker.crt"), broker.certificate_pem).unwrap();
    std::fs::write(dir.join("broker.key"), broker.key_pem).unwrap();
    let port = ports::free();
    let mut mosquitto = Mosquitto::prepare(dir, dir, port).unwrap();
    mosquitto.start().await.unwrap();
    (mosquitto, port)
}

async fn connect(port: u16, identity: &Identity, name: &str) -> Client {
    let hello = Hello { client_id: name.into(), will: None, clean: true };
    Client::connect(port, identity, &hello).await.unwrap()
}

#[tokio::test]
async fn mosquitto_lets_everybody_write_what_the_topic_scheme_says() {
    needs_program!("mosquitto_rules", "mosquitto");
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (_mosquitto, port) = start(dir.path(), &authority).await;
    let me: TerminalId = "fp-01".parse().unwrap();
    let other: TerminalId = "fp-02".parse().unwrap();
    let mut terminal = connect(port, &authority.identity("fp-01"), "fp-01").await;
    let mut controller = connect(port, &authority.identity("controller"), "controller").await;
    let mut topics: Vec<Topic> =
        [&me, &other].into_iter().flat_map(|t| Channel::ALL.map(|c| Topic::of(t, c))).collect();
    topics.push(Topic::ControllerPresence);
    for topic in topics {
        let said = terminal.publish(&topic.to_string(), b"{}", false).await.unwrap();
        assert_eq!(said < 0x80, topic.may_write(&me), "fp-01 on {topic}: {said:#x}");
        let said = controller.publish(&topic.to_string(), b"{}", false).await.unwrap();
        let orders = match &topic {
            Topic::Terminal(_, channel) => !channel.is_written_by_terminal(),
            Topic::ControllerPresence => true,
        };
        assert_eq!(said < 0x80, orders, "controller on {topic}: {said:#x}");
    }
}

#[tokio::test]
async fn mosquitto_delivers_orders_to_their_terminal_only() {
    needs_program!("mosquitto_orders", "mosquitto");
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (_mosquitto, port) = start(dir.path(), &authority).await;
    let mut controller = connect(port, &authority.identity("controller"), "controller").await;
    let mut curious = connect(port, &authority.identity("fp-02"), "fp-02").await;
    for filter in ["#", "migrado/v1/t/+/command", "migrado/v1/t/fp-01/command", "migrado/v1/t/fp-01/report"] {
        curious.subscribe(filter).await.unwrap();
    }
    for terminal in ["fp-01", "fp-02"] {
        let topic = Topic::of(&terminal.parse().unwrap(), Channel::Command).to_string();
        controller.publish(&topic, terminal.as_bytes(), false).await.unwrap();
    }
    // The order of fp-01 was first: had it been delivered, it would come first.
    let heard = curious.next(std::time::Duration::from_secs(10)).await.expect("its own order");
    assert_eq!(heard.payload, b"fp-02");
}

#[tokio::test]
async fn mosquitto_knows_everybody_by_the_certificate_whatever_he_claims() {
    needs_program!("mosquitto_identity", "mosquitto");
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (_mosquitto, port) = start(dir.path(), &authority).await;
    let mut liar = connect(port, &authority.identity("fp-01"), "fp-02").await;
    let foreign = Topic::of(&"fp-02".parse().unwrap(), Channel::Report).to_string();
    assert!(liar.publish(&foreign, b"{}", false).await.unwrap() >= 0x80, "spoke as fp-02");
    let stranger = Authority::new().identity("fp-01");
    let hello = Hello { client_id: "fp-01".into(), will: None, clean: true };
    let trusting = Identity { authority_pem: authority.pem.clone(), ..stranger };
    assert!(
        Client::connect(port, &trusting, &hello).await.is_err(),
        "another authority's certificate was let in"
    );
}
