//! `migradoctl schedules`: recurring and dated orders; listed, shown with their runs, made, paused,
//! resumed, removed.

use serde_json::{Value, json};

use crate::cli::{AddSchedule, Format, Schedules};
use crate::client::{Client, encode};
use crate::exit::{Code, Failure};
use crate::output;

const PATH: &str = "/api/v1/schedules";

pub(crate) async fn run(client: &Client, format: Format, verb: Schedules) -> Result<Code, Failure> {
    match verb {
        Schedules::List => list(client, format).await,
        Schedules::Show { id, limit } => show(client, format, &id, limit).await,
        Schedules::Add(wish) => {
            let made = client.post(PATH, &plan(&wish), &[]).await?;
            one(format, &made);
            Ok(Code::Ok)
        }
        Schedules::Pause { id } => rest(client, format, &id, "pause").await,
        Schedules::Resume { id } => rest(client, format, &id, "resume").await,
        Schedules::Remove { id, yes } => {
            let question = format!("Remove the scheduled order {id} with the record of its runs?");
            if !yes && !output::confirm(&question)? {
                return Err(Failure::failed("nothing was done"));
            }
            client.delete(&path(&id)).await?;
            Ok(Code::Ok)
        }
    }
}

fn path(id: &str) -> String {
    format!("{PATH}/{}", encode(id))
}

async fn rest(client: &Client, format: Format, id: &str, verb: &str) -> Result<Code, Failure> {
    let said = client.post(&format!("{}/{verb}", path(id)), &json!({}), &[]).await?;
    one(format, &said);
    Ok(Code::Ok)
}

/// The wish as the API takes it.
fn plan(wish: &AddSchedule) -> Value {
    let mut order = json!({"verb": wish.verb});
    let arguments = [
        ("unit", wish.unit.as_ref().map(|unit| json!(unit))),
        ("seconds", wish.seconds.map(|seconds| json!(seconds))),
        ("since_s", wish.since_s.map(|seconds| json!(seconds))),
        ("reason", wish.reason.as_ref().map(|reason| json!(reason))),
    ];
    for (name, value) in arguments {
        if let Some(value) = value {
            order[name] = value;
        }
    }
    let terminals = match (&wish.site, &wish.label) {
        (Some(site), _) => json!({ "site": site }),
        (_, Some(label)) => json!({ "label": label }),
        _ if wish.all => json!("all"),
        _ => json!(wish.terminals),
    };
    let when = match (&wish.cron, &wish.at) {
        (Some(cron), _) => json!({ "cron": cron }),
        (None, at) => json!({ "at": at }),
    };
    json!({
        "name": wish.name, "when": when, "terminals": terminals, "order": order,
        "only_when": wish.only_when, "grace_minutes": wish.grace_minutes,
    })
}

fn when(schedule: &Value) -> String {
    let when = &schedule["when"];
    if when["cron"].is_string() { output::text(&when["cron"]) } else { output::text(&when["at"]) }
}

fn scope(schedule: &Value) -> String {
    let terminals = &schedule["terminals"];
    for (key, word) in [("site", "site"), ("label", "label with")] {
        if let Some(value) = terminals[key].as_str() {
            return format!("{word} {value}");
        }
    }
    match terminals.as_array() {
        Some(ids) => ids.iter().map(output::text).collect::<Vec<_>>().join(", "),
        None => output::text(terminals),
    }
}

/// What came of a run in a few words.
fn result(run: &Value) -> String {
    match run["state"].as_str() {
        None => "-".to_owned(),
        Some("skipped") => format!("skipped: {}", output::text(&run["reason"])),
        Some("ordered") => {
            let results = run["results"].as_array().into_iter().flatten();
            let counted =
                results.map(|r| format!("{} {}", output::text(&r["count"]), output::text(&r["state"])));
            let counted: Vec<String> = counted.collect();
            if counted.is_empty() { "ordered".to_owned() } else { counted.join(", ") }
        }
        Some(other) => other.to_owned(),
    }
}

fn next(schedule: &Value) -> String {
    if schedule["paused"] == true { "paused".to_owned() } else { output::moment(&schedule["next_ms"]) }
}

async fn list(client: &Client, format: Format) -> Result<Code, Failure> {
    let said = client.get(PATH).await?;
    let rows: Vec<Vec<String>> = said["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|schedule| {
            vec![
                output::text(&schedule["id"]),
                output::text(&schedule["name"]),
                output::text(&schedule["order"]["verb"]),
                scope(schedule),
                when(schedule),
                output::text(&schedule["only_when"]),
                next(schedule),
                result(&schedule["last"]),
            ]
        })
        .collect();
    let head = ["id", "name", "order", "displays", "when", "only when", "next", "last run"];
    output::rows(format, &head, &rows, &said);
    Ok(Code::Ok)
}

fn one(format: Format, schedule: &Value) {
    let pairs = [
        ("id".to_owned(), output::text(&schedule["id"])),
        ("name".to_owned(), output::text(&schedule["name"])),
        ("order".to_owned(), output::text(&schedule["order"]["verb"])),
        ("displays".to_owned(), scope(schedule)),
        ("when".to_owned(), when(schedule)),
        ("only when".to_owned(), output::text(&schedule["only_when"])),
        ("grace".to_owned(), format!("{} min", output::text(&schedule["grace_minutes"]))),
        ("next".to_owned(), next(schedule)),
        ("last run".to_owned(), result(&schedule["last"])),
    ];
    output::pairs(format, &pairs, schedule);
}

async fn show(client: &Client, format: Format, id: &str, limit: u32) -> Result<Code, Failure> {
    let schedule = client.get(&path(id)).await?;
    let runs = client.list(&format!("{}/runs?limit={}", path(id), limit.min(500)), limit as usize).await?;
    if format == Format::Json {
        let mut whole = schedule;
        whole["runs"] = Value::Array(runs);
        output::pairs(format, &[], &whole);
        return Ok(Code::Ok);
    }
    one(format, &schedule);
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| vec![output::moment(&run["due_ms"]), result(run), output::text(&run["missed"])])
        .collect();
    if !rows.is_empty() {
        output::line("");
        output::rows(format, &["due", "result", "missed before"], &rows, &json!({ "items": runs }));
    }
    Ok(Code::Ok)
}
