//! Commands: what a terminal should do *once*. Fixed verbs, no shell.
//!
//! A command is journalled on the terminal before it acts, runs at most once per id, also across
//! a reboot, and is told in [`Ack`]s. [`CommandState::after`] is the one table of its states.

use serde::{Deserialize, Serialize};

use crate::ids::CommandId;

/// What the controller writes to a terminal's command topic, inside a [`crate::signed::Signed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Directive {
    /// Carry out this order.
    Run(Order),
    /// Do not carry out this order, if it has not begun.
    Cancel {
        /// Which.
        id: CommandId,
    },
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// Its identity; the same id never runs twice.
    pub id: CommandId,
    /// What to do.
    #[serde(flatten)]
    pub verb: Verb,
    /// After this it must not begin.
    pub start_by_ms: i64,
    /// After this it must not go on.
    pub finish_by_ms: i64,
    /// Do not wait for a running visitor's session, because of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_reason: Option<String>,
}

/// The fixed verbs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verb {
    /// End the visitor's session and wipe it.
    ResetSession,
    /// Load the visitor's page anew.
    ReloadPage,
    /// Restart the program that shows the page.
    RestartPage,
    /// Cancel all jobs of the display's printers.
    ClearPrintQueue,
    /// Print a test page.
    TestPrint,
    /// Restart a listed systemd unit.
    RestartService {
        /// The unit, for example `cups.service`.
        unit: String,
    },
    /// Restart the agent.
    RestartAgent,
    /// Restart the machine.
    Reboot,
    /// Show the display's identity in large letters.
    Identify {
        /// For how long; the agent bounds it to five minutes.
        seconds: u16,
    },
    /// Take the display out of service.
    SetOutOfService {
        /// What the staff says about it; shown on the console, not to visitors.
        reason: String,
    },
    /// Put the display back into service.
    SetInService,
    /// Bring recent log lines, redacted and bounded.
    CollectLogs {
        /// From how long ago.
        since_s: u32,
    },
    /// Send the whole report now.
    ReportNow,
}

impl Verb {
    /// The word on the wire, in the API, in metrics and on the command line.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ResetSession => "reset_session",
            Self::ReloadPage => "reload_page",
            Self::RestartPage => "restart_page",
            Self::ClearPrintQueue => "clear_print_queue",
            Self::TestPrint => "test_print",
            Self::RestartService { .. } => "restart_service",
            Self::RestartAgent => "restart_agent",
            Self::Reboot => "reboot",
            Self::Identify { .. } => "identify",
            Self::SetOutOfService { .. } => "set_out_of_service",
            Self::SetInService => "set_in_service",
            Self::CollectLogs { .. } => "collect_logs",
            Self::ReportNow => "report_now",
        }
    }

    /// Whether a visitor in the middle of something would be interrupted.
    pub fn disturbs_session(&self) -> bool {
        matches!(
            self,
            Self::ResetSession
                | Self::ReloadPage
                | Self::RestartPage
                | Self::ClearPrintQueue
                | Self::RestartService { .. }
                | Self::RestartAgent
                | Self::Reboot
                | Self::SetOutOfService { .. }
        )
    }
}

/// Where a command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CommandState {
    /// Issued; the terminal has not been reached yet.
    Queued,
    /// Given to the broker while the terminal was connected.
    Sent,
    /// Journalled by the terminal; it may wait for a session to end.
    Accepted,
    /// Begun.
    Running,
    /// Done, and the terminal saw that it worked.
    Succeeded,
    /// Tried without success.
    Failed,
    /// Refused by the terminal, with a reason.
    Rejected,
    /// No result in time: the controller does not know. Not final: the terminal's word wins.
    TimedOut,
    /// Its start-by passed before it began.
    Expired,
    /// Taken back before it began.
    Canceled,
}

/// Who tells a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// The terminal, which knows.
    Terminal,
    /// The controller, which may have to guess.
    Controller,
}

