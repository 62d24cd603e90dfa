//! The topic scheme, one type read in both directions: [`Topic::to_string`] builds, parsing reads.
//! No other file spells a topic.

use std::fmt;
use std::str::FromStr;

use crate::ids::TerminalId;

const ROOT: &str = "migrado/v1";

/// What a terminal says or is told. The last level of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// Birth and death, retained.
    Presence,
    /// Health tree, readings, verdict.
    Report,
    /// Cumulative counters per hour.
    Usage,
    /// States of commands.
    Ack,
    /// Desired state, retained, written by the controller.
    Desired,
    /// One command or its cancellation, written by the controller.
    Command,
    /// Which items of the outbox the controller has stored, written by the controller.
    Receipt,
}

impl Channel {
    /// Every channel, in the order of the document.
    pub const ALL: [Self; 7] =
        [Self::Presence, Self::Report, Self::Usage, Self::Ack, Self::Desired, Self::Command, Self::Receipt];

    fn word(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Report => "report",
            Self::Usage => "usage",
            Self::Ack => "ack",
            Self::Desired => "desired",
            Self::Command => "command",
            Self::Receipt => "receipt",
        }
    }

    /// Whether the terminal writes this channel (else the controller does).
    pub fn is_written_by_terminal(self) -> bool {
        !matches!(self, Self::Desired | Self::Command | Self::Receipt)
    }

    /// Whether the last message is kept by the broker for whoever comes later.
    pub fn is_retained(self) -> bool {
        matches!(self, Self::Presence | Self::Desired)
    }
}

/// A topic of version 1.
///
/// ```
/// use migrado_protocol::topic::{Channel, Topic};
/// let topic = Topic::of(&"fp-01".parse().unwrap(), Channel::Report);
/// assert_eq!(topic.to_string(), "migrado/v1/t/fp-01/report");
/// assert_eq!("migrado/v1/t/fp-01/report".parse(), Ok(topic));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A channel of one terminal.
    Terminal(TerminalId, Channel),
    /// Whether the controller listens; retained, with a will.
    ControllerPresence,
}

/// The text is not a topic of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a topic of {ROOT}")]
pub struct UnknownTopic(pub String);

impl Topic {
    /// The topic of a terminal's channel.
    pub fn of(terminal: &TerminalId, channel: Channel) -> Self {
        Self::Terminal(terminal.clone(), channel)
    }

    /// Whether the holder of this identity may publish here.
    pub fn may_write(&self, terminal: &TerminalId) -> bool {
        matches!(self, Self::Terminal(t, c) if t == terminal && c.is_written_by_terminal())
    }

    /// Whether the holder of this identity may subscribe here.
    pub fn may_read(&self, terminal: &TerminalId) -> bool {
        match self {
            Self::Terminal(t, c) => t == terminal && !c.is_written_by_terminal(),
            Self::ControllerPresence => true,
        }
    }
}

/// The filters that the controller subscribes to: everything that terminals write.
pub fn controller_filters() -> Vec<String> {
    Channel::ALL
        .into_iter()
        .filter(|c| c.is_written_by_terminal())
        .map(|c| format!("{ROOT}/t/+/{}", c.word()))
        .collect()
}

/// The filters that a terminal subscribes to: its orders and the controller's presence.
pub fn terminal_filters(terminal: &TerminalId) -> Vec<String> {
    let mut filters: Vec<String> = Channel::ALL
        .into_iter()
        .filter(|c| !c.is_written_by_terminal())
        .map(|c| Topic::of(terminal, c).to_string())
        .collect();
    filters.push(Topic::ControllerPresence.to_string());
    filters
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal(terminal, channel) => write!(f, "{ROOT}/t/{terminal}/{}", channel.word()),
            Self::ControllerPresence => write!(f, "{ROOT}/controller/presence"),
        }
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;
    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        let unknown = || UnknownTopic(text.chars().take(128).collect());
        let rest = text.strip_prefix(ROOT).and_then(|r| r.strip_prefix('/')).ok_or_else(unknown)?;
        if rest == "controller/presence" {
            return Ok(Self::ControllerPresence);
        }
        let (terminal, word) = rest.strip_prefix("t/").and_then(|r| r.split_once('/')).ok_or_else(unknown)?;
        let terminal = terminal.parse().map_err(|_| unknown())?;
        let channel = Channel::ALL.into_iter().find(|c| c.word() == word).ok_or_else(unknown)?;
        Ok(Self::Terminal(terminal, channel))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn building_and_parsing_are_inverse(id in "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", n in 0usize..7) {
            let topic = Topic::of(&id.parse().unwrap(), Channel::ALL[n]);
            prop_assert_eq!(topic.to_string().parse::<Topic>().unwrap(), topic);
        }

        #[test]
        fn parsing_never_panics(text in ".{0,80}") {
            prop_assert!(text.parse::<Topic>().is_err() || text.starts_with(ROOT));
        }
    }

    #[test]
    fn a_terminal_writes_only_its_own_words_and_reads_only_its_own_orders() {
        let me: TerminalId = "fp-01".parse().unwrap();
        let other: TerminalId = "fp-02".parse().unwrap();
        for channel in Channel::ALL {
            let own = Topic::of(&me, channel);
            assert_ne!(own.may_write(&me), own.may_read(&me), "{own}");
            let foreign = Topic::of(&other, channel);
            assert!(!foreign.may_write(&me) && !foreign.may_read(&me), "{foreign}");
        }
        assert!(Topic::ControllerPresence.may_read(&me));
        assert!(!Topic::ControllerPresence.may_write(&me));
        for wild in ["migrado/v1/t/+/command", "migrado/v1/#", "#", "migrado/v2/t/a/report"] {
            assert!(wild.parse::<Topic>().is_err(), "{wild}");
        }
    }
}
