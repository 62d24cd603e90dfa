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
use crate::platform::systemd::{SystemdError, UnitMoment};
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
    /// The page's last heartbeat; `None` until there was one.
    fn beat(&self) -> Option<Beat>;
}

/// A heartbeat of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Names the load of the page that it came from; empty when the page does not tell.
    pub load: String,
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

/// Waits for a heartbeat of another load of the page than this. Its words, if none comes: the old
/// page beats on until it is gone, and that proves nothing.
async fn await_new_page(screen: &impl Screen, before: Option<&Beat>) -> Result<(), String> {
    let limit = PAGE_LIMIT;
    let is_new = |beat: Beat| !beat.load.is_empty() && before.is_none_or(|b| b.load != beat.load);
    let beaten = async {
        while !screen.beat().is_some_and(is_new) {
            tokio::time::sleep(LOOK_PERIOD).await;
        }
    };
    tokio::time::timeout(limit, beaten)
        .await
        .map_err(|_| format!("no new page reported within {} s", limit.as_secs()))
}

/// Restarts a unit and waits until systemd calls it active since then.
async fn restart_and_await(unit: &str) -> Result<String, Outcome> {
    let before = systemd::unit_state(unit).await.map_err(from_systemd)?;
    systemd::restart_unit(unit).await.map_err(from_systemd)?;
    let begun = tokio::time::Instant::now();
    let mut last = String::from("unknown");
    while begun.elapsed() < UNIT_LIMIT {
        tokio::time::sleep(LOOK_PERIOD).await;
        let now = systemd::unit_state(unit).await.map_err(from_systemd)?;
        last = format!("{} ({})", now.state.active, now.state.sub);
        match came_of_restart(&before, &now) {
            Some(true) => return Ok(format!("{unit} is {last}")),
            Some(false) => return Err(Outcome::Failed(format!("{unit} is {last}"))),
            None => {}
        }
    }
    let words = format!("{unit} is {last} and was not started anew within {} s", UNIT_LIMIT.as_secs());
    Err(Outcome::Failed(words))
}

/// Whether a unit runs anew, has failed, or is still on its way. Until its times move, what is seen
/// is the state from before the restart. Pure.
fn came_of_restart(before: &UnitMoment, now: &UnitMoment) -> Option<bool> {
    match now.state.active.as_str() {
        "active" => (now.active_since_us != before.active_since_us).then_some(true),
        "failed" => (now.changed_us != before.changed_us).then_some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
