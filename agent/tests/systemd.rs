//! systemd over a private bus with a played systemd and logind behind it: unit restarts, unit states,
//! an orderly reboot, and refusals in systemd's own words. The bus's address is given by the
//! environment, so the outer test starts this binary once more with it.
#![cfg(feature = "systemd")]
#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use migrado_agent::platform::systemd::{self as ours, SystemdError};
use systemd::bus::types::Variant;
use systemd::bus::{Bus, MessageRef};

const INNER: &str = "MIGRADO_TEST_PLAYED_BUS";

/// A private bus that ends with the test.
struct PrivateBus {
    daemon: Child,
    address: String,
}

impl PrivateBus {
    fn start() -> Option<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { daemon, address: address.trim().to_owned() })
    }
}

impl Drop for PrivateBus {
    fn drop(&mut self) {
        self.daemon.kill().ok();
        self.daemon.wait().ok();
    }
}

#[test]
fn systemd_is_asked_over_the_bus() {
    let Some(bus) = PrivateBus::start() else {
        eprintln!("NOT RUN: dbus-daemon is not installed here");
        return;
    };
    let inner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "inside", "--nocapture", "--ignored"])
        .env("DBUS_SYSTEM_BUS_ADDRESS", &bus.address)
        .env(INNER, "1")
        .status()
        .unwrap();
    assert!(inner.success());
}

/// Only what the outer test starts.
#[test]
#[ignore = "started by the outer test, with a bus in its environment"]
fn inside() {
    if std::env::var_os(INNER).is_none() {
        return;
    }
    let (heard, hears) = mpsc::channel();
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || play(heard, &ready));
    is_ready.recv_timeout(Duration::from_secs(10)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert!(ours::is_available());
        ours::restart_unit("cups.service").await.unwrap();
        assert_eq!(hears.recv().unwrap(), "RestartUnit cups.service replace");

        let state = ours::unit_state("cups.service").await.unwrap();
        assert_eq!(
            (state.active.as_str(), state.sub.as_str(), state.restarts),
            ("active", "running", Some(2))
        );
        // What is no service has no count of restarts.
        let state = ours::unit_state("kiosk.target").await.unwrap();
        assert_eq!((state.active.as_str(), state.restarts), ("inactive", None));

        assert!(ours::is_machine_stopping().await);
        ours::reboot().await.unwrap();
        assert_eq!(hears.recv().unwrap(), "Reboot false");

        let refused = ours::restart_unit("nope.service").await.unwrap_err();
        let SystemdError::Refused { operation, object, answer } = refused else { panic!("{refused}") };
        assert_eq!((operation, object.as_str()), ("restart", "nope.service"));
        assert!(answer.contains("NoSuchUnit") && answer.contains("not found"), "{answer}");
    });
}

/// Plays systemd and logind until the process ends.
fn play(heard: mpsc::Sender<String>, ready: &mpsc::Sender<()>) {
    let mut bus = Bus::open_system().unwrap();
    let to_test = heard.clone();
    bus.add_object("/org/freedesktop/systemd1", move |m| manager(m, &to_test)).unwrap();
    bus.add_object("/org/freedesktop/systemd1/unit/cups_2eservice", |m| {
        unit(m, "active", "running", Some(2))
    })
    .unwrap();
    bus.add_object("/org/freedesktop/systemd1/unit/kiosk_2etarget", |m| unit(m, "inactive", "dead", None))
        .unwrap();
    bus.add_object("/org/freedesktop/login1", move |m| {
        let interactive: Option<bool> = m.iter()?.next()?;
        heard.send(format!("Reboot {}", interactive.unwrap_or(true))).ok();
        answer(m, |_| Ok(()))
    })
    .unwrap();
    bus.request_name("org.freedesktop.systemd1", 0).unwrap();
    bus.request_name("org.freedesktop.login1", 0).unwrap();
    ready.send(()).unwrap();
    loop {
        if bus.process().unwrap().is_none() {
            bus.wait(None).unwrap();
        }
    }
}

type Done = systemd::bus::Result<()>;

fn manager(m: &mut MessageRef, heard: &mpsc::Sender<String>) -> Done {
    let member = m.member().map(|c| c.to_string_lossy().into_owned()).unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    let mut arguments = m.iter()?;
    while let Ok(Some(word)) = arguments.next::<String>() {
        words.push(word);
    }
    match member.as_str() {
        "RestartUnit" if words[0] == "nope.service" => Err(systemd::bus::Error::new(
            "org.freedesktop.systemd1.NoSuchUnit",
            Some("Unit nope.service not found."),
        )?),
        "RestartUnit" => {
            heard.send(format!("RestartUnit {}", words.join(" "))).ok();
            answer(m, |_| Ok(()))
        }
        "Get" => answer(m, |reply| reply.append(Variant("stopping".to_owned()))),
        other => panic!("unexpected call {other}"),
    }
}

fn unit(m: &mut MessageRef, active: &'static str, sub: &'static str, restarts: Option<u32>) -> Done {
    let mut arguments = m.iter()?;
    arguments.next::<String>()?;
    let name = arguments.next::<String>()?.unwrap_or_default();
    match (name.as_str(), restarts) {
        ("ActiveState", _) => answer(m, |reply| reply.append(Variant(active.to_owned()))),
        ("SubState", _) => answer(m, |reply| reply.append(Variant(sub.to_owned()))),
        ("NRestarts", Some(restarts)) => answer(m, |reply| reply.append(Variant(restarts))),
        _ => Err(systemd::bus::Error::new(
            "org.freedesktop.DBus.Error.UnknownProperty",
            Some("no such property"),
        )?),
    }
}

fn answer(m: &mut MessageRef, words: impl FnOnce(&mut MessageRef) -> systemd::Result<()>) -> Done {
    let mut reply = m.new_method_return()?;
    words(&mut reply)?;
    reply.send_no_reply()?;
    Ok(())
}
