//! Releases of content, from an editor's keys to what a display serves: signed, fetched, switched,
//! watched, taken back, refused by name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use migrado_content::manifest::Manifest;
use migrado_tests::Fleet;
use migrado_tests::editor::{Editor, want};
use migrado_tests::visitor;
use migrado_tests::wait::{seconds, until};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn state(terminal: &Value) -> &str {
    terminal["content"]["update"]["state"].as_str().unwrap_or("none")
}

fn active(terminal: &Value) -> &str {
    terminal["content"]["active"]["name"].as_str().unwrap_or("none")
}

fn finding(terminal: &Value) -> &str {
    terminal["content"]["update"]["finding"].as_str().unwrap_or("none")
}

fn level(terminal: &Value) -> &str {
    terminal["verdict"]["level"].as_str().unwrap_or("none")
}

/// A page that shows whatever release it is told to show.
fn page(fleet: &Fleet, end: &CancellationToken) {
    tokio::spawn(visitor::showing_page(fleet.terminals[0].kiosk(), end.clone()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_release_is_fetched_shown_and_confirmed_and_the_next_one_by_its_difference() {
    let fleet = Fleet::builder().start().await;
    let end = CancellationToken::new();
    page(&fleet, &end);
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let big = vec![7_u8; 300_000];
    let first = editor.release("one", &[("a.txt", b"one"), ("big.bin", &big)]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.1", &first).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": "2026-11-25.1"})).await.unwrap();
    let shown =
        fleet.until_terminal("fp-01", "confirms the first release", |t| state(t) == "confirmed").await;
    assert_eq!(active(&shown), "2026-11-25.1", "{shown}");
    assert_eq!(shown["components"]["content"]["state"], "ok", "{shown}");
    let kiosk = fleet.terminals[0].kiosk();
    let id = kiosk.view().await.unwrap()["release"]["id"].as_str().unwrap().to_owned();
    assert_eq!(kiosk.file(&format!("/release/{id}/a.txt")).await.unwrap(), b"one");

    let second = editor.release("two", &[("a.txt", b"two, and more of it"), ("big.bin", &big)]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.2", &second).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": "2026-11-25.2"})).await.unwrap();
    let shown = fleet
        .until_terminal("fp-01", "confirms the second release", |t| {
            active(t) == "2026-11-25.2" && state(t) == "confirmed"
        })
        .await;
    assert_eq!(shown["content"]["previous"]["name"], "2026-11-25.1", "{shown}");
    let bytes = shown["content"]["update"]["bytes_done"].as_u64().unwrap();
    assert!(bytes < 30_000, "only the difference travels: {bytes}");
    let list = fleet.api.get("/api/v1/releases").await.unwrap();
    assert_eq!(list["releases"][0]["in_service"], json!(["fp-01"]), "{list}");
    end.cancel();
}

/// Bytes that do not compress, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    std::iter::successors(Some(1_u64), next).map(|state| state.to_be_bytes()[0]).take(length).collect()
}

