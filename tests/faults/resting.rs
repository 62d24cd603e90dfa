//! Nobody spins: a display that waits for receipts in vain rests until somebody can give them, and one
//! whose neighbors do not come until they do.

use std::time::Duration;

use migrado_tests::needs_program;

use crate::lost_words::words_that_only_the_broker_has;

/// How long the display waits for a receipt before it tells again, with a margin.
const OVERDUE: Duration = Duration::from_secs(40);
/// How long its processor time is watched.
const WATCHED: Duration = Duration::from_secs(10);
/// Processor time that is no rest: a tenth of what was watched. Spinning takes all of it.
const REST_MAX_NS: u64 = 1_000_000_000;

/// Processor time of a process so far, in nanoseconds, all threads.
fn spent_ns(pid: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of_thread = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        text.split_whitespace().next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0)
    };
    threads.flatten().map(|thread| of_thread(thread.path())).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_serves_neighbors_that_do_not_come_rests() {
    let mut fleet = migrado_tests::Fleet::builder().neighbors(true).start().await;
    fleet.until_terminal("fp-01", "says where it serves", |t| t["content"]["serves_at"].is_string()).await;
    // Somebody who hangs up, and somebody who says nothing.
    let seen = fleet.api.terminal("fp-01").await.unwrap();
    let address = seen["content"]["serves_at"].as_str().unwrap().to_owned();
    drop(tokio::net::TcpStream::connect(&address).await.unwrap());
    let _silent = tokio::net::TcpStream::connect(&address).await.unwrap();
    tokio::time::sleep(WATCHED).await;
    let pid = fleet.terminals[0].process().id().unwrap();
    let before = spent_ns(pid);
    tokio::time::sleep(WATCHED).await;
    let spent = spent_ns(pid) - before;
    assert!(spent > 0, "it lives");
    assert!(spent < REST_MAX_NS, "{spent} ns of {WATCHED:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_receipts_that_nobody_gives_does_not_spin() {
    needs_program!("resting", "mosquitto");
    let mut fleet = words_that_only_the_broker_has().await;
    tokio::time::sleep(OVERDUE).await;
    let pid = fleet.terminals[0].process().id().unwrap();
    let before = spent_ns(pid);
    tokio::time::sleep(WATCHED).await;
    let spent = spent_ns(pid) - before;
    assert!(spent > 0, "it lives");
    assert!(spent < REST_MAX_NS, "{spent} ns of {WATCHED:?}");
}
