//! Who may do what: every route of the router by every role. A route that is missing here fails.

use super::*;
use crate::auth::Role;

/// The least role of each route; `None` where nobody has to prove anything.
const LEAST: &[(&str, &str, Option<Role>)] = &[
    ("POST", "/api/v1/session", None),
    ("GET", "/api/v1/session", Some(Role::Viewer)),
    ("POST", "/api/v1/session/password", Some(Role::Viewer)),
    ("GET", "/api/v1/fleet", Some(Role::Viewer)),
    ("GET", "/api/v1/sites/{id}/calendar", Some(Role::Viewer)),
    ("PUT", "/api/v1/sites/{id}/calendar", Some(Role::Operator)),
    ("DELETE", "/api/v1/sites/{id}/calendar", Some(Role::Operator)),
    ("GET", "/api/v1/sites/{id}/calendar/days", Some(Role::Viewer)),
    ("GET", "/api/v1/schedules", Some(Role::Viewer)),
    ("POST", "/api/v1/schedules", Some(Role::Operator)),
    ("GET", "/api/v1/schedules/{id}", Some(Role::Viewer)),
    ("PUT", "/api/v1/schedules/{id}", Some(Role::Operator)),
    ("DELETE", "/api/v1/schedules/{id}", Some(Role::Operator)),
    ("POST", "/api/v1/schedules/{id}/pause", Some(Role::Operator)),
    ("POST", "/api/v1/schedules/{id}/resume", Some(Role::Operator)),
    ("GET", "/api/v1/schedules/{id}/runs", Some(Role::Viewer)),
    ("GET", "/api/v1/terminals", Some(Role::Viewer)),
    ("POST", "/api/v1/terminals", Some(Role::Admin)),
    ("GET", "/api/v1/terminals/{id}", Some(Role::Viewer)),
    ("PATCH", "/api/v1/terminals/{id}", Some(Role::Operator)),
    ("DELETE", "/api/v1/terminals/{id}", Some(Role::Admin)),
    ("POST", "/api/v1/terminals/{id}/enroll-tokens", Some(Role::Admin)),
    ("POST", "/api/v1/terminals/{id}/revoke", Some(Role::Admin)),
    ("GET", "/api/v1/terminals/{id}/timeline", Some(Role::Viewer)),
    ("GET", "/api/v1/terminals/{id}/usage", Some(Role::Viewer)),
    ("GET", "/api/v1/usage", Some(Role::Viewer)),
    ("GET", "/api/v1/verbs", Some(Role::Viewer)),
    ("POST", "/api/v1/commands/preview", Some(Role::Operator)),
    ("GET", "/api/v1/commands", Some(Role::Viewer)),
    ("POST", "/api/v1/commands", Some(Role::Operator)),
    ("GET", "/api/v1/commands/{id}", Some(Role::Viewer)),
    ("POST", "/api/v1/commands/{id}/cancel", Some(Role::Operator)),
    ("GET", "/api/v1/commands/{id}/logs", Some(Role::Operator)),
    ("GET", "/api/v1/audit", Some(Role::Admin)),
    ("GET", "/api/v1/audit/verification", Some(Role::Admin)),
    ("GET", "/api/v1/api-tokens", Some(Role::Viewer)),
    ("POST", "/api/v1/api-tokens", Some(Role::Viewer)),
    ("GET", "/api/v1/api-tokens/{id}", Some(Role::Viewer)),
    ("DELETE", "/api/v1/api-tokens/{id}", Some(Role::Viewer)),
    ("GET", "/api/v1/users", Some(Role::Admin)),
    ("POST", "/api/v1/users", Some(Role::Admin)),
    ("GET", "/api/v1/events", Some(Role::Viewer)),
    ("GET", "/api/v1/signing-key", Some(Role::Viewer)),
    ("POST", "/api/v1/signing-key/rotate", Some(Role::Admin)),
    ("GET", "/api/v1/releases", Some(Role::Viewer)),
    ("POST", "/api/v1/releases", Some(Role::Operator)),
    ("GET", "/api/v1/releases/{name}", Some(Role::Viewer)),
    ("GET", "/api/v1/releases/{name}/languages", Some(Role::Viewer)),
    ("GET", "/api/v1/rollouts", Some(Role::Viewer)),
    ("POST", "/api/v1/rollouts", Some(Role::Operator)),
    ("POST", "/api/v1/rollouts/preview", Some(Role::Operator)),
    ("GET", "/api/v1/rollouts/{id}", Some(Role::Viewer)),
    ("POST", "/api/v1/rollouts/{id}/start", Some(Role::Operator)),
    ("POST", "/api/v1/rollouts/{id}/approve", Some(Role::Operator)),
    ("POST", "/api/v1/rollouts/{id}/pause", Some(Role::Operator)),
    ("POST", "/api/v1/rollouts/{id}/resume", Some(Role::Operator)),
    ("POST", "/api/v1/rollouts/{id}/cancel", Some(Role::Operator)),
    ("POST", "/api/v1/rollouts/{id}/back", Some(Role::Operator)),
    ("GET", "/api/v1/editions", Some(Role::Viewer)),
    ("GET", "/api/v1/recalls", Some(Role::Viewer)),
    ("POST", "/api/v1/recalls", Some(Role::Operator)),
    ("DELETE", "/api/v1/recalls/{form}/{edition}", Some(Role::Operator)),
    ("GET", "/api/v1/content/freshness-key", Some(Role::Viewer)),
    ("GET", "/api/v1/content/metadata/{name}", Some(Role::Viewer)),
    ("PUT", "/api/v1/terminals/{id}/release", Some(Role::Operator)),
    ("POST", "/api/v1/terminals/{id}/release/retry", Some(Role::Operator)),
    ("POST", "/api/v1/content/uploads/missing", Some(Role::Operator)),
    ("GET", "/api/v1/content/objects/{sha256}", Some(Role::Operator)),
    ("PUT", "/api/v1/content/objects/{sha256}", Some(Role::Operator)),
];
/// Routes that are asked last: they end what the others need.
const LAST: [(&str, &str, Option<Role>); 4] = [
    ("GET", "/api/v1/users/{name}", Some(Role::Admin)),
    ("PATCH", "/api/v1/users/{name}", Some(Role::Admin)),
    ("DELETE", "/api/v1/users/{name}", Some(Role::Admin)),
    ("DELETE", "/api/v1/session", Some(Role::Viewer)),
];

