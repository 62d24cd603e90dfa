//! Scheduled orders over the API: made, changed by those who saw them, paused, resumed, removed.

use axum::http::StatusCode;
use serde_json::json;

use super::World;

const PATH: &str = "/api/v1/schedules";

#[tokio::test]
async fn a_schedule_is_made_changed_paused_resumed_and_removed() {
    let world = World::new().await;
    let plan = |name: &str, cron: &str| {
        Some(json!({"name": name, "when": {"cron": cron}, "terminals": {"site": "fp"},
            "order": {"verb": "restart_page"}, "only_when": "closed"}))
    };
    let (status, made) = world.call("POST", PATH, plan("Nachts", "0 3 * * *"), &[]).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!((&made["grace_minutes"], &made["revision"]), (&json!(60), &json!(1)));
    assert!(made["next_ms"].as_i64().unwrap() > world.state.clock.now_ms());
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let (status, _) = world.call("PUT", &path, plan("Früh", "0 5 * * *"), &[]).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let (status, changed) =
        world.call("PUT", &path, plan("Früh", "0 5 * * *"), &[("if-match", "\"1\"")]).await;
    assert_eq!((status, &changed["name"], &changed["revision"]), (StatusCode::OK, &json!("Früh"), &json!(2)));
    let (status, _) = world.call("PUT", &path, plan("Spät", "0 6 * * *"), &[("if-match", "\"1\"")]).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    for _ in 0..2 {
        let (status, paused) = world.call("POST", &format!("{path}/pause"), Some(json!({})), &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            (&paused["paused"], &paused["next_ms"], &paused["revision"]),
            (&json!(true), &json!(null), &json!(3))
        );
    }
    let (_, resumed) = world.call("POST", &format!("{path}/resume"), Some(json!({})), &[]).await;
    assert_eq!((&resumed["paused"], &resumed["revision"]), (&json!(false), &json!(4)));
    let (_, runs) = world.call("GET", &format!("{path}/runs"), None, &[]).await;
    assert_eq!(runs, json!({"items": [], "next": null}));
    let (_, listed) = world.call("GET", PATH, None, &[]).await;
    assert_eq!(listed["items"][0]["name"], "Früh");
    assert_eq!(world.call("DELETE", &path, None, &[("if-match", "\"4\"")]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.call("GET", &path, None, &[]).await.0, StatusCode::NOT_FOUND);
    let (_, audit) = world.call("GET", "/api/v1/audit", None, &[]).await;
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).take(5).collect();
    assert_eq!(
        actions,
        ["schedule.remove", "schedule.resume", "schedule.pause", "schedule.change", "schedule.add"]
    );
}

#[tokio::test]
async fn mistakes_of_a_schedule_have_their_fields() {
    let world = World::new().await;
    let wrong = json!({"name": "", "when": {"cron": "0 0 31 2 *"}, "terminals": {"site": "nowhere"},
        "order": {"verb": "identify", "seconds": 0}, "grace_minutes": 9999});
    let (status, problem) = world.call("POST", PATH, Some(wrong), &[]).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")),
        "{problem}"
    );
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/name", "/when/cron", "/terminals/site", "/order/seconds", "/grace_minutes"]);
    let (_, listed) = world.call("GET", PATH, None, &[]).await;
    assert_eq!(listed["items"], json!([]));
}
