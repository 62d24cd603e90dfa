//! The durable list of terminals as the API sees it: rows through the store, connections through
//! the broker.

use async_trait::async_trait;
use migrado_protocol::TerminalId;
use sqlx::AnyPool;

use crate::api::state::{Registry, Usage};
use crate::api::text::{Text, text};
use crate::api::views::{TimelineItem, TimelineKind};
use crate::broker::Kicker;
use crate::fleet::{Terminal, why};
use crate::store::{StoreError, terminals, timeline, usage};

/// Terminals of this database and broker.
#[derive(Debug)]
pub struct StoredRegistry {
    pool: AnyPool,
    /// Absent with an external broker: there the certificate's revocation is the broker's part.
    kicker: Option<Kicker>,
}

impl StoredRegistry {
    /// Of this database and broker.
    pub fn new(pool: AnyPool, kicker: Option<Kicker>) -> Self {
        Self { pool, kicker }
    }
}

#[async_trait]
impl Registry for StoredRegistry {
    async fn put(&self, terminal: &Terminal) -> Result<(), StoreError> {
        let mut conn = self.pool.acquire().await.map_err(StoreError::of("write a terminal"))?;
        terminals::put(&mut conn, terminal).await
    }

    async fn remove(&self, terminal: &TerminalId) -> Result<(), StoreError> {
        let mut conn = self.pool.acquire().await.map_err(StoreError::of("remove a terminal"))?;
        terminals::delete(&mut conn, terminal.as_str()).await
    }

    async fn timeline(
        &self,
        terminal: &TerminalId,
        before: i64,
        limit: i64,
    ) -> Result<Vec<(i64, TimelineItem)>, StoreError> {
        let lines = timeline::before(&self.pool, terminal.as_str(), before, limit).await?;
        Ok(lines.into_iter().map(|line| (line.id, item(line))).collect())
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

/// A line in words.
fn item(line: timeline::Line) -> TimelineItem {
    let code = line.code.as_str();
    let (kind, words) = match line.kind.as_str() {
        "verdict" => (TimelineKind::Verdict, verdict(code)),
        "away" => (TimelineKind::Away, away(code)),
        "health" => (TimelineKind::Health, health(code)),
        _ => (TimelineKind::Presence, presence(code)),
    };
    TimelineItem { at_ms: line.at_ms, kind, text: words, detail: line.detail.or(Some(line.code)) }
}

fn verdict(code: &str) -> Text {
    match code {
        "full_service" => text("Voller Dienst.", "Full service."),
        "inform_only" => text("Informiert, druckt aber nicht.", "Informs but does not print."),
        _ => text("Außer Betrieb.", "Out of service."),
    }
}

fn presence(code: &str) -> Text {
    match code {
        "online" => text("Verbunden.", "Connected."),
        "late" => text("Verbindung verloren.", "Connection lost."),
        "off_on_purpose" => text("Absichtlich ausgeschaltet.", "Switched off on purpose."),
        _ => text("Nicht verbunden.", "Not connected."),
    }
}

/// `component:reason`, in words.
fn health(code: &str) -> Text {
    let reason = code.split_once(':').map_or("", |(_, reason)| reason);
    if reason == "ok" {
        return text("Wieder in Ordnung.", "All right again.");
    }
    match serde_json::from_value(serde_json::Value::from(reason)) {
        Ok(reason) => text(why::of_reason(reason).de, why::of_reason(reason).en),
        Err(_) => text("Der Zustand hat sich geändert.", "The state has changed."),
    }
}

fn away(cause: &str) -> Text {
    match cause {
        "power" => text("War weg: Strom oder harter Neustart.", "Was away: power or a hard reset."),
        "network" => text("War weg: Netzwerk.", "Was away: network."),
        "crash" => text("War weg: Der Agent ist abgestürzt.", "Was away: the agent crashed."),
        "restart" => text("War weg: Der Agent wurde neu gestartet.", "Was away: the agent was restarted."),
        "planned" => text("War weg: geplanter Neustart.", "Was away: a planned restart."),
        _ => text("War weg; warum, ist nicht bekannt.", "Was away; why is not known."),
    }
}
