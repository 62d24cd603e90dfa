//! Refusals are problems whoever made them, on both listeners; and of two changes one wins.

use super::*;

struct Case {
    method: &'static str,
    path: &'static str,
    kind: &'static str,
    body: Vec<u8>,
    expected: u16,
    code: &'static str,
}

fn case(method: &'static str, path: &'static str, expected: u16, code: &'static str) -> Case {
    Case { method, path, kind: "application/json", body: b"{}".to_vec(), expected, code }
}

async fn check(router: &Router, cookie: Option<(&str, &str)>, cases: Vec<Case>) {
    for case in cases {
        let name = format!("{} {}", case.method, case.path);
        let mut request = Request::builder().method(case.method).uri(case.path);
        request = request.header("content-type", case.kind);
        if let Some((cookie, csrf)) = cookie {
            request = request.header("cookie", cookie).header("x-csrf-token", csrf);
        }
        let response = router.clone().oneshot(request.body(Body::from(case.body)).unwrap()).await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        assert_eq!((status.as_u16(), &problem["code"]), (case.expected, &json!(case.code)), "{name}");
        assert_eq!(problem["status"], case.expected, "{name}");
        assert!(problem["detail"].as_str().is_some_and(|d| !d.is_empty()), "{name}");
        assert_eq!(headers["content-type"], "application/problem+json", "{name}");
        assert_eq!(headers.contains_key("allow"), status == StatusCode::METHOD_NOT_ALLOWED, "{name}");
    }
}

#[tokio::test]
async fn the_console_refuses_in_problems() {
    let world = World::new().await;
    let large = vec![b' '; 1024 * 1024 + 1];
    let cases = vec![
        case("GET", "/api/v1/nowhere", 404, "not_found"),
        case("GET", "/api/v1/terminals/fp-99", 404, "not_found"),
        case("PUT", "/api/v1/fleet", 405, "method_not_allowed"),
        case("DELETE", "/api/openapi.json", 405, "method_not_allowed"),
        Case { body: large, ..case("POST", "/api/v1/terminals", 413, "body_unreadable") },
        Case { kind: "text/plain", ..case("POST", "/api/v1/terminals", 415, "not_json") },
        case("POST", "/api/v1/terminals", 422, "invalid"),
        Case { body: b"{".to_vec(), ..case("POST", "/api/v1/terminals", 422, "invalid") },
        case("GET", "/api/v1/commands?limit=x", 422, "invalid"),
        case("PATCH", "/api/v1/terminals/fp-01", 428, "if_match_required"),
    ];
    check(&world.router, Some((&world.cookie, &world.csrf)), cases).await;
}

#[tokio::test]
async fn the_terminals_listener_refuses_in_problems() {
    let world = World::new().await;
    let router = crate::api::router::terminals(world.state.clone());
    let logs = "/terminal/v1/logs/01890000-0000-7000-8000-000000000000";
    let cases = vec![
        case("GET", "/", 404, "not_found"),
        case("GET", "/terminal/v1/nowhere", 404, "not_found"),
        case("GET", "/terminal/v1/enroll", 405, "method_not_allowed"),
        Case {
            body: vec![b' '; 64 * 1024 + 1],
            ..case("POST", "/terminal/v1/enroll", 413, "body_unreadable")
        },
        Case { kind: "text/plain", ..case("POST", "/terminal/v1/enroll", 415, "not_json") },
        case("POST", "/terminal/v1/enroll", 422, "invalid"),
        case("PUT", logs, 401, "certificate_required"),
        // Nothing of a body is looked at before it is known whose it is.
        Case { body: vec![0xff, 0xfe], ..case("PUT", logs, 401, "certificate_required") },
    ];
    check(&router, None, cases).await;
}

#[tokio::test]
async fn the_place_of_a_mistake_is_a_json_pointer() {
    let world = World::new().await;
    let any = [("if-match", "*")];
    let change = |languages: Value| Some(json!({"languages": languages}));
    for (languages, pointer) in [
        (json!(["de", 1]), "/languages/1"),
        (json!(["de", "en", "xx"]), "/languages/2"),
        (json!(1), "/languages"),
    ] {
        let (status, said) = world.call("PATCH", "/api/v1/terminals/fp-01", change(languages), &any).await;
        assert_eq!((status.as_u16(), &said["errors"][0]["pointer"]), (422, &json!(pointer)), "{said}");
    }
}

