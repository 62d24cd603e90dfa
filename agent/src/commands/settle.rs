//! What became of a command that was open when the agent ended: a pure decision by evidence. What
//! has begun never begins again.

use migrado_protocol::command::{CommandState, Verb};

use super::journal::Record;
use crate::platform::process::Evidence;
use crate::store::Mode;

/// The decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It had not begun: it goes on waiting for its turn.
    Resume,
    /// The machine is about to go down: the next boot, or the deadline, tells.
    WaitForReboot,
    /// It is over.
    Over(CommandState, &'static str),
}

/// Decides about an open command after a start.
pub fn settle(record: &Record, here: &Evidence, mode: &Mode) -> Settlement {
    if record.state != CommandState::Running {
        return Settlement::Resume;
    }
    let interrupted =
        Settlement::Over(CommandState::Failed, "the agent ended while it ran; what came of it is not known");
    let Some(begun) = &record.evidence else { return interrupted };
    match &record.order.verb {
        Verb::Reboot => match begun.rebooted_until(here) {
            Some(true) => Settlement::Over(CommandState::Succeeded, "the machine has a new boot id"),
            Some(false) => Settlement::WaitForReboot,
            None => interrupted,
        },
        Verb::RestartAgent if begun.run_id != here.run_id => {
            Settlement::Over(CommandState::Succeeded, "a new agent process tells this")
        }
        // The mode is durable: it shows whether the effect happened.
        Verb::SetOutOfService { reason } if matches!(mode, Mode::OutOfService { reason: r, .. } if r == reason) => {
            Settlement::Over(CommandState::Succeeded, "the mode is set")
        }
        Verb::SetInService if *mode == Mode::InService => {
            Settlement::Over(CommandState::Succeeded, "the mode is set")
        }
        Verb::RestartAgent
        | Verb::SetOutOfService { .. }
        | Verb::SetInService
        | Verb::ResetSession
        | Verb::ReloadPage
        | Verb::RestartPage
        | Verb::ClearPrintQueue
        | Verb::TestPrint
        | Verb::RestartService { .. }
        | Verb::Identify { .. }
        | Verb::CollectLogs { .. }
        | Verb::ReportNow => interrupted,
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::command::Order;
    use migrado_protocol::ids::CommandId;

    use super::*;

    fn evidence(boot: Option<&str>, run: &str) -> Evidence {
        Evidence { boot_id: boot.map(str::to_owned), run_id: run.to_owned() }
    }

    fn running(verb: Verb) -> Record {
        let order = Order {
            id: CommandId(uuid::Uuid::from_u128(1)),
            verb,
            start_by_ms: 10,
            finish_by_ms: 20,
            force_reason: None,
        };
        Record::accepted(order, 1, None, 5).running(evidence(Some("a"), "1"), 6)
    }

    #[test]
    fn what_had_not_begun_goes_on() {
        let record = Record { state: CommandState::Accepted, ..running(Verb::Reboot) };
        assert_eq!(settle(&record, &evidence(Some("b"), "2"), &Mode::InService), Settlement::Resume);
    }

    #[test]
    fn what_had_begun_is_settled_by_evidence_and_never_resumed() {
        use CommandState::{Failed, Succeeded};
        let out = |reason: &str| Mode::OutOfService { reason: reason.into(), since_ms: 1 };
        let table = [
            (Verb::Reboot, Some("b"), Mode::InService, Some(Succeeded)),
            (Verb::Reboot, Some("a"), Mode::InService, None),
            (Verb::Reboot, None, Mode::InService, Some(Failed)),
            (Verb::RestartAgent, Some("a"), Mode::InService, Some(Succeeded)),
            (Verb::SetInService, Some("a"), Mode::InService, Some(Succeeded)),
            (Verb::SetInService, Some("a"), out("x"), Some(Failed)),
            (Verb::SetOutOfService { reason: "x".into() }, Some("a"), out("x"), Some(Succeeded)),
            (Verb::SetOutOfService { reason: "x".into() }, Some("a"), Mode::InService, Some(Failed)),
            (Verb::ResetSession, Some("a"), Mode::InService, Some(Failed)),
            (Verb::TestPrint, Some("b"), Mode::InService, Some(Failed)),
            (Verb::RestartService { unit: "cups.service".into() }, Some("a"), Mode::InService, Some(Failed)),
        ];
        for (verb, boot, mode, expected) in table {
            let settled = settle(&running(verb.clone()), &evidence(boot, "2"), &mode);
            match expected {
                Some(state) => {
                    assert!(matches!(settled, Settlement::Over(s, _) if s == state), "{verb:?} {settled:?}")
                }
                None => assert_eq!(settled, Settlement::WaitForReboot, "{verb:?}"),
            }
        }
    }
}
