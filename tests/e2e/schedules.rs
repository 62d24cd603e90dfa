//! Scheduled orders with a real controller and a real display: due by the minute, carried out, recorded,
//! and not twice when the controller is killed.

use migrado_tests::Fleet;
use migrado_tests::wait::{seconds, until};
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/schedules";

/// Runs of a schedule once there are so many.
async fn runs(fleet: &Fleet, id: &str, at_least: usize) -> Vec<Value> {
    until(&format!("{at_least} runs"), seconds(150), || async {
        let said = fleet.api.get(&format!("{PATH}/{id}/runs")).await.map_err(|e| json!(format!("{e:#}")))?;
        let items = said["items"].as_array().cloned().unwrap_or_default();
        let settled = items.iter().all(|run| run["state"] != "ordering");
        if items.len() >= at_least && settled { Ok(items) } else { Err(said) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_order_is_carried_out_each_minute_and_never_twice() {
    let mut fleet = Fleet::builder().start().await;
    let calendar = "/api/v1/sites/friedensplatz/calendar";
    let all_day = ["00:00-24:00"];
    let hours = json!({"opening_hours": {"monday": all_day, "tuesday": all_day, "wednesday": all_day,
        "thursday": all_day, "friday": all_day, "saturday": all_day, "sunday": all_day},
        "closures": [{"from": "2020-01-01", "until": "2100-01-01", "reason": "Umbau"}]});
    let put = fleet.api.send(Method::PUT, calendar, Some(hours), &[("If-Match", "*")]).await.unwrap();
    let said = put.ok().unwrap();
    assert_eq!(
        (&said["from"], &said["now"]["text"]["de"]),
        (&json!("console"), &json!("geschlossen: Umbau"))
    );

    let plan = |name: &str, only_when: &str| {
        json!({"name": name, "when": {"cron": "* * * * *"}, "terminals": {"site": "friedensplatz"},
            "order": {"verb": "report_now"}, "only_when": only_when, "grace_minutes": 5})
    };
    let closed = fleet.api.post(PATH, plan("Wenn zu", "closed")).await.unwrap();
    let open = fleet.api.post(PATH, plan("Wenn offen", "open")).await.unwrap();
    let [closed, open] = [closed, open].map(|made| made["id"].as_str().unwrap().to_owned());

    let first = runs(&fleet, &closed, 1).await.remove(0);
    assert_eq!((&first["state"], &first["ordered"]), (&json!("ordered"), &json!(1)), "{first}");
    let batch = first["batch"].as_str().unwrap();
    let made = fleet.api.get(&format!("/api/v1/commands?batch={batch}")).await.unwrap();
    assert_eq!(
        (&made["items"][0]["by"], &made["items"][0]["reason"]),
        (&json!("scheduler"), &json!("Wenn zu"))
    );
    fleet.until_command(made["items"][0]["id"].as_str().unwrap(), &["succeeded"]).await;
    let skipped = runs(&fleet, &open, 1).await.remove(0);
    assert_eq!((&skipped["state"], &skipped["reason"]), (&json!("skipped"), &json!("not_open")), "{skipped}");

    // Killed and back: what was decided is decided, and the next minute is carried out.
    fleet.controller.kill().await;
    fleet.controller.start().await.unwrap();
    fleet.login().await.unwrap();
    runs(&fleet, &closed, 2).await;
    let paused = fleet.api.post(&format!("{PATH}/{closed}/pause"), json!({})).await.unwrap();
    assert_eq!((&paused["paused"], &paused["next_ms"]), (&json!(true), &json!(null)));
    let all = runs(&fleet, &closed, 2).await;
    let dues: std::collections::BTreeSet<i64> =
        all.iter().map(|run| run["due_ms"].as_i64().unwrap()).collect();
    assert_eq!(dues.len(), all.len(), "one run for each time: {all:?}");
    let orders = fleet.api.get("/api/v1/commands?limit=500").await.unwrap();
    let given = orders["items"].as_array().unwrap().iter().filter(|c| c["reason"] == "Wenn zu").count();
    let ordered: i64 = all.iter().map(|run| run["ordered"].as_i64().unwrap()).sum();
    assert_eq!(given, usize::try_from(ordered).unwrap(), "an order for each run: {all:?}");
    assert!(all.iter().all(|run| run["state"] == "ordered"), "{all:?}");
    let open = fleet.controller.metric("migrado_site_open", &["friedensplatz"]).await.unwrap();
    assert!(open.abs() < f64::EPSILON, "closed by its closure");
}
