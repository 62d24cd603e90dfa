//! A transaction in few turns. Each turn to the database wakes its thread and then ours, which on a
//! resting machine costs more than the statement: what needs no answer waits here and goes with the
//! next question, or with the commit.

use std::fmt::Write as _;

use sqlx::any::{AnyQueryResult, AnyRow};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe};

use super::StoreError;

/// A value of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// Text.
    Text(Option<String>),
    /// Number.
    Int(Option<i64>),
}

impl From<&str> for Bound {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}
impl From<String> for Bound {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}
impl From<Option<String>> for Bound {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Bound {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}
impl From<Option<i64>> for Bound {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

/// A statement with its values, `$1` the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sql: &'static str,
    values: Vec<Bound>,
}

impl Statement {
    /// Without values yet.
    pub fn new(sql: &'static str) -> Self {
        Self { sql, values: Vec::new() }
    }

    /// With one more value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Bound>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it alone.
    pub async fn run(self, conn: &mut AnyConnection) -> Result<AnyQueryResult, sqlx::Error> {
        query(self.sql.to_owned(), [self]).execute(conn).await
    }
}

type Query = sqlx::query::Query<'static, Any, sqlx::any::AnyArguments>;

fn query(sql: String, statements: impl IntoIterator<Item = Statement>) -> Query {
    let values = statements.into_iter().flat_map(|s| s.values);
    values.fold(sqlx::query(AssertSqlSafe(sql)), |query, value| match value {
        Bound::Text(text) => query.bind(text),
        Bound::Int(number) => query.bind(number),
    })
}

/// One text of many statements: their values are numbered through.
fn joined(statements: &[Statement]) -> String {
    let (mut text, mut before) = (String::new(), 0);
    for statement in statements {
        let mut parts = statement.sql.split('$');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let number: usize = part[..end].parse().unwrap_or_default();
            write!(text, "${}{}", before + number, &part[end..]).ok();
        }
        text.push_str(";\n");
        before += statement.values.len();
    }
    text
}

/// A transaction that writes: from its first turn on nobody else does. What fails, and what is
/// dropped before its commit, never was.
#[derive(Debug)]
pub struct Tx {
    conn: Option<PoolConnection<Any>>,
    pending: Vec<Statement>,
    operation: &'static str,
}

impl Tx {
    /// Begins; `operation` names it in errors.
    pub async fn begin(pool: &AnyPool, operation: &'static str) -> Result<Self, StoreError> {
        let conn = pool.acquire().await.map_err(StoreError::of(operation))?;
        Ok(Self { conn: Some(conn), pending: vec![Statement::new("BEGIN IMMEDIATE")], operation })
    }

    /// Adds what needs no answer.
    pub fn add(&mut self, statement: Statement) {
        self.pending.push(statement);
    }

    /// Asks; gives the rows of all questions, one after the other.
    pub async fn ask(
        &mut self,
        questions: impl IntoIterator<Item = Statement>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        self.pending.extend(questions);
        let statements = std::mem::take(&mut self.pending);
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        let operation = self.operation;
        let Some(conn) = self.conn.as_mut() else {
            // It failed before; whoever goes on all the same writes nothing.
            return Err(StoreError::of(operation)(sqlx::Error::WorkerCrashed));
        };
        match query(joined(&statements), statements).fetch_all(&mut **conn).await {
            Ok(rows) => Ok(rows),
            Err(error) => {
                self.roll_back().await;
                Err(StoreError::of(operation)(error))
            }
        }
    }

    /// The connection, for statements of other modules; what waits goes first.
    pub async fn conn(&mut self) -> Result<&mut AnyConnection, StoreError> {
        self.ask([]).await?;
        let gone = StoreError::of(self.operation);
        self.conn.as_deref_mut().ok_or_else(|| gone(sqlx::Error::WorkerCrashed))
    }

