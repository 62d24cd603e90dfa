//! Rollouts over the API: made once, planned, started as read, approved by somebody else, taken back;
//! and recalls with their proofs.

use migrado_protocol::content::{Recalled, UpdateState};

use super::*;
use crate::auth::Role;
use crate::rollouts::progress::tests::report;
use crate::rollouts::{Rollouts, task};
use crate::store::releases::{self, Edition, Release};

/// A world with a live release and a display that is there and serves another.
async fn world() -> World {
    let world = World::new().await;
    world.enrolled();
    let now_ms = world.state.clock.now_ms();
    world.state.fleet.change(&"fp-01".parse().unwrap(), |t| {
        t.connection = crate::fleet::terminal::Connection::Standing;
        t.last_seen_ms = Some(now_ms);
        t.reported.content = Some(report("old", "old", UpdateState::Confirmed));
        ((), true)
    });
    let mut conn = world.state.pool.acquire().await.unwrap();
    let release = Release {
        name: "2026-11-25.1".into(),
        manifest: "new".into(),
        title: "T".into(),
        bytes: 1,
        files: 1,
        published_ms: now_ms,
        published_by: "a".into(),
        withdrawn_ms: None,
    };
    releases::put(&mut conn, &release).await.unwrap();
    let edition = Edition {
        release: release.name,
        form: "wbs".into(),
        edition: "2026-01".into(),
        title: "WBS".into(),
        office: "wohnungsamt".into(),
        valid_from: "2026-01-01".into(),
        valid_until: "2026-12-31".into(),
    };
    releases::put_edition(&mut conn, &edition).await.unwrap();
    drop(conn);
    world
}

fn wish() -> Value {
    json!({"title": "Herbst", "release": "2026-11-25.1", "waves": [{"who": "rest", "observe_s": 0}]})
}

async fn made(world: &World) -> (String, String) {
    let (status, made) = world.call("POST", "/api/v1/rollouts", Some(wish()), &[]).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    (format!("/api/v1/rollouts/{}", made["id"].as_str().unwrap()), made["revision"].to_string())
}

async fn act(world: &World, path: &str, verb: &str, revision: &str) -> (StatusCode, Value) {
    let tag = format!("\"{revision}\"");
    world.call("POST", &format!("{path}/{verb}"), None, &[("if-match", &tag)]).await
}

async fn look(world: &World) {
    while task::look(&world.state).await.unwrap() {}
}

async fn wanted(world: &World) -> Option<String> {
    let stored = crate::store::desired::get(&world.state.pool, "fp-01").await.unwrap();
    stored.and_then(|s| s.settings.release).map(|r| r.manifest)
}

#[tokio::test]
async fn a_rollout_is_made_once_and_every_mistake_is_named() {
    let world = world().await;
    let key = [("idempotency-key", "k")];
    let (_, first) = world.call("POST", "/api/v1/rollouts", Some(wish()), &key).await;
    let (_, again) = world.call("POST", "/api/v1/rollouts", Some(wish()), &key).await;
    assert_eq!(first["id"], again["id"]);
    let mut other = wish();
    other["title"] = "Anders".into();
    let (status, problem) = world.call("POST", "/api/v1/rollouts", Some(other), &key).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["code"], "idempotency_key_reused");
    let bad = json!({
        "title": "", "release": "gone", "terminals": {"site": "nowhere"}, "throttle_bytes_s": 1,
        "waves": [{"who": {"percent": 0}}, {"who": {"label": "x"}, "success_percent": 101}],
    });
    let (status, problem) = world.call("POST", "/api/v1/rollouts", Some(bad), &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let named: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(
        named,
        [
            "/title",
            "/release",
            "/terminals/site",
            "/waves/0/who/percent",
            "/waves/1/who/label",
            "/waves/1/success_percent",
            "/throttle_bytes_s"
        ]
    );
}

