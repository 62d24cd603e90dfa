//! The composition root: what `migrado-agent run` puts together, in which order it starts, and in
//! which order it stops. Decides nothing.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use migrado_link::session::{LinkOptions, link};
use migrado_protocol::desired::Desired;
use migrado_protocol::topic::terminal_filters;
use tokio::sync::watch;

use crate::away::Ended;
use crate::commands::executor::Executor;
use crate::commands::gate::{Capabilities, Limits};
use crate::commands::handlers::{Handlers, Leaving, Parts};
use crate::commands::journal::Journal;
use crate::commands::upload::Uploader;
use crate::commands::{Commands, Rules, Tell};
use crate::config::{AgentConfig, Environment};
use crate::control::{Control, Linked, TURN_PERIOD};
use crate::desired::Reconciler;
use crate::identity::{self, Held, Identity};
use crate::kiosk::counters::Counters;
use crate::kiosk::{self, Kiosk, KioskFacts};
use crate::neighbors::{Board, serve};
use crate::platform::process::Evidence;
use crate::platform::signals::Signals;
use crate::platform::{clock, runtime, systemd};
use crate::presence::{Keeper, SessionNumbers};
use crate::sensors::clock::{ClockSensor, ControllerTime};
use crate::sensors::page::watch_page;
use crate::sensors::printer::PrinterSensor;
use crate::sensors::services::ServicesSensor;
use crate::sensors::storage::StorageSensor;
use crate::sensors::system::SystemSensor;
use crate::sensors::usage::UsageSensor;
use crate::store::{self, Mode, Store};
use crate::tasks::{Stage, Tasks};
use crate::telemetry::sampler::{Pace, sample};
use crate::telemetry::{Outbox, State, memory};
use crate::time_asker;
use crate::update::Opening;
use crate::uplink::{Session, Uplink};

/// The configuration cannot be used (`EX_USAGE`): restarting will not help.
pub const EXIT_CONFIG: u8 = 64;
/// A task died, or a part did not start (`EX_SOFTWARE`): a supervisor restarts the agent.
pub const EXIT_DIED: u8 = 70;
/// The agent was ordered to restart itself (`EX_TEMPFAIL`): a supervisor starts it again at once.
pub const EXIT_RESTART: u8 = 75;

/// How long whatever works may take to stop. With the link's it stays below systemd's 15 s.
const WORK_DRAIN: Duration = Duration::from_secs(5);
/// How long the link may take to stop, after the farewell.
const LINK_DRAIN: Duration = Duration::from_secs(3);
/// Seconds of silence after which the broker is asked; late is decided after two of them.
const KEEP_ALIVE_S: u16 = 30;
/// Seconds for which the broker keeps orders for an absent display: a command lives a day at most.
const SESSION_EXPIRY_S: u32 = 24 * 60 * 60;
/// Seconds between two looks at what was counted.
const USAGE_PERIOD_S: u32 = 30;
/// How long the process waits at its end for calls that block: whatever hangs then is left behind.
const BLOCKED_CALLS_DRAIN: Duration = Duration::from_millis(500);

/// How the process ends.
pub fn exit(code: u8) -> ExitCode {
    ExitCode::from(code)
}

/// Enrolls the terminal. Gives a sentence for the one who did it.
pub fn enroll(config: &AgentConfig, token: &str, controller: Option<&str>) -> anyhow::Result<String> {
    migrado_link::tls::install_provider();
    let runtime = runtime::new().context("the runtime did not start")?;
    let terminal = runtime.block_on(identity::enroll(&config.data_dir, token, controller));
    runtime.shutdown_timeout(BLOCKED_CALLS_DRAIN);
    let terminal = terminal?;
    Ok(format!("{terminal} is enrolled; its identity is kept in {}", config.data_dir.display()))
}