    /// Commits what was added and asked.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.ask([Statement::new("COMMIT")]).await?;
        // Given back to the pool, whole.
        drop(self.conn.take());
        Ok(())
    }

    async fn roll_back(&mut self) {
        if let Some(mut conn) = self.conn.take() {
            // Some errors have rolled it back already; then this fails, and the connection is not
            // worth keeping.
            if sqlx::query("ROLLBACK").execute(&mut *conn).await.is_err() {
                drop(conn.detach());
            }
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            // In the middle: closing the connection is what surely ends the transaction.
            drop(conn.detach());
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;

    async fn pool(dir: &tempfile::TempDir) -> AnyPool {
        let pool = super::super::open(&dir.path().join("test.db")).await.unwrap();
        sqlx::query("CREATE TABLE t (a TEXT PRIMARY KEY, b BIGINT)").execute(&pool).await.unwrap();
        pool
    }

    fn row(a: &str, b: i64) -> Statement {
        Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").bind(a).bind(b)
    }

    async fn all(pool: &AnyPool) -> Vec<(String, i64)> {
        let rows = sqlx::query("SELECT a, b FROM t ORDER BY a").fetch_all(pool).await.unwrap();
        rows.iter().map(|r| (r.get(0), r.get(1))).collect()
    }

    #[test]
    fn values_are_numbered_through() {
        let again = Statement::new("UPDATE t SET b = $2, a = $1 WHERE b = $2").bind("x").bind(3);
        let text = joined(&[row("y", 1), Statement::new("SELECT 1"), again]);
        assert_eq!(
            text,
            "INSERT INTO t (a, b) VALUES ($1, $2);\nSELECT 1;\nUPDATE t SET b = $4, a = $3 WHERE b = $4;\n"
        );
    }

    #[tokio::test]
    async fn all_of_it_is_written_or_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let pool = pool(&dir).await;
        let mut tx = Tx::begin(&pool, "test").await.unwrap();
        tx.add(row("a", 1));
        let select = |a: &str| Statement::new("SELECT b FROM t WHERE a = $1").bind(a);
        let rows = tx.ask([row("b", 2), select("b"), select("a"), select("none")]).await.unwrap();
        assert_eq!(rows.iter().map(|r| r.get::<i64, _>(0)).collect::<Vec<_>>(), [2, 1]);
        tx.add(row("c", 3));
        tx.commit().await.unwrap();
        let whole = [("a".to_owned(), 1), ("b".to_owned(), 2), ("c".to_owned(), 3)];
        assert_eq!(all(&pool).await, whole);

        let mut tx = Tx::begin(&pool, "test").await.unwrap();
        tx.add(row("d", 4));
        tx.add(row("a", 5));
        assert!(tx.commit().await.unwrap_err().is_conflict(), "a is taken");
        let mut tx = Tx::begin(&pool, "test").await.unwrap();
        tx.ask([row("e", 6)]).await.unwrap();
        drop(tx);
        let mut tx = Tx::begin(&pool, "test").await.unwrap();
        assert!(tx.ask([row("a", 7)]).await.is_err());
        tx.add(row("f", 8));
        tx.commit().await.unwrap_err();
        assert_eq!(all(&pool).await, whole);
        // And the next one is not in anybody's way.
        let mut tx = Tx::begin(&pool, "test").await.unwrap();
        tx.add(row("g", 9));
        tx.commit().await.unwrap();
        assert_eq!(all(&pool).await.len(), 4);
    }

    #[tokio::test]
    async fn two_that_write_do_so_one_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let pool = pool(&dir).await;
        let mut seed = Tx::begin(&pool, "test").await.unwrap();
        seed.add(row("n", 0));
        seed.commit().await.unwrap();
        let rise = async |times: usize| {
            for _ in 0..times {
                let mut tx = Tx::begin(&pool, "test").await.unwrap();
                let now = tx.ask([Statement::new("SELECT b FROM t WHERE a = 'n'")]).await.unwrap();
                let next = now[0].get::<i64, _>(0) + 1;
                tx.add(Statement::new("UPDATE t SET b = $1 WHERE a = 'n'").bind(next));
                tx.commit().await.unwrap();
            }
        };
        tokio::join!(rise(20), rise(20), rise(20));
        assert_eq!(all(&pool).await, [("n".to_owned(), 60)]);
    }
}
