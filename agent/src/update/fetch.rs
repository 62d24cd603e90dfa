//! Fetches what a release needs and the display has not: by the prepared pack from what is in
//! service, or, where there is none or it is not right, object by object. Everything is verified
//! before it counts; what has come is kept, and the next try goes on at that byte.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes as Piece;
use migrado_content::delta::{Cursor, PackError, PackReader};
use migrado_content::limits::MANIFEST_BYTES_MAX;
use migrado_content::manifest::ManifestId;
use migrado_content::store::{Store as Content, StoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::line::{Answer, Line, LineError, with_causes};
use super::machine::Broken;
use super::record::Bytes;
use crate::store::Store;

/// Pieces that may wait for the disk: a line faster than the disk is held up, not kept in memory.
const PIECES: usize = 8;
/// Bytes of a pack after which what came is put on the disk for good: lost again with the power.
const CHECKPOINT_BYTES: u64 = 4 * 1024 * 1024;
/// How long a pack that is being made is waited for before the objects are fetched one by one.
const PACK_PATIENCE: Duration = Duration::from_secs(90);
/// The pause between two looks for it, where the controller names none.
const PACK_PAUSE: Duration = Duration::from_secs(5);
/// A pack may have this many times the release's bytes before it counts as endless, one and a bit:
/// what cannot be compressed grows by its lines.
const PACK_SHARE_PERCENT: u64 = 110;

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

impl From<PackError> for Trouble {
    fn from(error: PackError) -> Self {
        match error {
            PackError::Store(error) => error.into(),
            error => {
                let is_passing = !error.is_about_data();
                let finding = if is_passing { "truncated" } else { "tampered" };
                let broken = Broken { finding: finding.to_owned(), detail: with_causes(&error) };
                Self { broken, is_passing }
            }
        }
    }
}

/// Where the download of a pack stands, for the next start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackMark {
    base: Option<String>,
    target: String,
    /// The version of the pack.
    tag: Option<String>,
    cursor: Cursor,
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
        match self.pack().await {
            Ok(()) => {}
            Err(PackEnd::None) => self.objects().await?,
            Err(PackEnd::Trouble(trouble)) if trouble.is_passing || is_ours(&trouble) => return Err(trouble),
            Err(PackEnd::Trouble(trouble)) => {
                // The signed manifest decides what is right; a wrong pack costs bytes and no more.
                tracing::warn!(detail = trouble.broken.detail, "the pack is wrong; its objects are fetched");
                self.objects().await?;
            }
        }
        if self.is_complete().await? {
            return Ok(());
        }
        let detail = "objects are missing after everything was fetched".to_owned();
        Err(Trouble { broken: Broken { finding: "truncated".into(), detail }, is_passing: true })
    }

    async fn is_complete(&self) -> Result<bool, Trouble> {
        let (content, wanted) = (self.content.clone(), self.wanted);
        blocking(move || {
            let manifest = content.manifest(&wanted)?;
            Ok(manifest.is_some_and(|manifest| content.missing(&manifest).is_empty()))
        })
        .await
    }

    /// Fetches the pack from what is in service.
    async fn pack(&self) -> Result<(), PackEnd> {
        let base = self.content.active();
        let base_text = base.map(|base| base.to_string());
        let path = format!("/content/v1/packs/{}/{}", base_text.as_deref().unwrap_or("none"), self.wanted);
        let mark = self.store.pack_mark().unwrap_or_default();
        let target = self.wanted.to_string();
        let mark = mark.filter(|mark| mark.base == base_text && mark.target == target);
        let began = tokio::time::Instant::now();
        let answer = loop {
            let (begins, tag) = mark.as_ref().map_or((0, None), |m| (m.cursor.pack_bytes, m.tag.as_deref()));
            match self.line.get(&path, begins, tag, self.pack_bytes_max()).await {
                Ok(answer) => break answer,
                Err(LineError::Missing { retry_after_s: Some(s), .. }) if began.elapsed() < PACK_PATIENCE => {
                    let pause = Duration::from_secs(s).clamp(Duration::from_secs(1), PACK_PAUSE);
                    let paused = self.halt.run_until_cancelled(tokio::time::sleep(pause)).await;
                    paused.ok_or_else(|| PackEnd::Trouble(Trouble::halted()))?;
                }
                Err(LineError::Missing { .. }) => return Err(PackEnd::None),
                Err(error) => return Err(PackEnd::Trouble(error.into())),
            }
        };
        let cursor = mark.map(|mark| mark.cursor).filter(|c| answer.begins() == c.pack_bytes);
        let mark =
            |cursor| PackMark { base: base_text.clone(), target: target.clone(), tag: answer.tag(), cursor };
        let total = answer.total().unwrap_or(0);
        let first = mark(Cursor { pack_bytes: 0, file: None, last: None });
        self.take(answer, base, cursor, first, total).await.map_err(PackEnd::Trouble)
    }

    fn pack_bytes_max(&self) -> u64 {
        let share = (self.release_bytes / 100).saturating_mul(PACK_SHARE_PERCENT);
        share.saturating_add(MANIFEST_BYTES_MAX)
    }

    /// Puts the pieces of a pack into the store, on a thread for that.
    async fn take(
        &self,
        mut answer: Answer,
        base: Option<ManifestId>,
        cursor: Option<Cursor>,
        mark: PackMark,
        total: u64,
    ) -> Result<(), Trouble> {
        let (pieces, arriving) = mpsc::channel::<Piece>(PIECES);
        let (content, store, wanted) = (self.content.clone(), self.store.clone(), self.wanted);
        let taking = blocking(move || {
            let reader = match cursor {
                Some(cursor) => PackReader::resume(content.clone(), base, wanted, cursor),
                None => PackReader::new(content, base, wanted),
            };
            // What the mark says is not there any more: the next try begins at the pack's beginning.
            let reader = match reader {
                Err(error @ PackError::Resume { .. }) => {
                    store.keep_pack_mark(None).map_err(kept)?;
                    return Err(error.into());
                }
                reader => reader?,
            };
            take_pieces(reader, arriving, &store, &mark)
        });
        let giving = async {
            let mut came = cursor.map_or(0, |c| c.pack_bytes);
            loop {
                // Cancel-safe: what was not given is asked for again.
                let piece = self.halt.run_until_cancelled(answer.piece()).await;
                match piece.unwrap_or_else(|| Ok(None)) {
                    Ok(Some(piece)) => {
                        came += piece.len() as u64;
                        self.progress.send_modify(|b| {
                            (b.done, b.total) = (self.line.meter().taken(), total.max(came))
                        });
                        // The other side has failed, and says why.
                        if pieces.send(piece).await.is_err() {
                            return Ok(());
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        drop(pieces);
                        return Err(error);
                    }
                }
            }
            drop(pieces);
            Ok(())
        };
        // Dropped together: the thread then finds no more pieces, and keeps what it has.
        let (given, taken) = tokio::join!(giving, taking);
        given?;
        taken
    }

    async fn next(&self, answer: &mut Answer) -> Result<Option<Piece>, Trouble> {
        let piece = self.halt.run_until_cancelled(answer.piece()).await;
        Ok(piece.ok_or_else(Trouble::halted)??)
    }

    /// Fetches the manifest and each missing object.
    pub async fn objects(&self) -> Result<(), Trouble> {
        let (content, wanted) = (self.content.clone(), self.wanted);
        let known = blocking(move || Ok(content.manifest(&wanted)?)).await?;
        let manifest = match known {
            Some(manifest) => manifest,
            None => {
                let path = format!("/content/v1/objects/{}", self.wanted);
                let bytes = self.line.get(&path, 0, None, MANIFEST_BYTES_MAX).await?.whole().await?;
                let (content, wanted) = (self.content.clone(), self.wanted);
                blocking(move || Ok(content.put_manifest(&bytes, &wanted)?)).await?
            }
        };
        let content = self.content.clone();
        let missing = blocking(move || {
            content.admit(&manifest)?;
            Ok(content.missing(&manifest))
        })
        .await?;
        let total: u64 = self.line.meter().taken() + missing.iter().map(|entry| entry.size).sum::<u64>();
        self.progress.send_modify(|bytes| bytes.total = total);
        for entry in missing {
            let content = self.content.clone();
            let mut partial = blocking(move || Ok(content.partial(&entry.sha256, entry.size)?)).await?;
            if partial.len() < entry.size {
                let path = format!("/content/v1/objects/{}", entry.sha256);
                // An object is its name: there is no other version that a part could belong to.
                let mut answer = self.line.get(&path, partial.len(), None, entry.size).await?;
                // Who does not go on where it was asked to begins anew.
                let begins = answer.begins();
                partial =
                    blocking(move || partial.rewind(begins).map(|()| partial).map_err(Trouble::from)).await?;
                while let Some(piece) = self.next(&mut answer).await? {
                    self.progress.send_modify(|bytes| bytes.done = self.line.meter().taken());
                    partial =
                        blocking(move || partial.append(&piece).map(|()| partial).map_err(Trouble::from))
                            .await?;
                }
            }
            blocking(move || Ok(partial.finish()?)).await?;
        }
        let content = self.content.clone();
        blocking(move || Ok(content.sync()?)).await
    }
}

