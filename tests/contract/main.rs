//! Wire examples by version of the schema: today's code reads every one of them, writes the same
//! again, and does not stumble over what tomorrow's code may add. The examples are promises: they
//! are added to, never changed.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

use std::path::Path;

use migrado_protocol::desired::Desired;
use migrado_protocol::envelope::decode_versioned;
use migrado_protocol::presence::ControllerPresence;
use migrado_protocol::{Ack, Directive, Envelope, Presence, Receipt, Report, Signed, UsageHour};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The examples of version 1, by the beginning of their file names.
fn examples(kind: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/v1");
    let mut found: Vec<(String, Value)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(kind))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.display().to_string(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!found.is_empty(), "no example of {kind}");
    found
}

/// Reads and writes every example of a kind; then with a field of tomorrow in it.
fn check<T: Serialize + DeserializeOwned>(kind: &str) {
    for (file, example) in examples(kind) {
        let read: T =
            decode_versioned(example.to_string().as_bytes()).unwrap_or_else(|e| panic!("{file}: {e:?}"));
        assert_eq!(serde_json::to_value(&read).unwrap(), example, "{file} changed on the way");

        let mut newer = example.clone();
        newer["field_of_tomorrow"] = serde_json::json!({"a": [1, 2]});
        if newer["body"].is_object() {
            newer["body"]["field_of_tomorrow"] = true.into();
        }
        let read: Result<T, _> = decode_versioned(newer.to_string().as_bytes());
        assert!(read.is_ok(), "{file} with a field of tomorrow: {:?}", read.err());
    }
}

#[test]
fn terminals_are_understood() {
    check::<Envelope<Presence>>("presence");
    check::<Envelope<Report>>("report");
    check::<Envelope<UsageHour>>("usage");
    check::<Envelope<Ack>>("ack");
}

#[test]
fn the_controller_is_understood() {
    check::<Signed>("desired");
    check::<Signed>("command");
    check::<ControllerPresence>("controller-presence");
    check::<Receipt>("receipt");
    for (file, example) in examples("desired") {
        let body: Desired = serde_json::from_value(example["body"].clone()).unwrap();
        assert_eq!(serde_json::to_value(body).unwrap(), example["body"], "{file}");
    }
    for (file, example) in examples("command") {
        let body: Directive = serde_json::from_value(example["body"].clone()).unwrap();
        assert_eq!(serde_json::to_value(body).unwrap(), example["body"], "{file}");
    }
}

#[test]
fn words_of_tomorrow_are_kept_apart_from_those_of_today() {
    let newer = r#"{"v":1,"session":1,"seq":1,"at_ms":0,"body":{"health":{"hologram":{"state":"wobbly","reason":"quantum","since_ms":0}}}}"#;
    let read = Envelope::<Report>::decode(newer.as_bytes()).unwrap();
    let (component, health) = read.body.health.iter().next().unwrap();
    assert_eq!(
        (component.word(), health.state.word(), health.reason.unwrap().word()),
        ("other", "unknown", "other".into())
    );
}

#[test]
fn every_example_is_read_by_some_test() {
    for (file, _) in examples("") {
        let name = Path::new(&file).file_name().unwrap().to_str().unwrap().to_owned();
        let kinds =
            ["presence", "report", "usage", "ack", "desired", "command", "controller-presence", "receipt"];
        assert!(kinds.iter().any(|k| name.starts_with(k)), "{name} is never read");
    }
}