/// Runs the daemon. Gives its exit code.
pub fn run(config: AgentConfig, environment: &Environment) -> anyhow::Result<u8> {
    migrado_link::tls::install_provider();
    let ring = crate::logs::begin(config.log.filter(), environment.journal_stream);
    let turn_period =
        environment.watchdog_us.map_or(TURN_PERIOD, |us| TURN_PERIOD.min(Duration::from_micros(us / 2)));
    let (db, was_damaged) = store::open(&config.data_dir)?;
    let store = Store::new(db.clone());
    if was_damaged {
        tracing::error!("the store was damaged and put aside; earlier orders are refused from now on");
        store.forget_orders_before(clock::now_ms())?;
    }
    let runtime = runtime::new().context("the runtime did not start")?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::new().context("cannot listen for signals")?;
        let Some(identity) = identity::await_identity(&config.data_dir, &mut signals).await? else {
            return Ok(0);
        };
        let agent = Agent { config, db, store, ring, identity, turn_period };
        agent.run(signals).await
    });
    // Dropping it would wait for calls that may never come back.
    runtime.shutdown_timeout(BLOCKED_CALLS_DRAIN);
    ended
}

struct Agent {
    config: AgentConfig,
    db: Arc<redb::Database>,
    store: Store,
    ring: crate::logs::Ring,
    identity: Identity,
    turn_period: Duration,
}

impl Agent {
    async fn run(self, mut signals: Signals) -> anyhow::Result<u8> {
        let started_ms = clock::now_ms();
        let here = Evidence::gather();
        let terminal = self.identity.terminal.clone();
        let held = Held::new(&self.config.data_dir, self.identity.clone())?;
        let mut tasks = Tasks::default();
        let (linked, _) = watch::channel(Linked::default());
        let (leaving, mut leaves) = watch::channel(Leaving::No);
        let (mode, _) = watch::channel(self.store.mode()?);
        let state = remembering_state(&mut tasks, &self.store)?;
        let outbox = Outbox::open(self.db.clone())?;
        let (whole_wanted, _) = watch::channel(0);
        let (uplink_session, _) = watch::channel(None);
        let (born, born_heard) = watch::channel(0);
        let desired = Reconciler::new(self.store.clone())?;

        let kiosk = Kiosk::new(KioskFacts::of(terminal.clone()), Counters::new(self.db.clone()));
        kiosk.prints_on(self.config.printers.iter().map(|printer| printer.uri.clone()).collect());
        serve_page(&mut tasks, &self.config, &kiosk).await?;
        let time = time_asker::start(&mut tasks, &held, uplink_session.subscribe());
        let keys = identity::keep(&mut tasks, &terminal, &held, &leaving);
        spawn_sensors(&mut tasks, &self.config, &state, &kiosk, &outbox, time);
        tasks.spawn_until_canceled(
            Stage::Work,
            "facts",
            tell_facts(
                kiosk.clone(),
                state.clone(),
                mode.subscribe(),
                desired.in_force(),
                linked.subscribe(),
            ),
        );

        self.start_updates(&mut tasks, &held, &kiosk, &state, desired.in_force(), &uplink_session).await?;
        let numbers = SessionNumbers::new(self.store.clone(), terminal.clone());
        let (publisher, events, driver) = link(self.link_options(&held), numbers);
        tasks.spawn_until_canceled(Stage::Link, "link", driver);
        let uplink = Uplink {
            terminal: terminal.clone(),
            publisher: publisher.clone(),
            state: state.clone(),
            outbox: outbox.clone(),
            session: uplink_session.subscribe(),
            whole_wanted: whole_wanted.subscribe(),
            born,
            linked: linked.subscribe(),
        };
        tasks.spawn_until_canceled(Stage::Link, "uplink", uplink.run());

        let tell: Arc<dyn Tell> = Arc::new(outbox.clone());
        let journal = Journal::open(self.db.clone())?;
        let (commands, arriving, open) = Commands::new(journal.clone(), tell.clone(), self.rules()?);
        let handlers = Handlers(Parts {
            terminal: terminal.clone(),
            screen: kiosk.clone(),
            printers: self.config.printers.clone(),
            restart_unit: self.config.kiosk.restart_unit.clone(),
            services: self.config.services.clone(),
            store: self.store.clone(),
            mode,
            // A clone: the uplink must not see the sender go when the handlers stop before it.
            report_now: whole_wanted.clone(),
            leaving: leaving.clone(),
            uploader: Uploader { controller: held.controller(), tls: held.tls() },
            ring: self.ring,
        });
        let executor =
            Executor::new(journal, tell, Arc::new(handlers), here.clone(), open, tasks.token(Stage::Work));
        commands.resume()?;
        tasks.spawn(Stage::Work, "commands", executor.run(arriving));
        systemd::notify_ready("page and sensors stand");

        let mut control = Control::new(crate::control::Parts {
            terminal,
            keys,
            publisher,
            events,
            keeper: Keeper::new(self.store.clone(), here, started_ms)?,
            commands,
            desired,
            outbox,
            session_running: Arc::new(move || kiosk.session_running()),
            uplink: uplink_session,
            born: born_heard,
            linked,
            leaving,
            data_dir: self.config.data_dir.clone(),
            turn_period: self.turn_period,
        });
        // Cancel-safe: whichever ends first ends the process in order.
        let code = tokio::select! {
            () = signals.any() => 0,
            Ok(_) = leaves.wait_for(|l| *l == Leaving::Restart) => EXIT_RESTART,
            death = tasks.death() => {
                tracing::error!(error = %death, "a task died");
                EXIT_DIED
            }
            () = control.run() => {
                tracing::error!("the link is gone");
                EXIT_DIED
            }
        };
        let goes_down = *leaves.borrow() == Leaving::MachineGoesDown;
        stop(tasks, control, code, goes_down).await;
        drop(whole_wanted);
        Ok(code)
    }

