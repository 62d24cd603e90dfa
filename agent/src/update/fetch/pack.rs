//! The way by a prepared pack: one stream that turns what is in service into what is wanted.

use std::time::Duration;

use axum::body::Bytes as Piece;
use migrado_content::delta::{Cursor, PackError, PackReader};
use migrado_content::limits::MANIFEST_BYTES_MAX;
use migrado_content::manifest::ManifestId;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{Fetch, Trouble};
use crate::store::Store;
use crate::update::line::{Answer, LineError, with_causes};
use crate::update::machine::Broken;

/// Bytes of a pack after which what came is put on the disk for good: lost again with the power.
const CHECKPOINT_BYTES: u64 = 4 * 1024 * 1024;
/// How long a pack that is being made is waited for before the objects are fetched one by one.
const PACK_PATIENCE: Duration = Duration::from_secs(90);
/// The pause between two looks for it, where the controller names none.
const PACK_PAUSE: Duration = Duration::from_secs(5);
/// A pack may have this many times the release's bytes before it counts as endless, one and a bit:
/// what cannot be compressed grows by its lines.
const PACK_SHARE_PERCENT: u64 = 110;

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

impl Fetch {
    /// Fetches the pack from what is in service.
    pub(super) async fn pack(&self) -> Result<(), PackEnd> {
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
        answer: Answer,
        base: Option<ManifestId>,
        cursor: Option<Cursor>,
        mark: PackMark,
        total: u64,
    ) -> Result<(), Trouble> {
        let (content, store, wanted) = (self.content.clone(), self.store.clone(), self.wanted);
        let mut came = cursor.map_or(0, |c| c.pack_bytes);
        let told = |piece: &Piece| {
            came += piece.len() as u64;
            self.came(|_| total.max(came));
        };
        let work = move |arriving| {
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
        };
        self.pour(answer, told, work).await
    }
}

/// How the way by a pack ended.
#[derive(Debug)]
pub(super) enum PackEnd {
    /// There is none.
    None,
    /// It broke off, or was not right.
    Trouble(Trouble),
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
