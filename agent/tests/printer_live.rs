//! The printer sensor and the printing commands against Debian's `ippeveprinter`. Where it is not
//! installed the test counts as not run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall end")]

use std::time::Duration;

use migrado_agent::config::PrinterConfig;
use migrado_agent::sensors::printer::PrinterSensor;
use migrado_agent::sensors::printer::client::{JobState, await_job, cancel_all_jobs, print_document};
use migrado_agent::sensors::{Reading, Sensed, Sensor};
use migrado_protocol::health::{HealthState, Reason};
use migrado_tests::printer::{Bus, Printer};
use migrado_tests::{needs_program, ports};

/// One page without content.
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

fn show(sensed: &Sensed) -> String {
    match &sensed.reading {
        Some(Reading::Printers(printers)) => format!("{:?} {printers:#?}", sensed.judgement),
        _ => format!("{:?}", sensed.judgement),
    }
}

#[tokio::test]
async fn a_simulated_printer_is_read_printed_on_and_cleared() {
    needs_program!("printer_live", "ippeveprinter", "dbus-daemon");
    let dir = tempfile::tempdir().unwrap();
    let bus = Bus::start(dir.path()).await.unwrap();
    let printer = Printer::start(dir.path(), &bus, "main", ports::free()).await.unwrap();
    let config = PrinterConfig { name: "main".into(), uri: printer.uri(), device_uri: None };
    let mut sensor = PrinterSensor::new(&[config], Duration::from_secs(5));
    let well = sensor.read(2).await;
    assert_ne!(well.judgement.state, HealthState::Failed, "{}", show(&well));

    let job = print_document(&printer.uri(), PDF.to_vec()).await.unwrap();
    let state = await_job(&printer.uri(), job, Duration::from_secs(30)).await.unwrap();
    assert_eq!(state, JobState::Completed);

    printer.set_sheets(0).await.unwrap();
    let empty = sensor.read(3).await;
    assert_eq!(empty.judgement.reason, Some(Reason::PaperEmpty), "{}", show(&empty));
    assert_eq!(empty.judgement.state, HealthState::Failed, "{}", show(&empty));

    print_document(&printer.uri(), PDF.to_vec()).await.unwrap();
    let cleared = cancel_all_jobs(&printer.uri()).await.unwrap();
    assert_eq!(cleared.left, 0);

    printer.set_sheets(250).await.unwrap();
    let refilled = sensor.read(4).await;
    assert_ne!(refilled.judgement.state, HealthState::Failed, "{}", show(&refilled));
}
