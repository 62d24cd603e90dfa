//! The API's wishes to others, carried out: the list of terminals in the store, the broker's kick,
//! publishing through the link, and who is connected according to the fleet.

use async_trait::async_trait;
use migrado_link::Publisher;
use migrado_protocol::{TerminalId, Topic};
use sqlx::AnyPool;

use super::state::{Registry, Usage};
use crate::broker::Kicker;
use crate::clock::Clock;
use crate::commands::dispatch::{Connections, Outlet};
use crate::fleet::{FleetHandle, Terminal};
use crate::store::{StoreError, terminals, usage};

/// The list of terminals in the database, and the embedded broker's kick.
#[derive(Debug, Clone)]
pub struct StoreRegistry {
    /// Database.
    pub pool: AnyPool,
    /// The embedded broker; an external one is kept by its own list.
    pub kicker: Option<Kicker>,
}

#[async_trait]
impl Registry for StoreRegistry {
    async fn put(&self, terminal: &Terminal) -> Result<(), StoreError> {
        let mut conn = self.pool.acquire().await.map_err(StoreError::of("keep a terminal"))?;
        terminals::put(&mut conn, terminal).await
    }

    async fn remove(&self, terminal: &TerminalId) -> Result<(), StoreError> {
        let mut conn = self.pool.acquire().await.map_err(StoreError::of("remove a terminal"))?;
        terminals::delete(&mut conn, terminal.as_str()).await
    }

    async fn usage(&self, terminal: Option<&TerminalId>, hour: i64) -> Result<Usage, StoreError> {
        usage::since(&self.pool, terminal.map(TerminalId::as_str), hour).await
    }

    async fn kick(&self, terminal: &TerminalId) {
        if let Some(kicker) = &self.kicker {
            kicker.kick(terminal.as_str()).await;
        }
    }
}

/// Publishes through the link.
pub struct LinkOutlet(pub Publisher);

impl std::fmt::Debug for LinkOutlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkOutlet")
    }
}

#[async_trait]
impl Outlet for LinkOutlet {
    async fn publish(
        &self,
        topic: &Topic,
        payload: Vec<u8>,
        retain: bool,
        expiry_s: Option<u32>,
    ) -> Result<(), String> {
        self.0.publish(topic, payload, retain, expiry_s).await.map_err(|error| error.to_string())
    }
}

/// Who is connected, as the fleet sees it.
#[derive(Debug, Clone)]
pub struct FleetConnections {
    /// Fleet.
    pub fleet: FleetHandle,
    /// Clock.
    pub clock: Clock,
}

impl Connections for FleetConnections {
    fn session(&self, terminal: &TerminalId) -> Option<u64> {
        let connected = self.fleet.is_connected(terminal, self.clock.now_ms());
        connected.then(|| self.fleet.get(terminal).map(|t| t.session)).flatten()
    }
}
