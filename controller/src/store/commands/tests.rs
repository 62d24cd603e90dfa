//! Commands over a real database file: one bad row, and lists that do not read everything.

use super::*;

async fn pool() -> (tempfile::TempDir, AnyPool) {
    let folder = tempfile::tempdir().unwrap();
    let pool = crate::store::open(&folder.path().join("c.db")).await.unwrap();
    (folder, pool)
}

fn command(terminal: &str, batch: &str) -> Command {
    Command {
        id: CommandId(uuid::Uuid::now_v7()),
        batch: batch.into(),
        terminal: terminal.parse().unwrap(),
        verb: Verb::Reboot,
        state: CommandState::Queued,
        issued_by: "admin".into(),
        issued_ms: 1,
        start_by_ms: 2,
        finish_by_ms: 3,
        force_reason: None,
        reason: None,
        rejection: None,
        detail: None,
        waits_until_ms: None,
        cancel_requested: false,
        sent_mark: String::new(),
        cancel_mark: String::new(),
        has_logs: false,
        revision: 1,
    }
}

async fn keep(pool: &AnyPool, commands: &[Command]) {
    let mut tx = Tx::begin(pool, "test").await.unwrap();
    commands.iter().for_each(|command| insert(&mut tx, command, &[]));
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn one_command_that_cannot_be_read_does_not_hold_up_the_others() {
    let (_folder, pool) = pool().await;
    let (good, bad) = (command("fp-01", "a"), command("fp-02", "a"));
    keep(&pool, &[good.clone(), bad.clone()]).await;
    assert_eq!(open(&pool).await.unwrap().len(), 2);
    let harm = "UPDATE commands SET verb = '{\"verb\":\"of_a_newer_version\"}' WHERE terminal = 'fp-02'";
    sqlx::query(harm).execute(&pool).await.unwrap();
    let good = [good];
    assert_eq!(open(&pool).await.unwrap(), good);
    assert_eq!(list(&pool, &Filter::default(), 10).await.unwrap(), good);
    assert_eq!(count_unreadable(&pool).await.unwrap(), 1);
    assert!(
        matches!(get(&pool, bad.id).await, Err(StoreError::Corrupt { .. })),
        "asked for itself it is named"
    );
}

#[tokio::test]
async fn a_list_has_what_was_asked_for_and_uses_the_index_that_fits() {
    let (_folder, pool) = pool().await;
    let commands = [command("fp-01", "a"), command("fp-02", "a"), command("fp-01", "b")];
    keep(&pool, &commands).await;
    let text = |t: &str| Some(t.to_owned());
    let cases = [
        (Filter { terminal: text("fp-01"), ..Filter::default() }, vec![2, 0], "commands_by_terminal"),
        (Filter { batch: text("a"), ..Filter::default() }, vec![1, 0], "commands_by_batch"),
        (Filter { state: text("queued"), ..Filter::default() }, vec![2, 1, 0], "commands_by_state"),
        (
            Filter { terminal: text("fp-01"), after: Some(commands[2].id.to_string()), ..Filter::default() },
            vec![0],
            "commands_by_terminal (terminal=? AND id<?)",
        ),
        (Filter { open: true, ..Filter::default() }, vec![2, 1, 0], ""),
        (Filter { state: text("failed"), terminal: text("fp-01"), ..Filter::default() }, vec![], ""),
    ];
    for (filter, expected, index) in cases {
        let found: Vec<CommandId> = list(&pool, &filter, 10).await.unwrap().iter().map(|c| c.id).collect();
        let expected: Vec<CommandId> = expected.into_iter().map(|n: usize| commands[n].id).collect();
        assert_eq!(found, expected, "{filter:?}");
        let (sql, values) = list_sql(&filter, 10);
        let mut query = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        for value in values {
            query = query.bind(value.to_owned());
        }
        let plan: Vec<String> = query.fetch_all(&pool).await.unwrap().iter().map(|row| row.get(3)).collect();
        assert!(plan.iter().any(|line| line.contains(index)), "{filter:?}: {plan:?}");
    }
}
