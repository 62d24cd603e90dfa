//! The way without anything that is prepared: the manifest, and each missing object as it is.

use axum::body::Bytes as Piece;
use migrado_content::limits::MANIFEST_BYTES_MAX;
use migrado_content::manifest::Entry;

use super::{Fetch, Trouble, blocking};
use crate::update::line::Answer;

/// An object did not come, or was wrong.
struct Refused {
    trouble: Trouble,
    /// The byte from which on it was fetched this time.
    begins: u64,
}

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
        let needed: u64 = missing.iter().map(|entry| entry.size).sum();
        let before = self.progress.borrow().done;
        self.came(|_| before.saturating_add(needed));
        for entry in &missing {
            match self.object(entry).await {
                // The beginning may have been somebody else's: a neighbor's, or that of a disk that lost
                // power. What came is given up; all of it from here is the controller's.
                Err(Refused { trouble, begins: 1.. }) if trouble.broken.finding == "tampered" => {
                    self.object(entry).await
                }
                brought => brought,
            }
            .map_err(|refused| refused.trouble)?;
        }
        let content = self.content.clone();
        blocking(move || Ok(content.sync()?)).await
    }

    /// Fetches what is missing of an object.
    async fn object(&self, entry: &Entry) -> Result<(), Refused> {
        let refused = |begins| move |trouble: Trouble| Refused { trouble, begins };
        let (content, object, size) = (self.content.clone(), entry.sha256, entry.size);
        let partial = blocking(move || Ok(content.partial(&object, size)?));
        let mut partial = partial.await.map_err(refused(0))?;
        let mut begins = partial.len();
        if begins < size {
            let path = format!("/content/v1/objects/{object}");
            // An object is its name: there is no other version that a part could belong to.
            let answer = self.line.get(&path, begins, None, size).await;
            let mut answer = answer.map_err(|error| refused(begins)(error.into()))?;
            // Who does not go on where it was asked to begins anew.
            begins = answer.begins();
            partial = blocking(move || partial.rewind(begins).map(|()| partial).map_err(Trouble::from))
                .await
                .map_err(refused(begins))?;
            while let Some(piece) = self.next(&mut answer).await.map_err(refused(begins))? {
                self.came(|total| total);
                partial = blocking(move || partial.append(&piece).map(|()| partial).map_err(Trouble::from))
                    .await
                    .map_err(refused(begins))?;
            }
        }
        blocking(move || Ok(partial.finish()?)).await.map_err(refused(begins))
    }

    async fn next(&self, answer: &mut Answer) -> Result<Option<Piece>, Trouble> {
        let piece = self.halt.run_until_cancelled(answer.piece()).await;
        Ok(piece.ok_or_else(Trouble::halted)??)
    }
}
