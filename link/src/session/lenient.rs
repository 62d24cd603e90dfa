//! The client library's session store, answered with an empty session: the broker may remember
//! ours (that is wanted: it keeps our orders), and we have nothing to replay, because what we owe
//! is in the outbox. Valid for QoS 1 only; QoS 2 would need a real store.

use std::pin::Pin;

use rumqttc::{PersistedAckMode, PersistedSession, SessionStore, SessionStoreError, SessionStoreKey};

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

/// Layout of the library's checkpoint that this file fills in.
const CHECKPOINT_VERSION: u16 = 1;

#[derive(Debug)]
pub(super) struct Lenient {
    pub(super) session_expiry_s: u32,
    pub(super) in_flight_max: u16,
}

impl SessionStore for Lenient {
    fn load<'a>(&'a self, key: &'a SessionStoreKey) -> Answer<'a, Option<PersistedSession>> {
        Box::pin(async move {
            Ok(Some(PersistedSession {
                format_version: CHECKPOINT_VERSION,
                client_id: key.client_id().to_owned(),
                clean_start: false,
                session_expiry_interval: Some(self.session_expiry_s),
                outgoing_inflight_upper_limit: Some(self.in_flight_max),
                ack_mode: PersistedAckMode::Manual,
                last_pkid: 0,
                last_puback: 0,
                replay: Vec::new(),
                incoming_qos2: Vec::new(),
            }))
        })
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
