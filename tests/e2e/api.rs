//! The API: never open, problems with a code, idempotent, resumable.

use migrado_tests::Fleet;
use migrado_tests::api::Event;
use migrado_tests::wait::{seconds, until};
use reqwest::{Method, StatusCode};
use serde_json::json;

/// What is open on purpose: signing in, and what says that there is an API.
const OPEN: [&str; 3] = ["/api/v1/session", "/api/openapi.json", "/api/docs"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_refuses_strangers() {
    let fleet = Fleet::builder().without_agents().start().await;
    let stranger = fleet.controller.stranger().unwrap();
    let document = fleet.api.get("/api/openapi.json").await.unwrap();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if OPEN.contains(&path.as_str()) || !path.starts_with("/api/") {
            continue;
        }
        let path = path.replace("{id}", "fp-01").replace("{name}", "admin").replace("{command}", "x");
        for method in ["get", "post", "put", "patch", "delete"].iter().filter(|m| methods[**m].is_object()) {
            let method: Method = method.to_uppercase().parse().unwrap();
            let body = (method != Method::GET).then(|| json!({}));
            let answer = stranger.send(method.clone(), &path, body, &[]).await.unwrap();
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} {}", answer.body);
            assert!(
                answer.content_type.starts_with("application/problem+json"),
                "{method} {path}: {}",
                answer.content_type
            );
            asked += 1;
        }
    }
    assert!(asked >= 20, "only {asked} routes were asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_without_the_csrf_token_is_refused() {
    let fleet = Fleet::builder().start().await;
    let order = json!({"terminals": ["fp-01"], "order": {"verb": "report_now"}});
    let foreign = fleet.api.clone().without_csrf();
    let answer = foreign
        .send(Method::POST, "/api/v1/commands", Some(order), &[("Idempotency-Key", "k")])
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    // Negative control: the same with the token.
    fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_gives_the_same_order() {
    let fleet = Fleet::builder().start().await;
    let order = json!({"terminals": ["fp-01"], "order": {"verb": "report_now"}});
    let mut ids = Vec::new();
    for key in ["a", "a", "b"] {
        let headers = [("Idempotency-Key", key)];
        let sent = fleet.api.send(Method::POST, "/api/v1/commands", Some(order.clone()), &headers);
        let made = sent.await.unwrap().ok().unwrap();
        ids.push(made["commands"][0]["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_without_knowing_the_state_is_refused() {
    let fleet = Fleet::builder().without_agents().start().await;
    let path = "/api/v1/terminals/fp-01";
    let change = || Some(json!({"label": "Neu"}));
    let blind = fleet.api.send(Method::PATCH, path, change(), &[]).await.unwrap();
    assert_eq!(blind.status, StatusCode::PRECONDITION_REQUIRED, "{}", blind.body);
    let stale = fleet.api.send(Method::PATCH, path, change(), &[("If-Match", "\"0-old\"")]).await.unwrap();
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{}", stale.body);
    let seen = fleet.api.send(Method::GET, path, None, &[]).await.unwrap();
    let etag = seen.etag.expect("an entity tag");
    fleet.api.send(Method::PATCH, path, change(), &[("If-Match", &etag)]).await.unwrap().ok().unwrap();
    assert_eq!(fleet.api.terminal("fp-01").await.unwrap()["label"], "Neu");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_passwords_is_slowed_down() {
    let fleet = Fleet::builder().without_agents().start().await;
    let stranger = fleet.controller.stranger().unwrap();
    let mut limited = false;
    for n in 0..30 {
        let body = json!({"name": "admin", "password": format!("guess-{n}")});
        let answer = stranger.send(Method::POST, "/api/v1/session", Some(body), &[]).await.unwrap();
        assert!(!answer.status.is_success());
        limited |= answer.status == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(limited, "thirty guesses in a row and nobody minded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_says_hello_and_tells_of_orders() {
    let fleet = Fleet::builder().start().await;
    let mut events = fleet.api.events(None).await.unwrap();
    let first = tokio::time::timeout(seconds(10), events.recv()).await.unwrap().unwrap();
    assert_eq!(first.name, "hello", "{first:?}");
    let id = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    loop {
        let event = tokio::time::timeout(seconds(20), events.recv()).await.unwrap().unwrap();
        if event.name == "command" && event.data["id"] == id {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_goes_on_where_it_ended_and_says_when_it_cannot() {
    let fleet = Fleet::builder().start().await;
    let next = async |events: &mut tokio::sync::mpsc::Receiver<Event>| {
        tokio::time::timeout(seconds(20), events.recv()).await.unwrap().expect("the stream goes on")
    };
    let mut events = fleet.api.events(None).await.unwrap();
    let seen = next(&mut events).await.id.expect("hello has an id");
    drop(events);
    // What happens while nobody listens comes afterwards, and later than what was seen.
    let id = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    let mut events = fleet.api.events(Some(&seen)).await.unwrap();
    let (mut greeted, mut told) = (false, false);
    while !told {
        let event = next(&mut events).await;
        assert_ne!(event.name, "resync", "nothing was forgotten");
        greeted |= event.name == "hello";
        told = event.name == "command" && event.data["id"] == id;
        if let Some(id) = &event.id {
            assert!(id.parse::<u64>().unwrap() > seen.parse::<u64>().unwrap(), "{event:?}");
        }
    }
    assert!(greeted);
    // An id that nobody remembers, one of the future, and one that is none: fetch anew.
    for unknown in ["1", "9007199254740991", "nonsense"] {
        let mut events = fleet.api.events(Some(unknown)).await.unwrap();
        assert_eq!(next(&mut events).await.name, "hello", "{unknown}");
        let second = next(&mut events).await;
        assert_eq!(second.name, "resync", "{unknown}: {second:?}");
        assert_eq!(second.data["revision"].to_string(), second.id.unwrap(), "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_bounded_and_end_with_their_session() {
    let fleet = Fleet::builder().without_agents().start().await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(fleet.api.events(None).await.unwrap());
    }
    let refused = fleet.api.events(None).await.unwrap_err();
    assert!(refused.to_string().contains("429"), "{refused}");
    // Whoever closes one makes room.
    open.pop();
    until("there is room again", seconds(60), || async {
        fleet.api.events(None).await.map_err(|e| e.to_string())
    })
    .await;
    let mut watched = open.pop().unwrap();
    fleet.api.send(Method::DELETE, "/api/v1/session", None, &[]).await.unwrap().ok().unwrap();
    let ended = async { while watched.recv().await.is_some() {} };
    // It is looked every 30 seconds whether the watcher may still watch.
    tokio::time::timeout(seconds(90), ended).await.expect("the stream outlived its session");
}
