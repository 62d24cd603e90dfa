//! Files by their chunks, to terminals alone: indexes and ranges, and every question that is refused
//! before the first byte.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use migrado_content::chunks::{ChunkError, Index, Unpack};
use migrado_content::digest::Digest;
use migrado_content::limits::{INDEXES_MAX, RANGES_BYTES_MAX, RANGES_MAX};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::World;
use crate::api::terminal::Peer;

struct Asker {
    world: World,
    router: Router,
}

impl Asker {
    async fn new() -> Self {
        let world = World::new().await;
        world.enrolled();
        let router = crate::api::router::terminals(world.state.clone());
        Self { world, router }
    }

    async fn ask(&self, path: &str, body: &Value, serial: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .extension(Some(Peer { name: "fp-01".into(), serial: serial.into() }))
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
        (status, headers, bytes.to_vec())
    }

    async fn refusal(&self, path: &str, body: &Value) -> (u16, String, String) {
        let (status, headers, bytes) = self.ask(path, body, "1").await;
        assert_eq!(headers["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_slice(&bytes).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (status.as_u16(), text(&problem["code"]), text(&problem["errors"][0]["pointer"]))
    }

    fn put(&self, bytes: &[u8]) -> Digest {
        self.world.state.releases.objects().put(bytes).unwrap()
    }
}

fn bytes() -> Vec<u8> {
    (0..100_000_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect()
}

#[tokio::test]
async fn indexes_come_one_after_the_other_and_ranges_as_one_stream() {
    let asker = Asker::new().await;
    let big = bytes();
    let (one, two) = (asker.put(&big), asker.put(b"two"));
    let (status, headers, came) =
        asker.ask("/content/v1/indexes", &json!({"objects": [two, one]}), "1").await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"application/octet-stream".parse().unwrap())
    );
    let (index, rest) = Index::parse_first(&came, 3).unwrap();
    assert_eq!(index, Index::of(&b"two"[..]).unwrap());
    assert_eq!(Index::parse(rest, big.len() as u64).unwrap(), Index::of(&big[..]).unwrap());

    let asked = json!([[one, 10, 300_000], [two, 0, 3], [one, 399_999, 1]]);
    let (status, headers, came) = asker.ask("/content/v1/ranges", &asked, "1").await;
    assert_eq!((status, &headers["content-type"]), (StatusCode::OK, &"application/zstd".parse().unwrap()));
    assert!(!headers.contains_key("content-encoding"), "nobody on the way unpacks it");
    let mut ranges = Vec::new();
    let take = |out: &[u8]| {
        ranges.extend_from_slice(out);
        Ok::<(), ChunkError>(())
    };
    Unpack::new().unwrap().push(&came, take).unwrap();
    assert!(ranges == [&big[10..300_010], b"two", &big[399_999..]].concat(), "{} bytes", ranges.len());
}

#[tokio::test]
async fn only_a_terminal_whose_certificate_counts_gets_any() {
    let asker = Asker::new().await;
    let one = asker.put(b"one");
    let questions =
        [("/content/v1/indexes", json!({"objects": [one]})), ("/content/v1/ranges", json!([[one, 0, 3]]))];
    for (path, body) in questions {
        assert_eq!(asker.ask(path, &body, "1").await.0, StatusCode::OK, "negative control");
        assert_eq!(asker.ask(path, &body, "2").await.0, StatusCode::FORBIDDEN);
        let nobody = Request::post(path).header("content-type", "application/json");
        let nobody = nobody.body(Body::from(body.to_string())).unwrap();
        let answer = asker.router.clone().oneshot(nobody).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn what_may_not_be_asked_is_refused_with_its_place() {
    let asker = Asker::new().await;
    let (one, none) = (asker.put(b"one"), Digest::of(b"none"));
    let path = "/content/v1/indexes";
    let many: Vec<Digest> = (0..=INDEXES_MAX).map(|n| Digest::of(&n.to_le_bytes())).collect();
    for (objects, status, code, pointer) in [
        (json!([one, none]), 404, "not_found", ""),
        (json!([one, "no digest"]), 422, "invalid", "/objects/1"),
        (json!([one, one]), 422, "invalid", "/objects/1"),
        (json!(many), 422, "invalid", "/objects"),
    ] {
        let said = asker.refusal(path, &json!({"objects": objects})).await;
        assert_eq!(said, (status, code.into(), pointer.into()));
    }
    let path = "/content/v1/ranges";
    let within = json!(vec![(one, 0, 3); RANGES_MAX]);
    assert_eq!(asker.ask(path, &within, "1").await.0, StatusCode::OK, "negative control");
    for (ranges, status, code, pointer) in [
        (json!([[one, 0, 3], [none, 0, 1]]), 404, "not_found", ""),
        (json!([[one, 0, 3], [one, 3, 0]]), 422, "invalid", "/1/2"),
        (json!([[one, 0, 4]]), 422, "invalid", "/0/2"),
        (json!([[one, u64::MAX, 2]]), 422, "invalid", "/0/2"),
        (json!([[one, -1, 2]]), 422, "invalid", "/0/1"),
        (json!([["x", 0, 2]]), 422, "invalid", "/0/0"),
        (json!([[one, 0]]), 422, "invalid", "/0"),
        (json!(vec![(one, 0, 3); RANGES_MAX + 1]), 422, "invalid", ""),
    ] {
        let said = asker.refusal(path, &ranges).await;
        assert_eq!(said, (status, code.into(), pointer.into()), "{ranges}");
    }
    let spaces = Value::String(" ".repeat(600_000));
    assert_eq!(asker.refusal(path, &spaces).await.0, 413);
}

#[tokio::test]
async fn ranges_are_counted_together() {
    let asker = Asker::new().await;
    // A hole takes no disk.
    let large = Digest::of(b"large");
    let path = asker.world.state.releases.objects().path(&large);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::File::create(&path).unwrap().set_len(RANGES_BYTES_MAX).unwrap();
    let ranges = json!([[large, 0, RANGES_BYTES_MAX], [large, 0, 1]]);
    let said = asker.refusal("/content/v1/ranges", &ranges).await;
    assert_eq!(said, (422, "invalid".into(), "/1/2".into()));
    let indexes = json!({"objects": [large]});
    assert_eq!(asker.ask("/content/v1/indexes", &indexes, "1").await.0, StatusCode::OK, "cut at once");
    let larger = Digest::of(b"larger");
    let path = asker.world.state.releases.objects().path(&larger);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::File::create(&path).unwrap().set_len(RANGES_BYTES_MAX + 1).unwrap();
    let indexes = json!({"objects": [larger]});
    let (status, headers, bytes) = asker.ask("/content/v1/indexes", &indexes, "1").await;
    let problem: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("index_in_the_making")));
    assert_eq!(headers["retry-after"], "2");
}
