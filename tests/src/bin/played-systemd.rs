//! Plays systemd and logind on the bus that the environment names, for tests: units are restarted,
//! one fails, one never moves, and a reboot is noted. Prints what it was asked, one line each.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a part of the tests: stops at surprises and speaks to whoever started it"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use systemd::bus::types::Variant;
use systemd::bus::{Bus, Error, MessageRef};

const MANAGER: &str = "/org/freedesktop/systemd1";

/// A unit: what it says, and what becomes of it when it is restarted.
#[derive(Clone)]
struct Unit {
    active: &'static str,
    after_restart: Option<&'static str>,
    active_since_us: u64,
    changed_us: u64,
}

type Units = Arc<Mutex<BTreeMap<&'static str, Unit>>>;
type Done = systemd::bus::Result<()>;

fn main() {
    let unit = |after_restart| Unit { active: "active", after_restart, active_since_us: 1, changed_us: 1 };
    let units: Units = Arc::new(Mutex::new(BTreeMap::from([
        ("cups.service", unit(Some("active"))),
        ("getty@tty1.service", unit(Some("active"))),
        ("kiosk-session.service", unit(Some("active"))),
        ("broken.service", unit(Some("failed"))),
        ("deaf.service", unit(None)),
    ])));
    let mut bus = Bus::open_system().unwrap();
    let of_manager = units.clone();
    bus.add_object(MANAGER, move |m| manager(m, &of_manager)).unwrap();
    for name in units.lock().unwrap().keys() {
        let (name, units) = (*name, units.clone());
        bus.add_object(format!("{MANAGER}/unit/{}", escaped(name)), move |m| property(m, name, &units))
            .unwrap();
    }
    bus.add_object("/org/freedesktop/login1", |m| {
        println!("Reboot");
        answer(m, |_| Ok(()))
    })
    .unwrap();
    bus.request_name("org.freedesktop.login1", 0).unwrap();
    bus.request_name("org.freedesktop.systemd1", 0).unwrap();
    println!("ready");
    loop {
        if bus.process().unwrap().is_none() {
            bus.wait(None).unwrap();
        }
    }
}

fn manager(m: &mut MessageRef, units: &Units) -> Done {
    let member = m.member().map(|c| c.to_string_lossy().into_owned()).unwrap_or_default();
    if member != "RestartUnit" {
        return answer(m, |reply| reply.append(Variant("running".to_owned())));
    }
    let name = m.iter()?.next::<String>()?.unwrap_or_default();
    println!("RestartUnit {name}");
    let mut units = units.lock().unwrap();
    let Some(unit) = units.get_mut(name.as_str()) else {
        return Err(Error::new("org.freedesktop.systemd1.NoSuchUnit", Some("no such unit"))?);
    };
    if let Some(active) = unit.after_restart {
        unit.active = active;
        unit.changed_us += 1;
        unit.active_since_us += u64::from(active == "active");
    }
    answer(m, |_| Ok(()))
}

fn property(m: &mut MessageRef, name: &str, units: &Units) -> Done {
    let mut arguments = m.iter()?;
    arguments.next::<String>()?;
    let asked = arguments.next::<String>()?.unwrap_or_default();
    let unit = units.lock().unwrap()[name].clone();
    answer(m, |reply| match asked.as_str() {
        "ActiveState" => reply.append(Variant(unit.active.to_owned())),
        "SubState" => reply.append(Variant("running".to_owned())),
        "NRestarts" => reply.append(Variant(0u32)),
        "ActiveEnterTimestampMonotonic" => reply.append(Variant(unit.active_since_us)),
        "StateChangeTimestampMonotonic" => reply.append(Variant(unit.changed_us)),
        other => panic!("nobody asks for {other}"),
    })
}

fn answer(m: &mut MessageRef, words: impl FnOnce(&mut MessageRef) -> systemd::Result<()>) -> Done {
    let mut reply = m.new_method_return()?;
    words(&mut reply)?;
    reply.send_no_reply()?;
    Ok(())
}

/// A unit's name as it stands in a path of the bus.
fn escaped(name: &str) -> String {
    let byte =
        |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("_{b:02x}") };
    name.bytes().map(byte).collect()
}
