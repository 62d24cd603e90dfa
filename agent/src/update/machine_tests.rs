//! The decision: every state, every reason to wait, and power cuts between any two writes.

use migrado_protocol::content::ReleaseHeld;

use super::*;
use crate::update::record::Event;

const OLD: &str = "0a";
const NEW: &str = "0b";
const OBSERVE: Duration = Duration::from_secs(30);

fn wanted(manifest: &str) -> ReleaseWanted {
    ReleaseWanted {
        name: format!("r-{manifest}"),
        manifest: manifest.to_owned(),
        download: Window::default(),
        activate: Some(Window::default()),
        at_latest_ms: None,
        throttle_bytes_s: None,
        budget_bytes: None,
        attempt: 0,
        neighbors: Vec::new(),
    }
}

fn world(in_service: Option<&str>) -> World {
    World {
        wanted: Some(wanted(NEW)),
        in_service: in_service.map(str::to_owned),
        visit: false,
        shown: None,
        observe: OBSERVE,
        rehearsed: true,
        broken: None,
    }
}

fn bad() -> Broken {
    Broken { finding: "tampered".into(), detail: "d".into() }
}

/// A display that serves OLD and has come to this state with NEW at the time 1000.
fn record(state: UpdateState) -> Record {
    use UpdateState as S;
    let mut record = Record::default();
    let held = |manifest| Target { name: format!("r-{manifest}"), manifest, attempt: 0 };
    let go = |record: &mut Record, manifest: &str, events: &[Event]| {
        record.begin(held(manifest.to_owned()), 1000);
        for event in events {
            record.happened(event.clone(), 1000).unwrap();
        }
    };
    go(&mut record, OLD, &[Event::Fetched, Event::Activate, Event::Switched, Event::Proven]);
    let all = [Event::Fetched, Event::Activate, Event::Switched, Event::Proven];
    let events = match state {
        S::Downloading => &all[..0],
        S::Staged => &all[..1],
        S::Waiting => &[Event::Fetched, Event::Wait(WaitsFor::Visitor, None)],
        S::Activating => &all[..2],
        S::Observing => &all[..3],
        S::Confirmed => &all[..],
        S::RolledBack => &[Event::Fetched, Event::Activate, Event::Switched, Event::TakenBack],
        S::Failed | S::Other => &[Event::Refused(bad())],
    };
    go(&mut record, NEW, events);
    record
}

fn rests(waits_for: Option<WaitsFor>, at_ms: Option<i64>) -> Step {
    Step::Rest { waits_for, at_ms }
}

#[test]
fn every_state_has_its_next_step() {
    use UpdateState as S;
    let fetch = Step::Fetch { until_ms: None };
    let go = Step::Activate { ends_visit: false };
    let penalty = rests(Some(WaitsFor::NextAttempt), Some(1000 + PENALTY_FIRST_MS));
    let rows = [
        (S::Downloading, OLD, fetch),
        (S::Staged, OLD, go.clone()),
        (S::Waiting, OLD, go.clone()),
        (S::Activating, OLD, go),
        (S::Activating, NEW, Step::Observe),
        (S::Observing, NEW, rests(None, Some(1000 + millis(SHOW_LIMIT)))),
        (S::Confirmed, NEW, rests(None, None)),
        (S::RolledBack, OLD, penalty.clone()),
        (S::Failed, OLD, penalty),
    ];
    for (state, in_service, expected) in rows {
        assert_eq!(next(&record(state), &world(Some(in_service)), 1001), expected, "{state:?} {in_service}");
    }
}

#[test]
fn something_else_begins_at_once_but_in_the_switch_and_while_it_is_watched() {
    use UpdateState as S;
    for state in S::ALL {
        for (manifest, in_service) in [("0c", OLD), ("0c", NEW)] {
            let world = World { wanted: Some(wanted(manifest)), ..world(Some(in_service)) };
            let step = next(&record(state), &world, 1001);
            let begins = matches!(&step, Step::Begin(target) if target.manifest == manifest);
            assert_eq!(begins, !matches!(state, S::Activating | S::Observing), "{state:?} {step:?}");
        }
    }
}

#[test]
fn what_is_in_service_and_proven_is_not_fetched_again() {
    // NEW failed, and the operator goes back to OLD; or publishes the same files under another name.
    let mut back = wanted(OLD);
    back.name = "renamed".into();
    let world = World { wanted: Some(back.clone()), ..world(Some(OLD)) };
    for state in [UpdateState::Failed, UpdateState::RolledBack, UpdateState::Downloading] {
        let mut record = record(state);
        let Step::Settle(target) = next(&record, &world, 1001) else { panic!("{state:?}") };
        record.settle(target, 1001);
        assert_eq!(next(&record, &world, 1002), rests(None, None));
        assert_eq!(record.active().map(|a| (a.name.as_str(), a.manifest.as_str())), Some(("renamed", OLD)));
    }
}

