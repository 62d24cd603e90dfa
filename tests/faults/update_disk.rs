//! An update for which the disk has no room: refused by name before its first byte, with the release
//! before in service, and taken by itself once there is room. Needs root, for small file systems.

use std::fs::File;
use std::path::Path;

use migrado_content::digest::Digest;
use migrado_content::manifest::{Entry, Manifest};
use migrado_tests::disk::SmallDisk;
use migrado_tests::editor::{self, Editor, want};
use migrado_tests::skip::{is_root, skip};
use migrado_tests::terminal::{self, Terminal};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, dice, ports, shelf, visitor};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// What content leaves free on any disk, and some room above it, in mebibytes.
const FLOOR_MB: u64 = 1024;
const ABOVE_MB: u64 = 64;
/// Bytes of what stays free above the floor when the disk is filled to it.
const LEFT_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of a release that does not fit into that.
const LARGE_BYTES: usize = 6 * 1024 * 1024;
/// Bytes of lists and a manifest: more than that is a byte of the release.
const FIRST_BYTES_MAX: u64 = 256 * 1024;
const FIRST: &str = "2026-11-25.1";
const SECOND: &str = "2026-11-25.2";

/// A display on a disk of its own that serves a small release.
async fn on_a_small_disk(fleet: &Fleet, editor: &mut Editor, megabytes: u64) -> (Terminal, SmallDisk) {
    let data = fleet.dir().join("small");
    let disk = SmallDisk::mount(&data, megabytes);
    let port = ports::free();
    let config = terminal::config(&data, port, &json!([]));
    let mut terminal = Terminal::prepare(fleet.dir(), "fp-01", &data, port, &config).unwrap();
    terminal.enroll(&fleet.controller, &fleet.api).await.unwrap();
    terminal.start().unwrap();
    tokio::spawn(visitor::showing_page(terminal.kiosk(), CancellationToken::new()));
    let folder = editor.release("one", &[("a.txt", b"one")]).unwrap();
    editor.publish(&fleet.api, FIRST, &folder).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": FIRST})).await.unwrap();
    fleet.until_terminal("fp-01", "serves a small release", |t| serves(t, FIRST)).await;
    (terminal, disk)
}

fn serves(terminal: &Value, release: &str) -> bool {
    let content = &terminal["content"];
    content["active"]["name"] == release && content["update"]["state"] == "confirmed"
}

