//! A site downloads once: displays of one site fetch a release from each other before they ask the
//! controller. Each display's HTTPS goes through a line of its own, which counts its bytes.

use migrado_tests::Fleet;
use migrado_tests::editor::{Editor, want};
use migrado_tests::network::Proxy;
use migrado_tests::pretender::Pretender;
use migrado_tests::visitor;
use migrado_tests::wait::{seconds, until};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Bytes of the large file.
const BIG_BYTES: usize = 3_000_000;
/// Bytes that a display may take from the controller beside content: handshakes, signed lists, time.
const BESIDE_BYTES: u64 = 300_000;
const NAME: &str = "2026-11-25.1";

/// Bytes that nothing makes smaller.
fn noise(seed: u64) -> Vec<u8> {
    let mut x = seed;
    let mut next = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(x >> 56).unwrap()
    };
    (0..BIG_BYTES).map(|_| next()).collect()
}

/// A site of displays, each with its line to the controller and a page.
struct Site {
    fleet: Fleet,
    lines: Vec<Proxy>,
    editor: Editor,
    end: CancellationToken,
}

impl Site {
    /// Enrolled and with a line each; nothing runs yet.
    async fn enrolled(displays: usize, asked: bool) -> Self {
        let fleet = Fleet::builder().terminals(displays).neighbors(asked).without_agents().start().await;
        let mut lines = Vec::new();
        for terminal in &fleet.terminals {
            terminal.enroll(&fleet.controller, &fleet.api).await.unwrap();
            let line = Proxy::before(fleet.controller.ports.terminal).await;
            let mut identity = terminal.identity().unwrap();
            identity["controller"] = json!(format!("localhost:{}", line.address.port()));
            terminal.set_identity(&identity).unwrap();
            lines.push(line);
        }
        let editor = Editor::with_keys(&fleet.api).await.unwrap();
        Self { fleet, lines, editor, end: CancellationToken::new() }
    }

    /// Starts displays and waits until each says where it serves.
    async fn start(&mut self) {
        for terminal in &mut self.fleet.terminals {
            terminal.start().unwrap();
            tokio::spawn(visitor::showing_page(terminal.kiosk(), self.end.clone()));
        }
        for terminal in &self.fleet.terminals {
            self.fleet
                .until_terminal(&terminal.id, "says where it serves", |t| {
                    t["presence"]["state"] == "online" && t["content"]["serves_at"].is_string()
                })
                .await;
        }
    }

    async fn publish(&mut self, name: &str, bytes: &[u8]) {
        let folder = self.editor.release(name, &[("big.bin", bytes), ("a.txt", name.as_bytes())]).unwrap();
        self.editor.publish(&self.fleet.api, name, &folder).await.unwrap();
    }

    async fn want(&self, name: &str, displays: &[&str]) {
        for id in displays {
            want(&self.fleet.api, id, json!({"release": name})).await.unwrap();
        }
    }

    async fn confirmed(&self, id: &str, name: &str) -> Value {
        until(&format!("{id} confirms {name}"), seconds(120), || async {
            let seen = self.fleet.api.terminal(id).await.map_err(|e| json!(format!("{e:#}")))?;
            let is_here = seen["content"]["active"]["name"] == name;
            if is_here && seen["content"]["update"]["state"] == "confirmed" { Ok(seen) } else { Err(seen) }
        })
        .await
    }

    fn carried(&self) -> Vec<u64> {
        self.lines.iter().map(|line| line.bytes().down).collect()
    }
}

