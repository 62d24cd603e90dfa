//! A fetch against a server on this machine that has no pack: right, lying, cut off, older; and a
//! display with the release before.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use migrado_content::chunks::{Asked, Index, Pack};
use migrado_content::digest::Digest;
use migrado_content::manifest::{Entry, Manifest};
use migrado_content::store::{Floor, Store as Content};
use migrado_link::tls;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::super::line::{Line, Meter};
use super::super::record::Bytes;
use super::*;

/// What the server does with chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Right,
    /// It knows nothing of them.
    Older,
    /// Indexes of other files of the same sizes.
    LyingIndex,
    /// Indexes that do not end.
    EndlessIndex,
    /// One byte of the ranges is another.
    LyingRange,
    /// Ranges end early, in order.
    Short,
    /// Ranges grow without end when they are unpacked.
    Bomb,
    /// No stream at all.
    Garbage,
    /// Refused as if asked wrongly.
    Refusing,
    /// The line breaks after so many bytes of ranges.
    Cut(usize),
    /// Nothing more comes after so many bytes of ranges.
    Stall(usize),
}

struct Server {
    objects: BTreeMap<Digest, Vec<u8>>,
    way: Mutex<Way>,
    /// Times that indexes are still in the making.
    making: AtomicUsize,
    /// A file that is spoiled when ranges are asked for first.
    spoils: Mutex<Option<PathBuf>>,
    /// Questions for ranges, and for whole objects.
    ranges: AtomicUsize,
    wholes: AtomicUsize,
}

impl Server {
    fn way(&self) -> Way {
        *self.way.lock().unwrap()
    }

    fn go(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }
}

async fn whole(
    State(server): State<Arc<Server>>,
    Path(object): Path<Digest>,
    headers: HeaderMap,
) -> Response {
    let bytes = &server.objects[&object];
    if bytes.first() != Some(&b'{') {
        server.wholes.fetch_add(1, Ordering::Relaxed);
    }
    let begins =
        headers.get("range").and_then(|v| v.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-'));
    match begins.and_then(|begins| begins.parse::<usize>().ok()) {
        None => bytes.clone().into_response(),
        Some(begins) => {
            let range = format!("bytes {begins}-{}/{}", bytes.len() - 1, bytes.len());
            (StatusCode::PARTIAL_CONTENT, [("content-range", range)], bytes[begins..].to_vec())
                .into_response()
        }
    }
}

async fn indexes(
    State(server): State<Arc<Server>>,
    Json(asked): Json<BTreeMap<String, Vec<Digest>>>,
) -> Response {
    let making = server.making.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
    if making.is_ok() {
        return (StatusCode::NOT_FOUND, [("retry-after", "1")], "soon").into_response();
    }
    let index = |object: &Digest| {
        let bytes = &server.objects[object];
        match server.way() {
            Way::LyingIndex => Index::of(&bytes.iter().map(|b| b ^ 1).collect::<Vec<_>>()[..]),
            _ => Index::of(&bytes[..]),
        }
    };
    let mut bytes: Vec<u8> = asked["objects"].iter().flat_map(|o| index(o).unwrap().to_bytes()).collect();
    match server.way() {
        Way::Older => return StatusCode::NOT_FOUND.into_response(),
        Way::Refusing => return StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Way::EndlessIndex => bytes.resize(10_000_000, 7),
        _ => {}
    }
    bytes.into_response()
}

async fn ranges(State(server): State<Arc<Server>>, Json(asked): Json<Vec<Asked>>) -> Response {
    server.ranges.fetch_add(1, Ordering::Relaxed);
    if let Some(path) = server.spoils.lock().unwrap().take() {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, noise(7, 900_000)).unwrap();
    }
    let at = |n: u64| usize::try_from(n).unwrap();
    let range =
        |(object, offset, length): &Asked| server.objects[object][at(*offset)..at(offset + length)].to_vec();
    let mut bytes: Vec<u8> = asked.iter().flat_map(range).collect();
    match server.way() {
        Way::LyingRange => bytes[30_000] ^= 1,
        Way::Short => bytes.truncate(50_000),
        Way::Bomb => bytes.resize(200_000_000, 0),
        _ => {}
    }
    let mut pack = Pack::new().unwrap();
    let parts: Vec<&[u8]> = bytes.chunks(20_000).collect();
    let count = parts.len();
    let packed = parts.iter().enumerate().map(|(n, part)| pack.push(part, n + 1 == count).unwrap());
    let mut packed: Vec<u8> = packed.flatten().collect();
    let (came, then) = match server.way() {
        Way::Garbage => (vec![9; 5_000], None),
        Way::Cut(after) if after < packed.len() => {
            packed.truncate(after);
            (packed, Some(Way::Cut(after)))
        }
        Way::Stall(after) => {
            packed.truncate(after);
            (packed, Some(Way::Stall(after)))
        }
        _ => (packed, None),
    };
    let rest = futures_util::stream::unfold(Some((came, then)), async |state| match state? {
        (came, then) if !came.is_empty() => Some((Ok(came), Some((Vec::new(), then)))),
        (_, Some(Way::Stall(_))) => std::future::pending().await,
        // Not at once, so that what came before is not lost with the connection.
        (_, Some(_)) => {
            tokio::task::yield_now().await;
            Some((Err(std::io::Error::other("the line breaks")), None))
        }
        (_, None) => None,
    });
    Body::from_stream(rest).into_response()
}

