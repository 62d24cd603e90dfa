//! The printer sensor and the printing commands against Debian's `ippeveprinter`. Where it is not
//! installed, or its DNS-SD does not run, the test says so and proves nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall end")]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use migrado_agent::config::PrinterConfig;
use migrado_agent::sensors::printer::PrinterSensor;
use migrado_agent::sensors::printer::client::{JobState, await_job, cancel_all_jobs, print_document};
use migrado_agent::sensors::{Reading, Sensed, Sensor};
use migrado_protocol::health::{HealthState, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One page without content.
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

struct Simulated {
    child: Child,
    port: u16,
    _spool: tempfile::TempDir,
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Simulated {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let spool = tempfile::tempdir().ok()?;
        let child = Command::new("ippeveprinter")
            .args(["-p", &port.to_string(), "-r", "off", "-f", "application/pdf", "-d"])
            .arg(spool.path())
            .arg("Live Test")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        Some(Self { child, port, _spool: spool })
    }

    fn uri(&self) -> String {
        format!("ipp://localhost:{}/ipp/print", self.port)
    }

    /// Whether it still runs and answers.
    async fn answers(&mut self, sensor: &mut PrinterSensor) -> bool {
        for _ in 0..100 {
            if self.child.try_wait().ok().flatten().is_some() {
                return false;
            }
            if sensor.read(1).await.judgement.reason != Some(Reason::PrinterUnreachable) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// What a person does at the simulated printer's page.
    async fn set(&self, path_and_query: &str) {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!(
            "GET {path_and_query} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n",
            self.port
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // The page's own length is of no interest; it may be cut with the connection.
        let _read = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut answer)).await;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
}

fn show(sensed: &Sensed) -> String {
    match &sensed.reading {
        Some(Reading::Printers(printers)) => format!("{:?} {printers:#?}", sensed.judgement),
        _ => format!("{:?}", sensed.judgement),
    }
}

#[tokio::test]
async fn a_simulated_printer_is_read_printed_on_and_cleared() {
    let Some(mut printer) = Simulated::start() else {
        println!("skipped: ippeveprinter is not installed");
        return;
    };
    let config = PrinterConfig { name: "main".into(), uri: printer.uri(), device_uri: None };
    let mut sensor = PrinterSensor::new(&[config], Duration::from_secs(5));
    if !printer.answers(&mut sensor).await {
        println!("skipped: ippeveprinter does not start here; it needs dbus and avahi");
        return;
    }
    let well = sensor.read(2).await;
    assert_ne!(well.judgement.state, HealthState::Failed, "{}", show(&well));

    let job = print_document(&printer.uri(), PDF.to_vec()).await.unwrap();
    let state = await_job(&printer.uri(), job, Duration::from_secs(30)).await.unwrap();
    assert_eq!(state, JobState::Completed);

    printer.set("/media?size1=iso_a4_210x297mm&type1=stationery&level1=0&size2=&type2=&level2=0").await;
    let empty = sensor.read(3).await;
    assert_eq!(empty.judgement.reason, Some(Reason::PaperEmpty), "{}", show(&empty));
    assert_eq!(empty.judgement.state, HealthState::Failed, "{}", show(&empty));

    print_document(&printer.uri(), PDF.to_vec()).await.unwrap();
    let cleared = cancel_all_jobs(&printer.uri()).await.unwrap();
    assert_eq!(cleared.left, 0);

    printer.set("/media?size1=iso_a4_210x297mm&type1=stationery&level1=250").await;
    let refilled = sensor.read(4).await;
    assert_ne!(refilled.judgement.state, HealthState::Failed, "{}", show(&refilled));
}
