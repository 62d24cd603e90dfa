//! Enrolment over a small real HTTPS server: what is kept, and the words of each failure.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use migrado_link::tls::pinned::pin_of;
use migrado_protocol::enroll::{EnrollRequest, TokenContent};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::super::testing::{Authority, serve};
use super::super::{Held, load};
use super::*;

fn token(controller: &str, authority_pem: &str) -> String {
    TokenContent {
        controller: controller.to_owned(),
        authority_sha256: pin_of(authority_pem).unwrap(),
        terminal: "fp-01".parse().unwrap(),
        secret: "00".repeat(16),
    }
    .to_text()
}

fn good(authority: &Arc<Authority>) -> Router {
    let authority = authority.clone();
    Router::new().route(
        "/terminal/v1/enroll",
        post(move |Json(request): Json<EnrollRequest>| async move { Json(authority.answer(&request)) }),
    )
}

fn refusing(code: &'static str) -> Router {
    let problem = serde_json::json!({"code": code, "title": "No", "status": 403, "detail": "because"});
    Router::new()
        .route("/terminal/v1/enroll", post(move || async move { (StatusCode::FORBIDDEN, Json(problem)) }))
}

async fn refusal(token: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = enroll(folder.path(), token, None).await.unwrap_err();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was kept after: {error}");
    error.to_string()
}

#[tokio::test]
async fn an_enrolled_display_keeps_a_usable_identity_for_the_next_start() {
    let authority = Arc::new(Authority::new());
    let address = serve(authority.server("localhost"), good(&authority)).await;
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("not/yet/there");
    let name = enroll(&data_dir, &token(&address, &authority.pem), None).await.unwrap();
    let loaded = load(&data_dir).unwrap().unwrap();
    assert_eq!((name.as_str(), loaded.terminal.as_str()), ("fp-01", "fp-01"));
    Held::new(&data_dir, loaded).unwrap();
}

#[tokio::test]
async fn a_display_does_not_become_another_one_by_a_foreign_token() {
    let authority = Arc::new(Authority::new());
    let address = serve(authority.server("localhost"), good(&authority)).await;
    let folder = tempfile::tempdir().unwrap();
    enroll(folder.path(), &token(&address, &authority.pem), None).await.unwrap();
    let mut foreign = TokenContent::from_text(&token(&address, &authority.pem)).unwrap();
    foreign.terminal = "bh-01".parse().unwrap();
    let said = enroll(folder.path(), &foreign.to_text(), None).await.unwrap_err().to_string();
    assert!(said.contains("this display is fp-01, and the token is for bh-01"), "{said}");
    assert_eq!(load(folder.path()).unwrap().unwrap().terminal.as_str(), "fp-01");
    // Negative control: its own token enrolls it anew.
    enroll(folder.path(), &token(&address, &authority.pem), None).await.unwrap();
}

#[tokio::test]
async fn each_refusal_of_the_controller_has_its_own_words() {
    let authority = Authority::new();
    for (code, words) in [
        ("token_unknown", "does not know this token"),
        ("token_expired", "has expired"),
        ("token_used", "was used before"),
        ("terminal_mismatch", "not for terminal fp-01"),
        ("csr_invalid", "(csr_invalid): because"),
    ] {
        let address = serve(authority.server("localhost"), refusing(code)).await;
        let said = refusal(&token(&address, &authority.pem)).await;
        assert!(said.contains(words), "{code}: {said}");
    }
}

#[tokio::test]
async fn nobody_else_is_taken_for_the_controller() {
    let (ours, rogue) = (Arc::new(Authority::new()), Arc::new(Authority::new()));
    // Another authority under the same name.
    let address = serve(rogue.server("localhost"), good(&rogue)).await;
    let said = refusal(&token(&address, &ours.pem)).await;
    assert!(said.contains("not the controller that made the token"), "{said}");
    // Our authority, another host.
    let address = serve(ours.server("elsewhere.example"), good(&ours)).await;
    let said = refusal(&token(&address, &ours.pem)).await;
    assert!(said.contains("unreachable") && said.contains("certificate"), "{said}");
    // Our host, but the answer names another authority to trust.
    let address = serve(ours.server("localhost"), good(&rogue)).await;
    let said = refusal(&token(&address, &ours.pem)).await;
    assert!(said.contains("its authority is not the one"), "{said}");
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_told_as_such() {
    let authority = Authority::new();
    let nonsense = Router::new().route("/terminal/v1/enroll", post(|| async { "hello" }));
    let address = serve(authority.server("localhost"), nonsense).await;
    let said = refusal(&token(&address, &authority.pem)).await;
    assert!(said.contains("cannot be used"), "{said}");
    let endless = Router::new().route("/terminal/v1/enroll", post(|| async { vec![b' '; 300_000] }));
    let address = serve(authority.server("localhost"), endless).await;
    let said = refusal(&token(&address, &authority.pem)).await;
    assert!(said.contains("larger than"), "{said}");
}

#[tokio::test]
async fn where_nobody_or_nonsense_listens_the_controller_is_unreachable() {
    let authority = Authority::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let babble = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\nnot TLS").await.ok();
    });
    let said = refusal(&token(&address, &authority.pem)).await;
    assert!(said.contains("unreachable"), "{said}");
    babble.await.unwrap();
    let said = refusal(&token(&address, &authority.pem)).await;
    assert!(said.contains("refused"), "{said}");
}

#[tokio::test]
async fn an_address_given_by_hand_is_asked_but_trusted_no_more_than_the_token_says() {
    let (ours, rogue) = (Arc::new(Authority::new()), Arc::new(Authority::new()));
    let folder = tempfile::tempdir().unwrap();
    let token = token("moved.example:8444", &ours.pem);
    let address = serve(rogue.server("localhost"), good(&rogue)).await;
    let error = enroll(folder.path(), &token, Some(&address)).await.unwrap_err();
    assert!(matches!(error, EnrollError::WrongAuthority(_)), "{error}");
    let address = serve(ours.server("localhost"), good(&ours)).await;
    enroll(folder.path(), &token, Some(&address)).await.unwrap();
}

#[tokio::test]
async fn a_text_that_is_no_token_asks_nobody() {
    let said = refusal("mft1.x").await;
    assert!(said.contains("damaged"), "{said}");
}
