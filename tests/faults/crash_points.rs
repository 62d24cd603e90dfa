//! Killed in the middle: what was acknowledged is there, what was ordered runs once, and what had
//! begun is settled by evidence instead of begun again.

use migrado_tests::{BrokerKind, Fleet, needs_program, with_both_brokers};
use serde_json::{Value, json};

/// The states that a terminal told, in their order.
fn told(command: &Value) -> Vec<&str> {
    let history = command["history"].as_array().unwrap().iter();
    history.filter(|h| h["by"] == "terminal").filter_map(|h| h["state"].as_str()).collect()
}

/// How often the agent brought a command to its end, over all its runs.
fn ends(fleet: &Fleet, id: &str) -> usize {
    let over = |line: &&str| line.contains("command over") && line.contains(id);
    fleet.terminals[0].words().lines().filter(over).count()
}

with_both_brokers!(a_controller_killed_in_the_middle_of_a_command_learns_its_end);
async fn a_controller_killed_in_the_middle_of_a_command_learns_its_end(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    let id = fleet.api.order("fp-01", json!({"verb": "reset_session"})).await.unwrap();
    fleet.until_command(&id, &["accepted"]).await;
    fleet.controller.kill().await;
    // While it is dead the session ends and the reset runs.
    kiosk.end().await.unwrap();
    fleet.controller.start().await.unwrap();
    let done = fleet.until_command(&id, &["succeeded", "failed", "rejected"]).await;
    assert_eq!(told(&done), ["accepted", "running", "succeeded"], "{done}");
    assert_eq!(ends(&fleet, &id), 1);
}

with_both_brokers!(an_agent_killed_while_an_order_waits_runs_it_once_afterwards);
async fn an_agent_killed_while_an_order_waits_runs_it_once_afterwards(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    let id = fleet.api.order("fp-01", json!({"verb": "reset_session"})).await.unwrap();
    fleet.until_command(&id, &["accepted"]).await;
    fleet.terminals[0].kill().await;
    assert_eq!(ends(&fleet, &id), 0, "it ran although it should wait");
    fleet.terminals[0].start().unwrap();
    let done = fleet.until_command(&id, &["succeeded", "failed", "rejected"]).await;
    assert_eq!(told(&done), ["accepted", "running", "succeeded"], "{done}");
    // A third run of the agent finds nothing left to do.
    fleet.terminals[0].kill().await;
    fleet.terminals[0].start().unwrap();
    fleet.until_online("fp-01").await;
    assert_eq!(ends(&fleet, &id), 1);
}

with_both_brokers!(an_agent_killed_while_an_order_runs_settles_it_and_never_begins_it_again);
async fn an_agent_killed_while_an_order_runs_settles_it_and_never_begins_it_again(broker: BrokerKind) {
    needs_program!("crash_running", "dbus-daemon");
    let mut fleet = Fleet::builder().broker(broker).played_systemd().start().await;
    // This unit never comes back, so the command runs for as long as it is let.
    let order = json!({"verb": "restart_service", "unit": "deaf.service"});
    let id = fleet.api.order("fp-01", order).await.unwrap();
    fleet.until_command(&id, &["running"]).await;
    let asked = |fleet: &Fleet| fleet.systemd.as_ref().unwrap().asked("RestartUnit deaf.service");
    migrado_tests::wait::until("systemd is asked", migrado_tests::wait::seconds(20), || async {
        if asked(&fleet) == 1 { Ok(()) } else { Err(fleet.terminals[0].words()) }
    })
    .await;
    fleet.terminals[0].kill().await;
    fleet.terminals[0].start().unwrap();
    let done = fleet.until_command(&id, &["succeeded", "failed", "rejected"]).await;
    assert_eq!(told(&done), ["accepted", "running", "failed"], "{done}");
    assert!(done["detail"].as_str().unwrap().contains("not known"), "{done}");
    assert_eq!((asked(&fleet), ends(&fleet, &id)), (1, 1));
}

with_both_brokers!(an_order_taken_back_stays_so_when_the_agent_is_killed_at_once);
async fn an_order_taken_back_stays_so_when_the_agent_is_killed_at_once(broker: BrokerKind) {
    let mut fleet = Fleet::builder().broker(broker).start().await;
    fleet.terminals[0].kiosk().begin("de").await.unwrap();
    let id = fleet.api.order("fp-01", json!({"verb": "reset_session"})).await.unwrap();
    fleet.until_command(&id, &["accepted"]).await;
    fleet.api.post(&format!("/api/v1/commands/{id}/cancel"), json!({})).await.unwrap();
    fleet.until_command(&id, &["canceled"]).await;
    fleet.terminals[0].kill().await;
    fleet.terminals[0].start().unwrap();
    fleet.until_online("fp-01").await;
    let after = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    fleet.until_command(&after, &["succeeded"]).await;
    assert_eq!(fleet.api.command(&id).await.unwrap()["state"], "canceled");
    assert_eq!((ends(&fleet, &id), ends(&fleet, &after)), (0, 1));
}
