//! What handlers need, and the two things they ask of others: keeping the list of terminals
//! (`store`) and throwing a revoked one out (`broker`).

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use migrado_protocol::limits::clip;
use migrado_protocol::usage::Counter;
use migrado_protocol::{SiteId, TerminalId};
use sqlx::AnyPool;
use tokio::sync::Notify;

use super::streams::Streams;
use crate::audit::Audit;
use crate::auth::accounts::Accounts;
use crate::auth::limiter::{ENROLL_PER_ADDRESS, Limiter, RENEW_PER_TERMINAL};
use crate::calendar::kept::Calendars;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::events::Events;
use crate::fleet::{FleetHandle, Terminal};
use crate::identity::Identities;
use crate::pki::Pki;
use crate::releases::Releases;
use crate::rollouts::Rollouts;
use crate::store::StoreError;

/// Counts by hour since the epoch.
pub type Usage = BTreeMap<i64, BTreeMap<Counter, u64>>;

/// The durable list of terminals, and the connections of those in it.
#[async_trait]
pub trait Registry: Send + Sync + std::fmt::Debug {
    /// Keeps identity, site, label and state of a terminal.
    async fn put(&self, terminal: &Terminal) -> Result<(), StoreError>;
    /// Forgets a terminal.
    async fn remove(&self, terminal: &TerminalId) -> Result<(), StoreError>;
    /// Usage from this hour on, of one terminal or all, by hour.
    async fn usage(&self, terminal: Option<&TerminalId>, hour: i64) -> Result<Usage, StoreError>;
    /// Ends the terminal's connection; what it holds no longer counts.
    async fn kick(&self, terminal: &TerminalId);
}

/// A site as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Identity.
    pub id: SiteId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Whether its displays fetch content from each other.
    pub neighbors: bool,
}

/// Settings of the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sites.
    pub sites: Vec<Site>,
    /// `host:port` of the terminal listener as terminals dial it.
    pub terminal_address: String,
    /// `host:port` of the broker as terminals dial it.
    pub broker_address: String,
    /// Languages that displays offer unless something else is set.
    pub languages: Vec<String>,
}

/// What every handler needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiState {
    /// Database.
    pub pool: AnyPool,
    /// Fleet.
    pub fleet: FleetHandle,
    /// Which certificates count.
    pub identities: Identities,
    /// List of terminals.
    pub registry: Arc<dyn Registry>,
    /// Commands.
    pub commands: Commands,
    /// Accounts.
    pub accounts: Accounts,
    /// Audit log.
    pub audit: Arc<Audit>,
    /// Changes.
    pub events: Events,
    /// Authority.
    pub pki: Arc<Pki>,
    /// Clock.
    pub clock: Clock,
    /// Calendars of the sites.
    pub calendars: Calendars,
    /// Settings.
    pub settings: Arc<Settings>,
    /// Wakes whoever publishes desired states.
    pub desired_changed: Arc<Notify>,
    /// Releases of content.
    pub releases: Releases,
    /// What rollouts go by.
    pub rollouts: Rollouts,
    /// Open event streams.
    pub streams: Streams,
    /// Tries to enroll, by address.
    pub enrolling: Arc<std::sync::Mutex<Limiter>>,
    /// Renewals, by terminal.
    pub renewing: Arc<std::sync::Mutex<Limiter>>,
}

impl ApiState {
    /// The site of this identity: a configured one, or one of which displays are still there. Else
    /// what to do.
    pub fn known_site(&self, id: &str) -> Result<SiteId, String> {
        let configured = || self.settings.sites.iter().map(|site| site.id.clone());
        let left = || self.fleet.all().iter().map(|t| t.site.clone()).collect::<Vec<_>>();
        configured().chain(left()).find(|site| site.as_str() == id).ok_or_else(|| {
            let ids: Vec<String> = configured().map(|id| id.to_string()).collect();
            format!("there is no site \"{}\"; use {}", clip(id), ids.join(", "))
        })
    }
}

/// A limiter for enrolments.
pub fn enrolling() -> Arc<std::sync::Mutex<Limiter>> {
    Arc::new(std::sync::Mutex::new(Limiter::new(ENROLL_PER_ADDRESS)))
}

/// A limiter for renewals.
pub fn renewing() -> Arc<std::sync::Mutex<Limiter>> {
    Arc::new(std::sync::Mutex::new(Limiter::new(RENEW_PER_TERMINAL)))
}
