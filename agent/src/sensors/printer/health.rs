//! What a printer's reading means for printing. Pure. Low toner never stops anything; paper that is
//! gone, a jam and an open cover do. Asleep is well.

use migrado_protocol::HealthState;
use migrado_protocol::health::Reason;
use migrado_protocol::printer::{Amount, Printer, PrinterState, Severity, StateReason};

use crate::sensors::Judgement;

/// Percent of a supply from which somebody should have the next one at hand.
const SUPPLY_LOW_PERCENT: u8 = 5;
/// Percent of paper from which somebody should bring some.
const PAPER_LOW_PERCENT: u8 = 10;
/// Sheets, where a tray counts them.
const PAPER_LOW_SHEETS: u32 = 20;

/// Judges one printer: the gravest finding, first come first named among equals.
pub fn judge(printer: &Printer) -> Judgement {
    let mut found: Vec<Judgement> = printer.reasons.iter().filter_map(|r| of_reason(r, printer)).collect();
    found.extend(of_levels(printer));
    if printer.accepting == Some(false) {
        found.push(Judgement::failed(Reason::PrinterRejecting, printer.message.clone()));
    }
    match printer.state {
        PrinterState::Unknown => {
            found.push(Judgement::failed(Reason::PrinterNonsense, "no printer-state".to_owned()))
        }
        PrinterState::Stopped if !printer.asleep && found.iter().all(|j| j.state != HealthState::Failed) => {
            // It stopped for what it complains about; without a complaint for what nobody knows.
            match found.first_mut() {
                Some(cause) if cause.reason != Some(Reason::TonerLow) => cause.state = HealthState::Failed,
                _ => found.push(Judgement::failed(Reason::PrinterStopped, printer.message.clone())),
            }
        }
        _ => {}
    }
    found
        .into_iter()
        .min_by_key(|j| (j.state != HealthState::Failed, rank(j.reason)))
        .unwrap_or_else(Judgement::ok)
}

/// The order in which people can act: what names the cause before what names the effect.
fn rank(reason: Option<Reason>) -> u8 {
    match reason {
        Some(Reason::PaperJam) => 0,
        Some(Reason::CoverOpen) => 1,
        Some(Reason::PaperEmpty) => 2,
        Some(Reason::TonerEmpty) => 3,
        Some(Reason::WasteFull) => 4,
        Some(Reason::OutputFull) => 5,
        Some(Reason::PaperLow | Reason::TonerLow | Reason::WasteNearlyFull) => 6,
        Some(Reason::PrinterOther) => 8,
        _ => 7,
    }
}

fn of_reason(reason: &StateReason, printer: &Printer) -> Option<Judgement> {
    let word = reason.keyword.as_str();
    let has = |parts: &[&str]| parts.iter().any(|p| word.contains(p));
    let stops = reason.severity == Severity::Error || printer.state == PrinterState::Stopped;
    let said = Some(word.to_owned());
    let by_severity =
        |r| if stops { Judgement::failed(r, said.clone()) } else { Judgement::degraded(r, said.clone()) };
    Some(if has(&["media-jam", "paper-jam"]) {
        Judgement::failed(Reason::PaperJam, said)
    } else if has(&["cover-open", "door-open", "interlock-open"]) {
        Judgement::failed(Reason::CoverOpen, said)
    } else if has(&["media-empty", "media-needed", "input-tray-missing"]) {
        // As a mere report it may be one tray of several.
        if reason.severity != Severity::Error && has_paper(printer) {
            Judgement::degraded(Reason::PaperEmpty, said)
        } else {
            Judgement::failed(Reason::PaperEmpty, said)
        }
    } else if has(&["media-low"]) {
        Judgement::degraded(Reason::PaperLow, said)
    } else if has(&["waste"]) {
        if has(&["almost", "nearly", "near"]) {
            Judgement::degraded(Reason::WasteNearlyFull, said)
        } else if has(&["full"]) {
            by_severity(Reason::WasteFull)
        } else {
            by_severity(Reason::PrinterOther)
        }
    } else if has(&["toner-low", "supply-low", "ink-low", "developer-low"]) {
        Judgement::degraded(Reason::TonerLow, said)
    } else if has(&[
        "toner-empty",
        "supply-empty",
        "ink-empty",
        "developer-empty",
        "toner-missing",
        "supply-missing",
        "cartridge-missing",
    ]) {
        by_severity(Reason::TonerEmpty)
    } else if has(&["output-area-almost", "output-almost"]) {
        Judgement::degraded(Reason::OutputFull, said)
    } else if has(&["output-area-full", "output-full", "output-tray-full"]) {
        by_severity(Reason::OutputFull)
    } else if has(&["paused", "deactivated", "hold-new-jobs"]) {
        Judgement::failed(Reason::PrinterStopped, said)
    } else if has(&["offline", "shutdown"]) {
        Judgement::failed(Reason::PrinterUnreachable, said)
    } else if has(&["timed-out"]) {
        Judgement::failed(Reason::PrinterTimeout, said)
    } else if has(&["spool-area-full"]) {
        Judgement::failed(Reason::PrinterRejecting, said)
    } else if is_harmless(word) || reason.severity == Severity::Report {
        return None;
    } else {
        // Words of tomorrow: somebody should look, and only the printer's own stop is a stop.
        Judgement::degraded(Reason::PrinterOther, said)
    })
}

