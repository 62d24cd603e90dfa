//! The agent's configuration: a YAML file, read once into checked types, and what the environment
//! says. All mistakes of the file are told at once, before any socket opens.

pub mod apart;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use migrado_protocol::neighbor::is_address;
use migrado_settings::Settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Printers of one display. Reports are sized for this many.
const PRINTERS_MAX: usize = 4;
/// Characters of a printer's configured name: it is a key of every report and a metric's label.
const PRINTER_NAME_CHARS_MAX: usize = 32;
/// Units that one display may watch.
const SERVICES_MAX: usize = 16;
/// Suffixes of unit names that may be watched and restarted.
const UNIT_SUFFIXES: [&str; 4] = [".service", ".socket", ".timer", ".target"];

/// The configuration of `migrado-agent`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// Where identity, journal, outbox and counters are kept.
    #[serde(default = "default_data_dir")]
    pub data_dir: PathBuf,
    /// The visitor's page.
    #[serde(default)]
    pub kiosk: KioskConfig,
    /// The display's printers.
    #[serde(default)]
    pub printers: Vec<PrinterConfig>,
    /// systemd units that are watched and may be restarted by an order; no others can be.
    #[serde(default)]
    pub services: Vec<String>,
    /// How often is sensed.
    #[serde(default)]
    pub sensors: SensorsConfig,
    /// The display's own limits, whatever is ordered.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Releases of content.
    #[serde(default)]
    pub content: ContentConfig,
    /// Other displays of the site.
    #[serde(default)]
    pub neighbors: NeighborsConfig,
    /// What is logged.
    #[serde(default)]
    pub log: LogLevel,
}

/// The visitor's page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KioskConfig {
    /// Loopback address of the page's server.
    #[schemars(extend("format" = "socket-address", "x-expected" = "an address with a port, for example \"127.0.0.1:7080\""))]
    pub listen: SocketAddr,
    /// Unit of the program that shows the page; `restart_page` restarts it.
    pub restart_unit: Option<String>,
}

/// One printer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrinterConfig {
    /// Its name in reports: lower-case letters, digits and inner hyphens.
    pub name: String,
    /// Where jobs go: the CUPS queue, or the printer itself (`ipp://` or `ipps://`).
    pub uri: String,
    /// The printer behind the queue, asked for supplies that CUPS hides.
    #[serde(default)]
    pub device_uri: Option<String>,
}

/// How often each sensor reads, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SensorsConfig {
    /// Processor, memory, temperature, network.
    #[schemars(range(min = 1, max = 3600))]
    pub system_period_s: u32,
    /// Space and write test.
    #[schemars(range(min = 1, max = 3600))]
    pub storage_period_s: u32,
    /// Synchronization of the clock.
    #[schemars(range(min = 1, max = 3600))]
    pub clock_period_s: u32,
    /// Watched units.
    #[schemars(range(min = 1, max = 3600))]
    pub services_period_s: u32,
    /// Printers.
    #[schemars(range(min = 1, max = 3600))]
    pub printer_period_s: u32,
    /// How long one reading may take.
    #[schemars(range(min = 1, max = 60))]
    pub timeout_s: u32,
}

/// The display's own limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Reboots that it accepts within an hour.
    #[schemars(range(min = 0, max = 60))]
    pub reboots_per_hour: u32,
    /// Resets and restarts, of session, page, service or agent, that it accepts within an hour.
    #[schemars(range(min = 0, max = 600))]
    pub resets_per_hour: u32,
}

/// Releases of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContentConfig {
    /// How long the page must show a new release without a break before it has proven itself, in
    /// seconds.
    #[schemars(range(min = 2, max = 600))]
    pub observe_s: u32,
    /// How often 4 MiB of what is kept are read again, to find what the disk spoiled, in seconds.
    #[schemars(range(min = 1, max = 86400))]
    pub scrub_period_s: u32,
}

impl Default for ContentConfig {
    fn default() -> Self {
        Self { observe_s: 30, scrub_period_s: 600 }
    }
}

/// Other displays of the site, which may fetch from this one what it has of content. Whether this one
/// asks others is the controller's to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NeighborsConfig {
    /// Where they are served; absent: they are not. Port 0 takes a free one.
    #[schemars(extend("format" = "socket-address", "x-expected" = "an address with a port, for example \"0.0.0.0:7443\""))]
    pub listen: Option<SocketAddr>,
    /// What they are told to connect to, `host:port`; absent: the address from which this display
    /// reaches the controller, with the port of `listen`.
    pub address: Option<String>,
}

/// What is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Only what needs somebody.
    Error,
    /// And what is odd.
    Warn,
    /// And what happens.
    #[default]
    Info,
    /// And why.
    Debug,
}

impl LogLevel {
    /// The filter of the log.
    pub fn filter(self) -> tracing::level_filters::LevelFilter {
        use tracing::level_filters::LevelFilter as F;
        match self {
            Self::Error => F::ERROR,
            Self::Warn => F::WARN,
            Self::Info => F::INFO,
            Self::Debug => F::DEBUG,
        }
    }
}

fn default_data_dir() -> PathBuf {
    PathBuf::from("/var/lib/migrado-agent")
}

