//! Files of a release over a folder with everything in it that must not be given out.

use std::os::unix::fs::symlink;

use http_body_util::BodyExt as _;

use super::*;

fn release() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("r");
    std::fs::create_dir_all(folder.join("videos/a")).unwrap();
    std::fs::write(dir.path().join("secret.json"), "secret").unwrap();
    std::fs::write(folder.join("release.json"), "{}").unwrap();
    std::fs::write(folder.join("videos/a/video.webm"), "0123456789").unwrap();
    std::fs::write(folder.join("run.js"), "alert(1)").unwrap();
    symlink("../secret.json", folder.join("out.json")).unwrap();
    symlink("release.json", folder.join("in.json")).unwrap();
    symlink("..", folder.join("up")).unwrap();
    symlink("r", dir.path().join("active")).unwrap();
    dir
}

async fn get(
    dir: &tempfile::TempDir,
    path: &str,
    range: Option<&'static str>,
) -> (StatusCode, HeaderMap, String) {
    let mut headers = HeaderMap::new();
    if let Some(range) = range {
        headers.insert(header::RANGE, HeaderValue::from_static(range));
    }
    let response = file(&dir.path().join("active"), path, &headers).await;
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn files_bear_their_kind_and_nothing_in_them_runs() {
    let dir = release();
    for (path, kind) in [
        ("release.json", "application/json"),
        ("videos/a/video.webm", "video/webm"),
        ("run.js", "application/octet-stream"),
    ] {
        let (status, headers, _) = get(&dir, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(headers[header::CONTENT_TYPE], kind, "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn nothing_outside_of_the_folder_is_given_out() {
    let dir = release();
    for path in [
        "../secret.json",
        "videos/../../secret.json",
        "/etc/passwd",
        "",
        "videos",
        "videos//a/video.webm",
        "./release.json",
        "release.json/x",
        "missing.json",
        "out.json",
        "in.json",
        "up/secret.json",
        "release.json\0",
    ] {
        let (status, _, body) = get(&dir, path, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path:?}");
        assert_eq!(body, "", "{path:?}");
    }
}

#[tokio::test]
async fn a_part_of_a_video_is_that_part() {
    let dir = release();
    let video = "videos/a/video.webm";
    let (status, headers, body) = get(&dir, video, Some("bytes=2-4")).await;
    assert_eq!((status, body.as_str()), (StatusCode::PARTIAL_CONTENT, "234"));
    assert_eq!(headers[header::CONTENT_RANGE], "bytes 2-4/10");
    assert_eq!(headers[header::CONTENT_LENGTH], "3");
    let (status, headers, body) = get(&dir, video, Some("bytes=10-")).await;
    assert_eq!((status, body.as_str()), (StatusCode::RANGE_NOT_SATISFIABLE, ""));
    assert_eq!(headers[header::CONTENT_RANGE], "bytes */10");
    let (status, headers, body) = get(&dir, video, None).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "0123456789"));
    assert_eq!(headers[header::ACCEPT_RANGES], "bytes");
}
