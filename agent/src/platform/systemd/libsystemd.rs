//! The calls themselves, through libsystemd. Blocking; only `platform::systemd` calls them.

use std::collections::BTreeMap;

use migrado_protocol::report::UnitState;
use systemd::bus::types::{FromSdBusMessage, SdBusType, Variant};
use systemd::bus::{Bus, Message};
use systemd::{daemon, journal};

use super::{CALL_LIMIT, UnitMoment};

const SYSTEMD: &str = "org.freedesktop.systemd1";
const MANAGER_PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const UNIT: &str = "org.freedesktop.systemd1.Unit";
const SERVICE: &str = "org.freedesktop.systemd1.Service";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const TIMEDATED: &str = "org.freedesktop.timedate1";
const TIMEDATED_PATH_AND_INTERFACE: [&str; 2] = ["/org/freedesktop/timedate1", "org.freedesktop.timedate1"];
const LOGIND: &str = "org.freedesktop.login1";
const LOGIND_PATH: &str = "/org/freedesktop/login1";
const LOGIND_MANAGER: &str = "org.freedesktop.login1.Manager";
/// Bytes of one journal line; longer ones are cut.
const LINE_BYTES_MAX: usize = 2048;
/// The agent's own unit, always part of what is read.
const OWN_UNIT: &str = "migrado-agent.service";

pub(super) fn is_available() -> bool {
    daemon::booted().unwrap_or(false) || crate::config::has_own_system_bus()
}

pub(super) fn restart_unit(unit: &str) -> Result<(), String> {
    let mut bus = open()?;
    call(&mut bus, [SYSTEMD, MANAGER_PATH, MANAGER, "RestartUnit"], |m| {
        m.append(unit)?;
        m.append("replace")
    })
    .map(drop)
}

pub(super) fn reboot() -> Result<(), String> {
    let mut bus = open()?;
    // false: never ask a person at the display for a password.
    call(&mut bus, [LOGIND, LOGIND_PATH, LOGIND_MANAGER, "Reboot"], |m| m.append(false)).map(drop)
}

pub(super) fn system_state() -> Result<String, String> {
    property(&mut open()?, MANAGER_PATH, MANAGER, "SystemState")
}

pub(super) fn unit_state(unit: &str) -> Result<UnitMoment, String> {
    let (mut bus, path) = (open()?, unit_path(unit));
    // The times first: a state that is newer than they are only means one more look.
    let mut time = |name: &str| property(&mut bus, &path, UNIT, name);
    let active_since_us = time("ActiveEnterTimestampMonotonic")?;
    let changed_us = time("StateChangeTimestampMonotonic")?;
    Ok(UnitMoment { state: state_on(&mut bus, unit)?, active_since_us, changed_us })
}

/// Of several units over one connection: connecting costs more than asking.
pub(super) fn unit_states(units: &[String]) -> Result<BTreeMap<String, UnitState>, String> {
    let mut bus = open()?;
    units.iter().map(|unit| Ok((unit.clone(), state_on(&mut bus, unit)?))).collect()
}

pub(super) fn ntp_synchronized() -> Result<bool, String> {
    let [path, interface] = TIMEDATED_PATH_AND_INTERFACE;
    property_of(&mut open()?, [TIMEDATED, path, interface, "NTPSynchronized"])
}

fn state_on(bus: &mut Bus, unit: &str) -> Result<UnitState, String> {
    let path = unit_path(unit);
    Ok(UnitState {
        active: property(bus, &path, UNIT, "ActiveState")?,
        sub: property(bus, &path, UNIT, "SubState")?,
        // Only services count their restarts; asking others would be an error.
        restarts: if unit.ends_with(".service") {
            property(bus, &path, SERVICE, "NRestarts").ok()
        } else {
            None
        },
    })
}

