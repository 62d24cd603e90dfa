//! Birth and death of this terminal's connections: numbers them durably, words the will, keeps the
//! marks from which the next return tells why it was away. Decides with `away`; publishes nothing.

use migrado_link::session::{Sessions, Will};
use migrado_protocol::envelope::{Envelope, SCHEMA_VERSION};
use migrado_protocol::ids::TerminalId;
use migrado_protocol::presence::{Away, Birth, DeathCause, Presence};
use migrado_protocol::topic::{Channel, Topic};

use crate::away::{self, Ended, Marks};
use crate::platform::clock;
use crate::platform::process::Evidence;
use crate::store::{self, Store, StoreError};

/// Milliseconds between two notes that the connection stands: an absence is told to the minute, and
/// the disk is written once a minute.
pub const MARK_PERIOD_MS: i64 = 60 * 1000;

/// A presence message as it goes on the wire.
pub fn message(session: u64, body: Presence, now_ms: i64) -> Vec<u8> {
    Envelope { v: SCHEMA_VERSION, session, seq: 0, at_ms: now_ms, replayed: false, item: None, body }.encode()
}

/// Numbers the connections, and words their wills.
#[derive(Debug)]
pub struct SessionNumbers {
    store: Store,
    terminal: TerminalId,
    last: u64,
}

impl SessionNumbers {
    /// Counts on from what is stored.
    pub fn new(store: Store, terminal: TerminalId) -> Self {
        Self { store, terminal, last: 0 }
    }
}

impl Sessions for SessionNumbers {
    fn next(&mut self) -> (u64, Will) {
        let now_ms = clock::now_ms();
        self.last = self.store.next_session(self.last, now_ms).unwrap_or_else(|error| {
            // A full disk must not keep the display from telling of it: the number rises in memory,
            // by the same rule, so that the next one that is kept is higher still.
            tracing::warn!(%error, "session number not kept");
            store::session_after(self.last, now_ms)
        });
        let will = Will {
            topic: Topic::of(&self.terminal, Channel::Presence),
            payload: message(self.last, Presence::Death { cause: DeathCause::Lost }, now_ms),
        };
        (self.last, will)
    }
}

/// Keeps the marks of presence.
#[derive(Debug)]
pub struct Keeper {
    store: Store,
    here: Evidence,
    started_ms: i64,
    marks: Option<Marks>,
    /// An absence that no birth has told yet.
    untold: Option<Away>,
    is_connected: bool,
    marked_ms: i64,
}

impl Keeper {
    /// Of this run of the agent.
    pub fn new(store: Store, here: Evidence, started_ms: i64) -> Result<Self, StoreError> {
        let marks = store.marks()?;
        Ok(Self { store, here, started_ms, marks, untold: None, is_connected: false, marked_ms: 0 })
    }

    /// The connection stands: what to say about it.
    pub fn connected(&mut self, now_ms: i64) -> Birth {
        self.is_connected = true;
        self.untold = match self.untold.take() {
            // The last birth did not get through: the absence goes on.
            Some(untold) => Some(Away { until_ms: now_ms, ..untold }),
            None => away::decide(self.marks.as_ref(), &self.here, now_ms),
        };
        Birth {
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            started_ms: self.started_ms,
            away: self.untold.clone(),
        }
    }

    /// The broker has the birth: from now on the absence is told.
    pub fn born(&mut self, now_ms: i64) -> Result<(), StoreError> {
        self.untold = None;
        self.mark(Marks { connected_ms: now_ms, by: self.here.clone(), disconnected: false, ended: None })
    }

    /// Time has passed.
    pub fn tick(&mut self, now_ms: i64) -> Result<(), StoreError> {
        let due = now_ms - self.marked_ms >= MARK_PERIOD_MS || now_ms < self.marked_ms;
        if !(self.is_connected && self.untold.is_none() && due) {
            return Ok(());
        }
        self.mark(Marks { connected_ms: now_ms, by: self.here.clone(), disconnected: false, ended: None })
    }

    /// The connection ended while the agent runs on.
    pub fn disconnected(&mut self, now_ms: i64) -> Result<(), StoreError> {
        if !(std::mem::take(&mut self.is_connected) && self.untold.is_none()) {
            return Ok(());
        }
        self.mark(Marks { connected_ms: now_ms, by: self.here.clone(), disconnected: true, ended: None })
    }

