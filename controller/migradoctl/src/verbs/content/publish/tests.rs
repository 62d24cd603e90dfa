//! A publication against a small controller in this process: what is sent, what is left out, and a
//! line that breaks.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as At, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use clap::Parser as _;
use migrado_content::digest::Digest;
use migrado_content::keys::Key;
use migrado_content::trust::check_targets;

use super::*;
use crate::cli::{Cli, Group};

const PASSPHRASE: &str = "in der Berswordthalle";

/// What the small controller has.
#[derive(Default)]
struct Kept {
    objects: BTreeMap<String, Vec<u8>>,
    partial: BTreeMap<String, Vec<u8>>,
    puts: usize,
    /// Answers that are still to fail, with half of the bytes taken.
    breaks: usize,
    publications: Vec<Value>,
    metadata: BTreeMap<String, String>,
}

type Shared = Arc<Mutex<Kept>>;

async fn missing(State(kept): State<Shared>, axum::Json(ask): axum::Json<Value>) -> axum::Json<Value> {
    let kept = kept.lock().unwrap();
    let named = ask["objects"].as_array().unwrap().iter();
    let missing: Vec<&Value> = named.filter(|o| !kept.objects.contains_key(o.as_str().unwrap())).collect();
    axum::Json(json!({ "missing": missing }))
}

async fn stands(State(kept): State<Shared>, At(object): At<String>) -> axum::Json<Value> {
    let stands = kept.lock().unwrap().partial.get(&object).map_or(0, Vec::len);
    axum::Json(json!({"complete": false, "stands": stands}))
}

async fn put(
    State(kept): State<Shared>,
    At(object): At<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, axum::Json<Value>) {
    let mut kept = kept.lock().unwrap();
    kept.puts += 1;
    let range =
        headers.get("content-range").map(|r| r.to_str().unwrap().trim_start_matches("bytes ").to_owned());
    let (begin, total) = range.map_or((0, body.len()), |range| {
        let (range, total) = range.split_once('/').unwrap();
        (range.split_once('-').unwrap().0.parse().unwrap(), total.parse().unwrap())
    });
    let broken = kept.breaks > 0 && body.len() > 1;
    let stands = kept.partial.entry(object.clone()).or_default();
    assert!(begin <= stands.len(), "no gap is sent");
    stands.truncate(begin);
    stands.extend_from_slice(if broken { &body[..body.len() / 2] } else { &body });
    let (whole, length) = (stands.len() == total, stands.len());
    if broken {
        kept.breaks -= 1;
        return (StatusCode::BAD_GATEWAY, axum::Json(json!({})));
    }
    if whole {
        let bytes = kept.partial.remove(&object).unwrap();
        assert_eq!(Digest::of(&bytes).to_string(), object);
        kept.objects.insert(object, bytes);
    }
    (StatusCode::OK, axum::Json(json!({"complete": whole, "stands": length})))
}

async fn publish(State(kept): State<Shared>, axum::Json(body): axum::Json<Value>) -> axum::Json<Value> {
    let mut kept = kept.lock().unwrap();
    let list: Value = serde_json::from_str(body["targets"].as_str().unwrap()).unwrap();
    let version = list["signed"]["version"].as_u64().unwrap();
    let pin = |part: &str| json!({"signed": {"meta": {part: {"version": version}}}}).to_string();
    kept.metadata.insert("timestamp.json".into(), pin("snapshot.json"));
    kept.metadata.insert(format!("{version}.snapshot.json"), pin("targets.json"));
    kept.metadata.insert(format!("{version}.targets.json"), body["targets"].as_str().unwrap().to_owned());
    kept.publications.push(body);
    axum::Json(json!({"targets_version": version}))
}

async fn metadata(State(kept): State<Shared>, At(name): At<String>) -> Result<String, StatusCode> {
    kept.lock().unwrap().metadata.get(&name).cloned().ok_or(StatusCode::NOT_FOUND)
}

struct World {
    folder: tempfile::TempDir,
    kept: Shared,
    url: String,
    freshness: Key,
}

