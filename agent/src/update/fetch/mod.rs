//! Fetches what a release needs and the display has not: by the prepared pack from what is in
//! service ([`pack`]); where there is none or it is not right, by chunks of what is here ([`chunks`]);
//! and where that does not go either, object by object ([`whole`]). Everything is verified before it
//! counts; what has come is kept, and the next try goes on from there. Here: the order of the ways, and
//! what they have in common.

mod chunks;
mod pack;
mod whole;

use std::sync::Arc;

use axum::body::Bytes as Piece;
use migrado_content::manifest::ManifestId;
use migrado_content::store::{Store as Content, StoreError};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::line::{Answer, Line, LineError, with_causes};
use super::machine::Broken;
use super::record::Bytes;
use crate::neighbors::ask::{Neighbors, ask};
use crate::store::Store;

use chunks::ChunksEnd;
use pack::PackEnd;
pub use pack::PackMark;

/// Pieces that may wait for the disk: a line faster than the disk is held up, not kept in memory.
const PIECES: usize = 8;

/// Why a fetch ended before everything was here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// By name and in words.
    pub broken: Broken,
    /// Whether trying again soon may help: the line is at fault, not the release.
    pub is_passing: bool,
}

impl From<LineError> for Trouble {
    fn from(error: LineError) -> Self {
        Self { is_passing: error.is_passing(), broken: error.broken() }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        let finding = match error.name() {
            "no_room" => "no_space",
            name => name,
        };
        let broken = Broken { finding: finding.to_owned(), detail: with_causes(&error) };
        Self { broken, is_passing: false }
    }
}

/// What one fetch needs.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// What the display keeps of content.
    pub content: Arc<Content>,
    /// What the agent remembers.
    pub store: Store,
    /// The line to the controller.
    pub line: Line,
    /// The release to have.
    pub wanted: ManifestId,
    /// Bytes of its files, as the signed list says.
    pub release_bytes: u64,
    /// Whom to ask before the controller.
    pub neighbors: Option<Neighbors>,
    /// Tells how far it is.
    pub progress: watch::Sender<Bytes>,
    /// Ends it in order: what came is put on the disk.
    pub halt: CancellationToken,
}

impl Trouble {
    /// It was told to halt.
    pub fn halted() -> Self {
        let detail = "the fetch was told to halt".to_owned();
        Self { broken: Broken { finding: "halted".into(), detail }, is_passing: true }
    }
}

impl Fetch {
    /// Fetches until everything is here, or it is told to halt. What came is kept.
    pub async fn run(&self) -> Result<(), Trouble> {
        if self.is_complete().await? {
            return Ok(());
        }
        if let Some(neighbors) = &self.neighbors {
            ask(self, neighbors).await?;
            if self.is_complete().await? {
                return Ok(());
            }
        }
        match self.pack().await {
            Ok(()) => {}
            Err(PackEnd::Trouble(trouble)) if trouble.is_passing || is_ours(&trouble) => return Err(trouble),
            Err(end) => {
                if let PackEnd::Trouble(trouble) = end {
                    // The signed manifest decides what is right; a wrong pack costs bytes and no more.
                    tracing::warn!(detail = trouble.broken.detail, "the pack is wrong; chunks are fetched");
                }
                self.without_pack().await?;
            }
        }
        if self.is_complete().await? {
            return Ok(());
        }
        let detail = "objects are missing after everything was fetched".to_owned();
        Err(Trouble { broken: Broken { finding: "truncated".into(), detail }, is_passing: true })
    }

    /// Notes what the line has brought so far, beside what neighbors gave.
    fn came(&self, total: impl FnOnce(u64) -> u64) {
        let taken = self.line.meter().taken();
        self.progress.send_modify(|bytes| {
            bytes.done = taken.saturating_add(bytes.from_neighbors);
            bytes.total = total(bytes.total);
        });
    }

    /// By chunks, and as a whole what does not come by them.
    async fn without_pack(&self) -> Result<(), Trouble> {
        match self.chunks().await {
            Ok(()) => {}
            Err(ChunksEnd::Trouble(trouble)) => return Err(trouble),
            Err(ChunksEnd::Closed(detail)) => {
                tracing::warn!(detail, "nothing comes by chunks; objects are fetched");
            }
            Err(ChunksEnd::Spoiled(object)) => {
                tracing::warn!(%object, "the disk spoiled an object; objects are fetched");
            }
        }
        self.objects().await
    }

    async fn is_complete(&self) -> Result<bool, Trouble> {
        let (content, wanted) = (self.content.clone(), self.wanted);
        blocking(move || {
            let manifest = content.manifest(&wanted)?;
            Ok(manifest.is_some_and(|manifest| content.missing(&manifest).is_empty()))
        })
        .await
    }

    /// Gives the pieces of an answer to work that waits for the disk, on a thread for that. Ends when
    /// the answer does or the fetch is told to halt: the work then finds no more pieces, and keeps
    /// what it has.
    pub(crate) async fn pour<T: Send + 'static>(
        &self,
        mut answer: Answer,
        mut told: impl FnMut(&Piece),
        work: impl FnOnce(mpsc::Receiver<Piece>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (pieces, arriving) = mpsc::channel::<Piece>(PIECES);
        let taking = blocking(move || work(arriving));
        // Takes the sender with it: its end is how the work learns that nothing more comes.
        let giving = async move {
            loop {
                // Cancel-safe: what was not given is asked for again.
                let piece = self.halt.run_until_cancelled(answer.piece()).await;
                let Some(piece) = piece.unwrap_or_else(|| Ok(None))? else { return Ok(()) };
                told(&piece);
                // The other side has failed, and says why.
                if pieces.send(piece).await.is_err() {
                    return Ok(());
                }
            }
        };
        let (given, taken): (Result<(), LineError>, _) = tokio::join!(giving, taking);
        given?;
        taken
    }
}

/// Whether the display itself is at fault: fetching otherwise would not help.
fn is_ours(trouble: &Trouble) -> bool {
    ["no_space", "storage", "budget", "unknown_format"].contains(&trouble.broken.finding.as_str())
}

/// Does what waits for the disk where it holds nobody up.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => {
            let broken = Broken { finding: "internal".into(), detail: error.to_string() };
            Err(Trouble { broken, is_passing: false })
        }
    }
}

#[cfg(test)]
mod chunks_tests;