impl Default for KioskConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7080)), restart_unit: None }
    }
}

impl Default for SensorsConfig {
    fn default() -> Self {
        Self {
            system_period_s: 15,
            storage_period_s: 60,
            clock_period_s: 60,
            services_period_s: 30,
            printer_period_s: 15,
            timeout_s: 10,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { reboots_per_hour: 3, resets_per_hour: 10 }
    }
}

/// What the environment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// systemd connects standard error to the journal.
    pub journal_stream: bool,
    /// systemd waits to be told that the agent is alive, this often at least.
    pub watchdog_us: Option<u64>,
    /// A token to enrol with, so that it does not stand in the list of processes.
    pub enroll_token: Option<String>,
}

impl Environment {
    /// Reads it. The only place that does.
    pub fn read() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            journal_stream: text("JOURNAL_STREAM").is_some(),
            watchdog_us: text("WATCHDOG_USEC").and_then(|us| us.parse().ok()).filter(|us| *us > 0),
            enroll_token: text("MIGRADO_ENROLL_TOKEN"),
        }
    }
}

/// Whether somebody named a system bus, as tests do where systemd does not run.
#[cfg_attr(not(feature = "systemd"), allow(dead_code, reason = "asked by libsystemd's side only"))]
pub(crate) fn has_own_system_bus() -> bool {
    std::env::var_os("DBUS_SYSTEM_BUS_ADDRESS").is_some()
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It has mistakes.
    #[error("the configuration {} has mistakes:\n{mistakes}", path.display())]
    Mistakes {
        /// Which.
        path: PathBuf,
        /// All of them.
        mistakes: migrado_settings::Mistakes,
    },
}

/// Reads and checks the configuration file.
pub fn load(path: &Path) -> Result<AgentConfig, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    migrado_settings::load(&text)
        .map_err(|mistakes| ConfigError::Mistakes { path: path.to_owned(), mistakes })
}

impl Settings for AgentConfig {
    fn mistakes(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut wrong = |pointer: String, message: String| found.push((pointer, message));
        if self.data_dir.as_os_str().is_empty() {
            wrong("/data_dir".into(), "name a directory".into());
        }
        if !self.kiosk.listen.ip().is_loopback() {
            wrong(
                "/kiosk/listen".into(),
                format!(
                    "{} is not a loopback address; the page is served to this display only",
                    self.kiosk.listen.ip()
                ),
            );
        }
        if let Some(unit) = self.kiosk.restart_unit.as_deref().filter(|unit| !is_unit(unit)) {
            wrong("/kiosk/restart_unit".into(), not_a_unit(unit));
        }
        if let Some(address) = &self.neighbors.address {
            if !is_address(address) {
                let message = format!("\"{address}\" is not a host and a port, for example 192.0.2.7:7443");
                wrong("/neighbors/address".into(), message);
            } else if self.neighbors.listen.is_none() {
                let message = "nobody is served there: say neighbors.listen too, or leave it out";
                wrong("/neighbors/address".into(), message.into());
            }
        }
        if self.printers.len() > PRINTERS_MAX {
            wrong("/printers".into(), format!("a display has at most {PRINTERS_MAX} printers"));
        }
        for (n, printer) in self.printers.iter().enumerate() {
            if !is_printer_name(&printer.name) {
                wrong(
                    format!("/printers/{n}/name"),
                    format!(
                        "\"{}\" is not a name: use 1 to {PRINTER_NAME_CHARS_MAX} lower-case letters, digits or inner hyphens",
                        printer.name
                    ),
                );
            } else if self.printers[..n].iter().any(|other| other.name == printer.name) {
                wrong(
                    format!("/printers/{n}/name"),
                    format!("\"{}\" stands here a second time", printer.name),
                );
            }
            for (key, uri) in [("uri", Some(&printer.uri)), ("device_uri", printer.device_uri.as_ref())] {
                if let Some(uri) = uri.filter(|uri| !is_ipp_uri(uri)) {
                    wrong(
                        format!("/printers/{n}/{key}"),
                        format!("\"{uri}\" is not an ipp:// or ipps:// address"),
                    );
                }
            }
        }
        if self.services.len() > SERVICES_MAX {
            wrong("/services".into(), format!("a display watches at most {SERVICES_MAX} units"));
        }
        for (n, unit) in self.services.iter().enumerate() {
            if !is_unit(unit) {
                wrong(format!("/services/{n}"), not_a_unit(unit));
            }
        }
        found
    }
}

