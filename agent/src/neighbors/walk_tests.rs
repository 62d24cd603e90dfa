//! Displays that fetch from each other over real sockets and real TLS: honest ones, and those that
//! lie, give no end, break off, or do not have what they say.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use migrado_content::digest::Digest;
use migrado_content::manifest::{Entry, Manifest};
use migrado_content::store::Store as Content;
use migrado_protocol::neighbor::Neighbor;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::answers::Host;
use super::ask::{Neighbors, Outcome, ask};
use super::serve::{Patience, Server, Sign};
use super::take::{Got, LIED};
use super::*;
use crate::identity::Held;
use crate::identity::testing::{Authority, serve_with};
use crate::kiosk::counters::Counters;
use crate::kiosk::{Kiosk, KioskFacts};
use crate::update::fetch::Fetch;
use crate::update::line::{Line, LineError, Meter};
use crate::update::pace::Pace;
use crate::update::record::Bytes;

/// The large file: it takes several pieces, and more than what makes a part.
const BIG_BYTES: usize = 3_000_000;

/// A release, and its bytes by hash.
struct Release {
    manifest: Manifest,
    objects: BTreeMap<String, Vec<u8>>,
}

fn release() -> Release {
    let big: Vec<u8> = (0..BIG_BYTES).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let files: [(&str, Vec<u8>); 4] =
        [("a.html", b"a".to_vec()), ("big.webm", big), ("empty", Vec::new()), ("z.txt", b"zet".to_vec())];
    let entry = |(path, bytes): &(&str, Vec<u8>)| Entry {
        path: (*path).into(),
        sha256: Digest::of(bytes),
        size: bytes.len() as u64,
    };
    let manifest = Manifest::new(files.iter().map(entry).collect()).unwrap();
    let mut objects: BTreeMap<String, Vec<u8>> =
        files.into_iter().map(|(_, bytes)| (Digest::of(&bytes).to_string(), bytes)).collect();
    objects.insert(manifest.id().to_string(), manifest.to_bytes());
    Release { manifest, objects }
}

impl Release {
    fn digest(&self, path: &str) -> String {
        self.manifest.find(path).unwrap().sha256.to_string()
    }
}

/// A display with its folder.
struct Display {
    folder: TempDir,
    content: Arc<Content>,
    held: Arc<Held>,
    board: Board,
}

impl Display {
    fn new(authority: &Authority, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let held = authority.display_called(name, folder.path(), "localhost:9", Vec::new());
        let content = Arc::new(Content::open(&folder.path().join("content")).unwrap());
        Self { folder, content, held, board: Board::default() }
    }

    fn fill(&self, release: &Release) {
        self.content.put_manifest(&release.manifest.to_bytes(), &release.manifest.id()).unwrap();
        for entry in self.content.missing(&release.manifest) {
            let mut partial = self.content.partial(&entry.sha256, entry.size).unwrap();
            partial.rewind(0).unwrap();
            partial.append(&release.objects[&entry.sha256.to_string()]).unwrap();
            partial.finish().unwrap();
        }
        let manifest = release.manifest.id().to_string();
        self.board.serving.send_replace(Serving { complete: vec![manifest], fetching: None });
    }

    /// Serves until the test ends, and gives the address that it tells.
    async fn serve(&self, patience: Patience) -> String {
        let db =
            redb::Database::builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let kiosk = Kiosk::new(KioskFacts::of("fp-01".parse().unwrap()), Counters::new(Arc::new(db)));
        let host = Host::new(self.content.clone(), self.board.serving.subscribe(), kiosk);
        let server = Server::open("127.0.0.1:0".parse().unwrap(), &self.held, host, patience).await.unwrap();
        let (session, serves_at) = (watch::Sender::new(None), self.board.serves_at.clone());
        let sign =
            Sign { configured: None, held: self.held.clone(), session: session.subscribe(), serves_at };
        tokio::spawn(async move {
            let _kept = session;
            server.run(sign).await;
        });
        let mut told = self.board.serves_at.subscribe();
        told.wait_for(Option::is_some).await.unwrap().clone().unwrap()
    }

