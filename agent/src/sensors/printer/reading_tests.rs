//! The reading of printers, on answers that real ones gave and on faults that no recording shows.

use migrado_protocol::HealthState;
use migrado_protocol::health::Reason;

use super::super::health::judge;
use super::super::wire::{PRINTER_GROUP, decode};
use super::*;

fn fixture(name: &str) -> Printer {
    let path = format!("{}/tests/fixtures/ipp/{name}.ipp", env!("CARGO_MANIFEST_DIR"));
    let answer = decode(&std::fs::read(path).unwrap()).unwrap();
    read(answer.group(PRINTER_GROUP).unwrap(), 7)
}

fn levels(printer: &Printer) -> Vec<Amount> {
    printer.supplies.iter().map(|s| s.left).collect()
}

#[test]
fn real_printers_are_read_and_judged() {
    use Amount::{Percent, Unknown};
    use HealthState::{Degraded, Failed, Ok};
    let cases = [
        (
            "brother-mfc-j5320dw",
            "ipp",
            Degraded,
            Some(Reason::TonerLow),
            vec![Percent(11), Percent(9), Percent(45), Percent(11)],
            vec![("main", Unknown)],
        ),
        (
            "epson-xp-6000",
            "ipp",
            Degraded,
            Some(Reason::TonerLow),
            vec![Percent(27), Percent(99), Percent(83), Percent(6), Percent(64)],
            vec![("Sheet feeder bin 1", Unknown), ("Sheet feeder bin 2", Unknown)],
        ),
        ("xerox-b210", "ipp", Ok, None, vec![Percent(62)], vec![("Tray 1", Percent(100))]),
        (
            "xerox-b210-stopped-toner-empty",
            "ipp",
            Failed,
            Some(Reason::TonerEmpty),
            vec![Percent(0)],
            vec![("Tray 1", Percent(100))],
        ),
        (
            "cups-queue-hp-laserjet-m175",
            "cups",
            Degraded,
            Some(Reason::TonerLow),
            vec![Percent(5); 5],
            vec![],
        ),
        ("kyocera-m2540dn", "ipp", Ok, None, vec![], vec![]),
    ];
    for (name, source, state, reason, supplies, trays) in cases {
        let printer = fixture(name);
        let judged = judge(&printer);
        assert_eq!((judged.state, judged.reason), (state, reason), "{name}: {printer:?}");
        assert_eq!((printer.source.as_str(), levels(&printer)), (source, supplies), "{name}");
        let found: Vec<_> = printer.trays.iter().map(|t| (t.name.as_str(), t.left)).collect();
        assert_eq!(found, trays, "{name}");
    }
    assert!(fixture("kyocera-m2540dn").asleep);
    assert_eq!(fixture("xerox-b210").trays[0].media.as_deref(), Some("iso_a4_210x297mm"));
    assert_eq!(fixture("brother-mfc-j5320dw").supplies[0].color.as_deref(), Some("#FF00FF"));
}

#[test]
fn suffixes_are_taken_off_even_when_they_were_cut() {
    let cases = [
        ("media-empty-error", "media-empty", Severity::Error),
        ("media-empty-report", "media-empty", Severity::Report),
        ("media-empty", "media-empty", Severity::Error),
        ("toner-low-warning", "toner-low", Severity::Warning),
        ("marker-waste-almost-full-warnin", "marker-waste-almost-full", Severity::Warning),
        ("marker-waste-almost-full-w", "marker-waste-almost-full-w", Severity::Error),
        ("a-very-long-reason-of-a-printer-w", "a-very-long-reason-of-a-printer", Severity::Warning),
        ("cover-open-erro", "cover-open", Severity::Error),
    ];
    for (text, keyword, severity) in cases {
        assert_eq!(reason(text), Some(StateReason { keyword: keyword.into(), severity }), "{text}");
    }
    assert_eq!(reason("none"), None);
}

#[test]
fn sentinels_stay_apart_from_numbers() {
    let cases = [
        (-1, Amount::Unknown),
        (-2, Amount::Unknown),
        (-3, Amount::Some),
        (0, Amount::Percent(0)),
        (100, Amount::Percent(100)),
        (150, Amount::Unknown),
        (i64::MAX, Amount::Unknown),
    ];
    for (level, expected) in cases {
        assert_eq!(percent(level, 100), expected, "{level}");
    }
    let tray = |text: &str| tray_left(&fields(text));
    assert_eq!(tray("level=-3;maxcapacity=250;"), Amount::Some);
    assert_eq!(tray("level=120;maxcapacity=-2;"), Amount::Sheets(120));
    assert_eq!(tray("level=50;maxcapacity=250;"), Amount::Percent(20));
    assert_eq!(tray("nonsense"), Amount::Unknown);
}

#[test]
fn a_printers_words_are_clipped_and_name_nobody() {
    let said = own_words("printing \"Antrag Familie Muster.pdf\" job-originating-user-name=erika");
    assert_eq!(said, "printing […] job-originating-user-name=[…]");
    assert_eq!(own_words("Sleep mode on."), "Sleep mode on.");
    assert!(own_words(&"x y ".repeat(10_000)).len() < 2_000);
}

#[test]
fn a_waste_container_is_never_empty_like_a_toner() {
    let supply =
        "type=wasteToner;class=receptacleThatIsFilled;unit=percent;maxcapacity=100;colorantname=unknown;";
    let left =
        |level: i32, alarm: bool| described_supply(&fields(&format!("{supply}level={level};")), None, alarm);
    for (level, alarm, expected) in
        [(0, false, 100), (0, true, 0), (100, true, 0), (100, false, 100), (75, false, 75), (-3, false, -3)]
    {
        let read = left(level, alarm);
        assert!(read.receptacle && read.kind == "waste-toner");
        let expected = u8::try_from(expected).map_or(Amount::Some, Amount::Percent);
        assert_eq!(read.left, expected, "{level} {alarm}");
    }
    assert_eq!(
        turned(Amount::Percent(25), true, false),
        Amount::Percent(75),
        "a quarter full takes three more"
    );
}

#[test]
fn the_device_knows_the_hardware_and_the_queue_its_jobs() {
    let mut queue = fixture("cups-queue-hp-laserjet-m175");
    queue.reasons.push(StateReason { keyword: "paused".into(), severity: Severity::Error });
    queue.jobs = Some(3);
    let merged = merge(queue, fixture("xerox-b210"));
    assert_eq!((merged.source.as_str(), merged.jobs), ("cups+ipp", Some(3)));
    assert_eq!(levels(&merged), [Amount::Percent(62)]);
    assert!(merged.reasons.iter().all(|r| r.keyword != "toner-low"), "as old as the last job");
    assert_eq!(judge(&merged).reason, Some(Reason::PrinterStopped));
}
