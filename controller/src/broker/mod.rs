//! The embedded broker: rmqtt as a library with our own admission. An identity is the common name
//! of its certificate; it may write only its own words and read only its own orders, wills
//! included. What is refused is counted and told with the identity. The controller talks to it as
//! an ordinary client (`link`), so that an external broker is a change of configuration.
//!
//! Broker state is a cache: desired state and open commands live in the database.
//!
//! The library reads its certificate once, so a renewed one needs a new listener: the port is closed
//! and opened again over the same state. Connections that stand are not touched.

mod admission;
pub mod refusals;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rmqtt::context::ServerContext;
use rmqtt::hook::Type;
use rmqtt::net::{Builder, Listener};
use rmqtt::server::MqttServer;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::identity::Identities;
use admission::Admission;
pub use refusals::Refusals;

/// Messages to one client that are on the way unacknowledged; the controller's own subscription
/// carries the whole fleet, so it is as large as the protocol allows the group commit to use.
const INFLIGHT_MAX: u16 = 4096;
/// Messages that wait for a client that is away or slow. A burst of a whole grown fleet fits.
const QUEUE_MAX: usize = 100_000;
/// Handshakes at once: after an outage everybody comes back together.
const HANDSHAKES_MAX: usize = 4096;
/// How long a message without an expiry of its own is kept. The library's five minutes would lose
/// what waits for somebody who is away.
const MESSAGE_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);
/// Time before a port that could not be opened again is tried again: whoever holds it may let go.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);

/// The broker did not start.
#[derive(Debug, thiserror::Error)]
#[error("the embedded broker cannot {operation}: {reason}")]
pub struct BrokerError {
    operation: &'static str,
    reason: String,
}

fn failed<E: std::fmt::Display>(operation: &'static str) -> impl Fn(E) -> BrokerError {
    move |error| BrokerError { operation, reason: error.to_string() }
}

/// What the broker needs.
#[derive(Debug, Clone)]
pub struct BrokerOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Folder of its state.
    pub folder: PathBuf,
    /// Its certificate and key, and the authority that clients must come from.
    pub certificate: PathBuf,
    /// Key.
    pub key: PathBuf,
    /// Authority.
    pub authority: PathBuf,
}

/// A broker that is ready to run.
pub struct Broker {
    listener: Listener,
    options: BrokerOptions,
    context: ServerContext,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Broker")
    }
}

/// Ends connections by name: a revoked terminal is gone at once.
#[derive(Clone)]
pub struct Kicker(ServerContext);

impl std::fmt::Debug for Kicker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kicker")
    }
}

impl Kicker {
    /// Ends the connection of a name, if it has one.
    pub async fn kick(&self, name: &str) {
        let id = rmqtt::types::Id::from(self.0.node.id(), name.to_owned().into());
        let kicked = self.0.extends.shared().await.entry(id).kick(true, true, true).await;
        if let Err(error) = kicked {
            tracing::warn!(name, %error, "a connection could not be ended");
        }
    }
}

impl Broker {
    /// Prepares the broker and opens its port.
    pub async fn open(
        options: &BrokerOptions,
        refusals: Refusals,
        identities: Identities,
        clock: Clock,
    ) -> Result<Self, BrokerError> {
        let context = context(&options.folder).await?;
        rmqtt_retainer::register(&context, true, false).await.map_err(failed("keep retained messages"))?;
        rmqtt_session_storage::register(&context, true, false).await.map_err(failed("keep sessions"))?;
        let hooks = context.extends.hook_mgr().register();
        let checked = [Type::ClientAuthenticate, Type::ClientSubscribeCheckAcl, Type::MessagePublishCheckAcl];
        for hook in checked {
            let admission = Admission::new(refusals.clone(), identities.clone(), clock.clone());
            hooks.add_priority(hook, 1000, Box::new(admission)).await;
        }
        hooks.start().await;
        let listener = listen(options)?;
        Ok(Self { listener, options: options.clone(), context })
    }

    /// The handle that ends connections.
    pub fn kicker(&self) -> Kicker {
        Kicker(self.context.clone())
    }

    /// Runs until the process ends. `renewed` changes when there is a new certificate to show.
    pub async fn run(self, mut renewed: watch::Receiver<u64>) {
        let Self { mut listener, options, context } = self;
        renewed.mark_unchanged();
        loop {
            let server = MqttServer::new(context.clone()).listener(listener).build();
            // Dropping the server closes its port; a handshake under way is a task of its own.
            tokio::select! {
                ended = server.run() => {
                    let error = ended.err().map(|error| error.to_string());
                    return tracing::error!(error, "the embedded broker ended");
                }
                changed = renewed.changed() => if changed.is_err() {
                    // Nobody renews any more: the controller stops, and this task with it.
                    return;
                },
            }
            // The library refuses a second listener of the same port while the first is on its list.
            context.listen_cfgs.remove(&options.listen.port());
            listener = reopened(&options).await;
            tracing::info!(listen = %options.listen, "the broker shows its new certificate");
        }
    }
}

/// Opens the port again, however often it takes.
async fn reopened(options: &BrokerOptions) -> Listener {
    loop {
        match listen(options) {
            Ok(listener) => return listener,
            Err(error) => tracing::error!(%error, "the broker's port is tried again"),
        }
        tokio::time::sleep(REOPEN_PAUSE).await;
    }
}

/// Opens the port, with the certificate that lies on the disk now.
fn listen(options: &BrokerOptions) -> Result<Listener, BrokerError> {
    let file = |path: &Path| Some(path.display().to_string());
    Builder::new()
        .name("terminals")
        .laddr(options.listen)
        .allow_anonymous(false)
        .reuseaddr(Some(true))
        .max_packet_size(
            u32::try_from(migrado_protocol::limits::PAYLOAD_BYTES_MAX + 4096).unwrap_or(u32::MAX),
        )
        .max_topic_aliases(0)
        .max_inflight(std::num::NonZeroU16::new(INFLIGHT_MAX).unwrap_or(std::num::NonZeroU16::MIN))
        .max_mqueue_len(QUEUE_MAX)
        .max_handshaking_limit(HANDSHAKES_MAX)
        .nodelay(true)
        .message_expiry_interval(MESSAGE_EXPIRY)
        // Sending again on a standing connection is against MQTT 5 and floods a slow reader.
        .message_retry_interval(Duration::ZERO)
        .tls_cross_certificate(true)
        .tls_cert(file(&options.certificate))
        .tls_key(file(&options.key))
        .tls_client_ca_certs(file(&options.authority))
        .cert_cn_as_username(true)
        .collect_cert_info(true)
        .bind()
        .map_err(failed("open its port"))?
        .tls()
        .map_err(failed("use its certificate"))
}

async fn context(folder: &Path) -> Result<ServerContext, BrokerError> {
    std::fs::create_dir_all(folder).map_err(failed("make its folder"))?;
    let sled = |name: &str| {
        let path = folder.join(name);
        format!(
            "storage.type=\"sled\"\nstorage.sled.path=\"{}\"\nstorage.sled.cache_capacity=\"16M\"\n",
            path.display()
        )
    };
    Ok(ServerContext::new()
        .plugins_config_map_add("rmqtt-session-storage", sled("sessions"))
        .plugins_config_map_add(
            "rmqtt-retainer",
            format!("{}retained_message_ttl=\"0m\"\n", sled("retained")),
        )
        .build()
        .await)
}
