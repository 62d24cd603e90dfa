//! `migradoctl fleet`: counts by status, and what needs somebody now.

use serde_json::Value;

use crate::cli::Format;
use crate::client::Client;
use crate::exit::{Code, Failure};
use crate::output;

/// In the order of urgency.
pub(crate) const STATUSES: [&str; 7] = ["fault", "offline", "warning", "maintenance", "off", "unknown", "ok"];

pub(crate) async fn show(client: &Client, format: Format) -> Result<Code, Failure> {
    let fleet = client.get("/api/v1/fleet").await?;
    let now_ms = fleet["now_ms"].as_i64().unwrap_or_default();
    let counts = |of: &Value| -> Vec<String> {
        STATUSES.iter().map(|s| of[*s].as_u64().unwrap_or(0).to_string()).collect()
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for site in fleet["sites"].as_array().into_iter().flatten() {
        rows.push(
            [vec![output::text(&site["id"]), output::text(&site["name"])], counts(&site["counts"])].concat(),
        );
    }
    output::rows(format, &[&["site", "name"], &STATUSES[..]].concat(), &rows, &fleet);
    if format == Format::Table {
        for important in fleet["important"].as_array().into_iter().flatten() {
            let whom =
                if important["terminal"].is_string() { &important["terminal"] } else { &important["site"] };
            let why = &important["why"];
            output::line(&format!(
                "\n{}: {} ({})\n  {}",
                output::text(whom),
                output::sentence(&why["text"]),
                output::age(&why["since_ms"], now_ms),
                output::sentence(&why["next_step"])
            ));
        }
    }
    Ok(Code::Ok)
}
