//! Who may connect, and what a name may write and read: the hook of the embedded broker. The rules
//! themselves are `protocol::Topic::{may_write, may_read}`.

use async_trait::async_trait;
use migrado_protocol::ids::CONTROLLER_NAME;
use migrado_protocol::topic::controller_filters;
use migrado_protocol::{TerminalId, Topic};
use rmqtt::codec::v5::SubscribeAckReason;
use rmqtt::hook::{Handler, HookResult, Parameter, ReturnType};
use rmqtt::types::{AuthResult, LastWill, PublishAclResult, SubscribeAclResult};

use super::refusals::Refusals;
use crate::clock::Clock;
use crate::fleet::FleetHandle;
use crate::identity::Identities;

/// The hook.
pub(super) struct Admission {
    refusals: Refusals,
    identities: Identities,
    clock: Clock,
}

impl Admission {
    pub(super) fn new(refusals: Refusals, identities: Identities, clock: Clock) -> Self {
        Self { refusals, identities, clock }
    }

    /// A renewed certificate that is let in counts alone from now on.
    async fn seen(&self, name: &str, serial: &str) {
        if let Ok(terminal) = name.parse::<TerminalId>() {
            self.identities.seen(&terminal, serial, self.clock.now_ms()).await;
        }
    }
}

/// Why a connection is refused, and what to name; none when it may stand.
fn refusal(
    fleet: &FleetHandle,
    name: &str,
    serial: &str,
    client_id: &str,
    will: Option<&str>,
) -> Option<(&'static str, String)> {
    if name != CONTROLLER_NAME {
        let Ok(terminal) = name.parse::<TerminalId>() else {
            return Some(("unknown_identity", client_id.to_owned()));
        };
        // The authority's signature outlives a revocation, so the serial decides.
        if !fleet.holds_certificate(&terminal, serial) {
            return Some(("revoked", format!("serial {serial}")));
        }
    }
    if client_id != name {
        return Some(("foreign_client_id", client_id.to_owned()));
    }
    // Wills pass no check of the broker's own when they are published.
    will.filter(|topic| !may_write(name, topic)).map(|topic| ("foreign_will", topic.to_owned()))
}

/// Whether a name may publish to a topic.
fn may_write(name: &str, topic: &str) -> bool {
    let Ok(topic) = topic.parse::<Topic>() else { return false };
    if name == CONTROLLER_NAME {
        return match topic {
            Topic::ControllerPresence => true,
            Topic::Terminal(_, channel) => !channel.is_written_by_terminal(),
        };
    }
    name.parse::<TerminalId>().is_ok_and(|terminal| topic.may_write(&terminal))
}

/// Whether a name may subscribe to a filter.
fn may_read(name: &str, filter: &str) -> bool {
    if name == CONTROLLER_NAME {
        return controller_filters().iter().any(|f| f == filter)
            || filter.parse::<Topic>() == Ok(Topic::ControllerPresence);
    }
    let Ok(topic) = filter.parse::<Topic>() else { return false };
    name.parse::<TerminalId>().is_ok_and(|terminal| topic.may_read(&terminal))
}

