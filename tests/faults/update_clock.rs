//! A display whose clock says 1970, or ten years from now: signed lists and certificates look as if they
//! had ended, or had not begun. What is in service stays, visitors are served, and when the clock is
//! right again new content comes by itself.

use std::time::Duration;

use migrado_tests::editor::{Editor, want};
use migrado_tests::wait::{never, seconds, until};
use migrado_tests::wrong_clock::WrongClock;
use migrado_tests::{Fleet, needs_program, shelf, visitor};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const FIRST: &str = "2026-11-25.1";
const SECOND: &str = "2026-11-25.2";
const TEN_YEARS_S: i64 = 10 * 366 * 24 * 60 * 60;
/// How long it is watched that visitors are served, with a look at the signed list in it.
const WATCHED: Duration = Duration::from_secs(4);

fn serves(terminal: &Value, release: &str) -> bool {
    let content = &terminal["content"];
    content["active"]["name"] == release && content["update"]["state"] == "confirmed"
}

/// Visitors see the release all the time.
async fn serves_visitors(fleet: &Fleet, id: &str, when: &str) {
    let kiosk = fleet.terminals[0].kiosk();
    until(&format!("{when}: the page is served"), seconds(20), || async {
        let view = kiosk.view().await.map_err(|e| format!("{e:#}"))?;
        if view["release"]["id"] == id && view["state"] != "starting" {
            Ok(())
        } else {
            Err(view.to_string())
        }
    })
    .await;
    never(&format!("{when}: visitors are not served"), WATCHED, || async {
        let view = kiosk.view().await.map_err(drop)?;
        let page = kiosk.file(&format!("/release/{id}/a.txt")).await.map_err(drop)?;
        let well = view["release"]["id"] == id && view["state"] != "out_of_service" && page == b"one";
        if well { Err(()) } else { Ok(view) }
    })
    .await;
    let now = shelf::in_service(&fleet.terminals[0].data_dir).unwrap();
    assert_eq!(now.unwrap().to_string(), id, "{when}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_at_1970_and_ten_years_ahead_takes_nothing_out_of_service() {
    needs_program!("update_clock", "cc");
    let mut fleet = Fleet::builder().without_agents().start().await;
    let clock = WrongClock::new(fleet.dir()).unwrap();
    fleet.terminals[0].environment = clock.environment();
    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    fleet.terminals[0].start().unwrap();
    tokio::spawn(visitor::showing_page(fleet.terminals[0].kiosk(), CancellationToken::new()));
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let folder = editor.release("one", &[("a.txt", b"one")]).unwrap();
    let id = editor.publish(&fleet.api, FIRST, &folder).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": FIRST})).await.unwrap();
    fleet.until_terminal("fp-01", "serves the first release", |t| serves(t, FIRST)).await;
    let to_1970 = -jiff::Timestamp::now().as_second();
    for (when, year, wrong_by) in [("1970", "1970-01-0", to_1970), ("in ten years", "2036-1", TEN_YEARS_S)] {
        clock.set(wrong_by).unwrap();
        serves_visitors(&fleet, &id, &format!("moved to {when} while it runs")).await;
        fleet.terminals[0].kill().await;
        fleet.terminals[0].start().unwrap();
        serves_visitors(&fleet, &id, &format!("started {when}")).await;
        let words = fleet.terminals[0].words();
        assert!(words.contains(year), "negative control: the agent's clock is wrong");
        fleet.terminals[0].process().must_live().unwrap();
        clock.set(0).unwrap();
        let well = fleet
            .until_terminal("fp-01", "is well when its clock is", |t| {
                t["presence"]["state"] == "online" && t["components"]["content"]["state"] == "ok"
            })
            .await;
        assert!(serves(&well, FIRST), "{when}: {well}");
    }
    let folder = editor.release("two", &[("a.txt", b"two")]).unwrap();
    editor.publish(&fleet.api, SECOND, &folder).await.unwrap();
    want(&fleet.api, "fp-01", json!({"release": SECOND})).await.unwrap();
    fleet.until_terminal("fp-01", "takes the next release", |t| serves(t, SECOND)).await;
}
