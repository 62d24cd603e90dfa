//! What is due, in tables: also on the days of the clock change, and after a controller that was away.

use jiff::SignedDuration;
use migrado_protocol::command::Verb;

use super::super::model::{OnlyWhen, Plan, Scope};
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn schedule(when: When, grace_minutes: u32, since: &str) -> Schedule {
    Schedule {
        id: "s".into(),
        plan: Plan {
            name: "Nachts".into(),
            when,
            terminals: Scope::Word("all".into()),
            order: Verb::RestartPage,
            only_when: OnlyWhen::Any,
            grace_minutes,
        },
        paused: false,
        since_ms: at(since).as_millisecond(),
        last_due_ms: None,
        changed_ms: 0,
        changed_by: "admin".into(),
        revision: 1,
    }
}

fn cron(pattern: &str, grace_minutes: u32, since: &str) -> Schedule {
    schedule(When::Recurring { cron: pattern.into() }, grace_minutes, since)
}

#[test]
fn a_recurring_order_is_due_once_and_made_up_for_within_its_grace() {
    // Every night at three in Berlin: 02:00 UTC in winter; made on 24 November at noon.
    let nightly = |last: Option<&str>| Schedule {
        last_due_ms: last.map(|last| at(last).as_millisecond()),
        ..cron("0 3 * * *", 60, "2026-11-24T11:00Z")
    };
    let (first, second) = (at("2026-11-25T02:00Z"), at("2026-11-26T02:00Z"));
    for (last, now, expected) in [
        (None, "2026-11-24T11:00Z", Verdict::Wait(Some(first))),
        (None, "2026-11-25T01:59:59.9Z", Verdict::Wait(Some(first))),
        (None, "2026-11-25T02:00Z", Verdict::Run { due: first, missed: 0 }),
        (None, "2026-11-25T03:00Z", Verdict::Run { due: first, missed: 0 }),
        (None, "2026-11-25T03:00:00.001Z", Verdict::TooLate { due: first, missed: 0 }),
        (None, "2026-11-26T02:30Z", Verdict::Run { due: second, missed: 1 }),
        (None, "2026-11-26T09:00Z", Verdict::TooLate { due: second, missed: 1 }),
        (Some("2026-11-25T02:00Z"), "2026-11-25T02:00Z", Verdict::Wait(Some(second))),
        (Some("2026-11-25T02:00Z"), "2026-11-25T02:30Z", Verdict::Wait(Some(second))),
        (Some("2026-11-25T02:00Z"), "2026-11-26T02:00Z", Verdict::Run { due: second, missed: 0 }),
        // The clock went back: what was decided does not come again.
        (Some("2026-11-25T02:00Z"), "2026-11-25T01:30Z", Verdict::Wait(Some(second))),
        (Some("2026-11-25T02:00Z"), "1970-01-01T00:00Z", Verdict::Wait(None)),
        // What a clock decided that ran ten years ahead does not hold the schedule up.
        (Some("2036-11-25T02:00Z"), "2026-11-25T02:10Z", Verdict::Run { due: first, missed: 0 }),
    ] {
        assert_eq!(due(&nightly(last), at(now)), expected, "{last:?} {now}");
    }
    let paused = Schedule { paused: true, ..nightly(None) };
    assert_eq!(due(&paused, at("2026-11-25T02:00Z")), Verdict::Wait(None));
    let unreadable = cron("soon", 60, "2026-11-24T11:00Z");
    assert_eq!(due(&unreadable, at("2026-11-25T02:00Z")), Verdict::Wait(None));
}

#[test]
fn a_controller_that_was_away_for_long_counts_and_makes_up_for_one() {
    let often = cron("*/10 * * * *", 15, "2026-10-01T00:00Z");
    let verdict = due(&often, at("2026-11-25T10:05Z"));
    assert_eq!(verdict, Verdict::Run { due: at("2026-11-25T10:00Z"), missed: MISSED_COUNTED_MAX });
    let hourly = cron("0 * * * *", 15, "2026-11-25T00:30Z");
    let verdict = due(&hourly, at("2026-11-25T10:20Z"));
    assert_eq!(verdict, Verdict::TooLate { due: at("2026-11-25T10:00Z"), missed: 9 });
}

#[test]
fn a_dated_order_is_due_once() {
    let dated = |last: Option<&str>, since: &str| Schedule {
        last_due_ms: last.map(|last| at(last).as_millisecond()),
        ..schedule(When::Dated { at: "2026-12-24T13:00".parse().unwrap() }, 30, since)
    };
    let moment = at("2026-12-24T12:00Z");
    for (last, since, now, expected) in [
        (None, "2026-11-01T00:00Z", "2026-12-24T11:59Z", Verdict::Wait(Some(moment))),
        (None, "2026-11-01T00:00Z", "2026-12-24T12:00Z", Verdict::Run { due: moment, missed: 0 }),
        (None, "2026-11-01T00:00Z", "2026-12-24T12:30Z", Verdict::Run { due: moment, missed: 0 }),
        (None, "2026-11-01T00:00Z", "2026-12-24T12:31Z", Verdict::TooLate { due: moment, missed: 0 }),
        (Some("2026-12-24T12:00Z"), "2026-11-01T00:00Z", "2026-12-24T12:01Z", Verdict::Wait(None)),
        // Resumed after its time: it does not come any more.
        (None, "2026-12-25T00:00Z", "2026-12-25T00:01Z", Verdict::Wait(None)),
    ] {
        assert_eq!(due(&dated(last, since), at(now)), expected, "{last:?} {since} {now}");
    }
}

/// Asks every minute of the days around the clock change and carries out what is due.
#[test]
fn the_nights_of_the_clock_change_have_each_order_once() {
    for (pattern, day, expected) in [
        ("30 2 * * *", "2026-03-28T12:00Z", &["2026-03-29T01:00:00Z"][..]),
        ("30 2 * * *", "2026-10-24T12:00Z", &["2026-10-25T00:30:00Z"]),
        ("30 2 * * *", "2027-03-27T12:00Z", &["2027-03-28T01:00:00Z"]),
        ("30 2 * * *", "2027-10-30T12:00Z", &["2027-10-31T00:30:00Z"]),
        ("0 3 * * *", "2026-03-28T12:00Z", &["2026-03-29T01:00:00Z"]),
        ("0 3 * * *", "2026-10-24T12:00Z", &["2026-10-25T02:00:00Z"]),
        (
            // A range of hours means every hour that there is.
            "0 1-3 * * *",
            "2026-10-24T12:00Z",
            &["2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"],
        ),
    ] {
        let mut schedule = cron(pattern, 10, day);
        let (mut runs, mut now) = (Vec::new(), at(day));
        for _ in 0..24 * 60 {
            if let Verdict::Run { due, .. } = due(&schedule, now) {
                runs.push(due.to_string());
                schedule.last_due_ms = Some(due.as_millisecond());
            }
            now += SignedDuration::from_mins(1);
        }
        assert_eq!(runs, expected, "{pattern} {day}");
    }
}
