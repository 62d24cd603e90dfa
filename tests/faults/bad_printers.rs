//! Printers that hang, trickle, talk nonsense or refuse: a finding, never a stall.

use migrado_tests::printer::fake::{Behavior, FakePrinter};
use migrado_tests::{Fleet, ports};
use serde_json::json;

async fn finding(uri: String) -> String {
    let mut fleet = Fleet::builder().printers(json!([{"name": "main", "uri": uri}])).start().await;
    let seen = fleet
        .until_terminal("fp-01", "has a finding about its printer", |t| {
            let printer = &t["components"]["printer"];
            printer["state"] == "failed" || printer["state"] == "degraded"
        })
        .await;
    // The other sensors are not held up by this one.
    assert!(seen["system"].is_object() && seen["storage"].is_object(), "{seen}");
    fleet.terminals[0].process().must_live().unwrap();
    seen["components"]["printer"]["reason"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_hangs_is_a_finding() {
    let printer = FakePrinter::start(Behavior::Hangs).await;
    let reason = finding(printer.uri()).await;
    assert!(["printer_timeout", "sensor_timeout"].contains(&reason.as_str()), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_talks_nonsense_is_a_finding() {
    for behavior in [Behavior::Nonsense, Behavior::Garbage, Behavior::Endless] {
        let printer = FakePrinter::start(behavior).await;
        let reason = finding(printer.uri()).await;
        assert!(reason.starts_with("printer_"), "{behavior:?}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_nobody_answers_for_is_a_finding() {
    let reason = finding(format!("ipp://localhost:{}/ipp/print", ports::free())).await;
    assert_eq!(reason, "printer_unreachable");
}