/// Cookie and CSRF token of a new session.
async fn session(world: &World, name: &str, password: &str) -> (String, String) {
    let login = Some(json!({"name": name, "password": password}));
    let (status, session, headers) = send(&world.router, "POST", "/api/v1/session", login, &[]).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    let cookie = headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    (cookie, session["csrf_token"].as_str().unwrap().to_owned())
}

/// Only the status: a stream never ends.
async fn status(world: &World, method: &str, path: &str, proof: Option<&(String, String)>) -> StatusCode {
    // Nothing of these names exists and no body is sent: whoever may do it is told so, and nothing
    // is done.
    let path = path.replace("{id}", "no-such").replace("{name}", "no-such");
    let mut request = Request::builder().method(method).uri(path);
    if let Some((cookie, csrf)) = proof {
        request = request.header("cookie", cookie).header("x-csrf-token", csrf);
    }
    let request = request.body(Body::empty()).unwrap();
    world.router.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn every_route_takes_its_least_role_and_refuses_the_ones_below() {
    let world = World::new().await;
    let password = "a password for all 1";
    let mut proofs = Vec::new();
    for role in Role::ALL {
        let name = format!("a-{}", role.word());
        assert!(world.state.accounts.make("test", &name, role, password.into(), 1).await.unwrap());
        proofs.push((role, session(&world, &name, password).await));
    }
    for (method, path, least) in LEAST.iter().chain(&LAST) {
        let stranger = status(&world, method, path, None).await;
        assert_eq!(stranger == StatusCode::UNAUTHORIZED, least.is_some(), "{method} {path}: {stranger}");
        for (role, proof) in &proofs {
            let said = status(&world, method, path, Some(proof)).await;
            let allowed = least.is_none_or(|least| *role >= least);
            assert_ne!(said, StatusCode::UNAUTHORIZED, "{method} {path} by {role:?}");
            assert_eq!(said != StatusCode::FORBIDDEN, allowed, "{method} {path} by {role:?}: {said}");
            assert!(!said.is_server_error(), "{method} {path} by {role:?}: {said}");
        }
    }
}

#[tokio::test]
async fn every_route_of_the_router_stands_in_the_table() {
    let document: Value = serde_json::from_str(&crate::api::router::document()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut table: Vec<(String, String)> =
        LEAST.iter().chain(&LAST).map(|(m, p, _)| ((*m).to_owned(), (*p).to_owned())).collect();
    routes.sort();
    table.sort();
    assert_eq!(routes, table);
}

/// The other guards of tokens: what a token may not do whatever its role.
#[tokio::test]
async fn a_token_changes_neither_password_nor_role_and_makes_no_tokens() {
    let world = World::new().await;
    let wish = Some(json!({"name": "reader", "role": "viewer"}));
    let (_, made) = world.call("POST", "/api/v1/api-tokens", wish, &[]).await;
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let change = json!({"old_password": world.password, "new_password": "another password 3"});
    for (path, body) in
        [("/api/v1/session/password", change.clone()), ("/api/v1/api-tokens", json!({"name": "more"}))]
    {
        let proof = [("authorization", bearer.as_str())];
        let (status, problem, _) = send(&world.router, "POST", path, Some(body), &proof).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("session_required")), "{path}");
    }
    let (_, me) = world.call("GET", "/api/v1/session", None, &[]).await;
    assert_eq!(me["role"], "admin");
    // Negative control: the session may, and stays an administrator's.
    let (status, _) = world.call("POST", "/api/v1/session/password", Some(change), &[]).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = world.call("GET", "/api/v1/session", None, &[]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "its sessions ended");
    let anew = session(&world, "admin", "another password 3").await;
    let headers = [("cookie", anew.0.as_str())];
    let (_, me, _) = send(&world.router, "GET", "/api/v1/session", None, &headers).await;
    assert_eq!(me["role"], "admin");
}

#[tokio::test]
async fn a_cookie_is_made_at_the_login_and_is_for_this_host_only() {
    let world = World::new().await;
    let planted = format!("{}=planted-by-somebody", crate::api::guard::COOKIE);
    let login = || Some(json!({"name": "admin", "password": world.password}));
    let given = [("cookie", planted.as_str())];
    let (_, _, headers) = send(&world.router, "POST", "/api/v1/session", login(), &given).await;
    let set = headers["set-cookie"].to_str().unwrap();
    assert!(!set.contains("planted"), "{set}");
    assert!(set.starts_with("__Host-"), "{set}");
    for word in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(set.split("; ").any(|part| part == word), "{word} is missing in {set}");
    }
    let (status, _, _) = send(&world.router, "GET", "/api/v1/session", None, &given).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // After the logout the cookie is worth nothing.
    assert_eq!(world.call("DELETE", "/api/v1/session", None, &[]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.call("GET", "/api/v1/session", None, &[]).await.0, StatusCode::UNAUTHORIZED);
}
