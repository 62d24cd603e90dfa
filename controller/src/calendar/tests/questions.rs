//! State, next opening and closing, windows, days.

use super::super::days::{DayRule, Span};
use super::super::model::WindowKind;
use super::super::{
    Opening, day, local, next_closing, next_opening, open_spans, state_at, window_at, window_spans,
};
use super::{at, calendar, office, wall};

#[test]
fn the_state_of_every_kind_of_moment_has_its_reason_and_its_end() {
    let office = office();
    for (now, opening, words, until) in [
        // Wednesday.
        ("2026-11-25T07:59", Opening::Closed, "closed until 08:00", "2026-11-25T08:00"),
        ("2026-11-25T08:00", Opening::Open, "open until 12:00", "2026-11-25T12:00"),
        ("2026-11-25T11:59", Opening::Open, "open until 12:00", "2026-11-25T12:00"),
        ("2026-11-25T12:00", Opening::Closed, "closed until 26 Nov, 08:00", "2026-11-26T08:00"),
        // Thursday: lunch, then a closure in the middle of the afternoon.
        ("2026-11-26T12:30", Opening::Closed, "closed until 13:00", "2026-11-26T13:00"),
        ("2026-11-26T13:00", Opening::Open, "open until 14:00", "2026-11-26T14:00"),
        ("2026-11-26T14:00", Opening::Closed, "closed: Wasserschaden", "2026-11-26T16:00"),
        ("2026-11-26T15:59", Opening::Closed, "closed: Wasserschaden", "2026-11-26T16:00"),
        ("2026-11-26T16:00", Opening::Open, "open until 18:00", "2026-11-26T18:00"),
        // A special Saturday and the Sunday after it.
        ("2026-11-28T09:00", Opening::Closed, "closed until 10:00", "2026-11-28T10:00"),
        ("2026-11-28T10:00", Opening::Open, "open until 14:00: Tag der offenen Tür", "2026-11-28T14:00"),
        ("2026-11-29T10:00", Opening::Closed, "closed until 30 Nov, 08:00", "2026-11-30T08:00"),
        // Holidays, also one with a special day, and one that moves.
        ("2027-11-01T10:00", Opening::Closed, "closed: All Saints' Day", "2027-11-02T08:00"),
        ("2026-06-04T10:30", Opening::Open, "open until 11:00: Notdienst", "2026-06-04T11:00"),
        ("2026-05-14T10:00", Opening::Closed, "closed: Ascension Day", "2026-05-15T08:00"),
        ("2026-04-03T10:00", Opening::Closed, "closed: Good Friday", "2026-04-07T08:00"),
        // Christmas: special day, holidays, weekend, closure, New Year.
        ("2026-12-24T10:00", Opening::Closed, "closed: Heiligabend", "2027-01-04T08:00"),
        ("2026-12-25T10:00", Opening::Closed, "closed: Christmas Day", "2027-01-04T08:00"),
        ("2026-12-28T00:00", Opening::Closed, "closed: Betriebsferien", "2027-01-04T08:00"),
        ("2026-12-31T23:59", Opening::Closed, "closed: Betriebsferien", "2027-01-04T08:00"),
        ("2027-01-01T00:00", Opening::Closed, "closed: New Year's Day", "2027-01-04T08:00"),
    ] {
        let state = state_at(&office, at(now));
        let told = (state.opening, state.words(at(now)).en, state.until.map(wall));
        assert_eq!(told, (opening, words.to_owned(), Some(until.to_owned())), "{now}");
    }
    assert_eq!(
        state_at(&office, at("2027-11-01T10:00")).words(at("2027-11-01T10:00")).de,
        "geschlossen: Allerheiligen"
    );
    let german = state_at(&office, at("2026-11-25T12:00")).words(at("2026-11-25T12:00")).de;
    assert_eq!(german, "geschlossen bis 26.11., 08:00");
}

#[test]
fn the_next_opening_and_closing_are_told_from_inside_and_from_outside() {
    let office = office();
    for (now, opens, closes) in [
        ("2026-11-25T07:00", "2026-11-25T08:00", "2026-11-25T12:00"),
        ("2026-11-25T08:00", "2026-11-26T08:00", "2026-11-25T12:00"),
        ("2026-11-26T13:30", "2026-11-26T16:00", "2026-11-26T14:00"),
        ("2026-11-26T12:00", "2026-11-26T13:00", "2026-11-26T14:00"),
        ("2026-12-23T12:00", "2027-01-04T08:00", "2027-01-04T12:00"),
    ] {
        let told = (next_opening(&office, at(now)).map(wall), next_closing(&office, at(now)).map(wall));
        assert_eq!(told, (Some(opens.to_owned()), Some(closes.to_owned())), "{now}");
    }
}

