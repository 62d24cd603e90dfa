//! A terminal in one word, rolled up from presence, health, verdict and drift. Pure.

use migrado_protocol::health::{HealthState, Reason, roll_up};
use migrado_protocol::verdict::Level;
use serde::{Deserialize, Serialize};

use super::certificate;
use super::presence::Presence;
use super::terminal::Terminal;

/// One word, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Visitors miss something that it should do.
    Fault,
    /// It is gone.
    Offline,
    /// It serves, but somebody should look.
    Warning,
    /// Taken out of service on purpose.
    Maintenance,
    /// Switched off on purpose.
    Off,
    /// Nothing is known yet.
    Unknown,
    /// All is well.
    Ok,
}

impl Status {
    /// Every status, the worst first.
    pub const ALL: [Self; 7] =
        [Self::Fault, Self::Offline, Self::Warning, Self::Maintenance, Self::Off, Self::Unknown, Self::Ok];

    /// The word in the API and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Offline => "offline",
            Self::Warning => "warning",
            Self::Maintenance => "maintenance",
            Self::Off => "off",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
        }
    }
}

/// Decides. What is not there is never green, whatever it said last.
pub fn decide(terminal: &Terminal, presence: Presence, now_ms: i64) -> Status {
    match presence {
        Presence::Unknown => return Status::Unknown,
        Presence::Offline => return Status::Offline,
        Presence::OffOnPurpose => return Status::Off,
        Presence::Late => return Status::Warning,
        Presence::Online => {}
    }
    let health = roll_up(terminal.reported.health.values());
    let Some(verdict) = &terminal.reported.verdict else {
        // It starts: what is known already counts, the rest is neither well nor ill.
        return match health {
            HealthState::Failed => Status::Fault,
            HealthState::Degraded => Status::Warning,
            HealthState::Ok | HealthState::Unknown => Status::Unknown,
        };
    };
    let ordered = verdict.because.iter().any(|b| b.reason == Reason::OutOfServiceOrdered);
    // A display that has no printer informs for good: that is what it is for.
    let informs_by_design = verdict.because.iter().all(|b| b.reason == Reason::Unsupported);
    match (verdict.level, ordered) {
        (Level::OutOfService, true) => return Status::Maintenance,
        (Level::InformOnly, _) if informs_by_design && !verdict.because.is_empty() => {}
        (Level::OutOfService | Level::InformOnly, _) => return Status::Fault,
        (Level::FullService, _) => {}
    }
    match health {
        HealthState::Failed => Status::Fault,
        HealthState::Degraded => Status::Warning,
        _ if certificate::decide(terminal, now_ms) != certificate::Validity::Fine => Status::Warning,
        HealthState::Ok | HealthState::Unknown => Status::Ok,
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::health::{Component, Health};
    use migrado_protocol::verdict::{Because, Verdict};

    use super::*;
    use crate::fleet::terminal::Certificate;

    fn terminal(level: Option<Level>, reason: Option<Reason>, health: HealthState) -> Terminal {
        let mut t = Terminal::new("fp-01".parse().unwrap(), "fp".parse().unwrap(), String::new(), 0);
        t.reported.verdict = level.map(|level| Verdict {
            level,
            because: reason
                .map(|reason| Because { component: Component::Printer, reason })
                .into_iter()
                .collect(),
            since_ms: 0,
        });
        let node = Health { state: health, reason: None, detail: None, since_ms: 0 };
        t.reported.health.insert(Component::Storage, node);
        t
    }

    #[test]
    fn what_is_not_there_is_never_green() {
        let well = terminal(Some(Level::FullService), None, HealthState::Ok);
        assert_eq!(decide(&well, Presence::Online, 0), Status::Ok);
        assert_eq!(decide(&well, Presence::Late, 0), Status::Warning);
        assert_eq!(decide(&well, Presence::Offline, 0), Status::Offline);
        assert_eq!(decide(&well, Presence::OffOnPurpose, 0), Status::Off);
        assert_eq!(decide(&well, Presence::Unknown, 0), Status::Unknown);
    }

    #[test]
    fn a_certificate_that_ends_soon_is_something_to_look_at() {
        let mut well = terminal(Some(Level::FullService), None, HealthState::Ok);
        well.certificate = Some(Certificate { serial: "1".into(), not_after_ms: certificate::SOON_MS + 5 });
        assert_eq!(decide(&well, Presence::Online, 5), Status::Ok);
        assert_eq!(decide(&well, Presence::Online, 6), Status::Warning);
    }

    #[test]
    fn every_verdict_and_health_has_its_status() {
        use HealthState as H;
        use Level as L;
        let rows = [
            (None, None, H::Ok, Status::Unknown),
            (None, None, H::Unknown, Status::Unknown),
            (None, None, H::Degraded, Status::Warning),
            (None, None, H::Failed, Status::Fault),
            (Some(L::FullService), None, H::Ok, Status::Ok),
            (Some(L::FullService), None, H::Unknown, Status::Ok),
            (Some(L::FullService), None, H::Degraded, Status::Warning),
            (Some(L::FullService), None, H::Failed, Status::Fault),
            (Some(L::InformOnly), Some(Reason::PaperEmpty), H::Ok, Status::Fault),
            (Some(L::InformOnly), None, H::Ok, Status::Fault),
            (Some(L::InformOnly), Some(Reason::Unsupported), H::Ok, Status::Ok),
            (Some(L::InformOnly), Some(Reason::Unsupported), H::Degraded, Status::Warning),
            (Some(L::OutOfService), Some(Reason::Unsupported), H::Ok, Status::Fault),
            (Some(L::OutOfService), Some(Reason::PageSilent), H::Ok, Status::Fault),
            (Some(L::OutOfService), Some(Reason::OutOfServiceOrdered), H::Ok, Status::Maintenance),
        ];
        for (level, reason, health, expected) in rows {
            assert_eq!(
                decide(&terminal(level, reason, health), Presence::Online, 0),
                expected,
                "{level:?} {health:?}"
            );
        }
    }
}
