//! The sensor against printers that misbehave: each is a finding, bounded in time and bytes, and the
//! last good reading stays with its age.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// What a printer does with a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Does {
    Answer,
    Hang,
    Trickle,
    HangUp,
    Garbage,
    Html,
    Error500,
    NotFound,
    Unauthorized,
    Huge,
    IppError,
    Truncated,
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/ipp/{name}.ipp", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

async fn act(listener: &TcpListener, does: Does) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = [0u8; 4096];
    let _read = stream.read(&mut request).await.unwrap();
    let good = fixture("xerox-b210");
    let answer = match does {
        Does::Answer => http("200 OK", &good),
        Does::Hang => return std::future::pending().await,
        Does::Trickle => {
            for byte in http("200 OK", &good) {
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            return;
        }
        Does::HangUp => Vec::new(),
        Does::Garbage => b"\x00\xff\x13garbage".repeat(50),
        Does::Html => http("200 OK", b"<html>Hello</html>"),
        Does::Error500 => http("500 Internal Server Error", b""),
        Does::NotFound => http("404 Not Found", b""),
        Does::Unauthorized => http("401 Unauthorized", b""),
        Does::Huge => http("200 OK", &vec![1; 2 * transport::ANSWER_BYTES_MAX]),
        Does::IppError => http("200 OK", &fixture("error-0x0503")),
        Does::Truncated => http("200 OK", &good[..good.len() / 2]),
    };
    // The sensor may have had enough before the end.
    let _sent = stream.write_all(&answer).await;
    let _closed = stream.shutdown().await;
}

fn sensor(uri: String, limit: Duration) -> PrinterSensor {
    PrinterSensor::new(&[PrinterConfig { name: "main".into(), uri, device_uri: None }], limit)
}

#[tokio::test]
async fn every_misbehavior_is_a_finding_and_the_last_good_reading_stays() {
    let cases = [
        (Does::Hang, Reason::PrinterTimeout),
        (Does::Trickle, Reason::PrinterTimeout),
        (Does::HangUp, Reason::PrinterNonsense),
        (Does::Garbage, Reason::PrinterNonsense),
        (Does::Html, Reason::PrinterNonsense),
        (Does::Error500, Reason::PrinterNonsense),
        (Does::NotFound, Reason::PrinterNonsense),
        (Does::Unauthorized, Reason::PrinterError),
        (Does::Huge, Reason::PrinterNonsense),
        (Does::IppError, Reason::PrinterError),
        (Does::Truncated, Reason::PrinterNonsense),
    ];
    for (does, reason) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("ipp://{}/ipp/print", listener.local_addr().unwrap());
        let mut sensor = sensor(uri, Duration::from_millis(700));
        let (good, ()) = tokio::join!(sensor.read(1), act(&listener, Does::Answer));
        assert_eq!(good.judgement, Judgement::ok(), "{does:?}");
        let begun = Instant::now();
        let bad = tokio::select! {
            bad = sensor.read(2) => bad,
            () = async { act(&listener, does).await; std::future::pending().await } => unreachable!(),
        };
        assert!(begun.elapsed() < Duration::from_secs(5), "{does:?} was not bounded");
        assert_eq!(
            (bad.judgement.state, bad.judgement.reason),
            (HealthState::Failed, Some(reason)),
            "{does:?}"
        );
        let Some(Reading::Printers(printers)) = bad.reading else { unreachable!() };
        assert_eq!(printers["main"].as_ref().map(|p| p.at_ms), Some(1), "{does:?}");
    }
}

/// A queue that answers so many requests per connection, then closes it. Gives how many it took.
async fn queue(listener: TcpListener, per_connection: usize, answered: usize) -> usize {
    let (mut connections, mut left) = (0, answered);
    while left > 0 {
        let (mut stream, _) = listener.accept().await.unwrap();
        connections += 1;
        for _ in 0..per_connection.min(left) {
            let mut request = [0u8; 4096];
            if stream.read(&mut request).await.unwrap() == 0 {
                break;
            }
            stream.write_all(&http("200 OK", &fixture("xerox-b210"))).await.unwrap();
            left -= 1;
        }
    }
    connections
}

#[tokio::test]
async fn a_connection_to_a_local_queue_is_kept_for_as_long_as_the_queue_does() {
    const READINGS: usize = 6;
    for (per_connection, expected) in [(READINGS, 1), (2, 3), (1, READINGS)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("ipp://{}/ipp/print", listener.local_addr().unwrap());
        let mut sensor = sensor(uri, Duration::from_secs(5));
        let reading = async {
            for n in 0..READINGS {
                let sensed = sensor.read(i64::try_from(n).unwrap()).await;
                assert_eq!(sensed.judgement, Judgement::ok(), "reading {n} of {per_connection} each");
                let Some(Reading::Printers(printers)) = sensed.reading else { unreachable!() };
                // An answer that is the same is still of now.
                assert_eq!(printers["main"].as_ref().map(|p| p.at_ms), i64::try_from(n).ok());
            }
        };
        let (connections, ()) = tokio::join!(queue(listener, per_connection, READINGS), reading);
        assert_eq!(connections, expected, "{per_connection} each");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable_and_no_address_too() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for uri in [format!("ipp://{free}/ipp/print"), "usb://printer".to_owned()] {
        let sensed = sensor(uri.clone(), Duration::from_secs(2)).read(1).await;
        assert_eq!(sensed.judgement.reason, Some(Reason::PrinterUnreachable), "{uri}");
        assert!(matches!(sensed.reading, Some(Reading::Printers(p)) if p["main"].is_none()), "{uri}");
    }
}

#[tokio::test]
async fn a_display_without_printers_says_unsupported() {
    let sensed = PrinterSensor::new(&[], Duration::from_secs(1)).read(1).await;
    assert_eq!(sensed, Sensed::only(Judgement::unsupported()));
}

#[test]
fn a_display_prints_as_long_as_one_printer_does() {
    let jam = || Judgement::failed(Reason::PaperJam, None);
    let low = || Judgement::degraded(Reason::TonerLow, None);
    assert_eq!(together(&["a"], vec![jam()]), jam());
    assert_eq!(together(&["a", "b"], vec![jam(), jam()]).state, HealthState::Failed);
    let mixed = together(&["a", "b"], vec![low(), jam()]);
    assert_eq!(
        (mixed.state, mixed.reason, mixed.detail.as_deref()),
        (HealthState::Degraded, Some(Reason::PaperJam), Some("b"))
    );
    assert_eq!(together(&["a", "b"], vec![Judgement::ok(), Judgement::ok()]), Judgement::ok());
}

#[test]
fn a_job_that_does_not_move_is_stuck_and_one_that_prints_is_not() {
    let config = [PrinterConfig { name: "main".into(), uri: "ipp://127.0.0.1/".into(), device_uri: None }];
    let mut sensor = PrinterSensor::new(&config, Duration::from_secs(1));
    let one = &mut sensor.printers[0];
    let job = |impressions| Job {
        id: 4,
        state: client::JobState::Processing,
        owner: None,
        impressions,
        stopping: false,
    };
    assert_eq!(one.stuck(&[job(0)], 0), None);
    assert_eq!(one.stuck(&[job(1)], STUCK_MS), None);
    assert_eq!(one.stuck(&[job(1)], 2 * STUCK_MS - 1), None);
    assert_eq!(one.stuck(&[job(1)], 2 * STUCK_MS), Some(4));
    assert_eq!(one.stuck(&[], 2 * STUCK_MS), None);
    assert_eq!(one.stuck(&[job(1)], 3 * STUCK_MS), None);
}
