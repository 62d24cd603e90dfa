//! What is worth a report, as a table: one change at a time against one known state.

use migrado_protocol::envelope::{Envelope, SCHEMA_VERSION};
use migrado_protocol::health::{HealthState, Reason};
use migrado_protocol::printer::{PrinterState, Severity, StateReason, Supply, Tray};
use migrado_protocol::report::UnitState;
use migrado_protocol::verdict::{Because, Level, Verdict};

use super::*;

const T0: i64 = 1_764_000_000_000;

fn whole() -> Report {
    let ok = |c| (c, Health::ok(T0 - 1000));
    Report {
        full: true,
        verdict: Some(Verdict { level: Level::FullService, because: vec![], since_ms: T0 }),
        health: [Component::System, Component::Storage, Component::Printer].into_iter().map(ok).collect(),
        system: Some(System {
            at_ms: T0,
            cpu_percent: 12,
            load1_centi: 40,
            memory_used_bytes: 1_600_000_000,
            memory_total_bytes: 8_000_000_000,
            temperature_celsius: Some(47),
            received_bytes: 123_456_789,
            sent_bytes: 23_456_789,
            booted_ms: T0 - 86_400_000,
        }),
        storage: Some(Storage {
            at_ms: T0,
            free_bytes: 60_000_000_000,
            total_bytes: 100_000_000_000,
            free_inodes: Some(6_000_000),
            total_inodes: Some(6_500_000),
            writable: true,
        }),
        clock: Some(Clock { at_ms: T0, synchronized: Some(true), offset_ms: Some(12) }),
        services: Some(BTreeMap::from([("cups.service".to_owned(), unit("active", "running"))])),
        printers: BTreeMap::from([("main".to_owned(), Some(printer()))]),
        page: Some(Page { heartbeat_ms: Some(T0), session: false, build: Some("1".into()) }),
        content: None,
        generation: Some(4),
    }
}

fn unit(active: &str, sub: &str) -> UnitState {
    UnitState { active: active.into(), sub: sub.into(), restarts: Some(0) }
}

fn printer() -> Printer {
    Printer {
        at_ms: T0,
        source: "cups+ipp".into(),
        make: Some("Xerox B210".into()),
        state: PrinterState::Idle,
        accepting: Some(true),
        asleep: false,
        reasons: vec![],
        message: None,
        supplies: vec![Supply {
            name: "Black".into(),
            kind: "toner".into(),
            color: None,
            left: Amount::Percent(62),
            receptacle: false,
        }],
        trays: vec![Tray { name: "Tray 1".into(), media: None, left: Amount::Some }],
        jobs: Some(0),
        impressions: Some(1000),
    }
}

fn sent() -> Sent {
    Sent::after(None, whole(), T0)
}

/// When one change is told: at once, with the readings after 15 s, or not at all.
#[derive(Debug, PartialEq)]
enum Told {
    AtOnce,
    WithReadings,
    Never,
}

fn told(change: impl Fn(&mut Report)) -> Told {
    let mut current = whole();
    change(&mut current);
    let at = |ms| fold(Some(&sent()), &current, T0 + ms).is_some_and(|r| !r.full);
    match (at(1), at(READINGS_PERIOD_MS)) {
        (true, true) => Told::AtOnce,
        (false, true) => Told::WithReadings,
        _ => Told::Never,
    }
}

fn sys(r: &mut Report) -> &mut System {
    r.system.as_mut().unwrap()
}

fn prn(r: &mut Report) -> &mut Printer {
    r.printers.get_mut("main").unwrap().as_mut().unwrap()
}

type Change = fn(&mut Report);