/// How the way by a pack ended.
#[derive(Debug)]
enum PackEnd {
    /// There is none.
    None,
    /// It broke off, or was not right.
    Trouble(Trouble),
}

/// Whether the display itself is at fault: fetching otherwise would not help.
fn is_ours(trouble: &Trouble) -> bool {
    ["no_space", "storage", "budget", "unknown_format"].contains(&trouble.broken.finding.as_str())
}

fn take_pieces(
    mut reader: PackReader,
    mut arriving: mpsc::Receiver<Piece>,
    store: &Store,
    mark: &PackMark,
) -> Result<(), Trouble> {
    let keep = |reader: &PackReader| -> Result<(), Trouble> {
        let cursor = reader.checkpoint()?;
        store.keep_pack_mark(Some(&PackMark { cursor, ..mark.clone() })).map_err(kept)
    };
    let mut kept_at = reader.progress().pack_bytes;
    while let Some(piece) = arriving.blocking_recv() {
        match reader.push(&piece) {
            Ok(progress) if progress.pack_bytes - kept_at >= CHECKPOINT_BYTES => {
                keep(&reader)?;
                kept_at = progress.pack_bytes;
            }
            Ok(_) => {}
            Err(error) => {
                store.keep_pack_mark(None).map_err(kept)?;
                return Err(error.into());
            }
        }
    }
    if !reader.progress().complete {
        keep(&reader)?;
    }
    let finished = reader.finish().map(drop).map_err(Trouble::from);
    if finished.is_ok() {
        store.keep_pack_mark(None).map_err(kept)?;
    }
    finished
}

fn kept(error: crate::store::StoreError) -> Trouble {
    let broken = Broken { finding: "storage".into(), detail: with_causes(&error) };
    Trouble { broken, is_passing: false }
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
