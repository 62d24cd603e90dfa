//! Orders that wait until it is known whether the key that signed them is to be trusted. Few, in
//! memory, and unacknowledged: if the process or the connection ends, the broker brings them again.

use migrado_link::session::Receipt;

/// Orders that wait at most: a rotation brings a desired state and the open commands of one display.
const PARKED_MAX: usize = 16;

/// One of them.
#[derive(Debug)]
pub struct Message {
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// Acknowledges it.
    pub receipt: Receipt,
}

/// All of them, in the order in which they came.
#[derive(Debug, Default)]
pub struct Parked(Vec<Message>);

impl Parked {
    /// Keeps one. When there are too many, it is left to the broker, which brings it again on the
    /// next connection.
    pub fn put(&mut self, message: Message) {
        if self.0.len() < PARKED_MAX {
            self.0.push(message);
        } else {
            message.receipt.withhold();
        }
    }

    /// All that wait, to be looked at again.
    pub fn take(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.0)
    }

    /// The connection is gone: whatever waits comes again with the next one.
    pub fn leave(&mut self) {
        self.take().into_iter().for_each(|message| message.receipt.withhold());
    }
}