/// Waits until the display has refused the second release for want of room, and looks that nothing of
/// it came.
async fn until_refused(fleet: &Fleet) -> Value {
    let refused = fleet
        .until_terminal("fp-01", "has no room", |t| {
            let update = &t["content"]["update"];
            update["name"] == SECOND && update["state"] == "failed"
        })
        .await;
    let content = &refused["content"];
    assert_eq!(content["update"]["finding"], "no_space", "{refused}");
    assert_eq!(content["active"]["name"], FIRST, "{refused}");
    assert_eq!(refused["components"]["content"]["reason"], "content_no_space", "{refused}");
    assert!(content["update"]["bytes_done"].as_u64().unwrap_or(0) < FIRST_BYTES_MAX, "{refused}");
    refused
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_filled_to_the_floor_and_beyond_keeps_the_old_release_and_takes_the_new_one_later() {
    if !is_root() {
        return skip("update_disk", "mounting a tmpfs needs root");
    }
    let fleet = Fleet::builder().without_agents().start().await;
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let (mut terminal, disk) = on_a_small_disk(&fleet, &mut editor, FLOOR_MB + ABOVE_MB).await;
    let first = shelf::in_service(&terminal.data_dir).unwrap();
    // Down to the floor, but for a little.
    let filler = terminal.data_dir.join("filler");
    let above = usize::try_from(ABOVE_MB * 1024 * 1024 - disk.taken()).unwrap();
    std::fs::write(&filler, vec![0; above - LEFT_BYTES]).unwrap();
    let large = dice::noise(LARGE_BYTES, 1);
    let folder = editor.release("two", &[("large.bin", &large)]).unwrap();
    let second = editor.publish(&fleet.api, SECOND, &folder).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": SECOND})).await.unwrap();
    until_refused(&fleet).await;
    let content = terminal.data_dir.join(shelf::FOLDER);
    assert!(is_empty(&content.join("partial")) && is_empty(&content.join("fresh")), "a byte of it is here");
    // And beyond: not a byte is free.
    disk.resize(disk.taken());
    let written = std::fs::write(terminal.data_dir.join("one-more"), [0; 8192]);
    assert!(written.is_err(), "negative control: the disk is full");
    fleet
        .until_terminal("fp-01", "says that its disk is full", |t| {
            t["components"]["storage"]["state"] == "failed"
        })
        .await;
    terminal.process().must_live().unwrap();
    assert_eq!(shelf::in_service(&terminal.data_dir).unwrap(), first);
    let id = first.unwrap();
    let page = terminal.kiosk().file(&format!("/release/{id}/a.txt")).await.unwrap();
    assert_eq!(page, b"one", "visitors read on");
    // The cause goes, and nobody does anything.
    disk.resize((FLOOR_MB + ABOVE_MB) * 1024 * 1024);
    std::fs::remove_file(&filler).unwrap();
    until("it takes the release by itself", seconds(150), || async {
        let seen = fleet.api.terminal("fp-01").await.map_err(|e| json!(format!("{e:#}")))?;
        if serves(&seen, SECOND) { Ok(()) } else { Err(seen["content"].clone()) }
    })
    .await;
    assert_eq!(shelf::in_service(&terminal.data_dir).unwrap().unwrap().to_string(), second);
    assert!(terminal.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_gigabytes_are_refused_by_a_disk_with_three_before_the_first_of_them() {
    if !is_root() {
        return skip("update_disk_large", "mounting a tmpfs needs root");
    }
    let fleet = Fleet::builder().without_agents().start().await;
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let (mut terminal, _disk) = on_a_small_disk(&fleet, &mut editor, 3 * 1024).await;
    let first = shelf::in_service(&terminal.data_dir).unwrap();
    // Announced and signed as five gigabytes; nobody has to have hashed them.
    let folder = editor.release("two", &[("a.txt", b"two")]).unwrap();
    let small = Manifest::of_folder(&folder).unwrap();
    editor.upload(&fleet.api, &folder, &small).await.unwrap();
    let video = Digest::of(b"five gigabytes of film");
    let entry = Entry { path: "z.webm".into(), sha256: video, size: 5 * 1024 * 1024 * 1024 };
    sparse(&fleet, &video, entry.size);
    let entries = small.entries().iter().cloned().chain([entry]).collect();
    let manifest = Manifest::new(entries).unwrap();
    editor::put(&fleet.api, manifest.to_bytes()).await.unwrap();
    let targets = editor.sign(SECOND, &manifest).unwrap();
    editor.offer(&fleet.api, &targets).await.unwrap().ok().unwrap();
    want(&fleet.api, "fp-01", json!({"release": SECOND})).await.unwrap();
    let refused = until_refused(&fleet).await;
    let detail = refused["content"]["update"]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("5368"), "how much is needed is told: {detail}");
    assert_eq!(shelf::in_service(&terminal.data_dir).unwrap(), first);
    assert!(is_empty(&terminal.data_dir.join(shelf::FOLDER).join("partial")), "a byte of it is here");
    terminal.process().must_live().unwrap();
    assert!(terminal.stop().await);
}

/// An object of the controller that has its bytes only by their number.
fn sparse(fleet: &Fleet, object: &Digest, bytes: u64) {
    let name = object.to_string();
    let folder = fleet.controller.data_dir.join("content/objects").join(&name[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    File::create(folder.join(&name)).unwrap().set_len(bytes).unwrap();
}
