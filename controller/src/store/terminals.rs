//! The terminals: a row of what the console says and of what seldom changes, and a row of readings
//! that move with every report. Read together with their certificates, which are written by
//! `certificates` alone: what terminals say is kept from a snapshot, and an older one must not bring
//! a replaced certificate back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use migrado_protocol::content::ContentReport;
use migrado_protocol::health::{Component, Health};
use migrado_protocol::presence::Away;
use migrado_protocol::printer::Printer;
use migrado_protocol::report::{Clock, Page, Storage, System, UnitState};
use migrado_protocol::verdict::Verdict;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::tx::{Statement, Tx};
use super::{StoreError, certificates};
use crate::fleet::Terminal;
use crate::fleet::heartbeats::Heartbeats;
use crate::fleet::terminal::{Connection, Reported};

/// What seldom changes, kept as JSON: it is read and written as a whole only.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Seldom<'t> {
    agent_version: Option<Cow<'t, str>>,
    started_ms: Option<i64>,
    away: Option<Cow<'t, Away>>,
    heartbeats: Cow<'t, Heartbeats>,
    reported: SeldomReported<'t>,
}

/// The part of [`Reported`] that seldom changes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct SeldomReported<'t> {
    verdict: Option<Cow<'t, Verdict>>,
    health: Cow<'t, BTreeMap<Component, Health>>,
    services: Option<Cow<'t, BTreeMap<String, UnitState>>>,
    printers: Cow<'t, BTreeMap<String, Printer>>,
    content: Option<Cow<'t, ContentReport>>,
    generation: Option<u64>,
}

/// What moves with every report, the same way.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Moving<'t> {
    connection: Connection,
    connection_since_ms: i64,
    session: u64,
    seq: u64,
    last_seen_ms: Option<i64>,
    reported_ms: Option<i64>,
    reported: MovingReported<'t>,
}

/// The part of [`Reported`] that moves.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct MovingReported<'t> {
    system: Option<Cow<'t, System>>,
    storage: Option<Cow<'t, Storage>>,
    clock: Option<Cow<'t, Clock>>,
    page: Option<Cow<'t, Page>>,
}

/// All terminals.
pub async fn all(pool: &AnyPool) -> Result<Vec<Terminal>, StoreError> {
    let rows = sqlx::query(READ).fetch_all(pool).await.map_err(StoreError::of("list the terminals"))?;
    let mut admitted = certificates::all_admitted(pool).await?;
    let whole = |row| {
        let mut terminal = read(row)?;
        let admitted = admitted.remove(terminal.id.as_str()).unwrap_or_default();
        (terminal.certificate, terminal.renewed) = (admitted.in_use, admitted.issued);
        Ok(terminal)
    };
    rows.iter().map(whole).collect()
}

/// The row of readings may be missing where an older controller added the terminal meanwhile.
const READ: &str = "SELECT t.id, t.site, t.label, t.state, t.revision, r.state AS moving, r.revision AS moved
     FROM terminals t LEFT JOIN readings r ON r.terminal = t.id ORDER BY t.id";

fn read(row: &sqlx::any::AnyRow) -> Result<Terminal, StoreError> {
    let (id, site): (String, String) = (row.get(0), row.get(1));
    let corrupt = |what: String| StoreError::Corrupt { what };
    let mut terminal = Terminal::new(
        id.parse().map_err(|_| corrupt(format!("terminal \"{id}\"")))?,
        site.parse().map_err(|_| corrupt(format!("site \"{site}\" of terminal {id}")))?,
        row.get(2),
        0,
    );
    let (state, moving) = (row.get::<String, _>(3), row.get::<Option<String>, _>(5));
    let seldom: Seldom<'_> = kept(&id, &state);
    let moving: Moving<'_> = kept(&id, moving.as_deref().unwrap_or("{}"));
    terminal.connection = moving.connection;
    terminal.connection_since_ms = moving.connection_since_ms;
    terminal.session = moving.session;
    terminal.seq = moving.seq;
    terminal.last_seen_ms = moving.last_seen_ms;
    terminal.reported_ms = moving.reported_ms;
    terminal.reported = Reported {
        verdict: seldom.reported.verdict.map(Cow::into_owned),
        health: seldom.reported.health.into_owned(),
        system: moving.reported.system.map(Cow::into_owned),
        storage: moving.reported.storage.map(Cow::into_owned),
        clock: moving.reported.clock.map(Cow::into_owned),
        services: seldom.reported.services.map(Cow::into_owned),
        printers: seldom.reported.printers.into_owned(),
        page: moving.reported.page.map(Cow::into_owned),
        content: seldom.reported.content.map(Cow::into_owned),
        generation: seldom.reported.generation,
    };
    terminal.agent_version = seldom.agent_version.map(Cow::into_owned);
    terminal.started_ms = seldom.started_ms;
    terminal.away = seldom.away.map(Cow::into_owned);
    terminal.heartbeats = seldom.heartbeats.into_owned();
    let (written, moved) = (row.get::<i64, _>(4), row.get::<Option<i64>, _>(6).unwrap_or(0));
    terminal.revision = u64::try_from(written.max(moved)).unwrap_or(0);
    Ok(terminal)
}

/// A state of another version is forgotten rather than refused: the next whole report brings it.
fn kept<'t, T: Default + Deserialize<'t>>(id: &str, json: &'t str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| {
        tracing::warn!(terminal = %id, %error, "the kept state is not readable and starts anew");
        T::default()
    })
}

