//! Reads what the broker brings: size, version, shape, topic, then the signature, each refusal with
//! its own name. Nothing behind this file sees an order that the controller did not sign for this
//! terminal. A command that came too late is believed all the same: the gate refuses it and says so,
//! for staff would otherwise hear nothing for hours. Pure but for the counter of refusals.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use migrado_link::signing::{SignatureError, Verifier};
use migrado_protocol::command::Directive;
use migrado_protocol::desired::Desired;
use migrado_protocol::envelope::{DecodeError, SCHEMA_VERSION, decode_versioned};
use migrado_protocol::ids::{CommandId, TerminalId};
use migrado_protocol::presence::ControllerPresence;
use migrado_protocol::receipt::Receipt;
use migrado_protocol::signed::{Purpose, Signed};
use migrado_protocol::topic::{Channel, Topic};

/// Something that was heard, and may be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// What this display should be.
    Desired(Desired),
    /// What it should do, or not do.
    Directive {
        /// Rising number of the order.
        sequence: u64,
        /// When it was signed.
        issued_ms: i64,
        /// The order.
        directive: Directive,
    },
    /// A well-signed order with a word that this agent does not know.
    UnknownVerb {
        /// Rising number of the order.
        sequence: u64,
        /// Which command.
        id: CommandId,
    },
    /// Whether the city listens.
    Controller(ControllerPresence),
    /// What it has stored. Unsigned: whoever holds the broker can lose our words anyway.
    Receipt(Receipt),
}

/// Why something was not believed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Too large, of no shape, or of an unknown version.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// On a topic that this terminal does not read.
    #[error("\"{0}\" is not a topic that this terminal reads")]
    ForeignTopic(String),
    /// Not signed by the controller for this terminal, or no longer valid.
    #[error("the signature of {what} does not hold")]
    Signature {
        /// Of what.
        what: &'static str,
        /// Why.
        source: SignatureError,
    },
    /// The frame and what is in it do not fit each other.
    #[error("{0}")]
    Contradiction(&'static str),
}

impl Refusal {
    /// The bounded word for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Decode(error) => error.label(),
            Self::ForeignTopic(_) => "foreign_topic",
            Self::Signature { source, .. } => source.label(),
            Self::Contradiction(_) => "contradiction",
        }
    }
}

/// Reads one message.
pub fn read(
    topic: &str,
    payload: &[u8],
    me: &TerminalId,
    verifier: &Verifier,
    now_ms: i64,
) -> Result<Heard, Refusal> {
    let foreign = || Refusal::ForeignTopic(topic.chars().take(128).collect());
    let parsed: Topic = topic.parse().map_err(|_| foreign())?;
    if !parsed.may_read(me) {
        return Err(foreign());
    }
    match parsed {
        Topic::ControllerPresence => {
            let presence: ControllerPresence = decode_versioned(payload)?;
            check_version(presence.v)?;
            Ok(Heard::Controller(presence))
        }
        Topic::Terminal(_, Channel::Desired) => {
            let (signed, late) = read_signed(payload, Purpose::Desired, me, verifier, now_ms)?;
            if let Some(source) = late {
                return Err(Refusal::Signature { what: "a desired state", source });
            }
            let desired: Desired = serde_json::from_str(signed.body.get()).map_err(DecodeError::Malformed)?;
            if desired.generation != signed.sequence {
                return Err(Refusal::Contradiction("generation and sequence of a desired state differ"));
            }
            Ok(Heard::Desired(desired))
        }
        Topic::Terminal(_, Channel::Command) => {
            let (signed, _late) = read_signed(payload, Purpose::Command, me, verifier, now_ms)?;
            read_directive(&signed)
        }
        Topic::Terminal(_, Channel::Receipt) => {
            let receipt: Receipt = decode_versioned(payload)?;
            check_version(receipt.v)?;
            Ok(Heard::Receipt(receipt))
        }
        Topic::Terminal(..) => Err(foreign()),
    }
}

/// What the controller signed for this terminal, and the objection if only its time is over.
fn read_signed(
    payload: &[u8],
    purpose: Purpose,
    me: &TerminalId,
    verifier: &Verifier,
    now_ms: i64,
) -> Result<(Signed, Option<SignatureError>), Refusal> {
    let what = match purpose {
        Purpose::Command => "a command",
        Purpose::Desired => "a desired state",
    };
    let signed: Signed = decode_versioned(payload)?;
    check_version(signed.v)?;
    match verifier.verify(&signed, purpose, me, now_ms) {
        Ok(()) => Ok((signed, None)),
        // The verifier asks for the time last: all else about it is right.
        Err(late @ SignatureError::Expired { .. }) => Ok((signed, Some(late))),
        Err(source) => Err(Refusal::Signature { what, source }),
    }
}

