//! An address that somebody else has: the controller says which key names it, and never that it serves.

use std::net::{Ipv4Addr, TcpListener};

use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::wait::seconds;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_address_ends_the_start_and_is_named_with_its_key() {
    let ports = Ports::free();
    let listeners = [
        ("mqtt.listen", ports.mqtt),
        ("console.listen", ports.console),
        ("console.loopback_http", ports.loopback),
        ("terminal.listen", ports.terminal),
        ("metrics.listen", ports.metrics),
    ];
    for (key, port) in listeners {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let address = format!("localhost:{}", ports.mqtt);
        let config = controller::config(&data, ports, "embedded", &address, &[]);
        let mut controller = Controller::prepare(dir.path(), &data, ports, &config).unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        controller.launch().unwrap();
        let ended = tokio::time::timeout(seconds(60), controller.process().wait()).await.unwrap().unwrap();
        let words = controller.words();
        assert_eq!(ended.code(), Some(1), "{key}: {words}");
        assert!(words.contains(&format!(" at 127.0.0.1:{port}, which {key} names")), "{words}");
        assert!(!words.contains("the controller serves"), "{key}: {words}");
        // Negative control: with the address free it starts, with the same data.
        drop(taken);
        if key == "metrics.listen" {
            controller.start().await.unwrap();
            controller.process().stop(seconds(30)).await;
            // It may answer `/readyz` a moment before it says so; at its end it has said it.
            assert!(controller.words().contains("the controller serves"));
        }
    }
}
