//! The way without anything that is prepared: the manifest, and each missing object as it is.

use axum::body::Bytes as Piece;
use migrado_content::limits::MANIFEST_BYTES_MAX;
use migrado_content::manifest::{Entry, Manifest};
use migrado_content::store::{Partial, StoreError};

use super::{Fetch, Trouble, blocking};
use crate::update::line::Answer;

impl Fetch {
    /// Fetches the manifest and each missing object.
    pub async fn objects(&self) -> Result<(), Trouble> {
        let missing = self.missing().await?;
        let needed: u64 = missing.iter().map(|entry| entry.size).sum();
        let before = self.progress.borrow().done;
        self.came(|_| before.saturating_add(needed));
        for entry in missing {
            let (partial, is_resumed) = self.bring(&entry).await?;
            match blocking(move || Ok(partial.finish())).await? {
                // The beginning came another way, or before a power cut: it is not the line's fault.
                Err(StoreError::Mismatch { object, .. }) if is_resumed => {
                    tracing::warn!(%object, "what was here of an object is not right; it is fetched anew");
                    let (partial, _) = self.bring(&entry).await?;
                    blocking(move || Ok(partial.finish()?)).await?;
                }
                finished => finished?,
            }
        }
        let content = self.content.clone();
        blocking(move || Ok(content.sync()?)).await
    }

    /// What is missing, by the manifest, which is fetched first. Refused where there is no room for it.
    pub(super) async fn missing(&self) -> Result<Vec<Entry>, Trouble> {
        let manifest = self.manifest().await?;
        let content = self.content.clone();
        blocking(move || {
            content.admit(&manifest)?;
            Ok(content.missing(&manifest))
        })
        .await
    }

    async fn manifest(&self) -> Result<Manifest, Trouble> {
        let (content, wanted) = (self.content.clone(), self.wanted);
        if let Some(manifest) = blocking(move || Ok(content.manifest(&wanted)?)).await? {
            return Ok(manifest);
        }
        let path = format!("/content/v1/objects/{}", self.wanted);
        let bytes = self.line.get(&path, 0, None, MANIFEST_BYTES_MAX).await?.whole().await?;
        let content = self.content.clone();
        blocking(move || Ok(content.put_manifest(&bytes, &wanted)?)).await
    }

    /// Brings an object to its last byte. Gives also whether a part of it was here before.
    async fn bring(&self, entry: &Entry) -> Result<(Partial, bool), Trouble> {
        let (content, object, size) = (self.content.clone(), entry.sha256, entry.size);
        let mut partial = blocking(move || Ok(content.partial(&object, size)?)).await?;
        let mut begins = partial.len();
        if begins < size {
            let path = format!("/content/v1/objects/{object}");
            // An object is its name: there is no other version that a part could belong to.
            let mut answer = self.line.get(&path, begins, None, size).await?;
            // Who does not go on where it was asked to begins anew.
            begins = answer.begins();
            partial =
                blocking(move || partial.rewind(begins).map(|()| partial).map_err(Trouble::from)).await?;
            while let Some(piece) = self.next(&mut answer).await? {
                self.came(|total| total);
                partial =
                    blocking(move || partial.append(&piece).map(|()| partial).map_err(Trouble::from)).await?;
            }
        }
        Ok((partial, begins > 0))
    }

    pub(super) async fn next(&self, answer: &mut Answer) -> Result<Option<Piece>, Trouble> {
        let piece = self.halt.run_until_cancelled(answer.piece()).await;
        Ok(piece.ok_or_else(Trouble::halted)??)
    }
}
