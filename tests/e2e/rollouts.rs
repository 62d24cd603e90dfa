//! A release on its way to many displays, with real ones: in waves, back where it breaks the page, and
//! followed from the command line.

use migrado_tests::Fleet;
use migrado_tests::editor::{Editor, want};
use migrado_tests::visitor;
use migrado_tests::wait::{seconds, until};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const FIRST: &str = "2026-11-25.1";
const SECOND: &str = "2026-11-25.2";

/// A fleet that serves the first release, and knows the second.
async fn serving(terminals: usize) -> (Fleet, Vec<CancellationToken>) {
    let fleet = Fleet::builder().terminals(terminals).start().await;
    let pages: Vec<CancellationToken> = fleet.terminals.iter().map(|_| CancellationToken::new()).collect();
    for (terminal, end) in fleet.terminals.iter().zip(&pages) {
        tokio::spawn(visitor::showing_page(terminal.kiosk(), end.clone()));
    }
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    for (name, text) in [(FIRST, "one"), (SECOND, "two")] {
        let folder = editor.release(name, &[("a.txt", text.as_bytes())]).unwrap();
        editor.publish(&fleet.api, name, &folder).await.unwrap();
    }
    for terminal in &fleet.terminals {
        want(&fleet.api, &terminal.id, json!({"release": FIRST})).await.unwrap();
    }
    for terminal in &fleet.terminals {
        fleet.until_terminal(&terminal.id, "serves the first release", |t| serves(t, FIRST)).await;
    }
    (fleet, pages)
}

fn serves(terminal: &Value, release: &str) -> bool {
    let content = &terminal["content"];
    content["active"]["name"] == release && content["update"]["state"] == "confirmed"
}

fn states(rollout: &Value) -> Vec<&str> {
    rollout["displays"].as_array().unwrap().iter().filter_map(|d| d["state"].as_str()).collect()
}

/// Makes and starts a rollout of the second release; gives its address.
async fn started(fleet: &Fleet, waves: Value) -> String {
    let body = json!({"title": "Herbst", "release": SECOND, "waves": waves});
    let made = fleet.api.post("/api/v1/rollouts", body).await.unwrap();
    let path = format!("/api/v1/rollouts/{}", made["id"].as_str().unwrap());
    let tag = format!("\"{}\"", made["revision"]);
    let (start, read) = (format!("{path}/start"), [("If-Match", tag.as_str())]);
    fleet.api.send(Method::POST, &start, None, &read).await.unwrap().ok().unwrap();
    path
}

async fn until_state(fleet: &Fleet, path: &str, state: &str) -> Value {
    until(&format!("the rollout is {state}"), seconds(120), || async {
        let seen = fleet.api.get(path).await.map_err(|e| json!(format!("{e:#}")))?;
        if seen["state"] == state { Ok(seen) } else { Err(seen) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_goes_first_and_a_person_lets_the_others_follow() {
    let (fleet, pages) = serving(3).await;
    let waves =
        json!([{"who": {"count": 1}, "observe_s": 1, "pause_after": true}, {"who": "rest", "observe_s": 0}]);
    let path = started(&fleet, waves).await;
    let paused = until_state(&fleet, &path, "paused").await;
    assert_eq!(states(&paused), ["confirmed", "pending", "pending"], "{paused}");
    assert_eq!(paused["reason"]["code"], "look_first", "{paused}");
    assert!(serves(&fleet.api.terminal("fp-02").await.unwrap(), FIRST));
    fleet.controller.wait_metric("migrado_rollout_displays", &["state=\"confirmed\""], 1.0).await;
    fleet.api.post(&format!("{path}/resume"), json!({})).await.unwrap();
    let done = until_state(&fleet, &path, "completed").await;
    assert_eq!(states(&done), ["confirmed"; 3], "{done}");
    for terminal in &fleet.terminals {
        assert!(serves(&fleet.api.terminal(&terminal.id).await.unwrap(), SECOND));
    }
    let log = fleet.api.get("/api/v1/audit?limit=100").await.unwrap().to_string();
    for word in ["rollout.make", "rollout.start", "rollout.begin", "rollout.pause", "rollout.resume"] {
        assert!(log.contains(word), "{word} is missing in {log}");
    }
    // What was brought can be taken back when it is over.
    fleet.api.post(&format!("{path}/back"), json!({})).await.unwrap();
    let back = until_state(&fleet, &path, "rolled_back").await;
    assert_eq!(states(&back), ["returned"; 3], "{back}");
    for terminal in &fleet.terminals {
        fleet.until_terminal(&terminal.id, "serves the first again", |t| serves(t, FIRST)).await;
    }
    pages.iter().for_each(CancellationToken::cancel);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_breaks_the_page_halts_and_nobody_keeps_it() {
    let (fleet, pages) = serving(2).await;
    // The second display cannot draw it; the first can, and goes first.
    pages[1].cancel();
    let refusing = CancellationToken::new();
    tokio::spawn(visitor::refusing_page(fleet.terminals[1].kiosk(), refusing.clone()));
    let waves = json!([{"who": {"terminals": ["fp-01"]}, "observe_s": 0}, {"who": "rest", "observe_s": 0}]);
    let path = started(&fleet, waves).await;
    let halted = until_state(&fleet, &path, "rolled_back").await;
    let why: Vec<&str> =
        halted["displays"].as_array().unwrap().iter().filter_map(|d| d["state"].as_str()).collect();
    assert_eq!(why, ["returned", "returned"], "{halted}");
    let first = fleet.until_terminal("fp-01", "serves the first again", |t| serves(t, FIRST)).await;
    assert_eq!(first["content"]["active"]["name"], FIRST, "{first}");
    let second = fleet.api.terminal("fp-02").await.unwrap();
    assert_eq!(second["content"]["active"]["name"], FIRST, "{second}");
    let log = fleet.api.get("/api/v1/audit?limit=100").await.unwrap().to_string();
    assert!(log.contains("rollout.halt"), "{log}");
    refusing.cancel();
    pages[0].cancel();
}
