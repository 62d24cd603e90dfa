//! `migradoctl terminals`: list, show, timeline, add, enroll-token, revoke, remove.

use serde_json::{Value, json};

use crate::cli::{Format, Terminals};
use crate::client::{Client, encode};
use crate::exit::{Code, Failure};
use crate::verbs::fleet::STATUSES;
use crate::{output, progress};

const PATH: &str = "/api/v1/terminals";
/// Items that the API gives at once at most.
const PAGE_MAX: u32 = 500;

pub(crate) async fn run(client: &Client, format: Format, verb: Terminals) -> Result<Code, Failure> {
    match verb {
        Terminals::List { site, status, query } => list(client, format, &site, &status, &query).await,
        Terminals::Show { terminal } => show(client, format, &terminal).await,
        Terminals::Timeline { terminal, limit } => timeline(client, format, &terminal, limit).await,
        Terminals::Add { terminal, site, label } => {
            let added =
                client.post(PATH, &json!({"id": terminal, "site": site, "label": label}), &[]).await?;
            output::say(&format!(
                "{terminal} is added; enroll it with: migradoctl terminals enroll-token {terminal}"
            ));
            print_json(format, &added);
            Ok(Code::Ok)
        }
        Terminals::EnrollToken { terminal } => enroll_token(client, format, &terminal).await,
        Terminals::Revoke { terminal, yes } => {
            let question =
                format!("Revoke {terminal}? It is disconnected at once and must be enrolled anew.");
            if !yes && !output::confirm(&question)? {
                return Err(Failure::failed("nothing was done"));
            }
            client.post(&format!("{PATH}/{}/revoke", encode(&terminal)), &json!({}), &[]).await?;
            output::say(&format!("{terminal} is revoked"));
            Ok(Code::Ok)
        }
        Terminals::Remove { terminal, confirm } => {
            if confirm.as_deref() != Some(terminal.as_str()) {
                return Err(Failure::usage(format!(
                    "this revokes {terminal} and forgets all that is known of it; to do it give --confirm {terminal}"
                )));
            }
            client.delete(&format!("{PATH}/{}", encode(&terminal))).await?;
            output::say(&format!("{terminal} is removed"));
            Ok(Code::Ok)
        }
    }
}

async fn list(
    client: &Client,
    format: Format,
    site: &Option<String>,
    status: &Option<String>,
    query: &Option<String>,
) -> Result<Code, Failure> {
    let mut path = format!("{PATH}?limit=500");
    for (name, value) in [("site", site), ("status", status), ("q", query)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    let mut items = client.list(&path, usize::MAX).await?;
    // The API lists by identity, so that pages hold; people want the worst first.
    items.sort_by_key(|t| STATUSES.iter().position(|s| t["status"] == **s));
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|t| {
            vec![
                output::text(&t["id"]),
                output::text(&t["site"]),
                output::text(&t["label"]),
                output::text(&t["status"]),
                level(t, now_ms),
                output::text(&t["presence"]["state"]),
                output::moment(&t["presence"]["last_seen_ms"]),
                t["why"].get(0).map_or("-".to_owned(), |w| output::sentence(&w["text"])),
            ]
        })
        .collect();
    let head = ["terminal", "site", "label", "status", "verdict", "presence", "last seen", "why"];
    output::rows(format, &head, &rows, &json!({ "items": items }));
    Ok(Code::Ok)
}

async fn show(client: &Client, format: Format, terminal: &str) -> Result<Code, Failure> {
    let detail = client.get(&format!("{PATH}/{}", encode(terminal))).await?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: String| pairs.push((name.to_owned(), value));
    put("terminal", output::text(&detail["id"]));
    put("site", output::text(&detail["site"]));
    put("label", output::text(&detail["label"]));
    put("status", output::text(&detail["status"]));
    put("verdict", verdict(&detail["verdict"]));
    if detail["presence"]["state"] != "online" && detail["verdict"].is_object() {
        put("verdict as of", output::moment(&detail["presence"]["last_seen_ms"]));
    }
    put("presence", output::text(&detail["presence"]["state"]));
    put("last seen", output::moment(&detail["presence"]["last_seen_ms"]));
    put("agent version", output::text(&detail["agent_version"]));
    put(
        "generation",
        format!(
            "{} reported, {} desired",
            output::text(&detail["reported_generation"]),
            output::text(&detail["desired"]["generation"])
        ),
    );
    put("certificate until", output::moment(&detail["certificate"]["not_after_ms"]));
    put("open commands", output::text(&detail["open_commands"]));
    progress::content(&detail, &mut put);
    for (component, health) in detail["components"].as_object().into_iter().flatten() {
        let mut value =
            format!("{} since {}", output::text(&health["state"]), output::moment(&health["since_ms"]));
        if health["text"].is_object() {
            value.push_str(&format!(": {}", output::sentence(&health["text"])));
        }
        if health["detail"].is_string() {
            value.push_str(&format!(" ({})", output::text(&health["detail"])));
        }
        put(&format!("health {component}"), value);
    }
    for (name, printer) in detail["printers"].as_object().into_iter().flatten() {
        printer_lines(name, printer, &mut put);
    }
    content_lines(&detail["content"], &mut put);
    for why in detail["why"].as_array().into_iter().flatten() {
        put("why", output::sentence(&why["text"]));
        put("next step", output::sentence(&why["next_step"]));
    }
    output::pairs(format, &pairs, &detail);
    Ok(Code::Ok)
}

