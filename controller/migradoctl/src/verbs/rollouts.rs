//! `migradoctl rollouts`: list, preview, start, show, watch, approve, pause, resume, cancel, back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::Format;
use crate::cli::rollouts::{Rollouts, Wanted};
use crate::client::{Client, encode};
use crate::exit::{Code, Failure};
use crate::{output, progress};

const PATH: &str = "/api/v1/rollouts";
/// How often a followed rollout is looked at.
const FOLLOW_PERIOD: Duration = Duration::from_secs(1);
/// Characters of a bar.
const BAR: usize = 20;

pub(crate) async fn run(client: &Client, format: Format, verb: Rollouts) -> Result<Code, Failure> {
    match verb {
        Rollouts::List => list(client, format).await,
        Rollouts::Preview(wanted) => {
            let plan = client.post(&format!("{PATH}/preview"), &request(&wanted)?, &[]).await?;
            show_plan(format, &plan);
            Ok(if plan["solvable"] == true { Code::Ok } else { Code::Conflict })
        }
        Rollouts::Start { wanted, yes, watch } => start(client, format, &wanted, yes, watch).await,
        Rollouts::Show { id } => {
            let rollout = client.get(&at(&id, "")).await?;
            show(format, &rollout);
            Ok(Code::Ok)
        }
        Rollouts::Watch { id } => follow(client, format, &id).await,
        Rollouts::Approve { id, yes } => {
            let rollout = client.get(&at(&id, "")).await?;
            let displays = rollout["displays"].as_array().map_or(0, Vec::len);
            let question = format!(
                "Approve \"{}\": {} on {displays} displays, started by {}?",
                output::text(&rollout["title"]),
                output::text(&rollout["release"]),
                output::text(&rollout["started_by"]),
            );
            sure(yes, &question)?;
            as_read(client, format, &rollout, "approve").await
        }
        Rollouts::Pause { id } => wish(client, format, &id, "pause").await,
        Rollouts::Resume { id } => wish(client, format, &id, "resume").await,
        Rollouts::Cancel { id, yes } => {
            sure(yes, "End the rollout? What has changed stays.")?;
            wish(client, format, &id, "cancel").await
        }
        Rollouts::Back { id, yes } => {
            sure(yes, "Take the rollout back? Every display gets again what it had.")?;
            wish(client, format, &id, "back").await
        }
    }
}

fn at(id: &str, verb: &str) -> String {
    format!("{PATH}/{}{verb}", encode(id))
}

fn sure(yes: bool, question: &str) -> Result<(), Failure> {
    if yes || output::confirm(question)? { Ok(()) } else { Err(Failure::failed("nothing was done")) }
}

async fn wish(client: &Client, format: Format, id: &str, verb: &str) -> Result<Code, Failure> {
    let rollout = client.post(&at(id, &format!("/{verb}")), &json!({}), &[]).await?;
    show(format, &rollout);
    Ok(Code::Ok)
}

/// Does something to the rollout that was read, and to no later one.
async fn as_read(client: &Client, format: Format, rollout: &Value, verb: &str) -> Result<Code, Failure> {
    let tag = format!("\"{}\"", output::text(&rollout["revision"]));
    let path = at(&output::text(&rollout["id"]), &format!("/{verb}"));
    let rollout = client.post(&path, &json!({}), &[("If-Match", &tag)]).await?;
    show(format, &rollout);
    Ok(Code::Ok)
}

async fn list(client: &Client, format: Format) -> Result<Code, Failure> {
    let answer = client.get(PATH).await?;
    let rows: Vec<Vec<String>> = answer["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| {
            vec![
                output::text(&r["id"]),
                output::text(&r["title"]),
                output::text(&r["release"]),
                output::text(&r["state"]),
                counts(&r["counts"]),
                output::moment(&r["since_ms"]),
                output::text(&r["made_by"]),
                if r["reason"].is_object() { output::sentence(&r["reason"]["text"]) } else { "-".to_owned() },
            ]
        })
        .collect();
    let head = ["rollout", "title", "release", "state", "displays", "since", "by", "why"];
    output::rows(format, &head, &rows, &answer);
    Ok(Code::Ok)
}

