//! The runtime that everything runs on: one thread, and a few more for calls that block.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::pulse;

/// Threads that may block at once: one for storage, two for the sensors that ask systemd, two for
/// commands, the rest for names and logs. In the usual run the one of storage is all.
const BLOCKING_THREADS_MAX: usize = 8;
/// How long such a thread waits for more: longer than storage's period, so that its thread is there
/// again. Making and ending one each minute costs more than what it does.
const BLOCKING_THREAD_KEPT: Duration = Duration::from_secs(90);

/// Makes it, and begins the common pulse, whose grid is that of the runtime's timers.
pub fn new() -> io::Result<Runtime> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_keep_alive(BLOCKING_THREAD_KEPT)
        .build()?;
    pulse::begin();
    Ok(runtime)
}