#[test]
fn hours_that_cross_midnight_belong_to_the_day_they_begin_on() {
    let night = calendar(
        "opening_hours: { friday: [\"22:00-02:00\"], saturday: [\"01:00-03:00\", \"20:00-00:00\"] }\nclosures: [{ from: 2026-12-05, until: 2026-12-05, reason: Inventur }]\n",
    );
    for (now, opening, until) in [
        ("2026-11-27T21:59", Opening::Closed, "2026-11-27T22:00"),
        ("2026-11-27T23:00", Opening::Open, "2026-11-28T03:00"),
        ("2026-11-28T00:30", Opening::Open, "2026-11-28T03:00"),
        ("2026-11-28T02:30", Opening::Open, "2026-11-28T03:00"),
        ("2026-11-28T03:00", Opening::Closed, "2026-11-28T20:00"),
        ("2026-11-28T23:59", Opening::Open, "2026-11-29T00:00"),
        ("2026-11-29T00:00", Opening::Closed, "2026-12-04T22:00"),
        // A closure of the Saturday cuts the Friday's night at midnight.
        ("2026-12-04T23:00", Opening::Open, "2026-12-05T00:00"),
        ("2026-12-05T01:00", Opening::Closed, "2026-12-11T22:00"),
        // A Friday that is a holiday has no night.
        ("2026-12-25T23:00", Opening::Closed, "2027-01-02T01:00"),
    ] {
        let state = state_at(&night, at(now));
        assert_eq!((state.opening, state.until.map(wall)), (opening, Some(until.to_owned())), "{now}");
    }
    let always = calendar(
        "opening_hours: { monday: [\"00:00-24:00\"], tuesday: [\"00:00-24:00\"], wednesday: [\"00:00-24:00\"], thursday: [\"00:00-24:00\"], friday: [\"00:00-24:00\"], saturday: [\"00:00-24:00\"], sunday: [\"00:00-24:00\"] }",
    );
    assert_eq!(
        next_closing(&always, at("2026-01-05T10:00")).map(wall),
        Some("2026-04-03T00:00".to_owned()),
        "Good Friday"
    );
}

#[test]
fn nights_of_the_clock_change_last_as_long_as_they_do() {
    let nights = calendar(
        "opening_hours: { saturday: [\"22:00-04:00\"], sunday: [\"02:15-02:45\"] }\nwindows: { restart: { cron: \"0 22 * * 6\", minutes: 360 }, activate: { cron: \"30 2 * * *\", minutes: 60 } }",
    );
    for (saturday, hours) in
        [("2026-03-28", 5), ("2026-10-24", 7), ("2027-03-27", 5), ("2027-10-30", 7), ("2026-07-04", 6)]
    {
        let date: jiff::civil::Date = saturday.parse().unwrap();
        let within =
            Span { from: local::begin_of(date), until: at(&format!("{}T04:30", local::next_day(date))) };
        let open = open_spans(&nights, date, date);
        let night = open.last().unwrap();
        let window = window_spans(&nights, WindowKind::Restart, within);
        for span in [*night, window[0]] {
            assert_eq!(span.until.duration_since(span.from).as_hours(), hours, "{saturday}");
            assert_eq!(wall(span.until), format!("{}T04:00", local::next_day(date)));
        }
    }
    // What spring leaves out is no opening; what autumn has twice is one, in the first hour. The
    // window of 02:30 opens once: at three in spring.
    let alone = calendar(
        "opening_hours: { sunday: [\"02:15-02:45\"] }\nwindows: { activate: { cron: \"30 2 * * *\", minutes: 60 } }",
    );
    for (sunday, open, window) in [
        ("2026-03-29", None, ("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")),
        ("2027-03-28", None, ("2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z")),
        (
            "2026-10-25",
            Some(("2026-10-25T00:15:00Z", "2026-10-25T00:45:00Z")),
            ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"),
        ),
        (
            "2027-10-31",
            Some(("2027-10-31T00:15:00Z", "2027-10-31T00:45:00Z")),
            ("2027-10-31T00:30:00Z", "2027-10-31T02:30:00Z"),
        ),
    ] {
        let date = sunday.parse().unwrap();
        let span = |s: &Span| (s.from.to_string(), s.until.to_string());
        let expected = |(from, until): (&str, &str)| (from.to_owned(), until.to_owned());
        assert_eq!(open_spans(&alone, date, date).iter().map(span).next(), open.map(expected), "{sunday}");
        let within = Span { from: local::begin_of(date), until: local::begin_of(local::next_day(date)) };
        let windows: Vec<_> = window_spans(&alone, WindowKind::Activate, within).iter().map(span).collect();
        assert_eq!(windows, [expected(window)], "{sunday}");
    }
}

