//! Desired state: made of settings, site and configuration, numbered with a generation, signed and
//! published retained. Level-triggered: what the broker has is compared with what should be.

pub mod neighbors;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use migrado_link::signing::Signer;
use migrado_protocol::content::{Recalled, ReleaseWanted};
use migrado_protocol::desired::Desired;
use migrado_protocol::signed::Purpose;
use migrado_protocol::topic::{Channel, Topic};
use migrado_protocol::{Signed, TerminalId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::api::state::ApiState;
use crate::commands::dispatch::Outlet;
use crate::fleet::Terminal;
use crate::store::{
    StoreError,
    desired::{self as rows, Settings, Stored},
    releases,
};

/// Seconds without a touch after which a session ends, unless something else is set.
const SESSION_IDLE_S: u32 = 120;
/// Time between two looks when nothing wakes.
const LOOK_PERIOD: Duration = Duration::from_secs(30);
/// Time within which the broker must have taken a message.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// What is stored of a terminal, or the beginning of it.
pub async fn stored(state: &ApiState, terminal: &Terminal) -> Result<Stored, StoreError> {
    let stored = rows::get(&state.pool, terminal.id.as_str()).await?;
    Ok(stored.unwrap_or_else(|| Stored {
        terminal: terminal.id.to_string(),
        body: None,
        changed_ms: 0,
        settings: Settings::default(),
    }))
}

/// Makes the body anew, with the editions that are `recalled` everywhere; the generation rises when it differs, and above what the terminal says it
/// has (a database restored from a backup must not stay behind). Gives the generation.
pub fn renew(
    state: &ApiState,
    terminal: &Terminal,
    stored: &mut Stored,
    recalled: &[Recalled],
    now_ms: i64,
) -> u64 {
    let site = state.settings.sites.iter().find(|s| s.id == terminal.site);
    let before = stored.body.as_ref().map_or(0, |b| b.generation);
    let release = stored.settings.release.as_ref().map(|wanted| {
        let told = stored.body.as_ref().and_then(|body| body.release.as_ref());
        let may_ask = site.is_some_and(|site| site.neighbors);
        let others = || state.fleet.at_site(&terminal.site);
        let neighbors = if may_ask { neighbors::renewed(terminal, wanted, told, others) } else { Vec::new() };
        ReleaseWanted { neighbors, ..wanted.clone() }
    });
    let body = Desired {
        generation: before,
        label: terminal.label.clone(),
        site_name: site.map_or_else(|| terminal.site.to_string(), |s| s.name.clone()),
        session_idle_s: stored.settings.session_idle_s.unwrap_or(SESSION_IDLE_S),
        languages: stored.settings.languages.clone().unwrap_or_else(|| state.settings.languages.clone()),
        release,
        recalled: recalled.to_vec(),
    };
    let behind = terminal.reported.generation.filter(|g| *g > before && *g < u64::from(u32::MAX));
    if stored.body.as_ref() != Some(&body) || behind.is_some() {
        let generation = behind.unwrap_or(before).max(before) + 1;
        stored.body = Some(Desired { generation, ..body });
        stored.changed_ms = now_ms;
        return generation;
    }
    before
}

/// Publishes desired states.
#[derive(Debug)]
pub struct Publish {
    state: ApiState,
    outlet: Arc<dyn Outlet>,
    link: watch::Receiver<u64>,
    /// Generation and signing key of what the broker has.
    published: HashMap<TerminalId, (u64, String)>,
    published_on: u64,
}

impl Publish {
    /// Nothing is published yet; after every connection of the link everything is. `link` holds the
    /// connection's number, 0 while there is none.
    pub fn new(state: ApiState, outlet: Arc<dyn Outlet>, link: watch::Receiver<u64>) -> Self {
        Self { state, outlet, link, published: HashMap::new(), published_on: 0 }
    }

    /// The task.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.look().await {
                tracing::error!(%error, "desired states could not be published");
            }
            // Cancel-safe: a wake-up that is not taken stays stored in the `Notify`, and a connection
            // that is not looked at stays unseen in the channel.
            tokio::select! {
                () = stop.cancelled() => return,
                changed = self.link.changed() => if changed.is_err() {
                    // Nobody tells of connections any more: the controller stops.
                    return stop.cancelled().await;
                },
                () = self.state.desired_changed.notified() => {}
                () = tokio::time::sleep(LOOK_PERIOD) => {}
            }
        }
    }

    /// Publishes what the broker does not have yet. A broker that came back may have lost what it
    /// kept, so on a new connection it has nothing; and what a replaced key signed counts no more.
    pub async fn look(&mut self) -> Result<(), StoreError> {
        let link = *self.link.borrow_and_update();
        if link != self.published_on {
            self.published.clear();
            self.published_on = link;
        }
        let mut known: HashMap<String, Stored> =
            rows::all(&self.state.pool).await?.into_iter().map(|s| (s.terminal.clone(), s)).collect();
        let recalled = releases::recalled(&self.state.pool).await?;
        let now_ms = self.state.clock.now_ms();
        let signer = self.state.pki.signer();
        let key = &signer.public().id;
        for terminal in self.state.fleet.all() {
            let stored = known.remove(terminal.id.as_str());
            let fresh = Stored {
                terminal: terminal.id.to_string(),
                body: None,
                changed_ms: 0,
                settings: Settings::default(),
            };
            let mut stored = stored.unwrap_or(fresh);
            let before = stored.generation();
            let generation = renew(&self.state, &terminal, &mut stored, &recalled, now_ms);
            if before != generation {
                let mut conn =
                    self.state.pool.acquire().await.map_err(StoreError::of("keep a desired state"))?;
                if !rows::put(&mut conn, &stored, before).await? {
                    // Somebody changed it since it was read: the next look takes what that one wrote.
                    self.state.desired_changed.notify_one();
                    continue;
                }
            }
            if terminal.desired_generation != generation {
                self.state.fleet.change(&terminal.id, |t| {
                    t.desired_generation = generation;
                    ((), true)
                });
            }
            if *self.link.borrow() == link
                && link != 0
                && self.published.get(&terminal.id).is_none_or(|p| *p != (generation, key.clone()))
                && let Some(body) = &stored.body
                && self.publish(&terminal.id, body, &signer, now_ms).await
            {
                self.published.insert(terminal.id.clone(), (generation, key.clone()));
            }
        }
        Ok(())
    }

    async fn publish(&self, id: &TerminalId, body: &Desired, signer: &Signer, now_ms: i64) -> bool {
        let Ok(mut signed) = Signed::unsigned(id.clone(), body.generation, now_ms, 0, body) else {
            return false;
        };
        signer.sign(&mut signed, Purpose::Desired);
        let Ok(payload) = serde_json::to_vec(&signed) else { return false };
        let topic = Topic::of(id, Channel::Desired);
        let sent = self.outlet.publish(&topic, payload, true, None);
        match tokio::time::timeout(PUBLISH_TIMEOUT, sent).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(terminal = %id, %error, "a desired state was not taken by the broker");
                false
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
