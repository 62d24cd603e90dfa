//! The controller's configuration: a YAML file, read once into checked types before any socket
//! opens. Sites stand here; terminals only until they are in the database.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use migrado_protocol::{SiteId, TerminalId};
use migrado_settings::Settings;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::calendar::Calendar;

/// Languages that the visitor's page has.
pub const LANGUAGES: [&str; 17] = [
    "de",
    "de-simple",
    "en",
    "ar",
    "uk",
    "ru",
    "tr",
    "fa",
    "ro",
    "bg",
    "pl",
    "fr",
    "es",
    "sq",
    "kmr",
    "ps",
    "ti",
];
/// What an identity looks like, as `protocol` has it.
const ID: &str = "^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$";
/// The same in words.
const ID_WORDS: &str = "an identity: use 1 to 32 lower-case letters, digits or inner hyphens";
/// What an identity of a display looks like: one name is the controller's own.
const TERMINAL_ID: &str = "^(?!controller$)[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$";
/// The same in words.
const TERMINAL_ID_WORDS: &str = "an identity of a display: use 1 to 32 lower-case letters, digits or inner hyphens, and not \"controller\"";
/// What an address to listen at looks like, in words.
const LISTEN_WORDS: &str = "an address with a port, for example \"127.0.0.1:8443\" or \"[::1]:8443\"";
/// What an address to dial looks like, in words.
const DIAL_WORDS: &str = "a host with a port, for example \"fleet.dortmund.example:8883\"";

/// The configuration of `migrado-controller`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControllerConfig {
    /// Where database, authority, keys and the embedded broker's state are kept.
    #[serde(default = "default_data_dir")]
    pub data_dir: PathBuf,
    /// Name under which displays and people reach the controller.
    #[schemars(extend("pattern" = "^[^:/\\s]+$", "x-expected" = "a host name or address without scheme and port"))]
    pub public_host: String,
    /// Console and API.
    #[serde(default)]
    pub console: ConsoleConfig,
    /// Enrolment and logs of displays.
    #[serde(default)]
    pub terminal: TerminalConfig,
    /// Where the broker is.
    #[serde(default)]
    pub broker: BrokerKind,
    /// Addresses of the broker.
    #[serde(default)]
    pub mqtt: MqttConfig,
    /// Metrics and health, without login.
    #[serde(default)]
    pub metrics: MetricsConfig,
    /// Languages on the visitor's page, in this order (BCP 47).
    #[schemars(extend("items" = {"type": "string", "enum": LANGUAGES}, "minItems" = 1))]
    #[serde(default = "default_languages")]
    pub languages: Vec<String>,
    /// Sites.
    pub sites: Vec<SiteConfig>,
    /// Displays that are put into the database when they are not there yet.
    #[serde(default)]
    pub terminals: Vec<TerminalEntry>,
    /// Rules of rollouts.
    #[serde(default)]
    pub rollouts: RolloutsConfig,
    /// What is logged: error, warn, info, debug.
    #[serde(default = "default_log")]
    pub log: LogLevel,
}

/// Console and API.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleConfig {
    /// HTTPS.
    #[schemars(extend("format" = "socket-address", "x-expected" = LISTEN_WORDS))]
    pub listen: SocketAddr,
    /// Plain HTTP for a reverse proxy on this machine; a loopback address. The proxy must append the
    /// client's address to `X-Forwarded-For`: login attempts are limited by it.
    #[schemars(extend("format" = "socket-address", "x-expected" = LISTEN_WORDS))]
    pub loopback_http: Option<SocketAddr>,
}

/// Enrolment and logs of displays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TerminalConfig {
    /// HTTPS; a client certificate is asked for where it is needed.
    #[schemars(extend("format" = "socket-address", "x-expected" = LISTEN_WORDS))]
    pub listen: SocketAddr,
}

/// Where the broker is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BrokerKind {
    /// Inside the controller.
    #[default]
    Embedded,
    /// A broker of its own, at `mqtt.address`.
    External,
}

