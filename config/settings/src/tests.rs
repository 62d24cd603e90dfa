//! What a person sees who wrote a configuration with mistakes.

use std::num::NonZeroU16;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Example {
    data_dir: String,
    kiosk: Option<Kiosk>,
    #[serde(default)]
    broker: Broker,
    #[serde(default)]
    printers: Vec<Printer>,
}

#[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Broker {
    /// In the same process.
    #[default]
    Embedded,
    /// Somewhere else.
    External,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Kiosk {
    port: NonZeroU16,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Printer {
    name: String,
}

impl Settings for Example {
    fn mistakes(&self) -> Vec<(String, String)> {
        let mut found = vec![];
        for (n, printer) in self.printers.iter().enumerate() {
            if self.printers[..n].iter().any(|p| p.name == printer.name) {
                found.push((format!("/printers/{n}/name"), format!("\"{}\" is taken", printer.name)));
            }
        }
        found
    }
}

fn mistakes(text: &str) -> String {
    load::<Example>(text).unwrap_err().to_string()
}

#[test]
fn reads_what_is_right() {
    let read: Example = load("data_dir: /tmp\nkiosk: { port: 7080 }\nbroker: external\n").unwrap();
    assert_eq!((read.data_dir.as_str(), read.kiosk.unwrap().port.get()), ("/tmp", 7080));
    assert_eq!(read.broker, Broker::External);
}

#[test]
fn names_every_mistake_at_once_with_line_and_column() {
    let said =
        mistakes("data_dri: /tmp\nkiosk:\n  port: eighty\n  prot: 1\nprinters:\n  - {}\nbroker: mqtt\n");
    let lines: Vec<&str> = said.lines().collect();
    assert!(said.contains("line 1, column 1: the key \"data_dir\" is missing"), "{said}");
    assert!(
        said.contains("line 1, column 1: data_dri: this key is not known; did you mean \"data_dir\"?"),
        "{said}"
    );
    assert!(said.contains("line 3, column 9: kiosk.port: \"eighty\" is not of type"), "{said}");
    assert!(
        said.contains("line 4, column 3: kiosk.prot: this key is not known; did you mean \"port\"?"),
        "{said}"
    );
    assert!(said.contains("printers[0]: the key \"name\" is missing"), "{said}");
    assert!(said.contains("line 7, column 9: broker: "), "{said}");
    assert_eq!(lines.len(), 6, "{said}");
}

#[test]
fn names_numbers_out_of_range() {
    assert!(mistakes("data_dir: a\nkiosk: { port: 0 }").starts_with("line 2, column 16: kiosk.port:"));
    assert!(mistakes("data_dir: a\nkiosk: { port: 70000 }").starts_with("line 2, column 16: kiosk.port:"));
}

#[test]
fn names_keys_that_stand_twice() {
    assert_eq!(
        mistakes("data_dir: a\nbroker: embedded\ndata_dir: b\n"),
        "line 3, column 1: data_dir: this key stands here a second time; the first is in line 1"
    );
}

#[test]
fn names_where_the_text_stops_being_yaml() {
    assert!(mistakes("data_dir: [a\nbroker: x").starts_with("line 2, column "));
    assert!(mistakes("data_dir: a\n\tb: c").contains("this is not YAML"));
}

#[test]
fn asks_the_type_for_what_a_schema_cannot_say() {
    assert_eq!(
        mistakes("data_dir: a\nprinters:\n  - { name: x }\n  - { name: x }\n"),
        "line 4, column 13: printers[1].name: \"x\" is taken"
    );
}

#[test]
fn a_value_without_a_text_is_held_to_the_same_with_pointers() {
    let value = serde_json::json!({"data_dri": "/tmp", "kiosk": {"port": 0}, "printers": [{}]});
    let mistakes = read_value::<Example>(value).unwrap_err();
    let pointers: Vec<&str> = mistakes.0.iter().map(|m| m.pointer.as_str()).collect();
    assert_eq!(pointers, ["", "/data_dri", "/kiosk/port", "/printers/0"]);
    assert!(mistakes.0.iter().all(|m| m.line == 0));
    assert!(mistakes.to_string().starts_with("the key \"data_dir\" is missing\n"), "{mistakes}");
    let twice = serde_json::json!({"data_dir": "a", "printers": [{"name": "x"}, {"name": "x"}]});
    let said = read_value::<Example>(twice).unwrap_err().to_string();
    assert_eq!(said, "printers[1].name: \"x\" is taken");
    assert!(read_value::<Example>(serde_json::json!({"data_dir": "a"})).is_ok());
}

#[test]
fn an_empty_file_lacks_its_keys() {
    assert_eq!(mistakes(""), "line 1, column 1: the key \"data_dir\" is missing");
    assert_eq!(mistakes("# nothing yet\n"), "line 1, column 1: the key \"data_dir\" is missing");
}
