//! Reading requests: JSON with the place of a mistake, queries, preconditions; writing `ETags`.

use std::error::Error as _;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_path_to_error::Segment;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::problem::{Answer, FieldError, Problem};

/// Items of a list when nobody asks for a number.
const LIMIT_DEFAULT: u32 = 100;

/// Items of a list at most.
pub const LIMIT_MAX: u32 = 500;

/// A body of JSON.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.split(';').next().is_some_and(|v| v.trim() == "application/json"));
        if !json {
            let detail = "Send the body as Content-Type: application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let detail = format!("The body could not be read: {}.", rejection.body_text());
            Problem::new(rejection.status(), "body_unreadable", detail)
        })?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut reader).map(Self).map_err(|error| {
            let pointer = pointer(error.path());
            let message = of_field(&pointer, error.inner().to_string());
            Problem {
                errors: vec![FieldError { pointer, message }],
                ..Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid",
                    "The body is not what this address takes; correct what is named in errors.",
                )
            }
        })
    }
}

/// The words of the reader. Where the place is named already, a line and column are noise.
fn of_field(pointer: &str, words: String) -> String {
    match words.rfind(" at line ") {
        Some(end) if !pointer.is_empty() => words[..end].to_owned(),
        _ => words,
    }
}

/// The place of a mistake as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for step in path {
        match step {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")))
            }
            // What a value was taken for is no step into it.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Parameters behind the question mark, each of them optional. The names are those of the `OpenAPI`
/// document: what is not there is a slip of the pen and refused, because a filter that is ignored
/// shows more than was asked for. Every mistake is named at once.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + IntoParams, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mistakes = mistakes::<T>(parts.uri.query().unwrap_or_default());
        if !mistakes.is_empty() {
            return Err(Problem::invalid(mistakes));
        }
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => Err(Problem::field("?", rejection.body_text())),
        }
    }
}

/// No parameters at all.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

impl IntoParams for Nothing {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// Every mistake of a query, each under the name of its parameter.
fn mistakes<T: DeserializeOwned + IntoParams>(query: &str) -> Vec<FieldError> {
    let known: Vec<String> = T::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
    let mut seen = Vec::new();
    let mut mistakes = Vec::new();
    for one in query.split('&').filter(|one| !one.is_empty()) {
        let (pointer, value) = alone::<T>(one);
        let message = if !known.contains(&pointer) {
            Some(match known.is_empty() {
                true => "this address takes no parameters".to_owned(),
                false => format!("there is no such parameter; use {}", known.join(", ")),
            })
        } else if seen.contains(&pointer) {
            Some("give it once".to_owned())
        } else {
            value.err()
        };
        mistakes.extend(message.map(|message| FieldError { pointer: pointer.clone(), message }));
        seen.push(pointer);
    }
    mistakes
}

/// The name of one parameter of a query, and what is wrong with its value.
fn alone<T: DeserializeOwned>(one: &str) -> (String, Result<(), String>) {
    let Ok(uri) = format!("/?{one}").parse::<Uri>() else {
        return (one.to_owned(), Err("is not readable".to_owned()));
    };
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let name = pairs.ok().and_then(|pairs| pairs.0.into_iter().next()).map_or(one.to_owned(), |pair| pair.0);
    let value = axum::extract::Query::<T>::try_from_uri(&uri).map(drop).map_err(|rejection| {
        let words = rejection.source().map_or_else(|| rejection.body_text(), ToString::to_string);
        words.strip_prefix(&format!("{name}: ")).map_or(words.clone(), str::to_owned)
    });
    (name, value)
}

/// How many items a list gives.
pub fn limit(asked: Option<u32>) -> Answer<usize> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::field("limit", format!("use 1 to {LIMIT_MAX}")));
    }
    Ok(limit as usize)
}

/// A parameter that names something: an identity, or the place at which a page ends.
pub fn parsed<T: FromStr>(name: &str, asked: Option<&str>, what_to_do: &str) -> Answer<Option<T>> {
    let parse = |text: &str| text.parse().map_err(|_| Problem::field(name, what_to_do));
    asked.map(parse).transpose()
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins (`after=`); null on the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts a list that was read with one item more than asked for.
    pub fn cut(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// The strong `ETag` of a revision.
pub fn etag(revision: impl std::fmt::Display) -> String {
    format!("\"{revision}\"")
}

/// A resource with its `ETag`.
#[derive(Debug)]
pub struct Tagged<T>(pub T, pub String);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.0).into_response();
        if let Ok(value) = HeaderValue::from_str(&self.1) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response
    }
}

/// Holds a change against the resource as it is: 428 without `If-Match`, 412 when it is another.
pub fn require_match(headers: &HeaderMap, current: &str) -> Answer<()> {
    let Some(given) = headers.get(header::IF_MATCH) else {
        let detail = "Send the ETag of what you read as If-Match, so that nobody's change is overwritten.";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "if_match_required", detail));
    };
    let given = given.to_str().unwrap_or_default();
    if given.split(',').map(str::trim).any(|tag| tag == "*" || tag == current) {
        Ok(())
    } else {
        Err(changed_meanwhile())
    }
}

/// Somebody else changed the resource.
pub fn changed_meanwhile() -> Problem {
    let detail = "It was changed meanwhile; read it again and decide anew.";
    Problem::new(StatusCode::PRECONDITION_FAILED, "changed_meanwhile", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, IntoParams)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Asked {
        limit: Option<u32>,
        open: Option<bool>,
        q: Option<String>,
    }

    #[test]
    fn every_mistake_of_a_query_is_named_by_its_parameter() {
        let of = |query: &str| -> Vec<String> {
            mistakes::<Asked>(query).into_iter().map(|m| format!("{}: {}", m.pointer, m.message)).collect()
        };
        for good in ["", "limit=3&open=true&q=a%26b", "q=", "q=limit%3Dx", "&q=1&", "q=a+b=c"] {
            assert_eq!(of(good), Vec::<String>::new(), "{good}");
        }
        assert_eq!(
            of("limit=x&oppen=true&open=2&q=1&q=2"),
            [
                "limit: invalid digit found in string",
                "oppen: there is no such parameter; use limit, open, q",
                "open: provided string was not `true` or `false`",
                "q: give it once",
            ]
        );
        assert_eq!(of("l%69mit=-1"), ["limit: invalid digit found in string"]);
        let none = mistakes::<Nothing>("a=1");
        assert_eq!((none.len(), none[0].message.as_str()), (1, "this address takes no parameters"));
    }

    /// A parameter that the document has in the path of an address is one that nobody can give.
    #[test]
    fn the_document_says_where_parameters_stand() {
        let document: serde_json::Value = serde_json::from_str(&crate::api::router::document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let in_path = path.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap()));
                    let place = parameter["in"].as_str().unwrap();
                    assert_eq!(
                        (place == "path", parameter["required"] == true),
                        (in_path, in_path),
                        "{path} {parameter}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_named_place_needs_no_line_and_what_is_no_json_does() {
        let words = "unknown field `labl` at line 1 column 7";
        assert_eq!(of_field("/labl", words.to_owned()), "unknown field `labl`");
        assert_eq!(of_field("", words.to_owned()), words);
    }

    #[test]
    fn a_page_has_one_to_limit_max_items() {
        assert_eq!(limit(None).unwrap(), LIMIT_DEFAULT as usize);
        assert_eq!(limit(Some(LIMIT_MAX)).unwrap(), LIMIT_MAX as usize);
        for wrong in [0, LIMIT_MAX + 1] {
            assert_eq!(limit(Some(wrong)).unwrap_err().errors[0].pointer, "limit");
        }
    }
}
