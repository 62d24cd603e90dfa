//! Without libsystemd (cargo feature `systemd` off): nothing is there to ask.

use std::collections::BTreeMap;

use migrado_protocol::report::UnitState;

use super::UnitMoment;

const ABSENT: &str = "this agent was built without systemd";

pub(super) fn is_available() -> bool {
    false
}
pub(super) fn restart_unit(_unit: &str) -> Result<(), String> {
    Err(ABSENT.to_owned())
}
pub(super) fn reboot() -> Result<(), String> {
    Err(ABSENT.to_owned())
}
pub(super) fn unit_state(_unit: &str) -> Result<UnitMoment, String> {
    Err(ABSENT.to_owned())
}
pub(super) fn unit_states(_units: &[String]) -> Result<BTreeMap<String, UnitState>, String> {
    Err(ABSENT.to_owned())
}
pub(super) fn ntp_synchronized() -> Result<bool, String> {
    Err(ABSENT.to_owned())
}
pub(super) fn system_state() -> Result<String, String> {
    Err(ABSENT.to_owned())
}
pub(super) fn journal_lines(_: &[String], _: i64, _: usize) -> Result<Vec<String>, String> {
    Err(ABSENT.to_owned())
}
pub(super) fn notify(_: &[(&str, &str)]) {}
