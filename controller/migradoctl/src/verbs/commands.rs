//! `migradoctl commands`: send with preview and confirmation, follow, list, show, cancel, logs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::cli::{Commands, Format, Send};
use crate::client::{Client, encode};
use crate::exit::{Code, Failure};
use crate::output;

const PATH: &str = "/api/v1/commands";
/// How often a followed order is looked at. The console has the stream; a script has time.
const FOLLOW_PERIOD: Duration = Duration::from_secs(1);
/// How often an order is said when nobody answers.
const GIVE_TRIES_MAX: u32 = 3;
/// States after which nothing more is to be expected.
const SETTLED: [&str; 6] = ["succeeded", "failed", "rejected", "timed_out", "expired", "canceled"];

pub(crate) async fn run(client: &Client, format: Format, verb: Commands) -> Result<Code, Failure> {
    match verb {
        Commands::Send(send) => order(client, format, &send).await,
        Commands::Verbs => verbs(client, format).await,
        Commands::List { terminal, open, limit } => {
            let mut path = format!("{PATH}?limit={}", limit.min(500));
            if let Some(terminal) = terminal {
                path.push_str(&format!("&terminal={}", encode(&terminal)));
            }
            if open {
                path.push_str("&open=true");
            }
            let items = client.list(&path, limit as usize).await?;
            table(format, &items);
            Ok(Code::Ok)
        }
        Commands::Show { id } => {
            let command = client.get(&format!("{PATH}/{}", encode(&id))).await?;
            show(format, &command);
            Ok(Code::Ok)
        }
        Commands::Cancel { id } => {
            let command = client.post(&format!("{PATH}/{}/cancel", encode(&id)), &json!({}), &[]).await?;
            if cancel_asked(&command) {
                output::say(&format!(
                    "{} has it already and is asked to leave it; see what came of it with: migradoctl commands show {id}",
                    output::text(&command["terminal"])
                ));
            }
            show(format, &command);
            Ok(Code::Ok)
        }
        Commands::Logs { id } => {
            output::line(client.text(&format!("{PATH}/{}/logs", encode(&id))).await?.trim_end());
            Ok(Code::Ok)
        }
    }
}

async fn verbs(client: &Client, format: Format) -> Result<Code, Failure> {
    let all = client.get("/api/v1/verbs").await?;
    let rows: Vec<Vec<String>> = all
        .as_array()
        .into_iter()
        .flatten()
        .map(|v| {
            let waits = if v["disturbs_session"] == true { "waits for the visitor" } else { "at once" };
            vec![output::text(&v["verb"]), waits.to_owned(), output::sentence(&v["effect"])]
        })
        .collect();
    output::rows(format, &["verb", "when", "effect"], &rows, &all);
    Ok(Code::Ok)
}

/// Preview, confirmation, order, and the display's word.
async fn order(client: &Client, format: Format, send: &Send) -> Result<Code, Failure> {
    let mut body = json!({ "terminals": targets(send), "order": order_of(send)? });
    if let Some(reason) = &send.force {
        body["force_reason"] = json!(reason);
    }
    let preview = client.post(&format!("{PATH}/preview"), &body, &[]).await?;
    let applies = preview["applies"].as_array().map_or(0, Vec::len);
    say_preview(&preview);
    if send.dry_run {
        if format == Format::Json {
            output::line(&serde_json::to_string_pretty(&preview).unwrap_or_default());
        }
        return Ok(Code::Ok);
    }
    if applies == 0 {
        let code = if all_unknown(&preview) { Code::NotFound } else { Code::Failed };
        return Err(Failure::new(code, "there is no display for which this can be ordered"));
    }
    let disturbs = preview["disturbs_sessions"].as_u64().unwrap_or(0);
    let risky =
        applies > 1 || send.force.is_some() || matches!(send.verb.as_str(), "reboot" | "set_out_of_service");
    if risky && !send.yes {
        let visitors = match disturbs {
            0 => String::new(),
            1 => " A visitor is sitting there.".to_owned(),
            n => format!(" {n} visitors are sitting there."),
        };
        let displays = if applies == 1 { "one display".to_owned() } else { format!("{applies} displays") };
        if !output::confirm(&format!("Order {} for {displays}?{visitors}", send.verb))? {
            return Err(Failure::failed("nothing was ordered"));
        }
    }
    for (name, value) in [("start_by_s", send.start_by_s), ("finish_by_s", send.finish_by_s)] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    if let Some(reason) = &send.reason {
        body["reason"] = json!(reason);
    }
    let commands = give(client, &body).await?;
    let code = match send.wait {
        Some(seconds) => follow(client, format, &commands, Duration::from_secs(seconds)).await?,
        None => {
            table(format, &commands);
            Code::Ok
        }
    };
    let skipped = preview["skipped"].as_array().is_some_and(|skipped| !skipped.is_empty());
    Ok(if skipped && code == Code::Ok { Code::Partial } else { code })
}

