//! Events, broken files, and names that are not safe.

use super::each;
use crate::testing::Tiny;

#[test]
fn names_what_is_wrong_with_events() {
    each(&[
        (
            "no calendar",
            |t| t.put("events/course/event.ics", b"hello"),
            "events/course/event.ics:1: error: a calendar file begins with",
            "calendar",
        ),
        (
            "empty",
            |t| t.put("events/course/event.ics", b""),
            "events/course/event.ics:1: error: a calendar file begins with",
            "",
        ),
        (
            "cut off",
            |t| t.spoil("events/course/event.ics", "END:VEVENT\nEND:VCALENDAR\n", ""),
            "events/course/event.ics:2: error: VEVENT begins here and does not end",
            "",
        ),
        (
            "no begin",
            |t| t.spoil("events/course/event.ics", "DTSTART", "DTSTAMP"),
            "events/course/event.ics:2: error: this event does not say when it begins",
            "",
        ),
        (
            "zone",
            |t| t.spoil("events/course/event.ics", "Europe/Berlin", "America/New_York"),
            "events/course/event.ics:4: error: the zone \"America/New_York\"",
            "",
        ),
        (
            "moment",
            |t| t.spoil("events/course/event.ics", "20261130T", "20261131T"),
            "events/course/event.ics:4: error: \"20261131T100000\" is no moment",
            "",
        ),
        (
            "rule",
            |t| t.spoil("events/course/event.ics", "FREQ=WEEKLY", "FREQ=OFTEN"),
            "events/course/event.ics:6: error: events repeat daily",
            "",
        ),
        (
            "over",
            |t| t.spoil("events/course/event.ics", "2026", "2025"),
            "events/course/event.ics:2: warning: this does not take place from 2026-11-25 on",
            "event_over",
        ),
        (
            "pointless",
            |t| {
                t.spoil(
                    "events/course/event.ics",
                    "RRULE",
                    "EXDATE;TZID=Europe/Berlin:20261201T100000\nRRULE",
                )
            },
            "events/course/event.ics:6: warning: this names a day",
            "event_exception",
        ),
        (
            "two",
            |t| {
                t.spoil(
                    "events/course/event.ics",
                    "END:VEVENT\n",
                    "END:VEVENT\nBEGIN:VEVENT\nUID:b\nDTSTART:20261201T100000\nDURATION:PT1H\nEND:VEVENT\n",
                )
            },
            "events/course/event.ics:8: error: a second event begins here",
            "",
        ),
        (
            "missing",
            |t| t.remove("events/course/event.ics"),
            "events/course/event.ics: error: this file is missing",
            "file_missing",
        ),
    ]);
}

#[test]
fn names_files_that_are_not_what_they_should_be() {
    each(&[
        (
            "list",
            |t| t.put("guides/start/guide.yaml", b"- a\n- b\n"),
            "guides/start/guide.yaml:1: error: ",
            "yaml",
        ),
        (
            "empty yaml",
            |t| t.put("guides/start/guide.yaml", b""),
            "guides/start/guide.yaml:1: error: the key \"topics\" is missing",
            "yaml",
        ),
        (
            "yaml not utf-8",
            |t| t.put("guides/start/guide.yaml", b"topics: [work]\n# \xff\n"),
            "guides/start/guide.yaml:2: error: this is not UTF-8",
            "not_utf8",
        ),
    ]);
    let tiny = Tiny::clean();
    tiny.put("strings/en.ftl", b"back = Back\nsheets = \xff { $n }\n");
    assert!(
        tiny.said().iter().any(|s| s.starts_with("strings/en.ftl:2: error: this is not UTF-8")),
        "{:?}",
        tiny.said()
    );
    tiny.remove("content.yaml");
    assert!(
        tiny.said().iter().any(|s| s == "content.yaml: error: this file is missing [file_missing]"),
        "{:?}",
        tiny.said()
    );
}

#[test]
fn names_unsafe_paths_and_follows_no_links() {
    let unsafe_of = |spoil: &dyn Fn(&Tiny)| -> Vec<String> {
        let tiny = Tiny::clean();
        spoil(&tiny);
        tiny.said().into_iter().filter(|s| s.ends_with("[path_unsafe]")).collect()
    };
    let found =
        unsafe_of(&|t| t.spoil("forms/permit/form.yaml", "edition", "pdf: ../../../etc/passwd\nedition"));
    assert!(
        found.len() == 1 && found[0].starts_with("forms/permit/form.yaml:3: error: unsafe path"),
        "{found:?}"
    );
    let found = unsafe_of(&|t| t.spoil("guides/start/en.md", "house.svg", "../house.svg"));
    assert!(
        found.len() == 1 && found[0].starts_with("guides/start/en.md:3: error: unsafe path"),
        "{found:?}"
    );
    for (name, why) in [
        ("guides/start/a:b.svg", "reserved"),
        ("guides/start/a\u{7}.svg", "control"),
        ("guides/start/Cafe\u{301}.svg", "NFC"),
        ("guides/start/nul.svg", "device"),
        ("guides/start/House.svg", "capital letters"),
        ("guides/start/a .", "ends with"),
    ] {
        let found = unsafe_of(&|t| t.put(name, b"<svg/>"));
        assert!(found.len() == 1 && found[0].contains(why), "{name}: {found:?}");
    }
    let found = unsafe_of(&|t| {
        t.remove("guides/start/house.svg");
        std::os::unix::fs::symlink("/etc/passwd", t.path().join("guides/start/house.svg")).unwrap();
        std::os::unix::fs::symlink("/etc", t.path().join("guides/start/etc")).unwrap();
    });
    assert!(found.len() == 2 && found.iter().all(|f| f.contains("this is a link")), "{found:?}");
    let found = unsafe_of(&|t| {
        use std::os::unix::ffi::OsStrExt as _;
        let name = std::ffi::OsStr::from_bytes(b"guides/start/\xff.svg");
        std::fs::write(t.path().join(name), "x").unwrap();
    });
    assert!(found.len() == 1 && found[0].contains("not UTF-8"), "{found:?}");
}

#[test]
fn names_ids_that_cannot_stand_in_links() {
    each(&[(
        "capitals",
        |t| {
            t.put("guides/Start2/guide.yaml", b"topics: [work]\n");
            for code in ["de", "en"] {
                t.put(&format!("guides/Start2/{code}.md"), b"# A\n\nb\n");
            }
        },
        "guides/Start2: error: \"Start2\" is no id",
        "id_unusable",
    )]);
}
