//! Gate, journal and executor together on a real store: duplicates, order, crashes between journal
//! and effect, sessions, deadlines, cancellation. The world is played; the clock is tokio's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use migrado_protocol::command::Verb;
use proptest::prelude::*;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::executor::{Effects, Executor, Outcome};
use super::*;
use crate::platform::process::Evidence;
use crate::store::{self, Mode};

const START_MS: i64 = 1_800_000_000_000;

/// Collects acks in place of the outbox.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<Ack>>);

impl Tell for Told {
    fn tell(&self, _: &WriteTransaction, ack: &Ack) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(ack.clone());
        Ok(())
    }
    fn told(&self) {}
}

impl Told {
    fn states(&self, id: CommandId) -> Vec<CommandState> {
        self.0.lock().unwrap().iter().filter(|a| a.id == id).map(|a| a.state).collect()
    }
    fn last(&self, id: CommandId) -> Ack {
        self.0.lock().unwrap().iter().rfind(|a| a.id == id).cloned().unwrap()
    }
}

/// A played display.
struct World {
    begun: Instant,
    session: AtomicBool,
    changed: Notify,
    done: Mutex<Vec<CommandId>>,
    outcome: Outcome,
    takes: Duration,
}

impl World {
    fn new(outcome: Outcome, takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            session: AtomicBool::new(false),
            changed: Notify::new(),
            done: Mutex::default(),
            outcome,
            takes,
        })
    }
    fn session(&self, runs: bool) {
        self.session.store(runs, Ordering::SeqCst);
        self.changed.notify_waiters();
    }
    fn done(&self) -> Vec<CommandId> {
        self.done.lock().unwrap().clone()
    }
}

impl Effects for World {
    fn session_running(&self) -> bool {
        self.session.load(Ordering::SeqCst)
    }
    async fn session_ended(&self) {
        let changed = self.changed.notified();
        if self.session_running() {
            changed.await;
        }
    }
    async fn perform(&self, order: &Order) -> Outcome {
        self.done.lock().unwrap().push(order.id);
        tokio::time::sleep(self.takes).await;
        self.outcome.clone()
    }
    fn mode(&self) -> Mode {
        Mode::InService
    }
    fn now_ms(&self) -> i64 {
        START_MS + i64::try_from(self.begun.elapsed().as_millis()).unwrap()
    }
}

struct Display {
    dir: tempfile::TempDir,
    told: Arc<Told>,
    world: Arc<World>,
}

/// One run of the agent over the display's disk.
struct Run {
    commands: Commands,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    told: Arc<Told>,
    world: Arc<World>,
}

fn evidence(boot: &str, run: &str) -> Evidence {
    Evidence { boot_id: Some(boot.into()), run_id: run.into() }
}

fn rules() -> Rules {
    Rules {
        capabilities: Capabilities { systemd: true, printers: 1, ..Capabilities::default() },
        limits: Limits { reboots: 3, resets: 10 },
        not_before_ms: 0,
    }
}

impl Display {
    fn new(outcome: Outcome) -> Self {
        Self::slow(outcome, Duration::ZERO)
    }
    fn slow(outcome: Outcome, takes: Duration) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), told: Arc::default(), world: World::new(outcome, takes) }
    }
    fn journal(&self) -> Journal {
        Journal::open(store::open(self.dir.path()).unwrap().0).unwrap()
    }
    fn start(&self, here: Evidence) -> Run {
        let journal = self.journal();
        let (commands, arriving, open) = Commands::new(journal.clone(), self.told.clone(), rules());
        let stop = CancellationToken::new();
        let executor =
            Executor::new(journal, self.told.clone(), self.world.clone(), here, open, stop.clone());
        commands.resume().unwrap();
        let task = tokio::task::spawn(executor.run(arriving));
        Run { commands, stop, task, told: self.told.clone(), world: self.world.clone() }
    }
}

impl Run {
    fn take(&self, sequence: u64, order: Order) -> Taken {
        let now_ms = self.world.now_ms();
        let session = self.world.session_running();
        self.commands.take(sequence, now_ms, Directive::Run(order), session, now_ms).unwrap()
    }
    /// Lets everything happen that can happen within this time.
    async fn settle(&self, within: Duration) {
        tokio::time::sleep(within).await;
    }
    /// Ends as kill -9 does: nothing more is written.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err());
    }
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

