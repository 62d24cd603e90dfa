//! The listed systemd units over D-Bus. Where systemd does not run, or nothing is listed, the sensor
//! says `unsupported`. Restarting one is a command's work.

use std::collections::BTreeMap;

use migrado_protocol::health::{Component, Reason};
use migrado_protocol::report::UnitState;

use super::{Judgement, Reading, Sensed, Sensor};
use crate::platform::systemd::{self, Question, SystemdError};

/// Reads them.
#[derive(Debug)]
pub struct ServicesSensor {
    units: Vec<String>,
    question: Question<BTreeMap<String, UnitState>>,
}

impl ServicesSensor {
    /// Of these units.
    pub fn new(units: Vec<String>) -> Self {
        Self { units, question: Question::default() }
    }
}

impl Sensor for ServicesSensor {
    const COMPONENT: Component = Component::Services;

    async fn read(&mut self, _now_ms: i64) -> Sensed {
        if self.units.is_empty() {
            return Sensed::only(Judgement::unsupported());
        }
        match systemd::unit_states(&mut self.question, &self.units).await {
            Ok(states) => {
                let judgement = judge(&states);
                Sensed::new(Reading::Services(states), judgement)
            }
            Err(SystemdError::Absent) => Sensed::only(Judgement::unsupported()),
            Err(error) => Sensed::only(Judgement::unknown(Reason::SensorFailed, error.to_string())),
        }
    }
}

/// The worst unit decides, and all of its kind are named. Pure.
fn judge(units: &BTreeMap<String, UnitState>) -> Judgement {
    let named = |active: &[&str]| -> Vec<&str> {
        let those = units.iter().filter(|(_, unit)| active.contains(&unit.active.as_str()));
        those.map(|(name, _)| name.as_str()).collect()
    };
    let failed = named(&["failed"]);
    if !failed.is_empty() {
        return Judgement::failed(Reason::UnitFailed, failed.join(", "));
    }
    let inactive = named(&["inactive", "deactivating"]);
    if !inactive.is_empty() {
        return Judgement::degraded(Reason::UnitInactive, inactive.join(", "));
    }
    Judgement::ok()
}

#[cfg(test)]
mod tests {
    use migrado_protocol::HealthState::{self, Degraded, Failed, Ok};

    use super::*;

    #[test]
    fn the_worst_unit_decides() {
        let cases: [(&[&str], HealthState, Option<&str>); 7] = [
            (&["active", "active"], Ok, None),
            (&["active", "activating"], Ok, None),
            (&["active", "reloading"], Ok, None),
            (&["active", "inactive"], Degraded, Some("1.service")),
            (&["inactive", "deactivating"], Degraded, Some("0.service, 1.service")),
            (&["failed", "inactive"], Failed, Some("0.service")),
            (&["a state of tomorrow"], Ok, None),
        ];
        for (active, state, detail) in cases {
            let unit = |active: &str| UnitState { active: active.into(), sub: String::new(), restarts: None };
            let units = active.iter().enumerate().map(|(n, a)| (format!("{n}.service"), unit(a))).collect();
            let judged = judge(&units);
            assert_eq!((judged.state, judged.detail.as_deref()), (state, detail), "{active:?}");
        }
    }

    #[tokio::test]
    async fn says_unsupported_where_nothing_is_listed() {
        assert_eq!(ServicesSensor::new(vec![]).read(0).await, Sensed::only(Judgement::unsupported()));
    }
}