#[test]
fn every_threshold_holds_on_both_sides() {
    use Told::{AtOnce, Never, WithReadings};
    let cases: [(&str, Change, Told); 40] = [
        ("nothing", |_| {}, Never),
        (
            "only times of reading",
            |r| {
                sys(r).at_ms += 60_000;
                prn(r).at_ms += 60_000
            },
            Never,
        ),
        ("9 points of processor", |r| sys(r).cpu_percent += 9, Never),
        ("10 points of processor", |r| sys(r).cpu_percent += 10, WithReadings),
        ("load by 0.49", |r| sys(r).load1_centi += 49, Never),
        ("load by 0.50", |r| sys(r).load1_centi += 50, WithReadings),
        ("memory by 1 %", |r| sys(r).memory_used_bytes += 80_000_000, Never),
        ("memory by 2 %", |r| sys(r).memory_used_bytes += 160_000_000, WithReadings),
        ("2 degrees", |r| sys(r).temperature_celsius = Some(49), Never),
        ("3 degrees less", |r| sys(r).temperature_celsius = Some(44), WithReadings),
        ("no temperature any more", |r| sys(r).temperature_celsius = None, WithReadings),
        ("500 kB of traffic", |r| sys(r).sent_bytes += 500_000, Never),
        ("2 MB of traffic", |r| sys(r).received_bytes += 2_000_000, WithReadings),
        ("a boot", |r| sys(r).booted_ms += 86_000_000, WithReadings),
        ("space by 0.5 %", |r| r.storage.as_mut().unwrap().free_bytes -= 500_000_000, Never),
        ("space by 1 %", |r| r.storage.as_mut().unwrap().free_bytes -= 1_000_000_000, WithReadings),
        ("inodes by 1 %", |r| r.storage.as_mut().unwrap().free_inodes = Some(5_900_000), WithReadings),
        ("a failed write test", |r| r.storage.as_mut().unwrap().writable = false, WithReadings),
        ("offset by 0.4 s", |r| r.clock.as_mut().unwrap().offset_ms = Some(400), Never),
        ("offset by 0.6 s", |r| r.clock.as_mut().unwrap().offset_ms = Some(-600), WithReadings),
        ("synchronization lost", |r| r.clock.as_mut().unwrap().synchronized = Some(false), WithReadings),
        (
            "a unit failed",
            |r| r.services = Some(BTreeMap::from([("cups.service".into(), unit("failed", "failed"))])),
            AtOnce,
        ),
        ("a heartbeat", |r| r.page.as_mut().unwrap().heartbeat_ms = Some(T0 + 2000), Never),
        (
            "a minute of heartbeats",
            |r| r.page.as_mut().unwrap().heartbeat_ms = Some(T0 + 60_000),
            WithReadings,
        ),
        ("a session begins", |r| r.page.as_mut().unwrap().session = true, AtOnce),
        ("a new page", |r| r.page.as_mut().unwrap().build = Some("2".into()), AtOnce),
        ("a generation", |r| r.generation = Some(5), AtOnce),
        ("1 point of toner", |r| prn(r).supplies[0].left = Amount::Percent(61), Never),
        ("2 points of toner", |r| prn(r).supplies[0].left = Amount::Percent(60), AtOnce),
        ("toner unknown", |r| prn(r).supplies[0].left = Amount::Unknown, AtOnce),
        ("a tray pulled out", |r| prn(r).trays.clear(), AtOnce),
        ("a job", |r| prn(r).jobs = Some(1), AtOnce),
        ("9 impressions", |r| prn(r).impressions = Some(1009), Never),
        ("10 impressions", |r| prn(r).impressions = Some(1010), AtOnce),
        ("asleep", |r| prn(r).asleep = true, AtOnce),
        (
            "a reason",
            |r| prn(r).reasons.push(StateReason { keyword: "media-jam".into(), severity: Severity::Error }),
            AtOnce,
        ),
        ("a printer gone", |r| r.printers.clear(), AtOnce),
        (
            "a node failed",
            |r| {
                r.health.insert(Component::Printer, failed(Reason::PaperJam));
            },
            AtOnce,
        ),
        (
            "another word on a well node",
            |r| r.health.get_mut(&Component::System).unwrap().detail = Some("x".into()),
            Never,
        ),
        ("a verdict", |r| r.verdict.as_mut().unwrap().level = Level::InformOnly, AtOnce),
    ];
    for (name, change, expected) in cases {
        assert_eq!(told(change), expected, "{name}");
    }
}

fn failed(reason: Reason) -> Health {
    Health::not_ok(HealthState::Failed, reason, None, T0)
}

#[test]
fn a_report_brings_only_what_changed() {
    let mut current = whole();
    current.health.insert(Component::Printer, failed(Reason::PaperEmpty));
    let report = fold(Some(&sent()), &current, T0 + 1).unwrap();
    let expected = Report {
        health: BTreeMap::from([(Component::Printer, failed(Reason::PaperEmpty))]),
        ..Report::default()
    };
    assert_eq!(report, expected);
}

#[test]
fn moved_figures_come_along_with_news() {
    let mut current = whole();
    sys(&mut current).cpu_percent = 99;
    current.generation = Some(9);
    assert!(fold(Some(&sent()), &current, T0 + 1).unwrap().system.is_some());
}

#[test]
fn a_printer_that_is_gone_is_named_with_nothing() {
    let current = Report { printers: BTreeMap::new(), ..whole() };
    let report = fold(Some(&sent()), &current, T0 + 1).unwrap();
    assert_eq!(report.printers, BTreeMap::from([("main".to_owned(), None)]));
    let after = Sent::after(Some(sent()), report, T0 + 1);
    assert_eq!(fold(Some(&after), &current, T0 + 2), None);
}

#[test]
fn the_whole_goes_first_and_every_ten_minutes_and_after_a_step_of_the_clock() {
    assert!(fold(None, &whole(), T0).unwrap().full);
    let due = |ms| fold(Some(&sent()), &whole(), T0 + ms).is_some_and(|r| r.full);
    assert!(!due(REPORT_WHOLE_PERIOD_MS - 1));
    assert!(due(REPORT_WHOLE_PERIOD_MS));
    assert!(due(-1));
    assert_eq!(sent().due_in_ms(T0 + 1000), REPORT_WHOLE_PERIOD_MS - 1000);
}

#[test]
fn what_was_sent_is_not_sent_again() {
    let mut current = whole();
    sys(&mut current).cpu_percent = 80;
    current.page.as_mut().unwrap().session = true;
    let report = fold(Some(&sent()), &current, T0 + 20_000).unwrap();
    let after = Sent::after(Some(sent()), report, T0 + 20_000);
    assert_eq!(fold(Some(&after), &current, T0 + 40_000), None);
    assert_eq!(after.whole_at_ms, T0);
}

