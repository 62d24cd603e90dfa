//! Handlers that need neither systemd nor a printer, on a played screen and a real store.

use std::sync::{Arc, Mutex};

use migrado_protocol::report::UnitState;

use super::*;
use crate::store;

#[derive(Debug, Default)]
struct Played {
    session: Mutex<bool>,
    beat: Mutex<Option<Beat>>,
    said: Mutex<Vec<String>>,
}

impl Screen for Arc<Played> {
    fn session_running(&self) -> bool {
        *self.session.lock().unwrap()
    }
    async fn session_ended(&self) {
        while self.session_running() {
            tokio::task::yield_now().await;
        }
    }
    fn end_session(&self) {
        *self.session.lock().unwrap() = false;
    }
    fn reload_page(&self) {
        self.said.lock().unwrap().push("reload".into());
    }
    fn identify(&self, seconds: u16) {
        self.said.lock().unwrap().push(format!("identify {seconds}"));
    }
    fn beat(&self) -> Option<Beat> {
        self.beat.lock().unwrap().clone()
    }
}

fn display() -> (tempfile::TempDir, Arc<Played>, Handlers<Arc<Played>>) {
    migrado_link::tls::install_provider();
    let dir = tempfile::tempdir().unwrap();
    let screen = Arc::new(Played::default());
    let tls = rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let handlers = Handlers(Parts {
        terminal: "fp-01".parse().unwrap(),
        screen: screen.clone(),
        printers: vec![],
        restart_unit: None,
        services: vec![],
        store: Store::new(store::open(dir.path()).unwrap().0),
        mode: watch::Sender::new(Mode::InService),
        report_now: watch::Sender::new(0),
        leaving: watch::Sender::new(Leaving::No),
        uploader: Uploader { controller: "127.0.0.1:1".into(), tls: Arc::new(tls) },
        ring: Ring::default(),
    });
    (dir, screen, handlers)
}

async fn perform(handlers: &Handlers<Arc<Played>>, verb: Verb) -> Outcome {
    let order = Order {
        id: migrado_protocol::ids::CommandId(uuid::Uuid::from_u128(1)),
        verb,
        start_by_ms: i64::MAX,
        finish_by_ms: i64::MAX,
        force_reason: None,
    };
    handlers.perform(&order).await
}

#[tokio::test(start_paused = true)]
async fn a_mode_is_durable_and_shown() {
    let (_dir, _, handlers) = display();
    let out = Verb::SetOutOfService { reason: "Glas gesprungen".into() };
    assert_eq!(perform(&handlers, out).await, Outcome::Succeeded(None));
    assert!(matches!(handlers.mode(), Mode::OutOfService { .. }));
    assert_eq!(handlers.0.store.mode().unwrap(), handlers.mode());
    perform(&handlers, Verb::SetInService).await;
    assert_eq!(handlers.0.store.mode().unwrap(), Mode::InService);
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_done_when_no_session_runs_any_more() {
    let (_dir, screen, handlers) = display();
    *screen.session.lock().unwrap() = true;
    assert!(matches!(perform(&handlers, Verb::ResetSession).await, Outcome::Succeeded(_)));
    assert!(!screen.session_running());
}

#[tokio::test(start_paused = true)]
async fn a_reload_is_proven_by_the_new_page_and_not_by_the_old_one() {
    let (_dir, screen, handlers) = display();
    let beat = |load: &str| *screen.beat.lock().unwrap() = Some(Beat { load: load.into() });
    assert!(
        matches!(perform(&handlers, Verb::ReloadPage).await, Outcome::Failed(why) if why == "no page is shown")
    );
    // The old page beats on; one that does not tell its load proves nothing either.
    for silent in ["old", ""] {
        beat("old");
        let beating = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            beat(silent);
        };
        let (outcome, ()) = tokio::join!(perform(&handlers, Verb::ReloadPage), beating);
        assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("30 s")), "{silent:?} {outcome:?}");
    }
    beat("old");
    let coming = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        beat("new");
    };
    let (outcome, ()) = tokio::join!(perform(&handlers, Verb::ReloadPage), coming);
    assert!(matches!(outcome, Outcome::Succeeded(_)), "{outcome:?}");
}

#[test]
fn a_unit_runs_anew_only_when_its_times_have_moved() {
    let moment = |active: &str, active_since_us, changed_us| UnitMoment {
        state: UnitState { active: active.into(), sub: String::new(), restarts: None },
        active_since_us,
        changed_us,
    };
    let table = [
        (moment("active", 5, 5), moment("active", 5, 5), None),
        (moment("active", 5, 5), moment("deactivating", 5, 9), None),
        (moment("active", 5, 5), moment("active", 9, 9), Some(true)),
        (moment("inactive", 5, 6), moment("inactive", 5, 6), None),
        (moment("inactive", 5, 6), moment("active", 9, 9), Some(true)),
        (moment("failed", 5, 6), moment("failed", 5, 6), None),
        (moment("failed", 5, 6), moment("failed", 8, 9), Some(false)),
        (moment("active", 5, 5), moment("failed", 5, 9), Some(false)),
    ];
    for (before, now, expected) in table {
        assert_eq!(came_of_restart(&before, &now), expected, "{before:?} {now:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn identify_is_bounded() {
    let (_dir, screen, handlers) = display();
    perform(&handlers, Verb::Identify { seconds: u16::MAX }).await;
    assert_eq!(*screen.said.lock().unwrap(), ["identify 300"]);
}

#[tokio::test(start_paused = true)]
async fn logs_that_cannot_be_brought_are_a_failure_that_names_the_address() {
    let (_dir, _, handlers) = display();
    let outcome = perform(&handlers, Verb::CollectLogs { since_s: 60 }).await;
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("127.0.0.1:1")), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn an_ordered_restart_is_passed_on_and_told_by_the_next_process() {
    let (_dir, _, handlers) = display();
    assert_eq!(perform(&handlers, Verb::RestartAgent).await, Outcome::Leaving);
    assert_eq!(*handlers.0.leaving.borrow(), Leaving::Restart);
}
