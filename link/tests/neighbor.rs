//! Which display another one lets in, and which one it believes, over real sockets.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

mod support;

use std::net::Ipv4Addr;
use std::sync::Arc;

use migrado_link::tls::neighbor::{neighbor_client_config, neighbor_server_config};
use migrado_link::tls::{self, CertResolver, client_config};
use rcgen::ExtendedKeyUsagePurpose::{self, Any, ClientAuth, ServerAuth};
use rustls::ServerConfig;
use rustls_pki_types::ServerName;
use support::{Authority, Pair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The year after which a good certificate holds no more.
const LONG: i32 = 4000;

fn resolver(pair: &Pair) -> Arc<CertResolver> {
    CertResolver::new(&pair.cert, &pair.key).unwrap()
}

/// Both ends of a handshake: a byte each way counts, as TLS 1.3 tells a client late that it is refused.
async fn meet(
    server: ServerConfig,
    client: Arc<rustls::ClientConfig>,
) -> (Result<(), String>, Result<(), String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = async {
        let (tcp, _) = listener.accept().await.map_err(|e| e.to_string())?;
        let mut stream = TlsAcceptor::from(Arc::new(server)).accept(tcp).await.map_err(|e| e.to_string())?;
        stream.write_all(b"y").await.map_err(|e| e.to_string())?;
        stream.flush().await.map_err(|e| e.to_string())?;
        stream.read_u8().await.map(drop).map_err(|e| e.to_string())
    };
    let asking = async {
        let tcp = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
        let name = ServerName::from(address.ip());
        let mut stream = TlsConnector::from(client).connect(name, tcp).await.map_err(|e| e.to_string())?;
        stream.read_u8().await.map_err(|e| e.to_string())?;
        stream.write_all(b"x").await.map_err(|e| e.to_string())
    };
    tokio::join!(serving, asking)
}

fn display(authority: &Authority, name: &str) -> Pair {
    authority.leaf(&[name], &[ClientAuth], LONG)
}

#[tokio::test]
async fn two_displays_of_one_authority_know_each_other_by_name_wherever_they_are() {
    tls::install_provider();
    let authority = Authority::new();
    let server = neighbor_server_config(&authority.pem, resolver(&display(&authority, "fp-01"))).unwrap();
    let asker = resolver(&display(&authority, "fp-02"));
    let client = neighbor_client_config(&authority.pem, asker, &"fp-01".parse().unwrap()).unwrap();
    assert_eq!(meet(server, client).await, (Ok(()), Ok(())));
}

#[tokio::test]
async fn who_answers_must_be_the_display_that_was_named() {
    tls::install_provider();
    let (authority, foreign) = (Authority::new(), Authority::new());
    let cases: [(&str, Pair, &str); 9] = [
        ("another display", display(&authority, "fp-03"), "Other { found: TerminalId(\"fp-03\")"),
        ("a display of another authority", display(&foreign, "fp-01"), "BadSignature"),
        ("the controller's MQTT certificate", display(&authority, "controller"), "NoDisplay"),
        ("the controller's HTTPS certificate", authority.server(), "invalid peer certificate"),
        ("expired", authority.leaf(&["fp-01"], &[ClientAuth], 2001), "xpired"),
        ("for servers", authority.leaf(&["fp-01"], &[ServerAuth], LONG), "invalid peer certificate"),
        ("for everything", authority.leaf(&["fp-01"], &[Any, ClientAuth], LONG), "NoDisplay"),
        ("for nothing named", authority.leaf(&["fp-01"], &[], LONG), "NoDisplay"),
        ("two names", authority.leaf(&["fp-01", "fp-02"], &[ClientAuth], LONG), "NoDisplay"),
    ];
    for (what, pair, expected) in cases {
        // It lets everybody in: only the asker's check is looked at.
        let server = tls::server_config(resolver(&pair), tls::Clients::Anonymous).unwrap();
        let asker = resolver(&display(&authority, "fp-02"));
        let client = neighbor_client_config(&authority.pem, asker, &"fp-01".parse().unwrap()).unwrap();
        let (_, asked) = meet(server, client).await;
        let said = asked.expect_err(what);
        assert!(said.contains(expected), "{what}: {said}");
    }
}

#[tokio::test]
async fn who_asks_must_be_a_display() {
    tls::install_provider();
    let (authority, foreign) = (Authority::new(), Authority::new());
    let purposes = |purposes: &[ExtendedKeyUsagePurpose]| authority.leaf(&["fp-02"], purposes, LONG);
    for (what, pair, expected) in [
        ("a display of another authority", display(&foreign, "fp-02"), "BadSignature"),
        ("the controller's MQTT certificate", display(&authority, "controller"), "NoDisplay"),
        ("the controller's HTTPS certificate", authority.server(), "invalid peer certificate"),
        ("expired", authority.leaf(&["fp-02"], &[ClientAuth], 2001), "xpired"),
        ("for everything", purposes(&[Any, ClientAuth]), "NoDisplay"),
        ("for nothing named", purposes(&[]), "NoDisplay"),
        ("a name that no display has", display(&authority, "Front Desk"), "NoDisplay"),
    ] {
        let server = neighbor_server_config(&authority.pem, resolver(&display(&authority, "fp-01"))).unwrap();
        let client =
            neighbor_client_config(&authority.pem, resolver(&pair), &"fp-01".parse().unwrap()).unwrap();
        let (served, asked) = meet(server, client).await;
        let said = served.expect_err(what);
        assert!(said.contains(expected), "{what}: {said}");
        assert!(asked.is_err(), "{what} is told");
    }
}

#[tokio::test]
async fn nobody_is_let_in_without_a_certificate() {
    tls::install_provider();
    let authority = Authority::new();
    let pair = authority.server();
    // A server's certificate for this host, so that an ordinary client accepts the answerer.
    let server = neighbor_server_config(&authority.pem, resolver(&pair)).unwrap();
    let client = Arc::new(tls::anonymous_client_config(&authority.pem).unwrap());
    let (served, asked) = meet(server, client).await;
    assert!(served.unwrap_err().contains("no certificates"), "said by name");
    assert!(asked.is_err());
}

#[tokio::test]
async fn an_ordinary_client_does_not_take_a_display_for_a_server() {
    tls::install_provider();
    let authority = Authority::new();
    let server = neighbor_server_config(&authority.pem, resolver(&display(&authority, "fp-01"))).unwrap();
    let client = client_config(&authority.pem, resolver(&display(&authority, "fp-02"))).unwrap();
    let (_, asked) = meet(server, client).await;
    assert!(asked.unwrap_err().contains("invalid peer certificate"));
}
