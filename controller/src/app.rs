//! The composition root of the controller: opens identity, database and broker, connects the parts,
//! starts every task through [`Tasks`], and stops them in order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use migrado_link::session::{LinkOptions, link_with_receipts};
use migrado_link::tls;
use migrado_protocol::ids::CONTROLLER_NAME;
use migrado_protocol::topic::controller_filters;
use sqlx::AnyPool;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};

use crate::api::adapters::{FleetConnections, LinkOutlet, StoreRegistry};
use crate::api::state::{ApiState, Settings, Site, enrolling, renewing};
use crate::api::streams::Streams;
use crate::api::{listeners, router};
use crate::audit::{Audit, Entry};
use crate::auth::accounts::Accounts;
use crate::broker::{Broker, BrokerOptions, Refusals, refusals::Refusal};
use crate::calendar::kept::Calendars;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::commands::dispatch::{Dispatch, Outlet};
use crate::config::{BrokerKind, ControllerConfig};
use crate::events::Events;
use crate::fleet::{FleetHandle, Terminal, table::Change};
use crate::identity::Identities;
use crate::ingest::receipts::Receipts;
use crate::ingest::{self, Ingest};
use crate::metrics::{self, Counts};
use crate::pki::Pki;
use crate::releases::{Releases, freshness, mirror};
use crate::rollouts::{self, Rollouts};
use crate::tasks::{Stage, Tasks};
use crate::usage::Totals;
use crate::wire::{Numbers, Tells, wire_task};
use crate::{alive, desired, files, first, log, signals, store, sweep, systemd};

/// Seconds of silence after which the broker is asked whether it is there.
const KEEP_ALIVE_S: u16 = 30;
/// Seconds for which an external broker keeps what came while the controller was away.
const SESSION_EXPIRY_S: u32 = 24 * 3600;
/// The key that says which list of releases is the newest, below the data folder.
const FRESHNESS_KEY: &str = "pki/private/freshness.pk8";
/// How often time alone may change what is shown, and systemd's watchdog is fed if the working loop
/// has turned. A third of the unit's `WatchdogSec`.
const TURN: Duration = Duration::from_secs(10);
/// Time that tasks of a stage have to end in order.
const DRAIN: Duration = Duration::from_secs(8);

/// What stands before the parts are put together.
struct Opened {
    identities: Identities,
    pki: Arc<Pki>,
    kicker: Option<crate::broker::Kicker>,
    clock: Clock,
    releases: Releases,
}

/// Parts that several tasks share.
struct Parts {
    state: ApiState,
    refusals: Refusals,
    counts: Counts,
    /// Number of the connection with the broker; 0 while there is none.
    connection: watch::Sender<u64>,
    /// Whether the database takes what terminals say.
    storing: watch::Sender<bool>,
    /// What visitors used.
    totals: Totals,
    /// Whether the database took the last small write.
    writing: watch::Sender<bool>,
    /// Turns of the loop that takes in what terminals say.
    beats: watch::Sender<u64>,
    /// Whether the audit log was whole when it was last checked.
    audit_whole: Arc<std::sync::atomic::AtomicBool>,
}

