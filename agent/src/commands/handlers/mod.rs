//! The effects of commands, one file per verb. Each says what it did *and saw*; waiting, deadlines
//! and journal are the executor's part.

mod clear_print_queue;
mod collect_logs;
mod identify;
mod reboot;
mod reload_page;
mod report_now;
mod reset_session;
mod restart_agent;
mod restart_page;
mod restart_service;
mod set_mode;
mod test_print;

use std::future::Future;
use std::time::Duration;

use migrado_protocol::command::{Order, Rejection, Verb};
use migrado_protocol::ids::TerminalId;
use tokio::sync::watch;

use super::executor::{Effects, Outcome};
use super::upload::Uploader;
use crate::config::PrinterConfig;
use crate::logs::Ring;
use crate::platform::systemd::SystemdError;
use crate::platform::{clock, systemd};
use crate::store::{Mode, Store};

/// How often is looked whether something came about, while a command waits for it.
const LOOK_PERIOD: Duration = Duration::from_millis(500);
/// How long a page may take to come back: the browser's restart took 2.3 s where it was measured.
const PAGE_LIMIT: Duration = Duration::from_secs(30);
/// How long a unit may take to run again.
const UNIT_LIMIT: Duration = Duration::from_secs(60);

/// What the visitor has before them.
pub trait Screen: Send + Sync + 'static {
    /// Whether a visitor's session runs.
    fn session_running(&self) -> bool;
    /// Waits for its end.
    fn session_ended(&self) -> impl Future<Output = ()> + Send;
    /// Ends it, because that was ordered.
    fn end_session(&self);
    /// Has the page loaded anew.
    fn reload_page(&self);
    /// Shows the display's identity in large letters.
    fn identify(&self, seconds: u16);
    /// The page's last heartbeat.
    fn heartbeat_ms(&self) -> Option<i64>;
}

/// How the agent leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// Not at all.
    No,
    /// It restarts itself.
    Restart,
    /// The machine is about to go down and will end the agent.
    MachineGoesDown,
}

/// What the handlers act on.
#[derive(Debug)]
pub struct Parts<S> {
    /// This display.
    pub terminal: TerminalId,
    /// The visitor's page.
    pub screen: S,
    /// Its printers.
    pub printers: Vec<PrinterConfig>,
    /// The unit that shows the page.
    pub restart_unit: Option<String>,
    /// Units whose log lines are brought.
    pub services: Vec<String>,
    /// Durable values.
    pub store: Store,
    /// The mode, for whoever computes the verdict.
    pub mode: watch::Sender<Mode>,
    /// Woken to send the whole report.
    pub report_now: watch::Sender<u64>,
    /// Tells the composition root to leave.
    pub leaving: watch::Sender<Leaving>,
    /// Brings log lines to the controller.
    pub uploader: Uploader,
    /// Log lines in memory.
    pub ring: Ring,
}

/// The display as commands see it.
#[derive(Debug)]
pub struct Handlers<S>(pub Parts<S>);

impl<S: Screen> Effects for Handlers<S> {
    fn session_running(&self) -> bool {
        self.0.screen.session_running()
    }

    async fn session_ended(&self) {
        self.0.screen.session_ended().await;
    }

    async fn perform(&self, order: &Order) -> Outcome {
        let parts = &self.0;
        match &order.verb {
            Verb::ResetSession => reset_session::run(parts).await,
            Verb::ReloadPage => reload_page::run(parts).await,
            Verb::RestartPage => restart_page::run(parts).await,
            Verb::ClearPrintQueue => clear_print_queue::run(parts).await,
            Verb::TestPrint => test_print::run(parts, order.finish_by_ms).await,
            Verb::RestartService { unit } => restart_service::run(unit).await,
            Verb::RestartAgent => restart_agent::run(parts),
            Verb::Reboot => reboot::run(parts).await,
            Verb::Identify { seconds } => identify::run(parts, *seconds),
            Verb::SetOutOfService { reason } => set_mode::out_of_service(parts, reason),
            Verb::SetInService => set_mode::in_service(parts),
            Verb::CollectLogs { since_s } => collect_logs::run(parts, order.id, *since_s).await,
            Verb::ReportNow => report_now::run(parts),
        }
    }

    fn mode(&self) -> Mode {
        self.0.mode.borrow().clone()
    }

    fn now_ms(&self) -> i64 {
        clock::now_ms()
    }
}

fn from_systemd(error: SystemdError) -> Outcome {
    match error {
        SystemdError::Absent => Outcome::Rejected(Rejection::Unsupported, error.to_string()),
        SystemdError::Refused { .. } => Outcome::Failed(error.to_string()),
    }
}

/// Waits for a heartbeat of the page that is newer than this. Its words, if none comes.
async fn await_heartbeat(screen: &impl Screen, after_ms: i64) -> Result<(), String> {
    let limit = PAGE_LIMIT;
    let beaten = async {
        while screen.heartbeat_ms().is_none_or(|at_ms| at_ms <= after_ms) {
            tokio::time::sleep(LOOK_PERIOD).await;
        }
    };
    tokio::time::timeout(limit, beaten)
        .await
        .map_err(|_| format!("the page did not report within {} s", limit.as_secs()))
}

/// Restarts a unit and waits until systemd calls it active.
async fn restart_and_await(unit: &str) -> Result<String, Outcome> {
    systemd::restart_unit(unit).await.map_err(from_systemd)?;
    let begun = tokio::time::Instant::now();
    let mut last = String::from("unknown");
    while begun.elapsed() < UNIT_LIMIT {
        tokio::time::sleep(LOOK_PERIOD).await;
        let state = systemd::unit_state(unit).await.map_err(from_systemd)?;
        last = format!("{} ({})", state.active, state.sub);
        match state.active.as_str() {
            "active" => return Ok(format!("{unit} is {last}")),
            "failed" => return Err(Outcome::Failed(format!("{unit} is {last}"))),
            _ => {}
        }
    }
    Err(Outcome::Failed(format!("{unit} is {last} after {} s", UNIT_LIMIT.as_secs())))
}

#[cfg(test)]
mod tests;