/// Words that ask nobody for anything.
fn is_harmless(word: &str) -> bool {
    let parts = [
        "sleep",
        "power-save",
        "standby",
        "hibernate",
        "cups-",
        "warming",
        "identify",
        "resuming",
        "connecting",
        "testing",
        "wifi",
    ];
    parts.iter().any(|p| word.contains(p))
}

fn has_paper(printer: &Printer) -> bool {
    printer.trays.iter().any(|t| matches!(t.left, Amount::Some | Amount::Percent(1..) | Amount::Sheets(1..)))
}

fn of_levels(printer: &Printer) -> Vec<Judgement> {
    let mut found = Vec::new();
    let is_low = |left: Amount| matches!(left, Amount::Percent(p) if p <= SUPPLY_LOW_PERCENT);
    if let Some(low) = printer.supplies.iter().find(|s| !s.receptacle && is_low(s.left)) {
        found.push(Judgement::degraded(Reason::TonerLow, low.name.clone()));
    }
    let (trays, all) = (&printer.trays, |is: fn(Amount) -> bool| printer.trays.iter().all(|t| is(t.left)));
    if !trays.is_empty() && all(|a| matches!(a, Amount::Percent(0) | Amount::Sheets(0))) {
        found.push(Judgement::failed(Reason::PaperEmpty, None));
    } else if !trays.is_empty()
        && all(|a| match a {
            Amount::Percent(p) => p <= PAPER_LOW_PERCENT,
            Amount::Sheets(n) => n <= PAPER_LOW_SHEETS,
            Amount::Some | Amount::Unknown => false,
        })
    {
        found.push(Judgement::degraded(Reason::PaperLow, None));
    }
    found
}

#[cfg(test)]
mod tests {
    use HealthState::{Degraded, Failed, Ok};
    use migrado_protocol::printer::{Supply, Tray};

    use super::*;

    fn printer(state: PrinterState, reasons: &[(&str, Severity)]) -> Printer {
        let reasons =
            reasons.iter().map(|(k, s)| StateReason { keyword: (*k).into(), severity: *s }).collect();
        Printer {
            at_ms: 0,
            source: "ipp".into(),
            make: None,
            state,
            accepting: Some(true),
            asleep: false,
            reasons,
            message: None,
            supplies: vec![],
            trays: vec![],
            jobs: None,
            impressions: None,
        }
    }

    type Expected = (HealthState, Option<Reason>);