/// Runs the controller until it is told to stop, or a task dies.
pub async fn run(config: ControllerConfig) -> Result<()> {
    log::init(&config);
    tls::install_provider();
    let clock = Clock::system();
    let _taken = files::take_folder(&config.data_dir, 0o750).context("taking the data folder")?;
    let pki = Pki::open(&config.data_dir, &[&config.public_host], clock.now_ms())
        .context("opening the authority")?;
    let pki = Arc::new(pki);
    let pool = store::open(&config.data_dir.join("controller.db")).await.context("opening the database")?;
    let (refusals, refused) = Refusals::new();
    let mut tasks = Tasks::default();
    // The broker asks the fleet who may connect, so the fleet is known first.
    let fleet = fleet(&config, &pool, clock.now_ms()).await?;
    let identities = Identities::new(pool.clone(), fleet.clone(), pki.clone());
    identities.tell_revocations(clock.now_ms()).await;
    let broker_renewed = watch::Sender::new(0);
    let kicker = match config.broker {
        BrokerKind::External => None,
        BrokerKind::Embedded => {
            let (certificate, key) = pki.broker_files();
            let options = BrokerOptions {
                listen: config.mqtt.listen,
                folder: config.data_dir.join("broker"),
                certificate,
                key,
                authority: pki.authority_file(),
            };
            let broker = Broker::open(&options, refusals.clone(), identities.clone(), clock.clone()).await;
            let broker = broker.with_context(|| {
                format!("cannot start the broker at {}, which mqtt.listen names", config.mqtt.listen)
            })?;
            let kicker = broker.kicker();
            tasks.spawn_until_canceled(Stage::Link, "broker", broker.run(broker_renewed.subscribe()));
            Some(kicker)
        }
    };
    let (releases, asked) =
        Releases::open(&config.data_dir.join("content"), &config.data_dir.join(FRESHNESS_KEY))
            .context("opening the content")?;
    tasks.spawn(Stage::Work, "packs", releases.packs().clone().run(asked, tasks.token(Stage::Work)));
    let parts =
        compose(&config, &pool, Opened { identities, pki, kicker, clock, releases }, refusals).await?;
    first::account(&config, &parts.state).await?;
    mirror::follow(&parts.state).await.context("reading the signed list of releases")?;
    start_wire(&config, &parts, &mut tasks)?;
    start_listeners(&config, &parts, &mut tasks)?;
    start_upkeep(&parts, broker_renewed, refused, &mut tasks);
    tracing::info!(
        console = %config.console.listen, terminals = %config.terminal.listen,
        mqtt = %config.own_mqtt_address(), metrics = %config.metrics.listen, "the controller serves"
    );
    systemd::notify_ready("serving");
    let died = tokio::select! {
        () = signals::stop() => None,
        death = tasks.death() => Some(death),
    };
    systemd::notify_stopping();
    for stage in [Stage::Work, Stage::Link] {
        for late in tasks.drain(stage, DRAIN).await {
            tracing::warn!(task = late, "did not end in time");
        }
    }
    pool.close().await;
    died.map_or(Ok(()), |death| Err(death.into()))
}

/// The fleet as stored, and what the configuration adds to it.
async fn fleet(config: &ControllerConfig, pool: &AnyPool, now_ms: i64) -> Result<FleetHandle> {
    let mut known = store::terminals::all(pool).await?;
    for terminal in &mut known {
        // Who ended while nobody listened has told nobody: what stood is to be heard first.
        terminal.unheard_since_ms = Some(now_ms);
    }
    let fleet = FleetHandle::new(known);
    let mut conn = pool.acquire().await?;
    for entry in &config.terminals {
        if fleet.get(&entry.id).is_none() {
            let terminal = Terminal::new(entry.id.clone(), entry.site.clone(), entry.label.clone(), now_ms);
            store::terminals::put(&mut conn, &terminal).await?;
            fleet.put(terminal);
        }
    }
    Ok(fleet)
}

async fn compose(
    config: &ControllerConfig,
    pool: &AnyPool,
    opened: Opened,
    refusals: Refusals,
) -> Result<Parts> {
    let Opened { identities, pki, kicker, clock, releases } = opened;
    let now_ms = clock.now_ms();
    let audit = Arc::new(Audit::new(pool.clone()));
    let events = Events::new(now_ms);
    let commands = Commands::open(pool.clone(), events.clone(), clock.clone()).await?;
    let configured = config.sites.iter().map(|site| (site.id.clone(), site.calendar.clone()));
    let calendars = Calendars::open(pool.clone(), configured).await?;
    let sites = config
        .sites
        .iter()
        .map(|s| Site {
            id: s.id.clone(),
            name: s.name.clone(),
            address: s.address.clone(),
            neighbors: s.neighbors,
        })
        .collect();
    let state = ApiState {
        pool: pool.clone(),
        fleet: identities.fleet().clone(),
        identities,
        registry: Arc::new(StoreRegistry { pool: pool.clone(), kicker }),
        commands,
        accounts: Accounts::new(pool.clone(), audit.clone(), first::password_file(config))?,
        audit,
        events,
        pki,
        clock,
        rollouts: Rollouts::configured(&config.rollouts, &calendars),
        calendars,
        settings: Arc::new(Settings {
            sites,
            terminal_address: config.terminal_address(),
            broker_address: config.mqtt_address(),
            languages: config.languages.clone(),
        }),
        desired_changed: Arc::new(Notify::new()),
        releases,
        streams: Streams::default(),
        enrolling: enrolling(),
        renewing: renewing(),
    };
    Ok(Parts {
        state,
        refusals,
        counts: Counts::default(),
        connection: watch::Sender::new(0),
        storing: watch::Sender::new(true),
        totals: Totals::open(pool).await?,
        writing: watch::Sender::new(true),
        beats: watch::Sender::new(0),
        audit_whole: Arc::new(true.into()),
    })
}

