//! The terminals' certificates, one row each, with where it stands. Every decision on who is
//! admitted is one writing statement here, so that a revocation and a renewal at the same moment
//! cannot both win.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;
use crate::fleet::terminal::Certificate;

/// A void certificate: what a revocation list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voided {
    /// Serial number, hexadecimal.
    pub serial: String,
    /// Since when.
    pub at_ms: i64,
}

/// The certificates that a terminal is admitted with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// The one that was seen in use.
    pub in_use: Option<Certificate>,
    /// The one that a renewal gave out and that was not seen yet.
    pub issued: Option<Certificate>,
}

impl Admitted {
    /// Takes a row of serial, end and state.
    fn take(&mut self, row: &AnyRow) {
        let certificate = Certificate { serial: row.get(0), not_after_ms: row.get(1) };
        match row.get::<String, _>(2).as_str() {
            "in_use" => self.in_use = Some(certificate),
            _ => self.issued = Some(certificate),
        }
    }
}

/// The certificates that count, by terminal.
pub async fn all_admitted(pool: &AnyPool) -> Result<HashMap<String, Admitted>, StoreError> {
    let rows =
        sqlx::query("SELECT serial, until_ms, state, terminal FROM certificates WHERE state <> 'void'")
            .fetch_all(pool)
            .await
            .map_err(StoreError::of("list the certificates"))?;
    let mut all: HashMap<String, Admitted> = HashMap::new();
    for row in rows {
        all.entry(row.get(3)).or_default().take(&row);
    }
    Ok(all)
}

/// The certificates that a terminal is admitted with now.
pub async fn admitted(conn: &mut AnyConnection, terminal: &str) -> Result<Admitted, StoreError> {
    let rows = sqlx::query(
        "SELECT serial, until_ms, state FROM certificates WHERE terminal = $1 AND state <> 'void'",
    )
    .bind(terminal.to_owned())
    .fetch_all(conn)
    .await
    .map_err(StoreError::of("read a terminal's certificates"))?;
    let mut admitted = Admitted::default();
    rows.iter().for_each(|row| admitted.take(row));
    Ok(admitted)
}

/// Voids whatever the terminal has.
pub async fn void(conn: &mut AnyConnection, terminal: &str, now_ms: i64) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE certificates SET state = 'void', changed_ms = $1 WHERE terminal = $2 AND state <> 'void'",
    )
    .bind(now_ms)
    .bind(terminal.to_owned())
    .execute(conn)
    .await
    .map_err(StoreError::of("void a terminal's certificates"))?;
    Ok(done.rows_affected())
}

/// A certificate of an enrolment takes the place of all earlier ones.
pub async fn enroll(
    conn: &mut AnyConnection,
    terminal: &str,
    certificate: &Certificate,
    now_ms: i64,
) -> Result<(), StoreError> {
    void(&mut *conn, terminal, now_ms).await?;
    sqlx::query(
        "INSERT INTO certificates (serial, terminal, until_ms, state, changed_ms)
         VALUES ($1, $2, $3, 'in_use', $4)",
    )
    .bind(certificate.serial.clone())
    .bind(terminal.to_owned())
    .bind(certificate.not_after_ms)
    .bind(now_ms)
    .execute(conn)
    .await
    .map_err(StoreError::of("keep an enrolled certificate"))?;
    Ok(())
}

/// Puts a renewed certificate beside the one in use; an earlier one that was never seen is void.
/// `false`, and nothing changes, when `shown` is not the one in use (any more).
pub async fn renew(
    conn: &mut AnyConnection,
    terminal: &str,
    shown: &str,
    certificate: &Certificate,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let fail = StoreError::of("keep a renewed certificate");
    let done = sqlx::query(
        "INSERT INTO certificates (serial, terminal, until_ms, state, changed_ms)
         SELECT $1, terminal, $2, 'issued', $3 FROM certificates
         WHERE terminal = $4 AND serial = $5 AND state = 'in_use'",
    )
    .bind(certificate.serial.clone())
    .bind(certificate.not_after_ms)
    .bind(now_ms)
    .bind(terminal.to_owned())
    .bind(shown.to_owned())
    .execute(&mut *conn)
    .await
    .map_err(fail)?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query(
        "UPDATE certificates SET state = 'void', changed_ms = $1
         WHERE terminal = $2 AND state = 'issued' AND serial <> $3",
    )
    .bind(now_ms)
    .bind(terminal.to_owned())
    .bind(certificate.serial.clone())
    .execute(conn)
    .await
    .map_err(fail)?;
    Ok(true)
}

/// A certificate that was given out has been seen in use: from now on it is the only one. `false`
/// when it is not (any more) one that waits for this.
pub async fn seen(
    conn: &mut AnyConnection,
    terminal: &str,
    serial: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let fail = StoreError::of("note that a certificate is in use");
    let done = sqlx::query(
        "UPDATE certificates SET state = 'in_use', changed_ms = $1
         WHERE terminal = $2 AND serial = $3 AND state = 'issued'",
    )
    .bind(now_ms)
    .bind(terminal.to_owned())
    .bind(serial.to_owned())
    .execute(&mut *conn)
    .await
    .map_err(fail)?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query(
        "UPDATE certificates SET state = 'void', changed_ms = $1
         WHERE terminal = $2 AND serial <> $3 AND state <> 'void'",
    )
    .bind(now_ms)
    .bind(terminal.to_owned())
    .bind(serial.to_owned())
    .execute(conn)
    .await
    .map_err(fail)?;
    Ok(true)
}

/// Every void certificate that is not forgotten yet.
pub async fn voided(pool: &AnyPool) -> Result<Vec<Voided>, StoreError> {
    let rows =
        sqlx::query("SELECT serial, changed_ms FROM certificates WHERE state = 'void' ORDER BY serial")
            .fetch_all(pool)
            .await
            .map_err(StoreError::of("list the void certificates"))?;
    Ok(rows.iter().map(|row| Voided { serial: row.get(0), at_ms: row.get(1) }).collect())
}

/// Forgets void certificates that ended before `before_ms`: they open nothing by themselves.
pub async fn sweep(pool: &AnyPool, before_ms: i64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM certificates WHERE state = 'void' AND until_ms < $1")
        .bind(before_ms)
        .execute(pool)
        .await
        .map_err(StoreError::of("sweep the void certificates"))?;
    Ok(done.rows_affected())
}