#[tokio::test]
async fn every_list_names_the_parameter_that_is_wrong() {
    let world = World::new().await;
    for (path, pointer) in [
        ("commands?after=nonsense", "after"),
        ("commands?state=nope", "state"),
        ("commands?terminal=FP%2001", "terminal"),
        ("commands?batch=1", "batch"),
        ("commands?open=perhaps", "open"),
        ("commands?limit=501", "limit"),
        ("commands?termnal=fp-01", "termnal"),
        ("terminals?after=%21", "after"),
        ("terminals?site=nowhere", "site"),
        ("terminals?status=nope", "status"),
        ("terminals?limit=501", "limit"),
        ("terminals?limit=1&limit=2", "limit"),
        ("terminals?sort=worst", "sort"),
        ("terminals/fp-01/timeline?after=x", "after"),
        ("terminals/fp-01/timeline?limit=0", "limit"),
        ("terminals/fp-01/timeline?kind=health", "kind"),
        ("terminals/fp-01/usage?days=93", "days"),
        ("terminals/fp-01/usage?site=fp", "site"),
        ("usage?site=nowhere", "site"),
        ("usage?days=0", "days"),
        ("audit?after=x", "after"),
        ("audit?actor=admin", "actor"),
        ("audit?limit=501", "limit"),
        ("users?limit=1", "limit"),
        ("releases?limit=1", "limit"),
        ("api-tokens?user=admin", "user"),
        ("events?last_event_id=x", "last_event_id"),
    ] {
        let (status, said) = world.call("GET", &format!("/api/v1/{path}"), None, &[]).await;
        let (code, named) = (&said["code"], &said["errors"][0]["pointer"]);
        assert_eq!(
            (status.as_u16(), code, named),
            (422, &json!("invalid"), &json!(pointer)),
            "{path}: {said}"
        );
    }
    let order = json!({"terminals": {"site": "nowhere"}, "order": {"verb": "report_now"}});
    let (status, said) = world.call("POST", "/api/v1/commands/preview", Some(order), &[]).await;
    let message = said["errors"][0]["message"].as_str().unwrap_or_default();
    assert_eq!((status.as_u16(), message), (422, "there is no site \"nowhere\"; use fp"), "{said}");
    for good in [
        "commands?terminal=fp-99&state=timed_out&open=true&limit=500",
        "terminals?site=fp&status=unknown&q=%26&limit=1&after=fp-00",
        "usage?site=fp&days=92",
        "audit?after=3",
    ] {
        let (status, said) = world.call("GET", &format!("/api/v1/{good}"), None, &[]).await;
        assert_eq!(status, StatusCode::OK, "{good}: {said}");
    }
}

#[tokio::test]
async fn a_name_holds_nothing_that_turns_or_breaks_what_stands_beside_it() {
    let world = World::new().await;
    let any = [("if-match", "*")];
    for label in ["Ein\u{202e}gang", "a\u{2067}b", "a\u{2028}b", "a\u{7}b", "a\nb", " ", &"x".repeat(81)] {
        let change = Some(json!({"label": label}));
        let (status, said) = world.call("PATCH", "/api/v1/terminals/fp-01", change, &any).await;
        assert_eq!((status.as_u16(), &said["errors"][0]["pointer"]), (422, &json!("/label")), "{label:?}");
        let wish = Some(json!({"name": format!("x{label}")}));
        let (status, _) = world.call("POST", "/api/v1/api-tokens", wish, &[]).await;
        let fits = label.chars().all(|c| matches!(c, 'x' | ' '));
        assert_eq!(status.as_u16(), if fits { 201 } else { 422 }, "{label:?}");
    }
    let arabic = Some(json!({"label": "المدخل \u{200f}(1)"}));
    assert_eq!(world.call("PATCH", "/api/v1/terminals/fp-01", arabic, &any).await.0, StatusCode::OK);
}

#[tokio::test]
async fn of_two_changes_decided_on_the_same_state_one_is_refused() {
    let world = World::new().await;
    let path = "/api/v1/terminals/fp-01";
    let tag = async || {
        let headers = [("cookie", world.cookie.as_str())];
        let (_, _, headers) = send(&world.router, "GET", path, None, &headers).await;
        headers["etag"].to_str().unwrap().to_owned()
    };
    for round in 0..3 {
        let seen = tag().await;
        let matching = [("if-match", seen.as_str())];
        let change = |who: &str| Some(json!({"label": format!("{who}{round}")}));
        let (one, other) = tokio::join!(
            world.call("PATCH", path, change("a"), &matching),
            world.call("PATCH", path, change("b"), &matching)
        );
        let mut statuses = [one.0.as_u16(), other.0.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{round}: {} {}", one.1, other.1);
        // Memory, database and answer agree on who won.
        let won = if one.0 == StatusCode::OK { one.1 } else { other.1 };
        let stored = crate::store::terminals::all(&world.state.pool).await.unwrap();
        assert_eq!(stored[0].label, won["label"].as_str().unwrap());
        assert_eq!(world.call("GET", path, None, &[]).await.1["label"], won["label"]);
    }
    // A tag of before is no longer good.
    let old = tag().await;
    world.call("PATCH", path, Some(json!({"label": "c"})), &[("if-match", "*")]).await;
    let late = world.call("DELETE", path, None, &[("if-match", &old)]).await;
    assert_eq!(late.0, StatusCode::PRECONDITION_FAILED);
    assert_eq!(world.call("DELETE", path, None, &[("if-match", "*")]).await.0, StatusCode::NO_CONTENT);
    assert!(crate::store::terminals::all(&world.state.pool).await.unwrap().is_empty());
}
