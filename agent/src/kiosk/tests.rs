//! The kiosk as the agent and as the page see it: leases in paused time, HTTP on a real listener.

use std::net::SocketAddr;
use std::time::Duration;

use migrado_protocol::usage::Counter;
use migrado_protocol::verdict::Level;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::session::{ACTION_EARNED, ACTIONS_MAX};
use super::*;

fn kiosk(dir: &tempfile::TempDir) -> Kiosk {
    let db = Arc::new(redb::Database::create(dir.path().join("agent.redb")).unwrap());
    let facts = KioskFacts {
        terminal: "fp-01".parse().unwrap(),
        verdict: Some(Verdict { level: Level::FullService, because: Vec::new(), since_ms: 1 }),
        desired: None,
        controller_online: true,
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

/// Plays a page that shows what it is told, or stays where it is.
async fn page(kiosk: &Kiosk, follows: bool) {
    let mut model = kiosk.model();
    loop {
        let visited = model.borrow_and_update().session.is_some();
        let route = if visited && follows { "session" } else { "welcome" };
        kiosk.heartbeat(said::Beat { build: "b", load: "l", route, ..said::Beat::default() }, 1);
        if model.changed().await.is_err() {
            return;
        }
    }
}

fn visits(kiosk: &Kiosk) -> [u32; 3] {
    [Counter::SessionsBegun, Counter::SessionsEndedByVisitor, Counter::LanguagesChosen]
        .map(|counter| count(kiosk, counter))
}

#[tokio::test(start_paused = true)]
async fn a_rehearsed_visit_begins_ends_and_is_no_visit() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    for (follows, passes) in [(true, true), (false, false)] {
        let how =
            tokio::select! { () = page(&kiosk, follows) => unreachable!(), how = kiosk.rehearse() => how };
        match how {
            Rehearsed::Passed => assert!(passes),
            Rehearsed::Failed(why) => assert!(!passes && why.contains("\"welcome\""), "{why}"),
            Rehearsed::Interrupted => panic!("nobody came"),
        }
        assert!(!kiosk.session_running(), "it ends however it went");
    }
    assert_eq!(visits(&kiosk), [0; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_visitor_is_served_whatever_is_rehearsed() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    kiosk.begin_session("ar").unwrap();
    assert_eq!(kiosk.rehearse().await, Rehearsed::Interrupted, "somebody is there");
    assert_eq!(kiosk.view().session.as_deref(), Some("ar"));
    kiosk.end_session(EndCause::Visitor);
    let before = visits(&kiosk);
    // Somebody touches the page in the middle of it: it is their visit, and counts as one.
    let came = async {
        while !kiosk.session_running() {
            tokio::task::yield_now().await;
        }
        assert!(!kiosk.page().session, "a rehearsal is not told as a visit");
        assert!(kiosk.renew_session());
        std::future::pending::<()>().await;
    };
    let how = tokio::select! { () = came => unreachable!(), how = kiosk.rehearse() => how };
    assert_eq!(how, Rehearsed::Interrupted);
    assert!(kiosk.session_running() && kiosk.page().session);
    kiosk.end_session(EndCause::Visitor);
    assert_eq!(visits(&kiosk), [before[0] + 1, before[1] + 1, before[2]]);
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
        kiosk.heartbeat(said::Beat { build, load: "load", ..said::Beat::default() }, at_ms);
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

/// A release with one form of one sheet.
fn release(dir: &tempfile::TempDir, id: &str) -> ActiveRelease {
    let folder = dir.path().join(id);
    std::fs::create_dir_all(folder.join("forms/permit")).unwrap();
    std::fs::write(folder.join("forms/permit/form.pdf"), "%PDF-1.4").unwrap();
    let form = serde_json::json!({
        "id": "permit", "edition": "1", "title": {}, "office": "o", "topics": [], "fields": [], "sheets": 1,
        "pdf": "forms/permit/form.pdf", "valid_from": "2020-01-01", "valid_until": "9999-12-31",
    });
    let index = serde_json::json!({
        "format": 1, "day": "2026-11-25", "time_zone": "Europe/Berlin", "reference": "de", "languages": [],
        "strings": {}, "home": {"title": {}, "intro": {}, "featured": []}, "topics": [], "offices": [],
        "forms": [form], "guides": [], "videos": [], "series": [], "events": [],
    });
    std::fs::write(folder.join("release.json"), index.to_string()).unwrap();
    ActiveRelease { id: id.into(), name: format!("name of {id}"), folder, recalled: Vec::new() }
}

#[tokio::test]
async fn the_page_is_told_its_release_reads_it_and_says_what_it_has_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let host = address.to_string();
    let visit = async {
        let get = async |path: &str| ask(address, &request(&format!("GET {path}"), &host, "", "")).await;
        assert!(get("/api/view").await.contains(r#""release":null"#));
        kiosk.show_release(Some(release(&dir, "a")));
        assert!(get("/api/view").await.contains(r#""release":{"id":"a","name":"name of a"}"#));
        let index = get("/release/a/release.json").await;
        assert!(index.starts_with("HTTP/1.1 200") && index.contains("no-store"), "{index}");
        assert!(index.contains("sandbox"), "data runs nothing: {index}");
        for path in ["/release/b/release.json", "/release/a/..%2fagent.redb", "/release/a/%2e%2e/agent.redb"]
        {
            let answer = get(path).await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        }
        kiosk.show_release(Some(release(&dir, "b")));
        assert!(get("/release/a/release.json").await.starts_with("HTTP/1.1 200"), "a session may go on");

        let mut news = kiosk.changed();
        let beat = async |more: &str| {
            let body = format!(r#"{{"build":"x","load":"l","visible":true{more}}}"#);
            let answer = ask(address, &request("POST /api/heartbeat", &host, "", &body)).await;
            assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        };
        beat("").await;
        assert_eq!(kiosk.rendered(), None);
        news.mark_unchanged();
        beat(r#","release":"b""#).await;
        assert_eq!((kiosk.rendered().as_deref(), news.has_changed().unwrap()), (Some("b"), true));
        beat(r#","release":null,"error":"strings are missing""#).await;
        assert_eq!(kiosk.rendered(), None);
        assert_eq!(kiosk.render_error().as_deref(), Some("strings are missing"));
    };
    tokio::select! { () = server::serve(listener, kiosk.clone()) => unreachable!(), () = visit => {} }
}

#[tokio::test]
async fn a_form_is_printed_only_for_a_visitor_and_only_while_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    let refusal = async || kiosk.print_form("permit", 1).await.err().map(|r| r.answer().0);
    assert_eq!(refusal().await, Some("no_session"));
    kiosk.begin_session("de");
    assert_eq!(refusal().await, Some("no_release"));
    kiosk.show_release(Some(release(&dir, "a")));
    assert_eq!(refusal().await, Some("no_printer"));
    // Nobody listens there: the job is taken, and its failure is told and counted.
    kiosk.prints_on(vec!["ipp://127.0.0.1:9/ipp/print".into()]);
    assert_eq!(kiosk.print_form("other", 1).await.err().map(|r| r.answer().0), Some("unknown_form"));
    let recalled = vec![("permit".to_owned(), "1".to_owned())];
    kiosk.show_release(Some(ActiveRelease { recalled, ..release(&dir, "a") }));
    assert_eq!(refusal().await, Some("recalled"));
    kiosk.show_release(Some(release(&dir, "a")));

    let job = kiosk.print_form("permit", 2).await.unwrap();
    assert_eq!((job.sheets, kiosk.view().jobs.len()), (2, 1));
    let mut model = kiosk.model();
    let failed = async {
        model.wait_for(|m| m.jobs.iter().all(|j| j.state.is_final())).await.unwrap();
    };
    tokio::select! { () = kiosk.keep_printing() => unreachable!(), () = failed => {} }
    let reason = kiosk.job(job.id).unwrap().reason;
    assert_eq!(reason, Some(migrado_page::view::JobReason::Unreachable));
    assert_eq!(count(&kiosk, Counter::PrintsFailed), 1);
    assert_eq!(count(&kiosk, Counter::SheetsPrinted), 0);
    kiosk.end_session(EndCause::Visitor);
    assert!(kiosk.job(job.id).is_none(), "nothing of a visitor is kept");
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_more_paper_than_a_session_has() {
    let dir = tempfile::tempdir().unwrap();
    let kiosk = kiosk(&dir);
    kiosk.prints_on(vec!["ipp://127.0.0.1:9/ipp/print".into()]);
    kiosk.show_release(Some(release(&dir, "a")));
    kiosk.begin_session("de");
    for _ in 0..3 {
        kiosk.print_form("permit", 10).await.unwrap();
    }
    kiosk.begin_session("ar");
    let refusal = kiosk.print_form("permit", 1).await.unwrap_err();
    assert_eq!(refusal.answer().0, "session_limit", "another language is no other session");
    kiosk.end_session(EndCause::Visitor);
    kiosk.begin_session("ar");
    assert!(kiosk.print_form("permit", 1).await.is_ok());
}
