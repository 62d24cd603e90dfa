//! Every file of a release loses a bit: on the display's disk it is found, told and fetched anew; on the
//! controller's it is refused. What was signed stays in service, and what is mended is told as well.

use std::path::{Path, PathBuf};

use migrado_content::digest::Digest;
use migrado_tests::editor::{Editor, want};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, shelf, visitor};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const FIRST: &str = "2026-11-25.1";
const SECOND: &str = "2026-11-25.2";

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Flips one bit, another one in each file.
fn flip(file: &Path, n: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    let at = n * 7919 % bytes.len();
    bytes[at] ^= 1 << (n % 8);
    std::fs::write(file, bytes).unwrap();
}

fn serves(terminal: &Value, release: &str) -> bool {
    let content = &terminal["content"];
    content["active"]["name"] == release && content["update"]["state"] == "confirmed"
}

async fn serving(editor: &mut Editor, fleet: &Fleet) -> Vec<(String, Vec<u8>)> {
    tokio::spawn(visitor::showing_page(fleet.terminals[0].kiosk(), CancellationToken::new()));
    let made = |n: usize| (format!("files/{n}.bin"), format!("file {n} ").repeat(n * 300).into_bytes());
    let many: Vec<(String, Vec<u8>)> = (1..20).map(made).collect();
    let borrowed: Vec<(&str, &[u8])> = many.iter().map(|(path, bytes)| (path.as_str(), &**bytes)).collect();
    let folder = editor.release("one", &borrowed).unwrap();
    editor.publish(&fleet.api, FIRST, &folder).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": FIRST})).await.unwrap();
    fleet.until_terminal("fp-01", "serves the first release", |t| serves(t, FIRST)).await;
    many
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_that_loses_a_bit_is_found_told_and_mended() {
    let fleet = Fleet::builder().start().await;
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let many = serving(&mut editor, &fleet).await;
    let data = &fleet.terminals[0].data_dir;
    let whole = shelf::in_service(data).unwrap();
    // As long as the controller has one of them no more, the finding stands.
    let object = Digest::of(&many[0].1).to_string();
    let lent = fleet.controller.data_dir.join("content/objects").join(&object[..2]).join(&object);
    let away = fleet.dir().join("away");
    std::fs::rename(&lent, &away).unwrap();
    let objects = files(&data.join(shelf::FOLDER).join("objects"));
    assert!(objects.len() > many.len(), "{objects:?}");
    for (n, file) in objects.iter().enumerate() {
        flip(file, n);
    }
    assert!(shelf::in_service(data).is_err(), "negative control: the damage is in what is served");
    let found = fleet
        .until_terminal("fp-01", "finds the damage", |t| {
            t["components"]["content"]["reason"] == "content_damaged"
        })
        .await;
    assert_eq!(found["content"]["active"]["name"], FIRST, "it stays in service: {found}");
    assert_ne!(found["verdict"]["level"], "out_of_service", "{found}");
    std::fs::rename(&away, &lent).unwrap();
    let well =
        fleet.until_terminal("fp-01", "is well again", |t| t["components"]["content"]["state"] == "ok").await;
    assert!(serves(&well, FIRST), "{well}");
    until("every file is whole again", seconds(30), || async {
        shelf::in_service(data).map_err(|error| format!("{error:#}"))
    })
    .await;
    assert_eq!(shelf::in_service(data).unwrap(), whole);
    let words = fleet.terminals[0].words();
    let told = words.matches("the disk spoiled an object").count();
    assert!(told >= objects.len(), "{told} of {} were told", objects.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_loses_a_bit_at_the_controller_is_refused_and_taken_once_it_is_right() {
    let mut fleet = Fleet::builder().start().await;
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    serving(&mut editor, &fleet).await;
    let new = b"new in the second release, and long enough to be a file of its own".repeat(50);
    let folder = editor.release("two", &[("new.bin", &new)]).unwrap();
    let second = editor.publish(&fleet.api, SECOND, &folder).await.unwrap();
    // What was prepared from the right bytes goes, and what is prepared anew is made of the wrong ones.
    fleet.controller.kill().await;
    let content = fleet.controller.data_dir.join("content");
    for pack in files(&content.join("packs")) {
        std::fs::remove_file(pack).unwrap();
    }
    let object = Digest::of(&new).to_string();
    let spoilt = content.join("objects").join(&object[..2]).join(&object);
    flip(&spoilt, 3);
    fleet.controller.start().await.unwrap();
    fleet.login().await.unwrap();
    fleet.until_online("fp-01").await;
    want(&fleet.api, "fp-01", json!({"release": SECOND})).await.unwrap();
    let refused =
        fleet.until_terminal("fp-01", "refuses it", |t| t["content"]["update"]["state"] == "failed").await;
    assert_eq!(refused["content"]["update"]["finding"], "tampered", "{refused}");
    assert_eq!(refused["components"]["content"]["reason"], "content_refused", "{refused}");
    assert_eq!(refused["content"]["active"]["name"], FIRST, "{refused}");
    assert!(shelf::in_service(&fleet.terminals[0].data_dir).is_ok(), "the one before is whole");
    flip(&spoilt, 3);
    // It would try again by itself in a minute, as `update_disk` shows; a person does not wait for that.
    fleet.api.post("/api/v1/terminals/fp-01/release/retry", json!({})).await.unwrap();
    fleet.until_terminal("fp-01", "takes the release", |t| serves(t, SECOND)).await;
    let now = shelf::in_service(&fleet.terminals[0].data_dir).unwrap();
    assert_eq!(now.unwrap().to_string(), second);
}
