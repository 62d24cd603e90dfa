//! Brings the display's words to the broker: birth first, then the whole report, then whatever
//! changes, and what waits in the outbox. The newest state wins; an outbox item is told again until
//! the controller's receipt for it comes (`control` takes it out then). Decides nothing about
//! content: that is `telemetry::report`.

use std::time::Duration;

use futures_util::future::join_all;
use migrado_link::session::{PublishError, Publisher};
use migrado_protocol::envelope::{Envelope, SCHEMA_VERSION};
use migrado_protocol::presence::Birth;
use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::{Presence, Report, TerminalId};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::control::Linked;
use crate::platform::clock;
use crate::telemetry::outbox::{Item, Outbox};
use crate::telemetry::report::{READINGS_PERIOD_MS, Sent, faults, fold};
use crate::telemetry::state::State;

/// Outbox items under way at a time: their order is kept, and a backlog of a week drains in seconds.
const WINDOW: usize = 16;
/// Pause after a publish that failed while the connection stands: never a spin.
const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// How long a controller that listens may take for a receipt before an item is told again: many
/// times what a commit takes, and few enough messages while its disk is full.
const RECEIPT_LIMIT: Duration = Duration::from_secs(30);
/// Milliseconds over which a fleet spreads its whole reports when the controller is back: presence
/// is decided within two minutes, and 10,000 displays shall not all speak in one second.
const RETURN_SPREAD_MS: u64 = 15_000;
/// How long the birth may wait for the first reading of every part: the page beats when it
/// finds the agent again, the rest answers sooner or is slow, and then it is told as not known.
const FIRST_READINGS: Duration = Duration::from_secs(3);

/// A standing connection, as `app` learned it from the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub number: u64,
    /// What the display says when it appears.
    pub birth: Birth,
    /// Since when it stands.
    pub since_ms: i64,
}

/// What the uplink works with.
#[derive(Debug)]
pub struct Uplink {
    /// Who speaks.
    pub terminal: TerminalId,
    /// The link.
    pub publisher: Publisher,
    /// What is known now.
    pub state: State,
    /// What must not be lost.
    pub outbox: Outbox,
    /// The connection, while there is one.
    pub session: watch::Receiver<Option<Session>>,
    /// Changes when somebody asks for the whole report.
    pub whole_wanted: watch::Receiver<u64>,
    /// Told the session's number once the broker has its birth.
    pub born: watch::Sender<u64>,
    /// Whether the controller listens, and since which start of it.
    pub linked: watch::Receiver<Linked>,
}

/// One connection's progress.
struct Progress {
    session: Session,
    sequence: u64,
    sent: Option<Sent>,
    /// The last outbox item that was told on this connection.
    told_to: u64,
    /// When what is still without a receipt is told again.
    again_at: Instant,
    /// The start of the controller that was heard last.
    controller: Option<u64>,
    /// When the whole is due because the controller came back.
    whole_at: Option<Instant>,
}

impl Progress {
    fn new(session: Session) -> Self {
        let again_at = Instant::now() + RECEIPT_LIMIT;
        Self { session, sequence: 0, sent: None, told_to: 0, again_at, controller: None, whole_at: None }
    }
}

impl Uplink {
    /// Works for as long as the process lives. Appears only when it has something to say: a display
    /// that was just started must look neither ill nor as it was before.
    pub async fn run(mut self) {
        if tokio::time::timeout(FIRST_READINGS, self.state.settled()).await.is_err() {
            tracing::info!("not every part was sensed in time; the first report says so");
        }
        let mut known = None;
        loop {
            let session = self.session.borrow_and_update().clone();
            match session {
                Some(session) => known = self.serve(session).await.or(known),
                None => known = self.wait_offline(known).await,
            }
        }
    }

    /// While there is no connection only faults are kept; the rest is told as it is then.
    async fn wait_offline(&mut self, mut known: Option<Sent>) -> Option<Sent> {
        let mut changed = self.state.changed();
        changed.mark_changed();
        loop {
            // Cancel-safe: watches lose nothing when their futures are dropped.
            tokio::select! {
                _ = self.session.changed() => return known,
                _ = changed.changed() => {}
            }
            let now_ms = clock::now_ms();
            if known.is_none() {
                known = Some(Sent::after(None, self.state.report(), now_ms));
                continue;
            }
            let news = self.state.with_report(|current| fold(known.as_ref(), current, now_ms));
            if let Some(report) = news {
                self.keep_faults(known.as_ref(), &report, now_ms);
                known = Some(Sent::after(known, report, now_ms));
            }
        }
    }