/// The session with the broker, and what hangs on it: ingest, dispatch, settling, desired states.
fn start_wire(config: &ControllerConfig, parts: &Parts, tasks: &mut Tasks) -> Result<()> {
    let state = &parts.state;
    let options = LinkOptions {
        broker: config.own_mqtt_address(),
        client_id: CONTROLLER_NAME.to_owned(),
        tls: tls::client_config(state.pki.authority_pem(), state.pki.controller())?,
        keep_alive_s: KEEP_ALIVE_S,
        session_expiry_s: SESSION_EXPIRY_S,
        filters: controller_filters(),
        username: None,
    };
    let (publisher, events, driver) = link_with_receipts(options, Numbers(state.clock.clone()));
    tasks.spawn_until_canceled(Stage::Link, "link", driver);
    let outlet: Arc<dyn Outlet> = Arc::new(LinkOutlet(publisher.clone()));
    let (receipts, carry) = Receipts::new(outlet.clone());
    tasks.spawn_until_canceled(Stage::Link, "receipts", carry);
    let ingest = Ingest::new(ingest::Parts {
        pool: state.pool.clone(),
        fleet: state.fleet.clone(),
        commands: state.commands.clone(),
        refusals: parts.refusals.clone(),
        clock: state.clock.clone(),
        counts: parts.counts.clone(),
        totals: parts.totals.clone(),
        receipts,
        storing: parts.storing.clone(),
    });
    let stop = tasks.token(Stage::Work);
    let tells = Tells { connection: parts.connection.clone(), beats: parts.beats.clone() };
    let wire = wire_task(ingest, events, publisher.clone(), state.clone(), tells, stop);
    tasks.spawn(Stage::Work, "ingest", wire);
    let connections = Arc::new(FleetConnections { fleet: state.fleet.clone(), clock: state.clock.clone() });
    let dispatch =
        Dispatch::new(state.commands.clone(), outlet.clone(), connections, state.pki.signing().clone());
    tasks.spawn(Stage::Work, "dispatch", dispatch.run(tasks.token(Stage::Work)));
    tasks.spawn(Stage::Work, "settle", state.commands.clone().settle_task(tasks.token(Stage::Work)));
    let publish = desired::Publish::new(state.clone(), outlet, parts.connection.subscribe());
    tasks.spawn(Stage::Work, "desired", publish.run(tasks.token(Stage::Work)));
    tasks.spawn(Stage::Work, "rollouts", rollouts::task::run(state.clone(), tasks.token(Stage::Work)));
    Ok(())
}

/// Opens every listener, then starts them: who finds one taken starts nothing.
fn start_listeners(config: &ControllerConfig, parts: &Parts, tasks: &mut Tasks) -> Result<()> {
    let (state, open) = (&parts.state, listeners::open);
    let console_socket = open("console.listen", config.console.listen)?;
    let loopback_socket = match config.console.loopback_http {
        Some(listen) => Some(open("console.loopback_http", listen)?),
        None => None,
    };
    let terminals_socket = open("terminal.listen", config.terminal.listen)?;
    let metrics_socket = TcpListener::from_std(open("metrics.listen", config.metrics.listen)?)?;
    let stop = tasks.token(Stage::Work);
    let console = router::console_with(state.clone(), metrics_router(parts), health_router(parts));
    let server = listeners::console(console_socket, state.pki.clone(), console.clone(), stop.clone());
    tasks.spawn(Stage::Work, "console", told("console", server));
    if let Some(socket) = loopback_socket {
        let server = listeners::loopback(socket, console, stop.clone());
        tasks.spawn(Stage::Work, "console_loopback", told("console on this machine", server));
    }
    let routes = router::terminals(state.clone());
    let server = listeners::terminals(terminals_socket, state.pki.clone(), routes, stop.clone());
    tasks.spawn(Stage::Work, "terminals", told("terminals", server));
    let server = axum::serve(metrics_socket, metrics_router(parts).merge(health_router(parts)))
        .with_graceful_shutdown(stop.cancelled_owned());
    tasks.spawn(Stage::Work, "metrics", told("metrics", server.into_future()));
    Ok(())
}

