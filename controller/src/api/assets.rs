//! The console's files, embedded when they were built, else a page that says how to build them.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;

// A path that is not absolute begins at the crate's folder; build.rs watches the same one.
#[derive(rust_embed::RustEmbed)]
#[folder = "../dashboards/console/dist"]
#[allow_missing = true]
struct Console;

const HINT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>MigraDo Fleet</title>\
<h1>The console is not built into this controller</h1>\
<p>Build it with Node 20: <code>make console</code>, then build the controller again. \
The API is at <a href=\"/api/docs\">/api/docs</a>.</p></html>";

/// A file, or the console for a path of its own; a missing file stays missing.
pub async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::not_found("address of the API").into_response();
    }
    let extension = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let name = if path.is_empty() || !extension { "index.html" } else { path };
    let Some(file) = Console::get(name) else {
        return match name {
            "index.html" => axum::response::Html(HINT).into_response(),
            _ => (StatusCode::NOT_FOUND, "There is no such file.").into_response(),
        };
    };
    let kind = file.metadata.mimetype().to_owned();
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache.to_owned())];
    (headers, file.data.into_owned()).into_response()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_built_of_the_console_is_embedded() {
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboards/console/dist/index.html");
        let embedded = super::Console::get("index.html").map(|file| file.data.into_owned());
        assert_eq!(embedded, std::fs::read(built).ok());
    }
}