/// Addresses of the broker.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MqttConfig {
    /// Where the embedded broker listens.
    #[schemars(extend("format" = "socket-address", "x-expected" = LISTEN_WORDS))]
    pub listen: SocketAddr,
    /// `host:port` that displays dial; `public_host` and the port of `listen` where it is left out.
    #[schemars(extend("format" = "host-port", "x-expected" = DIAL_WORDS))]
    pub address: Option<String>,
}

/// Metrics and health.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// `/metrics`, `/healthz`, `/readyz`.
    #[schemars(extend("format" = "socket-address", "x-expected" = LISTEN_WORDS))]
    pub listen: SocketAddr,
}

/// A site.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// Identity.
    #[schemars(with = "String", extend("pattern" = ID, "x-expected" = ID_WORDS))]
    pub id: SiteId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    #[serde(default)]
    pub address: String,
    /// When it is open, and when its displays may be changed; holds until the console changes it.
    #[serde(default)]
    pub calendar: Option<Calendar>,
    /// Whether its displays fetch content from each other before they ask the controller.
    #[serde(default = "yes")]
    pub neighbors: bool,
}

/// A display.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminalEntry {
    /// Identity.
    #[schemars(with = "String", extend("pattern" = TERMINAL_ID, "x-expected" = TERMINAL_ID_WORDS))]
    pub id: TerminalId,
    /// Where it stands.
    #[schemars(with = "String", extend("pattern" = ID, "x-expected" = ID_WORDS))]
    pub site: SiteId,
    /// What people call it.
    pub label: String,
}

/// Rules of rollouts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RolloutsConfig {
    /// Whether somebody else than its maker has to approve a rollout.
    pub four_eyes: bool,
    /// Displays by label. `wheelchair` names those that can be used from a wheelchair: a site never
    /// loses all of them at once; waves can be made of any label.
    #[schemars(with = "BTreeMap<String, BTreeSet<String>>", extend("additionalProperties" = {"type": "array", "uniqueItems": true, "items": {"type": "string", "pattern": TERMINAL_ID, "x-expected": TERMINAL_ID_WORDS}}))]
    pub labels: BTreeMap<String, BTreeSet<TerminalId>>,
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Only what needs somebody.
    Error,
    /// And what is odd.
    Warn,
    /// And what happens.
    Info,
    /// And why.
    Debug,
}

impl LogLevel {
    /// The filter's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Whether systemd reads what this process writes, and wants it with fields.
pub fn under_journal() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some()
}

fn yes() -> bool {
    true
}

fn default_data_dir() -> PathBuf {
    PathBuf::from("/var/lib/migrado-controller")
}
fn default_languages() -> Vec<String> {
    ["de", "en", "ar", "uk", "ru", "tr"].map(str::to_owned).to_vec()
}
fn default_log() -> LogLevel {
    LogLevel::Info
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 8443)), loopback_http: None }
    }
}
impl Default for TerminalConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 8444)) }
    }
}
impl Default for MqttConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 8883)), address: None }
    }
}
impl Default for MetricsConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9464)) }
    }
}

impl ControllerConfig {
    /// `host:port` that terminals dial for MQTT.
    pub fn mqtt_address(&self) -> String {
        self.mqtt
            .address
            .clone()
            .unwrap_or_else(|| format!("{}:{}", self.public_host, self.mqtt.listen.port()))
    }

    /// `host:port` that the controller itself dials for MQTT: the embedded broker is next door.
    pub fn own_mqtt_address(&self) -> String {
        match self.broker {
            BrokerKind::Embedded => format!("localhost:{}", self.mqtt.listen.port()),
            BrokerKind::External => self.mqtt_address(),
        }
    }

    /// `host:port` of the terminal listener, as terminals dial it.
    pub fn terminal_address(&self) -> String {
        format!("{}:{}", self.public_host, self.terminal.listen.port())
    }
}

