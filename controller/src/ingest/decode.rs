//! From a topic and bytes to something that a known terminal said, or a refusal by name. Pure.

use migrado_protocol::envelope::DecodeError;
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
        Channel::Report => Envelope::decode(payload).map(|e| Said::Report(Box::new(e))),
        Channel::Usage => Envelope::decode(payload).map(Said::Usage),
        Channel::Ack => Envelope::decode(payload).map(Said::Ack),
        Channel::Desired | Channel::Command => return Err(unknown()),
    };
    match said {
        Ok(said) => Ok((terminal, said)),
        Err(error) => Err(Dropped { reason: DecodeError::label(&error), identity: terminal.to_string() }),
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
}
