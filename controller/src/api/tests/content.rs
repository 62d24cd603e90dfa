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