/// Whether every display that was named is one that does not exist.
fn all_unknown(preview: &Value) -> bool {
    let skipped = preview["skipped"].as_array().map(Vec::as_slice).unwrap_or_default();
    !skipped.is_empty() && skipped.iter().all(|skipped| skipped["code"] == "not_found")
}

/// Gives the order, once, however often it has to be said: the key makes a repetition known.
async fn give(client: &Client, body: &Value) -> Result<Vec<Value>, Failure> {
    let key = uuid::Uuid::now_v7().to_string();
    let mut tries = 0;
    loop {
        tries += 1;
        match client.post(PATH, body, &[("Idempotency-Key", &key)]).await {
            Ok(batch) => return Ok(batch["commands"].as_array().cloned().unwrap_or_default()),
            Err(failure) if failure.unanswered && tries < GIVE_TRIES_MAX => {
                output::say(&format!("{}; saying it again", failure.message));
                sleep_until(Instant::now() + FOLLOW_PERIOD).await;
            }
            Err(failure) if failure.unanswered => {
                let message = format!(
                    "{}; whether the order was taken is not known: see `migradoctl commands list --open`",
                    failure.message
                );
                return Err(Failure::new(Code::TimedOut, message));
            }
            Err(failure) => return Err(failure),
        }
    }
}

fn targets(send: &Send) -> Value {
    match (&send.site, send.all) {
        (Some(site), _) => json!({ "site": site }),
        (None, true) => json!("all"),
        (None, false) => json!(send.terminals),
    }
}

fn order_of(send: &Send) -> Result<Value, Failure> {
    let verb = send.verb.replace('-', "_");
    let mut order = json!({ "verb": verb });
    match verb.as_str() {
        "restart_service" => {
            let unit = send.unit.as_ref().ok_or_else(|| Failure::usage("restart_service needs --unit"))?;
            order["unit"] = json!(unit);
        }
        "identify" => order["seconds"] = json!(send.seconds.unwrap_or(30)),
        "collect_logs" => order["since_s"] = json!(send.since_s.unwrap_or(3600)),
        "set_out_of_service" => {
            let reason =
                send.reason.as_ref().ok_or_else(|| Failure::usage("set_out_of_service needs --reason"))?;
            order["reason"] = json!(reason);
        }
        _ => {}
    }
    Ok(order)
}

fn say_preview(preview: &Value) {
    output::say(&output::sentence(&preview["effect"]));
    for applies in preview["applies"].as_array().into_iter().flatten() {
        let note = if applies["note"].is_object() {
            format!(": {}", output::sentence(&applies["note"]))
        } else {
            String::new()
        };
        output::say(&format!("  {}{note}", output::text(&applies["terminal"])));
    }
    for skipped in preview["skipped"].as_array().into_iter().flatten() {
        output::say(&format!(
            "  not {}: {}",
            output::text(&skipped["terminal"]),
            output::sentence(&skipped["reason"])
        ));
    }
}

