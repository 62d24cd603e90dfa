//! The walk around the neighbors before the controller is asked: hears how far they are, does what
//! [`Choice`] decides, and takes the missing objects of a release from whoever has all of it, one after
//! the other, each verified by its hash ([`super::take`]). A neighbor's fault is never the update's:
//! at the worst the display goes to the controller, as it would without any.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::join_all;
use migrado_content::limits::MANIFEST_BYTES_MAX;
use migrado_content::manifest::{Entry, ManifestId};
use migrado_content::store::StoreError;
use migrado_protocol::TerminalId;
use migrado_protocol::neighbor::{Dropped, Neighbor};
use tokio::sync::watch;
use tokio::time::Instant;

use super::choose::{Choice, Next};
use super::take::{Got, take};
use super::{OBJECTS, RELEASES, Word};
use crate::identity::Held;
use crate::update::fetch::{Fetch, Trouble, blocking};
use crate::update::line::{Line, LineError, Meter};
use crate::update::pace::Pace;

/// Bytes of what a neighbor says of a release.
const WORD_BYTES_MAX: u64 = 512;

/// What came of the neighbors so far, in the attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Those that are not asked any more, and why.
    pub dropped: Vec<Dropped>,
    /// Whether they were waited for in vain: the next time only who has it is asked for it.
    pub in_vain: bool,
}

/// Whom to ask, and who asks.
#[derive(Debug, Clone)]
pub struct Neighbors {
    /// In this order.
    pub list: Vec<Neighbor>,
    /// Who the display is: others begin with another neighbor.
    pub own: TerminalId,
    /// What it shows, and whom it trusts.
    pub held: Arc<Held>,
    /// Tells what came of it.
    pub outcome: watch::Sender<Outcome>,
}

/// Fetches from neighbors what the release lacks. Ends with everything here, or when nobody is worth
/// waiting for. An error is the display's own: its disk, or that it was told to halt.
pub async fn ask(fetch: &Fetch, neighbors: &Neighbors) -> Result<(), Trouble> {
    let now = Instant::now();
    let turn = neighbors.own.as_str().bytes().fold(0, |sum: usize, byte| sum * 31 % 8191 + usize::from(byte));
    let mut choice = Choice::new(neighbors.list.len(), turn, now);
    if neighbors.outcome.borrow().in_vain {
        choice.lose_patience();
    }
    for (n, neighbor) in neighbors.list.iter().enumerate() {
        if neighbors.outcome.borrow().dropped.iter().any(|dropped| dropped.terminal == neighbor.terminal) {
            choice.drop(n);
        }
    }
    let lines = neighbors.list.iter().map(|_| None).collect();
    let mut walk = Walk { fetch, neighbors, choice, lines, missing: None };
    let ended = walk.run().await;
    if let (Ok(()), Some(entry)) = (&ended, walk.missing.as_ref().and_then(VecDeque::front)) {
        // The controller's bytes must not go on behind those of a neighbor.
        walk.give_up(entry.clone()).await?;
    }
    ended
}

struct Walk<'a> {
    fetch: &'a Fetch,
    neighbors: &'a Neighbors,
    choice: Choice,
    /// By neighbor; kept, so that a connection serves more than one question.
    lines: Vec<Option<Line>>,
    /// What is to be fetched, once the manifest is here.
    missing: Option<VecDeque<Entry>>,
}

