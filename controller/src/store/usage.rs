//! What visitors used, per terminal and hour. The highest count wins: what was told twice, or out
//! of order, never counts twice. Hours become days, days are forgotten; totals stay.

use std::collections::BTreeMap;

use migrado_protocol::TerminalId;
use migrado_protocol::usage::{Counter, UsageHour};
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;

/// Hours of a day.
const DAY_HOURS: i64 = 24;

/// By how much a terminal's counters rose.
pub type Risen = BTreeMap<Counter, u64>;

/// Takes an hour of a terminal in; gives by how much each counter rose. The transaction has written
/// before, so that nobody else writes in between.
pub async fn merge(conn: &mut AnyConnection, terminal: &str, usage: &UsageHour) -> Result<Risen, StoreError> {
    let fail = StoreError::of("write usage");
    let hour = i64::from(usage.hour);
    let rows = sqlx::query("SELECT counter, n FROM usage_hours WHERE terminal = $1 AND hour = $2")
        .bind(terminal.to_owned())
        .bind(hour)
        .fetch_all(&mut *conn)
        .await
        .map_err(fail)?;
    let known: BTreeMap<String, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut risen = Risen::new();
    for (counter, n) in &usage.counts {
        let before = known.get(counter.word()).copied().unwrap_or(0);
        let more = i64::from(*n) - before;
        if *counter == Counter::Other || more <= 0 {
            continue;
        }
        sqlx::query(
            "INSERT INTO usage_hours (terminal, hour, counter, n) VALUES ($1, $2, $3, $4)
             ON CONFLICT (terminal, hour, counter) DO UPDATE SET n = excluded.n",
        )
        .bind(terminal.to_owned())
        .bind(hour)
        .bind(counter.word())
        .bind(i64::from(*n))
        .execute(&mut *conn)
        .await
        .map_err(fail)?;
        sqlx::query(
            "INSERT INTO usage_totals (terminal, counter, n) VALUES ($1, $2, $3)
             ON CONFLICT (terminal, counter) DO UPDATE SET n = usage_totals.n + excluded.n",
        )
        .bind(terminal.to_owned())
        .bind(counter.word())
        .bind(more)
        .execute(&mut *conn)
        .await
        .map_err(fail)?;
        risen.insert(*counter, more.unsigned_abs());
    }
    Ok(risen)
}

fn counter(word: &str) -> Option<Counter> {
    Counter::ALL.into_iter().find(|c| c.word() == word)
}

/// Counts per hour from an hour on, of one terminal or of all together, the oldest first.
pub async fn since(
    pool: &AnyPool,
    terminal: Option<&str>,
    hour: i64,
) -> Result<BTreeMap<i64, BTreeMap<Counter, u64>>, StoreError> {
    let rows = match terminal {
        Some(terminal) => {
            sqlx::query("SELECT hour, counter, n FROM usage_hours WHERE terminal = $1 AND hour >= $2")
                .bind(terminal.to_owned())
                .bind(hour)
                .fetch_all(pool)
                .await
        }
        None => {
            sqlx::query(
                "SELECT hour, counter, CAST(SUM(n) AS BIGINT) FROM usage_hours WHERE hour >= $1
                 GROUP BY hour, counter",
            )
            .bind(hour)
            .fetch_all(pool)
            .await
        }
    };
    let mut hours: BTreeMap<i64, BTreeMap<Counter, u64>> = BTreeMap::new();
    for row in rows.map_err(StoreError::of("read usage"))? {
        if let Some(counter) = counter(&row.get::<String, _>(1)) {
            let n = u64::try_from(row.get::<i64, _>(2)).unwrap_or(0);
            hours.entry(row.get(0)).or_default().insert(counter, n);
        }
    }
    Ok(hours)
}

/// The totals of all terminals.
pub async fn totals(pool: &AnyPool) -> Result<Vec<(TerminalId, Counter, u64)>, StoreError> {
    let rows = sqlx::query("SELECT terminal, counter, n FROM usage_totals")
        .fetch_all(pool)
        .await
        .map_err(StoreError::of("read the totals of usage"))?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            let id = row.get::<String, _>(0).parse().ok()?;
            let n = u64::try_from(row.get::<i64, _>(2)).unwrap_or(0);
            Some((id, counter(&row.get::<String, _>(1))?, n))
        })
        .collect())
}

/// Folds hours before this one into days and forgets them, and forgets days before that one. Gives
/// the number of rows that went.
pub async fn sweep(pool: &AnyPool, before_hour: i64, before_day: i64) -> Result<u64, StoreError> {
    let fail = StoreError::of("sweep usage");
    // A day is folded whole, or a late hour of it would be counted beside its day.
    let before_hour = before_hour.div_euclid(DAY_HOURS) * DAY_HOURS;
    let mut tx = pool.begin().await.map_err(fail)?;
    sqlx::query(
        "INSERT INTO usage_days (terminal, day, counter, n)
         SELECT terminal, hour / 24, counter, CAST(SUM(n) AS BIGINT) FROM usage_hours WHERE hour < $1
         GROUP BY terminal, hour / 24, counter
         ON CONFLICT (terminal, day, counter) DO UPDATE SET n = usage_days.n + excluded.n",
    )
    .bind(before_hour)
    .execute(&mut *tx)
    .await
    .map_err(fail)?;
    let mut rows = 0;
    for (sql, before) in [
        ("DELETE FROM usage_hours WHERE hour < $1", before_hour),
        ("DELETE FROM usage_days WHERE day < $1", before_day),
    ] {
        let done = sqlx::query(sql).bind(before).execute(&mut *tx).await.map_err(fail)?;
        rows += done.rows_affected();
    }
    tx.commit().await.map_err(fail)?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: u32, n: u32) -> UsageHour {
        UsageHour { hour, counts: [(Counter::SessionsBegun, n)].into() }
    }

    async fn take(pool: &AnyPool, usage: UsageHour) -> Risen {
        let mut tx = pool.begin().await.unwrap();
        let risen = merge(&mut tx, "fp-01", &usage).await.unwrap();
        tx.commit().await.unwrap();
        risen
    }

    #[tokio::test]
    async fn totals_count_each_rise_once_and_survive_the_sweep() {
        let folder = tempfile::tempdir().unwrap();
        let pool = crate::store::open(&folder.path().join("c.db")).await.unwrap();
        assert_eq!(take(&pool, hour(48, 3)).await, [(Counter::SessionsBegun, 3)].into());
        assert_eq!(take(&pool, hour(48, 3)).await, Risen::new(), "told twice");
        assert_eq!(take(&pool, hour(48, 5)).await, [(Counter::SessionsBegun, 2)].into());
        assert_eq!(take(&pool, hour(48, 4)).await, Risen::new(), "out of order");
        assert_eq!(take(&pool, hour(49, 1)).await, [(Counter::SessionsBegun, 1)].into());
        assert_eq!(take(&pool, hour(72, 1)).await, [(Counter::SessionsBegun, 1)].into());
        let all = async || totals(&pool).await.unwrap()[0].2;
        assert_eq!(all().await, 7);
        assert_eq!(sweep(&pool, 73, 0).await.unwrap(), 2, "the day that is not over stays");
        let days: i64 = sqlx::query("SELECT n FROM usage_days WHERE day = 2")
            .fetch_one(&pool)
            .await
            .map(|row| row.get(0))
            .unwrap();
        assert_eq!((days, all().await), (6, 7));
        assert_eq!(since(&pool, Some("fp-01"), 0).await.unwrap().keys().copied().collect::<Vec<_>>(), [72]);
        assert_eq!(sweep(&pool, 0, 3).await.unwrap(), 1);
    }
}