/// Looks at the orders until all are settled or the time is over.
async fn follow(client: &Client, format: Format, issued: &[Value], limit: Duration) -> Result<Code, Failure> {
    let deadline = Instant::now() + limit;
    let mut now: BTreeMap<String, Value> =
        issued.iter().map(|c| (output::text(&c["id"]), c.clone())).collect();
    let settled = |c: &Value| SETTLED.contains(&c["state"].as_str().unwrap_or_default());
    loop {
        let open: Vec<String> = now.iter().filter(|(_, c)| !settled(c)).map(|(id, _)| id.clone()).collect();
        if open.is_empty() || Instant::now() >= deadline {
            break;
        }
        sleep_until((Instant::now() + FOLLOW_PERIOD).min(deadline)).await;
        for id in open {
            let command = match client.get(&format!("{PATH}/{}", encode(&id))).await {
                Ok(command) => command,
                // The order goes on whether or not somebody sees it.
                Err(failure) if failure.unanswered => {
                    output::say(&format!("{id}: {}; looking again", failure.message));
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            let was = now.insert(id, command.clone()).unwrap_or(Value::Null);
            if was["state"] != command["state"] {
                output::say(&format!(
                    "{}: {}",
                    output::text(&command["terminal"]),
                    output::text(&command["state"])
                ));
            }
        }
    }
    let commands: Vec<Value> = now.into_values().collect();
    table(format, &commands);
    Ok(outcome(&commands))
}

/// The exit code of some followed orders.
fn outcome(commands: &[Value]) -> Code {
    let count = |states: &[&str]| {
        commands.iter().filter(|c| states.contains(&c["state"].as_str().unwrap_or_default())).count()
    };
    let succeeded = count(&["succeeded"]);
    let refused = count(&["failed", "rejected", "expired", "canceled"]);
    match (succeeded, refused) {
        (s, _) if s == commands.len() => Code::Ok,
        (0, r) if r == commands.len() => Code::Failed,
        (s, r) if s + r == commands.len() => Code::Partial,
        _ => Code::TimedOut,
    }
}

/// Whether it was asked to be taken back and the display has not said anything to that.
fn cancel_asked(command: &Value) -> bool {
    command["cancel_requested"] == true && !SETTLED.contains(&command["state"].as_str().unwrap_or_default())
}

fn table(format: Format, commands: &[Value]) {
    let rows: Vec<Vec<String>> = commands
        .iter()
        .map(|c| {
            let said = if c["detail"].is_string() { &c["detail"] } else { &c["rejection"] };
            let said = if cancel_asked(c) { &json!("asked to be taken back") } else { said };
            vec![
                output::text(&c["id"]),
                output::text(&c["terminal"]),
                output::text(&c["order"]["verb"]),
                output::text(&c["state"]),
                output::moment(&c["issued_ms"]),
                output::text(&c["by"]),
                output::text(said),
            ]
        })
        .collect();
    let head = ["command", "terminal", "verb", "state", "issued", "by", "said"];
    output::rows(format, &head, &rows, &json!({ "items": commands }));
}

fn show(format: Format, command: &Value) {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for name in ["id", "terminal", "state", "by", "rejection", "detail", "force_reason", "reason"] {
        pairs.push((name.replace('_', " "), output::text(&command[name])));
    }
    pairs.insert(2, ("order".to_owned(), command["order"].to_string()));
    for name in ["issued_ms", "start_by_ms", "finish_by_ms", "waits_until_ms"] {
        pairs.push((name.trim_end_matches("_ms").replace('_', " "), output::moment(&command[name])));
    }
    if cancel_asked(command) {
        pairs.push(("cancel".to_owned(), "asked, the display has not answered".to_owned()));
    }
    for step in command["history"].as_array().into_iter().flatten() {
        let said = format!(
            "{} by {} {}",
            output::text(&step["state"]),
            output::text(&step["by"]),
            step["detail"].as_str().unwrap_or_default()
        );
        pairs.push((output::moment(&step["at_ms"]), said.trim_end().to_owned()));
    }
    output::pairs(format, &pairs, command);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_tells_what_came_of_all() {
        let of = |states: &[&str]| outcome(&states.iter().map(|s| json!({ "state": s })).collect::<Vec<_>>());
        assert_eq!(of(&["succeeded", "succeeded"]), Code::Ok);
        assert_eq!(of(&["rejected"]), Code::Failed);
        assert_eq!(of(&["succeeded", "failed"]), Code::Partial);
        assert_eq!(of(&["succeeded", "running"]), Code::TimedOut);
        assert_eq!(of(&["timed_out"]), Code::TimedOut);
    }

    #[test]
    fn displays_that_do_not_exist_are_not_found_and_others_are_a_failure() {
        let of = |codes: &[&str]| {
            let skipped: Vec<Value> = codes.iter().map(|code| json!({ "code": code })).collect();
            all_unknown(&json!({ "skipped": skipped }))
        };
        assert!(of(&["not_found"]) && of(&["not_found", "not_found"]));
        assert!(!of(&["not_found", "not_enrolled"]) && !of(&[]));
    }

    #[test]
    fn a_wish_to_take_back_is_open_until_the_order_is_settled() {
        let of = |state, asked| cancel_asked(&json!({ "state": state, "cancel_requested": asked }));
        assert!(of("sent", true) && of("accepted", true) && of("running", true));
        assert!(!of("sent", false) && !of("canceled", true) && !of("succeeded", true));
    }
}
