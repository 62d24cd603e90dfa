//! Content that comes in: asked for, brought in parts, refused when it is something else.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use migrado_content::digest::Digest;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::World;

async fn put(world: &World, object: Digest, bytes: &[u8], range: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::put(format!("/api/v1/content/objects/{object}"))
        .header("cookie", &world.cookie)
        .header("x-csrf-token", &world.csrf)
        .header("content-length", bytes.len());
    if let Some(range) = range {
        request = request.header("content-range", range);
    }
    let request = request.body(Body::from(bytes.to_vec())).unwrap();
    let response = world.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn an_object_comes_in_parts_and_is_missing_until_it_is_whole() {
    let world = World::new().await;
    // More than a body may have elsewhere.
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n / 7).to_le_bytes()[0]).collect();
    let object = Digest::of(&bytes);
    let missing = async || {
        let ask = Some(json!({"objects": [object]}));
        let (status, answer) = world.call("POST", "/api/v1/content/uploads/missing", ask, &[]).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["missing"].as_array().unwrap().len()
    };
    assert_eq!(missing().await, 1);
    let (status, answer) = put(&world, object, &bytes[..2_000_000], Some("bytes 0-1999999/3000000")).await;
    assert_eq!((status, &answer["stands"]), (StatusCode::ACCEPTED, &json!(2_000_000)));
    assert_eq!(missing().await, 1);
    let (status, answer) = put(&world, object, &bytes[..9], Some("bytes 2500000-2500008/3000000")).await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("upload_stands_elsewhere")));
    let path = format!("/api/v1/content/objects/{object}");
    let (_, answer) = world.call("GET", &path, None, &[]).await;
    assert_eq!(answer, json!({"complete": false, "stands": 2_000_000}));
    let (status, answer) =
        put(&world, object, &bytes[2_000_000..], Some("bytes 2000000-2999999/3000000")).await;
    assert_eq!((status, &answer["complete"]), (StatusCode::CREATED, &json!(true)));
    assert_eq!(missing().await, 0);
    assert_eq!(put(&world, object, b"anything", None).await.0, StatusCode::CREATED, "it is here already");
}

#[tokio::test]
async fn bytes_of_another_object_and_names_that_are_none_are_refused() {
    let world = World::new().await;
    let object = Digest::of(b"right");
    let (status, problem) = put(&world, object, b"wrong", None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("wrong_bytes")));
    let (status, problem) = world.call("GET", "/api/v1/content/objects/..%2F..", None, &[]).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("sha256"))
    );
    let many: Vec<Digest> = (0..5_001_u32).map(|n| Digest::of(&n.to_le_bytes())).collect();
    let ask = Some(json!({"objects": many}));
    let (status, _) = world.call("POST", "/api/v1/content/uploads/missing", ask, &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// A release of two languages with one topic, whose files are here; its manifest's identity.
fn stored(world: &World) -> String {
    let checked = |text: &str| json!({"text": text, "state": "checked"});
    let index = json!({
        "format": 1, "day": "2026-11-25", "time_zone": "Europe/Berlin", "reference": "de",
        "languages": [
            {"code": "de", "name": "Deutsch", "direction": "ltr"},
            {"code": "ar", "name": "العربية", "direction": "rtl"},
        ],
        "strings": {"de": {"path": "strings/de.ftl", "state": "checked"}},
        "home": {"title": {"de": checked("Hallo"), "ar": checked("مرحبا")}, "intro": {"de": checked("x"), "ar": {"text": "x", "state": "draft"}}, "featured": []},
        "topics": [{"id": "work", "name": {"de": checked("Arbeit")}}],
        "offices": [], "forms": [], "guides": [], "videos": [], "series": [], "events": [],
    })
    .to_string();
    let objects = world.state.releases.objects();
    let digest = objects.put(index.as_bytes()).unwrap();
    let entry = json!({"path": "release.json", "sha256": digest, "size": index.len()});
    let manifest = format!("{{\"format\":1,\"files\":[\n{entry}\n]}}\n");
    objects.put(manifest.as_bytes()).unwrap().to_string()
}

#[tokio::test]
async fn a_release_says_what_is_missing_in_which_language() {
    let world = World::new().await;
    let mut release = crate::store::releases::Release {
        name: "2026-11-25.1".into(),
        manifest: stored(&world),
        title: "T".into(),
        bytes: 1,
        files: 1,
        published_ms: 1,
        published_by: "a".into(),
        withdrawn_ms: None,
    };
    let mut conn = world.state.pool.acquire().await.unwrap();
    crate::store::releases::put(&mut conn, &release).await.unwrap();
    let path = |name: &str| format!("/api/v1/releases/{name}/languages");
    let (status, answer) = world.call("GET", &path("2026-11-25.1"), None, &[]).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["reference"], "de");
    let arabic = json!({"code": "ar", "name": "العربية", "rtl": true, "missing": 2, "draft": 1});
    assert_eq!(answer["languages"][1], arabic);
    let cells = |n: usize| (answer["items"][n]["id"].clone(), answer["items"][n]["cells"].clone());
    assert_eq!(cells(0), (json!("home"), json!(["checked", "draft"])));
    assert_eq!(cells(1), (json!("strings"), json!(["checked", "missing"])));
    assert_eq!(cells(2), (json!("work"), json!(["checked", "missing"])));
    assert_eq!(answer["items"][2]["title"], "Arbeit");
    assert_eq!(world.call("GET", &path("2026-11-25.9"), None, &[]).await.0, StatusCode::NOT_FOUND);
    // One whose files were cleared away.
    (release.name, release.manifest) = ("2026-11-24.1".into(), Digest::of(b"gone").to_string());
    crate::store::releases::put(&mut conn, &release).await.unwrap();
    let (status, problem) = world.call("GET", &path("2026-11-24.1"), None, &[]).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("incomplete")), "{problem}");
}
