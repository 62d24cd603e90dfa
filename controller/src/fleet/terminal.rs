//! All that is known of one terminal. Plain data: what changes it is in `apply`, what it means in
//! `presence` and `status`.

use std::collections::BTreeMap;

use migrado_protocol::content::ContentReport;
use migrado_protocol::health::{Component, Health};
use migrado_protocol::presence::{Away, DeathCause};
use migrado_protocol::printer::Printer;
use migrado_protocol::report::{Clock, Page, Report, Storage, System, UnitState};
use migrado_protocol::verdict::Verdict;
use migrado_protocol::{SiteId, TerminalId};
use serde::{Deserialize, Serialize};

use super::heartbeats::Heartbeats;
use super::pace::Pace;

/// A certificate of a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Serial number, hexadecimal, lower case.
    pub serial: String,
    /// Until when it holds.
    pub not_after_ms: i64,
}

impl Certificate {
    /// Whether this is its serial number, however a reader wrote it: in capitals, with colons
    /// between the bytes, with leading zeros.
    pub fn has_serial(&self, serial: &str) -> bool {
        fn plain(serial: &str) -> String {
            let digits: String = serial.chars().filter(|c| *c != ':').collect();
            digits.trim_start_matches('0').to_ascii_lowercase()
        }
        let mine = plain(&self.serial);
        !mine.is_empty() && mine == plain(serial)
    }
}

/// Whether the connection stands, as birth and death tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Connection {
    /// Never heard of.
    #[default]
    Never,
    /// Born and not dead.
    Standing,
    /// Ended, and why.
    Ended(DeathCause),
}

/// What the terminal says about its own state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reported {
    /// Verdict.
    pub verdict: Option<Verdict>,
    /// Health tree.
    pub health: BTreeMap<Component, Health>,
    /// System readings.
    pub system: Option<System>,
    /// Storage readings.
    pub storage: Option<Storage>,
    /// Clock readings.
    pub clock: Option<Clock>,
    /// Watched units.
    pub services: Option<BTreeMap<String, UnitState>>,
    /// Printers.
    pub printers: BTreeMap<String, Printer>,
    /// The visitor's page.
    pub page: Option<Page>,
    /// Releases of content.
    pub content: Option<ContentReport>,
    /// Desired generation that is applied.
    pub generation: Option<u64>,
}

impl Reported {
    /// Takes a report in: a whole one replaces everything, another only the parts it brings.
    pub fn take(&mut self, report: Report) {
        if report.full {
            *self = Self::default();
        }
        let Report {
            full: _,
            verdict,
            health,
            system,
            storage,
            clock,
            services,
            printers,
            page,
            content,
            generation,
        } = report;
        self.verdict = verdict.or(self.verdict.take());
        self.health.extend(health);
        self.system = system.or(self.system.take());
        self.storage = storage.or(self.storage.take());
        self.clock = clock.or(self.clock.take());
        self.services = services.or(self.services.take());
        self.page = page.or(self.page.take());
        self.content = content.or(self.content.take());
        self.generation = generation.or(self.generation);
        for (name, printer) in printers {
            match printer {
                Some(printer) => self.printers.insert(name, printer),
                None => self.printers.remove(&name),
            };
        }
    }
}

/// Whether a report brings readings alone, which move all the time: they are kept apart, in
/// `store::terminals`, from what seldom changes.
pub fn brings_only_readings(report: &Report) -> bool {
    // By name, so that a new part of a report has to be put on one side.
    let Report {
        full,
        verdict,
        health,
        services,
        printers,
        content,
        generation,
        system,
        storage,
        clock,
        page,
    } = report;
    let _moving = (system, storage, clock, page);
    !full
        && verdict.is_none()
        && health.is_empty()
        && services.is_none()
        && printers.is_empty()
        && content.is_none()
        && generation.is_none()
}