#[async_trait]
impl Handler for Admission {
    async fn hook(&self, parameter: &Parameter, result: Option<HookResult>) -> ReturnType {
        match parameter {
            Parameter::ClientAuthenticate(client) => {
                let certificate = client.cert();
                let name = certificate.and_then(|c| c.common_name.clone()).unwrap_or_default();
                let serial = certificate.and_then(|c| c.serial.clone()).unwrap_or_default();
                let will = client.last_will().map(|will| match will {
                    LastWill::V3(will) => will.topic.to_string(),
                    LastWill::V5(will) => will.topic.to_string(),
                });
                let fleet = self.identities.fleet();
                let refused = refusal(fleet, &name, &serial, client.client_id(), will.as_deref());
                let answer = match refused {
                    Some((reason, object)) => {
                        self.refusals.note(&name, reason, &object);
                        AuthResult::NotAuthorized
                    }
                    None => {
                        self.seen(&name, &serial).await;
                        AuthResult::Allow(false, None)
                    }
                };
                (false, Some(HookResult::AuthResult(answer)))
            }
            Parameter::ClientSubscribeCheckAcl(session, subscribe) => {
                let name = session.username().map(ToString::to_string).unwrap_or_default();
                let answer = if may_read(&name, &subscribe.topic_filter) {
                    SubscribeAclResult::new_success(subscribe.opts.qos(), None)
                } else {
                    self.refusals.note(&name, "foreign_subscription", &subscribe.topic_filter);
                    SubscribeAclResult::new_failure(SubscribeAckReason::NotAuthorized)
                };
                (false, Some(HookResult::SubscribeAclResult(answer)))
            }
            Parameter::MessagePublishCheckAcl(session, message) => {
                let name = session.username().map(ToString::to_string).unwrap_or_default();
                let answer = if may_write(&name, &message.topic) {
                    PublishAclResult::allow()
                } else {
                    self.refusals.note(&name, "foreign_topic", &message.topic);
                    PublishAclResult::rejected(false, None)
                };
                (false, Some(HookResult::PublishAclResult(answer)))
            }
            _ => (true, result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Terminal;
    use crate::fleet::terminal::Certificate;

    fn fleet() -> FleetHandle {
        let new =
            |id: &str| Terminal::new(id.parse().unwrap(), "friedensplatz".parse().unwrap(), String::new(), 0);
        let mut enrolled = new("fp-01");
        enrolled.certificate = Some(Certificate { serial: "4a0b".into(), not_after_ms: i64::MAX });
        FleetHandle::new([enrolled, new("fp-02")])
    }

    #[test]
    fn only_certificates_that_count_connect_and_only_under_their_own_name() {
        let fleet = fleet();
        fleet.change(&"fp-01".parse().unwrap(), |t| {
            t.renewed = Some(Certificate { serial: "4a0d".into(), not_after_ms: i64::MAX });
            ((), true)
        });
        let why = |name: &str, serial: &str, client: &str, will: Option<&str>| {
            refusal(&fleet, name, serial, client, will).map(|(reason, _)| reason)
        };
        assert_eq!(why("fp-01", "4A0B", "fp-01", Some("migrado/v1/t/fp-01/presence")), None);
        assert_eq!(why("fp-01", "4a0d", "fp-01", None), None, "issued last, its answer may be lost");
        assert_eq!(why("fp-01", "4a0c", "fp-01", None), Some("revoked"), "an earlier certificate");
        assert_eq!(why("fp-01", "", "fp-01", None), Some("revoked"), "no serial at all");
        assert_eq!(why("fp-02", "4a0b", "fp-02", None), Some("revoked"), "not enrolled, or revoked");
        assert_eq!(why("fp-03", "4a0b", "fp-03", None), Some("revoked"), "not in the fleet");
        assert_eq!(why("Not A Name", "4a0b", "x", None), Some("unknown_identity"));
        assert_eq!(why("fp-01", "4a0b", "fp-02", None), Some("foreign_client_id"));
        let foreign = Some("migrado/v1/t/fp-02/presence");
        assert_eq!(why("fp-01", "4a0b", "fp-01", foreign), Some("foreign_will"));
        assert_eq!(why(CONTROLLER_NAME, "1", CONTROLLER_NAME, None), None);
    }

    #[test]
    fn names_write_and_read_only_what_is_theirs() {
        assert!(may_write("fp-01", "migrado/v1/t/fp-01/report"));
        assert!(!may_write("fp-01", "migrado/v1/t/fp-02/report"));
        assert!(!may_write("fp-01", "migrado/v1/t/fp-01/command"));
        assert!(!may_write("fp-01", "migrado/v1/controller/presence"));
        assert!(!may_write("fp-01", "elsewhere"));
        assert!(may_read("fp-01", "migrado/v1/t/fp-01/command"));
        assert!(may_read("fp-01", "migrado/v1/controller/presence"));
        for wild in [
            "#",
            "migrado/v1/t/+/command",
            "migrado/v1/t/fp-02/command",
            "$share/g/migrado/v1/t/fp-01/command",
        ] {
            assert!(!may_read("fp-01", wild), "{wild}");
        }
        assert!(may_read(CONTROLLER_NAME, "migrado/v1/t/+/report"));
        assert!(!may_read(CONTROLLER_NAME, "migrado/v1/t/+/command"));
        assert!(may_write(CONTROLLER_NAME, "migrado/v1/t/fp-01/command"));
        assert!(
            !may_write(CONTROLLER_NAME, "migrado/v1/t/fp-01/report"),
            "not even the controller speaks for a display"
        );
    }
}
