//! Displays of one site give each other verified content, so that it comes over the site's line once.
//!
//! Two halves that know each other by their paths alone. Giving: [`serve`] lets other displays of the
//! same authority in, [`answers`] says what is here and gives it, [`bucket`] how fast. Taking: a walk
//! ([`ask`]) before the controller is asked, which does what [`choose`] decides (pure). Nobody searches
//! the network: the desired state names the neighbors, and each must prove its name.

pub mod address;
pub mod answers;
pub mod ask;
pub mod bucket;
pub mod choose;
pub mod serve;
pub mod take;

use migrado_protocol::content::UpdateState;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::update::record::Record;

/// Where a display says how far it is with a release; its manifest follows.
pub const RELEASES: &str = "/content/v1/releases/";
/// Where it gives objects and manifests; a SHA-256 follows.
pub const OBJECTS: &str = "/content/v1/objects/";

/// How far a display is with a release, as it tells a neighbor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Word {
    /// Everything of it is here and verified.
    Complete,
    /// It is on its way.
    Fetching {
        /// Bytes that have come.
        bytes_done: u64,
    },
    /// It is not wanted here, or not yet.
    #[serde(other)]
    None,
}

/// What is told to neighbors, and of them.
#[derive(Debug, Clone)]
pub struct Board {
    /// What this display has of releases; its update driver tells.
    pub serving: watch::Sender<Serving>,
    /// `host:port` where it gives it away, once it does; its server tells.
    pub serves_at: watch::Sender<Option<String>>,
}

impl Default for Board {
    fn default() -> Self {
        Self { serving: watch::Sender::new(Serving::default()), serves_at: watch::Sender::new(None) }
    }
}

/// What a display can say about releases, as its update driver last told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Serving {
    /// Manifests of the releases that are whole here.
    complete: Vec<String>,
    /// The one that is on its way, and how many bytes of it have come.
    fetching: Option<(String, u64)>,
}

impl Serving {
    /// What follows from the record.
    pub fn of(record: &Record) -> Self {
        let held = [record.active(), record.previous()];
        let mut complete: Vec<String> = held.into_iter().flatten().map(|h| h.manifest.clone()).collect();
        let target = record.target().map(|target| target.manifest.clone());
        let mut fetching = None;
        match (record.state(), target) {
            (Some(UpdateState::Downloading), Some(target)) => {
                fetching = Some((target, record.bytes_so_far().done));
            }
            (
                Some(
                    UpdateState::Staged
                    | UpdateState::Waiting
                    | UpdateState::Activating
                    | UpdateState::Observing
                    | UpdateState::Confirmed,
                ),
                Some(target),
            ) => complete.push(target),
            _ => {}
        }
        Self { complete, fetching }
    }

    /// How far it is with this one.
    pub fn word(&self, manifest: &str) -> Word {
        if self.complete.iter().any(|known| known == manifest) {
            return Word::Complete;
        }
        match &self.fetching {
            Some((known, bytes_done)) if known == manifest => Word::Fetching { bytes_done: *bytes_done },
            _ => Word::None,
        }
    }
}

#[cfg(test)]
mod walk_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::update::record::{Bytes, Event, Target};

    #[test]
    fn a_display_says_what_is_whole_and_what_is_on_its_way() {
        let mut record = Record::default();
        assert_eq!(Serving::of(&record).word("new"), Word::None);
        record.begin(Target { name: "n".into(), manifest: "new".into(), attempt: 0 }, 1);
        record.bytes(Bytes { done: 7, total: 9, from_neighbors: 0 });
        assert_eq!(Serving::of(&record).word("new"), Word::Fetching { bytes_done: 7 });
        assert_eq!(Serving::of(&record).word("old"), Word::None);
        for event in [Event::Fetched, Event::Activate, Event::Switched, Event::Proven] {
            record.happened(event, 2).unwrap();
            assert_eq!(Serving::of(&record).word("new"), Word::Complete, "{:?}", record.state());
        }
        record.begin(Target { name: "m".into(), manifest: "newer".into(), attempt: 0 }, 3);
        let serving = Serving::of(&record);
        assert_eq!(
            (serving.word("new"), serving.word("newer")),
            (Word::Complete, Word::Fetching { bytes_done: 0 })
        );
        for event in [Event::Fetched, Event::Activate, Event::Switched, Event::TakenBack] {
            record.happened(event, 4).unwrap();
        }
        assert_eq!(Serving::of(&record).word("newer"), Word::None, "what was taken back is thrown away");
    }

    #[test]
    fn words_of_a_newer_display_are_none() {
        let read = |text| serde_json::from_str::<Word>(text).unwrap();
        assert_eq!(read(r#"{"state":"complete"}"#), Word::Complete);
        assert_eq!(read(r#"{"state":"fetching","bytes_done":3}"#), Word::Fetching { bytes_done: 3 });
        assert_eq!(read(r#"{"state":"hibernating","since":3}"#), Word::None);
        assert_eq!(serde_json::to_string(&Word::Complete).unwrap(), r#"{"state":"complete"}"#);
    }
}
