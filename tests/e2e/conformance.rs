//! The command line that the public conformance suite calls, over a repository that `migradoctl` made:
//! it ends with 0 where the framework says so, with 1 at every attack, and keeps what it trusted.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use migrado_content::freshness::{Snapshot, timestamp};
use migrado_content::keys::Key;
use migrado_tests::programs;
use serde_json::Value;

type Overrides = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A repository on a port, its client's folders, and what is answered in the place of a file.
struct World {
    folder: tempfile::TempDir,
    url: String,
    instead: Overrides,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        for name in ["release", "metadata", "targets"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        fs::write(root.join("release/release.json"), "{}").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let instead = Overrides::default();
        let (served, answers) = (root.join("out"), instead.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up has had enough: that is what it is tested for.
                let _hung_up = answer(stream, &served, &answers).is_err();
            }
        });
        let world = Self { folder, url, instead };
        world.ctl(&["keys", "init", "keys", "--own-freshness", "--no-passphrase"]);
        world.publish("2026-11-25.1");
        assert!(world.client(&["init", "keys/roots/1.root.json"]), "a root is trusted");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ctl(&self, words: &[&str]) {
        let mut command = Command::new(programs::ours("migradoctl"));
        let said = command.arg("content").args(words).current_dir(self.folder.path()).output().unwrap();
        assert!(said.status.success(), "{said:?}");
    }

    fn publish(&self, name: &str) {
        self.ctl(&["publish", "release", "--keys", "keys", "--title", "T", "--name", name, "--out", "out"]);
    }

    /// Calls the client as the suite does; whether it ended with 0.
    fn client(&self, words: &[&str]) -> bool {
        let url = format!("{}/metadata/", self.url);
        let mut command = Command::new(programs::ours("tuf-conformance-client"));
        command.args(["--metadata-url", &url, "--metadata-dir", "metadata"]).args(words);
        let said = command.current_dir(self.folder.path()).output().unwrap();
        match said.status.code() {
            Some(0) => true,
            Some(1) => false,
            other => panic!("ends with {other:?}: {said:?}"),
        }
    }

    fn download(&self, name: &str) -> bool {
        let base = format!("{}/targets/", self.url);
        self.client(&[
            "--target-name",
            name,
            "--target-base-url",
            &base,
            "--target-dir",
            "targets",
            "download",
        ])
    }

    /// The version of a role that is trusted.
    fn trusted(&self, role: &str) -> u64 {
        let bytes = fs::read(self.path(&format!("metadata/{role}.json"))).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()["signed"]["version"].as_u64().unwrap()
    }

    /// A timestamp for the first snapshot, by a key, at a version, until a moment.
    fn timestamp(&self, key: &Key, version: u64, until: &str) -> Vec<u8> {
        let list = fs::read(self.path("out/metadata/1.targets.json")).unwrap();
        let until = until.parse().unwrap();
        let snapshot = Snapshot::sign(&list, version, until, key).unwrap();
        self.answer_with(&snapshot.file_name(), snapshot.bytes.clone());
        timestamp(&snapshot, version, until, key).unwrap()
    }

    fn answer_with(&self, name: &str, bytes: Vec<u8>) {
        self.instead.lock().unwrap().insert(format!("/metadata/{name}"), bytes);
    }

    fn honest(&self) {
        self.instead.lock().unwrap().clear();
    }

    fn freshness(&self) -> Key {
        let pem = fs::read_to_string(self.path("keys/freshness/freshness-1.pem")).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        Key::from_pkcs8(&base64::engine::general_purpose::STANDARD.decode(body).unwrap()).unwrap()
    }
}

/// Answers one question: metadata as they lie, targets by the digest in their name.
fn answer(mut stream: TcpStream, served: &Path, instead: &Overrides) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let file = match path.strip_prefix("/targets/releases/") {
        Some(name) => served.join("objects").join(name.split('.').next().unwrap_or_default()),
        None => served.join(path.trim_start_matches('/')),
    };
    let found = instead.lock().unwrap().get(path).cloned().or_else(|| fs::read(file).ok());
    let status = if found.is_some() { "200 OK" } else { "404 Not Found" };
    let body = found.unwrap_or_default();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}

#[test]
fn an_honest_repository_is_followed_and_its_targets_fetched() {
    let world = World::new();
    assert!(world.client(&["refresh"]));
    let mut trusted: Vec<String> = fs::read_dir(world.path("metadata"))
        .unwrap()
        .flatten()
        .filter(|f| f.path().is_file())
        .map(|f| f.file_name().to_string_lossy().into_owned())
        .collect();
    trusted.sort();
    assert_eq!(trusted, ["root.json", "snapshot.json", "targets.json", "timestamp.json"]);
    assert!(world.download("releases/2026-11-25.1.json"));
    let fetched: Vec<PathBuf> =
        fs::read_dir(world.path("targets")).unwrap().flatten().map(|f| f.path()).collect();
    let manifest = fs::read(&fetched[0]).unwrap();
    migrado_content::manifest::Manifest::parse(&manifest).unwrap();
    assert!(!world.download("releases/2026-11-25.9.json"), "what is not listed is not fetched");

    let lost = fs::read_to_string(world.path("keys/content/content-1.pub")).unwrap();
    world.ctl(&["keys", "rotate", "keys", "--lost", lost.trim(), "--yes", "--no-passphrase"]);
    world.publish("2026-11-25.2");
    assert!(world.client(&["refresh"]), "a root that was rotated is followed");
    assert_eq!((world.trusted("root"), world.trusted("targets")), (2, 3));
}

#[test]
fn every_attack_ends_with_one_and_what_was_trusted_stays() {
    let world = World::new();
    world.publish("2026-11-25.2");
    assert!(world.client(&["refresh"]));
    let (ours, stranger) = (world.freshness(), Key::generate().unwrap());
    let older = world.timestamp(&ours, 1, "2099-01-01T00:00:00Z");
    let expired = world.timestamp(&ours, 7, "2020-01-01T00:00:00Z");
    let forged = world.timestamp(&stranger, 7, "2099-01-01T00:00:00Z");
    let honest = fs::read(world.path("out/metadata/timestamp.json")).unwrap();
    let attacks = [
        ("rollback", older),
        ("expired", expired),
        ("wrong key", forged),
        ("endless data", vec![b' '; 20_000]),
        ("truncated", honest[..honest.len() / 2].to_vec()),
    ];
    for (attack, bytes) in attacks {
        world.answer_with("timestamp.json", bytes);
        assert!(!world.client(&["refresh"]), "{attack}");
        assert_eq!((world.trusted("timestamp"), world.trusted("targets")), (2, 2), "{attack}");
        world.instead.lock().unwrap().remove("/metadata/timestamp.json");
    }
    world.honest();
    assert!(world.client(&["refresh"]), "and the honest repository passes");
}
