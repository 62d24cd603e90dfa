//! `migradoctl recalls` and `migradoctl editions`: which edition is live where, and which must not be.

use serde_json::{Value, json};

use crate::cli::Format;
use crate::cli::rollouts::Recalls;
use crate::client::{Client, encode};
use crate::exit::{Code, Failure};
use crate::output;

const PATH: &str = "/api/v1/recalls";

pub(crate) async fn run(client: &Client, format: Format, verb: Recalls) -> Result<Code, Failure> {
    match verb {
        Recalls::List => list(client, format).await,
        Recalls::Add { form, edition, reason, yes } => {
            let question = format!("Recall edition {edition} of {form} on every display?");
            if !yes && !output::confirm(&question)? {
                return Err(Failure::failed("nothing was recalled"));
            }
            let body = json!({"form": form, "edition": edition, "reason": reason});
            let recall = client.post(PATH, &body, &[]).await?;
            table(format, &json!({ "items": [recall] }));
            Ok(Code::Ok)
        }
        Recalls::Lift { form, edition } => {
            client.remove(&format!("{PATH}/{}/{}", encode(&form), encode(&edition))).await?;
            output::say(&format!("edition {edition} of {form} is no longer recalled"));
            Ok(Code::Ok)
        }
    }
}

async fn list(client: &Client, format: Format) -> Result<Code, Failure> {
    table(format, &client.get(PATH).await?);
    Ok(Code::Ok)
}

/// A line for each display that has to prove a recall.
fn table(format: Format, answer: &Value) {
    let mut rows = Vec::new();
    for recall in answer["items"].as_array().into_iter().flatten() {
        for display in recall["displays"].as_array().into_iter().flatten() {
            let reason = &display["reason"];
            rows.push(vec![
                output::text(&recall["form"]),
                output::text(&recall["edition"]),
                output::text(&display["terminal"]),
                output::text(&display["state"]),
                output::moment(&display["at_ms"]),
                if reason.is_object() { output::sentence(reason) } else { "-".to_owned() },
            ]);
        }
    }
    output::rows(format, &["form", "edition", "terminal", "state", "proven", "why"], &rows, answer);
}

/// Which release and edition is live where.
pub(crate) async fn editions(client: &Client, format: Format) -> Result<Code, Failure> {
    let answer = client.get("/api/v1/editions").await?;
    let names = |list: &Value| {
        let names: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if names.is_empty() { "-".to_owned() } else { names.join(",") }
    };
    for release in answer["releases"].as_array().into_iter().flatten() {
        let said = format!("{}: {}", output::text(&release["name"]), names(&release["terminals"]));
        output::say(&said);
    }
    let rows: Vec<Vec<String>> = answer["editions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|e| {
            vec![
                output::text(&e["form"]),
                output::text(&e["edition"]),
                output::text(&e["valid_until"]),
                names(&e["releases"]),
                names(&e["live_on"]),
                names(&e["held_back_on"]),
                output::text(&e["recall"]["reason"]),
            ]
        })
        .collect();
    let head = ["form", "edition", "valid until", "releases", "live on", "held back on", "recalled"];
    output::rows(format, &head, &rows, &answer);
    Ok(Code::Ok)
}