/// Bytes of a display's update that came from its neighbors, and that came in all.
fn bytes(terminal: &Value) -> (u64, u64) {
    let update = &terminal["content"]["update"];
    let number = |name: &str| update[name].as_u64().unwrap_or(0);
    (number("bytes_from_neighbors"), number("bytes_done"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_of_three_downloads_a_release_once_and_its_successor_once() {
    let mut site = Site::enrolled(3, true).await;
    site.start().await;
    site.publish(NAME, &noise(1)).await;
    let before = site.carried();
    // The last one is told first, as a race would have it.
    site.want(NAME, &["fp-03", "fp-02", "fp-01"]).await;
    for (id, asks) in [("fp-01", true), ("fp-02", false), ("fp-03", false)] {
        let shown = site.confirmed(id, NAME).await;
        let (from_neighbors, done) = bytes(&shown);
        assert!(done >= BIG_BYTES as u64, "{shown}");
        assert_eq!(from_neighbors, if asks { 0 } else { done }, "{shown}");
    }
    let took: Vec<u64> = site.carried().iter().zip(&before).map(|(now, before)| now - before).collect();
    assert!(took[0] >= BIG_BYTES as u64, "{took:?}");
    assert!(took[1] < BESIDE_BYTES && took[2] < BESIDE_BYTES, "{took:?}");

    // The canary stands behind the others: they ask it, and nobody downloads again.
    let next = "2026-11-25.2";
    site.publish(next, &noise(2)).await;
    site.want(next, &["fp-03"]).await;
    let canary = site.confirmed("fp-03", next).await;
    assert_eq!(bytes(&canary).0, 0, "nobody had it: {canary}");
    let before = site.carried();
    site.want(next, &["fp-01", "fp-02"]).await;
    for id in ["fp-01", "fp-02"] {
        let (from_neighbors, done) = bytes(&site.confirmed(id, next).await);
        assert!(from_neighbors == done && done >= BIG_BYTES as u64, "{id}: {from_neighbors} of {done}");
    }
    let took: Vec<u64> = site.carried().iter().zip(&before).map(|(now, before)| now - before).collect();
    assert!(took.iter().all(|took| *took < BESIDE_BYTES), "{took:?}");

    // What a disk spoils comes from them as well.
    let (right, before) = (noise(2), site.carried());
    let object = migrado_content::digest::Digest::of(&right).to_string();
    let file = site.fleet.terminals[1].data_dir.join("content/objects").join(&object[..2]).join(&object);
    std::fs::write(&file, &noise(3)).unwrap();
    until("the file is right again", seconds(60), || async {
        if std::fs::read(&file).is_ok_and(|bytes| bytes == right) { Ok(()) } else { Err(()) }
    })
    .await;
    let took = site.carried()[1] - before[1];
    assert!(took < BESIDE_BYTES, "{took}");
    site.end.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_whose_configuration_says_no_asks_the_controller_alone() {
    let mut site = Site::enrolled(2, false).await;
    site.start().await;
    site.publish(NAME, &noise(3)).await;
    let before = site.carried();
    site.want(NAME, &["fp-01", "fp-02"]).await;
    for id in ["fp-01", "fp-02"] {
        assert_eq!(bytes(&site.confirmed(id, NAME).await).0, 0, "{id}");
    }
    let took: Vec<u64> = site.carried().iter().zip(&before).map(|(now, before)| now - before).collect();
    assert!(took.iter().all(|took| *took >= BIG_BYTES as u64), "{took:?}");
    site.end.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbor_that_lies_is_dropped_and_told_of_and_the_update_succeeds_all_the_same() {
    let mut site = Site::enrolled(2, true).await;
    // fp-01 was taken over: whoever holds its key says to have everything, and gives the same word for it.
    let stolen = site.fleet.terminals[0].as_client().unwrap();
    let liar = Pretender::neighbor(&stolen, json!({"state": "complete"})).await.unwrap();
    let address = liar.address.clone();
    site.fleet.terminals[0].reconfigure(|config| config["neighbors"]["address"] = json!(address)).unwrap();
    site.start().await;
    site.publish(NAME, &noise(4)).await;
    site.want(NAME, &["fp-02"]).await;
    let shown = site.confirmed("fp-02", NAME).await;
    let dropped = &shown["content"]["update"]["neighbors_dropped"];
    assert_eq!(dropped[0]["terminal"], "fp-01", "{shown}");
    assert_eq!(dropped[0]["finding"], "neighbor_lied", "{shown}");
    assert_eq!(dropped[0]["object"], shown["content"]["active"]["manifest"], "{shown}");
    assert_eq!(dropped.as_array().map(Vec::len), Some(1), "{shown}");
    assert!(liar.asked() >= 2, "it was asked how far it is, and for the manifest");
    assert_eq!(shown["components"]["content"]["state"], "ok", "the update is none the worse: {shown}");
    assert!(site.lines[1].bytes().down >= BIG_BYTES as u64, "the controller gave it");
    let said = until("the audit log names the liar", seconds(30), || async {
        let entries = site.fleet.api.get("/api/v1/audit?limit=100").await;
        let entries = entries.map_err(|e| json!(format!("{e:#}")))?;
        if entries.to_string().contains("fp-01: neighbor_lied") { Ok(entries) } else { Err(entries) }
    })
    .await;
    assert!(said.to_string().contains("\"actor\":\"fp-02\""), "{said}");
    site.end.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_first_display_of_a_site_dies_one_other_goes_to_the_controller() {
    let mut site = Site::enrolled(3, true).await;
    site.start().await;
    site.publish(NAME, &noise(5)).await;
    site.fleet.terminals[0].kill().await;
    let before = site.carried();
    site.want(NAME, &["fp-02", "fp-03"]).await;
    for id in ["fp-02", "fp-03"] {
        site.confirmed(id, NAME).await;
    }
    let took: Vec<u64> = site.carried().iter().zip(&before).map(|(now, before)| now - before).collect();
    assert!(took[1] >= BIG_BYTES as u64 && took[2] < BESIDE_BYTES, "{took:?}");
    site.end.cancel();
}
