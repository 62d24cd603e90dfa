//! Every named attack against a display's trust, each beside the honest repository that passes.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

mod attacks;
mod kept;
mod rotation;

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Files, Releases, Trust, TrustError};
use crate::digest::Digest;
use crate::freshness::{Snapshot, timestamp};
use crate::keys::{Key, seal};
use crate::manifest::{Entry, Manifest};
use crate::sign::root::Spec;
use crate::sign::targets::{List, NewRelease};

/// The metadata of these tests come from memory: a future of theirs is ready at once.
fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a repository in memory does not wait"),
    }
}

fn refresh(trust: &mut Trust, repository: &Files, now: Timestamp) -> Result<Releases, TrustError> {
    now_or_never(trust.refresh(repository.clone(), now))
}

fn day(number: i64) -> Timestamp {
    "2026-11-25T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * number)
}

fn manifest(seed: u8) -> Manifest {
    let sha256 = Digest::of(&[seed]);
    Manifest::new(vec![Entry { path: "release.json".into(), sha256, size: 1 }]).unwrap()
}

/// Who holds which keys.
struct Publisher {
    root: Vec<Key>,
    content: Key,
    freshness: Key,
    spec: Spec,
    roots: Vec<Vec<u8>>,
    list: Vec<u8>,
}

impl Publisher {
    fn new() -> Self {
        let root: Vec<Key> = (0..3).map(|_| Key::generate().unwrap()).collect();
        let (content, freshness) = (Key::generate().unwrap(), Key::generate().unwrap());
        let spec = Spec {
            version: 1,
            expires: day(700),
            roots: root.iter().map(Key::public).collect(),
            threshold: 2,
            contents: vec![content.public()],
            freshness: freshness.public(),
        };
        let roots = vec![seal(&spec.document(), &[&root[0], &root[1]]).unwrap()];
        Self { root, content, freshness, spec, roots, list: Vec::new() }
    }

    /// Adds a release to the list: the first one on its day.
    fn publish(&mut self, number: i64) {
        let mut list = List::after(Some(self.list.as_slice()).filter(|list| !list.is_empty())).unwrap();
        let name = format!("2026-11-{}.1", 25 + number).parse().unwrap();
        let manifest = manifest(u8::try_from(number).unwrap());
        list.add(&NewRelease { name, title: "Winter".into(), published: day(number), manifest: &manifest })
            .unwrap();
        self.list = seal(&list.document(day(365)), &[&self.content]).unwrap();
    }

    /// What a controller serves, at a version of the snapshot and the timestamp.
    fn serve(&self, version: u64, until: Timestamp) -> Files {
        let mut files = Files::default();
        for (at, root) in self.roots.iter().enumerate() {
            files.put(&format!("{}.root.json", at + 1), root.clone());
        }
        let snapshot = Snapshot::sign(&self.list, version, until, &self.freshness).unwrap();
        let list = crate::freshness::targets_version(&self.list).unwrap();
        files.put(&format!("{list}.targets.json"), self.list.clone());
        files.put("timestamp.json", timestamp(&snapshot, version, until, &self.freshness).unwrap());
        files.put(&snapshot.file_name(), snapshot.bytes);
        files
    }

    fn trust(&self, folder: &Path) -> Trust {
        Trust::open(folder, &self.roots[0]).unwrap()
    }
}

/// A display that has the first release.
struct World {
    publisher: Publisher,
    folder: tempfile::TempDir,
    trust: Trust,
    first: Files,
}

impl World {
    fn new() -> Self {
        let mut publisher = Publisher::new();
        publisher.publish(0);
        let folder = tempfile::tempdir().unwrap();
        let mut trust = publisher.trust(folder.path());
        let first = publisher.serve(1, day(7));
        let releases = refresh(&mut trust, &first, day(0)).unwrap();
        assert_eq!(releases.list.len(), 1);
        Self { publisher, folder, trust, first }
    }

    /// Publishes the second release and gives what is served then.
    fn second(&mut self) -> Files {
        self.publisher.publish(1);
        self.publisher.serve(2, day(7))
    }

    /// The attack is refused under its name, the last good stays, and the honest repository passes.
    fn refuses(mut self, name: &str, attack: &Files, honest: &Files) {
        let before = self.trust.cached(day(1)).unwrap();
        let refused = refresh(&mut self.trust, attack, day(1)).unwrap_err();
        assert_eq!(refused.name(), name, "{}", refused.story());
        assert_eq!(self.trust.cached(day(1)).as_ref(), Some(&before), "the last good set is in service");
        let mut again = self.publisher.trust(self.folder.path());
        assert_eq!(again.cached(day(1)).as_ref(), Some(&before), "after a restart as well");
        let after = refresh(&mut again, honest, day(1)).unwrap();
        assert!(after.targets_version >= before.targets_version);
        let clean = tempfile::tempdir().unwrap();
        refresh(&mut self.publisher.trust(clean.path()), honest, day(1)).unwrap();
    }
}

/// Changes a document and keeps its signatures.
fn forge(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(bytes).unwrap();
    change(&mut document["signed"]);
    serde_json::to_vec(&document).unwrap()
}

/// Signs a changed document with a key.
fn resign(bytes: &[u8], key: &Key, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(bytes).unwrap();
    change(&mut document["signed"]);
    seal(&document["signed"], &[key]).unwrap()
}