/// Files below a folder, at whatever depth.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_whose_base_nobody_knows_any_more_gets_the_next_release_by_its_chunks() {
    let fleet = Fleet::builder().start().await;
    let end = CancellationToken::new();
    page(&fleet, &end);
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let noise = noise(4_000_000);
    let (old, part) = noise.split_at(3_800_000);
    let new = [&old[..1_500_000], part, &old[1_500_000..]].concat();
    let confirmed = async |name: &str| {
        want(&fleet.api, "fp-01", json!({"release": name})).await.unwrap();
        fleet
            .until_terminal("fp-01", "confirms", |t| active(t) == name && state(t) == "confirmed")
            .await["content"]["update"]["bytes_done"]
            .as_u64()
            .unwrap()
    };
    let first = editor.release("one", &[("noise.bin", old), ("a.txt", b"one")]).unwrap();
    let base = editor.publish(&fleet.api, "2026-11-25.1", &first).await.unwrap();
    let whole = confirmed("2026-11-25.1").await;
    assert!(whole > 3_000_000, "negative control: {whole}");

    // The pack that is made for it goes, and what it could be made of.
    let second = editor.release("two", &[("noise.bin", &new), ("a.txt", b"two")]).unwrap();
    let target = editor.publish(&fleet.api, "2026-11-25.2", &second).await.unwrap();
    let content = fleet.controller.data_dir.join("content");
    let pack = content.join("packs").join(format!("{base}-{target}.pack"));
    until("the pack is made", seconds(60), || async { std::fs::metadata(&pack).map(drop) }).await;
    assert!(files(&content.join("indexes")).is_empty(), "negative control: nobody needed one");
    std::fs::remove_file(&pack).unwrap();
    std::fs::remove_file(content.join("objects").join(&base[..2]).join(&base)).unwrap();
    let bytes = confirmed("2026-11-25.2").await;
    assert!((200_000..500_000).contains(&bytes), "the part that is new, and not the {whole} of all: {bytes}");
    assert!(!files(&content.join("indexes")).is_empty() && !pack.exists());
    let shown = fleet.terminals[0].kiosk().file(&format!("/release/{target}/noise.bin")).await.unwrap();
    assert!(shown == new, "{} bytes", shown.len());
    end.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_the_page_does_not_show_is_taken_back_and_left_alone_for_a_while() {
    let fleet = Fleet::builder().start().await;
    let end = CancellationToken::new();
    page(&fleet, &end);
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let first = editor.release("one", &[("a.txt", b"one")]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.1", &first).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": "2026-11-25.1"})).await.unwrap();
    fleet.until_terminal("fp-01", "confirms the first release", |t| state(t) == "confirmed").await;
    end.cancel();

    // This page cannot draw the second one.
    let broken = CancellationToken::new();
    tokio::spawn(visitor::refusing_page(fleet.terminals[0].kiosk(), broken.clone()));
    let second = editor.release("two", &[("a.txt", b"two")]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.2", &second).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": "2026-11-25.2"})).await.unwrap();
    let back = fleet.until_terminal("fp-01", "takes it back", |t| state(t) == "rolled_back").await;
    assert_eq!((active(&back), finding(&back)), ("2026-11-25.1", "page_refuses"), "{back}");
    assert_eq!(back["content"]["update"]["waits_for"], "next_attempt", "{back}");
    assert_eq!(back["components"]["content"]["reason"], "content_rolled_back", "{back}");
    broken.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_waits_for_the_visitor_and_at_its_latest_time_no_longer() {
    let fleet = Fleet::builder().start().await;
    let end = CancellationToken::new();
    page(&fleet, &end);
    let kiosk = fleet.terminals[0].kiosk();
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let first = editor.release("one", &[("a.txt", b"one")]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.1", &first).await.unwrap();
    kiosk.begin("de").await.unwrap();
    let latest_ms = jiff::Timestamp::now().as_millisecond() + 12_000;
    let wanted = json!({"release": "2026-11-25.1", "at_latest_ms": latest_ms});
    want(&fleet.api, "fp-01", wanted).await.unwrap();
    let waits = fleet
        .until_terminal("fp-01", "waits for the visitor", |t| {
            t["content"]["update"]["waits_for"] == "visitor"
        })
        .await;
    assert_eq!(waits["content"]["update"]["at_latest_ms"], latest_ms, "{waits}");
    assert!(waits["content"]["update"]["waits_since_ms"].is_i64(), "{waits}");
    assert_eq!(active(&waits), "none", "{waits}");
    kiosk.renew().await.unwrap();
    let shown = fleet.until_terminal("fp-01", "no longer waits", |t| active(t) == "2026-11-25.1").await;
    assert!(shown["content"]["active"]["since_ms"].as_i64().unwrap() >= latest_ms, "{shown}");
    assert_eq!(kiosk.view().await.unwrap()["session"], Value::Null, "the visit has ended");
    end.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_editors_did_not_sign_does_not_go_live() {
    let fleet = Fleet::builder().without_agents().start().await;
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let folder = editor.release("one", &[("a.txt", b"one")]).unwrap();
    let manifest = Manifest::of_folder(&folder).unwrap();
    let targets = editor.sign("2026-11-25.1", &manifest).unwrap();
    let code = async |editor: &Editor, targets: &[u8]| {
        let answer = editor.offer(&fleet.api, targets).await.unwrap();
        (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(code(&editor, &targets).await, (409, "incomplete".into()), "no object is here");
    editor.upload(&fleet.api, &folder, &manifest).await.unwrap();
    let forged = String::from_utf8(targets.clone()).unwrap().replace("2026-11-25.1\"", "2026-11-25.9\"");
    assert_eq!(code(&editor, forged.as_bytes()).await.0, 422, "altered after it was signed");
    let stranger = Editor::with_keys(&fleet.api).await.unwrap();
    assert_eq!(code(&editor, &targets).await.0, 201, "negative control");
    editor.keys.keep_targets(&targets).unwrap();
    assert_eq!(code(&editor, &targets).await.0, 201, "twice is once");
    let foreign = stranger.sign("2026-11-25.2", &manifest).unwrap();
    let (status, name) = code(&stranger, &foreign).await;
    assert_eq!((status, name.as_str()), (422, "root"), "another root of the same version");
    let list = fleet.api.get("/api/v1/releases").await.unwrap();
    assert_eq!(list["releases"].as_array().unwrap().len(), 1, "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_that_was_killed_in_the_middle_goes_on_by_itself() {
    let mut fleet = Fleet::builder().start().await;
    let end = CancellationToken::new();
    page(&fleet, &end);
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let noise: Vec<u8> =
        (0..6_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
    let first = editor.release("one", &[("noise.bin", &noise)]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.1", &first).await.unwrap();
    let wanted = json!({"release": "2026-11-25.1", "throttle_bytes_s": 700_000});
    want(&fleet.api, "fp-01", wanted).await.unwrap();
    fleet.until_terminal("fp-01", "downloads", |t| state(t) == "downloading").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    fleet.terminals[0].kill().await;
    fleet.terminals[0].start().unwrap();
    let shown = fleet.until_terminal("fp-01", "confirms", |t| state(t) == "confirmed").await;
    assert_eq!(active(&shown), "2026-11-25.1", "{shown}");
    end.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_disk_spoils_is_found_fetched_again_and_shown_right() {
    let fleet = Fleet::builder().start().await;
    let end = CancellationToken::new();
    page(&fleet, &end);
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let folder = editor.release("one", &[("a.txt", b"as it was signed"), ("b.txt", b"untouched")]).unwrap();
    let id = editor.publish(&fleet.api, "2026-11-25.1", &folder).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": "2026-11-25.1"})).await.unwrap();
    fleet.until_terminal("fp-01", "confirms", |t| state(t) == "confirmed").await;

    let object = migrado_content::digest::Digest::of(b"as it was signed").to_string();
    let content = fleet.terminals[0].data_dir.join("content");
    let file = content.join("objects").join(&object[..2]).join(&object);
    std::fs::write(&file, b"as it was spoilt").unwrap();
    let shown = async || fleet.terminals[0].kiosk().file(&format!("/release/{id}/a.txt")).await.unwrap();
    assert_eq!(shown().await, b"as it was spoilt", "negative control");
    until("the file is right again", seconds(60), || async {
        let shown = shown().await;
        if shown == b"as it was signed" { Ok(()) } else { Err(shown) }
    })
    .await;
    let well =
        fleet.until_terminal("fp-01", "is well again", |t| t["components"]["content"]["state"] == "ok").await;
    assert_eq!((active(&well), state(&well)), ("2026-11-25.1", "confirmed"), "it stayed in service: {well}");
    let words = fleet.terminals[0].words();
    assert!(words.contains("the disk spoiled an object") && words.contains("whole again"), "{words}");
    end.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_list_is_refused_by_name_and_what_is_in_service_stays() {
    let mut fleet = Fleet::builder().start().await;
    let end = CancellationToken::new();
    page(&fleet, &end);
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let stamp = fleet.controller.data_dir.join("content/metadata/timestamp.json");
    let folder = editor.release("one", &[("a.txt", b"one")]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.1", &folder).await.unwrap();
    let older = std::fs::read(&stamp).unwrap();
    let folder = editor.release("two", &[("a.txt", b"two")]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.2", &folder).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": "2026-11-25.2"})).await.unwrap();
    let well = fleet.until_terminal("fp-01", "confirms", |t| state(t) == "confirmed").await;
    assert_eq!(well["components"]["content"]["state"], "ok", "negative control: {well}");

    // Whoever has the controller's disk can hold the list back; a display asks once a day, and when it
    // starts.
    std::fs::write(&stamp, older).unwrap();
    assert!(fleet.terminals[0].stop().await);
    fleet.terminals[0].start().unwrap();
    let found = fleet
        .until_terminal("fp-01", "notices", |t| {
            t["components"]["content"]["reason"] == "content_refused" && level(t) == level(&well)
        })
        .await;
    let detail = found["components"]["content"]["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with("rollback: "), "{found}");
    assert_eq!(active(&found), "2026-11-25.2", "{found}");
    end.cancel();
}