fn seldom_of(t: &Terminal) -> Result<String, StoreError> {
    let reported = SeldomReported {
        verdict: t.reported.verdict.as_ref().map(Cow::Borrowed),
        health: Cow::Borrowed(&t.reported.health),
        services: t.reported.services.as_ref().map(Cow::Borrowed),
        printers: Cow::Borrowed(&t.reported.printers),
        content: t.reported.content.as_ref().map(Cow::Borrowed),
        generation: t.reported.generation,
    };
    let seldom = Seldom {
        agent_version: t.agent_version.as_deref().map(Cow::Borrowed),
        started_ms: t.started_ms,
        away: t.away.as_ref().map(Cow::Borrowed),
        heartbeats: Cow::Borrowed(&t.heartbeats),
        reported,
    };
    json(t, &seldom)
}

fn moving_of(t: &Terminal) -> Result<String, StoreError> {
    let reported = MovingReported {
        system: t.reported.system.as_ref().map(Cow::Borrowed),
        storage: t.reported.storage.as_ref().map(Cow::Borrowed),
        clock: t.reported.clock.as_ref().map(Cow::Borrowed),
        page: t.reported.page.as_ref().map(Cow::Borrowed),
    };
    let moving = Moving {
        connection: t.connection,
        connection_since_ms: t.connection_since_ms,
        session: t.session,
        seq: t.seq,
        last_seen_ms: t.last_seen_ms,
        reported_ms: t.reported_ms,
        reported,
    };
    json(t, &moving)
}

fn json(t: &Terminal, state: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(state)
        .map_err(|e| StoreError::Corrupt { what: format!("the state of {}: {e}", t.id) })
}

/// Adds a terminal, or changes what the console says of it. What it reported is
/// [`put_readings`]' and [`put_states`]' part, so that they never overwrite each other.
pub async fn put(conn: &mut AnyConnection, terminal: &Terminal) -> Result<(), StoreError> {
    let fail = StoreError::of("write a terminal");
    let (id, revision) = (terminal.id.as_str(), revision_of(terminal));
    sqlx::query(
        "INSERT INTO terminals (id, site, label, state, revision) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET site = excluded.site, label = excluded.label,
             revision = excluded.revision",
    )
    .bind(id.to_owned())
    .bind(terminal.site.as_str().to_owned())
    .bind(terminal.label.clone())
    .bind(seldom_of(terminal)?)
    .bind(revision)
    .execute(&mut *conn)
    .await
    .map_err(fail)?;
    sqlx::query(
        "INSERT INTO readings (terminal, state, revision) VALUES ($1, $2, $3) ON CONFLICT (terminal) DO NOTHING",
    )
    .bind(id.to_owned())
    .bind(moving_of(terminal)?)
    .bind(revision)
    .execute(conn)
    .await
    .map_err(fail)?;
    Ok(())
}

fn revision_of(terminal: &Terminal) -> i64 {
    i64::try_from(terminal.revision).unwrap_or(i64::MAX)
}

/// Writes what moves with every report. A terminal that was removed meanwhile stays removed.
pub async fn put_readings(tx: &mut Tx, terminals: &[Arc<Terminal>]) -> Result<(), StoreError> {
    static STATEMENTS: Statements = OnceLock::new();
    put_rows(tx, &STATEMENTS, ("readings", "terminal"), terminals, moving_of).await
}

/// Writes what seldom changes, the same way.
pub async fn put_states(tx: &mut Tx, terminals: &[Arc<Terminal>]) -> Result<(), StoreError> {
    static STATEMENTS: Statements = OnceLock::new();
    put_rows(tx, &STATEMENTS, ("terminals", "id"), terminals, seldom_of).await
}

async fn put_rows(
    tx: &mut Tx,
    statements: &'static Statements,
    table: (&str, &str),
    terminals: &[Arc<Terminal>],
    state_of: fn(&Terminal) -> Result<String, StoreError>,
) -> Result<(), StoreError> {
    let statements = statements.get_or_init(|| ROWS.into_iter().map(|n| (n, update_sql(table, n))).collect());
    let mut rest = terminals;
    while let Some((rows, sql)) = statements.iter().rev().find(|(rows, _)| **rows <= rest.len()) {
        let (now, later) = rest.split_at(*rows);
        rest = later;
        let mut statement = Statement::new(sql);
        for terminal in now {
            statement =
                statement.bind(terminal.id.as_str()).bind(state_of(terminal)?).bind(revision_of(terminal));
        }
        if *rows == 1 {
            tx.add(statement);
        } else {
            // Alone: a text that comes again is a statement that is prepared already.
            tx.ask([statement]).await?;
        }
    }
    Ok(())
}

/// Rows of one statement: each size is prepared once per connection.
const ROWS: [usize; 4] = [128, 32, 8, 1];

/// The statements of a table by their rows.
type Statements = OnceLock<BTreeMap<usize, String>>;

fn update_sql((table, key): (&str, &str), rows: usize) -> String {
    let values: Vec<String> =
        (0..rows).map(|n| format!("(${}, ${}, ${})", 3 * n + 1, 3 * n + 2, 3 * n + 3)).collect();
    format!(
        "WITH told (id, state, revision) AS (VALUES {})
         UPDATE {table} SET state = told.state, revision = told.revision FROM told
         WHERE {table}.{key} = told.id",
        values.join(", ")
    )
}

/// Forgets a terminal.
pub async fn delete(conn: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM terminals WHERE id = $1",
        "DELETE FROM readings WHERE terminal = $1",
        "DELETE FROM timeline WHERE terminal = $1",
    ] {
        let done = sqlx::query(sql).bind(id.to_owned()).execute(&mut *conn).await;
        done.map_err(StoreError::of("remove a terminal"))?;
    }
    Ok(())
}