/// A listener as a task: why it ended, if it did, stands in the log.
async fn told<E: std::error::Error>(what: &'static str, server: impl Future<Output = Result<(), E>>) {
    if let Err(error) = server.await {
        let error: &dyn std::error::Error = &error;
        tracing::error!(listener = what, cause = error.source(), "{error}");
    }
}

fn metrics_router(parts: &Parts) -> axum::Router {
    metrics::route::router(metrics::route::Sources {
        state: parts.state.clone(),
        refusals: parts.refusals.clone(),
        counts: parts.counts.clone(),
        totals: parts.totals.clone(),
        audit_whole: parts.audit_whole.clone(),
    })
}

fn health_router(parts: &Parts) -> axum::Router {
    alive::router(alive::Readiness {
        connection: parts.connection.subscribe(),
        storing: parts.storing.subscribe(),
        writing: parts.writing.subscribe(),
    })
}

/// What time brings: presence that changes by silence, renewals, the watchdog, the audit of refusals.
fn start_upkeep(
    parts: &Parts,
    broker_renewed: watch::Sender<u64>,
    mut refused: mpsc::Receiver<Refusal>,
    tasks: &mut Tasks,
) {
    let state = parts.state.clone();
    let mut pulse = alive::Pulse::new(parts.beats.subscribe(), parts.storing.subscribe());
    let writing = parts.writing.clone();
    tasks.spawn_until_canceled(Stage::Work, "turn", async move {
        let mut before_ms = state.clock.now_ms();
        loop {
            alive::write(&state.pool, state.clock.now_ms(), &writing).await;
            tokio::time::sleep(TURN).await;
            let now_ms = state.clock.now_ms();
            state.fleet.pass_time(before_ms, now_ms);
            before_ms = now_ms;
            match state.pki.renew_due(now_ms) {
                Ok(renewed) if renewed.broker => {
                    tracing::info!("the broker's certificate was renewed");
                    broker_renewed.send_modify(|n| *n += 1);
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "certificates could not be renewed"),
            }
            if pulse.was_felt() {
                systemd::notify_watchdog();
            } else {
                tracing::error!("the loop that takes in what terminals say stands still");
            }
        }
    });
    let (pool, whole) = (parts.state.pool.clone(), parts.audit_whole.clone());
    tasks.spawn_until_canceled(Stage::Work, "audit", crate::audit::watch(pool, whole));
    tasks.spawn_until_canceled(Stage::Work, "freshness", freshness::keep(parts.state.clone()));
    let sweep = sweep::run(parts.state.pool.clone(), parts.state.clock.clone());
    tasks.spawn_until_canceled(Stage::Work, "sweep", sweep);
    let schedules = crate::schedules::task::run(parts.state.clone());
    tasks.spawn_until_canceled(Stage::Work, "schedules", schedules);
    let state = parts.state.clone();
    tasks.spawn_until_canceled(Stage::Work, "changes", async move {
        let mut changes = state.fleet.changes();
        loop {
            match changes.recv().await {
                Ok(Change::Terminal(id)) => state.events.terminal(&id),
                Ok(Change::Removed(_)) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                    state.events.removed()
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            }
        }
    });
    let state = parts.state.clone();
    tasks.spawn_until_canceled(Stage::Work, "refusals", async move {
        while let Some(refusal) = refused.recv().await {
            tracing::warn!(
                identity = refusal.identity,
                reason = refusal.reason,
                object = refusal.object,
                "refused"
            );
            let entry =
                Entry::refused(state.clock.now_ms(), refusal.identity, refusal.reason, refusal.object);
            state.audit.refusal(entry).await;
        }
        std::future::pending::<()>().await;
    });
}
