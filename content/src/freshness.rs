//! What the controller signs with its own key: that a list is the newest one (snapshot, timestamp).
//! It decides when a list goes out and holds nothing with which one could be made.
//!
//! The walk of a publication: an editor's roots and targets come in, [`Snapshot::sign`], then
//! [`timestamp`], then [`crate::trust::check`] over the whole, and only then it is live. Every hour a
//! new timestamp for the same snapshot.

use jiff::Timestamp;
use serde_json::{Value, json};
use sigstore_tuf::{Metadata, Root, Targets};

use crate::digest::Digest;
use crate::keys::{EnvelopeError, Key, PublicKey, seal};

/// The version of the framework's format that is written.
pub(crate) const SPEC_VERSION: &str = "1.0.31";

/// Freshness was not signed.
#[derive(Debug, thiserror::Error)]
pub enum FreshnessError {
    /// The list to vouch for cannot be read.
    #[error("the signed list cannot be read")]
    Targets(#[source] sigstore_tuf::Error),
    /// The root cannot be read.
    #[error("the root cannot be read")]
    Root(#[source] sigstore_tuf::Error),
    /// The root names another key.
    #[error("the newest root names the freshness keys {named:?}, not {ours}: rotate the root to this key")]
    OtherKey {
        /// Ids of the keys that it names.
        named: Vec<String>,
        /// The id of the key at hand.
        ours: String,
    },
    /// It was not signed.
    #[error("it cannot be signed")]
    Sign(#[from] EnvelopeError),
}

/// A signed snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its version: one more than that of the last.
    pub version: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Snapshot {
    /// Signs that this list is the newest.
    ///
    /// # Errors
    /// When the list cannot be read, or the key does not sign.
    pub fn sign(targets: &[u8], version: u64, expires: Timestamp, key: &Key) -> Result<Self, FreshnessError> {
        let list = Metadata::<Targets>::from_slice(targets).map_err(FreshnessError::Targets)?;
        let meta = json!({"targets.json": pin(list.signed().version, targets)});
        let signed = head("snapshot", version, expires, json!({"meta": meta}));
        Ok(Self { version, bytes: seal(&signed, &[key])? })
    }

    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.snapshot.json", self.version)
    }
}

/// Signs that this snapshot is the newest: the bytes of `timestamp.json`.
///
/// # Errors
/// When the key does not sign.
pub fn timestamp(
    snapshot: &Snapshot,
    version: u64,
    expires: Timestamp,
    key: &Key,
) -> Result<Vec<u8>, FreshnessError> {
    let meta = json!({"snapshot.json": pin(snapshot.version, &snapshot.bytes)});
    Ok(seal(&head("timestamp", version, expires, json!({"meta": meta})), &[key])?)
}

/// Whether a root takes this key for freshness. Ask before signing: displays refuse every other.
///
/// # Errors
/// When the root cannot be read, or names other keys.
pub fn is_named(root: &[u8], key: PublicKey) -> Result<(), FreshnessError> {
    let root = Metadata::<Root>::from_slice(root).map_err(FreshnessError::Root)?;
    let ours = key.id();
    for role in ["snapshot", "timestamp"] {
        let named = root.signed().role(role).map(|role| role.keyids.clone()).unwrap_or_default();
        if !named.contains(&ours) {
            return Err(FreshnessError::OtherKey { named, ours });
        }
    }
    Ok(())
}

/// The version of a signed list, to name its file.
///
/// # Errors
/// When it cannot be read.
pub fn targets_version(targets: &[u8]) -> Result<u64, FreshnessError> {
    Metadata::<Targets>::from_slice(targets).map(|t| t.signed().version).map_err(FreshnessError::Targets)
}

/// The version of a root, to name its file.
///
/// # Errors
/// When it cannot be read.
pub fn root_version(root: &[u8]) -> Result<u64, FreshnessError> {
    Metadata::<Root>::from_slice(root).map(|root| root.signed().version).map_err(FreshnessError::Root)
}

fn pin(version: u64, bytes: &[u8]) -> Value {
    json!({"version": version, "length": bytes.len(), "hashes": {"sha256": Digest::of(bytes)}})
}

/// What every document begins with. Whole seconds: other implementations read no fractions.
pub(crate) fn head(kind: &str, version: u64, expires: Timestamp, rest: Value) -> Value {
    let mut document = rest;
    document["_type"] = json!(kind);
    document["spec_version"] = json!(SPEC_VERSION);
    document["version"] = json!(version);
    document["expires"] = json!(moment(expires));
    document
}

/// A moment as the framework writes it.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