impl Settings for ControllerConfig {
    fn misfits(value: &Value) -> Vec<(String, String)> {
        let mut found = listeners_that_meet(value);
        let plain = "/console/loopback_http";
        if address(value, plain, "").is_some_and(|a| !a.ip().is_loopback()) {
            let message = "plain HTTP is for this machine only: give a loopback address";
            found.push((plain.to_owned(), message.to_owned()));
        }
        if value["broker"] == "external" && value["mqtt"]["address"].is_null() {
            found.push(("/mqtt".into(), "an external broker needs the key \"address\"".into()));
        }
        let sites = texts(value, "sites", "id");
        found.extend(twice("site", "sites", &sites));
        for (n, site) in value["sites"].as_array().into_iter().flatten().enumerate() {
            let inside = |(pointer, message)| (format!("/sites/{n}/calendar{pointer}"), message);
            found.extend(Calendar::misfits(&site["calendar"]).into_iter().map(inside));
        }
        found.extend(twice("terminal", "terminals", &texts(value, "terminals", "id")));
        for (n, site) in texts(value, "terminals", "site") {
            if !sites.iter().any(|(_, id)| *id == site) {
                let message = format!("there is no site \"{site}\" under sites");
                found.push((format!("/terminals/{n}/site"), message));
            }
        }
        found
    }
}

/// The values of a key in a list of mappings, with their places in the list.
fn texts<'v>(value: &'v Value, list: &str, key: &str) -> Vec<(usize, &'v str)> {
    let items = value[list].as_array().into_iter().flatten().enumerate();
    items.filter_map(|(n, item)| Some((n, item[key].as_str()?))).collect()
}

fn twice(what: &str, list: &str, ids: &[(usize, &str)]) -> Vec<(String, String)> {
    let again = |(at, (n, id)): (usize, &(usize, &str))| {
        let before = ids[..at].iter().any(|(_, other)| other == id);
        before.then(|| (format!("/{list}/{n}/id"), format!("the {what} \"{id}\" stands here twice")))
    };
    ids.iter().enumerate().filter_map(again).collect()
}

/// The address at a place, or the default where nothing stands there.
fn address(value: &Value, pointer: &str, default: &str) -> Option<SocketAddr> {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Null) | None => default.parse().ok(),
        Some(_) => None,
    }
}

