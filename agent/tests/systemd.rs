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
use migrado_agent::sensors::Sensor as _;
use migrado_agent::sensors::clock::{ClockSensor, ControllerTime};
use migrado_agent::sensors::services::ServicesSensor;
use migrado_agent::sensors::storage::StorageSensor;
use migrado_tests::needs_program;
use systemd::bus::types::Variant;
use systemd::bus::{Bus, MessageRef};

const INNER: &str = "MIGRADO_TEST_PLAYED_BUS";

/// A private bus that ends with the test.
struct PrivateBus {
    daemon: Child,
    address: String,
}

impl PrivateBus {
    fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { daemon, address: address.trim().to_owned() }
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
    needs_program!("systemd", "dbus-daemon");
    let bus = PrivateBus::start();
    run_inside("inside", &bus.address);
}

/// Starts one of this binary's ignored tests with a bus in its environment.
fn run_inside(test: &str, bus: &str) {
    let inner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--ignored"])
        .env("DBUS_SYSTEM_BUS_ADDRESS", bus)
        .env(INNER, "1")
        .status()
        .unwrap();
    assert!(inner.success());
}

#[test]
fn a_bus_that_never_answers_starves_nobody() {
    // Takes connections and says nothing, like a daemon that was stopped.
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("bus");
    let _deaf = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    run_inside("beside_a_deaf_bus", &format!("unix:path={}", socket.display()));
}

/// Only what the outer test starts. As few threads as there are sensors that may block, and one.
#[test]
#[ignore = "started by the outer test, with a bus in its environment"]
fn beside_a_deaf_bus() {
    if std::env::var_os(INNER).is_none() {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(3).build().unwrap();
    let limit = Duration::from_millis(100);
    runtime.block_on(async {
        let mut services = ServicesSensor::new(vec!["cups.service".into()]);
        let mut clock = ClockSensor::new(ControllerTime::default());
        for _ in 0..5 {
            assert!(tokio::time::timeout(limit, services.read(1)).await.is_err(), "the bus answered");
            // Where timesyncd has been at work the clock needs no bus.
            let _read = tokio::time::timeout(limit, clock.read(1)).await.is_ok();
        }
        let dir = tempfile::tempdir().unwrap();
        let mut storage = StorageSensor::new(dir.path().to_owned());
        let read = tokio::time::timeout(Duration::from_secs(3), storage.read(1)).await;
        assert!(read.is_ok(), "storage starved");
    });
    let began = std::time::Instant::now();
    runtime.shutdown_timeout(limit);
    assert!(began.elapsed() < Duration::from_secs(3));
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

        let seen = ours::unit_state("cups.service").await.unwrap();
        let state = seen.state;
        assert_eq!(
            (state.active.as_str(), state.sub.as_str(), state.restarts),
            ("active", "running", Some(2))
        );
        assert_eq!((seen.active_since_us, seen.changed_us), (7, 8));
        // What is no service has no count of restarts.
        let state = ours::unit_state("kiosk.target").await.unwrap().state;
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
        ("ActiveEnterTimestampMonotonic", _) => answer(m, |reply| reply.append(Variant(7u64))),
        ("StateChangeTimestampMonotonic", _) => answer(m, |reply| reply.append(Variant(8u64))),
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
