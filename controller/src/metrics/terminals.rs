//! The series of one terminal: presence, verdict, health, readings, printers.

use std::collections::BTreeSet;

use migrado_protocol::printer::{Amount, Printer, PrinterState};
use migrado_protocol::{HealthState, Level};

use super::text::{Families, Kind, label};
use crate::fleet::{Presence, Terminal};

/// Characters of a label that a device words.
const LABEL_CHARS_MAX: usize = 64;

/// A figure of a terminal: name, help, and how it is read; `None` where it is not known.
type Figure = (&'static str, &'static str, fn(&Terminal, &Now) -> Option<f64>);

/// What is decided for the moment.
struct Now {
    presence: Presence,
    ms: i64,
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn yes(is: bool) -> Option<f64> {
    Some(f64::from(u8::from(is)))
}

const FIGURES: [Figure; 15] = [
    ("migrado_terminal_online", "Whether the display is connected.", |_, now| {
        yes(now.presence == Presence::Online)
    }),
    ("migrado_terminal_off_on_purpose", "Whether it said that it would go.", |_, now| {
        yes(now.presence == Presence::OffOnPurpose)
    }),
    ("migrado_terminal_enrolled", "Whether it has a certificate.", |t, _| yes(t.certificate.is_some())),
    ("migrado_terminal_last_seen_age_seconds", "Since anything was heard.", |t, now| {
        t.last_seen_ms.map(|ms| seconds(now.ms - ms))
    }),
    ("migrado_terminal_report_age_seconds", "Age of the last report.", |t, now| {
        t.reported_ms.map(|ms| seconds(now.ms - ms))
    }),
    ("migrado_terminal_verdict", "0 full service, 1 inform only, 2 out of service.", |t, _| {
        t.reported.verdict.as_ref().map(|v| match v.level {
            Level::FullService => 0.0,
            Level::InformOnly => 1.0,
            Level::OutOfService => 2.0,
        })
    }),
    ("migrado_terminal_certificate_expiry_timestamp_seconds", "End of the display's certificate.", |t, _| {
        t.certificate.as_ref().map(|c| seconds(c.not_after_ms))
    }),
    ("migrado_terminal_cpu_ratio", "Processor use.", |t, _| {
        t.reported.system.as_ref().map(|s| f64::from(s.cpu_percent) / 100.0)
    }),
    ("migrado_terminal_load1", "Load average of one minute.", |t, _| {
        t.reported.system.as_ref().map(|s| f64::from(s.load1_centi) / 100.0)
    }),
    ("migrado_terminal_memory_used_bytes", "Memory in use.", |t, _| {
        t.reported.system.as_ref().map(|s| s.memory_used_bytes as f64)
    }),
    ("migrado_terminal_memory_size_bytes", "Memory there is.", |t, _| {
        t.reported.system.as_ref().map(|s| s.memory_total_bytes as f64)
    }),
    ("migrado_terminal_temperature_celsius", "The hottest sensor.", |t, _| {
        t.reported.system.as_ref()?.temperature_celsius.map(f64::from)
    }),
    ("migrado_terminal_storage_free_bytes", "Disk space left.", |t, _| {
        t.reported.storage.as_ref().map(|s| s.free_bytes as f64)
    }),
    ("migrado_terminal_storage_size_bytes", "Disk space there is.", |t, _| {
        t.reported.storage.as_ref().map(|s| s.total_bytes as f64)
    }),
    ("migrado_terminal_clock_offset_seconds", "Display minus controller.", |t, _| {
        t.reported.clock.as_ref()?.offset_ms.map(seconds)
    }),
];

/// Writes all series of a terminal.
pub(super) fn write(f: &mut Families, t: &Terminal, presence: Presence, now_ms: i64) {
    let now = Now { presence, ms: now_ms };
    let mut labels = String::with_capacity(96);
    label(&mut labels, "terminal", t.id.as_str());
    label(&mut labels, "site", t.site.as_str());
    for (name, help, read) in FIGURES {
        if let Some(value) = read(t, &now) {
            f.family(name, help, Kind::Gauge).labeled(&labels, value);
        }
    }
    if let Some(version) = &t.agent_version {
        let labels = with(&labels, "agent_version", &clipped(version));
        f.family("migrado_terminal_info", "The agent's version.", Kind::Gauge).labeled(&labels, 1.0);
    }
    let help = "-1 unknown, 0 ok, 1 degraded, 2 failed.";
    for (component, health) in &t.reported.health {
        let value = match health.state {
            HealthState::Unknown => -1.0,
            HealthState::Ok => 0.0,
            HealthState::Degraded => 1.0,
            HealthState::Failed => 2.0,
        };
        let labels = with(&labels, "component", component.word());
        f.family("migrado_terminal_health", help, Kind::Gauge).labeled(&labels, value);
    }
    for (name, printer) in &t.reported.printers {
        write_printer(f, &with(&labels, "printer", &clipped(name)), printer);
    }
}

fn write_printer(f: &mut Families, labels: &str, printer: &Printer) {
    let state = match printer.state {
        PrinterState::Unknown => -1.0,
        PrinterState::Idle => 3.0,
        PrinterState::Processing => 4.0,
        PrinterState::Stopped => 5.0,
    };
    let help = "IPP printer-state: 3 idle, 4 processing, 5 stopped; -1 unknown.";
    f.family("migrado_printer_state", help, Kind::Gauge).labeled(labels, state);
    if let Some(jobs) = printer.jobs {
        let help = "Jobs that are not finished.";
        f.family("migrado_printer_jobs", help, Kind::Gauge).labeled(labels, f64::from(jobs));
    }
    if let Some(impressions) = printer.impressions {
        let help = "Impressions in the printer's life.";
        f.family("migrado_printer_impressions_total", help, Kind::Counter)
            .labeled(labels, impressions as f64);
    }
    let help = "What is left, where the printer tells a number.";
    let mut names = BTreeSet::new();
    for supply in &printer.supplies {
        if let Amount::Percent(percent) = supply.left {
            let labels = with(labels, "supply", &only(&mut names, clipped(&supply.name)));
            f.family("migrado_printer_supply_ratio", help, Kind::Gauge)
                .labeled(&labels, f64::from(percent) / 100.0);
        }
    }
}

fn with(labels: &str, name: &str, value: &str) -> String {
    let mut all = String::with_capacity(labels.len() + name.len() + value.len() + 8);
    all.push_str(labels);
    label(&mut all, name, value);
    all
}

fn clipped(word: &str) -> String {
    word.chars().take(LABEL_CHARS_MAX).collect()
}

/// The name, numbered when another supply has it already: no series stands twice.
fn only(names: &mut BTreeSet<String>, name: String) -> String {
    let mut unique = name.clone();
    let mut n = 2;
    while !names.insert(unique.clone()) {
        unique = format!("{name} {n}");
        n += 1;
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_supplies_of_one_name_are_two_series() {
        let mut names = BTreeSet::new();
        let all: Vec<String> = ["Toner", "Toner", "Drum", "Toner"]
            .into_iter()
            .map(|name| only(&mut names, name.to_owned()))
            .collect();
        assert_eq!(all, ["Toner", "Toner 2", "Drum", "Toner 3"]);
    }
}
