//! A release that breaks the page, in a real browser, and one with which no visit can begin: taken back by
//! name, shown with its log, left alone for a while; the next release works.

use migrado_tests::editor::{self, Editor, want};
use migrado_tests::{Fleet, browser, needs_program, shelf, visitor};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The words without which the real page draws nothing.
const WORDS: &[u8] =
    "back = Zurück\nhome = Start\nforms = Formulare\nguides = Anleitungen\nprint = Drucken\n".as_bytes();
const RELEASES: [&str; 3] = ["2026-11-25.1", "2026-11-25.2", "2026-11-25.3"];

fn serves(terminal: &Value, release: &str) -> bool {
    let content = &terminal["content"];
    content["active"]["name"] == release && content["update"]["state"] == "confirmed"
}

/// The states of an update's log, in their order, and all of its notes.
fn log(terminal: &Value) -> (Vec<&str>, String) {
    let notes = terminal["content"]["update"]["log"].as_array().unwrap();
    let mut states: Vec<&str> = notes.iter().filter_map(|note| note["state"].as_str()).collect();
    states.dedup();
    assert!(notes.iter().all(|note| note["at_ms"].is_i64()), "{notes:?}");
    (states, notes.iter().filter_map(|note| note["note"].as_str()).collect::<Vec<_>>().join("\n"))
}

const TAKEN_BACK: [&str; 5] = ["downloading", "staged", "activating", "observing", "rolled_back"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_breaks_the_real_page_is_taken_back_and_the_next_one_works() {
    needs_program!("update_broken_page", "chromium");
    let fleet = Fleet::builder().start().await;
    let _browser = browser::open(fleet.dir(), fleet.terminals[0].kiosk_port).unwrap();
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let whole = serde_json::to_vec(&editor::minimal()).unwrap();
    // Well signed, whole, and its home shows nothing: no file of it is wrong, only what it says.
    let mut broken = editor::minimal();
    broken["home"]["featured"] = json!([{"kind": "topic", "id": "nowhere"}]);
    broken["topics"] = json!([]);
    let broken = serde_json::to_vec(&broken).unwrap();
    for (name, index) in RELEASES.iter().zip([&whole, &broken, &whole]) {
        let files = [("release.json", &**index), ("de.ftl", WORDS), ("name.txt", name.as_bytes())];
        let folder = editor.release(name, &files).unwrap();
        editor.publish(&fleet.api, name, &folder).await.unwrap();
    }
    want(&fleet.api, "fp-01", json!({"release": RELEASES[0]})).await.unwrap();
    let well = fleet.until_terminal("fp-01", "serves it", |t| serves(t, RELEASES[0])).await;
    assert!(log(&well).1.contains("a rehearsed visit began and ended"), "negative control: {well}");
    let first = shelf::in_service(&fleet.terminals[0].data_dir).unwrap();
    want(&fleet.api, "fp-01", json!({"release": RELEASES[1]})).await.unwrap();
    let back = fleet
        .until_terminal("fp-01", "takes it back", |t| t["content"]["update"]["state"] == "rolled_back")
        .await;
    let update = &back["content"]["update"];
    assert_eq!((&update["finding"], &update["waits_for"]), (&json!("page_refuses"), &json!("next_attempt")));
    assert_eq!(back["components"]["content"]["reason"], "content_rolled_back", "{back}");
    let (states, notes) = log(&back);
    assert_eq!(states, TAKEN_BACK, "{back}");
    assert!(notes.contains("page_refuses: the home page shows no item"), "{notes}");
    assert_eq!(shelf::in_service(&fleet.terminals[0].data_dir).unwrap(), first);
    want(&fleet.api, "fp-01", json!({"release": RELEASES[2]})).await.unwrap();
    let well = fleet.until_terminal("fp-01", "serves the next one", |t| serves(t, RELEASES[2])).await;
    assert_eq!(well["components"]["content"]["state"], "ok", "{well}");
    assert_eq!(
        well["usage_today"]["sessions_begun"].as_u64().unwrap_or(0),
        0,
        "no visitor was there: {well}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_with_which_no_visit_begins_is_taken_back_by_name() {
    let fleet = Fleet::builder().start().await;
    let end = CancellationToken::new();
    tokio::spawn(visitor::showing_page(fleet.terminals[0].kiosk(), end.clone()));
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    for name in &RELEASES[..2] {
        let folder = editor.release(name, &[("name.txt", name.as_bytes())]).unwrap();
        editor.publish(&fleet.api, name, &folder).await.unwrap();
    }
    want(&fleet.api, "fp-01", json!({"release": RELEASES[0]})).await.unwrap();
    fleet.until_terminal("fp-01", "serves it", |t| serves(t, RELEASES[0])).await;
    end.cancel();
    // The next one is drawn, and whoever touches it sees nothing happen.
    tokio::spawn(visitor::stuck_page(fleet.terminals[0].kiosk(), CancellationToken::new()));
    want(&fleet.api, "fp-01", json!({"release": RELEASES[1]})).await.unwrap();
    let back = fleet
        .until_terminal("fp-01", "takes it back", |t| t["content"]["update"]["state"] == "rolled_back")
        .await;
    assert_eq!(back["content"]["update"]["finding"], "session_failed", "{back}");
    assert_eq!(back["content"]["active"]["name"], RELEASES[0], "{back}");
    let (states, notes) = log(&back);
    assert_eq!(states, TAKEN_BACK, "{back}");
    assert!(notes.contains("the page shows") && notes.contains("did not open a visit"), "{notes}");
    assert!(!fleet.terminals[0].kiosk().view().await.unwrap()["session"].is_string(), "no visit is left");
    assert_eq!(back["usage_today"]["sessions_begun"].as_u64().unwrap_or(0), 0, "{back}");
}