    /// Walks around these neighbors for a release. Gives what came of it, and of the bytes.
    async fn fetch(&self, release: &Release, list: &[(&str, String)]) -> (Outcome, Bytes) {
        let list: Vec<Neighbor> = list
            .iter()
            .map(|(name, address)| Neighbor { terminal: name.parse().unwrap(), address: address.clone() })
            .collect();
        let (outcome, heard) = watch::channel(Outcome::default());
        let (db, _) = crate::store::open(self.folder.path()).unwrap();
        let uplink = Meter::new(0, 0, None);
        let fetch = Fetch {
            content: self.content.clone(),
            store: crate::store::Store::new(db),
            // Nobody listens there, and nothing may be taken: neighbors have to do.
            line: Line::new(&self.held.tls(), "localhost:9".into(), uplink).unwrap(),
            wanted: release.manifest.id(),
            release_bytes: 0,
            neighbors: None,
            progress: watch::Sender::new(Bytes::default()),
            halt: CancellationToken::new(),
        };
        let own = "fp-09".parse().unwrap();
        let neighbors = Neighbors { list, own, held: self.held.clone(), outcome };
        ask(&fetch, &neighbors).await.unwrap();
        let bytes = *fetch.progress.borrow();
        (heard.borrow().clone(), bytes)
    }

    fn has(&self, release: &Release) -> bool {
        let manifest = self.content.manifest(&release.manifest.id()).unwrap();
        manifest.is_some_and(|manifest| self.content.missing(&manifest).is_empty())
    }
}

/// How a neighbor of a test's own misbehaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    Honest,
    /// Another byte in this object.
    Lies,
    /// Other bytes for the manifest.
    LiesAboutManifest,
    /// More bytes than there are.
    NoEnd,
    /// The whole object, whatever is asked for.
    NoRange,
    /// Goes on at another byte than was asked for.
    OtherRange,
    /// Breaks off after half of it, once.
    Breaks,
    /// Says that it has it, and has not.
    HasNot,
}

/// What somebody asked for: an object, and the range of it.
type Asked = (String, Option<String>);