fn is_printer_name(name: &str) -> bool {
    (1..=PRINTER_NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn is_ipp_uri(uri: &str) -> bool {
    ["ipp://", "ipps://"]
        .iter()
        .filter_map(|scheme| uri.strip_prefix(scheme))
        .any(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}

fn is_unit(unit: &str) -> bool {
    UNIT_SUFFIXES.iter().any(|suffix| unit.strip_suffix(suffix).is_some_and(|stem| !stem.is_empty()))
        && unit.bytes().all(|b| b.is_ascii_alphanumeric() || b":-_.\\@".contains(&b))
}

fn not_a_unit(unit: &str) -> String {
    format!("\"{unit}\" is not the name of a systemd unit, for example cups.service")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> String {
        migrado_settings::load::<AgentConfig>(text).unwrap_err().to_string()
    }

    /// With `UPDATE_SNAPSHOTS=1` the shipped file is written anew.
    #[test]
    fn the_shipped_schema_is_the_one_of_the_code() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/schema/agent.schema.json");
        let schema = migrado_settings::schema::<AgentConfig>();
        let now = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            crate::platform::disk::replace_file(Path::new(file), now.as_bytes()).unwrap();
        }
        let shipped = std::fs::read_to_string(file).unwrap_or_default();
        assert!(shipped == now, "config/schema/agent.schema.json is old: run with UPDATE_SNAPSHOTS=1");
    }

    #[test]
    fn what_does_not_fit_is_told_beside_what_is_not_known() {
        let said = mistakes(
            "data_dir: 3\nbogus: 1\nkiosk: { listen: \"0.0.0.0:80\", colour: red }\n\
             printers:\n  - { name: Main, uri: \"http://x\" }\n",
        );
        let lines: Vec<&str> = said.lines().filter_map(|line| line.split(": ").nth(1)).collect();
        assert_eq!(
            lines,
            ["data_dir", "bogus", "kiosk.listen", "kiosk.colour", "printers[0].name", "printers[0].uri"],
            "{said}"
        );
    }

    #[test]
    fn an_empty_file_is_a_display_with_defaults() {
        let config: AgentConfig = migrado_settings::load("").unwrap();
        assert_eq!(config.limits, LimitsConfig { reboots_per_hour: 3, resets_per_hour: 10 });
        assert_eq!(config.kiosk.listen.to_string(), "127.0.0.1:7080");
        assert_eq!(config.sensors.printer_period_s, 15);
    }

    #[test]
    fn a_whole_file_is_read() {
        let config: AgentConfig = migrado_settings::load(
            "data_dir: /tmp/a\nkiosk: { listen: \"127.0.0.1:7080\", restart_unit: kiosk-session.service }\n\
             printers:\n  - { name: main, uri: \"ipp://localhost:631/printers/main\", device_uri: \"ipp://192.0.2.7/ipp/print\" }\n\
             services: [cups.service]\nsensors: { timeout_s: 5 }\nlimits: { reboots_per_hour: 1 }\nlog: debug\n",
        )
        .unwrap();
        assert_eq!(config.printers[0].name, "main");
        assert_eq!((config.sensors.timeout_s, config.sensors.clock_period_s), (5, 60));
        assert_eq!((config.limits.reboots_per_hour, config.limits.resets_per_hour), (1, 10));
    }

    #[test]
    fn neighbors_are_told_an_address_only_where_they_are_served() {
        let config: AgentConfig =
            migrado_settings::load("neighbors: { listen: \"[::]:0\", address: \"display.example:7443\" }\n")
                .unwrap();
        assert_eq!(config.neighbors.listen.map(|listen| listen.port()), Some(0));
        assert_eq!(migrado_settings::load::<AgentConfig>("").unwrap().neighbors, NeighborsConfig::default());
        let said = mistakes("neighbors:\n  address: \"display.example:7443\"\n");
        assert!(said.starts_with("line 2, column 12: neighbors.address: nobody is served there"), "{said}");
        let said = mistakes("neighbors: { listen: \"0.0.0.0:7443\", address: \"display.example\" }\n");
        assert!(said.contains("\"display.example\" is not a host and a port"), "{said}");
        let said = mistakes("neighbors: { listen: here }\n");
        assert!(said.contains("neighbors.listen: \"here\" is not an address with a port"), "{said}");
    }

    #[test]
    fn what_the_types_cannot_say_is_told_with_its_line() {
        let said = mistakes(
            "kiosk: { listen: \"0.0.0.0:7080\", restart_unit: \"rm -rf\" }\nprinters:\n  - { name: Main, uri: \"http://x\" }\n  \
             - { name: b, uri: \"ipp://x/\" }\n  - { name: b, uri: \"ipp:///x\" }\nservices: [cups]\n",
        );
        for expected in [
            "line 1, column 18: kiosk.listen: 0.0.0.0 is not a loopback address",
            "kiosk.restart_unit: \"rm -rf\" is not the name of a systemd unit",
            "line 3, column 13: printers[0].name: \"Main\" is not a name",
            "printers[0].uri: \"http://x\" is not an ipp://",
            "printers[2].name: \"b\" stands here a second time",
            "printers[2].uri",
            "line 6, column 12: services[0]: \"cups\" is not the name",
        ] {
            assert!(said.contains(expected), "{expected}\n---\n{said}");
        }
    }

    #[test]
    fn shape_mistakes_come_all_at_once() {
        let said =
            mistakes("kisok: {}\nlog: loud\nsensors: { timeout_s: 0 }\nkiosk: { listen: \"127.0.0.1\" }\n");
        assert_eq!(said.lines().count(), 4, "{said}");
        let address = "line 4, column 18: kiosk.listen: \"127.0.0.1\" is not an address with a port";
        assert!(said.contains(address), "{said}");
    }
}
