//! The signed list of releases, fetched over the line and kept by [`migrado_content::trust`]. The
//! first root comes with enrollment; a display that was enrolled before there was one asks the
//! controller once, which it trusts as it did then.

use std::path::PathBuf;

use jiff::Timestamp;
use migrado_content::manifest::ManifestId;
use migrado_content::trust::{FetchFault, Freshness, Refusal, Releases, Trust, TrustError};
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository};
use tokio::sync::Mutex;

use super::fetch::Trouble;
use super::line::{Line, LineError};
use super::machine::Broken;
use super::record::{Listed, Target};

/// Bytes of a root: a handful of keys and signatures.
const ROOT_BYTES_MAX: u64 = 512 * 1024;

/// The lists of one display.
#[derive(Debug)]
pub struct Lists {
    folder: PathBuf,
    /// The root that came with enrollment.
    given: Option<Vec<u8>>,
    trust: Mutex<Option<Trust>>,
}

/// What the list says of the release that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The list.
    pub list: Listed,
    /// What it is.
    pub manifest: ManifestId,
    /// Bytes of the release's files.
    pub bytes: u64,
}

impl From<TrustError> for Trouble {
    fn from(error: TrustError) -> Self {
        let is_passing =
            matches!(error.refusal(), Refusal::Transport | Refusal::SlowData | Refusal::NotFound);
        let broken = Broken { finding: error.name().to_owned(), detail: error.story() };
        Self { broken, is_passing }
    }
}

impl Lists {
    /// Below a folder; nothing is read yet.
    pub fn new(folder: PathBuf, given: Option<Vec<u8>>) -> Self {
        Self { folder, given, trust: Mutex::default() }
    }

    /// Asks for the newest list. What was trusted before stays if it is refused.
    pub async fn refresh(&self, line: &Line, now: Timestamp) -> Result<Releases, Trouble> {
        let mut trust = self.trust.lock().await;
        if trust.is_none() {
            *trust = Some(self.open(line).await?);
        }
        let Some(trust) = trust.as_mut() else { return Err(unknown("there is no root to trust")) };
        Ok(trust.refresh(Remote { line: line.clone() }, now).await?)
    }

    /// What the newest list says of a release; refused by name when it does not have it.
    pub async fn find(&self, line: &Line, target: &Target, now: Timestamp) -> Result<Found, Trouble> {
        let releases = self.refresh(line, now).await?;
        let id = target.manifest.parse().map_err(|_| unknown("the wanted manifest is no SHA-256"))?;
        let Some(release) = releases.find(&id) else {
            let detail = format!(
                "version {} of the signed list has no release {} with the manifest {}",
                releases.targets_version, target.name, target.manifest
            );
            let broken = Broken { finding: "not_listed".into(), detail };
            return Err(Trouble { broken, is_passing: false });
        };
        Ok(Found { list: listed(&releases), manifest: release.manifest, bytes: release.bytes })
    }

    async fn open(&self, line: &Line) -> Result<Trust, Trouble> {
        match Trust::reopen(&self.folder) {
            Ok(trust) => return Ok(trust),
            Err(error) => tracing::info!(story = error.story(), "the first root is asked for"),
        }
        let root = match &self.given {
            Some(root) => root.clone(),
            None => {
                line.get("/content/v1/metadata/1.root.json", 0, None, ROOT_BYTES_MAX).await?.whole().await?
            }
        };
        let trust = Trust::open(&self.folder, &root)?;
        trust.keep_root()?;
        Ok(trust)
    }
}

/// What is remembered of a list.
pub fn listed(releases: &Releases) -> Listed {
    let (Freshness::Fresh { until: end } | Freshness::Expired { since: end }) = releases.freshness;
    Listed { version: releases.targets_version, fresh_until_ms: end.as_millisecond() }
}

fn unknown(what: &str) -> Trouble {
    let broken = Broken { finding: "unknown_format".into(), detail: what.to_owned() };
    Trouble { broken, is_passing: false }
}

/// The controller's signed lists.
struct Remote {
    line: Line,
}

impl Repository for Remote {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max: u64) -> FetchFuture<'a> {
        Box::pin(async move {
            let path = format!("/content/v1/metadata/{name}");
            let answer = match self.line.get(&path, 0, None, max).await {
                Ok(answer) => answer.whole().await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(bytes) => Ok(Some(bytes)),
                Err(LineError::Missing { .. }) => Ok(None),
                Err(LineError::Endless { max, .. }) => Err(FetchFault::TooLong { max }.of(name)),
                Err(error @ LineError::Slow { .. }) => {
                    tracing::debug!(%error, "a signed list comes too slowly");
                    Err(FetchFault::TooSlow { bytes: 0, seconds: 60 }.of(name))
                }
                Err(error) => Err(Error::transport_with_source(format!("{name} did not come"), error)),
            }
        })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, _: u64) -> FetchFuture<'a> {
        // Releases are fetched by `fetch`, within a budget and to the disk.
        Box::pin(async move { Err(Error::transport(format!("{path} is not fetched this way"))) })
    }
}
