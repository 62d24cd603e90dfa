//! `migradoctl audit`: who did what, and whether that is still all of it.

use serde_json::json;

use crate::cli::Format;
use crate::client::Client;
use crate::exit::{Code, Failure};
use crate::output;

pub(crate) async fn list(client: &Client, format: Format, limit: u32) -> Result<Code, Failure> {
    let items = client.list(&format!("/api/v1/audit?limit={}", limit.min(500)), limit as usize).await?;
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|e| {
            vec![
                output::moment(&e["at_ms"]),
                output::text(&e["actor"]),
                output::text(&e["action"]),
                output::text(&e["object"]),
                output::text(&e["result"]),
                output::text(&e["detail"]),
            ]
        })
        .collect();
    output::rows(
        format,
        &["at", "actor", "action", "object", "result", "detail"],
        &rows,
        &json!({ "items": items }),
    );
    Ok(Code::Ok)
}

pub(crate) async fn verify(client: &Client, format: Format) -> Result<Code, Failure> {
    let said = client.get("/api/v1/audit/verification").await?;
    let whole = said["ok"] == true;
    let pairs = ["ok", "row", "what"].map(|name| (name.to_owned(), output::text(&said[name])));
    output::pairs(format, &pairs, &said);
    if !whole {
        output::say("The audit log was changed: keep a copy of the database and find out by whom.");
    }
    Ok(if whole { Code::Ok } else { Code::Failed })
}