impl CommandState {
    /// Every state, in the order of a command's life.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Sent,
        Self::Accepted,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
        Self::TimedOut,
        Self::Expired,
        Self::Canceled,
    ];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed_out",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nobody can change it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Rejected)
    }

    /// Whether no more is to be expected, though the terminal may still know better.
    pub fn is_settled(self) -> bool {
        self >= Self::Succeeded
    }

    /// The state after somebody told `told`: the table of a command's life.
    /// `None` when the word comes too late or out of order and changes nothing.
    pub fn after(self, told: Self, by: Teller) -> Option<Self> {
        use CommandState as S;
        match (self, told, by) {
            (now, told, _) if now == told => None,
            // What the terminal proved stands.
            (S::Succeeded | S::Failed | S::Rejected, _, _) => None,
            // The terminal knows: its word overrules whatever the controller decided, forwards only.
            (S::TimedOut | S::Expired | S::Canceled, told, Teller::Terminal) => {
                (told >= S::Accepted && told != S::TimedOut).then_some(told)
            }
            (now, told, Teller::Terminal) => (told > now && told >= S::Accepted).then_some(told),
            // The controller only sends, gives up, or takes back what has not begun.
            (S::Queued, S::Sent, Teller::Controller) => Some(S::Sent),
            (S::Sent, S::Queued, Teller::Controller) => Some(S::Queued),
            (S::Queued | S::Sent, S::Expired | S::Canceled, Teller::Controller) => Some(told),
            (S::Sent | S::Accepted | S::Running, S::TimedOut, Teller::Controller) => Some(S::TimedOut),
            (_, _, Teller::Controller) => None,
        }
    }
}

/// Why a terminal refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Rejection {
    /// The start-by had passed when it came, or passed while it waited for a session.
    Expired,
    /// An older sequence than one that was taken: replayed or reordered.
    OutOfOrder,
    /// A verb, or a word of it, that this agent does not know.
    UnknownVerb,
    /// The unit is not on the display's list.
    UnitNotListed,
    /// This machine cannot do that.
    Unsupported,
    /// More of this kind within the hour than the display's own limit allows.
    RateLimited,
    /// Too many commands wait.
    JournalFull,
    /// A session ran until the deadline.
    SessionRunning,
    /// Its times make no sense (finish before start, or too far away).
    InvalidTimes,
    /// A reason of a newer agent.
    #[serde(other)]
    Other,
}

/// What a terminal tells about a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ack {
    /// Which.
    pub id: CommandId,
    /// Where it stands: accepted or later.
    pub state: CommandState,
    /// Since when, on the terminal's clock.
    pub at_ms: i64,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
    /// It waits for a visitor's session to end, at the latest until this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_until_ms: Option<i64>,
    /// What came of it, or what went wrong, for people. Never personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use CommandState as S;

    /// Every pair for both tellers, by the rules of the design rather than by the table.
    #[test]
    fn the_table_holds_for_every_pair() {
        for now in S::ALL {
            for told in S::ALL {
                let by_terminal = now.after(told, Teller::Terminal);
                let by_controller = now.after(told, Teller::Controller);
                if now.is_final() || now == told {
                    assert_eq!((by_terminal, by_controller), (None, None), "{now:?} {told:?}");
                }
                assert!(by_terminal.is_none_or(|s| s == told && s >= S::Accepted), "{now:?} {told:?}");
                if by_controller.is_some() {
                    assert!(
                        matches!(told, S::Queued | S::Sent | S::TimedOut | S::Expired | S::Canceled),
                        "the controller claimed {told:?} after {now:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_time_out_decided_by_the_controller_is_overruled_by_the_terminal() {
        let guessed = S::Running.after(S::TimedOut, Teller::Controller).unwrap();
        assert_eq!(guessed.after(S::Succeeded, Teller::Terminal), Some(S::Succeeded));
        assert_eq!(S::Succeeded.after(S::TimedOut, Teller::Controller), None);
    }

    #[test]
    fn what_runs_cannot_be_canceled_by_the_controller_alone() {
        assert_eq!(S::Running.after(S::Canceled, Teller::Controller), None);
        assert_eq!(S::Accepted.after(S::Canceled, Teller::Controller), None);
        assert_eq!(S::Accepted.after(S::Canceled, Teller::Terminal), Some(S::Canceled));
    }

    #[test]
    fn the_words_are_those_on_the_wire() {
        for state in S::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
        let verb = Verb::RestartService { unit: "cups.service".into() };
        assert_eq!(serde_json::to_value(&verb).unwrap()["verb"], verb.word());
    }
}