impl World {
    async fn new() -> Self {
        let kept = Shared::default();
        let freshness = Key::generate().unwrap();
        let public = freshness.public().to_json();
        let router = Router::new()
            .route("/api/v1/content/uploads/missing", post(missing))
            .route("/api/v1/content/objects/{object}", get(stands).put(put))
            .route("/api/v1/content/metadata/{name}", get(metadata))
            .route("/api/v1/content/freshness-key", get(async move || axum::Json(public)))
            .route("/api/v1/releases", post(publish))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(kept.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token"), "secret").unwrap();
        fs::write(folder.path().join("passphrase"), PASSPHRASE).unwrap();
        let release = folder.path().join("release");
        fs::create_dir(&release).unwrap();
        fs::write(release.join("release.json"), "{}").unwrap();
        fs::write(release.join("empty.txt"), "").unwrap();
        let video: Vec<u8> = (0..9_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        fs::write(release.join("video.webm"), video).unwrap();
        Self { folder, kept, url, freshness }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn call(&self, words: &[&str]) -> Result<Code, Failure> {
        let token = self.path("token").display().to_string();
        let head = ["migradoctl", "--url", &self.url, "--token-file", &token, "-o", "json", "content"];
        let cli = Cli::try_parse_from([&head, words].concat()).unwrap();
        let Group::Content { verb } = cli.group else { unreachable!() };
        super::super::run(&cli.connection, Format::Json, verb).await
    }

    async fn init(&self) {
        let (keys, secret) = (text(&self.path("keys")), text(&self.path("passphrase")));
        self.call(&["keys", "init", &keys, "--passphrase-file", &secret]).await.unwrap();
    }

    async fn publish(&self, more: &[&str]) -> Result<Code, Failure> {
        let [release, keys, secret] = ["release", "keys", "passphrase"].map(|n| text(&self.path(n)));
        let words = ["publish", &release, "--keys", &keys, "--title", "Winter", "--passphrase-file", &secret];
        self.call(&[&words[..], more].concat()).await
    }

    fn kept(&self) -> KeyFolder {
        KeyFolder::open(&self.path("keys")).unwrap()
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test]
async fn a_release_arrives_over_a_line_that_breaks_and_goes_live_last() {
    let world = World::new().await;
    world.init().await;
    assert_eq!(world.kept().spec().unwrap().freshness, world.freshness.public());
    world.kept.lock().unwrap().breaks = 2;
    world.publish(&["--name", "2026-11-25.1"]).await.unwrap();
    let manifest = Manifest::of_folder(&world.path("release")).unwrap();
    {
        let kept = world.kept.lock().unwrap();
        assert!(manifest.objects().keys().all(|object| kept.objects.contains_key(&object.to_string())));
        assert!(kept.objects.contains_key(&manifest.id().to_string()), "the manifest is an object as well");
        assert_eq!(kept.objects.len(), 4);
        let sent = &kept.publications[0];
        let roots: Vec<&str> =
            sent["roots"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
        let seen =
            check_targets(&roots, sent["targets"].as_str().unwrap().as_bytes(), Timestamp::now()).unwrap();
        assert_eq!(seen.list[0].manifest, manifest.id());
    }
    let before = world.kept.lock().unwrap().puts;
    world.publish(&["--recall", "2026-11-25.1", "--name", "2026-11-25.2"]).await.unwrap();
    assert_eq!(world.kept.lock().unwrap().puts, before, "what is there is not sent again");
    assert_eq!(world.kept.lock().unwrap().publications.len(), 2);
    let again = world.publish(&["--name", "2026-11-25.2"]).await.unwrap_err();
    assert_eq!(again.code, Code::Conflict, "{}", again.message);
}

#[tokio::test]
async fn an_upload_goes_on_at_the_byte_where_it_stands() {
    let world = World::new().await;
    world.init().await;
    let video = fs::read(world.path("release/video.webm")).unwrap();
    let name = Digest::of(&video).to_string();
    world.kept.lock().unwrap().partial.insert(name.clone(), video[..8_500_000].to_vec());
    world.publish(&[]).await.unwrap();
    let kept = world.kept.lock().unwrap();
    assert_eq!(kept.objects[&name], video);
    assert_eq!(kept.puts, 4, "one part of the video, and three small objects");
}

#[tokio::test]
async fn a_list_that_no_content_key_signed_is_not_built_on() {
    let world = World::new().await;
    world.init().await;
    world.publish(&["--name", "2026-11-25.1"]).await.unwrap();
    let thief = Key::generate().unwrap();
    let mut list = List::after(world.kept().targets()).unwrap();
    list.recall("2026-11-25.1".parse().unwrap()).unwrap();
    let forged = list.document(keys::in_days(Timestamp::now(), 1));
    let forged = migrado_content::keys::seal(&forged, &[&thief]).unwrap();
    {
        let mut kept = world.kept.lock().unwrap();
        kept.metadata.insert(
            "1.snapshot.json".into(),
            json!({"signed": {"meta": {"targets.json": {"version": 2}}}}).to_string(),
        );
        kept.metadata.insert("2.targets.json".into(), String::from_utf8(forged).unwrap());
    }
    let refused = world.publish(&[]).await.unwrap_err();
    assert!(refused.message.contains("wrong_key"), "{}", refused.message);
    assert_eq!(world.kept.lock().unwrap().publications.len(), 1);
}

#[tokio::test]
async fn a_lost_content_key_is_replaced_and_the_controller_gets_roots_and_list() {
    let world = World::new().await;
    world.init().await;
    world.publish(&[]).await.unwrap();
    let lost = world.kept().spec().unwrap().contents[0].to_string();
    let (keys, secret) = (text(&world.path("keys")), text(&world.path("passphrase")));
    let rotate = ["keys", "rotate", &keys, "--lost", &lost, "--yes", "--passphrase-file", &secret];
    world.call(&rotate).await.unwrap();
    world.call(&["keys", "send", &keys, "--passphrase-file", &secret]).await.unwrap();
    let sent = world.kept.lock().unwrap().publications[1].clone();
    assert_eq!(sent["roots"].as_array().unwrap().len(), 2);
    assert_eq!(world.kept().spec().unwrap().version, 2);
    world.publish(&[]).await.unwrap();
    fs::write(world.path("passphrase"), "something else").unwrap();
    let wrong = world.publish(&[]).await.unwrap_err();
    assert_eq!(wrong.code, Code::Denied, "{}", wrong.message);
}

#[tokio::test]
async fn a_repository_for_a_stick_needs_no_controller() {
    let world = World::new().await;
    let (keys, secret, out) =
        (text(&world.path("keys")), text(&world.path("passphrase")), text(&world.path("out")));
    world.call(&["keys", "init", &keys, "--own-freshness", "--passphrase-file", &secret]).await.unwrap();
    world.publish(&["--out", &out, "--name", "2026-11-25.1"]).await.unwrap();
    world.publish(&["--out", &out, "--name", "2026-11-25.2"]).await.unwrap();
    world
        .call(&["recall", "2026-11-25.1", "--keys", &keys, "--out", &out, "--passphrase-file", &secret])
        .await
        .unwrap();
    let repository = Files::read(&world.path("out/metadata")).unwrap();
    let display = tempfile::tempdir().unwrap();
    let mut trust = migrado_content::trust::Trust::open(display.path(), &world.kept().roots()[0]).unwrap();
    let seen = trust.refresh(repository, Timestamp::now()).await.unwrap();
    assert_eq!((seen.targets_version, seen.list.len()), (3, 1));
    assert_eq!(world.kept.lock().unwrap().puts, 0);
}

#[test]
fn the_next_name_is_the_next_number_of_its_day() {
    let today: Date = "2026-11-25".parse().unwrap();
    let name = |text: &str| text.parse::<ReleaseName>().unwrap();
    assert_eq!(next_name(today, &[]), name("2026-11-25.1"));
    let live = [name("2026-11-25.2"), name("2026-11-25.10"), name("2026-11-26.7")];
    assert_eq!(next_name(today, &live), name("2026-11-25.11"));
}
