//! The outside world of the tests itself: printers answer, forms work, queues carry jobs.

use migrado_tests::needs_program;
use migrado_tests::ports;
use migrado_tests::printer::cups::Cups;
use migrado_tests::printer::{Bus, Printer};
use migrado_tests::wait::{seconds, until};

#[tokio::test]
async fn paper_can_be_taken_from_a_printer_and_a_queue_carries_a_job_to_it() {
    needs_program!("printers", "dbus-daemon", "ippeveprinter", "cupsd", "lpadmin", "lp");
    let dir = tempfile::tempdir().unwrap();
    let bus = Bus::start(dir.path()).await.unwrap();
    let printer = Printer::start(dir.path(), &bus, "main", ports::free()).await.unwrap();
    let status = || async {
        let url = format!("http://localhost:{}/", printer.port);
        migrado_tests::tls::plain_http().get(url).send().await?.text().await
    };
    printer.set_sheets(0).await.unwrap();
    let empty = status().await.unwrap();
    printer.set_sheets(250).await.unwrap();
    let full = status().await.unwrap();
    assert_ne!(empty, full, "the printer shows no difference between no paper and paper");

    let cups = Cups::start(dir.path()).await.unwrap();
    let queue = cups.add_queue("main", &printer.uri()).await.unwrap();
    assert!(queue.ends_with("/printers/main"), "{queue}");
    let sent = tokio::process::Command::new("lp")
        .args(["-h", &format!("127.0.0.1:{}", cups.port), "-d", "main", "/etc/hostname"])
        .output()
        .await
        .unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    until("the job came out", seconds(30), || async {
        let n = printer.printed().await;
        if n > 0 { Ok(()) } else { Err((n, printer.words())) }
    })
    .await;
}