#[tokio::test]
async fn a_rollout_is_started_as_it_was_read_told_and_taken_back() {
    let world = world().await;
    let (status, plan) = world.call("POST", "/api/v1/rollouts/preview", Some(wish()), &[]).await;
    assert_eq!((status, &plan["solvable"]), (StatusCode::OK, &json!(true)), "{plan}");
    assert_eq!(wanted(&world).await, None, "a preview does nothing");
    let (path, revision) = made(&world).await;
    let (status, _) = world.call("POST", &format!("{path}/start"), None, &[]).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(act(&world, &path, "start", "7").await.0, StatusCode::PRECONDITION_FAILED);
    let (status, started) = act(&world, &path, "start", &revision).await;
    assert_eq!((status, &started["state"]), (StatusCode::OK, &json!("scheduled")), "{started}");
    look(&world).await;
    assert_eq!(wanted(&world).await.as_deref(), Some("new"));
    let (_, now) = world.call("GET", &path, None, &[]).await;
    assert_eq!(now["displays"][0]["state"], "downloading", "{now}");
    // Another one on the same display is refused by name.
    let (second, revision) = made(&world).await;
    let (status, problem) = act(&world, &second, "start", &revision).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("unsolvable")), "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "fp-01");
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("Herbst"), "{problem}");
    for _ in 0..2 {
        let (status, back) = act(&world, &path, "back", "0").await;
        assert_eq!((status, &back["state"]), (StatusCode::OK, &json!("halted")), "twice is once: {back}");
    }
    look(&world).await;
    assert_eq!(wanted(&world).await.as_deref(), Some("old"), "what it served before");
    world.state.fleet.change(&"fp-01".parse().unwrap(), |t| {
        t.reported.generation = Some(t.desired_generation);
        ((), true)
    });
    look(&world).await;
    let (_, now) = world.call("GET", &path, None, &[]).await;
    assert_eq!((&now["state"], &now["displays"][0]["state"]), (&json!("rolled_back"), &json!("returned")));
    let (status, _) = act(&world, &path, "resume", "0").await;
    assert_eq!(status, StatusCode::CONFLICT, "what is over stays over");
    // The display is free again.
    assert_eq!(act(&world, &second, "start", &revision).await.0, StatusCode::OK);
    audit::verify(&world.state.pool).await.unwrap();
}

