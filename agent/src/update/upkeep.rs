//! Looks after what is kept while nothing is to be done: reads a little of it again, fetches anew what
//! the disk spoiled, and asks once a day for the signed list, so that somebody who holds it back is
//! noticed. What is in service goes on meanwhile.

use std::sync::Arc;
use std::time::Duration;

use migrado_content::store::{Scrub, Store as Content};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::driver::Driver;
use super::fetch::{Fetch, Trouble, blocking};
use super::judge::Findings;
use super::line::{Line, LineError, Meter};
use super::list::listed;
use super::machine::Broken;
use super::record::Bytes;
use crate::neighbors::ask::{Outcome, ask};
use crate::platform::clock;

/// Bytes that are read again each time: a release of 300 MB within a day, at the usual pace.
const SCRUB_BYTES: u64 = 4 * 1024 * 1024;

/// How often the signed list is asked for where nothing else asks for it.
const LIST_PERIOD: Duration = Duration::from_secs(24 * 3600);
/// After how long it is asked for again when it could not be had, or was refused.
const LIST_AGAIN: Duration = Duration::from_secs(3600);

/// How far it is.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    scrub: Scrub,
    due: Option<Instant>,
    list_due: Option<Instant>,
    damaged: Option<String>,
    refused: Option<String>,
}

impl Upkeep {
    /// What was found and is not mended yet.
    pub(super) fn findings(&self) -> Findings<'_> {
        Findings { damaged: self.damaged.as_deref(), refused: self.refused.as_deref() }
    }

    /// The signed list has just been asked for, and was right.
    pub(super) fn asked(&mut self) {
        self.refused = None;
        self.list_due = Some(Instant::now() + LIST_PERIOD);
    }
}

impl Driver {
    /// Does what is due before a rest, and says how long that may be. A display without content has
    /// nothing to keep up, and is not woken for it.
    pub(super) async fn keep_up(&mut self, pause: Duration, stop: &CancellationToken) -> Duration {
        let is_idle = self.record.state().is_none_or(migrado_protocol::content::UpdateState::is_final);
        if !is_idle || self.parts.content.active().is_none() {
            return pause;
        }
        // At the start as well: a power cut may have come between the finding and the mending.
        if self.upkeep.due.is_none_or(|due| due <= Instant::now()) {
            if let Err(trouble) = self.look_after(stop).await {
                tracing::warn!(detail = trouble.broken.detail, "content could not be looked after");
            }
            if self.upkeep.list_due.is_none_or(|due| due <= Instant::now()) {
                self.ask_for_list(stop).await;
            }
            self.upkeep.due = Some(Instant::now() + self.parts.scrub_period);
            self.tell();
        }
        let left = self.upkeep.due.map_or(pause, |due| due.saturating_duration_since(Instant::now()));
        pause.min(left)
    }

    /// Asks for the signed list. One that is refused is a finding; a line that is down is none.
    async fn ask_for_list(&mut self, stop: &CancellationToken) {
        let asking = async {
            let line = self.line()?;
            self.parts.lists.refresh(&line, clock::now()).await
        };
        let asked = stop.run_until_cancelled(asking).await;
        self.upkeep.list_due = Some(Instant::now() + LIST_AGAIN);
        match asked {
            Some(Ok(releases)) => {
                self.record.listed(listed(&releases));
                self.upkeep.asked();
                self.keep().unwrap_or_else(|error| tracing::error!(%error, "the signed list is not kept"));
            }
            Some(Err(trouble)) if !trouble.is_passing => {
                let Broken { finding, detail } = trouble.broken;
                tracing::error!(finding, detail, "the signed list of releases is refused");
                self.upkeep.refused = Some(format!("{finding}: {detail}"));
            }
            Some(Err(trouble)) => tracing::debug!(detail = trouble.broken.detail, "no list could be had"),
            None => {}
        }
    }

    fn line(&self) -> Result<Line, LineError> {
        let meter = Meter::new(0, u64::MAX, self.throttle());
        Line::new(&self.parts.held.tls(), self.parts.held.controller(), meter)
    }

    async fn look_after(&mut self, stop: &CancellationToken) -> Result<(), Trouble> {
        let (content, mut scrub) = (self.parts.content.clone(), std::mem::take(&mut self.upkeep.scrub));
        let (scrub, missing) = blocking(move || {
            for damage in content.scrub(&mut scrub, SCRUB_BYTES)?.damaged {
                let (object, path) = (damage.object, damage.path.unwrap_or_default());
                tracing::error!(%object, path, unreadable = damage.unreadable, "the disk spoiled an object");
            }
            Ok((scrub, missing(&content)?))
        })
        .await?;
        self.upkeep.scrub = scrub;
        if missing == 0 {
            self.upkeep.damaged = None;
            return Ok(());
        }
        self.upkeep.damaged = Some(format!("{missing} files of the release in service are fetched anew"));
        self.tell();
        self.mend(stop).await?;
        tracing::info!(files = missing, "what the disk spoiled is whole again");
        self.upkeep.damaged = None;
        Ok(())
    }

    /// Fetches what the release in service lacks, from neighbors that have it or from the controller,
    /// and makes its tree whole.
    async fn mend(&mut self, stop: &CancellationToken) -> Result<(), Trouble> {
        let Some(active) = self.parts.content.active() else { return Ok(()) };
        // Nobody is waited for: who has it gives it, or the controller does.
        let (outcome, heard) = watch::channel(Outcome { in_vain: true, ..self.outcome.clone() });
        let wanted = self.wanted().filter(|wanted| wanted.manifest == active.to_string());
        let fetch = Fetch {
            content: self.parts.content.clone(),
            store: self.parts.store.clone(),
            line: self.line()?,
            wanted: active,
            release_bytes: 0,
            neighbors: wanted.and_then(|wanted| self.parts.neighbors(&wanted, outcome)),
            progress: watch::Sender::new(Bytes::default()),
            halt: stop.child_token(),
        };
        if let Some(neighbors) = &fetch.neighbors {
            let asked = ask(&fetch, neighbors).await;
            self.outcome.dropped.clone_from(&heard.borrow().dropped);
            self.record.dropped(&self.outcome.dropped);
            asked?;
        }
        fetch.objects().await?;
        let content = self.parts.content.clone();
        blocking(move || Ok(content.assemble(&active)?)).await
    }
}

/// How many files of the release in service are not kept.
fn missing(content: &Arc<Content>) -> Result<usize, Trouble> {
    let Some(active) = content.active() else { return Ok(0) };
    let manifest = content.manifest(&active)?;
    // Without its manifest nothing is known of it; that is fetched first.
    Ok(manifest.map_or(1, |manifest| content.missing(&manifest).len()))
}
