//! Runs a fetch for the driver: from the wish to everything here, halted where the window closes or
//! something else is wanted, with what comes of it in record and report. How things are fetched is
//! [`super::fetch`]'s part.

use std::time::Duration;

use migrado_protocol::content::ReleaseWanted;
use migrado_protocol::desired::Desired;
use migrado_protocol::neighbor::NEIGHBORS_MAX;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::driver::{Driver, Next, Parts};
use super::fetch::{Fetch, Trouble};
use super::judge::Findings;
use super::line::{Line, Meter};
use super::list::Found;
use super::machine::Broken;
use super::record::{Bytes, Event, Target};
use super::room;
use crate::neighbors::ask::{Neighbors, Outcome};
use crate::platform::clock;
use crate::store::StoreError;

/// The first pause after the line broke; each further one doubles it.
const LINE_PAUSE_FIRST: Duration = Duration::from_secs(5);
/// The longest: a line that comes back is used soon.
const LINE_PAUSE_MAX: Duration = Duration::from_secs(300);
/// How often the report learns how many bytes have come.
const TELL_PERIOD: Duration = Duration::from_secs(1);
/// A budget where none is set: this many times the release's files, and room for lists.
const BUDGET_FACTOR: u64 = 2;
const BUDGET_LISTS_BYTES: u64 = 16 * 1024 * 1024;

/// The effect that brings a release.
impl Driver {
    /// Fetches what is missing, until it is here, the window closes, or something else is wanted.
    pub(super) async fn fetch(
        &mut self,
        until_ms: Option<i64>,
        stop: &CancellationToken,
    ) -> Result<Next, StoreError> {
        let Some(wanted) = self.wanted() else { return Ok(Next::Now) };
        let halt = stop.child_token();
        let (ended, bytes, outcome) = self.fetched(&wanted, until_ms, &halt).await;
        self.record.bytes(bytes);
        self.record.dropped(&outcome.dropped);
        self.outcome = outcome;
        match ended {
            Ok(found) => {
                self.record.listed(found.list);
                self.upkeep.asked();
                self.record.trouble(None, clock::now_ms());
                self.breaks = 0;
                self.happened(Event::Fetched)?;
                Ok(Next::Now)
            }
            Err(_) if halt.is_cancelled() => self.keep().map(|()| Next::Now),
            Err(trouble) if trouble.is_passing => {
                tracing::warn!(detail = trouble.broken.detail, "the update goes on when the line does");
                self.record.trouble(Some(&trouble.broken), clock::now_ms());
                self.keep()?;
                let pause = LINE_PAUSE_FIRST.saturating_mul(1 << self.breaks.min(10)).min(LINE_PAUSE_MAX);
                self.breaks = self.breaks.saturating_add(1);
                Ok(Next::After(pause))
            }
            Err(trouble) => {
                let Broken { finding, detail } = &trouble.broken;
                tracing::error!(finding, detail, "an update failed");
                self.happened(Event::Refused(trouble.broken))?;
                Ok(Next::Now)
            }
        }
    }

    /// Runs a fetch to its end, and halts it where it has to. Tells how far it is on the way.
    async fn fetched(
        &self,
        wanted: &ReleaseWanted,
        until_ms: Option<i64>,
        halt: &CancellationToken,
    ) -> (Result<Found, Trouble>, Bytes, Outcome) {
        let (progress, told) = watch::channel(self.record.bytes_so_far());
        let (outcome, heard) = watch::channel(self.outcome.clone());
        let neighbors = self.parts.neighbors(wanted, outcome);
        let mut tick = tokio::time::interval(TELL_PERIOD);
        let mut fetching =
            std::pin::pin!(self.parts.fetch(wanted.clone(), neighbors, progress, halt.clone()));
        let mut closes = std::pin::pin!(until(until_ms));
        let mut desired = self.parts.desired.clone();
        let mut record = self.record.clone();
        loop {
            let is_other =
                |d: &Option<Desired>| !is_same(d.as_ref().and_then(|d| d.release.as_ref()), wanted);
            // Cancel-safe: the fetch is polled on until it ends by itself, told to halt where it has to.
            tokio::select! {
                ended = &mut fetching => return (ended, *told.borrow(), heard.borrow().clone()),
                () = &mut closes, if !halt.is_cancelled() => halt.cancel(),
                _ = desired.wait_for(is_other), if !halt.is_cancelled() => halt.cancel(),
                _ = tick.tick() => {
                    record.bytes(*told.borrow());
                    record.dropped(&heard.borrow().dropped);
                    self.parts.tell(&record, Findings::default());
                }
            }
        }
    }
}

