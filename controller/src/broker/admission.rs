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

/// The hook.
pub(super) struct Admission {
    refusals: Refusals,
}

impl Admission {
    pub(super) fn new(refusals: Refusals) -> Self {
        Self { refusals }
    }
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
                let name = client.cert().and_then(|c| c.common_name.clone()).unwrap_or_default();
                let will = client.last_will().map(|will| match will {
                    LastWill::V3(will) => will.topic.to_string(),
                    LastWill::V5(will) => will.topic.to_string(),
                });
                let refused = if name != CONTROLLER_NAME && name.parse::<TerminalId>().is_err() {
                    Some(("unknown_identity", client.client_id().to_string()))
                } else if *client.client_id() != name {
                    Some(("foreign_client_id", client.client_id().to_string()))
                } else {
                    // Wills pass no check of the broker's own when they are published.
                    will.filter(|topic| !may_write(&name, topic)).map(|topic| ("foreign_will", topic))
                };
                let answer = match refused {
                    Some((reason, object)) => {
                        self.refusals.note(&name, reason, &object);
                        AuthResult::NotAuthorized
                    }
                    None => AuthResult::Allow(false, None),
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