/// One terminal.
#[derive(Debug, Clone, PartialEq)]
pub struct Terminal {
    /// Identity.
    pub id: TerminalId,
    /// Where it stands.
    pub site: SiteId,
    /// What people call it.
    pub label: String,
    /// Its certificate, while it has a valid one: the one that was seen in use.
    pub certificate: Option<Certificate>,
    /// The certificate that a renewal gave out and that was not seen in use yet. Its answer may have
    /// been lost, so both count until it is.
    pub renewed: Option<Certificate>,
    /// Generation of its desired state; 0 before the first.
    pub desired_generation: u64,
    /// Whether the connection stands.
    pub connection: Connection,
    /// Since when, by the controller's clock.
    pub connection_since_ms: i64,
    /// Number of the newest connection heard of.
    pub session: u64,
    /// Sequence of the newest report of that connection; 0 before the first.
    pub seq: u64,
    /// When anything was heard last, by the controller's clock.
    pub last_seen_ms: Option<i64>,
    /// Since when the connection is believed to stand without having been heard on: after a start
    /// of the controller, or on the word that the broker kept. Not stored.
    pub unheard_since_ms: Option<i64>,
    /// When the newest report came, by the controller's clock.
    pub reported_ms: Option<i64>,
    /// What it reported.
    pub reported: Reported,
    /// How fast an update comes. Not stored.
    pub pace: Pace,
    /// Version of its agent.
    pub agent_version: Option<String>,
    /// When its agent started, by its own clock.
    pub started_ms: Option<i64>,
    /// Why it was last away.
    pub away: Option<Away>,
    /// Status over time.
    pub heartbeats: Heartbeats,
    /// Rises with every change that people can see.
    pub revision: u64,
}

impl Terminal {
    /// A terminal of which nothing is known but where it shall stand.
    pub fn new(id: TerminalId, site: SiteId, label: String, now_ms: i64) -> Self {
        Self {
            id,
            site,
            label,
            certificate: None,
            renewed: None,
            desired_generation: 0,
            connection: Connection::Never,
            connection_since_ms: now_ms,
            session: 0,
            seq: 0,
            last_seen_ms: None,
            unheard_since_ms: None,
            reported_ms: None,
            reported: Reported::default(),
            pace: Pace::default(),
            agent_version: None,
            started_ms: None,
            away: None,
            heartbeats: Heartbeats::default(),
            revision: 0,
        }
    }

    /// Whether this is the serial number of a certificate that counts.
    pub fn holds_certificate(&self, serial: &str) -> bool {
        [&self.certificate, &self.renewed].into_iter().flatten().any(|c| c.has_serial(serial))
    }

    /// Whether this is the serial number of the certificate that waits to be seen in use.
    pub fn waits_for(&self, serial: &str) -> bool {
        self.renewed.as_ref().is_some_and(|c| c.has_serial(serial))
    }

    /// Whether it has applied something else than what is desired. Unknown is not drift.
    pub fn drifts(&self) -> bool {
        self.desired_generation > 0
            && self.reported.generation.is_some_and(|applied| applied != self.desired_generation)
    }

    /// Whether a visitor's session runs, as far as is known.
    pub fn session_runs(&self) -> Option<bool> {
        (self.connection == Connection::Standing)
            .then(|| self.reported.page.as_ref().map(|p| p.session))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_the_same_however_it_is_written() {
        let certificate = Certificate { serial: "0a1b2c".into(), not_after_ms: 0 };
        for same in ["0a1b2c", "a1b2c", "0A:1B:2C", "00000a1b2c"] {
            assert!(certificate.has_serial(same), "{same}");
        }
        for other in ["", "0", "0a1b2d", "a1b2", "0a1b2c0", "xyz"] {
            assert!(!certificate.has_serial(other), "{other}");
        }
        let nameless = Certificate { serial: String::new(), not_after_ms: 0 };
        assert!(!nameless.has_serial(""), "no serial is nobody's");
    }
}