impl Walk<'_> {
    async fn run(&mut self) -> Result<(), Trouble> {
        loop {
            match self.choice.next(Instant::now()) {
                Next::Alone => {
                    self.neighbors.outcome.send_if_modified(|o| !std::mem::replace(&mut o.in_vain, true));
                    return Ok(());
                }
                Next::Look(at) => {
                    let rested = self.fetch.halt.run_until_cancelled(tokio::time::sleep_until(at)).await;
                    rested.ok_or_else(Trouble::halted)?;
                    self.look().await?;
                }
                Next::Take(n) => {
                    if self.take_from(n).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Asks whoever it is worth to ask, all at once.
    async fn look(&mut self) -> Result<(), Trouble> {
        let worth_it = self.choice.worth_asking(Instant::now());
        worth_it.iter().for_each(|n| self.prepare(*n));
        let path = format!("{RELEASES}{}", self.fetch.wanted);
        let asked = worth_it.iter().map(|n| word_of(self.lines.get(*n).and_then(Option::as_ref), &path));
        let heard = self.fetch.halt.run_until_cancelled(join_all(asked)).await;
        let heard = heard.ok_or_else(Trouble::halted)?;
        for (n, word) in worth_it.into_iter().zip(heard) {
            match word {
                Some(word) => self.choice.heard(n, word, Instant::now()),
                None => self.choice.failed(n, Instant::now()),
            }
        }
        Ok(())
    }

    /// Makes the line to a neighbor, once.
    fn prepare(&mut self, n: usize) {
        let (Some(neighbor), Some(line)) = (self.neighbors.list.get(n), self.lines.get_mut(n)) else {
            return;
        };
        if line.is_some() {
            return;
        }
        let made = self.neighbors.held.neighbor_client(&neighbor.terminal).map_err(|error| error.to_string());
        let made = made.and_then(|tls| {
            // What neighbors give takes nothing of the site's line: no budget, no throttle.
            let meter = Meter::new(0, u64::MAX, None);
            let line = Line::at(&tls, neighbor.address.clone(), meter, Pace::NEIGHBOR);
            line.map_err(|error| error.to_string())
        });
        match made {
            Ok(made) => *line = Some(made),
            Err(error) => tracing::warn!(terminal = %neighbor.terminal, error, "a neighbor cannot be asked"),
        }
    }

    /// Takes the next object from a neighbor. `true` when it was the last one.
    async fn take_from(&mut self, n: usize) -> Result<bool, Trouble> {
        let Some(line) = self.lines.get(n).cloned().flatten() else {
            self.choice.drop(n);
            return Ok(false);
        };
        let Some(entry) = self.next_missing(n, &line).await? else {
            return Ok(self.missing.as_ref().is_some_and(VecDeque::is_empty));
        };
        let got = take(self.fetch, &line, &entry).await?;
        match got {
            Got::Everything => {
                self.choice.gave(n);
                let missing = self.missing.get_or_insert_default();
                missing.pop_front();
                return match missing.is_empty() {
                    true => self.sync().await.map(|()| true),
                    false => Ok(false),
                };
            }
            Got::Part => self.choice.gave(n),
            Got::Nothing => self.choice.failed(n, Instant::now()),
            Got::Busy => self.choice.busy(n, Instant::now()),
            Got::Foreign => {}
            Got::Absent => self.choice.drop(n),
            Got::Wrong(finding) => {
                self.give_up(entry.clone()).await?;
                self.blame(n, finding, entry.sha256.to_string());
            }
        }
        Ok(false)
    }

    /// What is fetched next, with the manifest first. `None` where nothing is, or the neighbor does not
    /// give the manifest.
    async fn next_missing(&mut self, n: usize, line: &Line) -> Result<Option<Entry>, Trouble> {
        if self.missing.is_none() {
            let (content, wanted) = (self.fetch.content.clone(), self.fetch.wanted);
            let known = blocking(move || Ok(content.manifest(&wanted)?)).await?.is_some();
            if !known && !self.manifest_from(n, line, wanted).await? {
                return Ok(None);
            }
            let content = self.fetch.content.clone();
            let missing = blocking(move || {
                let manifest = content.manifest(&wanted)?.ok_or(StoreError::UnknownManifest(wanted))?;
                content.admit(&manifest)?;
                Ok(content.missing(&manifest))
            });
            let missing = VecDeque::from(missing.await?);
            let needed: u64 = missing.iter().map(|entry| entry.size).sum();
            self.fetch.progress.send_modify(|bytes| bytes.total = bytes.done.saturating_add(needed));
            self.missing = Some(missing);
        }
        Ok(self.missing.as_ref().and_then(|missing| missing.front().cloned()))
    }

    /// Fetches the manifest. `false` when this neighbor does not give it.
    async fn manifest_from(&mut self, n: usize, line: &Line, wanted: ManifestId) -> Result<bool, Trouble> {
        let path = format!("{OBJECTS}{wanted}");
        let got = async { line.get(&path, 0, None, MANIFEST_BYTES_MAX).await?.whole().await };
        let got = self.fetch.halt.run_until_cancelled(got).await.ok_or_else(Trouble::halted)?;
        let bytes = match got {
            Ok(bytes) => bytes,
            Err(error) => {
                match Got::of(&error) {
                    Got::Busy => self.choice.busy(n, Instant::now()),
                    Got::Absent => self.choice.drop(n),
                    Got::Wrong(finding) => self.blame(n, finding, wanted.to_string()),
                    _ => self.choice.failed(n, Instant::now()),
                }
                return Ok(false);
            }
        };
        let (content, came) = (self.fetch.content.clone(), bytes.len() as u64);
        let kept = blocking(move || Ok(content.put_manifest(&bytes, &wanted))).await?;
        match kept {
            Ok(_) => {
                self.fetch.progress.send_modify(|bytes| bytes.from_neighbor(came));
                Ok(true)
            }
            Err(StoreError::Mismatch { .. }) => {
                self.blame(n, super::take::LIED, wanted.to_string());
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Drops a neighbor, and says why.
    fn blame(&mut self, n: usize, finding: &'static str, object: String) {
        self.choice.drop(n);
        let Some(neighbor) = self.neighbors.list.get(n) else { return };
        let terminal = neighbor.terminal.clone();
        tracing::error!(%terminal, address = neighbor.address, finding, object, "a neighbor is asked no more");
        let dropped = Dropped { terminal, finding: finding.to_owned(), object };
        self.neighbors.outcome.send_modify(|outcome| outcome.dropped.push(dropped));
    }

    /// Gives up what has come of an object.
    async fn give_up(&self, entry: Entry) -> Result<(), Trouble> {
        let content = self.fetch.content.clone();
        blocking(move || match content.has(&entry.sha256, entry.size) {
            true => Ok(()),
            false => Ok(content.partial(&entry.sha256, entry.size)?.discard()?),
        })
        .await
    }

    async fn sync(&self) -> Result<(), Trouble> {
        let content = self.fetch.content.clone();
        blocking(move || Ok(content.sync()?)).await
    }
}

/// How far a neighbor says it is. `None` when it cannot be asked.
async fn word_of(line: Option<&Line>, path: &str) -> Option<Word> {
    let answer = match line?.get(path, 0, None, WORD_BYTES_MAX).await {
        Ok(answer) => answer.whole().await,
        Err(LineError::Missing { .. }) => return Some(Word::None),
        Err(error) => Err(error),
    };
    match answer {
        Ok(bytes) => serde_json::from_slice(&bytes).ok(),
        Err(error) => {
            tracing::debug!(error = crate::update::line::with_causes(&error), "a neighbor does not answer");
            None
        }
    }
}
