//! The root: which keys may sign what, and how many of them are needed. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sigstore_tuf::{Metadata, Root};

use super::error::SignError;
use crate::freshness::head;
use crate::keys::{KeyError, PublicKey};

/// What a root says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Its version, from one on.
    pub version: u64,
    /// When a new one must be there.
    pub expires: Timestamp,
    /// The keys that make the next root.
    pub roots: Vec<PublicKey>,
    /// How many of them it takes.
    pub threshold: usize,
    /// The keys that publish.
    pub contents: Vec<PublicKey>,
    /// The controller's.
    pub freshness: PublicKey,
}

impl Spec {
    /// Checks that the numbers make sense together.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), SignError> {
        let wrong = |text: String| Err(SignError::Numbers(text));
        let (roots, threshold) = (self.roots.len(), self.threshold);
        if roots == 0 || self.contents.is_empty() {
            return wrong("at least one root key and one content key are needed".to_owned());
        }
        if threshold == 0 || threshold > roots {
            return wrong(format!("{threshold} of {roots} root keys cannot sign: give 1 to {roots}"));
        }
        let all: Vec<PublicKey> =
            self.roots.iter().chain(&self.contents).chain([&self.freshness]).copied().collect();
        let twice = all.iter().enumerate().find(|(at, key)| all.iter().take(*at).any(|other| other == *key));
        match twice {
            Some((_, key)) => wrong(format!("the key {key} has two roles: each needs one of its own")),
            None => Ok(()),
        }
    }

    /// The document that is signed.
    #[must_use]
    pub fn document(&self) -> Value {
        let all = self.roots.iter().chain(&self.contents).chain([&self.freshness]);
        let keys: Map<String, Value> = all.map(|key| (key.id(), key.to_json())).collect();
        let role = |keys: &[PublicKey], threshold: usize| {
            let ids: Vec<String> = keys.iter().map(PublicKey::id).collect();
            json!({"keyids": ids, "threshold": threshold})
        };
        let roles = json!({
            "root": role(&self.roots, self.threshold),
            "targets": role(&self.contents, 1),
            "snapshot": role(&[self.freshness], 1),
            "timestamp": role(&[self.freshness], 1),
        });
        let rest = json!({"consistent_snapshot": true, "keys": keys, "roles": roles});
        head("root", self.version, self.expires, rest)
    }

    /// Reads a root that was made here.
    ///
    /// # Errors
    /// When it is none, or names keys of another kind.
    pub fn read(bytes: &[u8]) -> Result<Self, SignError> {
        let parsed = Metadata::<Root>::from_slice(bytes).map_err(crate::freshness::FreshnessError::Root)?;
        let root = parsed.signed();
        let keys = |role: &str| -> Result<Vec<PublicKey>, SignError> {
            let ids = root.role(role).map(|role| role.keyids.clone()).unwrap_or_default();
            let read = |id: &String| {
                let key = root.keys.get(id).ok_or(KeyError::Public)?;
                PublicKey::from_json(&serde_json::to_value(key).unwrap_or_default())
            };
            ids.iter().map(read).collect::<Result<_, _>>().map_err(SignError::from)
        };
        let freshness = keys("timestamp")?.first().copied().ok_or(KeyError::Public)?;
        Ok(Self {
            version: root.version,
            expires: root.expires,
            roots: keys("root")?,
            threshold: root.role("root").map_or(0, |role| role.threshold),
            contents: keys("targets")?,
            freshness,
        })
    }
}