fn read_directive(signed: &Signed) -> Result<Heard, Refusal> {
    match serde_json::from_str(signed.body.get()) {
        Ok(mut directive) => {
            // The frame bounds what is in it: past its end nothing begins, whatever the order says.
            if let Directive::Run(order) = &mut directive
                && signed.expires_ms != 0
            {
                order.start_by_ms = order.start_by_ms.min(signed.expires_ms);
            }
            Ok(Heard::Directive { sequence: signed.sequence, issued_ms: signed.issued_ms, directive })
        }
        // Signed, hence meant: a newer controller is answered by name, not with silence.
        Err(malformed) => match serde_json::from_str::<RunOnly>(signed.body.get()) {
            Ok(RunOnly { what, id }) if what == "run" => {
                Ok(Heard::UnknownVerb { sequence: signed.sequence, id })
            }
            Ok(_) | Err(_) => Err(DecodeError::Malformed(malformed).into()),
        },
    }
}

#[derive(serde::Deserialize)]
struct RunOnly {
    #[serde(rename = "do")]
    what: String,
    id: CommandId,
}

fn check_version(v: u16) -> Result<(), DecodeError> {
    if v == SCHEMA_VERSION { Ok(()) } else { Err(DecodeError::UnknownVersion(u64::from(v))) }
}

/// Counts refusals by their reason.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<&'static str, u64>>);

impl Refusals {
    /// Counts and logs one. A flood is logged ever more rarely, so that it cannot fill the log.
    pub fn note(&self, topic: &str, refusal: &Refusal) {
        let count = {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(refusal.label()).or_default();
            *count += 1;
            *count
        };
        if count.is_power_of_two() {
            let source = std::error::Error::source(refusal).map_or_else(String::new, ToString::to_string);
            let topic: String = topic.chars().take(128).collect();
            tracing::warn!(reason = refusal.label(), count, topic, error = %refusal, source, "message refused");
        }
    }

    /// How many there were, by reason.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use migrado_link::signing::Signer;
    use migrado_protocol::command::{Order, Verb};
    use migrado_protocol::limits::PAYLOAD_BYTES_MAX;

    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn me() -> TerminalId {
        "fp-01".parse().unwrap()
    }

    fn signed(signer: &Signer, purpose: Purpose, sequence: u64, body: &impl serde::Serialize) -> Signed {
        let mut signed = Signed::unsigned(me(), sequence, NOW, NOW + 1000, body).unwrap();
        signer.sign(&mut signed, purpose);
        signed
    }

    fn report_now() -> Directive {
        Directive::Run(Order {
            id: CommandId(uuid::Uuid::from_u128(1)),
            verb: Verb::ReportNow,
            start_by_ms: NOW + 500,
            finish_by_ms: NOW + 900,
            force_reason: None,
        })
    }

    fn desired(generation: u64) -> Desired {
        Desired {
            generation,
            label: "L".into(),
            site_name: "S".into(),
            session_idle_s: 90,
            languages: vec!["de".into()],
            release: None,
            recalled: Vec::new(),
        }
    }