/// What is in service, and what happened to the last update.
fn content_lines(content: &Value, put: &mut impl FnMut(&str, String)) {
    let held =
        |held: &Value| format!("{} since {}", output::text(&held["name"]), output::moment(&held["since_ms"]));
    if content["active"].is_object() {
        put("release", held(&content["active"]));
    }
    let update = &content["update"];
    if !update.is_object() {
        return;
    }
    let state = format!(
        "{}: {} since {}",
        output::text(&update["name"]),
        output::text(&update["state"]),
        output::moment(&update["since_ms"])
    );
    put("update", state);
    for note in update["log"].as_array().into_iter().flatten() {
        let mut line = format!("{} {}", output::moment(&note["at_ms"]), output::text(&note["state"]));
        if note["note"].is_string() {
            line.push_str(&format!(": {}", output::text(&note["note"])));
        }
        put("update log", line);
    }
}

async fn timeline(client: &Client, format: Format, terminal: &str, limit: u32) -> Result<Code, Failure> {
    let path = format!("{PATH}/{}/timeline?limit={}", encode(terminal), limit.clamp(1, PAGE_MAX));
    let items = client.list(&path, limit as usize).await?;
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|item| {
            vec![
                output::moment(&item["at_ms"]),
                output::text(&item["kind"]),
                output::sentence(&item["text"]),
                output::text(&item["by"]),
                output::text(&item["detail"]),
            ]
        })
        .collect();
    output::rows(format, &["when", "kind", "what", "by", "detail"], &rows, &json!({ "items": items }));
    Ok(Code::Ok)
}

/// A display's verdict; of one that is not connected the last one, with its age.
fn level(terminal: &Value, now_ms: i64) -> String {
    let level = output::text(&terminal["verdict"]["level"]);
    let (presence, seen) = (&terminal["presence"]["state"], &terminal["presence"]["last_seen_ms"]);
    match presence == "online" || !seen.is_i64() || !terminal["verdict"].is_object() {
        true => level,
        false => format!("{level}, {} ago", output::age(seen, now_ms)),
    }
}

fn verdict(verdict: &Value) -> String {
    let because: Vec<String> =
        verdict["because"].as_array().into_iter().flatten().map(|b| output::text(&b["reason"])).collect();
    match because.is_empty() {
        true => output::text(&verdict["level"]),
        false => format!("{} ({})", output::text(&verdict["level"]), because.join(", ")),
    }
}

fn printer_lines(name: &str, printer: &Value, put: &mut impl FnMut(&str, String)) {
    put(
        &format!("printer {name}"),
        format!("{} as of {}", output::text(&printer["state"]), output::moment(&printer["at_ms"])),
    );
    for tray in printer["trays"].as_array().into_iter().flatten() {
        put(&format!("  tray {}", output::text(&tray["name"])), amount(&tray["left"]));
    }
    for supply in printer["supplies"].as_array().into_iter().flatten() {
        // A waste container says how much still fits in.
        let room = if supply["receptacle"] == true { " room" } else { "" };
        put(&format!("  {}", output::text(&supply["name"])), amount(&supply["left"]) + room);
    }
}

/// `{"percent": 40}` as `40 %`; `some` and `unknown` stay words.
fn amount(left: &Value) -> String {
    match (left["percent"].as_u64(), left["sheets"].as_u64()) {
        (Some(percent), _) => format!("{percent} %"),
        (_, Some(sheets)) => format!("{sheets} sheets"),
        _ => output::text(left),
    }
}

async fn enroll_token(client: &Client, format: Format, terminal: &str) -> Result<Code, Failure> {
    let made = client.post(&format!("{PATH}/{}/enroll-tokens", encode(terminal)), &json!({}), &[]).await?;
    match format {
        Format::Json => print_json(format, &made),
        Format::Tsv | Format::Name => output::line(&output::text(&made["token"])),
        Format::Table => {
            output::say(&format!(
                "Valid once, until {}. On the display run:",
                output::moment(&made["expires_ms"])
            ));
            output::line(&output::text(&made["command"]));
        }
    }
    Ok(Code::Ok)
}

fn print_json(format: Format, value: &Value) {
    if format == Format::Json {
        output::line(&serde_json::to_string_pretty(value).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_of_a_display_that_is_away_has_its_age() {
        let of = |presence: &str, seen: Value| {
            let verdict = json!({"level": "full_service"});
            let presence = json!({"state": presence, "last_seen_ms": seen});
            level(&json!({"verdict": verdict, "presence": presence}), 3_600_000)
        };
        assert_eq!(of("online", json!(0)), "full_service");
        assert_eq!(of("offline", json!(0)), "full_service, 60 min ago");
        assert_eq!(of("late", json!(3_590_000)), "full_service, 10 s ago");
        assert_eq!(level(&json!({"verdict": null, "presence": {"state": "unknown"}}), 0), "-");
    }
    #[test]
    fn what_happened_to_an_update_is_told_line_by_line() {
        let mut lines = Vec::new();
        let mut put = |name: &str, value: String| lines.push(format!("{name} {value}"));
        content_lines(&Value::Null, &mut put);
        let held = json!({"name": "2026-11-25.1", "since_ms": 0});
        let log = json!([{"at_ms": 0, "state": "observing"},
            {"at_ms": 1000, "state": "rolled_back", "note": "page_refuses: no strings"}]);
        let update = json!({"name": "2026-11-25.2", "state": "rolled_back", "since_ms": 0, "log": log});
        content_lines(&json!({"active": held, "update": update}), &mut put);
        let starts = ["release 2026-11-25.1 since", "update 2026-11-25.2: rolled_back since", "update log"];
        assert!(starts.iter().zip(&lines).all(|(start, line)| line.starts_with(start)), "{lines:?}");
        assert!(lines[2].ends_with(" observing"), "{lines:?}");
        assert!(lines[3].ends_with(" rolled_back: page_refuses: no strings"), "{lines:?}");
        assert_eq!(lines.len(), 4);
    }
}
