//! The kiosk as the agent and as the page see it: leases in paused time, HTTP on a real listener.

use std::net::SocketAddr;
use std::time::Duration;

use migrado_protocol::verdict::Level;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

fn kiosk(dir: &tempfile::TempDir) -> Kiosk {
    let db = Arc::new(redb::Database::create(dir.path().join("agent.redb")).unwrap());
    let facts = KioskFacts {
        terminal: "fp-01".parse().unwrap(),
        verdict: Some(Verdict { level: Level::FullService, because: Vec::new(), since_ms: 1 }),
        desired: None,
        controller_online: true,
        updating: false,
    };
    Kiosk::new(facts, Counters::new(db))
}

fn count(kiosk: &Kiosk, counter: Counter) -> u32 {
    let hours = kiosk.counters().closed_and_open_hours().unwrap();
    hours.iter().filter_map(|hour| hour.counts.get(&counter)).sum()
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_renews_ends_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    let lease = Duration::from_secs(u64::from(kiosk.begin_session("ti").unwrap()));
    let visit = async {
        tokio::time::sleep(lease - Duration::from_secs(1)).await;
        assert!(kiosk.renew_session());
        tokio::time::sleep(lease - Duration::from_secs(1)).await;
        assert!(kiosk.session_running(), "a renewed lease is a whole one");
        kiosk.wait_session_end().await;
        assert_eq!(count(&kiosk, Counter::SessionsEndedByIdle), 1);
        assert!(!kiosk.renew_session());
    };
    tokio::select! { () = kiosk.keep_time() => unreachable!(), () = visit => {} }
}

#[tokio::test(start_paused = true)]
async fn the_large_identity_goes_away_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    kiosk.identify(10);
    assert!(kiosk.view().identify);
    let looking = tokio::time::sleep(Duration::from_secs(11));
    tokio::select! { () = kiosk.keep_time() => unreachable!(), () = looking => {} }
    assert!(!kiosk.view().identify);
}

#[tokio::test(start_paused = true)]
async fn a_page_gone_mad_counts_no_more_than_a_hand_could() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    for n in 0..200 {
        kiosk.begin_session(if n % 2 == 0 { "de" } else { "ar" });
        kiosk.end_session(EndCause::Visitor);
    }
    assert_eq!(count(&kiosk, Counter::SessionsBegun), ACTIONS_MAX);
    tokio::time::sleep(ACTION_EARNED).await;
    assert!(kiosk.begin_session("de").is_some());
    assert!(kiosk.begin_session("de").is_none());
}

#[tokio::test]
async fn a_heartbeat_is_news_only_when_it_is_the_first_or_ends_a_silence() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    let mut pages = kiosk.changed();
    let mut is_news = |build: &str, at_ms| {
        kiosk.heartbeat(build, "load", at_ms);
        assert_eq!(kiosk.page().heartbeat_ms, Some(at_ms));
        let news = pages.has_changed().unwrap();
        pages.mark_unchanged();
        news
    };
    assert!(is_news("one", 1_000_000));
    for beat in 1..10 {
        assert!(!is_news("one", 1_000_000 + beat * 5_000), "{beat}");
    }
    assert!(is_news("two", 1_050_000), "another build");
    assert!(is_news("two", 1_060_000), "after a silence");
    assert!(!is_news("two", 1_065_000));
    assert!(is_news("two", 1_064_000), "the clock was stepped back");
    assert_eq!(kiosk.page().build.as_deref(), Some("two"));
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn request(line: &str, host: &str, more: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{more}\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn the_page_is_served_to_itself_and_to_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let host = address.to_string();
    let visit = async {
        let page = ask(address, &request("GET /", &host, "", "")).await;
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
        assert!(page.contains("cache-control: no-store"), "{page}");
        assert!(page.contains("<h1"), "words stand in the file itself");

        let foreign = ask(address, &request("GET /api/view", "rebound.example", "", "")).await;
        assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
        let origin = "Origin: http://elsewhere.example\r\n";
        let foreign = ask(address, &request("DELETE /api/session", &host, origin, "")).await;
        assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");

        let begun = ask(address, &request("POST /api/session", &host, "", r#"{"language":"ar"}"#)).await;
        assert!(begun.contains(r#"{"lease_s":120}"#), "{begun}");
        let view = ask(address, &request("GET /api/view", &host, "", "")).await;
        assert!(view.contains(r#""state":"ready""#) && view.contains(r#""session":"ar""#), "{view}");
        let bad = ask(address, &request("POST /api/session", &host, "", r#"{"language":"<b>"}"#)).await;
        assert!(bad.starts_with("HTTP/1.1 422"), "{bad}");

        let beat = r#"{"build":"b1","load":"l1","route":"welcome","visible":true}"#;
        assert!(
            ask(address, &request("POST /api/heartbeat", &host, "", beat)).await.starts_with("HTTP/1.1 204")
        );
        assert_eq!(kiosk.page().build.as_deref(), Some("b1"));
        assert_eq!(Screen::beat(&kiosk).map(|beat| beat.load).as_deref(), Some("l1"));
        let hidden = r#"{"build":"b2","visible":false}"#;
        assert!(
            ask(address, &request("POST /api/heartbeat", &host, "", hidden))
                .await
                .starts_with("HTTP/1.1 204")
        );
        assert_eq!(kiosk.page().build.as_deref(), Some("b1"), "a page that nobody sees is no page");
        let nonsense = ask(address, &request("POST /api/heartbeat", &host, "", "{}")).await;
        assert!(nonsense.starts_with("HTTP/1.1 422") && nonsense.contains("nosniff"), "{nonsense}");
        let form = request("POST /api/heartbeat", &host, "", beat).replace("application/json", "text/plain");
        assert!(ask(address, &form).await.starts_with("HTTP/1.1 415"));
        let foreign = ask(address, &request("POST /api/heartbeat", "rebound.example", "", beat)).await;
        assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
        let huge = format!(r#"{{"build":"{}","visible":true}}"#, "x".repeat(10_000));
        assert!(
            ask(address, &request("POST /api/heartbeat", &host, "", &huge)).await.starts_with("HTTP/1.1 413")
        );

        let ended = ask(address, &request("DELETE /api/session", &host, "", "")).await;
        assert!(ended.starts_with("HTTP/1.1 204"), "{ended}");
        assert!(!kiosk.session_running());
        let late = ask(address, &request("POST /api/session/renew", &host, "", "")).await;
        assert!(late.starts_with("HTTP/1.1 409"), "{late}");
    };
    tokio::select! { () = server::serve(listener, kiosk.clone()) => unreachable!(), () = visit => {} }
}

#[tokio::test]
async fn the_stream_tells_changes_as_they_happen() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let watching = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asked = format!("GET /api/events HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut heard = String::new();
        let mut buffer = [0; 4096];
        while !heard.contains(r#""identify":true"#) {
            if heard.contains(r#""identify":false"#) {
                kiosk.identify(5);
            }
            let n = stream.read(&mut buffer).await.unwrap();
            heard.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    };
    tokio::select! { () = server::serve(listener, kiosk.clone()) => unreachable!(), () = watching => {} }
}
