//! What was said to a broker that then died, to a controller that was dead, or to nobody, because
//! the line was down: it is told again, until the controller has it.

use migrado_tests::network::Line;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{BrokerKind, Fleet, needs_program};
use serde_json::Value;

/// A fleet whose controller is dead and whose display has told a visitor's session to the broker.
pub(crate) async fn words_that_only_the_broker_has() -> Fleet {
    let mut fleet = Fleet::builder().broker(BrokerKind::Mosquitto).start().await;
    fleet.controller.kill().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    kiosk.end().await.unwrap();
    until("the broker has taken the display's words", seconds(60), || async {
        let words = fleet.terminals[0].words();
        if words.contains("waits for its receipt") { Ok(()) } else { Err(words) }
    })
    .await;
    fleet
}

/// A broker's acknowledgement is not the controller's: here the broker takes a display's words
/// while the controller is dead, and loses them. Only the display's own outbox still has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_a_dead_broker_had_is_told_again() {
    needs_program!("lost_words", "mosquitto");
    let mut fleet = words_that_only_the_broker_has().await;
    fleet.mosquitto.as_mut().unwrap().kill().await;
    // The display stands still, so that only the broker could bring its words.
    fleet.terminals[0].process().signal("STOP").unwrap();
    fleet.mosquitto.as_mut().unwrap().start().await.unwrap();
    fleet.controller.start().await.unwrap();
    let counted = |t: &Value| t["usage_today"]["sessions_begun"] == 1;
    // Negative control: the broker does not have them any more.
    let id = fleet.api.order("fp-01", serde_json::json!({"verb": "report_now"})).await.unwrap();
    assert!(!counted(&fleet.api.terminal("fp-01").await.unwrap()), "the broker kept what it should lose");
    fleet.terminals[0].process().signal("CONT").unwrap();
    fleet.until_command(&id, &["succeeded"]).await;
    fleet.until_terminal("fp-01", "has counted", counted).await;
}

/// The health lines of a terminal's timeline that were told later than they happened.
async fn past(fleet: &Fleet) -> Vec<Value> {
    let page = fleet.api.get("/api/v1/terminals/fp-01/timeline?limit=200").await.unwrap();
    let items = page["items"].as_array().unwrap().clone();
    items.into_iter().filter(|line| line["kind"] == "health" && line["detail"] == "replayed").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_that_came_and_went_while_the_line_was_down_stands_in_the_timeline() {
    needs_program!("lost_words", "ippeveprinter", "dbus-daemon");
    let fleet = Fleet::builder().real_printers().start().await;
    let kiosk = fleet.terminals[0].kiosk();
    let beating = tokio_util::sync::CancellationToken::new();
    let beats = tokio::spawn(migrado_tests::visitor::page(kiosk.clone(), beating.clone()));
    let level = |t: &Value| t["verdict"]["level"].as_str().unwrap_or_default().to_owned();
    fleet.until_terminal("fp-01", "is in full service", |t| level(t) == "full_service").await;
    assert!(past(&fleet).await.is_empty());
    fleet.line.set(Line::Down);
    let shows = async |wanted: &'static str| {
        until(&format!("the page shows {wanted}"), seconds(60), || async {
            let view = kiosk.view().await.map_err(|e| e.to_string())?;
            if view["state"] == wanted { Ok(()) } else { Err(view.to_string()) }
        })
        .await;
    };
    fleet.printers[0].set_sheets(0).await.unwrap();
    shows("inform_only").await;
    fleet.printers[0].set_sheets(250).await.unwrap();
    shows("ready").await;
    fleet.line.set(Line::Up);
    let lines = until("both lines stand", seconds(60), || async {
        let lines = past(&fleet).await;
        if lines.len() >= 2 { Ok(lines) } else { Err(lines) }
    })
    .await;
    let online = fleet.until_online("fp-01").await;
    let back_ms = online["presence"]["since_ms"].as_i64().unwrap();
    assert!(lines.iter().all(|line| line["at_ms"].as_i64().unwrap() < back_ms), "{lines:?} before {back_ms}");
    assert_eq!(level(&online), "full_service", "the past is not the present");
    beating.cancel();
    beats.await.unwrap();
}

/// No will is published when agent, broker and controller die together: who was there before must
/// not stay green because nobody said otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_died_together_with_the_controller_is_not_shown_as_there() {
    let mut fleet = Fleet::builder().terminals(2).start().await;
    let presence = |t: &Value| t["presence"]["state"].as_str().unwrap_or_default().to_owned();
    fleet.controller.kill().await;
    fleet.terminals[0].kill().await;
    fleet.controller.start().await.unwrap();
    // Negative control: the other display lives, comes back, and is shown.
    fleet.until_online("fp-02").await;
    let dead = fleet.api.terminal("fp-01").await.unwrap();
    assert_ne!(presence(&dead), "online", "{dead}");
    until("fp-01 is offline", seconds(90), || async {
        let seen = presence(&fleet.api.terminal("fp-01").await.map_err(|e| e.to_string())?);
        if seen == "offline" { Ok(()) } else { Err(seen) }
    })
    .await;
    assert_eq!(presence(&fleet.api.terminal("fp-02").await.unwrap()), "online");
}
