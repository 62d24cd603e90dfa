//! The wire as an AsyncAPI 3 document, made from the types themselves so that the two cannot
//! disagree. `docs/asyncapi.json` is its committed copy; a test compares them.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::command::{Ack, Directive};
use crate::desired::Desired;
use crate::envelope::Envelope;
use crate::ids::TerminalId;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::presence::{ControllerPresence, Presence};
use crate::receipt::Receipt;
use crate::report::Report;
use crate::topic::{Channel, Topic};
use crate::usage::UsageHour;

/// A terminal that stands for every terminal while topics are written down.
const EXAMPLE: &str = "fp-01";

/// The document.
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft07()
        .with(|s| s.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for channel in Channel::ALL {
        let (summary, payload) = payload(channel, &mut generator);
        add(&mut channels, &mut operations, channel, summary);
        messages.insert(name(channel), message(summary, payload));
    }
    let summary = "Whether the controller listens";
    channels.insert(
        "controller_presence".into(),
        json!({
            "address": Topic::ControllerPresence.to_string(),
            "messages": { "controller_presence": { "$ref": "#/components/messages/controller_presence" } },
            "summary": summary,
        }),
    );
    operations.insert("hear_controller_presence".into(), operation("receive", "controller_presence", true));
    messages
        .insert("controller_presence".into(), message(summary, schema::<ControllerPresence>(&mut generator)));
    let schemas: Map<String, Value> = generator.take_definitions(true).into_iter().collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "MigraDo Fleet, terminals and controller",
            "version": "1",
            "description": "MQTT 5 over TLS 1.3 with client certificates, seen from a terminal. JSON payloads, QoS 1.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

fn payload(channel: Channel, generator: &mut SchemaGenerator) -> (&'static str, Value) {
    match channel {
        Channel::Presence => ("Birth and death of a connection", schema::<Envelope<Presence>>(generator)),
        Channel::Report => {
            ("Changed parts of the state, or all of it", schema::<Envelope<Report>>(generator))
        }
        Channel::Usage => ("Cumulative counters of one hour", schema::<Envelope<UsageHour>>(generator)),
        Channel::Ack => ("Where a command stands", schema::<Envelope<Ack>>(generator)),
        Channel::Desired => ("Desired state, signed", signed(schema::<Desired>(generator))),
        Channel::Command => {
            ("One command or its cancellation, signed", signed(schema::<Directive>(generator)))
        }
        Channel::Receipt => ("Items of the outbox that are stored", schema::<Receipt>(generator)),
    }
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// The frame of [`crate::signed::Signed`]; its body is kept as bytes there, so it is written here.
fn signed(body: Value) -> Value {
    let integer = json!({ "type": "integer" });
    json!({
        "type": "object",
        "required": ["v", "terminal", "sequence", "issued_ms", "expires_ms", "key", "body", "signature"],
        "properties": {
            "v": integer,
            "terminal": { "type": "string" },
            "sequence": { "type": "integer", "description": "Rising per terminal and purpose; a terminal takes only a higher one than its last." },
            "issued_ms": integer,
            "expires_ms": { "type": "integer", "description": "After this it is void; 0 for never." },
            "key": { "type": "string", "description": "Identity of the signing key." },
            "body": body,
            "signature": { "type": "string", "description": "Ed25519, base64, over purpose, terminal, sequence, times and the body's bytes as they stand." },
        },
    })
}

fn add(
    channels: &mut Map<String, Value>,
    operations: &mut Map<String, Value>,
    channel: Channel,
    summary: &str,
) {
    let Ok(example) = EXAMPLE.parse::<TerminalId>() else { return };
    let address = Topic::of(&example, channel).to_string().replace(EXAMPLE, "{terminal}");
    let name = name(channel);
    channels.insert(
        name.clone(),
        json!({
            "address": address,
            "summary": summary,
            "parameters": { "terminal": { "description": "The identity in the terminal's certificate; the broker enforces it." } },
            "messages": { &name: { "$ref": format!("#/components/messages/{name}") } },
        }),
    );
    let (verb, action) = if channel.is_written_by_terminal() { ("say", "send") } else { ("hear", "receive") };
    operations.insert(format!("{verb}_{name}"), operation(action, &name, channel.is_retained()));
}

fn operation(action: &str, channel: &str, retain: bool) -> Value {
    json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{channel}") },
        "bindings": { "mqtt": { "qos": 1, "retain": retain, "bindingVersion": "0.2.0" } },
    })
}

fn message(summary: &str, payload: Value) -> Value {
    json!({ "summary": summary, "payload": payload, "x-bytes-max": PAYLOAD_BYTES_MAX })
}

fn name(channel: Channel) -> String {
    format!("{channel:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/asyncapi.json");

    /// With `UPDATE_SNAPSHOTS=1` the copy is written anew.
    #[test]
    fn the_committed_copy_is_what_the_types_say() {
        let made = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(COPY, &made).unwrap();
        }
        let copy = std::fs::read_to_string(COPY).unwrap_or_default();
        assert!(
            copy == made,
            "docs/asyncapi.json is old: run UPDATE_SNAPSHOTS=1 cargo test -p migrado-protocol --all-features"
        );
    }

    #[test]
    fn every_channel_is_in_it() {
        let document = document();
        for channel in Channel::ALL {
            assert!(document["channels"][name(channel)]["address"].is_string(), "{channel:?}");
        }
        assert!(document["components"]["schemas"]["Report"].is_object());
    }
}