/// Two listeners cannot have one address; one that listens everywhere leaves its port to nobody.
fn listeners_that_meet(value: &Value) -> Vec<(String, String)> {
    let of = |at: SocketAddr| at.to_string();
    let mut all = vec![
        ("/console/listen", of(ConsoleConfig::default().listen)),
        ("/console/loopback_http", String::new()),
        ("/terminal/listen", of(TerminalConfig::default().listen)),
        ("/mqtt/listen", of(MqttConfig::default().listen)),
        ("/metrics/listen", of(MetricsConfig::default().listen)),
    ];
    if value["broker"] == "external" {
        all.retain(|(pointer, _)| *pointer != "/mqtt/listen");
    }
    let all: Vec<(&str, SocketAddr)> =
        all.iter().filter_map(|(at, default)| Some((*at, address(value, at, default)?))).collect();
    let meet = |a: SocketAddr, b: SocketAddr| {
        let everywhere = a.ip().is_unspecified() || b.ip().is_unspecified();
        a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || everywhere)
    };
    let mut found = Vec::new();
    for (n, (pointer, at)) in all.iter().enumerate() {
        if let Some((other, _)) = all[..n].iter().find(|(_, earlier)| meet(*earlier, *at)) {
            // What stands in the file is what can be changed there.
            let (place, with) =
                if value.pointer(pointer).is_some() { (pointer, other) } else { (other, pointer) };
            let with = with.trim_start_matches('/').replace('/', ".");
            found.push(((*place).to_owned(), format!("this address is taken by {with} already")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `UPDATE_SNAPSHOTS=1` the shipped file is written anew.
    #[test]
    fn the_shipped_schema_is_the_one_of_the_code() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/schema/controller.schema.json");
        let schema = migrado_settings::schema::<ControllerConfig>();
        let now = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            crate::files::replace_file(std::path::Path::new(file), now.as_bytes(), 0o644).unwrap();
        }
        let shipped = std::fs::read_to_string(file).unwrap_or_default();
        assert!(shipped == now, "config/schema/controller.schema.json is old: run with UPDATE_SNAPSHOTS=1");
    }

    #[test]
    fn the_shipped_example_is_right() {
        let text = include_str!("../../config/controller.yaml");
        let config: ControllerConfig = migrado_settings::load(text).unwrap();
        assert_eq!(config.terminals.len(), 4);
        assert_eq!(config.mqtt_address(), "fleet.dortmund.example:8883");
    }

    #[test]
    fn what_does_not_fit_together_is_named_with_its_line() {
        let text = "public_host: a:1\nbroker: external\nsites:\n  - { id: a, name: A }\n  - { id: a, name: B }\nterminals:\n  - { id: x, site: b, label: X }\n";
        let said = migrado_settings::load::<ControllerConfig>(text).unwrap_err().to_string();
        for part in [
            "line 1, column 14: public_host",
            "mqtt: an external broker",
            "sites[1].id",
            "line 7",
            "no site \"b\"",
        ] {
            assert!(said.contains(part), "{part} is missing in:\n{said}");
        }
    }

    fn said(text: &str) -> Vec<String> {
        let mistakes = migrado_settings::load::<ControllerConfig>(text).unwrap_err();
        mistakes.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_mistake_is_told_at_once_with_line_and_column() {
        let text = "public_host: fleet.example\nconsole: { listen: nowhere }\nmetrics:\n  listen: \"127.0.0.1\"\n\
                    mqtt:\n  address: broker.example\nlanguages: [de, xx]\nsites:\n  - { id: Fp_1, name: A }\n\
                    terminals:\n  - { id: controller, site: Fp_1, label: A }\n  - { id: -x, site: nowhere, label: B }\n";
        let expected = [
            "line 2, column 20: console.listen: \"nowhere\" is not an address with a port",
            "line 4, column 11: metrics.listen: \"127.0.0.1\" is not an address with a port",
            "line 6, column 12: mqtt.address: \"broker.example\" is not a host with a port",
            "line 7, column 17: languages[1]: \"xx\" is none of ",
            "line 9, column 11: sites[0].id: \"Fp_1\" is not an identity",
            "line 11, column 11: terminals[0].id: \"controller\" is not an identity of a display",
            "line 11, column 29: terminals[0].site: \"Fp_1\" is not an identity",
            "line 12, column 11: terminals[1].id: \"-x\" is not an identity of a display",
            "line 12, column 21: terminals[1].site: there is no site \"nowhere\" under sites",
        ];
        let said = said(text);
        assert_eq!(said.len(), expected.len(), "{said:#?}");
        for (line, begin) in said.iter().zip(expected) {
            assert!(line.starts_with(begin), "{begin}\n--- but\n{line}");
        }
    }

    #[test]
    fn two_listeners_on_one_address_are_named() {
        let with = |more: &str| format!("public_host: a\nsites: []\n{more}\n");
        let cases = [
            (
                "terminal: { listen: \"127.0.0.1:8443\" }",
                "terminal.listen: this address is taken by console.listen",
            ),
            ("metrics: { listen: \"0.0.0.0:8883\" }", "metrics.listen: this address is taken by mqtt.listen"),
            (
                "console: { listen: \"0.0.0.0:9464\" }",
                "console.listen: this address is taken by metrics.listen",
            ),
        ];
        for (text, expected) in cases {
            let said = said(&with(text));
            assert!(said.len() == 1 && said[0].contains(expected), "{expected}\n--- but\n{said:#?}");
        }
        for right in [
            "broker: external\nmqtt: { address: \"b:8883\" }\nmetrics: { listen: \"0.0.0.0:8883\" }",
            "console: { listen: \"127.0.0.1:0\" }\nterminal: { listen: \"127.0.0.1:0\" }",
            "console: { listen: \"127.0.0.1:8444\" }\nterminal: { listen: \"127.0.0.2:8444\" }",
        ] {
            assert!(migrado_settings::load::<ControllerConfig>(&with(right)).is_ok(), "{right}");
        }
    }

    #[test]
    fn the_patterns_are_the_ones_of_the_language() {
        for id in
            ["a", "fp-01", "0", &"x".repeat(32), "", "-a", "a-", "A", "a_b", &"x".repeat(33), "controller"]
        {
            let text = format!("public_host: a\nsites: [{{ id: \"{id}\", name: A }}]\n");
            let taken = migrado_settings::load::<ControllerConfig>(&text).is_ok();
            assert_eq!(taken, id.parse::<SiteId>().is_ok(), "{id}");
        }
    }
}