    /// Serves one connection until it changes. Gives what the other end knows by then.
    async fn serve(&mut self, session: Session) -> Option<Sent> {
        let mut progress = Progress::new(session);
        self.whole_wanted.mark_unchanged();
        let mut changed = self.state.changed();
        let mut pushed = self.outbox.pushed();
        let mut born = false;
        loop {
            if self.session.has_changed().unwrap_or(true) {
                return progress.sent;
            }
            changed.mark_unchanged();
            pushed.mark_unchanged();
            let mut steady = true;
            if !born {
                born = self.be_born(&progress.session).await.is_ok();
                if born {
                    self.born.send_replace(progress.session.number);
                }
                steady &= born;
            }
            if born {
                self.look_after_controller(&mut progress);
                steady &= self.report(&mut progress).await.is_ok();
                steady &= self.drain(&mut progress).await.is_ok();
            }
            let wake = self.next_look(&progress, steady);
            // Cancel-safe: every arm only waits.
            tokio::select! {
                _ = self.session.changed() => return progress.sent,
                _ = changed.changed(), if steady => {}
                _ = pushed.changed(), if steady => {}
                _ = self.whole_wanted.changed(), if steady => progress.sent = None,
                _ = self.linked.changed(), if steady => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    /// A controller that started anew may have lost what the broker had for it, and knows of nobody
    /// whether he is still there: it gets the whole, and what waits for a receipt. So does one that
    /// is late with receipts.
    fn look_after_controller(&mut self, progress: &mut Progress) {
        let linked = *self.linked.borrow_and_update();
        let controller = linked.controller_online.then_some(linked.controller_session);
        let now = Instant::now();
        if controller.is_some() && progress.controller != controller {
            if progress.controller.is_some() {
                let spread_ms = rand::random_range(0..RETURN_SPREAD_MS);
                progress.whole_at = Some(now + Duration::from_millis(spread_ms));
                progress.told_to = 0;
            }
            progress.controller = controller;
        }
        if progress.whole_at.is_some_and(|at| at <= now) {
            progress.whole_at = None;
            progress.sent = None;
        }
        if controller.is_some() && progress.again_at <= now {
            if self.outbox.waits_up_to(progress.told_to) {
                progress.told_to = 0;
            }
            progress.again_at = now + RECEIPT_LIMIT;
        }
    }

    async fn be_born(&self, session: &Session) -> Result<(), PublishError> {
        let body = Presence::Birth(session.birth.clone());
        let envelope = envelope(session.number, 0, session.since_ms, false, body);
        self.publish(Channel::Presence, envelope.encode()).await
    }

    /// Sends what is worth it now, if anything.
    async fn report(&self, progress: &mut Progress) -> Result<(), PublishError> {
        let now_ms = clock::now_ms();
        let news = self.state.with_report(|current| fold(progress.sent.as_ref(), current, now_ms));
        let Some(report) = news else { return Ok(()) };
        progress.sequence += 1;
        let message = envelope(progress.session.number, progress.sequence, now_ms, false, &report);
        match self.publish(Channel::Report, message.encode()).await {
            Ok(()) => {
                progress.sent = Some(Sent::after(progress.sent.take(), report, now_ms));
                Ok(())
            }
            Err(error) => {
                // Whether it arrived is open: the next one is whole, and a fault is kept besides.
                self.keep_faults(progress.sent.as_ref(), &report, now_ms);
                progress.sent = None;
                Err(error)
            }
        }
    }

    /// Sends what waits, in order, a window at a time.
    async fn drain(&self, progress: &mut Progress) -> Result<(), PublishError> {
        loop {
            let items = self.outbox.oldest(progress.told_to, WINDOW).unwrap_or_else(|error| {
                tracing::error!(%error, "cannot read the outbox");
                Vec::new()
            });
            if items.is_empty() {
                return Ok(());
            }
            let results = join_all(items.iter().map(|item| self.send_item(&progress.session, item))).await;
            for (item, result) in items.iter().zip(results) {
                match result {
                    Ok(()) => {
                        tracing::debug!(item = item.id, channel = ?item.channel, "told, waits for its receipt")
                    }
                    Err(PublishError::TooLarge { .. }) => {
                        tracing::error!(channel = ?item.channel, "an outbox item is too large for the broker");
                        self.forget(item.id);
                    }
                    Err(error) if error.is_transient() => return Err(error),
                    Err(error) => tracing::warn!(%error, "the broker refused an outbox item; it waits"),
                }
                progress.told_to = item.id;
                progress.again_at = Instant::now() + RECEIPT_LIMIT;
            }
            if self.session.has_changed().unwrap_or(true) {
                return Ok(());
            }
        }
    }

    async fn send_item(&self, session: &Session, item: &Item) -> Result<(), PublishError> {
        let replayed = item.at_ms < session.since_ms;
        let body = &item.body;
        let message =
            Envelope { item: Some(item.id), ..envelope(session.number, 0, item.at_ms, replayed, body) };
        self.publish(item.channel, message.encode()).await
    }

    async fn publish(&self, channel: Channel, payload: Vec<u8>) -> Result<(), PublishError> {
        let topic = Topic::of(&self.terminal, channel);
        self.publisher.publish(&topic, payload, channel.is_retained(), None).await
    }

    fn forget(&self, id: u64) {
        if let Err(error) = self.outbox.remove(&[id]) {
            // It is sent once more after a restart; whoever hears it knows it by its id.
            tracing::warn!(%error, "cannot remove an item from the outbox");
        }
    }

    fn keep_faults(&self, known: Option<&Sent>, report: &Report, now_ms: i64) {
        let health = faults(known, report);
        if health.is_empty() {
            return;
        }
        let fault = Report { health, ..Report::default() };
        if let Err(error) = self.outbox.push(Channel::Report, &fault, now_ms) {
            tracing::error!(%error, "cannot keep a fault");
        }
    }

    /// When to look again though nothing wakes us: moved figures that wait for their period, or the
    /// whole report.
    fn next_look(&self, progress: &Progress, steady: bool) -> Instant {
        if !steady {
            return Instant::now() + RETRY_PAUSE;
        }
        let now_ms = clock::now_ms();
        let due_ms = progress.sent.as_ref().map_or(READINGS_PERIOD_MS, |sent| sent.due_in_ms(now_ms));
        let due = Instant::now() + Duration::from_millis(due_ms.unsigned_abs());
        // Only who listens gives receipts: without him a time that has passed must not wake us again.
        let waits = self.linked.borrow().controller_online && self.outbox.waits_up_to(progress.told_to);
        let again = waits.then_some(progress.again_at);
        [again, progress.whole_at].into_iter().flatten().fold(due, Instant::min) + Duration::from_millis(1)
    }
}

fn envelope<B: Serialize>(session: u64, seq: u64, at_ms: i64, replayed: bool, body: B) -> Envelope<B> {
    Envelope { v: SCHEMA_VERSION, session, seq, at_ms, replayed, item: None, body }
}
