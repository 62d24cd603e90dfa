//! A fleet that the controller knows before it starts: terminals with certificates of its own
//! authority, put into its data folder by its own code. Enrolment has its tests; here 10,000 of
//! them would only be waiting.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use migrado_controller::fleet::Terminal;
use migrado_controller::fleet::terminal::{Certificate, Connection};
use migrado_controller::pki::Pki;
use migrado_controller::store;
use migrado_link::tls::{CertResolver, client_config};
use migrado_protocol::TerminalId;

use crate::displays;

/// A terminal and what it shows.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// Who.
    pub(crate) id: TerminalId,
    /// TLS with its certificate.
    pub(crate) tls: Arc<rustls::ClientConfig>,
    /// Certificate and key, PEM.
    pub(crate) pem: (String, String),
    /// Serial and end of the certificate.
    pub(crate) certificate: Certificate,
}

/// The sites' names, in turn.
const SITES: [&str; 2] = ["friedensplatz", "berswordthalle"];

/// Milliseconds of now.
pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Issues certificates of the authority in a data folder, which is made if there is none.
pub(crate) fn issue(data_dir: &Path, n: usize) -> Result<Vec<Identity>> {
    let now_ms = now_ms();
    std::fs::create_dir_all(data_dir)?;
    let pki = Pki::open(data_dir, &["localhost"], now_ms)?;
    // Mosquitto does not start without a list.
    pki.write_revocations(&[], now_ms)?;
    (0..n)
        .map(|at| {
            let id: TerminalId = format!("sim-{at:05}").parse().map_err(|_| anyhow::anyhow!("a name"))?;
            let key = rcgen::KeyPair::generate()?;
            let request = rcgen::CertificateParams::new(Vec::<String>::new())?.serialize_request(&key)?;
            let issued = pki.issue_terminal(&id, &request.pem()?, now_ms)?;
            let resolver = CertResolver::new(&issued.certificate_pem, &key.serialize_pem())?;
            Ok(Identity {
                id,
                tls: client_config(pki.authority_pem(), resolver)?,
                pem: (issued.certificate_pem, key.serialize_pem()),
                certificate: Certificate { serial: issued.serial, not_after_ms: issued.not_after_ms },
            })
        })
        .collect()
}

/// A terminal as the controller keeps it; `reported` with a whole report behind it.
pub(crate) fn terminal(at: usize, identity: &Identity, reported: bool) -> Result<Terminal> {
    let now_ms = now_ms();
    let site = SITES[at % SITES.len()].parse().ok().context("a site")?;
    let mut terminal = Terminal::new(identity.id.clone(), site, format!("Anzeige {at}"), now_ms);
    terminal.certificate = Some(identity.certificate.clone());
    if reported {
        terminal.reported.take(displays::whole(at, now_ms));
        terminal.connection = Connection::Standing;
        terminal.session = 1;
        terminal.seq = 1;
        terminal.last_seen_ms = Some(now_ms);
        terminal.reported_ms = Some(now_ms);
        terminal.agent_version = Some("0.1.0".into());
    }
    Ok(terminal)
}

/// Puts a fleet into the database of a data folder.
pub(crate) async fn put(data_dir: &Path, identities: &[Identity], reported: bool) -> Result<()> {
    let pool = store::open(&data_dir.join("controller.db")).await?;
    let mut tx = pool.begin().await?;
    for (at, identity) in identities.iter().enumerate() {
        store::terminals::put(&mut tx, &terminal(at, identity, reported)?).await?;
        let id = identity.id.as_str();
        store::certificates::enroll(&mut tx, id, &identity.certificate, now_ms()).await?;
    }
    tx.commit().await?;
    pool.close().await;
    Ok(())
}