async fn until(at_ms: Option<i64>) {
    match at_ms {
        Some(at_ms) => {
            let left_ms = at_ms.saturating_sub(clock::now_ms()).max(0);
            tokio::time::sleep(Duration::from_millis(left_ms.unsigned_abs())).await;
        }
        None => std::future::pending().await,
    }
}

impl Parts {
    /// Fetches a release: the signed list first, which must name it.
    async fn fetch(
        &self,
        wanted: ReleaseWanted,
        neighbors: Option<Neighbors>,
        progress: watch::Sender<Bytes>,
        halt: CancellationToken,
    ) -> Result<Found, Trouble> {
        let target = Target::of(&wanted);
        let budget = wanted.budget_bytes.unwrap_or(u64::MAX);
        let meter = Meter::new(progress.borrow().over_the_line(), budget, wanted.throttle_bytes_s);
        let line = Line::new(&self.held.tls(), self.held.controller(), meter)?;
        let found = halt.run_until_cancelled(self.lists.find(&line, &target, clock::now())).await;
        let found = found.ok_or_else(Trouble::halted)??;
        room::admit(&self.content, &line, &found).await?;
        let fetch = Fetch {
            content: self.content.clone(),
            store: self.store.clone(),
            line: line.within(wanted.budget_bytes.unwrap_or_else(|| budget_of(found.bytes))),
            wanted: found.manifest,
            release_bytes: found.bytes,
            neighbors,
            progress,
            halt,
        };
        fetch.run().await?;
        Ok(found)
    }

    /// Whom to ask for a release before the controller.
    pub(super) fn neighbors(
        &self,
        wanted: &ReleaseWanted,
        outcome: watch::Sender<Outcome>,
    ) -> Option<Neighbors> {
        let mut list = wanted.neighbors.clone();
        list.truncate(NEIGHBORS_MAX);
        let (own, held) = (self.kiosk.terminal(), self.held.clone());
        (!list.is_empty()).then(|| Neighbors { list, own, held, outcome })
    }
}

/// Whether a desired state wants the same still. Other neighbors are no other release: whom to ask is
/// read when asking begins.
fn is_same(now: Option<&ReleaseWanted>, wanted: &ReleaseWanted) -> bool {
    let without = |wanted: &ReleaseWanted| ReleaseWanted { neighbors: Vec::new(), ..wanted.clone() };
    now.is_some_and(|now| without(now) == without(wanted))
}

/// What an update may take where nobody says: its files twice, and the lists.
fn budget_of(release_bytes: u64) -> u64 {
    release_bytes.saturating_mul(BUDGET_FACTOR).saturating_add(BUDGET_LISTS_BYTES)
}

#[cfg(test)]
mod tests {
    use migrado_protocol::neighbor::Neighbor;

    use super::*;

    #[test]
    fn other_neighbors_break_no_fetch_off_and_anything_else_does() {
        let wanted: ReleaseWanted =
            serde_json::from_str(r#"{"name":"n","manifest":"0a","download":{}}"#).unwrap();
        let neighbor = Neighbor { terminal: "fp-01".parse().unwrap(), address: "192.0.2.7:1".into() };
        let with = ReleaseWanted { neighbors: vec![neighbor], ..wanted.clone() };
        let rows = [
            (Some(with), true),
            (Some(wanted.clone()), true),
            (None, false),
            (Some(ReleaseWanted { attempt: 1, ..wanted.clone() }), false),
            (Some(ReleaseWanted { throttle_bytes_s: Some(1), ..wanted.clone() }), false),
        ];
        for (now, expected) in rows {
            assert_eq!(is_same(now.as_ref(), &wanted), expected, "{now:?}");
        }
    }
}