    fn hear(
        verifier: &Verifier,
        channel: Channel,
        payload: &[u8],
        now_ms: i64,
    ) -> Result<Heard, &'static str> {
        let topic = Topic::of(&me(), channel).to_string();
        read(&topic, payload, &me(), verifier, now_ms).map_err(|refusal| refusal.label())
    }

    #[test]
    fn what_the_controller_signed_for_this_terminal_is_believed() {
        let (signer, _) = Signer::generate().unwrap();
        let verifier = Verifier::new(vec![signer.public().clone()]);
        let command = serde_json::to_vec(&signed(&signer, Purpose::Command, 4, &report_now())).unwrap();
        let heard = hear(&verifier, Channel::Command, &command, NOW).unwrap();
        assert_eq!(heard, Heard::Directive { sequence: 4, issued_ms: NOW, directive: report_now() });
        let state = serde_json::to_vec(&signed(&signer, Purpose::Desired, 7, &desired(7))).unwrap();
        assert_eq!(hear(&verifier, Channel::Desired, &state, NOW), Ok(Heard::Desired(desired(7))));
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        let (signer, _) = Signer::generate().unwrap();
        let (stranger, _) = Signer::generate().unwrap();
        let verifier = Verifier::new(vec![signer.public().clone()]);
        let good = signed(&signer, Purpose::Command, 4, &report_now());
        let bytes = |signed: &Signed| serde_json::to_vec(signed).unwrap();
        let altered = Signed { sequence: 5, ..good.clone() };
        let foreign = Signed { terminal: "fp-02".parse().unwrap(), ..good.clone() };
        let newer = Signed { v: 2, ..good.clone() };
        let table = [
            (bytes(&altered), NOW, "wrong_signature"),
            (bytes(&foreign), NOW, "foreign"),
            (bytes(&newer), NOW, "unknown_version"),
            (bytes(&signed(&stranger, Purpose::Command, 4, &report_now())), NOW, "unknown_key"),
            (bytes(&signed(&signer, Purpose::Desired, 4, &report_now())), NOW, "wrong_signature"),
            (b"{".to_vec(), NOW, "malformed"),
            (vec![b' '; PAYLOAD_BYTES_MAX + 1], NOW, "oversized"),
            (bytes(&signed(&signer, Purpose::Command, 4, &"dance")), NOW, "malformed"),
        ];
        for (payload, now_ms, label) in table {
            assert_eq!(hear(&verifier, Channel::Command, &payload, now_ms), Err(label));
        }
        let late = bytes(&signed(&signer, Purpose::Desired, 7, &desired(7)));
        assert_eq!(hear(&verifier, Channel::Desired, &late, NOW + 1001), Err("expired"));
        let twisted = bytes(&signed(&signer, Purpose::Desired, 8, &desired(7)));
        assert_eq!(hear(&verifier, Channel::Desired, &twisted, NOW), Err("contradiction"));
        for channel in [Channel::Report, Channel::Presence] {
            assert_eq!(hear(&verifier, channel, &bytes(&good), NOW), Err("foreign_topic"));
        }
        let theirs = Topic::of(&"fp-02".parse().unwrap(), Channel::Command).to_string();
        assert!(read(&theirs, &bytes(&good), &me(), &verifier, NOW).is_err());
        assert!(read("x/#", &bytes(&good), &me(), &verifier, NOW).is_err());
    }

    #[test]
    fn a_late_order_is_heard_and_the_end_of_its_frame_bounds_its_start() {
        let (signer, _) = Signer::generate().unwrap();
        let verifier = Verifier::new(vec![signer.public().clone()]);
        let mut body = report_now();
        if let Directive::Run(order) = &mut body {
            (order.start_by_ms, order.finish_by_ms) = (NOW + 5000, NOW + 9000);
        }
        let payload = serde_json::to_vec(&signed(&signer, Purpose::Command, 4, &body)).unwrap();
        let heard = hear(&verifier, Channel::Command, &payload, NOW + 1001).unwrap();
        let Heard::Directive { directive: Directive::Run(order), .. } = heard else { panic!("{heard:?}") };
        assert_eq!((order.start_by_ms, order.finish_by_ms), (NOW + 1000, NOW + 9000));
    }

    #[test]
    fn a_word_of_tomorrow_is_answered_by_its_id() {
        let (signer, _) = Signer::generate().unwrap();
        let verifier = Verifier::new(vec![signer.public().clone()]);
        let id = CommandId(uuid::Uuid::from_u128(9));
        let body = serde_json::json!({ "do": "run", "id": id, "verb": "dance", "start_by_ms": 1, "finish_by_ms": 2 });
        let payload = serde_json::to_vec(&signed(&signer, Purpose::Command, 4, &body)).unwrap();
        let heard = hear(&verifier, Channel::Command, &payload, NOW).unwrap();
        assert_eq!(heard, Heard::UnknownVerb { sequence: 4, id });
    }

    #[test]
    fn refusals_are_counted_by_reason() {
        let refusals = Refusals::default();
        for _ in 0..3 {
            refusals.note("x", &Refusal::ForeignTopic("x".into()));
        }
        refusals.note("x", &Refusal::Contradiction("y"));
        assert_eq!(
            refusals.counts().into_iter().collect::<Vec<_>>(),
            [("contradiction", 1), ("foreign_topic", 3)]
        );
    }
}