pub(super) fn journal_lines(
    units: &[String],
    since_ms: i64,
    bytes_max: usize,
) -> Result<Vec<String>, String> {
    let words = |e: systemd::Error| e.to_string();
    let mut journal = journal::OpenOptions::default().system(true).local_only(true).open().map_err(words)?;
    for unit in units.iter().map(String::as_str).chain([OWN_UNIT]) {
        journal.match_add("_SYSTEMD_UNIT", unit).map_err(words)?;
    }
    journal.match_or().map_err(words)?;
    journal.match_add("_TRANSPORT", "kernel").map_err(words)?;
    journal.seek_tail().map_err(words)?;
    let mut lines = Vec::new();
    let mut bytes = 0;
    // Backwards, so that the newest survive the bound.
    while journal.previous().map_err(words)? > 0 {
        let at_ms = i64::try_from(journal.timestamp_usec().map_err(words)? / 1000).unwrap_or(i64::MAX);
        if at_ms < since_ms {
            break;
        }
        let mut field = |name: &str| -> String {
            match journal.get_data(name) {
                Ok(Some(data)) => {
                    let value = data.value().unwrap_or_default();
                    String::from_utf8_lossy(value.get(..LINE_BYTES_MAX).unwrap_or(value)).into_owned()
                }
                Ok(None) | Err(_) => String::new(),
            }
        };
        let (who, message) = (field("SYSLOG_IDENTIFIER"), field("MESSAGE"));
        let line = format!("{} {who}: {}", super::readable_time(at_ms), message.replace('\n', " | "));
        bytes += line.len() + 1;
        if bytes > bytes_max {
            break;
        }
        lines.push(line);
    }
    lines.reverse();
    Ok(lines)
}

pub(super) fn notify(state: &[(&str, &str)]) {
    // Without NOTIFY_SOCKET this is Ok(false); an error is systemd's to notice by its watchdog.
    if let Err(error) = daemon::notify(state.iter()) {
        tracing::debug!(%error, "systemd was not notified");
    }
}

fn open() -> Result<Bus, String> {
    Bus::open_system().map_err(|e| format!("no system bus: {e}"))
}

fn call(
    bus: &mut Bus,
    [to, path, interface, method]: [&str; 4],
    arguments: impl FnOnce(&mut Message) -> systemd::Result<()>,
) -> Result<Message, String> {
    let words = |e: systemd::Error| e.to_string();
    let mut message = bus.new_method_call(to, path, interface, method).map_err(words)?;
    arguments(&mut message).map_err(words)?;
    message.call(u64::try_from(CALL_LIMIT.as_micros()).unwrap_or(u64::MAX)).map_err(|e| {
        let name = Some(e.name().to_string());
        let said = e.message().map(ToString::to_string);
        [name, said].into_iter().flatten().collect::<Vec<_>>().join(": ")
    })
}

fn property<T>(bus: &mut Bus, path: &str, interface: &str, name: &str) -> Result<T, String>
where
    T: SdBusType + for<'a> FromSdBusMessage<'a>,
{
    property_of(bus, [SYSTEMD, path, interface, name])
}

fn property_of<T>(bus: &mut Bus, [owner, path, interface, name]: [&str; 4]) -> Result<T, String>
where
    T: SdBusType + for<'a> FromSdBusMessage<'a>,
{
    let mut reply = call(bus, [owner, path, PROPERTIES, "Get"], |m| {
        m.append(interface)?;
        m.append(name)
    })?;
    let value: Option<Variant<T>> = reply.iter().and_then(|mut i| i.next()).map_err(|e| e.to_string())?;
    value.map(|Variant(value)| value).ok_or_else(|| format!("{name} came back empty"))
}

/// Where systemd shows a unit on the bus: its name with everything but letters and digits escaped.
fn unit_path(unit: &str) -> String {
    let mut path = String::from("/org/freedesktop/systemd1/unit/");
    for (n, byte) in unit.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (n > 0 && byte.is_ascii_digit()) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("_{byte:02x}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_names_are_escaped_as_systemd_does() {
        assert_eq!(unit_path("cups.service"), "/org/freedesktop/systemd1/unit/cups_2eservice");
        assert_eq!(unit_path("a-b@1.socket"), "/org/freedesktop/systemd1/unit/a_2db_401_2esocket");
    }
}