    /// Starts whatever brings content, and gives it to neighbors.
    async fn start_updates(
        &self,
        tasks: &mut Tasks,
        held: &Arc<Held>,
        kiosk: &Kiosk,
        state: &State,
        desired: watch::Receiver<Option<Desired>>,
        session: &watch::Sender<Option<Session>>,
    ) -> anyhow::Result<()> {
        let observe = Duration::from_secs(self.config.content.observe_s.into());
        let scrub_period = Duration::from_secs(self.config.content.scrub_period_s.into());
        let (data_dir, store, board) = (&self.config.data_dir, &self.store, &Board::default());
        let opening = Opening { data_dir, store, held, kiosk, state, observe, scrub_period, board };
        if let Some(driver) = crate::update::open(&opening, desired)? {
            let (config, content) = (&self.config.neighbors, driver.content());
            let session = session.subscribe();
            let opening = serve::Opening { config, held, kiosk, content, board, session };
            serve::start(tasks, opening).await;
            tasks.spawn(Stage::Work, "update", driver.run(tasks.token(Stage::Work)));
        }
        Ok(())
    }

    fn link_options(&self, held: &Held) -> LinkOptions {
        let terminal = &self.identity.terminal;
        LinkOptions {
            broker: self.identity.given.broker.clone(),
            client_id: terminal.to_string(),
            tls: held.tls(),
            keep_alive_s: KEEP_ALIVE_S,
            session_expiry_s: SESSION_EXPIRY_S,
            filters: terminal_filters(terminal),
            username: None,
        }
    }

    fn rules(&self) -> anyhow::Result<Rules> {
        let config = &self.config;
        Ok(Rules {
            capabilities: Capabilities {
                systemd: systemd::is_available(),
                restart_unit: config.kiosk.restart_unit.clone(),
                services: config.services.clone(),
                printers: config.printers.len(),
            },
            limits: Limits { reboots: config.limits.reboots_per_hour, resets: config.limits.resets_per_hour },
            not_before_ms: self.store.orders_not_before_ms()?,
        })
    }
}

/// The state, which goes on with the since-whens from before the start and keeps them for the next.
fn remembering_state(tasks: &mut Tasks, store: &Store) -> anyhow::Result<State> {
    let state = State::seeded(store.memory()?);
    let keeping = memory::keep(state.clone(), store.clone(), tasks.token(Stage::Work));
    tasks.spawn(Stage::Work, "memory", keeping);
    Ok(state)
}

