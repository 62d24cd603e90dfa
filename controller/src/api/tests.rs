//! The API over a real database file: nobody gets in without proof, and one token enrolls once.

mod calendar;
mod chunks;
mod content;
mod problems;
mod roles;
mod rollouts;
mod schedules;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::adapters::StoreRegistry;
use super::state::{ApiState, Settings, Site, enrolling, renewing};
use crate::audit::{self, Audit};
use crate::auth::accounts::Accounts;
use crate::calendar::kept::Calendars;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::events::Events;
use crate::fleet::{FleetHandle, Terminal};
use crate::identity::Identities;
use crate::pki::Pki;
use crate::releases::Releases;

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) state: ApiState,
    router: Router,
    pub(crate) cookie: String,
    csrf: String,
    password: String,
}

async fn send(
    router: &Router,
    method: &str,
    path: &str,
    body: Option<Value>,
    headers: &[(&str, &str)],
) -> (StatusCode, Value, axum::http::HeaderMap) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = match body {
        Some(json) => {
            request = request.header("content-type", "application/json");
            Body::from(json.to_string())
        }
        None => Body::empty(),
    };
    let response = router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null), headers)
}

impl World {
    pub(crate) async fn new() -> Self {
        migrado_link::tls::install_provider();
        let folder = tempfile::tempdir().unwrap();
        let pool = crate::store::open(&folder.path().join("fleet.db")).await.unwrap();
        let clock = Clock::system();
        let now_ms = clock.now_ms();
        let audit = Arc::new(Audit::new(pool.clone()));
        let events = Events::new(now_ms);
        let accounts = Accounts::new(pool.clone(), audit.clone(), folder.path().join("first")).unwrap();
        let password = accounts.first(now_ms).await.unwrap().unwrap();
        let terminal =
            Terminal::new("fp-01".parse().unwrap(), "fp".parse().unwrap(), "<script>".into(), now_ms);
        let fleet = FleetHandle::new([terminal]);
        let pki = Arc::new(Pki::open(folder.path(), &["localhost"], now_ms).unwrap());
        let state = ApiState {
            identities: Identities::new(pool.clone(), fleet.clone(), pki.clone()),
            fleet,
            registry: Arc::new(StoreRegistry { pool: pool.clone(), kicker: None }),
            commands: Commands::open(pool.clone(), events.clone(), clock.clone()).await.unwrap(),
            accounts,
            audit,
            events,
            pki,
            clock,
            calendars: Calendars::open(pool.clone(), [("fp".parse().unwrap(), None)]).await.unwrap(),
            settings: Arc::new(Settings {
                sites: vec![Site {
                    id: "fp".parse().unwrap(),
                    name: "F".into(),
                    address: "A".into(),
                    neighbors: true,
                }],
                terminal_address: "localhost:8444".into(),
                broker_address: "localhost:8883".into(),
                languages: vec!["de".into()],
            }),
            desired_changed: Arc::default(),
            releases: Releases::open(&folder.path().join("content"), &folder.path().join("freshness.pk8"))
                .unwrap()
                .0,
            rollouts: crate::rollouts::Rollouts::new(false, Default::default()),
            streams: Default::default(),
            enrolling: enrolling(),
            renewing: renewing(),
            pool,
        };
        let router = super::router::console(state.clone());
        let login = json!({"name": "admin", "password": password});
        let (status, session, headers) = send(&router, "POST", "/api/v1/session", Some(login), &[]).await;
        assert_eq!(status, StatusCode::OK, "{session}");
        let cookie = headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let csrf = session["csrf_token"].as_str().unwrap().to_owned();
        Self { _folder: folder, state, router, cookie, csrf, password }
    }

    /// Gives fp-01 a certificate, so that orders apply to it.
    pub(crate) fn enrolled(&self) {
        self.state.fleet.change(&"fp-01".parse().unwrap(), |t| {
            t.certificate = Some(crate::fleet::terminal::Certificate { serial: "1".into(), not_after_ms: 1 });
            ((), true)
        });
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        more: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let mut headers = vec![("cookie", self.cookie.as_str()), ("x-csrf-token", self.csrf.as_str())];
        headers.extend_from_slice(more);
        let (status, body, _) = send(&self.router, method, path, body, &headers).await;
        (status, body)
    }
}

#[tokio::test]
async fn every_route_of_the_document_needs_proof_and_every_write_of_a_session_its_token() {
    let world = World::new().await;
    let document: Value = serde_json::from_str(&super::router::document()).unwrap();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().map(|m| m.to_uppercase()) {
            if (path.as_str(), method.as_str()) == ("/api/v1/session", "POST") {
                continue;
            }
            let path = path.replace("{id}", "fp-01").replace("{name}", "admin");
            let (status, problem, headers) = send(&world.router, &method, &path, None, &[]).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(problem["code"], "unauthenticated");
            assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'self'"));
            if method != "GET" {
                let cookie = [("cookie", world.cookie.as_str())];
                let (status, problem, _) = send(&world.router, &method, &path, None, &cookie).await;
                assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("csrf")), "{path}");
            }
            seen += 1;
        }
    }
    assert!(seen > 25);
}