/// Bytes that do not compress, the same each time.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn manifest(files: &[(&str, &[u8])]) -> Manifest {
    let entry = |(path, bytes): &(&str, &[u8])| Entry {
        path: (*path).into(),
        sha256: Digest::of(bytes),
        size: bytes.len() as u64,
    };
    Manifest::new(files.iter().map(entry).collect()).unwrap()
}

struct World {
    _dir: tempfile::TempDir,
    server: Arc<Server>,
    serving: tokio::task::JoinHandle<()>,
    from: String,
    content: Arc<Content>,
    store: Store,
    /// The objects of the release that is wanted.
    wanted: Manifest,
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl World {
    /// A display with a video and a page in service; wanted is the video with a part more in it, the
    /// page as another one, and a new page.
    async fn new() -> Self {
        tls::install_provider();
        let dir = tempfile::tempdir().unwrap();
        let content = Content::open_with(dir.path(), Floor { percent: 0, bytes: 0 }, None).unwrap();
        let old = noise(1, 900_000);
        let new = [&old[..400_000], &noise(2, 200_000), &old[400_000..]].concat();
        let page = b"<p>Anmeldung</p>".repeat(1000);
        let before = manifest(&[("a.webm", &old), ("b.html", b"<p>old</p>")]);
        let wanted = manifest(&[("a.webm", &new), ("b.html", b"<p>new</p>"), ("c.html", &page)]);
        for bytes in [&old[..], b"<p>old</p>"] {
            let mut partial = content.partial(&Digest::of(bytes), bytes.len() as u64).unwrap();
            partial.append(bytes).unwrap();
            partial.finish().unwrap();
        }
        content.put_manifest(&before.to_bytes(), &before.id()).unwrap();
        content.sync().unwrap();
        content.assemble(&before.id()).unwrap();
        content.switch(&before.id()).unwrap();
        let objects = [new, b"<p>new</p>".to_vec(), page, wanted.to_bytes()];
        let server = Arc::new(Server {
            objects: objects.into_iter().map(|bytes| (Digest::of(&bytes), bytes)).collect(),
            way: Mutex::new(Way::Right),
            making: AtomicUsize::new(0),
            spoils: Mutex::default(),
            ranges: AtomicUsize::new(0),
            wholes: AtomicUsize::new(0),
        });
        let routes = Router::new()
            .route("/content/v1/objects/{object}", get(whole))
            .route("/content/v1/indexes", post(indexes))
            .route("/content/v1/ranges", post(ranges))
            .with_state(server.clone());
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let from = listener.local_addr().unwrap().to_string();
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let (db, _) = crate::store::open(&dir.path().join("agent")).unwrap();
        let (content, store) = (Arc::new(content), Store::new(db));
        Self { _dir: dir, server, serving, from, content, store, wanted }
    }

    fn fetch(&self, bytes_max: u64) -> Fetch {
        Fetch {
            content: self.content.clone(),
            store: self.store.clone(),
            line: Line::plain(self.from.clone(), Meter::new(0, bytes_max, None)),
            wanted: self.wanted.id(),
            release_bytes: self.wanted.bytes(),
            neighbors: None,
            progress: watch::Sender::new(Bytes::default()),
            halt: CancellationToken::new(),
        }
    }

    fn is_complete(&self) -> bool {
        self.content.missing(&self.wanted).is_empty()
    }

    fn came(&self) -> u64 {
        self.wanted.entries().iter().map(|entry| self.content.came(&entry.sha256, entry.size)).sum()
    }

    fn asked(&self) -> (usize, usize) {
        (self.server.ranges.load(Ordering::Relaxed), self.server.wholes.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn only_what_is_not_here_travels_and_pages_travel_compressed() {
    let world = World::new().await;
    world.server.making.store(1, Ordering::Relaxed);
    let fetch = world.fetch(u64::MAX);
    fetch.run().await.unwrap();
    assert!(world.is_complete());
    let taken = fetch.line.meter().taken();
    assert!((200_000..260_000).contains(&taken), "{taken} of {}", world.wanted.bytes());
    assert_eq!(world.asked(), (1, 0), "in one question");
    let told = *fetch.progress.borrow();
    assert!(told.done == taken && told.total >= taken, "{told:?}");
}

#[tokio::test]
async fn a_display_with_nothing_asks_for_no_index() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    world.content = Arc::new(Content::open_with(dir.path(), Floor { percent: 0, bytes: 0 }, None).unwrap());
    world.server.go(Way::EndlessIndex);
    world.fetch(u64::MAX).run().await.unwrap();
    assert!(world.is_complete());
    assert_eq!(world.asked(), (1, 0));
}

#[tokio::test]
async fn whatever_is_wrong_with_chunks_the_release_comes_and_is_right() {
    for way in [
        Way::Older,
        Way::LyingIndex,
        Way::EndlessIndex,
        Way::LyingRange,
        Way::Short,
        Way::Bomb,
        Way::Garbage,
        Way::Refusing,
    ] {
        let world = World::new().await;
        world.server.go(way);
        let fetch = world.fetch(u64::MAX);
        fetch.run().await.unwrap_or_else(|trouble| panic!("{way:?}: {trouble:?}"));
        assert!(world.is_complete() && world.came() == 0, "{way:?}");
        assert!(world.asked().1 > 0, "{way:?}: the rest came as a whole");
        // The bomb is 200 MB, the endless index 10 MB. What is wrong is noticed on another thread than what
        // comes: all of it may have come by then, and then it comes once more as a whole.
        let twice = 2 * world.wanted.bytes() + world.wanted.bytes() / 10;
        assert!(fetch.line.meter().taken() < twice, "{way:?}: {}", fetch.line.meter().taken());
    }
}

#[tokio::test]
async fn a_line_that_breaks_every_64_kib_brings_the_release_all_the_same() {
    let world = World::new().await;
    world.server.go(Way::Cut(64 * 1024));
    let mut taken = 0;
    for round in 1.. {
        assert!(round < 10, "each round gets on");
        let fetch = world.fetch(u64::MAX);
        let ended = fetch.run().await;
        taken += fetch.line.meter().taken();
        match ended {
            Ok(()) => break,
            Err(trouble) => assert!(trouble.is_passing, "{trouble:?}"),
        }
    }
    assert!(world.is_complete());
    let (questions, wholes) = world.asked();
    assert!(questions >= 4 && wholes == 0, "{questions} {wholes}");
    // At most a chunk, which has 64 KiB, comes twice for each break.
    assert!(taken < 500_000, "{taken}");
}

#[tokio::test]
async fn what_came_until_it_is_told_to_halt_is_kept() {
    let world = World::new().await;
    world.server.go(Way::Stall(100_000));
    let fetch = world.fetch(u64::MAX);
    let halt = fetch.halt.clone();
    let halting = async {
        while fetch.line.meter().taken() < 100_000 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        halt.cancel();
    };
    let (ended, ()) = tokio::join!(fetch.run(), halting);
    assert_eq!(ended.unwrap_err().broken.finding, "halted");
    assert!(world.came() > 400_000, "{}", world.came());
    world.server.go(Way::Right);
    let fetch = world.fetch(u64::MAX);
    fetch.run().await.unwrap();
    assert!(world.is_complete());
    let taken = fetch.line.meter().taken();
    assert!((90_000..180_000).contains(&taken) && world.asked().1 == 0, "{taken}");
}

#[tokio::test]
async fn chunks_keep_to_the_budget() {
    let world = World::new().await;
    let trouble = world.fetch(100_000).run().await.unwrap_err();
    assert_eq!((trouble.broken.finding.as_str(), trouble.is_passing), ("budget", false));
    assert_eq!(world.asked(), (1, 0), "the budget is not spent another way");
}

#[tokio::test]
async fn a_spoiled_local_file_costs_the_chunk_that_is_spoiled() {
    let world = World::new().await;
    let old = Digest::of(&noise(1, 900_000));
    let path = world.content.object_path(&old, 900_000).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut spoiled = noise(1, 900_000);
    spoiled[700_000] ^= 1;
    std::fs::write(&path, spoiled).unwrap();
    let fetch = world.fetch(u64::MAX);
    fetch.run().await.unwrap();
    assert!(world.is_complete());
    assert_eq!(world.asked(), (1, 0));
    let taken = fetch.line.meter().taken();
    assert!(taken < 330_000, "{taken}");
}

#[tokio::test]
async fn a_local_file_that_is_spoiled_meanwhile_is_left_out() {
    let world = World::new().await;
    let old = Digest::of(&noise(1, 900_000));
    *world.server.spoils.lock().unwrap() = world.content.object_path(&old, 900_000);
    world.fetch(u64::MAX).run().await.unwrap();
    assert!(world.is_complete());
    assert_eq!(world.asked(), (2, 0), "asked again, without the file");
}

#[tokio::test]
async fn a_beginning_that_is_not_the_objects_is_fetched_anew() {
    let world = World::new().await;
    let entry = world.wanted.entries()[0].clone();
    let mut partial = world.content.partial(&entry.sha256, entry.size).unwrap();
    partial.append(&noise(9, 10_000)).unwrap();
    drop(partial);
    world.server.go(Way::Older);
    world.fetch(u64::MAX).run().await.unwrap();
    assert!(world.is_complete());
    assert_eq!(world.asked().1, 4, "the one with the wrong beginning twice");
}
