//! From a topic and bytes to something that a known terminal said, or a refusal by name. Pure.

use migrado_protocol::envelope::DecodeError;
use migrado_protocol::limits::PAYLOAD_BYTES_MAX;
use migrado_protocol::presence::Presence;
use migrado_protocol::topic::Channel;
use migrado_protocol::{Ack, Envelope, Report, TerminalId, Topic, UsageHour};

/// What a terminal said.
#[derive(Debug)]
pub enum Said {
    /// Birth or death.
    Presence(Envelope<Presence>),
    /// A report.
    Report(Box<Envelope<Report>>),
    /// What was ill, or well again, while nobody could hear it: the past, not the present.
    Fault(Box<Envelope<Report>>),
    /// Counters of an hour.
    Usage(Envelope<UsageHour>),
    /// Where a command stands.
    Ack(Envelope<Ack>),
}

/// Why a message is dropped: the label of a counter and who it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Label.
    pub reason: &'static str,
    /// The terminal, where the topic names one.
    pub identity: String,
}

/// Reads a message.
pub fn decode(topic: &str, payload: &[u8]) -> Result<(TerminalId, Said), Dropped> {
    let unknown = || Dropped { reason: "unknown_topic", identity: String::new() };
    let Ok(Topic::Terminal(terminal, channel)) = topic.parse::<Topic>() else { return Err(unknown()) };
    let said = match channel {
        Channel::Presence => Envelope::decode(payload).map(Said::Presence),
        Channel::Report => Envelope::decode(payload)
            .map(Box::new)
            .map(|e: Box<Envelope<Report>>| if e.item.is_some() { Said::Fault(e) } else { Said::Report(e) }),
        Channel::Usage => Envelope::decode(payload).map(Said::Usage),
        Channel::Ack => Envelope::decode(payload).map(Said::Ack),
        Channel::Desired | Channel::Command | Channel::Receipt => return Err(unknown()),
    };
    match said {
        Ok(said) => Ok((terminal, said)),
        Err(error) => Err(Dropped { reason: DecodeError::label(&error), identity: terminal.to_string() }),
    }
}

/// Number of the item in the terminal's outbox, and on which connection it was told. Read apart, so
/// that an item is receipted even when the rest of it is not understood: nobody will ever be able
/// to take it, and the display must not tell it for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct Item {
    /// Connection.
    pub session: u64,
    /// Number.
    pub item: u64,
}

/// Whose item a message that was not understood is, where that much of it can be read.
pub fn item_of(topic: &str, payload: &[u8]) -> Option<(TerminalId, Item)> {
    let Ok(Topic::Terminal(terminal, channel)) = topic.parse::<Topic>() else { return None };
    let readable = channel.is_written_by_terminal() && payload.len() <= PAYLOAD_BYTES_MAX;
    readable.then(|| serde_json::from_slice(payload).ok()).flatten().map(|item| (terminal, item))
}

impl Said {
    /// The item of the outbox that this is, if it is one.
    pub fn item(&self) -> Option<Item> {
        let (session, item) = match self {
            Self::Presence(e) => (e.session, e.item),
            Self::Report(e) | Self::Fault(e) => (e.session, e.item),
            Self::Usage(e) => (e.session, e.item),
            Self::Ack(e) => (e.session, e.item),
        };
        item.map(|item| Item { session, item })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_dropped_by_name() {
        let reason = |topic: &str, payload: &[u8]| decode(topic, payload).unwrap_err().reason;
        assert_eq!(reason("elsewhere", b"{}"), "unknown_topic");
        assert_eq!(reason("migrado/v1/t/fp-01/command", b"{}"), "unknown_topic");
        assert_eq!(reason("migrado/v1/t/fp-01/report", b"{"), "malformed");
        assert_eq!(reason("migrado/v1/t/fp-01/report", br#"{"v":9}"#), "unknown_version");
        assert_eq!(reason("migrado/v1/t/fp-01/report", &vec![b' '; 300_000]), "oversized");
        let birth = br#"{"v":1,"session":1,"seq":0,"at_ms":1,"body":{"is":"death","cause":"lost"}}"#;
        assert!(matches!(decode("migrado/v1/t/fp-01/presence", birth), Ok((_, Said::Presence(_)))));
    }

    #[test]
    fn an_item_that_nobody_understands_is_still_an_item() {
        let item =
            |payload: &[u8]| item_of("migrado/v1/t/fp-01/ack", payload).map(|(_, i)| (i.session, i.item));
        assert_eq!(item(br#"{"v":9,"session":4,"item":7,"body":"news"}"#), Some((4, 7)));
        assert_eq!(item(br#"{"v":1,"session":4}"#), None);
        assert_eq!(item(b"{"), None);
        let foreign = br#"{"session":4,"item":7}"#;
        assert_eq!(item_of("migrado/v1/t/fp-01/command", foreign), None);
    }
}