#[test]
fn a_changed_detail_of_an_ill_node_is_told_once_a_minute() {
    let mut known = whole();
    known
        .health
        .insert(Component::Services, Health { detail: Some("a".into()), ..failed(Reason::UnitFailed) });
    let sent = Sent::after(None, known.clone(), T0);
    known.health.get_mut(&Component::Services).unwrap().detail = Some("b".into());
    assert_eq!(fold(Some(&sent), &known, T0 + DETAIL_PERIOD_MS - 1), None);
    assert!(fold(Some(&sent), &known, T0 + DETAIL_PERIOD_MS).is_some());
    // Reports about other things in between do not put it off.
    let other = Report { generation: Some(5), ..Report::default() };
    let later = Sent::after(Some(sent), other, T0 + DETAIL_PERIOD_MS - 1);
    known.generation = Some(5);
    let news = fold(Some(&later), &known, T0 + DETAIL_PERIOD_MS).unwrap();
    assert_eq!(news.health.keys().collect::<Vec<_>>(), [&Component::Services]);
}

#[test]
fn faults_are_nodes_that_come_to_failed_or_leave_it() {
    let report =
        |node: Health| Report { health: BTreeMap::from([(Component::Printer, node)]), ..Report::default() };
    let low = Health::not_ok(HealthState::Degraded, Reason::TonerLow, None, T0);
    let jam = Sent::after(Some(sent()), report(failed(Reason::PaperJam)), T0);
    assert_eq!(faults(Some(&sent()), &report(failed(Reason::PaperJam))).len(), 1);
    assert_eq!(faults(Some(&sent()), &report(low.clone())).len(), 0);
    assert_eq!(faults(Some(&jam), &report(failed(Reason::PaperJam))).len(), 0);
    assert_eq!(faults(Some(&jam), &report(failed(Reason::CoverOpen))).len(), 1);
    assert_eq!(faults(Some(&jam), &report(low)).len(), 1);
    assert_eq!(faults(None, &report(failed(Reason::PaperJam))).len(), 1);
}

/// The bar is 600 bytes on the wire with TLS, TCP/IP and acknowledgement; a payload of 410 was
/// measured at 559.
#[test]
fn the_usual_report_is_small_enough_for_its_bar() {
    let mut current = whole();
    *sys(&mut current) = System {
        at_ms: T0 + 15_000,
        cpu_percent: 100,
        load1_centi: 12_345,
        memory_used_bytes: 16_123_456_789,
        memory_total_bytes: 32_123_456_789,
        temperature_celsius: Some(101),
        received_bytes: 1_234_567_890_123,
        sent_bytes: 1_234_567_890_123,
        booted_ms: T0 - 8_640_000_000,
    };
    current.page.as_mut().unwrap().heartbeat_ms = Some(T0 + 70_000);
    let body = fold(Some(&sent()), &current, T0 + 70_000).unwrap();
    let envelope = Envelope {
        v: SCHEMA_VERSION,
        session: 1_764_000_123,
        seq: 123_456,
        at_ms: T0 + 70_000,
        replayed: false,
        item: None,
        body,
    };
    assert!(envelope.encode().len() <= 430, "{} bytes", envelope.encode().len());
}

#[test]
fn a_verdict_with_other_grounds_is_news() {
    let mut current = whole();
    current.verdict.as_mut().unwrap().because =
        vec![Because { component: Component::Printer, reason: Reason::PaperJam }];
    assert!(fold(Some(&sent()), &current, T0 + 1).is_some());
}

#[test]
fn what_comes_of_a_download_is_told_often_and_of_nothing_else() {
    use migrado_protocol::content::{Update, UpdateState};
    let with = |state, bytes_done| {
        let update = Update {
            name: "2026-11-25.1".into(),
            manifest: "m".into(),
            state,
            since_ms: T0,
            bytes_done,
            bytes_total: 100,
            bytes_from_neighbors: 0,
            waits_for: None,
            waits_since_ms: None,
            at_latest_ms: None,
            attempts: 1,
            attempt: 0,
            neighbors_dropped: Vec::new(),
            finding: None,
            detail: None,
            log: Vec::new(),
        };
        Report {
            content: Some(ContentReport { update: Some(update), ..ContentReport::default() }),
            ..whole()
        }
    };
    let told = |state, bytes, after_ms| {
        let sent = Sent::after(None, with(state, 10), T0);
        fold(Some(&sent), &with(state, bytes), T0 + after_ms).is_some_and(|report| report.content.is_some())
    };
    assert!(!told(UpdateState::Downloading, 20, DOWNLOAD_PERIOD_MS - 1), "not with every piece");
    assert!(told(UpdateState::Downloading, 20, DOWNLOAD_PERIOD_MS));
    assert!(!told(UpdateState::Downloading, 10, DOWNLOAD_PERIOD_MS), "nothing came");
    assert!(!told(UpdateState::Staged, 20, DOWNLOAD_PERIOD_MS), "nobody waits for a bar");
}