#[test]
fn a_display_whose_record_was_lost_proves_what_it_serves_anew() {
    let world = world(Some(NEW));
    assert!(matches!(next(&Record::default(), &world, 5), Step::Begin(_)));
}

#[test]
fn windows_visitors_and_leave_hold_it_back_and_the_latest_time_ends_that() {
    use WaitsFor as W;
    let window = |from_ms, until_ms| Some(Window { from_ms, until_ms });
    let open = window(None, None);
    let rows = [
        // activate, at the latest, visit → step
        (None, None, false, Step::Wait(W::Leave)),
        (open, None, false, Step::Activate { ends_visit: false }),
        (open, None, true, Step::Wait(W::Visitor)),
        (open, Some(2000), true, Step::Wait(W::Visitor)),
        (open, Some(1001), true, Step::Activate { ends_visit: true }),
        (open, Some(1001), false, Step::Activate { ends_visit: false }),
        (window(Some(1500), None), None, false, Step::Wait(W::ActivateWindow)),
        // Past its latest time it still does not leave its window.
        (window(Some(1500), None), Some(1001), true, Step::Wait(W::ActivateWindow)),
        (window(None, Some(1001)), None, false, Step::Wait(W::ActivateWindow)),
    ];
    for (activate, at_latest_ms, visit, expected) in rows {
        let wanted = ReleaseWanted { activate, at_latest_ms, ..wanted(NEW) };
        let world = World { wanted: Some(wanted), visit, ..world(Some(OLD)) };
        let mut record = record(UpdateState::Staged);
        let step = next(&record, &world, 1001);
        assert_eq!(step, expected, "{activate:?} {at_latest_ms:?} {visit}");
        if let Step::Wait(waits_for) = step {
            record.happened(Event::Wait(waits_for, at_latest_ms), 1001).unwrap();
            assert!(
                matches!(next(&record, &world, 1002), Step::Rest { waits_for: Some(w), .. } if w == waits_for)
            );
        }
    }
}

#[test]
fn a_download_keeps_to_its_window() {
    let at = |from_ms, until_ms, now_ms| {
        let download = Window { from_ms, until_ms };
        let world = World { wanted: Some(ReleaseWanted { download, ..wanted(NEW) }), ..world(Some(OLD)) };
        next(&record(UpdateState::Downloading), &world, now_ms)
    };
    assert_eq!(at(None, Some(2000), 1001), Step::Fetch { until_ms: Some(2000) });
    assert_eq!(at(Some(2000), None, 1001), rests(Some(WaitsFor::DownloadWindow), Some(2000)));
    assert_eq!(at(None, Some(1000), 1001), rests(Some(WaitsFor::DownloadWindow), None));
}

#[test]
fn watching_ends_with_a_proof_or_a_reason() {
    let observing = record(UpdateState::Observing);
    let shown =
        |manifest: &str, since_ms| World { shown: Some((manifest.to_owned(), since_ms)), ..world(Some(NEW)) };
    let proven_ms = 1500 + millis(OBSERVE);
    let late_ms = 1000 + millis(SHOW_LIMIT);
    let finding = |world: &World, now_ms| match next(&observing, world, now_ms) {
        Step::RollBack(broken) => broken.finding,
        other => format!("{other:?}"),
    };
    assert_eq!(next(&observing, &shown(NEW, 1500), 1600), rests(None, Some(proven_ms)));
    assert_eq!(next(&observing, &shown(NEW, 1500), proven_ms), Step::Confirm);
    let alone = World { rehearsed: false, ..shown(NEW, 1500) };
    assert_eq!(next(&observing, &alone, proven_ms - 1), rests(None, Some(proven_ms)));
    assert_eq!(next(&observing, &alone, proven_ms), Step::Rehearse, "nothing is proven without a visit");
    let visited = World { visit: true, ..alone };
    assert_eq!(next(&observing, &visited, proven_ms), rests(Some(WaitsFor::Visitor), None));
    // What the page showed before the switch proves nothing, however long.
    assert_eq!(next(&observing, &shown(NEW, 5), 1600), rests(None, Some(1000 + millis(OBSERVE))));
    assert_eq!(finding(&shown(OLD, 5), late_ms), "page_silent");
    assert_eq!(finding(&world(Some(NEW)), late_ms), "page_silent");
    let broken = World { broken: Some(bad()), ..shown(NEW, 1500) };
    assert_eq!(finding(&broken, 1600), "tampered");
    assert_eq!(finding(&world(Some(OLD)), 1600), "interrupted");
    let mut restarted = observing.clone();
    for _ in 0..=OBSERVE_STARTS_MAX {
        restarted.observe_started(1000);
    }
    let step = next(&restarted, &shown(NEW, 1500), 1600);
    assert!(matches!(step, Step::RollBack(b) if b.finding == "agent_restarts"));
}