    /// The agent ends in order.
    pub fn ending(&mut self, ended: Ended, now_ms: i64) -> Result<(), StoreError> {
        let is_connected = std::mem::take(&mut self.is_connected);
        match self.marks.clone() {
            Some(marks) if self.untold.is_none() => {
                let connected_ms = if is_connected { now_ms } else { marks.connected_ms };
                self.mark(Marks { connected_ms, by: self.here.clone(), ended: Some(ended), ..marks })
            }
            // What was before this run is still untold: its marks must stay as they are.
            Some(_) | None => Ok(()),
        }
    }

    fn mark(&mut self, marks: Marks) -> Result<(), StoreError> {
        self.marked_ms = marks.connected_ms;
        let kept = self.store.keep_marks(&marks);
        self.marks = Some(marks);
        kept
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::presence::AwayCause;

    use super::*;

    fn evidence(boot: &str, run: &str) -> Evidence {
        Evidence { boot_id: Some(boot.into()), run_id: run.into() }
    }

    fn cause(birth: &Birth) -> Option<AwayCause> {
        birth.away.as_ref().map(|away| away.cause)
    }

    struct Disk(tempfile::TempDir);

    impl Disk {
        fn start(&self, boot: &str, run: &str) -> Keeper {
            let store = Store::new(store::open(self.0.path()).unwrap().0);
            Keeper::new(store, evidence(boot, run), 1).unwrap()
        }
    }

    #[test]
    fn a_life_of_a_display_is_told_right() {
        let disk = Disk(tempfile::tempdir().unwrap());
        let mut keeper = disk.start("a", "1");
        assert_eq!(cause(&keeper.connected(10)), None);
        keeper.born(11).unwrap();
        keeper.disconnected(500).unwrap();
        let back = keeper.connected(900).away.unwrap();
        assert_eq!((back.cause, back.from_ms, back.until_ms), (AwayCause::Network, 500, 900));
        keeper.born(901).unwrap();
        keeper.tick(70_000).unwrap();
        drop(keeper);

        let mut keeper = disk.start("a", "2");
        let back = keeper.connected(80_000).away.unwrap();
        assert_eq!((back.cause, back.from_ms), (AwayCause::Crash, 70_000));
        // The birth does not get through; the next one tells the same absence, longer.
        keeper.disconnected(80_100).unwrap();
        let back = keeper.connected(90_000).away.unwrap();
        assert_eq!((back.cause, back.from_ms, back.until_ms), (AwayCause::Crash, 70_000, 90_000));
        keeper.born(90_001).unwrap();
        keeper.ending(Ended::Restart, 95_000).unwrap();
        drop(keeper);

        let mut keeper = disk.start("a", "3");
        assert_eq!(cause(&keeper.connected(96_000)), Some(AwayCause::Restart));
        keeper.born(96_001).unwrap();
        drop(keeper);
        let mut keeper = disk.start("b", "4");
        assert_eq!(cause(&keeper.connected(99_000)), Some(AwayCause::Power));
        keeper.born(99_001).unwrap();
        keeper.ending(Ended::Planned, 99_500).unwrap();
        drop(keeper);
        let mut keeper = disk.start("c", "5");
        assert_eq!(cause(&keeper.connected(120_000)), Some(AwayCause::Planned));
    }

    #[test]
    fn marks_are_written_once_a_minute_at_most() {
        let disk = Disk(tempfile::tempdir().unwrap());
        let mut keeper = disk.start("a", "1");
        keeper.connected(0);
        keeper.born(0).unwrap();
        keeper.tick(MARK_PERIOD_MS - 1).unwrap();
        assert_eq!(keeper.store.marks().unwrap().unwrap().connected_ms, 0);
        keeper.tick(MARK_PERIOD_MS).unwrap();
        assert_eq!(keeper.store.marks().unwrap().unwrap().connected_ms, MARK_PERIOD_MS);
    }

    #[test]
    fn session_numbers_rise_over_restarts_and_stand_in_the_will() {
        let dir = tempfile::tempdir().unwrap();
        let terminal: TerminalId = "fp-01".parse().unwrap();
        let mut before = 0;
        for _ in 0..3 {
            let store = Store::new(store::open(dir.path()).unwrap().0);
            let (number, will) = SessionNumbers::new(store, terminal.clone()).next();
            assert!(number > before);
            before = number;
            let said = Envelope::<Presence>::decode(&will.payload).unwrap();
            assert_eq!(said.session, number);
            assert_eq!(said.body, Presence::Death { cause: DeathCause::Lost });
            assert_eq!(will.topic, Topic::of(&terminal, Channel::Presence));
        }
    }
}
