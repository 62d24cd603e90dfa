//! The life of a rollout: one table of states and what happens in them. Purely which state follows;
//! who may bring it about is the API's part, what follows from it `decide`'s.

use serde::{Deserialize, Serialize};

/// Where a rollout stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Made, and nothing is decided.
    Draft,
    /// Somebody else than its maker has to say yes.
    AwaitingApproval,
    /// Begins at its date.
    Scheduled,
    /// Its waves go on.
    Running,
    /// Nothing new begins until a person says so.
    Paused,
    /// What it changed is taken back.
    Halted,
    /// Every wave is through.
    Completed,
    /// Ended by a person; what has changed stays.
    Canceled,
    /// What it changed was taken back.
    RolledBack,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Draft,
        Self::AwaitingApproval,
        Self::Scheduled,
        Self::Running,
        Self::Paused,
        Self::Halted,
        Self::Completed,
        Self::Canceled,
        Self::RolledBack,
    ];

    /// The word in the database, in metrics and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Halted => "halted",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Whether its displays are its own: no other rollout may have them.
    pub fn holds_displays(self) -> bool {
        matches!(self, Self::AwaitingApproval | Self::Scheduled | Self::Running | Self::Paused | Self::Halted)
    }

    /// Whether it is looked after.
    pub fn moves(self) -> bool {
        matches!(self, Self::Scheduled | Self::Running | Self::Paused | Self::Halted)
    }
}

/// What happens to a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A person starts it, and somebody else has to approve.
    StartForApproval,
    /// A person starts it.
    Start,
    /// Somebody else approves.
    Approve,
    /// Its date has come.
    Begin,
    /// A person, or a wave that is to be looked at.
    Pause,
    /// A person lets it go on.
    Resume,
    /// Too many errors, or a person wants what was before.
    Back,
    /// A person ends it.
    Cancel,
    /// The last wave is through.
    Finish,
    /// What could be taken back is taken back.
    Returned,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::StartForApproval,
        Self::Start,
        Self::Approve,
        Self::Begin,
        Self::Pause,
        Self::Resume,
        Self::Back,
        Self::Cancel,
        Self::Finish,
        Self::Returned,
    ];
}

/// The state after an event; `None`: it does not fit here.
pub fn next(state: State, event: Event) -> Option<State> {
    use Event as E;
    use State as S;
    Some(match (state, event) {
        (S::Draft, E::StartForApproval) => S::AwaitingApproval,
        (S::Draft, E::Start) | (S::AwaitingApproval, E::Approve) => S::Scheduled,
        (S::Scheduled, E::Begin) => S::Running,
        (S::Running, E::Pause) => S::Paused,
        (S::Paused, E::Resume) => S::Running,
        (S::Running | S::Paused | S::Completed | S::Canceled, E::Back) => S::Halted,
        (S::Draft | S::AwaitingApproval | S::Scheduled | S::Running | S::Paused, E::Cancel) => S::Canceled,
        (S::Running, E::Finish) => S::Completed,
        (S::Halted, E::Returned) => S::RolledBack,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair that leads somewhere; all others are refused.
    const TABLE: [(State, Event, State); 17] = [
        (State::Draft, Event::StartForApproval, State::AwaitingApproval),
        (State::Draft, Event::Start, State::Scheduled),
        (State::Draft, Event::Cancel, State::Canceled),
        (State::AwaitingApproval, Event::Approve, State::Scheduled),
        (State::AwaitingApproval, Event::Cancel, State::Canceled),
        (State::Scheduled, Event::Begin, State::Running),
        (State::Scheduled, Event::Cancel, State::Canceled),
        (State::Running, Event::Pause, State::Paused),
        (State::Running, Event::Back, State::Halted),
        (State::Running, Event::Cancel, State::Canceled),
        (State::Running, Event::Finish, State::Completed),
        (State::Paused, Event::Resume, State::Running),
        (State::Paused, Event::Back, State::Halted),
        (State::Paused, Event::Cancel, State::Canceled),
        (State::Halted, Event::Returned, State::RolledBack),
        (State::Completed, Event::Back, State::Halted),
        (State::Canceled, Event::Back, State::Halted),
    ];

    #[test]
    fn every_state_and_event_has_its_successor_or_none() {
        for state in State::ALL {
            for event in Event::ALL {
                let row = TABLE.iter().find(|(s, e, _)| (*s, *e) == (state, event));
                assert_eq!(next(state, event), row.map(|(_, _, to)| *to), "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn nothing_leads_out_of_what_was_taken_back() {
        assert!(Event::ALL.into_iter().all(|event| next(State::RolledBack, event).is_none()));
    }

    #[test]
    fn what_moves_holds_its_displays_and_words_are_those_of_the_api() {
        for state in State::ALL {
            assert!(!state.moves() || state.holds_displays(), "{state:?}");
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
    }
}
