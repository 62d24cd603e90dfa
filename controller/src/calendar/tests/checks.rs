//! What is wrong with a calendar is told at once, each with its place.

use migrado_settings::{load, read_value};

use super::super::model::Calendar;
use super::office;

#[test]
fn every_mistake_is_told_at_once_with_line_and_column() {
    let text = r#"opening_hours:
  monday: ["8-12", "13:00-15:30"]
  tuesday: ["08:00-12:00", "11:00-13:00"]
  wensday: []
  friday: ["08:00-08:00"]
special_days:
  - { date: 2026-13-01, hours: [], reason: x }
  - { date: 2026-12-24, hours: ["08:00-12:00", "11:00-12:00"], reason: "  " }
  - { date: 2026-12-24, reason: Heiligabend }
  - { date: 2026-12-29, hours: ["08:00-12:00"], reason: Notdienst }
closures:
  - { from: 2026-12-28, until: 2026-12-31, reason: Betriebsferien }
  - { from: 2026-12-31, until: 2026-12-28, reason: Falsch herum }
  - { from: 2026-02-30, until: "2026-03-01T25:00", reason: "" }
windows:
  download: sometimes
  activate: { cron: "0 0 31 2 *", minutes: 60 }
  restart: { cron: "0 * * * *", minutes: 60 }
"#;
    let said = load::<Calendar>(text).unwrap_err().to_string();
    for part in [
        "line 2, column 12: opening_hours.monday[0]: \"8-12\" is not a span like \"08:00-12:30\"",
        "line 3, column 28: opening_hours.tuesday[1]: \"11:00-13:00\" overlaps with \"08:00-12:00\"",
        "line 4, column 3: opening_hours.wensday: this key is not known; did you mean \"wednesday\"?",
        "line 5, column 12: opening_hours.friday[0]: \"08:00-08:00\" has no length",
        "line 7, column 13: special_days[0].date: \"2026-13-01\" is not a day like 2026-12-24",
        "line 8, column 48: special_days[1].hours[1]: \"11:00-12:00\" overlaps",
        "line 8, column 72: special_days[1].reason: say why",
        "line 9, column 13: special_days[2].date: 2026-12-24 stands here twice",
        "line 10, column 13: special_days[3].date: 2026-12-29 lies in the closure \"Betriebsferien\"",
        "line 13, column 32: closures[1].until: the closure ends before it begins",
        "line 14, column 13: closures[2].from: there is no 2026-02-30 in the calendar",
        "line 14, column 32: closures[2].until: \"2026-03-01T25:00\" is not a day like",
        "line 14, column 60: closures[2].reason: ",
        "line 16, column 13: windows.download: \"sometimes\" is not \"always\", \"closed\", or a mapping of",
        "line 17, column 21: windows.activate.cron: the window activate never opens: \"0 0 31 2 *\" does not come",
        "line 18, column 42: windows.restart.minutes: the window restart opens again before it closes",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    assert_eq!(said.lines().count(), 16, "{said}");
}

#[test]
fn a_window_that_cannot_open_is_refused_by_name() {
    for (text, part) in [
        ("windows: { activate: closed }", "windows.activate: activate needs opening_hours"),
        ("windows: { restart: { cron: \"0 0 30 2 *\", minutes: 5 } }", "the window restart never opens"),
        ("windows: { download: { cron: \"0 3 * *\", minutes: 5 } }", "the window download never opens"),
        ("windows: { download: { cron: \"0 3 * * *\", minutes: 0 } }", "windows.download"),
        ("windows: { download: { cron: \"0 3 * * *\", minutes: 1380 } }", "opens again before it closes"),
        ("special_days: [{ date: 2026-12-24, reason: x }]", "special_days: give opening_hours"),
    ] {
        let said = load::<Calendar>(text).unwrap_err().to_string();
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    // The shortest day has 23 hours.
    assert!(load::<Calendar>("windows: { download: { cron: \"0 3 * * *\", minutes: 1379 } }").is_ok());
}

#[test]
fn a_request_gets_the_same_words_with_pointers() {
    let value = serde_json::json!({
        "opening_hours": {"monday": ["8-12"]},
        "closures": [{"from": "2026-12-31", "until": "2026-12-28", "reason": "x"}],
        "windows": {"activate": {"cron": "0 0 31 2 *", "minutes": 5}},
    });
    let mistakes = read_value::<Calendar>(value).unwrap_err();
    let pointers: Vec<&str> = mistakes.0.iter().map(|m| m.pointer.as_str()).collect();
    assert_eq!(pointers, ["/closures/0/until", "/opening_hours/monday/0", "/windows/activate/cron"]);
}

#[test]
fn what_is_written_is_read_again_as_the_same() {
    let office = office();
    let json = serde_json::to_value(&office).unwrap();
    assert_eq!(json["closures"][1]["from"], "2026-11-26T14:00");
    assert_eq!(json["opening_hours"]["monday"][0], "08:00-12:00");
    assert_eq!(read_value::<Calendar>(json).unwrap(), office);
    let night = read_value::<Calendar>(serde_json::json!({"opening_hours": {"friday": ["22:00-00:00"]}}));
    let json = serde_json::to_value(night.unwrap()).unwrap();
    assert_eq!(json["opening_hours"]["friday"][0], "22:00-24:00", "the day's end has one spelling");
}
