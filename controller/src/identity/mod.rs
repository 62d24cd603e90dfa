//! Which certificates count: enrolment, renewal, the first use of a renewed one, and revocation.
//! Stands before both walks: broker and terminal listener ask the fleet's table, and what stands
//! there is written by this file alone, after the database has it. Keys and signatures are `pki`'s.
//!
//! A renewal's answer may be lost on the way, so the certificate in use and the one that was issued
//! last both count, until the new one was seen on a connection; from then on only that one does.

use std::sync::Arc;

use migrado_protocol::TerminalId;
use sqlx::{AnyConnection, AnyPool};
use tokio::sync::Mutex;

use crate::audit::Entry;
use crate::fleet::FleetHandle;
use crate::fleet::terminal::Certificate;
use crate::pki::Pki;
use crate::store::{StoreError, audit, certificates, enroll_tokens};

/// The certificates of the fleet; a cheap handle.
#[derive(Debug, Clone)]
pub struct Identities {
    pool: AnyPool,
    fleet: FleetHandle,
    pki: Arc<Pki>,
    /// Held over a write and the change of the table that follows it, so that the table never shows
    /// an older state than the database.
    turn: Arc<Mutex<()>>,
}

impl Identities {
    /// Over this database and this table.
    pub fn new(pool: AnyPool, fleet: FleetHandle, pki: Arc<Pki>) -> Self {
        Self { pool, fleet, pki, turn: Arc::default() }
    }

    /// The table that says who is admitted.
    pub fn fleet(&self) -> &FleetHandle {
        &self.fleet
    }

    /// Uses up a token and makes this certificate the terminal's only one. `false`, and nothing
    /// changes, when the token is not good.
    pub async fn enroll(
        &self,
        id: &TerminalId,
        token_hash: &str,
        certificate: &Certificate,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let fail = StoreError::of("enroll a terminal");
        let now_ms = entry.at_ms;
        let turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await.map_err(fail)?;
        if !enroll_tokens::take(&mut tx, token_hash, id.as_str(), now_ms).await? {
            tx.rollback().await.map_err(fail)?;
            return Ok(false);
        }
        certificates::enroll(&mut tx, id.as_str(), certificate, now_ms).await?;
        audit::append_in(&mut tx, entry).await?;
        let admitted = certificates::admitted(&mut tx, id.as_str()).await?;
        tx.commit().await.map_err(fail)?;
        self.show(id, admitted);
        drop(turn);
        self.tell_revocations(now_ms).await;
        Ok(true)
    }

    /// Lets a renewed certificate count beside the one that was shown. `false`, and nothing
    /// changes, when that one does not count (any more).
    pub async fn renew(
        &self,
        id: &TerminalId,
        shown: &str,
        certificate: &Certificate,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let fail = StoreError::of("renew a certificate");
        let now_ms = entry.at_ms;
        let _turn = self.turn.lock().await;
        let in_use = self.fleet.get(id).and_then(|t| t.certificate.clone());
        let Some(in_use) = in_use.filter(|c| c.has_serial(shown)) else { return Ok(false) };
        let mut tx = self.pool.begin().await.map_err(fail)?;
        if !certificates::renew(&mut tx, id.as_str(), &in_use.serial, certificate, now_ms).await? {
            tx.rollback().await.map_err(fail)?;
            return Ok(false);
        }
        self.end(tx, id, entry).await?;
        Ok(true)
    }

    /// Notes that a certificate was shown on a connection that was let in. When it is the one that
    /// was issued last, the earlier one counts no more.
    pub async fn seen(&self, id: &TerminalId, serial: &str, now_ms: i64) {
        let waiting = self.fleet.get(id).and_then(|t| t.renewed.clone()).filter(|c| c.has_serial(serial));
        let Some(certificate) = waiting else { return };
        match self.replace(id, &certificate, now_ms).await {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(terminal = %id, serial = certificate.serial, "a renewed certificate is in use");
                self.tell_revocations(now_ms).await;
            }
            // Both go on counting, and the next connection is another occasion.
            Err(error) => tracing::error!(
                terminal = %id,
                error = &error as &dyn std::error::Error,
                "that a renewed certificate is in use was not kept"
            ),
        }
    }

    async fn replace(
        &self,
        id: &TerminalId,
        certificate: &Certificate,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let fail = StoreError::of("replace a certificate");
        let _turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await.map_err(fail)?;
        if !certificates::seen(&mut tx, id.as_str(), &certificate.serial, now_ms).await? {
            tx.rollback().await.map_err(fail)?;
            return Ok(false);
        }
        let entry = Entry::ok(now_ms, id.as_str(), "certificate.replace", id.as_str());
        self.end(tx, id, entry.detail(format!("serial {}", certificate.serial))).await?;
        Ok(true)
    }

    /// Voids whatever the terminal has: certificates and open tokens. Its connection is ended by
    /// the caller.
    pub async fn revoke(&self, id: &TerminalId, entry: Entry) -> Result<(), StoreError> {
        let fail = StoreError::of("revoke a terminal");
        let now_ms = entry.at_ms;
        let turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await.map_err(fail)?;
        certificates::void(&mut tx, id.as_str(), now_ms).await?;
        enroll_tokens::void(&mut tx, id.as_str()).await?;
        self.end(tx, id, entry).await?;
        drop(turn);
        self.tell_revocations(now_ms).await;
        Ok(())
    }

    async fn end(
        &self,
        mut tx: sqlx::Transaction<'_, sqlx::Any>,
        id: &TerminalId,
        entry: Entry,
    ) -> Result<(), StoreError> {
        let conn: &mut AnyConnection = &mut tx;
        audit::append_in(&mut *conn, entry).await?;
        let admitted = certificates::admitted(conn, id.as_str()).await?;
        tx.commit().await.map_err(StoreError::of("keep a terminal's certificates"))?;
        self.show(id, admitted);
        Ok(())
    }

    fn show(&self, id: &TerminalId, admitted: certificates::Admitted) {
        self.fleet.change(id, |t| {
            (t.certificate, t.renewed) = (admitted.in_use, admitted.issued);
            ((), true)
        });
    }

    /// Writes the revocation list for brokers that do not ask us. A list that could not be written
    /// is written at the next change or start; nobody is let in here because of it.
    pub async fn tell_revocations(&self, now_ms: i64) {
        let voided = match certificates::voided(&self.pool).await {
            Ok(voided) => voided,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                return tracing::error!(error, "the void certificates are not known");
            }
        };
        let revoked: Vec<_> = voided.iter().map(|v| (v.serial.as_str(), v.at_ms)).collect();
        if let Err(error) = self.pki.write_revocations(&revoked, now_ms) {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the revocation list was not written");
        }
    }
}

#[cfg(test)]
mod tests;
