//! The calendar of a site over the API: read, changed by those who saw what they change, gone back.

use axum::http::StatusCode;
use serde_json::json;

use super::{World, send};

const PATH: &str = "/api/v1/sites/fp/calendar";

async fn tag(world: &World) -> String {
    let (_, _, headers) = send(&world.router, "GET", PATH, None, &[("cookie", &world.cookie)]).await;
    headers["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_calendar_is_changed_by_those_who_saw_it_and_audited() {
    let world = World::new().await;
    let (status, shown) = world.call("GET", PATH, None, &[]).await;
    assert_eq!((status, &shown["from"]), (StatusCode::OK, &json!("configuration")), "{shown}");
    assert_eq!(shown["now"]["opening"], "unknown");
    let wish =
        || Some(json!({"opening_hours": {"monday": ["08:00-12:00"]}, "windows": {"activate": "closed"}}));
    let (status, _) = world.call("PUT", PATH, wish(), &[]).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let old = tag(&world).await;
    let (status, changed) = world.call("PUT", PATH, wish(), &[("if-match", &old)]).await;
    assert_eq!((status, &changed["from"]), (StatusCode::OK, &json!("console")), "{changed}");
    assert_eq!(
        (&changed["changed_by"], &changed["windows"][1]["kind"]),
        (&json!("admin"), &json!("activate"))
    );
    let (status, problem) = world.call("PUT", PATH, wish(), &[("if-match", &old)]).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PRECONDITION_FAILED, &json!("changed_meanwhile")));

    let (status, _) = world.call("DELETE", PATH, None, &[("if-match", &old)]).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    let (status, back) = world.call("DELETE", PATH, None, &[("if-match", &tag(&world).await)]).await;
    assert_eq!((status, &back["from"]), (StatusCode::OK, &json!("configuration")), "{back}");
    let (_, audit) = world.call("GET", "/api/v1/audit", None, &[]).await;
    let told =
        |n: usize| (&audit["items"][n]["action"], &audit["items"][n]["object"], &audit["items"][n]["detail"]);
    assert_eq!(told(0), (&json!("calendar.reset"), &json!("fp"), &json!(null)));
    assert_eq!(told(1), (&json!("calendar.change"), &json!("fp"), &json!("opening_hours, windows")));
}

#[tokio::test]
async fn mistakes_have_their_fields_and_nothing_is_kept() {
    let world = World::new().await;
    let wrong = json!({
        "opening_hours": {"monday": ["8-12"]},
        "closures": [{"from": "2026-12-31", "until": "2026-12-28", "reason": "x"}],
        "windows": {"restart": {"cron": "0 0 31 2 *", "minutes": 5}},
    });
    let (status, problem) = world.call("PUT", PATH, Some(wrong), &[("if-match", "*")]).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")));
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/closures/0/until", "/opening_hours/monday/0", "/windows/restart/cron"]);
    assert_eq!(world.call("GET", PATH, None, &[]).await.1["from"], "configuration");
    let (status, _) = world.call("GET", "/api/v1/sites/nowhere/calendar", None, &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_day_says_what_holds_and_why() {
    let world = World::new().await;
    let wish = json!({
        "opening_hours": {"wednesday": ["08:00-12:00"], "thursday": ["22:00-02:00"], "friday": ["08:00-12:00"]},
        "special_days": [{"date": "2026-12-24", "hours": ["08:00-10:00"], "reason": "Heiligabend"}],
        "closures": [
            {"from": "2026-12-30", "until": "2026-12-30", "reason": "Inventur"},
            {"from": "2026-12-24T09:00", "until": "2026-12-24T10:00", "reason": "Feier"},
        ],
        "windows": {"activate": "closed", "restart": {"cron": "0 3 * * *", "minutes": 60}},
    });
    let (status, said) = world.call("PUT", PATH, Some(wish), &[("if-match", "*")]).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let (status, said) =
        world.call("GET", &format!("{PATH}/days?from=2026-12-23&to=2027-01-01"), None, &[]).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let days = said["days"].as_array().unwrap();
    let told: Vec<(&str, &str, &str, Vec<String>)> = days
        .iter()
        .map(|day| {
            let span = |s: &serde_json::Value| {
                format!("{}-{}", s["from"].as_str().unwrap(), s["until"].as_str().unwrap())
            };
            (
                day["date"].as_str().unwrap(),
                day["kind"].as_str().unwrap(),
                day["reason"]["de"].as_str().unwrap_or("-"),
                day["open"].as_array().unwrap().iter().map(span).collect(),
            )
        })
        .collect();
    let spans = |spans: &[&str]| spans.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    assert_eq!(told[0], ("2026-12-23", "weekday", "-", spans(&["08:00-12:00"])));
    assert_eq!(told[1], ("2026-12-24", "special", "Heiligabend, Feier", spans(&["08:00-09:00"])));
    assert_eq!(told[2], ("2026-12-25", "holiday", "1. Weihnachtstag", spans(&[])));
    assert_eq!(told[7], ("2026-12-30", "closure", "Inventur", spans(&[])));
    assert_eq!(told[8], ("2026-12-31", "weekday", "-", spans(&["22:00-24:00"])));
    assert_eq!(
        told[9],
        ("2027-01-01", "holiday", "Neujahr", spans(&["00:00-02:00"])),
        "the night of Thursday"
    );
    assert_eq!(days[0]["windows"][1]["spans"][1]["until"], "24:00");
    assert_eq!(days[0]["windows"][2]["spans"][0]["from"], "03:00");
    for (query, pointer) in [
        ("from=2026-12-23&to=2026-12-22", "to"),
        ("from=2026-12-23&to=2027-12-22", "to"),
        ("from=soon&to=2026-12-22", "from"),
        ("from=-009999-01-01&to=-009999-01-01", "from"),
    ] {
        let (status, problem) = world.call("GET", &format!("{PATH}/days?{query}"), None, &[]).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(pointer)),
            "{query}"
        );
    }
}
