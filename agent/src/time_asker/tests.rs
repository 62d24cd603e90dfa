//! Asking a small real HTTPS server for the time.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use migrado_link::tls::{CertResolver, Clients, client_config, install_provider, server_config};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// Milliseconds that the test's controller is ahead: more than any test takes.
const AHEAD_MS: i64 = 100_000;
/// Milliseconds that asking this machine may be off.
const SLACK_MS: i64 = 2_000;

/// A controller that tells the time to those who show a certificate, and its client.
async fn controller(app: Router) -> (String, Arc<rustls::ClientConfig>) {
    install_provider();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let resolver = |name: &str, usage| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let certificate = params.signed_by(&key, &issuer).unwrap().pem();
        CertResolver::new(&certificate, &key.serialize_pem()).unwrap()
    };
    let server = resolver("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let display = resolver("fp-01", ExtendedKeyUsagePurpose::ClientAuth);
    let tls = TlsAcceptor::from(Arc::new(server_config(server, Clients::Required(&authority)).unwrap()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if let Ok(stream) = tls.accept(tcp).await {
                let service = hyper_util::service::TowerToHyperService::new(app.clone());
                let io = hyper_util::rt::TokioIo::new(stream);
                hyper::server::conn::http1::Builder::new().serve_connection(io, service).await.ok();
            }
        }
    });
    (address, client_config(&authority, display).unwrap())
}

fn telling(asked: Arc<AtomicU32>, status: StatusCode) -> Router {
    let answer = move || async move {
        asked.fetch_add(1, Ordering::SeqCst);
        let time = serde_json::json!({ "now_ms": clock::now_ms() + AHEAD_MS });
        (status, axum::Json(time)).into_response()
    };
    Router::new().route("/terminal/v1/time", get(answer))
}

async fn asker(status: StatusCode) -> (TimeAsker, watch::Sender<Option<Session>>, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let (controller, tls) = controller(telling(asked.clone(), status)).await;
    let (link, session) = watch::channel(None);
    (TimeAsker { controller, tls, time: ControllerTime::default(), session }, link, asked)
}

fn connection(number: u64) -> Option<Session> {
    let birth = migrado_protocol::presence::Birth { agent_version: "1".into(), started_ms: 1, away: None };
    Some(Session { number, birth, since_ms: 1 })
}

#[tokio::test]
async fn the_offset_is_the_difference_of_the_two_clocks() {
    let (asker, _link, asked) = asker(StatusCode::OK).await;
    asker.ask().await.unwrap();
    let offset_ms = asker.time.offset().unwrap().0;
    assert!((offset_ms + AHEAD_MS).abs() <= SLACK_MS, "{offset_ms}");
    assert_eq!(asked.load(Ordering::SeqCst), 2, "once to connect, once to measure");
}

#[tokio::test]
async fn an_answer_without_success_tells_no_time() {
    let (asker, _link, _) = asker(StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(matches!(asker.ask().await, Err(TimeError::Ask { .. })));
    assert_eq!(asker.time.offset(), None);
}

#[tokio::test]
async fn it_asks_after_each_connect_and_not_before() {
    let (asker, link, asked) = asker(StatusCode::SERVICE_UNAVAILABLE).await;
    let seen = async |questions: u32| {
        while asked.load(Ordering::SeqCst) < questions {
            tokio::task::yield_now().await;
        }
    };
    let connections = async {
        tokio::task::yield_now().await;
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        link.send_replace(connection(1));
        seen(1).await;
        link.send_replace(None);
        link.send_replace(connection(2));
        seen(2).await;
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), connections);
    // Asking never ends.
    tokio::select! { () = asker.run() => unreachable!(), in_time = in_time => in_time.unwrap() }
}

#[test]
fn the_controller_read_its_clock_halfway() {
    assert_eq!(midway(1_000, Duration::from_millis(101)), 950);
    assert_eq!(midway(1_000, Duration::ZERO), 1_000);
}
