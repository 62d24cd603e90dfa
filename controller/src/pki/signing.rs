//! The key that signs orders, and how it is replaced: the old key endorses the new one, and the
//! chain of endorsements is kept, so that a terminal that was away can follow it from the key it
//! holds. Old private keys are not kept.
//!
//! Files, below `<data_dir>/pki/private`: `signing.pk8` is the first key, `signing-<id>.pk8` a later
//! one, `signing.json` the chain. The chain's end names the key that counts: replacing that one file
//! is the whole rotation, and a power cut leaves the old key or the new one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use migrado_link::signing::Signer;
use migrado_protocol::endorse::{ENDORSEMENTS_MAX, Endorsement, SigningChain};
use migrado_protocol::enroll::SigningKey;

use super::PkiError;
use crate::files;

/// The file of the first key.
const FIRST_KEY: &str = "signing.pk8";
/// The file of the chain.
const CHAIN: &str = "signing.json";

#[derive(Debug)]
struct Held {
    signer: Arc<Signer>,
    chain: SigningChain,
}

/// The key that signs orders now, and the chain that leads to it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Signing {
    folder: PathBuf,
    held: Arc<RwLock<Held>>,
}

impl Signing {
    /// Opens the key, or makes the first one.
    pub(super) fn open(folder: &Path) -> Result<Self, PkiError> {
        let chain = read_chain(&folder.join(CHAIN))?;
        let (key_file, pkcs8) = match chain.endorsements.last() {
            Some(last) => {
                let file = folder.join(key_name(&last.key.id));
                let pkcs8 = files::read_bytes(&file)?.ok_or(PkiError::Half(file.clone()))?;
                (file, Some(pkcs8))
            }
            None => (folder.join(FIRST_KEY), files::read_bytes(&folder.join(FIRST_KEY))?),
        };
        let signer = match pkcs8 {
            Some(pkcs8) => Signer::from_pkcs8(&pkcs8).map_err(PkiError::Signing)?,
            None => {
                let (signer, pkcs8) = Signer::generate().map_err(PkiError::Signing)?;
                files::replace_file(&key_file, &pkcs8, files::PRIVATE)?;
                signer
            }
        };
        forget_others(folder, &key_file);
        let held = Held { signer: Arc::new(signer), chain };
        Ok(Self { folder: folder.to_owned(), held: Arc::new(RwLock::new(held)) })
    }

    /// Signs orders now. Whoever signs several things that belong together keeps it.
    pub fn signer(&self) -> Arc<Signer> {
        self.read().signer.clone()
    }

    /// What leads from earlier keys to this one.
    pub fn chain(&self) -> SigningChain {
        self.read().chain.clone()
    }

    /// Replaces the key by a new one that the old one endorses; gives the new one. Orders that were
    /// signed before are to be signed again by whoever gave them.
    pub fn rotate(&self, now_ms: i64) -> Result<SigningKey, PkiError> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let (signer, pkcs8) = Signer::generate().map_err(PkiError::Signing)?;
        let key_file = self.folder.join(key_name(&signer.public().id));
        let mut chain = held.chain.clone();
        chain.endorsements.push(held.signer.endorse(signer.public(), now_ms));
        let surplus = chain.endorsements.len().saturating_sub(ENDORSEMENTS_MAX);
        chain.endorsements.drain(..surplus);
        files::replace_file(&key_file, &pkcs8, files::PRIVATE)?;
        let text = serde_json::to_vec(&chain).map_err(|source| PkiError::Chain { source })?;
        files::replace_file(&self.folder.join(CHAIN), &text, files::PRIVATE)?;
        forget_others(&self.folder, &key_file);
        let key = signer.public().clone();
        *held = Held { signer: Arc::new(signer), chain };
        Ok(key)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_name(id: &str) -> String {
    format!("signing-{id}.pk8")
}

fn read_chain(file: &Path) -> Result<SigningChain, PkiError> {
    let Some(text) = files::read_bytes(file)? else { return Ok(SigningChain::default()) };
    let chain: SigningChain = serde_json::from_slice(&text).map_err(|source| PkiError::Chain { source })?;
    // The name of a key becomes the name of a file.
    let is_name = |e: &Endorsement| !e.key.id.is_empty() && e.key.id.bytes().all(|b| b.is_ascii_hexdigit());
    match chain.endorsements.iter().all(is_name) {
        true => Ok(chain),
        false => Err(PkiError::Half(file.to_owned())),
    }
}

/// Removes keys that sign nothing any more: the one that was replaced, or one of a rotation that a
/// power cut stopped before it counted. What cannot be removed is tried again at the next start.
fn forget_others(folder: &Path, current: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let is_key = name.starts_with("signing") && name.ends_with(".pk8");
        if is_key && path != current && std::fs::remove_file(&path).is_err() {
            tracing::warn!(file = %path.display(), "an old signing key could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use migrado_link::signing::follow;

    use super::*;

    const NOW_MS: i64 = 1_795_000_000_000;

    fn keys(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        entries.filter(|e| e.file_name().to_str().unwrap().ends_with(".pk8")).count()
    }

    #[test]
    fn the_key_of_a_rotation_is_the_key_after_a_restart_and_the_old_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let signing = Signing::open(folder.path()).unwrap();
        let first = signing.signer().public().clone();
        assert_eq!(Signing::open(folder.path()).unwrap().signer().public(), &first);
        let second = signing.rotate(NOW_MS).unwrap();
        let third = signing.rotate(NOW_MS + 1).unwrap();
        assert!(first != second && second != third);
        let reopened = Signing::open(folder.path()).unwrap();
        assert_eq!(reopened.signer().public(), &third);
        assert_eq!(keys(folder.path()), 1);
        for held in [&first, &second] {
            let reached = follow(std::slice::from_ref(held), &reopened.chain()).unwrap();
            assert_eq!(reached, Some(third.clone()));
        }
    }

    #[test]
    fn a_power_cut_in_a_rotation_leaves_the_old_key() {
        let folder = tempfile::tempdir().unwrap();
        let signing = Signing::open(folder.path()).unwrap();
        let first = signing.signer().public().clone();
        // The new key is on the disk, the chain does not name it yet.
        let (_, pkcs8) = Signer::generate().unwrap();
        files::replace_file(&folder.path().join(key_name("00ff")), &pkcs8, files::PRIVATE).unwrap();
        assert_eq!(Signing::open(folder.path()).unwrap().signer().public(), &first);
        assert_eq!(keys(folder.path()), 1);
    }

    #[test]
    fn a_chain_whose_key_is_missing_is_named_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let key = Signing::open(folder.path()).unwrap().rotate(NOW_MS).unwrap();
        std::fs::remove_file(folder.path().join(key_name(&key.id))).unwrap();
        let error = Signing::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains(&key.id), "{error}");
    }

    #[test]
    fn the_chain_stays_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let signing = Signing::open(folder.path()).unwrap();
        for n in 0..ENDORSEMENTS_MAX + 3 {
            signing.rotate(NOW_MS + i64::try_from(n).unwrap()).unwrap();
        }
        let chain = signing.chain();
        assert_eq!(chain.endorsements.len(), ENDORSEMENTS_MAX);
        assert_eq!(&chain.endorsements.last().unwrap().key, signing.signer().public());
    }
}
