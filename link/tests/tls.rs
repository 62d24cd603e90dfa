//! Who is let in and who is not, both ways, against a real Mosquitto; and the certificate swap.

mod support;

use migrado_link::tls::{self, CertResolver};
use migrado_protocol::topic::Channel;
use support::{Authority, Broker, Side, topic};

/// Starts as fp-01 with these options and gives the reason of the first failure.
async fn failure(options: migrado_link::LinkOptions) -> String {
    let mut side = Side::start(options, "fp-01");
    let reason = side.disconnected().await;
    side.publisher.disconnect().await;
    reason
}

#[tokio::test]
async fn a_broker_of_another_authority_is_refused_before_anything_is_said() {
    let broker = Broker::start();
    let rogue = Authority::new();
    let options = broker.options_as("fp-01", &broker.authority.client("fp-01"), &rogue.pem);
    let reason = failure(options).await;
    assert!(reason.contains("no TLS with broker"), "{reason}");
    assert!(!broker.log().contains("New client connected"), "{}", broker.log());
}

#[tokio::test]
async fn a_broker_under_another_name_is_refused() {
    let broker = Broker::start();
    let mut options = broker.options("fp-01");
    options.broker = format!("[::ffff:127.0.0.1]:{}", broker.port);
    let reason = failure(options).await;
    assert!(reason.contains("no TLS with broker") && reason.contains("certificate"), "{reason}");
}

#[tokio::test]
async fn the_broker_refuses_clients_whose_certificate_is_expired_or_foreign() {
    let broker = Broker::start();
    let rogue = Authority::new();
    for (what, pair) in [
        ("expired", broker.authority.expired_client("fp-01")),
        ("of a rogue authority with the same name", rogue.client("fp-01")),
        ("for servers", broker.authority.server()),
    ] {
        let reason = failure(broker.options_as("fp-01", &pair, &broker.authority.pem)).await;
        assert!(!reason.is_empty(), "{what}");
        assert!(!broker.log().contains("Sending CONNACK"), "{what}: {}", broker.log());
    }
}

#[tokio::test]
async fn a_peer_that_knows_only_tls_1_2_is_refused() {
    tls::install_provider();
    let authority = Authority::new();
    let pair = authority.server();
    let chain: Vec<_> = rustls_pki_types::pem::PemObject::pem_slice_iter(pair.cert.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    let key = rustls_pki_types::pem::PemObject::from_pem_slice(pair.key.as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_protocol_versions(&[&rustls::version::TLS12])
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let old = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        acceptor.accept(tcp).await.map(drop)
    });
    let client = authority.client("fp-01");
    let resolver = CertResolver::new(&client.cert, &client.key).unwrap();
    let options = support::options(&address, "fp-01", tls::client_config(&authority.pem, resolver).unwrap());
    let reason = failure(options).await;
    assert!(reason.contains("no TLS with broker"), "{reason}");
    assert!(old.await.unwrap().is_err());
}

#[tokio::test]
async fn a_swapped_certificate_leaves_the_connection_alone_and_counts_from_the_next() {
    let mut broker = Broker::start();
    let first = broker.authority.client("fp-01");
    let resolver = CertResolver::new(&first.cert, &first.key).unwrap();
    let config = tls::client_config(&broker.authority.pem, resolver.clone()).unwrap();
    let mut side = Side::start(support::options(&broker.address(), "fp-01", config), "fp-01");
    side.connected().await;
    // A certificate that the broker refuses shows that it is the one in use.
    let expired = broker.authority.expired_client("fp-01");
    resolver.swap(&expired.cert, &expired.key).unwrap();
    side.say(&topic("fp-01", Channel::Report), "still here").await.unwrap();
    broker.stop();
    side.disconnected().await;
    broker.run();
    while side.disconnected().await.contains("unreachable") {}
    let second = broker.authority.client("fp-01");
    resolver.swap(&second.cert, &second.key).unwrap();
    side.connected().await;
    side.say(&topic("fp-01", Channel::Report), "back").await.unwrap();
}

#[test]
fn a_pair_that_does_not_belong_together_is_refused_and_the_old_one_stays() {
    tls::install_provider();
    let authority = Authority::new();
    let (one, two) = (authority.client("a"), authority.client("b"));
    assert!(CertResolver::new(&one.cert, &two.key).is_err());
    assert!(CertResolver::new("", &one.key).is_err());
    let resolver = CertResolver::new(&one.cert, &one.key).unwrap();
    let before = resolver.validity();
    assert!(resolver.swap(&one.cert, &two.key).is_err());
    assert_eq!(resolver.validity(), before);
}

#[test]
fn a_certificate_is_due_when_a_third_of_its_life_is_left() {
    let validity = tls::Validity { serial: "1".into(), not_before_ms: 0, not_after_ms: 90 };
    for (now_ms, due) in [(0, false), (59, false), (60, true), (90, true), (200, true)] {
        assert_eq!(validity.is_due(now_ms), due, "{now_ms}");
    }
}
