//! Where orders are signed and put into the queue to the terminals. Who issues an order for a terminal
//! that is connected has it signed here within the same transaction, so that it leaves at once; what
//! has to wait is sent by `dispatch`, through the same queue.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use migrado_link::signing::Signer;
use migrado_protocol::command::{Directive, Order};
use migrado_protocol::signed::Purpose;
use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::{Signed, TerminalId};
use tokio::sync::{Mutex, Notify};

use super::dispatch::{Connections, Sending};
use crate::pki::Signing;
use crate::store::commands::Command;

/// Terminals of one order that it is sent to at once; a greater one is sent in portions.
pub const AT_ONCE_MAX: usize = 256;
/// Letters that may wait in the queue before orders are left to the dispatcher.
const QUEUE_MAX: usize = 1_024;

/// Something signed and ready to go.
#[derive(Debug)]
pub struct Letter {
    /// Its command, as stored.
    pub command: Command,
    /// What it says of it.
    pub sending: Sending,
    /// Where to.
    pub topic: Topic,
    /// Signed.
    pub payload: Vec<u8>,
    /// How long the broker keeps it.
    pub expiry_s: u32,
}

/// Letters in the order of their sequences: a terminal refuses an older one after a newer one. The
/// lock is held from the taking of a sequence until its letter is in the queue.
pub type Queue = VecDeque<Letter>;

/// The desk.
#[derive(Debug)]
pub struct Desk {
    connections: Arc<dyn Connections>,
    signing: Signing,
    /// Counts from this start of the controller on: what was marked under an earlier number may never
    /// have left.
    epoch: AtomicI64,
    /// The queue, and whoever takes sequences.
    pub queue: Mutex<Queue>,
    /// Told when the queue got something.
    pub filled: Notify,
}

impl Desk {
    /// The desk of a controller that starts now.
    pub fn new(connections: Arc<dyn Connections>, signing: Signing, now_ms: i64) -> Self {
        let (queue, filled) = (Mutex::default(), Notify::new());
        Self { connections, signing, epoch: AtomicI64::new(now_ms), queue, filled }
    }

    /// The key that signs now. When it is replaced meanwhile, the next look sends again under the
    /// new one whatever is not acknowledged: marks name the key.
    pub fn signer(&self) -> Arc<Signer> {
        self.signing.signer()
    }

    /// What a command is marked with when it is sent now; nothing while its terminal is away.
    pub fn mark(&self, terminal: &TerminalId, signer: &Signer) -> Option<String> {
        let session = self.connections.session(terminal)?;
        Some(format!("{}.{session}.{}", self.epoch.load(Ordering::Relaxed), signer.public().id))
    }

    /// Something may be marked as sent that never left: whatever is not acknowledged is sent again.
    /// Displays know an order by its id and do it once.
    pub fn doubt(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether an order for so many terminals may be sent at once.
    pub fn takes(&self, queue: &Queue, terminals: usize) -> bool {
        terminals <= AT_ONCE_MAX && queue.len() + terminals <= QUEUE_MAX
    }
}

/// Between the storing of an order and its place in the queue: who is interrupted there, by a caller
/// that hangs up or by a disk that fails, leaves a doubt and a look behind.
#[derive(Debug)]
pub struct Between<'d> {
    desk: &'d Desk,
    wake: &'d Notify,
    over: bool,
}

impl<'d> Between<'d> {
    /// Begins.
    pub fn new(desk: &'d Desk, wake: &'d Notify) -> Self {
        Self { desk, wake, over: false }
    }

    /// The letters are in the queue, or nothing was stored.
    pub fn over(mut self) {
        self.over = true;
    }
}

impl Drop for Between<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.desk.doubt();
            self.wake.notify_one();
        }
    }
}

/// Writes and signs what is to be sent.
pub fn letter(
    command: Command,
    sending: Sending,
    sequence: i64,
    signer: &Signer,
    now_ms: i64,
) -> Result<Letter, serde_json::Error> {
    let (directive, expires_ms) = match sending {
        Sending::Run => {
            let order = Order {
                id: command.id,
                verb: command.verb.clone(),
                start_by_ms: command.start_by_ms,
                finish_by_ms: command.finish_by_ms,
                force_reason: command.force_reason.clone(),
            };
            (Directive::Run(order), command.start_by_ms)
        }
        Sending::Cancel => (Directive::Cancel { id: command.id }, command.finish_by_ms),
    };
    let sequence = u64::try_from(sequence).unwrap_or(0);
    let mut signed = Signed::unsigned(command.terminal.clone(), sequence, now_ms, expires_ms, &directive)?;
    signer.sign(&mut signed, Purpose::Command);
    let payload = serde_json::to_vec(&signed)?;
    let topic = Topic::of(&command.terminal, Channel::Command);
    // Rounded up: the signature and the terminal hold the exact time.
    let expiry_s = u32::try_from((expires_ms - now_ms).max(0) / 1000 + 1).unwrap_or(u32::MAX);
    Ok(Letter { command, sending, topic, payload, expiry_s })
}
