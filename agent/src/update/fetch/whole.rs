//! The way without anything that is prepared: the manifest, and each missing object as it is.

use axum::body::Bytes as Piece;
use migrado_content::limits::MANIFEST_BYTES_MAX;

use super::{Fetch, Trouble, blocking};
use crate::update::line::Answer;

impl Fetch {
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

    async fn next(&self, answer: &mut Answer) -> Result<Option<Piece>, Trouble> {
        let piece = self.halt.run_until_cancelled(answer.piece()).await;
        Ok(piece.ok_or_else(Trouble::halted)??)
    }
}
