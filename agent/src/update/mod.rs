//! Brings the release of content that the desired state names: fetched, verified, put in service
//! when nobody is disturbed, watched, and taken back when it does not work.
//!
//! On the walk: desired state → [`driver`] → [`machine`] (pure) → [`list`] and [`fetch`], from neighbors
//! first, then over the [`mod@line`] → the store of `migrado-content` → the visitor's page → [`observe`]
//! → report. What is remembered stands in [`record`], what the health tree says in [`judge`].

mod bytes;
mod download;
pub mod driver;
mod effects;
pub mod fetch;
pub mod judge;
pub mod line;
pub mod list;
pub mod machine;
pub mod observe;
pub mod pace;
pub mod record;
mod room;
pub mod story;
mod upkeep;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use migrado_content::store::{Store as Content, active_below};
use migrado_protocol::desired::Desired;
use migrado_protocol::health::{Component, Reason};
use tokio::sync::watch;

use crate::identity::Held;
use crate::kiosk::Kiosk;
use crate::kiosk::library::ActiveRelease;
use crate::neighbors::Board;
use crate::platform::clock;
use crate::sensors::{Judgement, Sensed};
use crate::store::{Store, StoreError};
use crate::telemetry::State;

use driver::{Driver, Parts};
use line::with_causes;
use list::Lists;

/// The folder of content below the data directory.
const FOLDER: &str = "content";
/// The folder of signed lists in it.
const TRUST: &str = "trust";

/// What the driver is made of.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Where the agent keeps everything.
    pub data_dir: &'a Path,
    /// What the agent remembers.
    pub store: &'a Store,
    /// Who the display is.
    pub held: &'a Arc<Held>,
    /// The visitor's side.
    pub kiosk: &'a Kiosk,
    /// What is known of the display.
    pub state: &'a State,
    /// How long a release is watched once the page shows it.
    pub observe: Duration,
    /// How often some of what is kept is read again.
    pub scrub_period: Duration,
    /// What is told to and of neighbors.
    pub board: &'a Board,
}

/// Makes the driver. `None` where the disk does not let content be kept: what is in service there is
/// shown all the same, and the finding says why nothing new comes.
pub fn open(
    opening: &Opening<'_>,
    desired: watch::Receiver<Option<Desired>>,
) -> Result<Option<Driver>, StoreError> {
    let Opening { data_dir, store, held, kiosk, state, observe, scrub_period, board } = *opening;
    let folder = data_dir.join(FOLDER);
    let content = match Content::open(&folder) {
        Ok(content) => Arc::new(content),
        Err(error) => {
            let detail = with_causes(&error);
            tracing::error!(detail, "content cannot be kept");
            if let Some((id, folder)) = active_below(&folder) {
                let (id, name) = (id.to_string(), String::new());
                kiosk.show_release(Some(ActiveRelease { id, name, folder, recalled: Vec::new() }));
            }
            let judgement = Judgement::degraded(Reason::ContentFailed, Some(detail));
            state.take(Component::Content, Sensed::only(judgement), clock::now_ms());
            return Ok(None);
        }
    };
    let given = held.content_root().map(String::into_bytes);
    let lists = Lists::new(folder.join(TRUST), given);
    let (store, held, kiosk, state) = (store.clone(), held.clone(), kiosk.clone(), state.clone());
    let board = board.clone();
    let parts = Parts { content, store, held, lists, kiosk, state, observe, scrub_period, board, desired };
    Driver::new(parts).map(Some)
}
