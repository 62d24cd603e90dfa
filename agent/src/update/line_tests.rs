//! The line against a server on this machine: going on, endless and slow answers, budget, throttle.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Router, response::IntoResponse as _};
use migrado_link::tls;

use super::*;

const BYTES: usize = 300_000;

/// A server without TLS, for a line that is told so by its address alone.
async fn world(meter: Arc<Meter>) -> (Line, tokio::task::JoinHandle<()>) {
    tls::install_provider();
    let file = get(async |headers: HeaderMap| {
        let bytes = vec![5; BYTES];
        let range =
            headers.get("range").and_then(|v| v.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-'));
        let is_same = headers.get("if-range").is_none_or(|tag| tag == "\"t1\"");
        match range.and_then(|begins| begins.parse::<usize>().ok()).filter(|_| is_same) {
            Some(begins) => {
                let range = format!("bytes {begins}-{}/{BYTES}", BYTES - 1);
                (StatusCode::PARTIAL_CONTENT, [("content-range", range)], bytes[begins..].to_vec())
                    .into_response()
            }
            None => ([("etag", "\"t1\"")], bytes).into_response(),
        }
    });
    let endless = get(async || {
        let piece = || Some((Ok::<_, std::io::Error>(vec![0_u8; 10_000]), ()));
        Body::from_stream(futures_util::stream::unfold((), move |()| std::future::ready(piece())))
    });
    let refused = get(async || (StatusCode::IM_A_TEAPOT, "no"));
    let soon = get(async || (StatusCode::NOT_FOUND, [("retry-after", "7")]));
    let routes = Router::new().route("/file", file).route("/endless", endless);
    let routes = routes.route("/refused", refused).route("/soon", soon);
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let from = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (Line::plain(from, meter), server)
}

fn free() -> Arc<Meter> {
    Meter::new(0, u64::MAX, None)
}

#[tokio::test]
async fn an_answer_goes_on_at_any_byte_of_the_same_version() {
    let (line, server) = world(free()).await;
    let whole = line.get("/file", 0, None, u64::MAX).await.unwrap();
    let tag = whole.tag().unwrap();
    assert_eq!((whole.begins(), whole.total()), (0, Some(BYTES as u64)));
    assert_eq!(whole.whole().await.unwrap().len(), BYTES);
    let rest = line.get("/file", 299_990, Some(&tag), u64::MAX).await.unwrap();
    assert_eq!((rest.begins(), rest.total()), (299_990, Some(BYTES as u64)));
    assert_eq!(rest.whole().await.unwrap().len(), 10);
    let anew = line.get("/file", 299_990, Some("\"t0\""), u64::MAX).await.unwrap();
    assert_eq!((anew.begins(), anew.whole().await.unwrap().len()), (0, BYTES));
    assert_eq!(line.meter().taken(), 2 * BYTES as u64 + 10);
    server.abort();
}

#[tokio::test]
async fn what_does_not_end_is_cut_off_and_what_is_refused_is_named() {
    let (line, server) = world(free()).await;
    let endless = line.get("/endless", 0, None, 50_000).await.unwrap().whole().await.unwrap_err();
    assert_eq!((endless.name(), endless.is_passing()), ("endless_data", false));
    let refused = line.get("/refused", 0, None, 1).await.unwrap_err();
    assert_eq!((refused.name(), refused.is_passing()), ("refused", false));
    assert!(refused.to_string().contains("418"), "{refused}");
    let missing = line.get("/none", 0, None, 1).await.unwrap_err();
    assert_eq!(missing.name(), "not_found");
    let soon = line.get("/soon", 0, None, 1).await.unwrap_err();
    assert!(matches!(soon, LineError::Missing { retry_after_s: Some(7), .. }), "{soon}");
    server.abort();
    let _ended = server.await;
    let gone = line.get("/file", 0, None, 1).await.unwrap_err();
    assert_eq!((gone.name(), gone.is_passing()), ("transport", true));
}

#[tokio::test]
async fn an_update_takes_no_more_than_its_budget_also_over_several_answers() {
    let (line, server) = world(Meter::new(100_000, 500_000, None)).await;
    assert!(line.get("/file", 0, None, u64::MAX).await.unwrap().whole().await.is_ok());
    let over = line.get("/file", 0, None, u64::MAX).await.unwrap().whole().await.unwrap_err();
    assert_eq!((over.name(), over.is_passing()), ("budget", false));
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn bytes_come_no_faster_than_they_may() {
    let meter = Meter::new(7, u64::MAX, Some(1000));
    let began = Instant::now();
    let mut here = 0;
    for _ in 0..5 {
        meter.count(1000, &mut here).await.unwrap();
    }
    let took = began.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_millis(5100)).contains(&took), "{took:?}");
}
