//! What systemd hears of the agent: ready when page and sensors stand, or when it waits to be
//! enrolled; never from one that cannot serve its page.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, ports};

/// What systemd would hear.
struct Notifications(UnixDatagram);

impl Notifications {
    fn of(fleet: &mut Fleet) -> Self {
        let path = fleet.dir().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        fleet.terminals[0].environment.push(("NOTIFY_SOCKET".into(), path.display().to_string()));
        Self(socket)
    }

    fn heard(&self) -> Vec<String> {
        let mut heard = Vec::new();
        let mut bytes = [0; 4096];
        while let Ok(n) = self.0.recv(&mut bytes) {
            heard.push(String::from_utf8_lossy(&bytes[..n]).into_owned());
        }
        heard
    }

    async fn ready(&self) -> String {
        until("READY is said", seconds(30), || async {
            self.heard().into_iter().find(|words| words.contains("READY=1")).ok_or("not yet")
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ready_is_said_when_the_page_stands_or_when_it_waits_to_be_enrolled() {
    let mut fleet = Fleet::builder().without_agents().start().await;
    let systemd = Notifications::of(&mut fleet);
    fleet.terminals[0].start().unwrap();
    let words = systemd.ready().await;
    assert!(words.contains("not enrolled"), "{words}");
    assert!(fleet.terminals[0].stop().await);
    systemd.heard();

    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    fleet.terminals[0].start().unwrap();
    systemd.ready().await;
    // No waiting: it was said.
    fleet.terminals[0].kiosk().view().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_whose_page_cannot_be_served_never_says_ready() {
    let mut fleet = Fleet::builder().without_agents().start().await;
    let systemd = Notifications::of(&mut fleet);
    fleet.terminals[0].enroll(&fleet.controller, &fleet.api).await.unwrap();
    let port = fleet.terminals[0].kiosk_port;
    assert!(ports::can_listen(port));
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    fleet.terminals[0].start().unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), fleet.terminals[0].process().wait()).await;
    assert!(!ended.unwrap().unwrap().success());
    let heard = systemd.heard();
    assert!(!heard.iter().any(|words| words.contains("READY")), "{heard:?}");
}
