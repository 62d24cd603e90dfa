//! `migradoctl calendar`: when sites are open and when their displays may be changed; shown, listed by
//! day, replaced by a file, taken back to the configuration's.

use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::Value;

use crate::cli::{Calendar, Format};
use crate::client::{Client, encode};
use crate::exit::{Code, Failure};
use crate::output;

/// The zone of all sites.
const ZONE: &str = "Europe/Berlin";
/// Days that are listed when nobody says how many: four weeks.
const DAYS: i32 = 28;
/// Bytes of a file: what the controller takes at most.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

pub(crate) async fn run(client: &Client, format: Format, verb: Calendar) -> Result<Code, Failure> {
    match verb {
        Calendar::Show { site, yaml } => {
            let said = client.get(&path(&site)).await?;
            if yaml { as_file(&said["calendar"]) } else { show(format, &said) }
        }
        Calendar::Days { site, from, to } => days(client, format, &site, from, to).await,
        Calendar::Set { site, file } => {
            let said = client.put(&path(&site), &read(&file)?).await?;
            show(format, &said)
        }
        Calendar::Reset { site, yes } => {
            let question = format!("Go back to the calendar that the configuration has for {site}?");
            if !yes && !output::confirm(&question)? {
                return Err(Failure::failed("nothing was done"));
            }
            show(format, &client.delete(&path(&site)).await?)
        }
    }
}

fn path(site: &str) -> String {
    format!("/api/v1/sites/{}/calendar", encode(site))
}

fn as_file(calendar: &Value) -> Result<Code, Failure> {
    let text = serde_yaml::to_string(calendar)
        .map_err(|error| Failure::failed(format!("the calendar cannot be written as YAML: {error}")))?;
    output::line(text.trim_end());
    Ok(Code::Ok)
}

/// The file of a calendar; what it says is the controller's to judge.
fn read(file: &Path) -> Result<Value, Failure> {
    let name = file.display();
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {name}: {error}"));
    let size = std::fs::metadata(file).map_err(cannot)?.len();
    if size > FILE_BYTES_MAX {
        return Err(Failure::usage(format!("{name} has {size} bytes, more than {FILE_BYTES_MAX}")));
    }
    let text = std::fs::read_to_string(file).map_err(cannot)?;
    let value: Value = serde_yaml::from_str(&text)
        .map_err(|error| Failure::usage(format!("{name} is not YAML: {error}")))?;
    if !value.is_object() {
        return Err(Failure::usage(format!(
            "{name} has no calendar: write what `migradoctl calendar show SITE --yaml` prints"
        )));
    }
    Ok(value)
}

fn show(format: Format, said: &Value) -> Result<Code, Failure> {
    let from = match said["changed_by"].as_str() {
        Some(by) => format!("console ({by}, {})", output::moment(&said["changed_ms"])),
        None => output::text(&said["from"]),
    };
    let mut pairs = vec![
        ("site".to_owned(), output::text(&said["site"])),
        ("from".to_owned(), from),
        ("now".to_owned(), output::sentence(&said["now"]["text"])),
    ];
    for window in said["windows"].as_array().into_iter().flatten() {
        let open = if window["open"] == true { "open" } else { "not open" };
        let words = format!("{open} ({})", output::sentence(&window["text"]));
        pairs.push((output::text(&window["kind"]), words));
    }
    let calendar = &said["calendar"];
    for (day, hours) in calendar["opening_hours"].as_object().into_iter().flatten() {
        pairs.push((day.clone(), spans(hours)));
    }
    for special in calendar["special_days"].as_array().into_iter().flatten() {
        let hours = spans(&special["hours"]);
        let hours = if hours.is_empty() { "closed" } else { &hours };
        pairs.push((
            output::text(&special["date"]),
            format!("{hours} ({})", output::text(&special["reason"])),
        ));
    }
    for closure in calendar["closures"].as_array().into_iter().flatten() {
        let [from, until, reason] = ["from", "until", "reason"].map(|key| output::text(&closure[key]));
        pairs.push((format!("{from} to {until}"), format!("closed ({reason})")));
    }
    output::pairs(format, &pairs, said);
    Ok(Code::Ok)
}

fn spans(hours: &Value) -> String {
    let all: Vec<String> = hours.as_array().into_iter().flatten().map(output::text).collect();
    all.join(", ")
}

async fn days(
    client: &Client,
    format: Format,
    site: &str,
    from: Option<Date>,
    to: Option<Date>,
) -> Result<Code, Failure> {
    let from = match from {
        Some(from) => from,
        None => {
            let now = jiff::Timestamp::now().in_tz(ZONE);
            now.map_err(|error| Failure::failed(format!("the zone {ZONE} is not known here: {error}")))?
                .date()
        }
    };
    let to = to.or_else(|| from.checked_add((DAYS - 1).days()).ok()).unwrap_or(from);
    let said = client.get(&format!("{}/days?from={from}&to={to}", path(site))).await?;
    let rows: Vec<Vec<String>> = said["days"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|day| {
            let weekday =
                output::text(&day["date"]).parse::<Date>().map(|date| date.strftime("%a").to_string());
            let reason =
                if day["reason"].is_null() { "-".to_owned() } else { output::sentence(&day["reason"]) };
            vec![
                output::text(&day["date"]),
                weekday.unwrap_or_default(),
                output::text(&day["kind"]),
                placed(&day["open"]),
                window(day, "activate"),
                window(day, "restart"),
                reason,
            ]
        })
        .collect();
    output::rows(format, &["date", "day", "kind", "open", "activate", "restart", "why"], &rows, &said);
    Ok(Code::Ok)
}

fn window(day: &Value, kind: &str) -> String {
    let windows = day["windows"].as_array().into_iter().flatten();
    windows.filter(|window| window["kind"] == kind).map(|window| placed(&window["spans"])).collect()
}

fn placed(spans: &Value) -> String {
    let span = |span: &Value| format!("{}-{}", output::text(&span["from"]), output::text(&span["until"]));
    let all: Vec<String> = spans.as_array().into_iter().flatten().map(span).collect();
    if all.is_empty() { "-".to_owned() } else { all.join(", ") }
}
