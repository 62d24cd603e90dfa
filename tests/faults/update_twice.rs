//! Two rollouts that want the same display: the second is refused by name for as long as the first has it,
//! and the display has one release at a time.

use migrado_tests::editor::Editor;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, visitor};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const RELEASES: [&str; 2] = ["2026-11-25.1", "2026-11-25.2"];

async fn made(fleet: &Fleet, title: &str, release: &str) -> String {
    let waves = json!([{"who": "rest", "observe_s": 0}]);
    let body = json!({"title": title, "release": release, "waves": waves});
    let made = fleet.api.post("/api/v1/rollouts", body).await.unwrap();
    format!("/api/v1/rollouts/{}", made["id"].as_str().unwrap())
}

/// Starts it as it is now. Gives status and body.
async fn start(fleet: &Fleet, path: &str) -> (u16, Value) {
    let seen = fleet.api.get(path).await.unwrap();
    let tag = format!("\"{}\"", seen["revision"]);
    let read = [("If-Match", tag.as_str())];
    let answer = fleet.api.send(Method::POST, &format!("{path}/start"), None, &read).await.unwrap();
    (answer.status.as_u16(), answer.body)
}

async fn until_completed(fleet: &Fleet, path: &str) {
    until("the rollout is completed", seconds(90), || async {
        let seen = fleet.api.get(path).await.map_err(|e| json!(format!("{e:#}")))?;
        if seen["state"] == "completed" { Ok(()) } else { Err(seen) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_rollouts_for_one_display_the_second_waits_by_name() {
    let fleet = Fleet::builder().start().await;
    // Nobody draws the release yet, so the first rollout stands in the middle.
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    for name in RELEASES {
        let folder = editor.release(name, &[("name.txt", name.as_bytes())]).unwrap();
        editor.publish(&fleet.api, name, &folder).await.unwrap();
    }
    let first = made(&fleet, "Herbst", RELEASES[0]).await;
    let second = made(&fleet, "Winter", RELEASES[1]).await;
    assert_eq!(start(&fleet, &first).await.0, 200);
    let (status, refused) = start(&fleet, &second).await;
    assert_eq!((status, &refused["code"]), (409, &json!("unsolvable")), "{refused}");
    assert_eq!(refused["errors"][0]["pointer"], "fp-01", "{refused}");
    let why = refused["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(why.contains("Herbst"), "it says which one has the display: {refused}");
    fleet
        .until_terminal("fp-01", "watches the first", |t| t["content"]["update"]["state"] == "observing")
        .await;
    let seen = fleet.api.terminal("fp-01").await.unwrap();
    assert_eq!(seen["content"]["update"]["name"], RELEASES[0], "never both: {seen}");
    tokio::spawn(visitor::showing_page(fleet.terminals[0].kiosk(), CancellationToken::new()));
    until_completed(&fleet, &first).await;
    // The first is over: nothing stands in the way any more.
    let (status, started) = start(&fleet, &second).await;
    assert_eq!(status, 200, "{started}");
    until_completed(&fleet, &second).await;
    let seen = fleet.api.terminal("fp-01").await.unwrap();
    assert_eq!(seen["content"]["active"]["name"], RELEASES[1], "{seen}");
    assert_eq!(seen["content"]["previous"]["name"], RELEASES[0], "{seen}");
}