#[test]
fn windows_say_whether_they_are_open_why_and_when_that_changes() {
    let office = office();
    for (kind, now, open, changes, why) in [
        (WindowKind::Download, "2026-11-25T10:00", true, None, "always"),
        (WindowKind::Activate, "2026-11-25T10:00", false, Some("2026-11-25T12:00"), "open until 12:00"),
        (
            WindowKind::Activate,
            "2026-11-25T12:00",
            true,
            Some("2026-11-26T08:00"),
            "closed until 26 Nov, 08:00",
        ),
        (WindowKind::Activate, "2026-11-26T12:10", true, Some("2026-11-26T13:00"), "closed until 13:00"),
        // Around a closure that begins and ends within the hours.
        (WindowKind::Activate, "2026-11-26T13:59", false, Some("2026-11-26T14:00"), "open until 14:00"),
        (WindowKind::Activate, "2026-11-26T14:00", true, Some("2026-11-26T16:00"), "closed: Wasserschaden"),
        (WindowKind::Activate, "2026-11-26T16:00", false, Some("2026-11-26T18:00"), "open until 18:00"),
        (WindowKind::Activate, "2027-11-01T10:00", true, Some("2027-11-02T08:00"), "closed: All Saints' Day"),
        (WindowKind::Restart, "2026-11-25T02:59", false, Some("2026-11-25T03:00"), "window from 03:00"),
        (WindowKind::Restart, "2026-11-25T03:00", true, Some("2026-11-25T04:30"), "window until 04:30"),
        (WindowKind::Restart, "2026-11-25T04:29", true, Some("2026-11-25T04:30"), "window until 04:30"),
        (
            WindowKind::Restart,
            "2026-11-25T04:30",
            false,
            Some("2026-11-26T03:00"),
            "window from 26 Nov, 03:00",
        ),
    ] {
        let told = window_at(&office, kind, at(now));
        let expected = changes.map(str::to_owned);
        assert_eq!((told.open, &*told.why.en), (open, why), "{kind:?} {now}");
        let (opens, closes) = if open { (None, expected) } else { (expected, None) };
        assert_eq!((told.opens.map(wall), told.closes.map(wall)), (opens, closes), "{kind:?} {now}");
    }
}

/// Minute by minute over the weeks of the clock change: the spans, the state and the window agree.
#[test]
fn spans_states_and_windows_agree_at_every_quarter_of_an_hour() {
    let office = office();
    for (from, until) in
        [("2026-03-27", "2026-04-07"), ("2026-10-23", "2026-11-03"), ("2026-12-22", "2027-01-05")]
    {
        let (first, last): (jiff::civil::Date, jiff::civil::Date) =
            (from.parse().unwrap(), until.parse().unwrap());
        let within = Span { from: local::begin_of(first), until: local::begin_of(local::next_day(last)) };
        let open = open_spans(&office, first, last);
        let windows = WindowKind::ALL.map(|kind| window_spans(&office, kind, within));
        let mut now = within.from;
        while now < within.until {
            let state = state_at(&office, now);
            assert_eq!(state.opening == Opening::Open, open.iter().any(|s| s.contains(now)), "{}", wall(now));
            assert!(state.until.is_some_and(|until| until > now), "{}", wall(now));
            for (kind, spans) in WindowKind::ALL.into_iter().zip(&windows) {
                let told = window_at(&office, kind, now);
                assert_eq!(told.open, spans.iter().any(|s| s.contains(now)), "{kind:?} {}", wall(now));
            }
            now += jiff::SignedDuration::from_mins(15);
        }
    }
}

#[test]
fn a_site_without_opening_hours_is_unknown_and_yet_has_its_closures() {
    let bare = calendar("closures: [{ from: 2026-12-28, until: 2026-12-31T12:00, reason: Umbau }]");
    let state = state_at(&bare, at("2026-11-25T10:00"));
    assert_eq!((state.opening, state.until), (Opening::Unknown, None));
    let state = state_at(&bare, at("2026-12-31T11:59"));
    assert_eq!(
        (state.opening, &*state.words(at("2026-12-31T11:59")).de),
        (Opening::Closed, "geschlossen: Umbau")
    );
    assert_eq!(state_at(&bare, at("2026-12-31T12:00")).opening, Opening::Unknown);
    assert_eq!(next_opening(&bare, at("2026-11-25T10:00")), None);
    assert_eq!(day(&bare, "2026-11-25".parse().unwrap()).rule, DayRule::Unknown);
    assert!(WindowKind::ALL.into_iter().all(|kind| window_at(&bare, kind, at("2026-11-25T10:00")).open));
}