#[test]
fn a_bad_end_is_tried_again_after_a_growing_time() {
    let minutes: Vec<i64> = (1..=12).map(|n| penalty_ms(n) / 60_000).collect();
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
    assert_eq!(penalty_ms(u32::MAX), PENALTY_MAX_MS);
    let failed = record(UpdateState::Failed);
    let again = |now_ms| matches!(next(&failed, &world(Some(OLD)), now_ms), Step::Begin(_));
    assert!(!again(1000 + PENALTY_FIRST_MS - 1));
    assert!(again(1000 + PENALTY_FIRST_MS));
    assert!(again(1000 - PENALTY_MAX_MS), "the clock was stepped back");
    // A person who asks again does not wait.
    let asked = World { wanted: Some(ReleaseWanted { attempt: 1, ..wanted(NEW) }), ..world(Some(OLD)) };
    assert!(matches!(next(&failed, &asked, 1001), Step::Begin(_)));
}

/// Everything that survives a power cut, and the driver's steps upon it, cut into record and effect.
#[derive(Debug, Clone)]
struct Disk {
    record: Record,
    in_service: Option<String>,
}

/// Runs the driver's steps until it rests; the power goes after `cut` writes.
fn run(disk: &mut Disk, shows: bool, mut now_ms: i64, cut: usize) -> bool {
    let mut writes = 0;
    macro_rules! write {
        ($effect:expr) => {{
            if writes == cut {
                return false;
            }
            writes += 1;
            $effect;
        }};
    }
    if disk.record.state() == Some(UpdateState::Observing) {
        write!(disk.record.observe_started(now_ms));
    }
    let mut rehearsed = false;
    for _ in 0..40 {
        let shown = disk.in_service.clone().filter(|s| shows || s != NEW).map(|s| (s, 0));
        let world = World { shown, rehearsed, ..world(disk.in_service.as_deref()) };
        match next(&disk.record, &world, now_ms) {
            Step::Rest { waits_for: Some(WaitsFor::NextAttempt), .. } | Step::Rest { at_ms: None, .. } => {
                return true;
            }
            Step::Rest { at_ms: Some(at_ms), .. } => now_ms = at_ms,
            Step::Begin(target) => write!(disk.record.begin(target, now_ms)),
            Step::Settle(target) => write!(disk.record.settle(target, now_ms)),
            Step::Fetch { .. } => write!(disk.record.happened(Event::Fetched, now_ms).unwrap()),
            Step::Wait(w) => write!(disk.record.happened(Event::Wait(w, None), now_ms).unwrap()),
            Step::Activate { .. } => {
                if disk.record.state() != Some(UpdateState::Activating) {
                    write!(disk.record.happened(Event::Activate, now_ms).unwrap());
                }
                write!(disk.in_service = disk.record.target().map(|t| t.manifest.clone()));
            }
            Step::Observe => write!(disk.record.happened(Event::Switched, now_ms).unwrap()),
            Step::Rehearse => rehearsed = true,
            Step::Confirm => write!(disk.record.happened(Event::Proven, now_ms).unwrap()),
            Step::RollBack(broken) => {
                write!(disk.record.take_back(&broken, now_ms));
                write!(disk.in_service = disk.record.before().map(|b| b.manifest.clone()));
                write!(disk.record.happened(Event::TakenBack, now_ms).unwrap());
            }
        }
    }
    panic!("it never rests: {disk:?}");
}

#[test]
fn a_power_cut_after_any_write_leaves_old_or_new_and_it_goes_on() {
    for (shows, end) in [(true, UpdateState::Confirmed), (false, UpdateState::RolledBack)] {
        for first in 0..12 {
            for second in 0..12 {
                let mut disk =
                    Disk { record: record(UpdateState::Downloading), in_service: Some(OLD.into()) };
                let mut now_ms = 2000;
                for cut in [first, second, usize::MAX] {
                    let done = run(&mut disk, shows, now_ms, cut);
                    assert!([Some(OLD), Some(NEW)].contains(&disk.in_service.as_deref()));
                    now_ms += 500;
                    if done {
                        break;
                    }
                }
                let case = format!("shows {shows}, cut after {first} and {second} writes: {disk:?}");
                assert_eq!(disk.record.state(), Some(end), "{case}");
                let expected = if shows { NEW } else { OLD };
                assert_eq!(disk.in_service.as_deref(), Some(expected), "{case}");
                let active = disk.record.active().map(|a: &ReleaseHeld| a.manifest.as_str());
                assert_eq!(active, Some(expected), "{case}");
            }
        }
    }
}