/// Opens the loopback port of the visitor's page and serves it.
async fn serve_page(tasks: &mut Tasks, config: &AgentConfig, kiosk: &Kiosk) -> anyhow::Result<()> {
    let listen = config.kiosk.listen;
    let server = kiosk::server::bind(listen)
        .await
        .with_context(|| format!("the page cannot be served on {listen}"))?;
    tasks.spawn_until_canceled(Stage::Work, "kiosk", kiosk::server::serve(server, kiosk.clone()));
    Ok(())
}

/// Starts every sensor on its own period.
fn spawn_sensors(
    tasks: &mut Tasks,
    config: &AgentConfig,
    state: &State,
    kiosk: &Kiosk,
    outbox: &Outbox,
    time: ControllerTime,
) {
    let paced = config.sensors;
    let limit = Duration::from_secs(paced.timeout_s.into());
    let pace = |period_s: u32| Pace { period: Duration::from_secs(period_s.into()), limit };
    let work = Stage::Work;
    let system = sample(SystemSensor::new(), pace(paced.system_period_s), state.clone());
    tasks.spawn_until_canceled(work, "system", system);
    let storage = StorageSensor::new(config.data_dir.clone());
    tasks.spawn_until_canceled(work, "storage", sample(storage, pace(paced.storage_period_s), state.clone()));
    let clock = ClockSensor::new(time);
    tasks.spawn_until_canceled(work, "clock", sample(clock, pace(paced.clock_period_s), state.clone()));
    let services = ServicesSensor::new(config.services.clone());
    tasks.spawn_until_canceled(
        work,
        "services",
        sample(services, pace(paced.services_period_s), state.clone()),
    );
    let printers = PrinterSensor::new(&config.printers, limit);
    tasks.spawn_until_canceled(
        work,
        "printer",
        sample(printers, pace(paced.printer_period_s), state.clone()),
    );
    let usage = UsageSensor::new(kiosk.counters().clone(), outbox.clone());
    tasks.spawn_until_canceled(work, "usage", sample(usage, pace(USAGE_PERIOD_S), state.clone()));
    let newest = {
        let kiosk = kiosk.clone();
        move || kiosk.page()
    };
    tasks.spawn_until_canceled(work, "page", watch_page(kiosk.changed(), newest, state.clone()));
}

/// Stops in order: work first, then the farewell, then the link.
async fn stop(mut tasks: Tasks, mut control: Control, code: u8, goes_down: bool) {
    systemd::notify_stopping();
    let late = tasks.drain(Stage::Work, WORK_DRAIN).await;
    if !late.is_empty() {
        tracing::warn!(?late, "tasks did not stop in time");
    }
    let ended =
        if goes_down || systemd::is_machine_stopping().await { Ended::Planned } else { Ended::Restart };
    if code != EXIT_DIED {
        control.farewell(ended).await;
    }
    let late = tasks.drain(Stage::Link, LINK_DRAIN).await;
    if !late.is_empty() {
        tracing::warn!(?late, "the link did not stop in time");
    }
    tracing::info!(code, "stopped");
}

/// Tells the page and the report what others decided: verdict, mode, desired state, link.
async fn tell_facts(
    kiosk: Kiosk,
    state: State,
    mut mode: watch::Receiver<Mode>,
    mut desired: watch::Receiver<Option<Desired>>,
    mut linked: watch::Receiver<Linked>,
) {
    let mut verdict = state.verdict();
    loop {
        let now_ms = clock::now_ms();
        let is_out = *mode.borrow_and_update() != Mode::InService;
        state.set_out_of_service(is_out, now_ms);
        let wanted = desired.borrow_and_update().clone();
        if let Some(wanted) = &wanted {
            state.set_generation(wanted.generation, now_ms);
        }
        let controller_online = linked.borrow_and_update().controller_online;
        let judged = verdict.borrow_and_update().clone();
        let terminal = kiosk.terminal();
        kiosk.set_facts(KioskFacts { terminal, verdict: judged, desired: wanted, controller_online });
        // Cancel-safe: watches keep what changed while nobody waited.
        let changed = tokio::select! {
            changed = mode.changed() => changed,
            changed = desired.changed() => changed,
            changed = linked.changed() => changed,
            changed = verdict.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}
