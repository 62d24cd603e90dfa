//! The timeline over a real database: three sources, one order, a cursor that holds.

use migrado_protocol::command::Ack;
use serde_json::{Value, json};

use super::*;
use crate::api::tests::World;
use crate::audit::Entry;

/// Everything, read in pages of `limit`.
async fn pages(world: &World, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/api/v1/terminals/fp-01/timeline?limit={limit}{after}");
        let (status, page) = world.call("GET", &path, None, &[]).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

async fn line(world: &World, at_ms: i64, kind: &str, code: &str) {
    let mut conn = world.state.pool.acquire().await.unwrap();
    lines::add(&mut conn, "fp-01", at_ms, kind, code, None).await.unwrap();
}

async fn audited(world: &World, entry: Entry) {
    world.state.audit.record(entry).await.unwrap();
}

#[tokio::test]
async fn what_was_said_ordered_and_done_stands_in_one_list_in_words() {
    let world = World::new().await;
    world.enrolled();
    let order = json!({"terminals": ["fp-01"], "order": {"verb": "test_print"}, "reason": "Wartung"});
    let (status, made) = world.call("POST", "/api/v1/commands", Some(order), &[]).await;
    assert_eq!(status, 202, "{made}");
    let command = made["commands"][0]["id"].as_str().unwrap();
    let ack = |state, detail: &str| Ack {
        id: command.parse().unwrap(),
        state,
        at_ms: 7_000,
        rejection: None,
        waits_until_ms: None,
        detail: Some(detail.to_owned()),
    };
    let terminal = "fp-01".parse().unwrap();
    world.state.commands.acknowledged(&terminal, &ack(CommandState::Succeeded, "job 5")).await.unwrap();
    let now_ms = world.state.clock.now_ms();
    line(&world, now_ms + 10, "health", "printer:paper_empty").await;
    audited(&world, Entry::ok(now_ms + 20, "admin", "terminal.change", "fp-01").detail("generation 2")).await;
    audited(&world, Entry::refused(now_ms + 30, "fp-01", "foreign_topic", "migrado/v1/t/fp-02/report")).await;
    // Neither its own: somebody's account, another display, a stranger who tries a name.
    audited(&world, Entry::ok(now_ms + 40, "admin", "user.make", "fp-01")).await;
    audited(&world, Entry::ok(now_ms + 40, "admin", "terminal.change", "fp-02")).await;
    audited(&world, Entry::refused(now_ms + 40, "fp-01", "login", "wrong name or password")).await;

    let said = pages(&world, 100).await;
    let of = |item: &Value| {
        let word = |name: &str| item[name].as_str().unwrap_or("-").to_owned();
        (word("kind"), item["text"]["de"].as_str().unwrap().to_owned(), word("by"), word("detail"))
    };
    let row = |kind: &str, text: &str, by: &str, detail: &str| {
        (kind.to_owned(), text.to_owned(), by.to_owned(), detail.to_owned())
    };
    let expected = [
        row("refusal", "Abgewiesen: Nachricht unter fremdem Namen", "fp-01", "migrado/v1/t/fp-02/report"),
        row("audit", "Einstellungen geändert", "admin", "generation 2"),
        row("health", "Drucker: Das Papier ist leer.", "-", "-"),
        row("command", "Testseite drucken: vom Terminal bestätigt", "terminal", "job 5"),
        row("command", "Testseite drucken: angeordnet", "admin", "Wartung"),
    ];
    assert_eq!(said.iter().map(of).collect::<Vec<_>>(), expected);
    assert_eq!(said[3]["command"], command);
    assert_eq!(said[3]["own_ms"], 7_000, "its clock is far behind, and the step stands where it was heard");
    assert!(said[4].get("own_ms").is_none());
}

#[tokio::test]
async fn pages_of_every_size_give_every_line_once_in_the_same_order() {
    let world = World::new().await;
    world.enrolled();
    let now_ms = world.state.clock.now_ms();
    for n in 0..4 {
        let order = json!({"terminals": ["fp-01"], "order": {"verb": "report_now"}});
        world.call("POST", "/api/v1/commands", Some(order), &[]).await;
        // Several of each source at the same time.
        for at_ms in [now_ms, now_ms - 5] {
            line(&world, at_ms, "presence", "online").await;
            audited(&world, Entry::ok(at_ms, format!("a{n}"), "terminal.change", "fp-01")).await;
        }
    }
    let whole = pages(&world, 100).await;
    assert_eq!(whole.len(), 20);
    for limit in 1..=20 {
        assert_eq!(pages(&world, limit).await, whole, "in pages of {limit}");
    }
    // What comes later moves nothing of what is older.
    let second = whole[1]["id"].as_str().unwrap();
    line(&world, now_ms + 60_000, "presence", "offline").await;
    let path = format!("/api/v1/terminals/fp-01/timeline?after={second}");
    let (_, older) = world.call("GET", &path, None, &[]).await;
    assert_eq!(older["items"].as_array().unwrap().as_slice(), &whole[2..]);
}

#[tokio::test]
async fn a_cursor_that_nobody_gave_is_refused_by_name() {
    let world = World::new().await;
    for wrong in ["1", "x", "1.line.", "1.line..x", "1.oven..1", "1.line..1.2"] {
        let path = format!("/api/v1/terminals/fp-01/timeline?after={wrong}");
        let (status, problem) = world.call("GET", &path, None, &[]).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("after")), "{wrong}");
    }
}

#[test]
fn a_place_is_read_as_it_is_written() {
    for source in Source::ALL {
        let place = Place { at_ms: 12, source, name: "a-1".into(), number: 3 };
        assert_eq!(Place::parse(&place.to_string()), Some(place));
    }
}