fn order(n: u128, verb: Verb) -> Order {
    Order {
        id: CommandId(uuid::Uuid::from_u128(n)),
        verb,
        start_by_ms: START_MS + 60_000,
        finish_by_ms: START_MS + 120_000,
        force_reason: None,
    }
}

fn done() -> Outcome {
    Outcome::Succeeded(None)
}

const MOMENT: Duration = Duration::from_millis(10);

use CommandState::{Accepted, Canceled, Failed, Rejected, Running, Succeeded};

#[tokio::test(start_paused = true)]
async fn an_order_runs_once_and_a_duplicate_hears_its_state() {
    let display = Display::new(done());
    let run = display.start(evidence("a", "1"));
    let order = order(1, Verb::ReportNow);
    assert_eq!(run.take(1, order.clone()), Taken::Accepted);
    run.settle(MOMENT).await;
    assert_eq!(run.take(2, order.clone()), Taken::Duplicate);
    assert_eq!(run.take(1, order.clone()), Taken::Duplicate);
    run.settle(MOMENT).await;
    assert_eq!(run.world.done(), [order.id]);
    assert_eq!(run.told.states(order.id), [Accepted, Running, Succeeded, Succeeded, Succeeded]);
}

#[tokio::test(start_paused = true)]
async fn a_kill_before_the_effect_runs_it_later_and_a_kill_in_it_never_again() {
    let display = Display::slow(done(), Duration::from_secs(30));
    display.world.session(true);
    let run = display.start(evidence("a", "1"));
    let (waiting, running) = (order(1, Verb::ResetSession), order(2, Verb::CollectLogs { since_s: 5 }));
    run.take(1, waiting.clone());
    run.take(2, running.clone());
    run.settle(MOMENT).await;
    assert_eq!(run.world.done(), [running.id]);
    run.kill().await;

    display.world.session(false);
    let run = display.start(evidence("a", "2"));
    run.settle(Duration::from_secs(31)).await;
    assert_eq!(run.world.done(), [running.id, waiting.id]);
    assert_eq!(run.told.last(running.id).state, Failed);
    assert_eq!(run.told.last(waiting.id).state, Succeeded);
    run.stop().await;
    assert!(display.journal().open_records().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reboot_is_proven_by_the_next_boot_and_not_done_twice() {
    let display = Display::new(Outcome::Leaving);
    let run = display.start(evidence("a", "1"));
    let order = order(1, Verb::Reboot);
    run.take(1, order.clone());
    run.settle(MOMENT).await;
    assert_eq!(run.told.states(order.id), [Accepted, Running]);
    run.stop().await;
    // The agent is started once more before the machine is down.
    let run = display.start(evidence("a", "2"));
    run.settle(MOMENT).await;
    assert_eq!(run.told.last(order.id).state, Running);
    run.kill().await;
    let run = display.start(evidence("b", "3"));
    run.settle(MOMENT).await;
    assert_eq!(run.told.last(order.id).state, Succeeded);
    assert_eq!(run.take(2, order.clone()), Taken::Duplicate);
    assert_eq!(run.world.done(), [order.id]);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_does_not_go_down_has_failed_at_its_deadline() {
    let display = Display::new(Outcome::Leaving);
    let run = display.start(evidence("a", "1"));
    let order = order(1, Verb::Reboot);
    run.take(1, order.clone());
    run.settle(Duration::from_secs(121)).await;
    assert_eq!(run.told.last(order.id).state, Failed);
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_the_agent_is_proven_by_the_next_process() {
    let display = Display::new(Outcome::Leaving);
    let run = display.start(evidence("a", "1"));
    let order = order(1, Verb::RestartAgent);
    run.take(1, order.clone());
    run.settle(MOMENT).await;
    run.stop().await;
    let run = display.start(evidence("a", "2"));
    run.settle(MOMENT).await;
    assert_eq!(run.told.states(order.id), [Accepted, Running, Succeeded]);
    run.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_waits_for_the_visitor_and_says_until_when() {
    let display = Display::new(done());
    display.world.session(true);
    let run = display.start(evidence("a", "1"));
    let order = order(1, Verb::ResetSession);
    run.take(1, order.clone());
    run.settle(Duration::from_secs(20)).await;
    assert_eq!(run.told.last(order.id).waits_until_ms, Some(order.start_by_ms));
    assert!(run.world.done().is_empty());
    run.world.session(false);
    run.settle(MOMENT).await;
    assert_eq!(run.told.states(order.id), [Accepted, Running, Succeeded]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_outlasts_the_deadline_wins_unless_it_is_forced() {
    let display = Display::new(done());
    display.world.session(true);
    let run = display.start(evidence("a", "1"));
    let patient = order(1, Verb::ResetSession);
    let forced = Order { force_reason: Some("Notfall".into()), ..order(2, Verb::ResetSession) };
    run.take(1, patient.clone());
    run.take(2, forced.clone());
    run.settle(MOMENT).await;
    assert_eq!(run.told.last(forced.id).state, Succeeded);
    run.settle(Duration::from_secs(61)).await;
    let last = run.told.last(patient.id);
    assert_eq!((last.state, last.rejection), (Rejected, Some(Rejection::SessionRunning)));
    assert_eq!(run.world.done(), [forced.id]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_can_be_taken_back_and_what_runs_cannot() {
    let display = Display::slow(done(), Duration::from_secs(30));
    display.world.session(true);
    let run = display.start(evidence("a", "1"));
    let (waiting, running) = (order(1, Verb::ResetSession), order(2, Verb::TestPrint));
    run.take(1, waiting.clone());
    run.take(2, running.clone());
    run.settle(MOMENT).await;
    for (sequence, id, taken) in [
        (3, waiting.id, Taken::Canceled),
        (4, running.id, Taken::CancelTooLate),
        (4, waiting.id, Taken::CancelIgnored),
    ] {
        let now_ms = run.world.now_ms();
        let directive = Directive::Cancel { id };
        assert_eq!(run.commands.take(sequence, now_ms, directive, true, now_ms).unwrap(), taken);
    }
    run.settle(Duration::from_secs(31)).await;
    assert_eq!(run.told.states(waiting.id), [Accepted, Canceled]);
    assert_eq!(run.told.last(running.id).state, Succeeded);
    assert_eq!(run.world.done(), [running.id]);
}

fn cancel(run: &Run, sequence: u64, id: CommandId) -> Taken {
    let now_ms = run.world.now_ms();
    run.commands.take(sequence, now_ms, Directive::Cancel { id }, false, now_ms).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_outlives_a_kill_right_after_it() {
    let display = Display::new(done());
    display.world.session(true);
    let run = display.start(evidence("a", "1"));
    let (taken_back, kept) = (order(1, Verb::ResetSession), order(2, Verb::ResetSession));
    run.take(1, taken_back.clone());
    run.take(2, kept.clone());
    run.settle(MOMENT).await;
    assert_eq!(cancel(&run, 3, taken_back.id), Taken::Canceled);
    // No await in between: the executor has not heard of it.
    run.kill().await;
    display.world.session(false);
    let run = display.start(evidence("a", "2"));
    run.settle(MOMENT).await;
    assert_eq!(run.told.last(taken_back.id).state, Canceled);
    // Negative control: what nobody took back runs.
    assert_eq!(run.world.done(), [kept.id]);
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_back_before_the_executor_sees_it_never_runs_or_waits() {
    let display = Display::new(done());
    display.world.session(true);
    let run = display.start(evidence("a", "1"));
    let order = order(1, Verb::ResetSession);
    run.take(1, order.clone());
    assert_eq!(cancel(&run, 2, order.id), Taken::Canceled);
    run.settle(MOMENT).await;
    run.world.session(false);
    run.settle(MOMENT).await;
    assert!(run.world.done().is_empty());
    assert_eq!(run.told.states(order.id), [Accepted, Canceled]);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_before_its_order_is_told_and_kept() {
    let display = Display::new(done());
    let run = display.start(evidence("a", "1"));
    let order = order(1, Verb::ReportNow);
    assert_eq!(cancel(&run, 5, order.id), Taken::Canceled);
    assert_eq!(run.told.states(order.id), [Canceled]);
    run.kill().await;
    let run = display.start(evidence("a", "2"));
    assert_eq!(run.take(6, order.clone()), Taken::Duplicate);
    run.settle(MOMENT).await;
    assert_eq!(run.told.states(order.id), [Canceled, Canceled]);
    assert!(run.world.done().is_empty());
}

/// What `downlink` hears of a message that the controller signed.
fn heard(
    signer: &migrado_link::signing::Signer,
    sequence: u64,
    order: &Order,
    now_ms: i64,
) -> crate::downlink::Heard {
    use migrado_protocol::signed::{Purpose, Signed};
    use migrado_protocol::topic::{Channel, Topic};
    let me: migrado_protocol::TerminalId = "fp-01".parse().unwrap();
    let body = Directive::Run(order.clone());
    let mut signed = Signed::unsigned(me.clone(), sequence, START_MS, order.start_by_ms, &body).unwrap();
    signer.sign(&mut signed, Purpose::Command);
    let verifier = migrado_link::signing::Verifier::new(vec![signer.public().clone()]);
    let topic = Topic::of(&me, Channel::Command).to_string();
    let payload = serde_json::to_vec(&signed).unwrap();
    crate::downlink::read(&topic, &payload, &me, &verifier, now_ms).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_late_order_is_answered_and_an_old_one_never_runs() {
    let (signer, _) = migrado_link::signing::Signer::generate().unwrap();
    let display = Display::new(done());
    let run = display.start(evidence("a", "1"));
    let take = |sequence: u64, order: &Order, now_ms: i64| {
        let heard = heard(&signer, sequence, order, now_ms);
        let crate::downlink::Heard::Directive { sequence, issued_ms, directive } = heard else {
            panic!("{heard:?}")
        };
        run.commands.take(sequence, issued_ms, directive, false, now_ms).unwrap()
    };
    let (timely, late, old) =
        (order(1, Verb::ReportNow), order(2, Verb::ReportNow), order(3, Verb::ReportNow));
    assert_eq!(take(7, &timely, timely.start_by_ms), Taken::Accepted);
    assert_eq!(take(8, &late, late.start_by_ms + 1), Taken::Rejected(Rejection::Expired));
    let told = run.told.last(late.id);
    assert_eq!((told.state, told.rejection), (Rejected, Some(Rejection::Expired)));
    // Replayed from before: the sequence objects first, in time or late.
    assert_eq!(take(6, &old, START_MS), Taken::Rejected(Rejection::OutOfOrder));
    assert_eq!(take(8, &late, START_MS), Taken::Duplicate);
    run.settle(MOMENT).await;
    assert_eq!(run.world.done(), [timely.id]);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_record_never_runs_and_keeps_nothing_from_starting() {
    let display = Display::new(done());
    display.world.session(true);
    let run = display.start(evidence("a", "1"));
    let (damaged, whole) = (order(1, Verb::ResetSession), order(2, Verb::ResetSession));
    run.take(1, damaged.clone());
    run.take(2, whole.clone());
    run.kill().await;
    {
        let db = store::open(display.dir.path()).unwrap().0;
        let write = db.begin_write().unwrap();
        let journal = redb::TableDefinition::<u128, &[u8]>::new("command_journal");
        write.open_table(journal).unwrap().insert(damaged.id.0.as_u128(), &b"{"[..]).unwrap();
        write.commit().unwrap();
    }
    display.world.session(false);
    let run = display.start(evidence("a", "2"));
    run.settle(MOMENT).await;
    assert_eq!(run.take(3, damaged.clone()), Taken::Duplicate);
    run.settle(MOMENT).await;
    assert_eq!(run.world.done(), [whole.id]);
    assert_eq!(run.told.last(damaged.id).state, Failed);
}

#[tokio::test(start_paused = true)]
async fn what_was_counted_by_a_clock_far_ahead_blocks_nothing_once_it_is_right() {
    let display = Display::new(done());
    let run = display.start(evidence("a", "1"));
    let year_ms = 365 * 24 * 3_600_000;
    let take = |n: u64, now_ms: i64| {
        let order =
            Order { start_by_ms: now_ms + 10, finish_by_ms: now_ms + 20, ..order(n.into(), Verb::Reboot) };
        run.commands.take(n, now_ms, Directive::Run(order), false, now_ms).unwrap()
    };
    for n in 1..=3 {
        assert_eq!(take(n, START_MS + year_ms), Taken::Accepted);
    }
    assert_eq!(take(4, START_MS + year_ms), Taken::Rejected(Rejection::RateLimited));
    for n in 5..=7 {
        assert_eq!(take(n, START_MS), Taken::Accepted);
    }
    assert_eq!(take(8, START_MS), Taken::Rejected(Rejection::RateLimited));
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_never_ends_has_failed_at_its_finish_by() {
    let display = Display::slow(done(), Duration::from_secs(100_000));
    let run = display.start(evidence("a", "1"));
    let order = order(1, Verb::TestPrint);
    run.take(1, order.clone());
    run.settle(Duration::from_secs(121)).await;
    assert_eq!(run.told.last(order.id).state, Failed);
}

#[tokio::test(start_paused = true)]
async fn disturbing_commands_run_one_at_a_time_and_harmless_ones_pass_them() {
    let display = Display::slow(done(), Duration::from_secs(10));
    let run = display.start(evidence("a", "1"));
    for n in 1..=3 {
        run.take(n, order(n.into(), Verb::ResetSession));
    }
    run.take(4, order(4, Verb::ReportNow));
    run.settle(MOMENT).await;
    assert_eq!(run.world.done().len(), 2);
    run.settle(Duration::from_secs(21)).await;
    assert_eq!(run.world.done().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_fourth_reboot_of_an_hour_is_refused_also_after_a_restart() {
    let display = Display::new(done());
    let run = display.start(evidence("a", "1"));
    for n in 1..=3 {
        assert_eq!(run.take(n, order(n.into(), Verb::Reboot)), Taken::Accepted);
        run.settle(MOMENT).await;
    }
    run.stop().await;
    let run = display.start(evidence("b", "2"));
    assert_eq!(run.take(4, order(4, Verb::Reboot)), Taken::Rejected(Rejection::RateLimited));
}

#[tokio::test(start_paused = true)]
async fn a_full_journal_refuses_until_old_commands_may_be_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(store::open(dir.path()).unwrap().0).unwrap().bounded(3);
    let told = Arc::new(Told::default());
    let (commands, mut arriving, open) = Commands::new(journal.clone(), told.clone(), rules());
    let mut now_ms = START_MS;
    let mut take = |n: u64, now_ms: i64| {
        let mut order = order(n.into(), Verb::ReportNow);
        order.start_by_ms = now_ms + 10;
        order.finish_by_ms = now_ms + 20;
        let taken = commands.take(n, now_ms, Directive::Run(order), false, now_ms).unwrap();
        if let Ok(pending) = arriving.try_recv() {
            let over = pending.record.ended(Succeeded, None, None, now_ms);
            journal.advance(&over, &*told).unwrap();
            open.remove(over.order.id);
        }
        taken
    };
    for n in 1..=3 {
        assert_eq!(take(n, now_ms), Taken::Accepted);
    }
    assert_eq!(take(4, now_ms), Taken::Rejected(Rejection::JournalFull));
    now_ms += journal::KEPT_AFTER_FINISH_MS + 1000;
    assert_eq!(take(5, now_ms), Taken::Accepted);
    assert_eq!(journal.len().unwrap(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever order, duplication and kills the network and the power bring: an id acts at most
    /// once, and acts only if its sequence was higher than all before it.
    #[test]
    fn an_id_acts_at_most_once(
        steps in proptest::collection::vec((1u64..12, 1u128..6, any::<bool>(), any::<bool>()), 1..24)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let display = Display::slow(done(), Duration::from_millis(5));
            let mut run = display.start(evidence("a", "0"));
            for (n, (sequence, id, kill, pause)) in steps.into_iter().enumerate() {
                let before = display_sequence(&run);
                let taken = run.take(sequence, order(id, Verb::ReportNow));
                if taken == Taken::Accepted {
                    assert!(sequence > before);
                }
                if pause {
                    run.settle(Duration::from_millis(7)).await;
                }
                if kill {
                    run.kill().await;
                    run = display.start(evidence("a", &n.to_string()));
                }
            }
            run.settle(Duration::from_secs(1)).await;
            let mut done = run.world.done();
            let all = done.len();
            done.sort_unstable();
            done.dedup();
            assert_eq!(done.len(), all, "an id acted twice");
            assert!(run.told.0.lock().unwrap().iter().all(|a| a.state >= Accepted));
        });
    }
}

fn display_sequence(run: &Run) -> u64 {
    run.commands.journal.last_sequence().unwrap()
}
