//! What a display senses reaches the operator: births, reports, verdicts, usage, absences.

use migrado_tests::network::Line;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{BrokerKind, Fleet, needs_program, with_both_brokers};
use serde_json::Value;

fn level(terminal: &Value) -> &str {
    terminal["verdict"]["level"].as_str().unwrap_or("none")
}

with_both_brokers!(a_display_appears_with_its_health_and_its_readings);
async fn a_display_appears_with_its_health_and_its_readings(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).start().await;
    fleet.terminals[0].kiosk().heartbeat().await.unwrap();
    let seen = fleet
        .until_terminal("fp-01", "has readings", |t| t["system"].is_object() && t["storage"].is_object())
        .await;
    assert_eq!(seen["storage"]["writable"], true, "{seen}");
    assert!(seen["system"]["memory_total_bytes"].as_u64().unwrap() > 1 << 20, "{seen}");
    assert!(seen["components"]["printer"].is_object(), "{seen}");
    assert!(fleet.stop().await, "everything ends in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_that_starts_is_neither_well_nor_ill() {
    let fleet = Fleet::builder().start().await;
    let starts = fleet.until_terminal("fp-01", "reports", |t| t["components"]["page"].is_object()).await;
    assert_eq!((&starts["status"], &starts["verdict"]), (&"unknown".into(), &Value::Null), "{starts}");
    assert_eq!(starts["why"][0]["code"], "starting", "{starts}");
    assert_eq!(starts["components"]["storage"]["state"], "ok", "what was sensed is told: {starts}");
    fleet.terminals[0].kiosk().heartbeat().await.unwrap();
    fleet.until_terminal("fp-01", "has a verdict", |t| level(t) != "none").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_without_paper_makes_the_display_inform_only_and_paper_makes_it_whole_again() {
    needs_program!("paper", "ippeveprinter", "dbus-daemon");
    let fleet = Fleet::builder().real_printers().start().await;
    let kiosk = fleet.terminals[0].kiosk();
    let beating = tokio_util::sync::CancellationToken::new();
    let beats = tokio::spawn(migrado_tests::visitor::page(kiosk, beating.clone()));
    fleet.until_terminal("fp-01", "is in full service", |t| level(t) == "full_service").await;
    fleet.printers[0].set_sheets(0).await.unwrap();
    let empty = fleet.until_terminal("fp-01", "only informs", |t| level(t) == "inform_only").await;
    assert_eq!(empty["verdict"]["because"][0]["reason"], "paper_empty", "{empty}");
    fleet.printers[0].set_sheets(250).await.unwrap();
    fleet.until_terminal("fp-01", "is in full service again", |t| level(t) == "full_service").await;
    beating.cancel();
    beats.await.unwrap();
}

with_both_brokers!(an_interrupted_line_loses_no_usage_and_names_the_network);
async fn an_interrupted_line_loses_no_usage_and_names_the_network(broker: BrokerKind) {
    let fleet = Fleet::builder().broker(broker).start().await;
    let kiosk = fleet.terminals[0].kiosk();
    fleet.line.set(Line::Down);
    // With an external broker the controller hangs on the same line and cannot know: the proxy does.
    let before = fleet.line.connections();
    until("the display tries to come back", seconds(60), || async {
        let tried = fleet.line.connections() - before;
        if tried >= 2 { Ok(()) } else { Err(tried) }
    })
    .await;
    for _ in 0..3 {
        kiosk.begin("de").await.unwrap();
        kiosk.end().await.unwrap();
    }
    fleet.line.set(Line::Up);
    let back = fleet
        .until_terminal("fp-01", "is back", |t| t["presence"]["state"] == "online" && t["away"].is_object())
        .await;
    assert_eq!(back["away"]["cause"], "network", "{back}");
    fleet
        .until_terminal("fp-01", "has counted three sessions", |t| t["usage_today"]["sessions_begun"] == 3)
        .await;
}

with_both_brokers!(a_killed_agent_comes_back_and_says_that_it_crashed);
async fn a_killed_agent_comes_back_and_says_that_it_crashed(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
    fleet.terminals[0].kill().await;
    fleet.until_terminal("fp-01", "is missed", |t| t["presence"]["state"] != "online").await;
    fleet.terminals[0].start().unwrap();
    let back = fleet.until_terminal("fp-01", "is back", |t| t["presence"]["state"] == "online").await;
    assert_eq!(back["away"]["cause"], "crash", "{back}");
    // Negative control: an orderly stop is not a crash.
    assert!(fleet.terminals[0].stop().await);
    fleet.until_terminal("fp-01", "is off", |t| t["presence"]["state"] != "online").await;
    fleet.terminals[0].start().unwrap();
    let back = fleet.until_terminal("fp-01", "is back", |t| t["presence"]["state"] == "online").await;
    assert_eq!(back["away"]["cause"], "restart", "{back}");
}

with_both_brokers!(an_agent_without_a_broker_neither_spins_nor_dies);
async fn an_agent_without_a_broker_neither_spins_nor_dies(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
    fleet.line.set(Line::Down);
    let before = fleet.line.connections();
    tokio::time::sleep(seconds(10)).await;
    let tried = fleet.line.connections() - before;
    assert!(tried <= 20, "{tried} connections in ten seconds is a spin");
    fleet.terminals[0].process().must_live().unwrap();
    fleet.line.set(Line::Up);
    until("it is online again", seconds(90), || async {
        let t = fleet.api.terminal("fp-01").await.map_err(|e| e.to_string())?;
        if t["presence"]["state"] == "online" { Ok(()) } else { Err(t.to_string()) }
    })
    .await;
}
