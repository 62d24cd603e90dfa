//! Simulated displays: what real ones would publish, made with the same protocol crate, thousands
//! in one process. Jittered, so that they do not march in step.

use migrado_protocol::envelope::SCHEMA_VERSION;
use migrado_protocol::health::{Component, Health, HealthState, Reason};
use migrado_protocol::printer::{Amount, Printer, PrinterState, Severity, StateReason, Supply, Tray};
use migrado_protocol::report::{Clock, Page, Report, Storage, System};
use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::verdict::{Because, Level, Verdict};
use migrado_protocol::{Envelope, Presence, TerminalId};

/// Bytes of the usual report that the figures speak of; the simulated one is filled up to it.
pub(crate) const REPORT_BYTES: usize = 410;

/// One simulated display.
#[derive(Debug, Clone)]
pub(crate) struct Display {
    /// Its identity.
    pub(crate) terminal: TerminalId,
    /// Topic of its reports.
    pub(crate) report_topic: String,
    /// Topic of its presence.
    pub(crate) presence_topic: String,
    session: u64,
    seq: u64,
}

/// A small generator of numbers (`SplitMix64`): the same seed gives the same fleet.
#[derive(Debug, Clone)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A number below the bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

/// The identity of the n-th simulated display.
pub(crate) fn terminal(n: usize) -> TerminalId {
    format!("sim-{n:05}").parse().unwrap_or_else(|_| unreachable!("a simulated identity is valid"))
}

impl Display {
    /// The n-th display, in its first session.
    pub(crate) fn new(n: usize) -> Self {
        let terminal = terminal(n);
        Self {
            report_topic: Topic::of(&terminal, Channel::Report).to_string(),
            presence_topic: Topic::of(&terminal, Channel::Presence).to_string(),
            terminal,
            session: 1,
            seq: 0,
        }
    }

    /// Its birth.
    pub(crate) fn birth(&self, now_ms: i64) -> Vec<u8> {
        let birth = migrado_protocol::presence::Birth {
            agent_version: env!("CARGO_PKG_VERSION").into(),
            started_ms: now_ms,
            away: None,
        };
        self.envelope(0, now_ms, Presence::Birth(birth)).encode()
    }

    /// Its whole state: what a display with one printer says.
    pub(crate) fn whole(&mut self, now_ms: i64) -> Vec<u8> {
        self.seq += 1;
        let report = Report {
            full: true,
            verdict: Some(Verdict { level: Level::FullService, because: vec![], since_ms: now_ms }),
            health: [
                Component::System,
                Component::Storage,
                Component::Clock,
                Component::Printer,
                Component::Page,
            ]
            .into_iter()
            .map(|c| (c, Health::ok(now_ms)))
            .collect(),
            system: Some(system(now_ms, 7)),
            storage: Some(Storage {
                at_ms: now_ms,
                free_bytes: 81_000_000_000,
                total_bytes: 120_000_000_000,
                free_inodes: Some(7_000_000),
                total_inodes: Some(7_800_000),
                writable: true,
            }),
            clock: Some(Clock { at_ms: now_ms, synchronized: Some(true), offset_ms: Some(3) }),
            services: None,
            printers: [("main".to_owned(), Some(printer(now_ms)))].into(),
            page: Some(Page { heartbeat_ms: Some(now_ms), session: false, build: Some("0.1.0".into()) }),
            generation: Some(1),
        };
        self.envelope(self.seq, now_ms, report).encode()
    }

    /// What usually changes: system readings, and now and then the printer's health and the verdict.
    /// Of [`REPORT_BYTES`] bytes, give or take the length of its numbers.
    pub(crate) fn usual(&mut self, now_ms: i64, numbers: &mut Numbers) -> Vec<u8> {
        self.seq += 1;
        let low = numbers.below(2) == 0;
        let (state, reason) =
            if low { (HealthState::Degraded, Reason::PaperLow) } else { (HealthState::Ok, Reason::Other) };
        let health = if low { Health::not_ok(state, reason, None, now_ms) } else { Health::ok(now_ms) };
        let because = vec![Because { component: Component::Printer, reason: Reason::PaperLow }];
        let report = Report {
            verdict: Some(Verdict {
                level: Level::FullService,
                because: if low { because } else { vec![] },
                since_ms: now_ms,
            }),
            health: [(Component::Printer, health)].into(),
            system: Some(system(now_ms, numbers.below(100) as u8)),
            ..Report::default()
        };
        self.envelope(self.seq, now_ms, report).encode()
    }

    fn envelope<B>(&self, seq: u64, now_ms: i64, body: B) -> Envelope<B> {
        Envelope { v: SCHEMA_VERSION, session: self.session, seq, at_ms: now_ms, replayed: false, body }
    }
}

fn system(now_ms: i64, cpu_percent: u8) -> System {
    System {
        at_ms: now_ms,
        cpu_percent,
        load1_centi: 42,
        memory_used_bytes: 1_234_567_890,
        memory_total_bytes: 8_123_456_789,
        temperature_celsius: Some(47),
        received_bytes: 123_456_789,
        sent_bytes: 23_456_789,
        booted_ms: now_ms - 86_400_000,
    }
}

fn printer(now_ms: i64) -> Printer {
    Printer {
        at_ms: now_ms,
        source: "cups+ipp".into(),
        make: Some("Xerox B210".into()),
        state: PrinterState::Idle,
        accepting: Some(true),
        asleep: false,
        reasons: vec![StateReason { keyword: "media-low".into(), severity: Severity::Warning }],
        message: None,
        supplies: vec![Supply {
            name: "Black Toner".into(),
            kind: "toner".into(),
            color: Some("#000000".into()),
            left: Amount::Percent(62),
            receptacle: false,
        }],
        trays: vec![Tray {
            name: "Tray 1".into(),
            media: Some("iso_a4_210x297mm".into()),
            left: Amount::Some,
        }],
        jobs: Some(0),
        impressions: Some(12_345),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_report_is_as_large_as_the_figures_say() {
        let (mut display, mut numbers) = (Display::new(1), Numbers(1));
        let sizes: Vec<usize> =
            (0..100).map(|_| display.usual(1_795_000_000_000, &mut numbers).len()).collect();
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((REPORT_BYTES - 30..=REPORT_BYTES + 60).contains(&mean), "{mean}");
    }
}
