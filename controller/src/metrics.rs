//! What the controller tells Prometheus. Per-terminal series come out of a snapshot of the fleet;
//! labels are bounded: identities, sites, closed words. No other file spells a metric's name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use migrado_protocol::printer::{Amount, PrinterState};
use migrado_protocol::{HealthState, Level};
use prometheus::proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder as _, TextEncoder};

use crate::fleet::{FleetHandle, Presence, Status, Terminal, presence, status};

/// Messages taken, by channel. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Counts {
    /// A message of this channel was taken.
    pub fn message(&self, channel: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(channel).or_default() += 1;
    }

    fn all(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is told besides the fleet.
#[derive(Debug, Default)]
pub struct Others {
    /// Refusals by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Open commands by state.
    pub commands: BTreeMap<String, u64>,
    /// Usage by site and counter.
    pub usage: BTreeMap<(String, &'static str), u64>,
    /// Whether the audit log was whole when it was last checked.
    pub audit_whole: bool,
}

type Labels<'a> = [(&'a str, &'a str)];

/// Families under construction.
#[derive(Default)]
struct Families(BTreeMap<&'static str, (&'static str, MetricType, Vec<Metric>)>);

impl Families {
    fn add(
        &mut self,
        name: &'static str,
        help: &'static str,
        kind: MetricType,
        labels: &Labels<'_>,
        value: f64,
    ) {
        let mut metric = Metric::default();
        let pairs: Vec<LabelPair> = labels
            .iter()
            .map(|(name, value)| {
                let mut pair = LabelPair::default();
                pair.set_name((*name).to_owned());
                pair.set_value((*value).to_owned());
                pair
            })
            .collect();
        metric.set_label(pairs);
        if kind == MetricType::COUNTER {
            let mut counter = prometheus::proto::Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        self.0.entry(name).or_insert_with(|| (help, kind, Vec::new())).2.push(metric);
    }

    fn gauge(&mut self, name: &'static str, help: &'static str, labels: &Labels<'_>, value: f64) {
        self.add(name, help, MetricType::GAUGE, labels, value);
    }

    fn counter(&mut self, name: &'static str, help: &'static str, labels: &Labels<'_>, value: f64) {
        self.add(name, help, MetricType::COUNTER, labels, value);
    }

    fn finish(self) -> Vec<MetricFamily> {
        self.0
            .into_iter()
            .map(|(name, (help, kind, metrics))| {
                let mut family = MetricFamily::default();
                family.set_name(name.to_owned());
                family.set_help(help.to_owned());
                family.set_field_type(kind);
                family.set_metric(metrics);
                family
            })
            .collect()
    }
}

/// The text that Prometheus reads.
pub fn text(
    fleet: &FleetHandle,
    counts: &Counts,
    others: &Others,
    now_ms: i64,
) -> Result<Vec<u8>, prometheus::Error> {
    let mut f = Families::default();
    let mut by_status: BTreeMap<(String, Status), u64> = BTreeMap::new();
    for terminal in fleet.all() {
        let (presence, _) = presence::decide(&terminal, now_ms);
        let status = status::decide(&terminal, presence);
        *by_status.entry((terminal.site.to_string(), status)).or_default() += 1;
        of_terminal(&mut f, &terminal, presence, now_ms);
        of_printers(&mut f, &terminal);
    }
    for ((site, status), n) in &by_status {
        f.gauge(
            "migrado_terminals",
            "Displays by status.",
            &[("site", site), ("status", status.word())],
            *n as f64,
        );
    }
    for (channel, n) in counts.all() {
        f.counter(
            "migrado_messages_total",
            "Messages taken from displays.",
            &[("channel", channel)],
            n as f64,
        );
    }
    let help = "Whether the audit log was whole when it was last checked.";
    f.gauge("migrado_audit_chain_ok", help, &[], f64::from(u8::from(others.audit_whole)));
    for (reason, n) in &others.refused {
        f.counter(
            "migrado_refused_total",
            "Messages and connections refused.",
            &[("reason", reason)],
            *n as f64,
        );
    }
    for (state, n) in &others.commands {
        f.gauge("migrado_commands", "Open commands by state.", &[("state", state)], *n as f64);
    }
    for ((site, counter), n) in &others.usage {
        f.counter(
            "migrado_usage_total",
            "What visitors used.",
            &[("site", site), ("counter", counter)],
            *n as f64,
        );
    }
    let mut families = f.finish();
    families.extend(prometheus::default_registry().gather());
    let mut text = Vec::with_capacity(64 * 1024);
    TextEncoder::new().encode(&families, &mut text)?;
    Ok(text)
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn of_terminal(f: &mut Families, t: &Terminal, presence: Presence, now_ms: i64) {
    let labels = [("terminal", t.id.as_str()), ("site", t.site.as_str())];
    let is = |yes: bool| f64::from(u8::from(yes));
    f.gauge(
        "migrado_terminal_online",
        "Whether the display is connected.",
        &labels,
        is(presence == Presence::Online),
    );
    f.gauge(
        "migrado_terminal_off_on_purpose",
        "Whether it is off as planned.",
        &labels,
        is(presence == Presence::OffOnPurpose),
    );
    f.gauge(
        "migrado_terminal_enrolled",
        "Whether it has a certificate.",
        &labels,
        is(t.certificate.is_some()),
    );
    if let Some(ms) = t.last_seen_ms {
        f.gauge(
            "migrado_terminal_last_seen_age_seconds",
            "Since anything was heard.",
            &labels,
            seconds(now_ms - ms),
        );
    }
    if let Some(ms) = t.reported_ms {
        f.gauge(
            "migrado_terminal_report_age_seconds",
            "Age of the last report.",
            &labels,
            seconds(now_ms - ms),
        );
    }
    if let Some(verdict) = &t.reported.verdict {
        let value = match verdict.level {
            Level::FullService => 0.0,
            Level::InformOnly => 1.0,
            Level::OutOfService => 2.0,
        };
        f.gauge(
            "migrado_terminal_verdict",
            "0 full service, 1 inform only, 2 out of service.",
            &labels,
            value,
        );
    }
    for (component, health) in &t.reported.health {
        let value = match health.state {
            HealthState::Unknown => -1.0,
            HealthState::Ok => 0.0,
            HealthState::Degraded => 1.0,
            HealthState::Failed => 2.0,
        };
        let labels = [labels[0], labels[1], ("component", component.word())];
        f.gauge("migrado_terminal_health", "-1 unknown, 0 ok, 1 degraded, 2 failed.", &labels, value);
    }
    if let Some(version) = &t.agent_version {
        let labels = [labels[0], labels[1], ("agent_version", version.as_str())];
        f.gauge("migrado_terminal_info", "The agent's version.", &labels, 1.0);
    }
    if let Some(certificate) = &t.certificate {
        let name = "migrado_terminal_certificate_expiry_timestamp_seconds";
        f.gauge(name, "End of the display's certificate.", &labels, seconds(certificate.not_after_ms));
    }
    of_readings(f, t, &labels);
}

fn of_readings(f: &mut Families, t: &Terminal, labels: &Labels<'_>) {
    if let Some(s) = &t.reported.system {
        f.gauge("migrado_terminal_cpu_ratio", "Processor use.", labels, f64::from(s.cpu_percent) / 100.0);
        f.gauge("migrado_terminal_memory_used_bytes", "Memory in use.", labels, s.memory_used_bytes as f64);
        f.gauge(
            "migrado_terminal_memory_size_bytes",
            "Memory there is.",
            labels,
            s.memory_total_bytes as f64,
        );
        if let Some(celsius) = s.temperature_celsius {
            f.gauge(
                "migrado_terminal_temperature_celsius",
                "The hottest sensor.",
                labels,
                f64::from(celsius),
            );
        }
    }
    if let Some(s) = &t.reported.storage {
        f.gauge("migrado_terminal_storage_free_bytes", "Disk space left.", labels, s.free_bytes as f64);
        f.gauge("migrado_terminal_storage_size_bytes", "Disk space there is.", labels, s.total_bytes as f64);
    }
    if let Some(offset_ms) = t.reported.clock.as_ref().and_then(|c| c.offset_ms) {
        f.gauge(
            "migrado_terminal_clock_offset_seconds",
            "Display minus controller.",
            labels,
            seconds(offset_ms),
        );
    }
}

fn of_printers(f: &mut Families, t: &Terminal) {
    for (name, printer) in &t.reported.printers {
        let labels = [("terminal", t.id.as_str()), ("site", t.site.as_str()), ("printer", name.as_str())];
        let state = match printer.state {
            PrinterState::Unknown => -1.0,
            PrinterState::Idle => 3.0,
            PrinterState::Processing => 4.0,
            PrinterState::Stopped => 5.0,
        };
        f.gauge(
            "migrado_printer_state",
            "IPP printer-state: 3 idle, 4 processing, 5 stopped; -1 unknown.",
            &labels,
            state,
        );
        if let Some(jobs) = printer.jobs {
            f.gauge("migrado_printer_jobs", "Jobs that are not finished.", &labels, f64::from(jobs));
        }
        if let Some(impressions) = printer.impressions {
            let name = "migrado_printer_impressions_total";
            f.counter(name, "Impressions in the printer's life.", &labels, impressions as f64);
        }
        for supply in &printer.supplies {
            if let Amount::Percent(percent) = supply.left {
                let labels = [labels[0], labels[1], labels[2], ("supply", supply.name.as_str())];
                let help = "What is left, where the printer tells a number.";
                f.gauge("migrado_printer_supply_ratio", help, &labels, f64::from(percent) / 100.0);
            }
        }
    }
}
