//! `migradoctl releases`: what is published, where it is in service and on the way, and how far it is
//! in each language.

use serde_json::Value;

use crate::cli::{Format, Releases};
use crate::client::{Client, encode};
use crate::exit::{Code, Failure};
use crate::{output, progress};

const PATH: &str = "/api/v1/releases";

pub(crate) async fn run(client: &Client, format: Format, verb: Releases) -> Result<Code, Failure> {
    match verb {
        Releases::List => list(client, format).await,
        Releases::Show { release } => show(client, format, &release).await,
        Releases::Languages { release } => languages(client, format, &release).await,
    }
}

fn names(list: &Value) -> String {
    let names: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(",") }
}

async fn list(client: &Client, format: Format) -> Result<Code, Failure> {
    let answer = client.get(PATH).await?;
    let rows: Vec<Vec<String>> = answer["releases"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| {
            vec![
                output::text(&r["name"]),
                output::text(&r["title"]),
                output::moment(&r["published_ms"]),
                r["bytes"].as_u64().map_or("-".to_owned(), progress::bytes),
                output::text(&r["files"]),
                names(&r["in_service"]),
                names(&r["wanted"]),
                output::moment(&r["withdrawn_ms"]),
            ]
        })
        .collect();
    let head = ["release", "title", "published", "size", "files", "in service on", "wanted on", "withdrawn"];
    output::rows(format, &head, &rows, &answer);
    Ok(Code::Ok)
}

/// A release, and how far each display is that should have it.
async fn show(client: &Client, format: Format, release: &str) -> Result<Code, Failure> {
    let answer = client.get(&format!("{PATH}/{}", encode(release))).await?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: String| pairs.push((name.to_owned(), value));
    put("release", output::text(&answer["name"]));
    put("title", output::text(&answer["title"]));
    put("manifest", output::text(&answer["manifest"]));
    put(
        "published",
        format!("{} by {}", output::moment(&answer["published_ms"]), output::text(&answer["published_by"])),
    );
    put("size", answer["bytes"].as_u64().map_or("-".to_owned(), progress::bytes));
    put("files", output::text(&answer["files"]));
    put("withdrawn", output::moment(&answer["withdrawn_ms"]));
    put("in service on", names(&answer["in_service"]));
    let serves = |id: &Value| answer["in_service"].as_array().is_some_and(|list| list.contains(id));
    for id in answer["wanted"].as_array().into_iter().flatten().filter(|id| !serves(id)) {
        let id = output::text(id);
        let detail = client.get(&format!("/api/v1/terminals/{}", encode(&id))).await?;
        put(&format!("on the way to {id}"), on_the_way(&detail, release));
    }
    output::pairs(format, &pairs, &answer);
    Ok(Code::Ok)
}

fn on_the_way(detail: &Value, release: &str) -> String {
    let update = &detail["content"]["update"];
    if update["name"] != release {
        return format!("not begun ({})", output::text(&detail["presence"]["state"]));
    }
    let mut said = output::text(&update["state"]);
    if detail["download"].is_object() {
        said.push_str(&format!(" {}", progress::download(&detail["download"])));
    }
    if update["finding"].is_string() {
        said.push_str(&format!(": {}", output::text(&update["finding"])));
    }
    said
}

/// The matrix: a line for each thing, a column for each language.
async fn languages(client: &Client, format: Format, release: &str) -> Result<Code, Failure> {
    let answer = client.get(&format!("{PATH}/{}/languages", encode(release))).await?;
    let list = |name: &str| answer[name].as_array().into_iter().flatten();
    let mut head = vec!["item".to_owned()];
    head.extend(list("languages").map(|language| output::text(&language["code"])));
    let rows: Vec<Vec<String>> = list("items")
        .map(|item| {
            let name = format!("{}:{}", output::text(&item["kind"]), output::text(&item["id"]));
            let cells = item["cells"].as_array().into_iter().flatten().map(output::text);
            std::iter::once(name).chain(cells).collect()
        })
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    output::rows(format, &head, &rows, &answer);
    Ok(Code::Ok)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_display_that_busies_itself_with_another_release_has_not_begun() {
        let detail = json!({"presence": {"state": "offline"}, "content": {"update": {"name": "a", "state": "confirmed"}}});
        assert_eq!(on_the_way(&detail, "b"), "not begun (offline)");
        let fetching = json!({
            "content": {"update": {"name": "b", "state": "downloading"}},
            "download": {"bytes_done": 1, "bytes_total": 2},
        });
        assert_eq!(on_the_way(&fetching, "b"), "downloading [##########..........]  50 %, 1 B of 2 B");
    }
}