#[derive(Clone)]
struct Stage {
    objects: Arc<BTreeMap<String, Vec<u8>>>,
    manifest: String,
    manner: Manner,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A neighbor with a display's certificate and manners of its own.
struct Staged {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Staged {
    async fn new(authority: &Authority, name: &str, release: &Release, manner: Manner) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let held = authority.display_called(name, folder.path(), "localhost:9", Vec::new());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stage = Stage {
            objects: Arc::new(release.objects.clone()),
            manifest: release.manifest.id().to_string(),
            manner,
            asked: asked.clone(),
        };
        let routes = Router::new()
            .route("/content/v1/releases/{id}", get(async || r#"{"state":"complete"}"#))
            .route("/content/v1/objects/{id}", get(object))
            .with_state(stage);
        let address = serve_with(held.neighbor_server().unwrap(), routes).await;
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn object(State(stage): State<Stage>, UrlPath(id): UrlPath<String>, headers: HeaderMap) -> Response {
    let range = headers.get("range").map(|range| range.to_str().unwrap().to_owned());
    let times = {
        let mut asked = stage.asked.lock().unwrap();
        asked.push((id.clone(), range.clone()));
        asked.iter().filter(|(known, _)| *known == id).count()
    };
    let mut bytes = stage.objects[&id].clone();
    let is_big = bytes.len() == BIG_BYTES;
    let begins = range.and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match stage.manner {
        Manner::Lies if is_big => bytes[BIG_BYTES / 2] ^= 1,
        Manner::LiesAboutManifest if id == stage.manifest => bytes = b"{}".to_vec(),
        Manner::HasNot => return StatusCode::NOT_FOUND.into_response(),
        Manner::NoRange => return bytes.into_response(),
        Manner::NoEnd if is_big => {
            let piece = || Some((Ok::<_, std::io::Error>(vec![0_u8; 60_000]), ()));
            let endless = futures_util::stream::unfold((), move |()| std::future::ready(piece()));
            return Body::from_stream(endless).into_response();
        }
        Manner::Breaks if is_big && times == 1 => {
            let half = Ok(axum::body::Bytes::from(bytes[..BIG_BYTES / 2].to_vec()));
            let broken = Err(std::io::Error::other("as a test"));
            return Body::from_stream(futures_util::stream::iter([half, broken])).into_response();
        }
        _ => {}
    }
    let Some(begins) = begins else { return bytes.into_response() };
    let said = if stage.manner == Manner::OtherRange { begins - 1 } else { begins };
    let range = format!("bytes {said}-{}/{}", bytes.len() - 1, bytes.len());
    (StatusCode::PARTIAL_CONTENT, [("content-range", range)], bytes[begins..].to_vec()).into_response()
}

/// Puts these bytes down as the beginning of the large file.
fn begin_with(display: &Display, release: &Release, bytes: &[u8]) {
    let entry = release.manifest.find("big.webm").unwrap();
    display.content.partial(&entry.sha256, entry.size).unwrap().append(bytes).unwrap();
}

fn dropped(outcome: &Outcome) -> Vec<(&str, &str, &str)> {
    outcome.dropped.iter().map(|d| (d.terminal.as_str(), d.finding.as_str(), d.object.as_str())).collect()
}

#[tokio::test]
async fn a_display_gets_all_of_a_release_from_one_that_has_it_and_nothing_over_the_line() {
    migrado_link::tls::install_provider();
    let (authority, release) = (Authority::new(), release());
    let (lead, follower) = (Display::new(&authority, "fp-01"), Display::new(&authority, "fp-09"));
    lead.fill(&release);
    let address = lead.serve(Patience::default()).await;
    let (outcome, bytes) = follower.fetch(&release, &[("fp-01", address)]).await;
    assert_eq!(outcome, Outcome::default());
    assert!(follower.has(&release));
    let whole: usize = release.objects.values().map(Vec::len).sum();
    assert_eq!((bytes.from_neighbors, bytes.over_the_line()), (whole as u64, 0));
    // What it has now it gives on: the same bytes.
    follower.content.assemble(&release.manifest.id()).unwrap();
}

#[tokio::test]
async fn a_neighbor_that_lies_is_dropped_by_hash_and_the_next_one_gives_the_rest() {
    migrado_link::tls::install_provider();
    let (authority, release) = (Authority::new(), release());
    for (manner, finding, object) in [
        (Manner::Lies, LIED, release.digest("big.webm")),
        (Manner::LiesAboutManifest, LIED, release.manifest.id().to_string()),
        (Manner::NoEnd, "neighbor_endless", release.digest("big.webm")),
    ] {
        // Whichever of the two is asked first: the display's name decides that.
        let wrong = Staged::new(&authority, "fp-01", &release, manner).await;
        let lying_too = Staged::new(&authority, "fp-02", &release, manner).await;
        let right = Staged::new(&authority, "fp-03", &release, Manner::Honest).await;
        let follower = Display::new(&authority, "fp-09");
        let both = [("fp-01", wrong.address.clone()), ("fp-02", lying_too.address.clone())];
        let (outcome, _) = follower.fetch(&release, &both).await;
        let expected = [("fp-01", finding, object.as_str()), ("fp-02", finding, object.as_str())];
        let mut found = dropped(&outcome);
        found.sort_unstable();
        assert_eq!(found, expected, "{manner:?}");
        assert!(!follower.has(&release) && outcome.in_vain, "{manner:?}");
        let parts = std::fs::read_dir(follower.folder.path().join("content/partial")).unwrap().count();
        assert_eq!(parts, 0, "{manner:?}: nothing of a liar's is left for the controller to go on with");

        let all = [both[0].clone(), ("fp-03", right.address.clone())];
        let (outcome, _) = follower.fetch(&release, &all).await;
        assert!(follower.has(&release), "{manner:?}");
        assert!(outcome.dropped.iter().all(|d| d.terminal.as_str() == "fp-01"), "{manner:?}: {outcome:?}");
        assert!(!outcome.in_vain);
    }
}

#[tokio::test]
async fn who_goes_on_behind_somebody_elses_wrong_beginning_is_not_blamed_for_it() {
    migrado_link::tls::install_provider();
    let (authority, release) = (Authority::new(), release());
    let neighbor = Staged::new(&authority, "fp-01", &release, Manner::Honest).await;
    let follower = Display::new(&authority, "fp-09");
    begin_with(&follower, &release, b"not this file");
    let (outcome, _) = follower.fetch(&release, &[("fp-01", neighbor.address.clone())]).await;
    assert_eq!(outcome, Outcome::default());
    assert!(follower.has(&release));
    let big = release.digest("big.webm");
    let ranges: Vec<_> = neighbor.asked().into_iter().filter(|(id, _)| *id == big).map(|(_, r)| r).collect();
    assert_eq!(ranges, [Some("bytes=13-".to_owned()), None], "anew from the beginning");
}

#[tokio::test]
async fn a_neighbor_that_ignores_ranges_is_understood_and_one_that_goes_on_elsewhere_is_dropped() {
    migrado_link::tls::install_provider();
    let (authority, release) = (Authority::new(), release());
    let right: Vec<u8> = release.objects[&release.digest("big.webm")][..1000].to_vec();
    for (manner, is_right) in [(Manner::NoRange, true), (Manner::OtherRange, false)] {
        let neighbor = Staged::new(&authority, "fp-01", &release, manner).await;
        let follower = Display::new(&authority, "fp-09");
        begin_with(&follower, &release, &right);
        let (outcome, _) = follower.fetch(&release, &[("fp-01", neighbor.address.clone())]).await;
        assert_eq!((follower.has(&release), outcome.dropped.is_empty()), (is_right, is_right), "{manner:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_goes_on_at_the_byte() {
    migrado_link::tls::install_provider();
    let (authority, release) = (Authority::new(), release());
    let neighbor = Staged::new(&authority, "fp-01", &release, Manner::Breaks).await;
    let follower = Display::new(&authority, "fp-09");
    let (outcome, bytes) = follower.fetch(&release, &[("fp-01", neighbor.address.clone())]).await;
    assert_eq!(outcome, Outcome::default());
    assert!(follower.has(&release));
    let big = release.digest("big.webm");
    let again: Vec<_> = neighbor.asked().into_iter().filter(|(id, _)| *id == big).collect();
    assert_eq!(again[1].1.as_deref(), Some("bytes=1500000-"), "{again:?}");
    let whole: usize = release.objects.values().map(Vec::len).sum();
    assert_eq!(bytes.from_neighbors, whole as u64, "no byte came twice");
}

#[tokio::test]
async fn who_cannot_be_reached_is_somebody_else_or_does_not_have_it_leaves_the_display_alone() {
    migrado_link::tls::install_provider();
    let (authority, release) = (Authority::new(), release());
    let foreign = Authority::new();
    let other = Staged::new(&authority, "fp-02", &release, Manner::Honest).await;
    let rogue = Staged::new(&foreign, "fp-01", &release, Manner::Honest).await;
    let has_not = Staged::new(&authority, "fp-03", &release, Manner::HasNot).await;
    let follower = Display::new(&authority, "fp-09");
    let list = [
        ("fp-01", "localhost:9".to_owned()),
        // Another display than the one that was named.
        ("fp-01", other.address.clone()),
        ("fp-01", rogue.address.clone()),
        ("fp-03", has_not.address.clone()),
    ];
    let (outcome, bytes) = follower.fetch(&release, &list).await;
    assert_eq!((outcome.in_vain, outcome.dropped.len(), bytes.done), (true, 0, 0));
    assert!(other.asked().is_empty() && rogue.asked().is_empty(), "nothing is said to a stranger");
}

/// A line of one display to another, as the walk makes it.
fn line(from: &Display, name: &str, address: &str) -> Line {
    let tls = from.held.neighbor_client(&name.parse().unwrap()).unwrap();
    Line::at(&tls, address.to_owned(), Meter::new(0, u64::MAX, None), Pace::NEIGHBOR).unwrap()
}

#[tokio::test]
async fn a_display_gives_to_four_at_once_and_tells_the_fifth_to_come_again() {
    migrado_link::tls::install_provider();
    let (authority, release) = (Authority::new(), release());
    let lead = Display::new(&authority, "fp-01");
    lead.fill(&release);
    let address = lead.serve(Patience::default()).await;
    let path = format!("{OBJECTS}{}", release.digest("big.webm"));
    let askers: Vec<Display> = (2..8).map(|n| Display::new(&authority, &format!("fp-0{n}"))).collect();
    let mut held = Vec::new();
    for asker in &askers[..4] {
        held.push(line(asker, "fp-01", &address).get(&path, 0, None, u64::MAX).await.unwrap());
    }
    let refused = line(&askers[4], "fp-01", &address).get(&path, 0, None, u64::MAX).await.unwrap_err();
    assert_eq!(Got::of(&refused), Got::Busy, "{refused}");
    // Whoever gives up makes room.
    held.clear();
    let mut tries = 0;
    while let Err(error) = line(&askers[5], "fp-01", &address).get(&path, 0, None, u64::MAX).await {
        tries += 1;
        assert!(tries < 1000, "{error}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_asked_for_otherwise_is_refused_and_parts_are_not_given() {
    migrado_link::tls::install_provider();
    let (authority, release) = (Authority::new(), release());
    let (lead, asker) = (Display::new(&authority, "fp-01"), Display::new(&authority, "fp-09"));
    begin_with(&lead, &release, &[0; 1000]);
    let address = lead.serve(Patience::default()).await;
    let line = line(&asker, "fp-01", &address);
    let big = release.digest("big.webm");
    for path in [
        format!("{OBJECTS}{big}"),
        format!("{OBJECTS}../partial/{big}"),
        format!("{OBJECTS}..%2fpartial%2f{big}"),
        OBJECTS.to_owned(),
        "/".to_owned(),
        "/content/v1/metadata/1.root.json".to_owned(),
    ] {
        let refused = line.get(&path, 0, None, 1000).await.unwrap_err();
        assert!(matches!(refused, LineError::Missing { .. }), "{path}: {refused}");
    }
    let posted = line.post(&format!("{OBJECTS}{big}"), &1, 1000).await.unwrap_err();
    assert!(matches!(posted, LineError::Refused { status: 405, .. }), "{posted}");
    lead.fill(&release);
    let beyond = line.get(&format!("{OBJECTS}{big}"), u64::MAX, None, 1000).await.unwrap_err();
    assert!(matches!(beyond, LineError::Refused { status: 416, .. }), "{beyond}");
    let none = line.get(&format!("{RELEASES}other"), 0, None, 1000).await.unwrap().whole().await.unwrap();
    assert_eq!(serde_json::from_slice::<Word>(&none).unwrap(), Word::None);
}

#[tokio::test]
async fn a_display_has_two_connections_and_none_for_ever() {
    use tokio::io::AsyncReadExt as _;
    migrado_link::tls::install_provider();
    let authority = Authority::new();
    let (lead, asker) = (Display::new(&authority, "fp-01"), Display::new(&authority, "fp-09"));
    let patience = Patience { idle: std::time::Duration::from_millis(300), ..Patience::default() };
    let address = lead.serve(patience).await;
    let connect = async || {
        let tcp = tokio::net::TcpStream::connect(&address).await.unwrap();
        let tls = asker.held.neighbor_client(&"fp-01".parse().unwrap()).unwrap();
        let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
        tokio_rustls::TlsConnector::from(tls).connect(name, tcp).await.unwrap()
    };
    let (mut first, _second) = (connect().await, connect().await);
    let mut third = connect().await;
    let mut nothing = [0; 16];
    // Refused at once or idle for too long: only the third ends while the first still may speak.
    let began = tokio::time::Instant::now();
    let refused = third.read(&mut nothing).await;
    assert!(matches!(refused, Ok(0) | Err(_)), "{refused:?}");
    assert!(began.elapsed() < std::time::Duration::from_millis(250), "{:?}", began.elapsed());
    let read = tokio::time::timeout(std::time::Duration::from_secs(20), first.read(&mut nothing)).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "an idle connection is ended: {read:?}");
}
