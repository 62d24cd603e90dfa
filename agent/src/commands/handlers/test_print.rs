//! `test_print`: prints a small page on every printer, and waits for each printer's own word that
//! the job is completed. A printer that says what keeps it from printing is waited for no longer than
//! a hand needs; then the page is taken back, and the printer's reason is the answer. The page is made
//! here: A4, two fonts' worth of nothing personal.

use std::time::Duration;

use migrado_protocol::HealthState;
use tokio::time::Instant;

use super::{Outcome, Parts, Screen};
use crate::config::PrinterConfig;
use crate::platform::clock;
use crate::sensors::Sensor as _;
use crate::sensors::printer::PrinterSensor;
use crate::sensors::printer::client::{self, JobState, PrinterFault};

/// Milliseconds before the finish-by at which waiting ends, so that the last word can still be told.
const LAST_WORD_MS: i64 = 2000;
/// How often job and printer are looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// How long one look at the printer may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// How long a printer may be kept from printing: a drawer that is pushed in, a cover that is closed.
const HINDERED_LIMIT: Duration = Duration::from_secs(15);

/// How waiting for a page ended.
#[derive(Debug)]
struct Ended {
    state: JobState,
    /// What kept the printer from it, in its own words, and whether the page was taken back for that.
    hindrance: Option<(String, bool)>,
}

pub(super) async fn run<S: Screen>(parts: &Parts<S>, finish_by_ms: i64) -> Outcome {
    let mut said = Vec::new();
    let mut all_printed = true;
    for printer in &parts.printers {
        let (printed, words) = match print(printer, parts.terminal.as_str(), finish_by_ms).await {
            Ok(ended) => (ended.state == JobState::Completed, in_words(&ended)),
            Err(fault) => (false, fault.to_string()),
        };
        all_printed &= printed;
        said.push(format!("{}: {words}", printer.name));
    }
    let said = said.join("; ");
    if all_printed { Outcome::Succeeded(Some(said)) } else { Outcome::Failed(said) }
}

async fn print(printer: &PrinterConfig, terminal: &str, finish_by_ms: i64) -> Result<Ended, PrinterFault> {
    let now_ms = clock::now_ms();
    let job = client::print_document(&printer.uri, page(terminal, now_ms)).await?;
    let left_ms = finish_by_ms.saturating_sub(now_ms).saturating_sub(LAST_WORD_MS);
    let until = Instant::now() + Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
    let mut sensor = PrinterSensor::new(std::slice::from_ref(printer), LOOK_LIMIT);
    let mut since: Option<Instant> = None;
    loop {
        let state = client::job_state(&printer.uri, job).await?;
        if state.is_final() {
            return Ok(Ended { state, hindrance: None });
        }
        let hindrance = hindrance(&mut sensor).await;
        since = hindrance.as_ref().map(|_| since.unwrap_or_else(Instant::now));
        if since.is_some_and(|since| since.elapsed() >= HINDERED_LIMIT) {
            // Else it comes out unasked when somebody brings paper.
            client::cancel_job(&printer.uri, job).await?;
            let state = client::job_state(&printer.uri, job).await?;
            let taken_back = state != JobState::Completed;
            return Ok(Ended { state, hindrance: hindrance.map(|words| (words, taken_back)) });
        }
        if Instant::now() + LOOK_PERIOD > until {
            return Ok(Ended { state, hindrance: hindrance.map(|words| (words, false)) });
        }
        tokio::time::sleep(LOOK_PERIOD).await;
    }
}

/// What keeps a printer from printing now, in its own words where it has some.
async fn hindrance(sensor: &mut PrinterSensor) -> Option<String> {
    let judged = sensor.read(clock::now_ms()).await.judgement;
    let failed = judged.state == HealthState::Failed;
    failed.then(|| judged.detail.or(judged.reason.map(|reason| reason.word())).unwrap_or_default())
}

