//! What visitors used, per terminal and hour. The highest count wins: what was told twice, or out
//! of order, never counts twice.

use std::collections::BTreeMap;

use migrado_protocol::usage::{Counter, UsageHour};
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;

/// Takes an hour of a terminal in.
pub async fn merge(conn: &mut AnyConnection, terminal: &str, usage: &UsageHour) -> Result<(), StoreError> {
    for (counter, n) in &usage.counts {
        if *counter == Counter::Other {
            continue;
        }
        sqlx::query(
            "INSERT INTO usage_hours (terminal, hour, counter, n) VALUES ($1, $2, $3, $4)
             ON CONFLICT (terminal, hour, counter) DO UPDATE SET n = excluded.n
             WHERE usage_hours.n < excluded.n",
        )
        .bind(terminal.to_owned())
        .bind(i64::from(usage.hour))
        .bind(counter.word())
        .bind(i64::from(*n))
        .execute(&mut *conn)
        .await
        .map_err(StoreError::of("write usage"))?;
    }
    Ok(())
}

/// Counts per hour from an hour on, of one terminal or of all together, the oldest first.
pub async fn since(
    pool: &AnyPool,
    terminal: Option<&str>,
    hour: i64,
) -> Result<BTreeMap<i64, BTreeMap<Counter, u64>>, StoreError> {
    let rows = sqlx::query(
        "SELECT hour, counter, CAST(SUM(n) AS BIGINT) FROM usage_hours
         WHERE hour >= $1 AND ($2 = '' OR terminal = $2) GROUP BY hour, counter",
    )
    .bind(hour)
    .bind(terminal.unwrap_or_default().to_owned())
    .fetch_all(pool)
    .await
    .map_err(StoreError::of("read usage"))?;
    let mut hours: BTreeMap<i64, BTreeMap<Counter, u64>> = BTreeMap::new();
    for row in rows {
        let word: String = row.get(1);
        if let Some(counter) = Counter::ALL.into_iter().find(|c| c.word() == word) {
            let n = u64::try_from(row.get::<i64, _>(2)).unwrap_or(0);
            hours.entry(row.get(0)).or_default().insert(counter, n);
        }
    }
    Ok(hours)
}
