//! What the controller tells Prometheus. Series of terminals come out of a snapshot of the fleet,
//! written as text at once: a fleet of thousands is scraped every few seconds, and a registry would
//! build and throw away an object for every number (docs/decisions/0010). Process figures come from
//! the registry of the `prometheus` crate. Labels are bounded: identities, sites, closed words, and
//! clipped words of devices. No other file spells a metric's name.

pub mod route;
mod sites;
mod terminals;
mod text;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use migrado_protocol::SiteId;
use prometheus::{Encoder as _, TextEncoder};

use crate::calendar::Calendar;
use crate::fleet::{FleetHandle, Status, presence, status};
use text::{Families, Kind};

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
    /// Displays of rollouts by state.
    pub rollout_displays: BTreeMap<&'static str, u64>,
    /// Rollouts by state.
    pub rollouts: BTreeMap<&'static str, u64>,
    /// Usage by site and counter.
    pub usage: BTreeMap<(String, &'static str), u64>,
    /// Whether the audit log was whole when it was last checked.
    pub audit_whole: bool,
    /// Sites with their calendars.
    pub sites: Vec<(SiteId, Arc<Calendar>)>,
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
        let status = status::decide(&terminal, presence, now_ms);
        *by_status.entry((terminal.site.to_string(), status)).or_default() += 1;
        terminals::write(&mut f, &terminal, presence, now_ms);
    }
    let terminals = f.family("migrado_terminals", "Displays by status.", Kind::Gauge);
    for ((site, status), n) in by_status {
        terminals.sample(&[("site", &site), ("status", status.word())], n as f64);
    }
    sites::write(&mut f, &others.sites, now_ms);
    let messages = f.family("migrado_messages_total", "Messages taken from displays.", Kind::Counter);
    for (channel, n) in counts.all() {
        messages.sample(&[("channel", channel)], n as f64);
    }
    let help = "Whether the audit log was whole when it was last checked.";
    f.family("migrado_audit_chain_ok", help, Kind::Gauge)
        .sample(&[], f64::from(u8::from(others.audit_whole)));
    let refused = f.family("migrado_refused_total", "Messages and connections refused.", Kind::Counter);
    for (reason, n) in &others.refused {
        refused.sample(&[("reason", reason)], *n as f64);
    }
    let commands = f.family("migrado_commands", "Open commands by state.", Kind::Gauge);
    for (state, n) in &others.commands {
        commands.sample(&[("state", state)], *n as f64);
    }
    let help = "Displays of rollouts that are not at their end, by state.";
    let displays = f.family("migrado_rollout_displays", help, Kind::Gauge);
    for (state, n) in &others.rollout_displays {
        displays.sample(&[("state", state)], *n as f64);
    }
    let rollouts = f.family("migrado_rollouts", "Rollouts by state.", Kind::Gauge);
    for (state, n) in &others.rollouts {
        rollouts.sample(&[("state", state)], *n as f64);
    }
    let usage = f.family("migrado_usage_total", "What visitors used.", Kind::Counter);
    for ((site, counter), n) in &others.usage {
        usage.sample(&[("site", site), ("counter", counter)], *n as f64);
    }
    let mut text = f.finish();
    TextEncoder::new().encode(&prometheus::default_registry().gather(), &mut text)?;
    Ok(text)
}
