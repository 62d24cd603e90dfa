//! Checks a value against its schema and says what is wrong in words of the file.

use std::net::{Ipv6Addr, SocketAddr};

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use crate::mistake::Mistake;
use crate::positions::Positions;

/// Every mistake of a value.
pub(crate) fn against_schema(schema: &Value, value: &Value, positions: &Positions) -> Vec<Mistake> {
    let options = jsonschema::options()
        .should_validate_formats(true)
        .with_format("socket-address", |text: &str| text.parse::<SocketAddr>().is_ok())
        .with_format("host-port", is_host_port);
    let validator = match options.build(schema) {
        Ok(validator) => validator,
        Err(error) => return vec![Mistake::whole(format!("the schema itself is broken: {error}"))],
    };
    let mut found = Vec::new();
    for error in validator.iter_errors(value) {
        explain(schema, &error, positions, &mut found);
    }
    found
}

/// `host:port`, where an IPv6 address stands in brackets.
fn is_host_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let address = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let named = || {
        !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_')
    };
    address.map_or_else(named, |a| a.parse::<Ipv6Addr>().is_ok()) && port.parse::<u16>().is_ok_and(|p| p > 0)
}

fn explain(schema: &Value, error: &ValidationError<'_>, positions: &Positions, found: &mut Vec<Mistake>) {
    let pointer = error.instance_path().as_str();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known = known_keys(schema, error);
            for name in unexpected {
                let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                let message = match nearest_word(name, &known) {
                    Some(word) => format!("this key is not known; did you mean \"{word}\"?"),
                    None if known.is_empty() => "this key is not known".to_owned(),
                    None => format!("this key is not known; known here are {}", known.join(", ")),
                };
                found.push(Mistake::at(positions.key(&at), &at, message));
            }
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let message = format!("the key \"{name}\" is missing");
            found.push(Mistake::at(positions.value(pointer), pointer, message));
        }
        // An optional part is "itself or null": what is wrong with it itself is what helps.
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            match context.iter().max_by_key(|branch| deepest(branch)) {
                Some(branch) if deepest(branch) > error.instance_path().as_str().len() => {
                    for inner in branch {
                        explain(schema, inner, positions, found);
                    }
                }
                _ => {
                    let message = match expected(schema, error) {
                        Some(words) => format!("{} is not {words}", short(error.instance())),
                        None => in_words(error),
                    };
                    found.push(Mistake::at(positions.value(pointer), pointer, message));
                }
            }
        }
        Kind::Pattern { .. } | Kind::Format { .. } | Kind::Not { .. } => {
            let message = match expected(schema, error) {
                Some(words) => format!("{} is not {words}", short(error.instance())),
                None => in_words(error),
            };
            found.push(Mistake::at(positions.value(pointer), pointer, message));
        }
        _ => found.push(Mistake::at(positions.value(pointer), pointer, in_words(error))),
    }
}

/// What the schema says to people of a place.
fn expected<'s>(schema: &'s Value, error: &ValidationError<'_>) -> Option<&'s str> {
    let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
    schema.pointer(parent)?.get("x-expected")?.as_str()
}

/// How far into the value a branch's mistakes reach: the branch that was meant reaches farthest.
fn deepest(branch: &[ValidationError<'_>]) -> usize {
    branch
        .iter()
        .map(|e| match e.kind() {
            Kind::AdditionalProperties { .. } | Kind::Required { .. } => e.instance_path().as_str().len() + 1,
            _ => e.instance_path().as_str().len(),
        })
        .max()
        .unwrap_or(0)
}

fn in_words(error: &ValidationError<'_>) -> String {
    let found = short(error.instance());
    match error.kind() {
        Kind::Enum { options } => format!("{found} is none of {options}"),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let expected: Vec<String> = context.iter().flatten().map(|e| in_words(e)).collect();
            if expected.is_empty() { error.to_string() } else { expected.join(", or ") }
        }
        Kind::Constant { expected_value } => format!("{found} is not {expected_value}"),
        _ => error.to_string(),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { format!("{}...", text.chars().take(57).collect::<String>()) } else { text }
}

/// The keys that the object at this place may have.
fn known_keys(schema: &Value, error: &ValidationError<'_>) -> Vec<String> {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    schema
        .pointer(parent)
        .and_then(|s| s.get("properties"))
        .and_then(Value::as_object)
        .map(|o| o.keys().cloned().collect())
        .unwrap_or_default()
}

/// The known word that differs least, if it differs little.
fn nearest_word<'w>(word: &str, known: &'w [String]) -> Option<&'w String> {
    known
        .iter()
        .map(|k| (distance(word, k), k))
        .filter(|(d, k)| *d <= 1 + k.chars().count() / 4)
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
