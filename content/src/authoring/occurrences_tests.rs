//! When events take place: over both changes of the clocks, with days left out, moved and added.

use jiff::civil::date;

use super::*;

/// The begins and ends of an event with these lines.
fn times(lines: &str, today: Date) -> Result<Vec<String>, (usize, String)> {
    let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
    let calendar = calendar::read("event.ics", &text);
    assert_eq!(calendar.wrong, [], "{lines}");
    expand(&calendar, today).map(|e| e.occurrences.iter().map(|o| format!("{} {}", o.start, o.end)).collect())
}

const TEN: &str = "DTSTART;TZID=Europe/Berlin:20261012T100000\nDTEND;TZID=Europe/Berlin:20261012T113000";

#[test]
fn what_is_at_ten_stays_at_ten_when_the_clocks_change() {
    // The last Sunday of October 2026 is the 25th.
    let autumn = times(&format!("{TEN}\nRRULE:FREQ=WEEKLY;COUNT=3"), date(2026, 10, 12)).unwrap();
    assert_eq!(
        autumn,
        [
            "2026-10-12T10:00:00+02:00 2026-10-12T11:30:00+02:00",
            "2026-10-19T10:00:00+02:00 2026-10-19T11:30:00+02:00",
            "2026-10-26T10:00:00+01:00 2026-10-26T11:30:00+01:00",
        ]
    );
    // The last Sunday of March 2027 is the 28th.
    let spring = times(&format!("{TEN}\nRRULE:FREQ=WEEKLY;UNTIL=20270406"), date(2027, 3, 20)).unwrap();
    assert_eq!(
        spring,
        [
            "2027-03-22T10:00:00+01:00 2027-03-22T11:30:00+01:00",
            "2027-03-29T10:00:00+02:00 2027-03-29T11:30:00+02:00",
            "2027-04-05T10:00:00+02:00 2027-04-05T11:30:00+02:00",
        ]
    );
}

#[test]
fn a_night_over_the_change_has_both_offsets_and_a_skipped_time_is_the_one_shown() {
    let night = "DTSTART;TZID=Europe/Berlin:20270327T220000\nDTEND;TZID=Europe/Berlin:20270328T040000";
    assert_eq!(
        times(night, date(2027, 3, 1)).unwrap(),
        ["2027-03-27T22:00:00+01:00 2027-03-28T04:00:00+02:00"]
    );
    let skipped = "DTSTART;TZID=Europe/Berlin:20270328T023000\nDURATION:PT1H";
    assert_eq!(
        times(skipped, date(2027, 3, 1)).unwrap(),
        ["2027-03-28T03:30:00+02:00 2027-03-28T04:30:00+02:00"]
    );
}

#[test]
fn moments_in_utc_and_their_ends_are_put_on_local_clocks() {
    let utc = "DTSTART:20261130T090000Z\nDTEND:20261130T100000Z\nRRULE:FREQ=WEEKLY;UNTIL=20261207T090000Z";
    assert_eq!(
        times(utc, date(2026, 11, 25)).unwrap(),
        [
            "2026-11-30T10:00:00+01:00 2026-11-30T11:00:00+01:00",
            "2026-12-07T10:00:00+01:00 2026-12-07T11:00:00+01:00"
        ]
    );
}

#[test]
fn days_are_left_out_added_moved_and_canceled() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;TZID=Europe/Berlin:20261201T100000\nDURATION:PT1H\n\
                RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20261208T100000\n\
                EXDATE;TZID=Europe/Berlin:20261209T100000\nRDATE;TZID=Europe/Berlin:20261217T140000\nEND:VEVENT\n\
                BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20261215T100000\n\
                DTSTART;TZID=Europe/Berlin:20261216T090000\nDURATION:PT2H\nEND:VEVENT\n\
                BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20261222T100000\nSTATUS:CANCELLED\n\
                DTSTART;TZID=Europe/Berlin:20261222T100000\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n";
    let expanded = expand(&calendar::read("event.ics", text), date(2026, 11, 25)).unwrap();
    let starts: Vec<&str> = expanded.occurrences.iter().map(|o| o.start.as_str()).collect();
    assert_eq!(
        starts,
        ["2026-12-01T10:00:00+01:00", "2026-12-16T09:00:00+01:00", "2026-12-17T14:00:00+01:00"]
    );
    assert_eq!(expanded.pointless, [8], "a Wednesday is no day of the series");
}

#[test]
fn whole_days_and_what_is_over_or_far_away() {
    let closed = "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227";
    assert_eq!(
        times(closed, date(2026, 12, 26)).unwrap(),
        ["2026-12-24T00:00:00+01:00 2026-12-27T00:00:00+01:00"]
    );
    assert_eq!(times(closed, date(2026, 12, 27)).unwrap(), [""; 0]);
    assert_eq!(times(closed, date(2025, 1, 1)).unwrap(), [""; 0]);
}

#[test]
fn a_rule_that_never_ends_ends_with_the_days_ahead() {
    let daily = times(&format!("{TEN}\nRRULE:FREQ=DAILY"), date(2026, 11, 25)).unwrap();
    assert_eq!(daily.len(), 366);
}

#[test]
fn names_rules_that_are_none() {
    for (rule, words) in [
        ("FREQ=HOURLY", "daily, weekly"),
        ("FREQ=SOMETIMES", "daily, weekly"),
        ("FREQ=WEEKLY;UNTIL=soon", "UNTIL"),
        ("FREQ=WEEKLY;BYDAY=XX", "not understood"),
        ("FREQ=WEEKLY;BYDAY=\u{fffd}O", "letters that no rule has"),
        ("FREQ=WEEKLY;BYDAY=M", "not understood"),
        ("FREQ=DAILY;BYHOUR=1,2,3", "more than"),
    ] {
        let (line, message) = times(&format!("{TEN}\nRRULE:{rule}"), date(2026, 11, 25)).unwrap_err();
        assert!(line == 6 && message.contains(words), "{rule}: {line} {message}");
    }
}
