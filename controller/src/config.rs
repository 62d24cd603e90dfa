//! The controller's configuration: a YAML file, read once into checked types before any socket
//! opens. Sites stand here; terminals only until they are in the database.

use std::net::SocketAddr;
use std::path::PathBuf;

use migrado_protocol::{SiteId, TerminalId};
use migrado_settings::Settings;
use schemars::JsonSchema;
use serde::Deserialize;

/// The configuration of `migrado-controller`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControllerConfig {
    /// Where database, authority, keys and the embedded broker's state are kept.
    #[serde(default = "default_data_dir")]
    pub data_dir: PathBuf,
    /// Name under which displays and people reach the controller.
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
    #[serde(default = "default_languages")]
    pub languages: Vec<String>,
    /// Sites.
    pub sites: Vec<SiteConfig>,
    /// Displays that are put into the database when they are not there yet.
    #[serde(default)]
    pub terminals: Vec<TerminalEntry>,
    /// What is logged: error, warn, info, debug.
    #[serde(default = "default_log")]
    pub log: LogLevel,
}

/// Console and API.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleConfig {
    /// HTTPS.
    pub listen: SocketAddr,
    /// Plain HTTP for a reverse proxy on this machine; a loopback address.
    pub loopback_http: Option<SocketAddr>,
}

/// Enrolment and logs of displays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TerminalConfig {
    /// HTTPS; a client certificate is asked for where it is needed.
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
    pub listen: SocketAddr,
    /// `host:port` that displays dial; `public_host` and the port of `listen` where it is left out.
    pub address: Option<String>,
}

/// Metrics and health.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// `/metrics`, `/healthz`, `/readyz`.
    pub listen: SocketAddr,
}

/// A site.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// Identity.
    #[schemars(with = "String")]
    pub id: SiteId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    #[serde(default)]
    pub address: String,
}

/// A display.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminalEntry {
    /// Identity.
    #[schemars(with = "String")]
    pub id: TerminalId,
    /// Where it stands.
    #[schemars(with = "String")]
    pub site: SiteId,
    /// What people call it.
    pub label: String,
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
    fn mistakes(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.public_host.is_empty() || self.public_host.contains([':', '/']) {
            found.push(("/public_host".into(), "give a host name or address without scheme and port".into()));
        }
        if self.console.loopback_http.is_some_and(|a| !a.ip().is_loopback()) {
            let message = "plain HTTP is for this machine only: give a loopback address".to_owned();
            found.push(("/console/loopback_http".into(), message));
        }
        if self.broker == BrokerKind::External && self.mqtt.address.is_none() {
            found.push(("/mqtt".into(), "an external broker needs the key \"address\"".into()));
        }
        for (n, site) in self.sites.iter().enumerate() {
            if self.sites[..n].iter().any(|s| s.id == site.id) {
                found.push((format!("/sites/{n}/id"), format!("the site \"{}\" stands here twice", site.id)));
            }
        }
        for (n, terminal) in self.terminals.iter().enumerate() {
            if self.terminals[..n].iter().any(|t| t.id == terminal.id) {
                let message = format!("the terminal \"{}\" stands here twice", terminal.id);
                found.push((format!("/terminals/{n}/id"), message));
            }
            if !self.sites.iter().any(|s| s.id == terminal.site) {
                let message = format!("there is no site \"{}\" under sites", terminal.site);
                found.push((format!("/terminals/{n}/site"), message));
            }
        }
        found
    }
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
}
