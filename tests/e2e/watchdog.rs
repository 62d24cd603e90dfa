//! What systemd is told: ready only when the controller serves, and the watchdog while it works.

use std::os::unix::net::UnixDatagram;

use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::process::Process;
use migrado_tests::programs;

/// Every TURN of the controller (10 s) the watchdog is fed; two and some room.
const TWO_TURNS: std::time::Duration = std::time::Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_hears_ready_when_it_serves_and_the_watchdog_while_it_works() {
    let dir = tempfile::tempdir().unwrap();
    let (data, ports) = (dir.path().join("data"), Ports::free());
    let address = format!("localhost:{}", ports.mqtt);
    let config = controller::config(&data, ports, "embedded", &address, &[]);
    Controller::prepare(dir.path(), &data, ports, &config).unwrap();
    let socket = dir.path().join("notify");
    let heard = UnixDatagram::bind(&socket).unwrap();
    heard.set_read_timeout(Some(TWO_TURNS)).unwrap();
    let file = dir.path().join("controller.yaml");
    let mut process =
        Process::start(dir.path(), "controller", &programs::ours("migrado-controller"), |command| {
            command.arg("run").arg("--config").arg(&file).env("NOTIFY_SOCKET", &socket);
        })
        .unwrap();
    let next = |heard: UnixDatagram, wanted: &'static str| async move {
        tokio::task::spawn_blocking(move || {
            let mut bytes = [0_u8; 4096];
            loop {
                let n = heard.recv(&mut bytes).unwrap_or_else(|e| panic!("{wanted} was not heard: {e}"));
                if String::from_utf8_lossy(&bytes[..n]).lines().any(|line| line == wanted) {
                    return heard;
                }
            }
        })
        .await
        .unwrap()
    };
    let heard = next(heard, "READY=1").await;
    for port in [ports.console, ports.loopback, ports.terminal, ports.metrics, ports.mqtt] {
        assert!(migrado_tests::ports::is_open(port), "ready, and {port} is closed");
    }
    let heard = next(heard, "WATCHDOG=1").await;
    let heard = next(heard, "WATCHDOG=1").await;
    process.signal("TERM").unwrap();
    next(heard, "STOPPING=1").await;
    assert!(process.wait().await.unwrap().success());
}
