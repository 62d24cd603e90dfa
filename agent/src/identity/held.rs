//! The identity while the agent runs: what is shown, what is trusted, and the one way in which
//! either changes. Nothing counts that is not on the disk, so that a power cut at any step leaves the
//! old identity or the new one, never a mixture.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use migrado_link::signing::Verifier;
use migrado_link::tls::neighbor::{neighbor_client_config, neighbor_server_config};
use migrado_link::tls::{self, CertResolver, TlsError, Validity};
use migrado_protocol::TerminalId;
use migrado_protocol::enroll::SigningKey;
use tokio::sync::watch;

use super::{FILE, Identity, IdentityError, Pair, load, save};
use crate::platform::disk::{self, Stamp};

/// The identity in use.
#[derive(Debug)]
pub struct Held {
    data_dir: PathBuf,
    current: Mutex<Identity>,
    /// The file as it was when it was found to be ours.
    ours: Mutex<Option<Stamp>>,
    resolver: Arc<CertResolver>,
    tls: Arc<rustls::ClientConfig>,
    verifier: watch::Sender<Verifier>,
}

impl Held {
    /// Uses an identity that was loaded from `data_dir`.
    pub fn new(data_dir: &Path, identity: Identity) -> Result<Arc<Self>, IdentityError> {
        let resolver = CertResolver::new(&identity.given.certificate_pem, &identity.key_pem)?;
        let tls = tls::client_config(&identity.given.authority_pem, resolver.clone())?;
        let verifier = watch::Sender::new(Verifier::new(identity.given.signing_keys.clone()));
        let current = Mutex::new(identity);
        let ours = Mutex::new(None);
        Ok(Arc::new(Self { data_dir: data_dir.to_owned(), current, ours, resolver, tls, verifier }))
    }

    /// The TLS configuration that shows the certificate of now and trusts the authority alone.
    pub fn tls(&self) -> Arc<rustls::ClientConfig> {
        self.tls.clone()
    }

    /// The TLS configuration that lets other displays of the authority in, and nobody else.
    pub fn neighbor_server(&self) -> Result<rustls::ServerConfig, TlsError> {
        let authority = self.with(|identity| identity.given.authority_pem.clone());
        neighbor_server_config(&authority, self.resolver.clone())
    }

    /// The TLS configuration that believes that one display alone.
    pub fn neighbor_client(&self, neighbor: &TerminalId) -> Result<Arc<rustls::ClientConfig>, TlsError> {
        let authority = self.with(|identity| identity.given.authority_pem.clone());
        neighbor_client_config(&authority, self.resolver.clone(), neighbor)
    }

    /// How long the certificate in use holds.
    pub fn validity(&self) -> Validity {
        self.resolver.validity()
    }

    /// Checks orders, with the keys of now.
    pub fn verifier(&self) -> watch::Receiver<Verifier> {
        self.verifier.subscribe()
    }

    /// `host:port` of the terminal listener.
    pub fn controller(&self) -> String {
        self.with(|identity| identity.given.controller.clone())
    }

    /// The first root of the signed list of releases, if it came with enrollment.
    pub fn content_root(&self) -> Option<String> {
        self.with(|identity| identity.given.content_root.clone())
    }

    /// The pair that a renewal brought and that the controller has not seen yet.
    pub fn next(&self) -> Option<Pair> {
        self.with(|identity| identity.next.clone())
    }

    /// A TLS configuration that shows that pair.
    pub fn tls_with(&self, pair: &Pair) -> Result<Arc<rustls::ClientConfig>, IdentityError> {
        let resolver = CertResolver::new(&pair.certificate_pem, &pair.key_pem)?;
        Ok(self.with(|identity| tls::client_config(&identity.given.authority_pem, resolver))?)
    }

    /// Keeps a renewed pair beside the one in use.
    pub fn keep_next(&self, pair: Pair) -> Result<(), IdentityError> {
        // Nothing is kept that could not be shown.
        CertResolver::new(&pair.certificate_pem, &pair.key_pem)?;
        self.change(|identity| identity.next = Some(pair))
    }

    /// Forgets a renewed pair that the controller does not know.
    pub fn drop_next(&self) -> Result<(), IdentityError> {
        self.change(|identity| identity.next = None)
    }

    /// Uses the renewed pair from now on: every later handshake shows it.
    pub fn use_next(&self) -> Result<(), IdentityError> {
        let Some(pair) = self.next() else { return Ok(()) };
        // Shown before it is written: the pair is on the disk already, and the controller forgets
        // the old one, which a full disk must not keep us at.
        self.resolver.swap(&pair.certificate_pem, &pair.key_pem)?;
        self.change(|identity| {
            identity.next = None;
            identity.key_pem.clone_from(&pair.key_pem);
            identity.given.certificate_pem.clone_from(&pair.certificate_pem);
        })
    }

    /// Trusts this key alone from now on.
    pub fn trust(&self, key: SigningKey) -> Result<(), IdentityError> {
        let keys = vec![key];
        self.change(|identity| identity.given.signing_keys.clone_from(&keys))?;
        self.verifier.send_replace(Verifier::new(keys));
        Ok(())
    }

    /// Whether somebody has enrolled the terminal anew meanwhile: then what is held here is void.
    pub fn is_replaced(&self) -> Result<bool, IdentityError> {
        // Stamped before it is read: what replaces it in between is read the next time.
        let stamp = disk::stamp(&self.data_dir.join(FILE)).ok();
        let mut ours = self.ours.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp.is_some() && *ours == stamp {
            return Ok(false);
        }
        let stored = load(&self.data_dir)?;
        let is_replaced = self.with(|held| stored.is_some_and(|stored| stored.key_pem != held.key_pem));
        *ours = stamp.filter(|_| !is_replaced);
        Ok(is_replaced)
    }

    fn with<R>(&self, read: impl FnOnce(&Identity) -> R) -> R {
        read(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Identity)) -> Result<(), IdentityError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // A new enrolment wins: it must not be overwritten with what it replaced.
        match load(&self.data_dir)? {
            Some(stored) if stored.key_pem == current.key_pem => {}
            _ => return Err(IdentityError::Replaced),
        }
        let mut changed = current.clone();
        change(&mut changed);
        save(&self.data_dir, &changed)?;
        *current = changed;
        Ok(())
    }
}
