//! The record: its table of states, what it keeps of a bad end, and what stays on the disk.

use super::*;

fn target(manifest: &str, attempt: u32) -> Target {
    Target { name: format!("r-{manifest}"), manifest: manifest.to_owned(), attempt }
}

fn bad() -> Broken {
    Broken { finding: "tampered".into(), detail: "d".into() }
}

fn events() -> [Event; 7] {
    [
        Event::Fetched,
        Event::Wait(WaitsFor::Visitor, Some(9)),
        Event::Activate,
        Event::Switched,
        Event::Proven,
        Event::TakenBack,
        Event::Refused(bad()),
    ]
}

/// Every state with every event: what is not in this table is impossible and changes nothing.
#[test]
fn the_table_of_states_is_complete() {
    use UpdateState as S;
    let rows = [
        (S::Downloading, "fetched", S::Staged),
        (S::Downloading, "refused", S::Failed),
        (S::Staged, "wait", S::Waiting),
        (S::Staged, "activate", S::Activating),
        (S::Staged, "refused", S::Failed),
        (S::Waiting, "wait", S::Waiting),
        (S::Waiting, "activate", S::Activating),
        (S::Waiting, "refused", S::Failed),
        (S::Activating, "switched", S::Observing),
        (S::Activating, "refused", S::Failed),
        (S::Observing, "proven", S::Confirmed),
        (S::Observing, "taken back", S::RolledBack),
    ];
    for state in S::ALL {
        for event in events() {
            let mut record = Record::default();
            record.begin(target("0b", 0), 1);
            record.attempt.as_mut().unwrap().state = state;
            let before = record.clone();
            let expected = rows.iter().find(|(s, e, _)| *s == state && *e == word(&event)).map(|row| row.2);
            let happened = record.happened(event.clone(), 2);
            assert_eq!(happened.is_ok().then(|| record.state()).flatten(), expected, "{state:?} {event:?}");
            if happened.is_err() {
                assert_eq!(record, before, "{state:?} {event:?}");
            }
        }
    }
    assert!(Record::default().happened(Event::Fetched, 1).is_err());
}

#[test]
fn the_release_before_is_kept_until_another_has_proven_itself_and_comes_back_when_it_does_not() {
    let mut record = Record::default();
    let go = |record: &mut Record, manifest: &str, end: Event| {
        record.begin(target(manifest, 0), 5);
        for event in [Event::Fetched, Event::Activate, Event::Switched, end] {
            record.happened(event, 6).unwrap();
        }
    };
    let names = |record: &Record| {
        let manifest = |held: Option<&ReleaseHeld>| held.map(|h| h.manifest.clone());
        (manifest(record.active()), manifest(record.previous()))
    };
    go(&mut record, "0a", Event::Proven);
    assert_eq!(names(&record), (Some("0a".into()), None));
    go(&mut record, "0b", Event::Proven);
    assert_eq!(names(&record), (Some("0b".into()), Some("0a".into())));
    record.begin(target("0c", 0), 7);
    assert_eq!(record.needed(), ["0a", "0b", "0c"], "while it is fetched, nothing is thrown away");
    record.take_back(&bad(), 1);
    go(&mut record, "0c", Event::TakenBack);
    assert_eq!(names(&record), (Some("0b".into()), None));
    assert_eq!(record.needed(), ["0b"]);
}

#[test]
fn attempts_are_counted_and_a_person_who_asks_again_ends_the_waiting() {
    let mut record = Record::default();
    for n in 1..=3 {
        record.begin(target("0b", 0), 10);
        record.happened(Event::Refused(bad()), 10).unwrap();
        let update = record.report(99).update.unwrap();
        assert_eq!((update.attempts, record.next_attempt_ms()), (n, Some(10 + penalty_ms(n))));
        assert_eq!(
            (update.finding.as_deref(), update.waits_for),
            (Some("tampered"), Some(WaitsFor::NextAttempt))
        );
    }
    record.begin(target("0b", 1), 20);
    record.happened(Event::Refused(bad()), 20).unwrap();
    assert_eq!(record.next_attempt_ms(), Some(20 + penalty_ms(1)));
    assert_eq!(record.report(99).update.unwrap().attempts, 4);
}

#[test]
fn since_when_it_waits_stays_until_it_waits_for_something_else() {
    let mut record = Record::default();
    record.begin(target("0b", 0), 1);
    record.happened(Event::Fetched, 2).unwrap();
    let waits = |record: &mut Record, waits_for, now_ms| {
        record.happened(Event::Wait(waits_for, Some(99)), now_ms).unwrap();
        let update = record.report(99).update.unwrap();
        (update.waits_for, update.waits_since_ms, update.at_latest_ms)
    };
    assert_eq!(
        waits(&mut record, WaitsFor::ActivateWindow, 3),
        (Some(WaitsFor::ActivateWindow), Some(3), Some(99))
    );
    assert_eq!(
        waits(&mut record, WaitsFor::ActivateWindow, 4),
        (Some(WaitsFor::ActivateWindow), Some(3), Some(99))
    );
    assert_eq!(waits(&mut record, WaitsFor::Visitor, 5), (Some(WaitsFor::Visitor), Some(5), Some(99)));
    record.happened(Event::Activate, 6).unwrap();
    let update = record.report(99).update.unwrap();
    assert_eq!((update.waits_for, update.waits_since_ms, update.at_latest_ms), (None, None, None));
}

#[test]
fn what_is_remembered_survives_the_disk() {
    let mut record = Record::default();
    record.begin(target("0b", 2), 1);
    record.listed(Listed { version: 7, fresh_until_ms: 5 });
    assert_eq!((record.report(5).stale_since_ms, record.report(6).stale_since_ms), (None, Some(5)));
    record.bytes(Bytes { done: 1, total: 2, from_neighbors: 1 });
    record.trouble(Some(&bad()), 1);
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    assert_eq!(serde_json::from_str::<Record>("{}").unwrap(), Record::default());
}