fn counts(counts: &Value) -> String {
    let parts = counts.as_object().into_iter().flatten().map(|(state, n)| format!("{n} {state}"));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

async fn start(
    client: &Client,
    format: Format,
    wanted: &Wanted,
    yes: bool,
    watch: bool,
) -> Result<Code, Failure> {
    let body = request(wanted)?;
    let plan = client.post(&format!("{PATH}/preview"), &body, &[]).await?;
    say_plan(&plan);
    if plan["solvable"] != true {
        return Err(Failure::new(Code::Conflict, "the plan is impossible; nothing was started"));
    }
    let part = plan["displays"].as_array().into_iter().flatten().filter(|d| d["wave"].is_u64()).count();
    sure(yes, &format!("Bring {} to {part} displays?", wanted.release))?;
    let key = uuid::Uuid::now_v7().to_string();
    let made = client.post(PATH, &body, &[("Idempotency-Key", &key)]).await?;
    if watch {
        as_read(client, Format::Name, &made, "start").await?;
        return follow(client, format, &output::text(&made["id"])).await;
    }
    as_read(client, format, &made, "start").await
}

/// The request of these words.
fn request(wanted: &Wanted) -> Result<Value, Failure> {
    let defaults = ["1", "25%", "rest"].map(str::to_owned);
    let waves = if wanted.waves.is_empty() { &defaults[..] } else { &wanted.waves };
    let errors = match wanted.errors.strip_suffix('%') {
        Some(percent) => json!({ "percent": number(percent)? }),
        None => json!({ "count": number(&wanted.errors)? }),
    };
    let waves = waves.iter().enumerate().map(|(n, who)| {
        Ok(json!({
            "name": who,
            "who": who_of(who)?,
            "success_percent": wanted.success,
            "errors_max": errors,
            "observe_s": wanted.observe_s,
            "pause_after": wanted.pause_after_first && n == 0,
        }))
    });
    let waves: Vec<Value> = waves.collect::<Result<_, Failure>>()?;
    let targets = match (&wanted.site, wanted.terminals.is_empty()) {
        (Some(site), _) => json!({ "site": site }),
        (None, false) => json!(wanted.terminals),
        (None, true) => json!("all"),
    };
    Ok(json!({
        "title": wanted.title.as_ref().unwrap_or(&wanted.release),
        "release": wanted.release,
        "terminals": targets,
        "waves": waves,
        "start_ms": wanted.not_before.map(jiff::Timestamp::as_millisecond),
        "throttle_bytes_s": wanted.throttle,
        "wait_at_most_s": wanted.wait_at_most_s,
        "allow_single": wanted.allow_single,
    }))
}

fn number(text: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| Failure::usage(format!("\"{text}\" is not a number")))
}

fn who_of(text: &str) -> Result<Value, Failure> {
    if let Some((kind, name)) = text.split_once(':') {
        return match kind {
            "site" | "label" => Ok(json!({ kind: name })),
            "terminals" => Ok(json!({ "terminals": name.split(',').collect::<Vec<_>>() })),
            _ => Err(Failure::usage(format!("\"{text}\" is no wave: use site:, label: or terminals:"))),
        };
    }
    match (text, text.strip_suffix('%')) {
        ("rest", _) => Ok(json!("rest")),
        (_, Some(percent)) => Ok(json!({ "percent": number(percent)? })),
        _ => Ok(json!({ "count": number(text)? })),
    }
}

fn why(reason: &Value) -> String {
    if !reason.is_object() {
        return "-".to_owned();
    }
    let sentence = output::sentence(&reason["text"]);
    match (reason["since_ms"].is_i64(), reason["at_ms"].is_i64()) {
        (true, true) => format!(
            "{sentence} (since {}, at the latest {})",
            output::moment(&reason["since_ms"]),
            output::moment(&reason["at_ms"])
        ),
        (_, true) => format!("{sentence} ({})", output::moment(&reason["at_ms"])),
        _ => sentence,
    }
}

fn wave_of(item: &Value) -> String {
    item["wave"].as_u64().map_or("-".to_owned(), |n| (n + 1).to_string())
}

fn show_plan(format: Format, plan: &Value) {
    say_waves(plan);
    let rows: Vec<Vec<String>> = plan["displays"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|d| {
            vec![
                output::text(&d["terminal"]),
                output::text(&d["site"]),
                wave_of(d),
                output::moment(&d["download_ms"]),
                output::moment(&d["activate_ms"]),
                why(&d["reason"]),
            ]
        })
        .collect();
    let head = ["terminal", "site", "wave", "fetches from", "in service from", "why"];
    output::rows(format, &head, &rows, plan);
}

fn say_waves(plan: &Value) {
    for (n, wave) in plan["waves"].as_array().into_iter().flatten().enumerate() {
        output::say(&format!(
            "wave {}, {}: {} displays, from {}",
            n + 1,
            output::text(&wave["name"]),
            output::text(&wave["displays"]),
            output::moment(&wave["from_ms"]),
        ));
    }
    for obstacle in plan["obstacles"].as_array().into_iter().flatten() {
        output::say(&format!(
            "impossible: {}: {}",
            output::text(&obstacle["terminal"]),
            why(&obstacle["reason"])
        ));
    }
    if plan["four_eyes"] == true {
        output::say("somebody else has to approve it");
    }
}

fn say_plan(plan: &Value) {
    say_waves(plan);
    for display in plan["displays"].as_array().into_iter().flatten().filter(|d| d["reason"].is_object()) {
        output::say(&format!("  {}: {}", output::text(&display["terminal"]), why(&display["reason"])));
    }
}