fn in_words(ended: &Ended) -> String {
    match &ended.hindrance {
        Some((words, true)) if ended.state == JobState::Canceled => {
            format!("{words}; the page was taken back")
        }
        // Some printers let go of a page only when they can print again.
        Some((words, true)) => format!("{words}; the page was canceled, the printer still holds it"),
        Some((words, false)) if ended.state != JobState::Completed => {
            format!("{words}; {}", of_state(ended.state))
        }
        _ => of_state(ended.state).to_owned(),
    }
}

fn of_state(state: JobState) -> &'static str {
    match state {
        JobState::Pending => "the job still waits in the queue",
        JobState::Held => "the job is held by the printer",
        JobState::Processing => "the job is still being printed",
        JobState::Stopped => "the printer stopped in the middle of the job",
        JobState::Canceled => "the job was canceled",
        JobState::Aborted => "the printer gave the job up",
        JobState::Completed => "printed",
        JobState::Unknown => "the printer does not say what became of the job",
    }
}

/// The page as a PDF: a frame at the printable edge, a ramp of grays, what it is and from where.
fn page(terminal: &str, now_ms: i64) -> Vec<u8> {
    let at = jiff::Timestamp::from_millisecond(now_ms)
        .map_or_else(|_| String::new(), |at| at.strftime("%F %H:%M UTC").to_string());
    let mut ramp = String::new();
    for step in 0..10 {
        ramp.push_str(&format!("0.{step} g {} 420 40 40 re f ", 97 + step * 40));
    }
    let content = format!(
        "0.5 w 28 28 539 786 re S {ramp} 0 g BT /F1 36 Tf 97 700 Td (MigraDo) Tj \
         0 -48 Td /F1 20 Tf (Testseite / Test page) Tj 0 -36 Td /F1 14 Tf ({terminal}  {at}) Tj ET"
    );
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut pdf = String::from("%PDF-1.4\n");
    let mut offsets = String::new();
    for (n, object) in objects.iter().enumerate() {
        offsets.push_str(&format!("{:010} 00000 n \n", pdf.len()));
        pdf.push_str(&format!("{} 0 obj\n{object}\nendobj\n", n + 1));
    }
    let table = pdf.len();
    let count = objects.len() + 1;
    pdf.push_str(&format!(
        "xref\n0 {count}\n0000000000 65535 f \n{offsets}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    ));
    pdf.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_what_the_printer_complains_of() {
        let of = |state, hindrance: Option<(&str, bool)>| {
            in_words(&Ended { state, hindrance: hindrance.map(|(words, back)| (words.to_owned(), back)) })
        };
        let empty = "media-empty";
        assert_eq!(of(JobState::Canceled, Some((empty, true))), "media-empty; the page was taken back");
        assert_eq!(
            of(JobState::Processing, Some((empty, true))),
            "media-empty; the page was canceled, the printer still holds it"
        );
        assert_eq!(
            of(JobState::Processing, Some((empty, false))),
            "media-empty; the job is still being printed"
        );
        assert_eq!(of(JobState::Held, None), "the job is held by the printer");
        // It came out while it was taken back.
        assert_eq!(of(JobState::Completed, Some((empty, false))), "printed");
    }

    #[test]
    fn every_offset_of_the_page_points_at_its_object() {
        let pdf = String::from_utf8(page("fp-01", 1_800_000_000_000)).unwrap();
        assert!(pdf.contains("(fp-01  2027-01-15 08:00 UTC)"), "{pdf}");
        let table: usize = pdf.split("startxref\n").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        let entries: Vec<&str> = pdf[table..].lines().skip(3).take(5).collect();
        for (n, entry) in entries.iter().enumerate() {
            let offset: usize = entry[..10].parse().unwrap();
            assert!(pdf[offset..].starts_with(&format!("{} 0 obj\n", n + 1)), "{entry}");
        }
        let stream = pdf.split("stream\n").nth(1).unwrap();
        let length: usize = pdf.split("/Length ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert_eq!(&stream[length..], "\nend");
    }
}
