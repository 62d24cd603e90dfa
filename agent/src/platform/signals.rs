//! The signals by which a supervisor or a person asks the agent to end.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for them from its making on.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to listen.
    pub fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    pub async fn any(&mut self) {
        // Cancel-safe: a signal is not lost by dropping the wait for it.
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
