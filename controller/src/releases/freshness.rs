//! Keeps what is live fresh: a display that asks sees by the timestamp that nobody holds the newest
//! list back from it.

use std::time::Duration;

use crate::api::state::ApiState;

/// How often it is looked whether something gets old.
const LOOK_PERIOD: Duration = Duration::from_secs(15 * 60);

/// The task.
pub async fn keep(state: ApiState) {
    loop {
        let held = state.releases.publishing().await;
        match state.releases.catalog().refresh(state.clock.now()) {
            Ok(true) => tracing::info!("the signed list of releases was freshened"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the signed list of releases could not be freshened"),
        }
        drop(held);
        tokio::time::sleep(LOOK_PERIOD).await;
    }
}
