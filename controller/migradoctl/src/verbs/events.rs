//! `migradoctl events`: how everything is now; with `--watch` what changes, as it changes, resumed by
//! id after an interruption.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;

use crate::cli::{Events, Format};
use crate::client::Client;
use crate::exit::{Code, Failure};
use crate::output;
use crate::sse::{Event, Reader};

/// The stream has a comment every 10 seconds; three missed ones are a dead line.
const SILENCE: Duration = Duration::from_secs(35);
/// Wait between two tries to get the stream back.
const AGAIN: Duration = Duration::from_secs(2);

pub(crate) async fn run(client: &Client, format: Format, events: &Events) -> Result<Code, Failure> {
    if events.watch { watch(client, format, events).await } else { now(client, format, events).await }
}

/// The present state as the events that would tell it: every display, and every open order.
async fn now(client: &Client, format: Format, events: &Events) -> Result<Code, Failure> {
    let lists =
        [("terminal", "/api/v1/terminals?limit=500"), ("command", "/api/v1/commands?open=true&limit=500")];
    for (name, path) in lists {
        for item in client.list(path, usize::MAX).await? {
            let event = Event { id: String::new(), name: name.to_owned(), data: item.to_string() };
            print(format, events, &event);
        }
    }
    Ok(Code::Ok)
}

async fn watch(client: &Client, format: Format, events: &Events) -> Result<Code, Failure> {
    let mut last_id: Option<String> = None;
    loop {
        // The very first try may fail for good (address, token); later ones are tried again.
        match client.stream(last_id.as_deref()).await {
            Ok(response) => {
                let mut stream = response.bytes_stream();
                let mut reader = Reader::default();
                while let Ok(Some(Ok(chunk))) = tokio::time::timeout(SILENCE, stream.next()).await {
                    for event in reader.feed(&chunk)? {
                        if !event.id.is_empty() {
                            last_id = Some(event.id.clone());
                        }
                        print(format, events, &event);
                    }
                }
                output::say("the stream is interrupted; trying again");
            }
            Err(failure) if last_id.is_none() || failure.code == Code::Denied => return Err(failure),
            Err(failure) => output::say(&failure.message),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn print(format: Format, events: &Events, event: &Event) {
    let data: Value = serde_json::from_str(&event.data).unwrap_or(Value::Null);
    let of = if event.name == "command" { &data["terminal"] } else { &data["id"] };
    if events.terminal.as_deref().is_some_and(|t| of.as_str() != Some(t)) {
        return;
    }
    match format {
        // One object a line, so that a program can read them as they come.
        Format::Json => {
            output::line(&serde_json::json!({"id": event.id, "event": event.name, "data": data}).to_string())
        }
        _ => output::line(&summary(event, &data)),
    }
}

fn summary(event: &Event, data: &Value) -> String {
    let cells: Vec<String> = match event.name.as_str() {
        "terminal" => vec![
            output::text(&data["id"]),
            output::text(&data["status"]),
            output::text(&data["verdict"]["level"]),
            output::text(&data["presence"]["state"]),
            data["why"].get(0).map_or(String::new(), |w| output::sentence(&w["text"])),
        ],
        "command" => vec![
            output::text(&data["terminal"]),
            output::text(&data["order"]["verb"]),
            output::text(&data["state"]),
            output::text(&data["id"]),
        ],
        "rollout" => vec![
            output::text(&data["title"]),
            output::text(&data["release"]),
            output::text(&data["state"]),
            output::text(&data["id"]),
        ],
        _ => vec![data.to_string()],
    };
    format!("{}\t{}\t{}", event.id, event.name, cells.join("\t")).trim_end().to_owned()
}
