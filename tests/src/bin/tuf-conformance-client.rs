//! The command line of the public conformance suite for clients of The Update Framework, over exactly
//! the client that the agent uses (`migrado_content::trust`). Nothing but arguments, HTTP and files:
//!
//! * `--metadata-dir D init ROOT.json`
//! * `--metadata-dir D --metadata-url U refresh`
//! * `--metadata-dir D --metadata-url U --target-name P --target-base-url B --target-dir T download`
//!
//! Ends with 0 or 1. The suite itself is not part of this repository and is run from outside.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use futures_util::StreamExt as _;
use migrado_content::trust::{FetchFault, Trust};
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository};

/// A client of The Update Framework as displays have it.
#[derive(Debug, Parser)]
struct Cli {
    /// Folder of what is trusted
    #[arg(long, global = true)]
    metadata_dir: Option<PathBuf>,
    /// Address of the metadata
    #[arg(long, global = true)]
    metadata_url: Option<String>,
    /// A target to fetch
    #[arg(long, global = true)]
    target_name: Vec<String>,
    /// Address of the targets
    #[arg(long, global = true)]
    target_base_url: Option<String>,
    /// Folder of fetched targets
    #[arg(long, global = true)]
    target_dir: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Trust a root
    Init { root: PathBuf },
    /// Ask for what is new
    Refresh,
    /// The same, and fetch targets
    Download,
}

/// Metadata and targets over HTTP.
#[derive(Debug)]
struct Http {
    client: reqwest::Client,
    metadata: String,
    targets: String,
}

impl Http {
    fn new(cli: &Cli) -> Result<Self> {
        // A second installation in one process is refused; the first one stands.
        let _already = rustls::crypto::aws_lc_rs::default_provider().install_default().is_err();
        let base = |url: &Option<String>| url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        Ok(Self {
            client: reqwest::Client::builder().no_proxy().build()?,
            metadata: base(&cli.metadata_url).context("--metadata-url is missing")?,
            targets: base(&cli.target_base_url).unwrap_or_default(),
        })
    }

    async fn fetch(&self, base: &str, name: &str, max: u64) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        let failed = |e: reqwest::Error| Error::transport_with_source(format!("{name} did not come"), e);
        let response = self.client.get(format!("{base}/{name}")).send().await.map_err(failed)?;
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let mut stream = response.error_for_status().map_err(failed)?.bytes_stream();
        let mut bytes = Vec::new();
        while let Some(part) = stream.next().await {
            bytes.extend_from_slice(&part.map_err(failed)?);
            if bytes.len() as u64 > max {
                return Err(FetchFault::TooLong { max }.of(name));
            }
        }
        Ok(Some(bytes))
    }
}

impl Repository for Http {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max: u64) -> FetchFuture<'a> {
        Box::pin(self.fetch(&self.metadata, name, max))
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max: u64) -> FetchFuture<'a> {
        Box::pin(self.fetch(&self.targets, path, max))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may be listening; the exit code says it as well.
            let _closed = writeln!(std::io::stderr().lock(), "{error:#}").is_err();
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    let folder = cli.metadata_dir.as_deref().context("--metadata-dir is missing")?;
    if let Verb::Init { root } = &cli.verb {
        let root = fs::read(root).with_context(|| format!("cannot read {}", root.display()))?;
        return Ok(Trust::open(folder, &root)?.keep_root()?);
    }
    let trust = Trust::reopen(folder)?;
    let now = jiff::Timestamp::now();
    let mut updater = trust.update(Http::new(&cli)?, now).await?;
    if matches!(cli.verb, Verb::Refresh) {
        return Ok(());
    }
    let target_dir = cli.target_dir.as_deref().context("--target-dir is missing")?;
    for name in &cli.target_name {
        let found = updater.get_target_info(name, now).await?;
        let found = found.with_context(|| format!("{name} is not among the targets"))?;
        // One name of a file, whatever the path: a target cannot leave the folder.
        let at = target_dir.join(escaped(name));
        if is_there(&at, &found) {
            continue;
        }
        let bytes = updater.download_target(&found, name).await?;
        fs::write(&at, bytes).with_context(|| format!("cannot write {}", at.display()))?;
    }
    Ok(())
}

/// A target that was fetched before is not fetched again.
fn is_there(at: &Path, found: &sigstore_tuf::TargetFile) -> bool {
    let Ok(bytes) = fs::read(at) else { return false };
    let sha256 = migrado_content::digest::Digest::of(&bytes).to_string();
    bytes.len() as u64 == found.length && found.hashes.get("sha256") == Some(&sha256)
}

/// A path as one name of a file.
fn escaped(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
