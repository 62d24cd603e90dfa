//! A line of 64 kbit/s that stalls and breaks: what came is kept, the release before stays in service,
//! and the new one comes by itself.

use std::time::Duration;

use migrado_tests::editor::{Editor, want};
use migrado_tests::network::{Line, Proxy};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, dice, shelf, visitor};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// 64 kbit/s.
const RATE_BYTES_S: u64 = 8_000;
/// Files of the release and bytes of each, which nothing compresses.
const FILES: u64 = 10;
const FILE_BYTES: u64 = 6_000;
const RELEASE_BYTES: u64 = FILES * FILE_BYTES;
/// What may travel for it: lists and handshakes are fetched anew after each break, the release is not.
const TAKEN_MAX: u64 = RELEASE_BYTES * 16 / 10;
const FIRST: &str = "2026-11-25.1";
const SECOND: &str = "2026-11-25.2";

fn serves(terminal: &Value, release: &str) -> bool {
    let content = &terminal["content"];
    content["active"]["name"] == release && content["update"]["state"] == "confirmed"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_line_that_stalls_and_breaks_brings_the_release_in_the_end() {
    let mut fleet = Fleet::builder().without_agents().start().await;
    let line = Proxy::before(fleet.controller.ports.terminal).await;
    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    let mut identity = fleet.terminals[0].identity().unwrap();
    identity["controller"] = json!(format!("localhost:{}", line.address.port()));
    fleet.terminals[0].set_identity(&identity).unwrap();
    fleet.terminals[0].start().unwrap();
    tokio::spawn(visitor::showing_page(fleet.terminals[0].kiosk(), CancellationToken::new()));
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let folder = editor.release("one", &[("a.txt", b"one")]).unwrap();
    editor.publish(&fleet.api, FIRST, &folder).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": FIRST})).await.unwrap();
    fleet.until_terminal("fp-01", "serves the first release", |t| serves(t, FIRST)).await;
    let data = fleet.terminals[0].data_dir.clone();
    let first = shelf::in_service(&data).unwrap();

    let noise = |n| dice::noise(usize::try_from(FILE_BYTES).unwrap(), n);
    let files: Vec<(String, Vec<u8>)> = (0..FILES).map(|n| (format!("{n}.bin"), noise(n))).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), &**bytes)).collect();
    let folder = editor.release("two", &files).unwrap();
    let second = editor.publish(&fleet.api, SECOND, &folder).await.unwrap();
    line.slow(RATE_BYTES_S);
    let (before, passed) = (line.connections(), line.bytes().sum());
    let began = Instant::now();
    want(&fleet.api, "fp-01", json!({"release": SECOND})).await.unwrap();
    let came = async |least: u64| {
        until("a part of it has come", seconds(30), || async {
            let came = line.bytes().sum() - passed;
            if came >= least { Ok(()) } else { Err(came) }
        })
        .await;
    };
    came(RELEASE_BYTES / 4).await;
    line.set(Line::Stalled);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(shelf::in_service(&data).unwrap(), first, "nothing is in service by halves");
    line.set(Line::Up);
    for part in [2, 3] {
        came(RELEASE_BYTES / 4 * part).await;
        line.cut().await;
    }
    let done = fleet.until_terminal("fp-01", "serves the second release", |t| serves(t, SECOND)).await;
    let taken = done["content"]["update"]["bytes_done"].as_u64().unwrap();
    assert!((RELEASE_BYTES..TAKEN_MAX).contains(&taken), "what came was kept: {taken} bytes, {done}");
    assert_eq!(done["content"]["update"]["attempts"], 1, "a line that breaks is no failure: {done}");
    let log = done["content"]["update"]["log"].to_string();
    assert!(log.contains("goes on later, transport"), "the log says why it took so long: {log}");
    assert_eq!(shelf::in_service(&data).unwrap().unwrap().to_string(), second);
    let least = Duration::from_secs(RELEASE_BYTES / RATE_BYTES_S);
    assert!(began.elapsed() > least, "negative control: the line was slow");
    assert!(line.connections() >= before + 3, "negative control: it broke twice");
}
