//! The files of the visitor's page, inside the binary. Without a built page there is a plain one
//! that shows the state and sends heartbeats: a display is never blank because of a build machine.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../kiosk-ui/dist/"]
#[allow_missing = true]
struct Built;

const INDEX: &str = "index.html";
const PLAIN_INDEX: &str = include_str!("plain/index.html");
const PLAIN_SCRIPT: &str = include_str!("plain/plain.js");
const PLAIN_STYLE: &str = include_str!("plain/plain.css");

/// The answer for a path of the page.
pub fn file(path: &str) -> Response {
    let path = match path.trim_start_matches('/') {
        "" => INDEX,
        path => path,
    };
    match find(path) {
        Some((kind, bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn find(path: &str) -> Option<(HeaderValue, Cow<'static, [u8]>)> {
    if let Some(file) = Built::get(path) {
        let kind = HeaderValue::from_str(file.metadata.mimetype()).ok()?;
        return Some((kind, file.data));
    }
    plain(path).map(|(kind, text)| (HeaderValue::from_static(kind), Cow::Borrowed(text.as_bytes())))
}

fn plain(path: &str) -> Option<(&'static str, &'static str)> {
    match path {
        INDEX => Some(("text/html; charset=utf-8", PLAIN_INDEX)),
        "plain.js" => Some(("text/javascript; charset=utf-8", PLAIN_SCRIPT)),
        "plain.css" => Some(("text/css; charset=utf-8", PLAIN_STYLE)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_page_and_nothing_else_is_invented() {
        assert_eq!(file("/").status(), StatusCode::OK);
        assert_eq!(file("/plain.js").status(), StatusCode::OK);
        assert_eq!(file("/../Cargo.toml").status(), StatusCode::NOT_FOUND);
        assert_eq!(file("/missing.js").status(), StatusCode::NOT_FOUND);
    }
}