    #[test]
    fn every_reason_has_its_judgement_for_every_severity() {
        use Severity::{Error, Report, Warning};
        let all = |state, reason| [(state, Some(reason)); 3];
        let graded = |reason| [(Degraded, Some(reason)), (Degraded, Some(reason)), (Failed, Some(reason))];
        let cases: [(&str, [Expected; 3]); 15] = [
            ("media-jam", all(Failed, Reason::PaperJam)),
            ("cover-open", all(Failed, Reason::CoverOpen)),
            ("door-open", all(Failed, Reason::CoverOpen)),
            ("media-empty", all(Failed, Reason::PaperEmpty)),
            ("media-low", all(Degraded, Reason::PaperLow)),
            ("toner-low", all(Degraded, Reason::TonerLow)),
            ("marker-supply-low", all(Degraded, Reason::TonerLow)),
            ("toner-empty", graded(Reason::TonerEmpty)),
            ("marker-waste-full", graded(Reason::WasteFull)),
            ("marker-waste-almost-full", all(Degraded, Reason::WasteNearlyFull)),
            ("output-area-full", graded(Reason::OutputFull)),
            ("paused", all(Failed, Reason::PrinterStopped)),
            ("offline", all(Failed, Reason::PrinterUnreachable)),
            ("deep-sleep", [(Ok, None); 3]),
            (
                "fuser-odd",
                [(Ok, None), (Degraded, Some(Reason::PrinterOther)), (Degraded, Some(Reason::PrinterOther))],
            ),
        ];
        for (word, expected) in cases {
            for (severity, expected) in [Report, Warning, Error].into_iter().zip(expected) {
                let judged = judge(&printer(PrinterState::Idle, &[(word, severity)]));
                assert_eq!((judged.state, judged.reason), expected, "{word} {severity:?}");
            }
        }
    }

    #[test]
    fn a_stop_is_failed_whatever_else_is_said_and_sleep_is_none() {
        use Severity::Warning;
        let of = |reasons: &[(&str, Severity)]| judge(&printer(PrinterState::Stopped, reasons));
        assert_eq!((of(&[]).state, of(&[]).reason), (Failed, Some(Reason::PrinterStopped)));
        assert_eq!(of(&[("toner-low", Warning)]).reason, Some(Reason::PrinterStopped));
        assert_eq!(
            of(&[("fuser-odd", Warning)]),
            Judgement::failed(Reason::PrinterOther, "fuser-odd".to_owned())
        );
        let asleep = Printer { asleep: true, ..printer(PrinterState::Stopped, &[("deep-sleep", Warning)]) };
        assert_eq!(judge(&asleep).state, Ok);
    }

    #[test]
    fn levels_speak_where_reasons_are_silent() {
        let tray = |left| Tray { name: "1".into(), media: None, left };
        let of = |trays: Vec<Tray>| judge(&Printer { trays, ..printer(PrinterState::Idle, &[]) });
        assert_eq!(of(vec![tray(Amount::Percent(0))]).reason, Some(Reason::PaperEmpty));
        assert_eq!(of(vec![tray(Amount::Percent(0)), tray(Amount::Some)]).state, Ok);
        assert_eq!(
            of(vec![tray(Amount::Percent(10)), tray(Amount::Sheets(20))]).reason,
            Some(Reason::PaperLow)
        );
        assert_eq!(of(vec![tray(Amount::Unknown)]).state, Ok);
        let supply = |left, receptacle| {
            let supply = Supply { name: "s".into(), kind: "toner".into(), color: None, left, receptacle };
            judge(&Printer { supplies: vec![supply], ..printer(PrinterState::Idle, &[]) })
        };
        assert_eq!(supply(Amount::Percent(0), false), Judgement::degraded(Reason::TonerLow, "s".to_owned()));
        assert_eq!(supply(Amount::Percent(0), true).state, Ok);
    }

    #[test]
    fn one_empty_tray_of_two_is_no_stop() {
        let report = printer(PrinterState::Idle, &[("media-empty", Severity::Report)]);
        let trays = vec![Tray { name: "2".into(), media: None, left: Amount::Some }];
        assert_eq!(judge(&Printer { trays, ..report }).state, Degraded);
    }
}