fn show(format: Format, rollout: &Value) {
    if matches!(format, Format::Table) {
        say_state(rollout);
    }
    if matches!(format, Format::Name) {
        output::line(&output::text(&rollout["id"]));
        return;
    }
    let rows: Vec<Vec<String>> = rollout["displays"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|d| {
            vec![
                output::text(&d["terminal"]),
                wave_of(d),
                output::text(&d["state"]),
                output::moment(&d["since_ms"]),
                progress::download(&d["download"]),
                why(&d["reason"]),
            ]
        })
        .collect();
    output::rows(format, &["terminal", "wave", "state", "since", "download", "why"], &rows, rollout);
}

fn say_state(rollout: &Value) {
    output::say(&format!(
        "{} ({}): {} {} since {}{}",
        output::text(&rollout["title"]),
        output::text(&rollout["id"]),
        output::text(&rollout["release"]),
        output::text(&rollout["state"]),
        output::moment(&rollout["since_ms"]),
        if rollout["reason"].is_object() { format!(": {}", why(&rollout["reason"])) } else { String::new() },
    ));
    rollout["waves"].as_array().into_iter().flatten().for_each(|wave| output::say(&bar(wave)));
}

/// How far each download is, a line each.
fn downloads(rollout: &Value) -> Vec<String> {
    let fetch = rollout["displays"].as_array().into_iter().flatten().filter(|d| d["download"].is_object());
    fetch
        .map(|d| format!("    {} {}", output::text(&d["terminal"]), progress::download(&d["download"])))
        .collect()
}

/// A wave as a bar.
fn bar(wave: &Value) -> String {
    let n = |name: &str| usize::try_from(wave[name].as_u64().unwrap_or(0)).unwrap_or(0);
    let (of, confirmed, errors) = (n("displays"), n("confirmed"), n("errors"));
    let part = |n: usize| (n * BAR).checked_div(of).unwrap_or(0).min(BAR);
    let (good, bad) = (part(confirmed), part(errors));
    let rest = BAR.saturating_sub(good + bad);
    format!(
        "  [{}{}{}] {:9} {confirmed} of {of} confirmed, {errors} errors: {}",
        "#".repeat(good),
        "!".repeat(bad),
        ".".repeat(rest),
        output::text(&wave["state"]),
        output::text(&wave["name"]),
    )
}

/// Whether nothing more happens without a person, and how that ends a call.
fn end(state: &str) -> Option<Code> {
    match state {
        "completed" => Some(Code::Ok),
        "canceled" | "rolled_back" => Some(Code::Failed),
        "paused" | "draft" | "awaiting_approval" => Some(Code::Partial),
        _ => None,
    }
}

async fn follow(client: &Client, format: Format, id: &str) -> Result<Code, Failure> {
    let (mut told, mut told_of) = (Value::Null, Vec::new());
    loop {
        match client.get(&at(id, "")).await {
            Ok(rollout) => {
                let now = json!([rollout["state"], rollout["waves"], rollout["reason"]]);
                let end = end(rollout["state"].as_str().unwrap_or_default());
                let fetches = downloads(&rollout);
                if fetches != told_of {
                    fetches.iter().for_each(|line| output::say(line));
                    told_of = fetches;
                }
                // A table says by itself how it ended.
                if now != told && (end.is_none() || format != Format::Table) {
                    say_state(&rollout);
                    told = now;
                }
                if let Some(code) = end {
                    show(format, &rollout);
                    return Ok(code);
                }
            }
            // The rollout goes on whether or not somebody sees it.
            Err(failure) if failure.unanswered => output::say(&format!("{}; looking again", failure.message)),
            Err(failure) => return Err(failure),
        }
        tokio::time::sleep(FOLLOW_PERIOD).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_a_number_a_percentage_a_place_or_the_rest() {
        for (text, expected) in [
            ("1", json!({"count": 1})),
            ("25%", json!({"percent": 25})),
            ("site:fp", json!({"site": "fp"})),
            ("label:wheelchair", json!({"label": "wheelchair"})),
            ("terminals:a,b", json!({"terminals": ["a", "b"]})),
            ("rest", json!("rest")),
        ] {
            assert_eq!(who_of(text).unwrap(), expected, "{text}");
        }
        for wrong in ["", "x", "x%", "floor:3", "-1"] {
            assert_eq!(who_of(wrong).unwrap_err().code, Code::Usage, "{wrong}");
        }
    }

    #[test]
    fn a_bar_has_its_length_whatever_the_wave_has() {
        for (displays, confirmed, errors) in [(0, 0, 0), (3, 1, 1), (3, 3, 0), (7, 0, 7)] {
            let wave = json!({"displays": displays, "confirmed": confirmed, "errors": errors, "name": "w"});
            let text = bar(&wave);
            let inner = text.split(['[', ']']).nth(1).unwrap();
            assert_eq!(inner.chars().count(), BAR, "{text}");
        }
    }
}
