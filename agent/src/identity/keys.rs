//! The keys whose orders count, and how they change: when an order comes that an unknown key
//! signed, the chain of endorsements is read from the controller and followed from a key that is
//! held. Nobody else can introduce a key: neither who holds the broker, nor who stands in the
//! middle of TLS. What an order waits in meanwhile is `parked`.

use std::sync::Arc;
use std::time::Duration;

use migrado_link::signing::{ChainError, Verifier, follow};
use migrado_protocol::endorse::SigningChain;
use reqwest::Method;
use tokio::sync::{Notify, watch};

use super::listener::{AskError, ask};
use super::{Held, IdentityError};

const SIGNING_KEYS: &str = "/terminal/v1/signing-keys";
/// Between two questions at least: an unknown key is quickly named, and costs nothing to name.
const PAUSE_FIRST: Duration = Duration::from_secs(10);
/// The longest pause, after many questions that led nowhere.
const PAUSE_MAX: Duration = Duration::from_secs(10 * 60);

/// The pause after this many questions in a row that led to no new key.
fn pause(fruitless: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(2u32.saturating_pow(fruitless.saturating_sub(1))).min(PAUSE_MAX)
}

/// What the working loop has of it.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Checks orders, with the keys of now.
    pub verifier: watch::Receiver<Verifier>,
    /// Changes when the chain was read: what was unknown before it is now known, or foreign.
    pub settled: watch::Receiver<u64>,
    wanted: Arc<Notify>,
}

impl Keys {
    /// Somebody signed with a key that is not known here.
    pub fn ask(&self) {
        self.wanted.notify_one();
    }
}

/// The chain was not followed.
#[derive(Debug, thiserror::Error)]
enum KeysError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("the chain of signing keys does not hold; nothing of it is trusted")]
    Chain(#[source] ChainError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// The task, and the loop's end of it.
pub fn keys(held: Arc<Held>) -> (Keys, impl Future<Output = ()> + Send) {
    let wanted = Arc::new(Notify::new());
    let (settled, reader) = watch::channel(0);
    let keys = Keys { verifier: held.verifier(), settled: reader, wanted: wanted.clone() };
    (keys, run(held, wanted, settled))
}

async fn run(held: Arc<Held>, wanted: Arc<Notify>, settled: watch::Sender<u64>) {
    let mut fruitless: u32 = 0;
    loop {
        wanted.notified().await;
        loop {
            let read = renew(&held).await;
            match &read {
                Ok(Some(id)) => {
                    fruitless = 0;
                    tracing::info!(key = id, "the controller signs with a new key, endorsed by the old one");
                }
                Ok(None) => {
                    fruitless += 1;
                    tracing::warn!(fruitless, "no key that is held endorses the unknown one");
                }
                Err(error) => {
                    fruitless += 1;
                    let cause = std::error::Error::source(error).map(ToString::to_string);
                    tracing::warn!(%error, cause, fruitless, "the signing keys are not known");
                }
            }
            let is_settled = matches!(read, Ok(_) | Err(KeysError::Chain(_)));
            if is_settled {
                settled.send_modify(|n| *n += 1);
            }
            // What was asked for meanwhile is asked after the pause.
            tokio::time::sleep(pause(fruitless)).await;
            if is_settled {
                break;
            }
        }
    }
}

/// Reads the chain and goes to its end; gives the new key's name where there is one.
async fn renew(held: &Held) -> Result<Option<String>, KeysError> {
    let none = None::<&()>;
    let chain: SigningChain = ask(&held.tls(), &held.controller(), Method::GET, SIGNING_KEYS, none).await?;
    let trusted = held.verifier().borrow().keys().to_vec();
    let Some(key) = follow(&trusted, &chain).map_err(KeysError::Chain)? else { return Ok(None) };
    let id = key.id.clone();
    held.trust(key)?;
    Ok(Some(id))
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
