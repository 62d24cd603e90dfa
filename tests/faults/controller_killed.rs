//! The controller is killed in the middle of a wave: what it had decided stands, and it goes on there.

use migrado_tests::Fleet;
use migrado_tests::editor::Editor;
use migrado_tests::visitor;
use migrado_tests::wait::{seconds, until};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Displays of the fleet: enough that a wave has a middle.
const DISPLAYS: usize = 3;
/// How often the controller is killed.
const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollout_goes_on_where_it_was_however_often_the_controller_dies() {
    let mut fleet = Fleet::builder().terminals(DISPLAYS).start().await;
    let end = CancellationToken::new();
    for terminal in &fleet.terminals {
        tokio::spawn(visitor::showing_page(terminal.kiosk(), end.clone()));
    }
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let folder = editor.release("one", &[("a.txt", b"one")]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.1", &folder).await.unwrap();
    let waves = json!([{"who": {"count": 1}, "observe_s": 1}, {"who": "rest", "observe_s": 0}]);
    let body = json!({"title": "Herbst", "release": "2026-11-25.1", "waves": waves});
    let made = fleet.api.post("/api/v1/rollouts", body).await.unwrap();
    let path = format!("/api/v1/rollouts/{}", made["id"].as_str().unwrap());
    let tag = format!("\"{}\"", made["revision"]);
    let (start, read) = (format!("{path}/start"), [("If-Match", tag.as_str())]);
    fleet.api.send(Method::POST, &start, None, &read).await.unwrap().ok().unwrap();
    let mut before = made["revision"].as_i64().unwrap() + 1;
    for n in 0..KILLS {
        // Each time a little further on: right after something was decided.
        let seen = until("the rollout has moved", seconds(60), || async {
            let seen = fleet.api.get(&path).await.map_err(|e| json!(format!("{e:#}")))?;
            let moved = seen["revision"].as_i64() > Some(before) || seen["state"] == "completed";
            if moved { Ok(seen) } else { Err(seen) }
        })
        .await;
        before = seen["revision"].as_i64().unwrap();
        fleet.controller.kill().await;
        fleet.controller.start().await.unwrap();
        fleet.login().await.unwrap();
        let kept = fleet.api.get(&path).await.unwrap();
        assert!(kept["revision"].as_i64() >= Some(before), "kill {n}: nothing is forgotten: {kept}");
    }
    let done: Value = until("the rollout is completed", seconds(180), || async {
        let seen = fleet.api.get(&path).await.map_err(|e| json!(format!("{e:#}")))?;
        if seen["state"] == "completed" { Ok(seen) } else { Err(seen) }
    })
    .await;
    let displays = done["displays"].as_array().unwrap();
    assert!(displays.iter().all(|d| d["state"] == "confirmed") && displays.len() == DISPLAYS, "{done}");
    for terminal in &fleet.terminals {
        let seen = fleet.api.terminal(&terminal.id).await.unwrap();
        assert_eq!(seen["content"]["active"]["name"], "2026-11-25.1", "{seen}");
        assert_eq!(seen["content"]["update"]["attempts"], 1, "each was told once: {seen}");
    }
    let audit = fleet.api.get("/api/v1/audit/verification").await.unwrap();
    assert_eq!(audit["ok"], true, "{audit}");
    end.cancel();
}