#[tokio::test]
async fn guessing_passwords_ends_in_a_clear_wait() {
    let world = World::new().await;
    let mut last = StatusCode::OK;
    for n in 0..12 {
        let login = json!({"name": "admin", "password": format!("{}{n}", world.password)});
        let (status, _, headers) = send(&world.router, "POST", "/api/v1/session", Some(login), &[]).await;
        if status == StatusCode::TOO_MANY_REQUESTS {
            assert!(headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
        }
        last = status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_change_needs_the_state_it_was_decided_on_and_names_stay_text() {
    let world = World::new().await;
    let path = "/api/v1/terminals/fp-01";
    let (status, shown) = world.call("GET", path, None, &[]).await;
    assert_eq!((status, &shown["label"]), (StatusCode::OK, &json!("<script>")));
    let change = || Some(json!({"label": "Eingang"}));
    assert_eq!(world.call("PATCH", path, change(), &[]).await.0, StatusCode::PRECONDITION_REQUIRED);
    let stale = [("if-match", "\"other\"")];
    assert_eq!(world.call("PATCH", path, change(), &stale).await.0, StatusCode::PRECONDITION_FAILED);
    let (status, shown) = world.call("PATCH", path, change(), &[("if-match", "*")]).await;
    assert_eq!(status, StatusCode::OK, "{shown}");
    assert_eq!((&shown["label"], &shown["desired"]["generation"]), (&json!("Eingang"), &json!(1)));
}

#[tokio::test]
async fn an_order_sent_twice_is_one_order_and_is_audited() {
    let world = World::new().await;
    world.enrolled();
    let order = |s| Some(json!({"terminals": ["fp-01"], "order": {"verb": "identify", "seconds": s}}));
    let key = [("idempotency-key", "k1")];
    let (status, first) = world.call("POST", "/api/v1/commands", order(5), &key).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{first}");
    let (_, second) = world.call("POST", "/api/v1/commands", order(5), &key).await;
    assert_eq!(first, second);
    let (status, other) = world.call("POST", "/api/v1/commands", order(6), &key).await;
    assert_eq!(
        (status, &other["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
    );
    let id = first["commands"][0]["id"].as_str().unwrap();
    let (_, canceled) =
        world.call("POST", &format!("/api/v1/commands/{id}/cancel"), Some(json!({})), &[]).await;
    assert_eq!(canceled["state"], "canceled");
    assert!(audit::verify(&world.state.pool).await.unwrap() >= 3);
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask_and_the_stream_of_events_never_is() {
    let world = World::new().await;
    let ask = async |path: &str| {
        let request = Request::builder().uri(path).header("cookie", &world.cookie);
        let request = request.header("accept-encoding", "gzip").body(Body::empty()).unwrap();
        let response = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.headers().get("content-encoding").cloned()
    };
    for path in ["/", "/api/v1/fleet", "/api/openapi.json"] {
        assert_eq!(ask(path).await.unwrap(), "gzip", "{path}");
    }
    assert_eq!(ask("/api/v1/events").await, None);
}

#[tokio::test]
async fn figures_on_the_console_need_an_api_token_and_health_does_not() {
    let world = World::new().await;
    let open = |path: &str| Router::new().route(path, axum::routing::get(|| async { "1" }));
    let router = super::router::console_with(world.state.clone(), open("/metrics"), open("/healthz"));
    let get = async |path: &str, headers: &[(&str, &str)]| send(&router, "GET", path, None, headers).await.0;
    assert_eq!(get("/healthz", &[]).await, StatusCode::OK);
    assert_eq!(get("/metrics", &[]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(get("/metrics", &[("cookie", &world.cookie)]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(get("/metrics", &[("authorization", "Bearer mfa_wrong")]).await, StatusCode::UNAUTHORIZED);
    let wish = Some(json!({"name": "prometheus", "role": "viewer"}));
    let (status, made) = world.call("POST", "/api/v1/api-tokens", wish, &[]).await;
    assert!(status.is_success(), "{made}");
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    assert_eq!(get("/metrics", &[("authorization", &bearer)]).await, StatusCode::OK);
    assert_eq!(get("/api/v1/session", &[]).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_changed_audit_log_is_told_to_those_who_ask() {
    let world = World::new().await;
    let path = "/api/v1/audit/verification";
    let (_, whole) = world.call("GET", path, None, &[]).await;
    assert_eq!(whole, json!({"ok": true, "row": 2}));
    let harm = "UPDATE audit SET actor = 'somebody' WHERE id = 2";
    sqlx::query(harm).execute(&world.state.pool).await.unwrap();
    let (status, changed) = world.call("GET", path, None, &[]).await;
    assert_eq!((status, &changed["ok"], &changed["row"]), (StatusCode::OK, &json!(false), &json!(2)));
    assert!(changed["what"].is_string(), "{changed}");
}
