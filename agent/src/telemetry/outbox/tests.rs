//! What waits, what goes, what a cut brings back.

use std::collections::BTreeMap;

use migrado_protocol::UsageHour;
use migrado_protocol::usage::Counter;
use proptest::prelude::*;

use super::*;

fn db() -> Arc<Database> {
    let backend = redb::backends::InMemoryBackend::new();
    Arc::new(Database::builder().create_with_backend(backend).unwrap())
}

fn usage(hour: u32, sessions: u32) -> UsageHour {
    UsageHour { hour, counts: BTreeMap::from([(Counter::SessionsBegun, sessions)]) }
}

fn bodies(outbox: &Outbox) -> Vec<String> {
    outbox.oldest(0, 100).unwrap().iter().map(|i| i.body.get().to_owned()).collect()
}

#[test]
fn what_waits_survives_a_new_opening_in_order_and_leaves_when_taken() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    {
        let outbox = Outbox::open(Arc::new(Database::create(&path).unwrap())).unwrap();
        for n in 0..3 {
            outbox.push(Channel::Ack, &n, 100 + n).unwrap();
        }
        outbox.remove(&[1]).unwrap();
    }
    let outbox = Outbox::open(Arc::new(Database::create(&path).unwrap())).unwrap();
    let items = outbox.oldest(0, 10).unwrap();
    assert_eq!(
        items.iter().map(|i| (i.channel, i.at_ms)).collect::<Vec<_>>(),
        [(Channel::Ack, 101), (Channel::Ack, 102)]
    );
    assert_eq!(outbox.oldest(items[0].id, 10).unwrap().len(), 1);
    assert!(outbox.push(Channel::Ack, &9, 0).unwrap() > items[1].id, "an id is never given twice");
}

#[test]
fn a_newer_count_of_an_hour_takes_the_place_of_the_older() {
    let outbox = Outbox::open(db()).unwrap();
    for (hour, n) in [(7, 1), (8, 1), (7, 2)] {
        outbox.push_usage(&usage(hour, n), 0).unwrap();
    }
    assert_eq!(outbox.fill(), Fill { items: 2, bytes: outbox.fill().bytes, dropped: 0 });
    assert!(bodies(&outbox)[1].contains("\"sessions_begun\":2"));
}

#[test]
fn when_it_is_full_faults_go_before_usage_and_results_go_last() {
    let outbox = Outbox::open_bounded(db(), 1000).unwrap();
    outbox.push(Channel::Ack, &"ack", 0).unwrap();
    outbox.push_usage(&usage(1, 1), 0).unwrap();
    outbox.push(Channel::Report, &"fault", 0).unwrap();
    while outbox.fill().dropped < 2 {
        outbox.push(Channel::Ack, &"ack", 0).unwrap();
    }
    assert!(bodies(&outbox).iter().all(|b| b == "\"ack\""));
    assert!(matches!(outbox.push(Channel::Ack, &"x".repeat(2000), 0), Err(OutboxError::TooLarge(_))));
}

#[test]
fn a_push_is_told_to_whoever_drains() {
    let outbox = Outbox::open(db()).unwrap();
    let pushed = outbox.pushed();
    outbox.push(Channel::Ack, &1, 0).unwrap();
    assert!(pushed.has_changed().unwrap());
}

#[test]
fn what_was_taken_is_gone_after_an_orderly_end_and_comes_back_after_a_cut_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let cut = dir.path().join("cut");
    {
        let outbox = Outbox::open(Arc::new(Database::create(&path).unwrap())).unwrap();
        for n in 0..3 {
            outbox.push(Channel::Ack, &n, n).unwrap();
        }
        outbox.remove(&[1, 2]).unwrap();
        assert_eq!(bodies(&outbox), ["2"], "at once, for whoever drains");
        std::fs::copy(&path, &cut).unwrap();
        // The next item takes them along.
        outbox.push(Channel::Ack, &3, 3).unwrap();
        assert!(outbox.index().gone.is_empty());
        outbox.remove(&[3]).unwrap();
    }
    let reopened = |path| bodies(&Outbox::open(Arc::new(Database::create(path).unwrap())).unwrap());
    assert_eq!(reopened(&path), ["3"]);
    assert_eq!(reopened(&cut), ["0", "1", "2"], "told again: whatever waits here may be heard twice");
}

#[test]
fn many_that_were_taken_do_not_stay_on_the_disk() {
    let outbox = Outbox::open(db()).unwrap();
    for n in 0..GONE_MAX {
        outbox.push(Channel::Ack, &n, 0).unwrap();
    }
    let ids: Vec<u64> = outbox.index().entries.iter().map(|e| e.id).collect();
    for id in ids {
        outbox.remove(&[id]).unwrap();
        assert!(outbox.index().gone.len() < GONE_MAX);
    }
    let read = outbox.db.begin_read().unwrap();
    assert_eq!(read.open_table(ITEMS).unwrap().iter().unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn it_never_exceeds_its_bound_and_counts_what_goes(sizes in proptest::collection::vec((0u8..3, 0usize..200), 1..40)) {
        let outbox = Outbox::open_bounded(db(), 2000).unwrap();
        let (mut kept, mut superseded) = (0u64, 0u64);
        for (kind, size) in sizes {
            match kind {
                0 => { outbox.push(Channel::Ack, &"a".repeat(size), 0).unwrap(); }
                1 => { outbox.push(Channel::Report, &"f".repeat(size), 0).unwrap(); }
                _ => {
                    let hour = (size % 5) as u32;
                    superseded += bodies(&outbox).iter().filter(|b| b.contains(&format!("\"hour\":{hour},"))).count() as u64;
                    outbox.push_usage(&usage(hour, 1), 0).unwrap();
                }
            }
            kept += 1;
            prop_assert!(outbox.fill().bytes <= 2000);
        }
        prop_assert_eq!(outbox.fill().items + outbox.fill().dropped + superseded, kept);
        prop_assert_eq!(bodies(&outbox).len() as u64, outbox.fill().items);
    }
}