#[tokio::test]
async fn who_made_a_rollout_does_not_approve_it() {
    let mut world = world().await;
    world.state.rollouts = Rollouts::new(true, Default::default());
    world.router = crate::api::router::console(world.state.clone());
    let (path, revision) = made(&world).await;
    let (_, started) = act(&world, &path, "start", &revision).await;
    assert_eq!(started["state"], "awaiting_approval", "{started}");
    look(&world).await;
    assert_eq!(wanted(&world).await, None);
    let revision = started["revision"].to_string();
    let (status, problem) = act(&world, &path, "approve", &revision).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("same_eyes")));
    let password = "somebody else's password 1";
    let accounts = &world.state.accounts;
    assert!(accounts.make("test", "second", Role::Operator, password.into(), 1).await.unwrap());
    let login = json!({"name": "second", "password": password});
    let (_, session, headers) = send(&world.router, "POST", "/api/v1/session", Some(login), &[]).await;
    let cookie = headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let tag = format!("\"{revision}\"");
    let proof = [
        ("cookie", cookie.as_str()),
        ("x-csrf-token", session["csrf_token"].as_str().unwrap()),
        ("if-match", tag.as_str()),
    ];
    let (status, approved, _) = send(&world.router, "POST", &format!("{path}/approve"), None, &proof).await;
    assert_eq!((status, &approved["approved_by"]), (StatusCode::OK, &json!("second")), "{approved}");
    look(&world).await;
    assert_eq!(wanted(&world).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_recall_is_proven_by_each_display_and_lifted_once() {
    let world = world().await;
    let recall = |edition: &str| Some(json!({"form": "wbs", "edition": edition, "reason": "Fehler"}));
    let (status, problem) = world.call("POST", "/api/v1/recalls", recall("2025-01"), &[]).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/edition"))
    );
    let (status, made) = world.call("POST", "/api/v1/recalls", recall("2026-01"), &[]).await;
    assert_eq!((status, &made["pending"]), (StatusCode::CREATED, &json!(1)), "{made}");
    look(&world).await;
    let (_, list) = world.call("GET", "/api/v1/recalls", None, &[]).await;
    assert_eq!(list["items"][0]["displays"][0]["state"], "pending");
    world.state.fleet.change(&"fp-01".parse().unwrap(), |t| {
        let mut content = report("new", "new", UpdateState::Confirmed);
        content.recalled = vec![Recalled { form: "wbs".into(), edition: "2026-01".into() }];
        t.reported.content = Some(content);
        ((), true)
    });
    look(&world).await;
    let (_, list) = world.call("GET", "/api/v1/recalls", None, &[]).await;
    let proof = &list["items"][0]["displays"][0];
    assert_eq!((&proof["state"], proof["at_ms"].is_i64()), (&json!("proven"), true), "{list}");
    let (_, live) = world.call("GET", "/api/v1/editions", None, &[]).await;
    let edition = &live["editions"][0];
    assert_eq!((&edition["live_on"], &edition["held_back_on"]), (&json!([]), &json!(["fp-01"])), "{live}");
    assert_eq!(live["releases"][0]["name"], "2026-11-25.1");
    let path = "/api/v1/recalls/wbs/2026-01";
    assert_eq!(world.call("DELETE", path, None, &[]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.call("DELETE", path, None, &[]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_download_says_how_far_and_how_fast_it_is() {
    let world = world().await;
    let (path, revision) = made(&world).await;
    act(&world, &path, "start", &revision).await;
    look(&world).await;
    let now_ms = world.state.clock.now_ms();
    let said = |bytes_done| {
        let mut content = report("old", "new", UpdateState::Downloading);
        let update = content.update.as_mut().unwrap();
        (update.bytes_done, update.bytes_total) = (bytes_done, 1_000_000);
        content
    };
    world.state.fleet.change(&"fp-01".parse().unwrap(), |t| {
        t.pace.heard(Some(&said(0)), now_ms - 10_000);
        t.pace.heard(Some(&said(250_000)), now_ms - 5_000);
        t.reported.content = Some(said(250_000));
        t.reported.generation = Some(t.desired_generation);
        ((), true)
    });
    look(&world).await;
    let (_, rollout) = world.call("GET", &path, None, &[]).await;
    let (_, terminal) = world.call("GET", "/api/v1/terminals/fp-01", None, &[]).await;
    let expected = json!({"bytes_done": 250_000, "bytes_total": 1_000_000, "bytes_from_neighbors": 0, "bytes_s": 50_000, "left_s": 15});
    assert_eq!(rollout["displays"][0]["download"], expected, "{rollout}");
    assert_eq!(terminal["download"], expected, "{terminal}");
}

#[tokio::test]
async fn a_release_says_where_it_is_on_the_way_in_service_and_refused() {
    let world = world().await;
    let (path, revision) = made(&world).await;
    act(&world, &path, "start", &revision).await;
    look(&world).await;
    let of = async |active: &str, state| {
        world.state.fleet.change(&"fp-01".parse().unwrap(), |t| {
            t.reported.content = Some(report(active, "new", state));
            ((), true)
        });
        let (_, release) = world.call("GET", "/api/v1/releases/2026-11-25.1", None, &[]).await;
        assert_eq!(release["wanted"], json!(["fp-01"]));
        ["on_the_way", "in_service", "refused"].map(|name| release[name].as_array().unwrap().len())
    };
    assert_eq!(of("old", UpdateState::Downloading).await, [1, 0, 0]);
    assert_eq!(of("old", UpdateState::RolledBack).await, [0, 0, 1]);
    assert_eq!(of("old", UpdateState::Failed).await, [0, 0, 1]);
    assert_eq!(of("new", UpdateState::Confirmed).await, [0, 1, 0]);
}
