//! `migradoctl content publish` and `recall`: build, list, sign, check, upload, and only then live.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use migrado_content::build::build;
use migrado_content::freshness;
use migrado_content::index;
use migrado_content::keys::Key;
use migrado_content::manifest::Manifest;
use migrado_content::sign::targets::{List, NewRelease};
use migrado_content::sign::{Freshened, KeyFolder, lay_out};
use migrado_content::trust::{Files, ReleaseName, check_targets};
use serde_json::{Value, json};

use super::passphrase::Opener;
use super::{causes, day, keys, open, told, upload};
use crate::cli::{Connection, Format, Publish, Recall, SendKeys};
use crate::client::Client;
use crate::exit::{Code, Failure};
use crate::output;

/// Parts of the signed list, by their names.
const METADATA: &str = "/api/v1/content/metadata";
const RELEASES: &str = "/api/v1/releases";
/// Days for which a repository without a controller is fresh: somebody carries the next stick by then.
const FRESH_DAYS: i64 = 90;

/// Where it goes.
enum Where {
    Controller(Client),
    Folder(PathBuf),
}

impl Where {
    fn of(connection: &Connection, out: Option<&PathBuf>) -> Result<Self, Failure> {
        match out {
            Some(out) => Ok(Self::Folder(out.clone())),
            None => Ok(Self::Controller(Client::connect(connection)?)),
        }
    }

    /// The list that is live there.
    async fn list(&self) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Controller(client) => live(client).await,
            Self::Folder(out) => newest(&out.join("metadata")),
        }
    }
}

pub(super) async fn run(connection: &Connection, format: Format, args: &Publish) -> Result<Code, Failure> {
    let mut folder = KeyFolder::open(&args.keys).map_err(|e| told(&e))?;
    keys::notice(&folder.spec().map_err(|e| told(&e))?, &args.keys);
    let to = Where::of(connection, args.out.as_ref())?;
    let today = day(args.today);
    let built = files(format, &args.folder, today)?;
    let manifest = Manifest::of_folder(&built.path()).map_err(|e| Failure::failed(causes(&e)))?;
    let now = Timestamp::now();
    let mut list = next_list(&folder, to.list().await?, now)?;
    let name = args.name.unwrap_or_else(|| next_name(today, &list.names()));
    for recalled in &args.recall {
        list.recall(*recalled).map_err(|e| told(&e))?;
    }
    let release = NewRelease { name, title: args.title.clone(), published: now, manifest: &manifest };
    list.add(&release).map_err(|e| told(&e))?;
    let mut opener = Opener::new(&args.passphrase)?;
    let at_hand = keys::content_key(&folder, &args.key, &mut opener)?;
    let signed = sign(&folder, &list, &at_hand, now)?;
    let sent = match &to {
        Where::Controller(client) => {
            let sent = upload::objects(client, &manifest, built.path()).await?;
            send(client, &folder, &signed).await?;
            sent
        }
        Where::Folder(out) => {
            write(out, &folder, &signed, Some((&manifest, built.path())), &mut opener, now)?;
            upload::Sent::default()
        }
    };
    keep(&mut folder, &signed)?;
    let whole = json!({
        "name": name, "manifest": manifest.id(), "list": list.version(),
        "files": manifest.entries().len(), "bytes": manifest.bytes(),
        "sent_objects": sent.objects, "sent_bytes": sent.bytes,
    });
    let cell = |name: &str| (name.replace('_', " "), output::text(&whole[name]));
    let pairs = ["name", "manifest", "list", "files", "bytes", "sent_objects", "sent_bytes"].map(cell);
    output::pairs(format, &pairs, &whole);
    Ok(Code::Ok)
}

pub(super) async fn recall(connection: &Connection, format: Format, args: &Recall) -> Result<Code, Failure> {
    let mut folder = KeyFolder::open(&args.keys).map_err(|e| told(&e))?;
    let to = Where::of(connection, args.out.as_ref())?;
    let now = Timestamp::now();
    let mut list = next_list(&folder, to.list().await?, now)?;
    for name in &args.names {
        list.recall(*name).map_err(|e| told(&e))?;
    }
    let mut opener = Opener::new(&args.passphrase)?;
    let at_hand = keys::content_key(&folder, &args.key, &mut opener)?;
    let signed = sign(&folder, &list, &at_hand, now)?;
    match &to {
        Where::Controller(client) => drop(send(client, &folder, &signed).await?),
        Where::Folder(out) => write(out, &folder, &signed, None, &mut opener, now)?,
    }
    keep(&mut folder, &signed)?;
    let names: Vec<String> = args.names.iter().map(ToString::to_string).collect();
    let rows: Vec<Vec<String>> = names.iter().map(|name| vec![name.clone()]).collect();
    output::rows(format, &["recalled"], &rows, &json!({"recalled": names, "list": list.version()}));
    Ok(Code::Ok)
}

/// The files of a release: as they are, or built into a folder that goes away again.
enum Built {
    There(PathBuf),
    Made(tempfile::TempDir),
}

impl Built {
    fn path(&self) -> PathBuf {
        match self {
            Self::There(path) => path.clone(),
            Self::Made(folder) => folder.path().join("release"),
        }
    }
}

fn files(format: Format, folder: &Path, today: Date) -> Result<Built, Failure> {
    if folder.join(index::FILE).is_file() {
        return Ok(Built::There(folder.to_path_buf()));
    }
    let made =
        tempfile::tempdir().map_err(|e| Failure::failed(format!("cannot make a temporary folder: {e}")))?;
    let out = made.path().join("release");
    match build(&open(folder)?, today, &out) {
        Ok(_) => Ok(Built::Made(made)),
        Err(error) => Err(super::not_built(format, folder, error)),
    }
}

/// The list that comes next: after the one that is live, or the one that was last signed here. What
/// the controller says is live is believed only when a content key signed it.
fn next_list(keys: &KeyFolder, live: Option<Vec<u8>>, now: Timestamp) -> Result<List, Failure> {
    let version = |list: Option<&[u8]>| match list {
        Some(list) => freshness::targets_version(list).map_err(|e| Failure::failed(causes(&e))),
        None => Ok(0),
    };
    let (here, there) = (version(keys.targets())?, version(live.as_deref())?);
    if there <= here {
        if there < here {
            output::say(&format!("What is live is list {there}; list {here} was signed here and is taken."));
        }
        return List::after(keys.targets()).map_err(|e| told(&e));
    }
    let live = live.unwrap_or_default();
    check_targets(keys.roots(), &live, now).map_err(|error| {
        let message = "what is live was signed by none of the content keys; nothing is built on it";
        Failure::failed(format!("{message}: {}", error.story()))
    })?;
    List::after(Some(&live)).map_err(|e| told(&e))
}

/// Pure: the next number of a day.
fn next_name(today: Date, live: &[ReleaseName]) -> ReleaseName {
    let last = live.iter().filter(|name| name.day() == today).map(|name| name.number()).max();
    ReleaseName::new(today, last.unwrap_or(0) + 1)
}

fn sign(keys: &KeyFolder, list: &List, at_hand: &[Key], now: Timestamp) -> Result<Vec<u8>, Failure> {
    keys.sign(list, at_hand, keys::in_days(now, keys::LIST_DAYS), now).map_err(|e| told(&e))
}

/// Makes what was uploaded live.
async fn send(client: &Client, keys: &KeyFolder, list: &[u8]) -> Result<Value, Failure> {
    // As text, byte for byte: that is what the signatures and the digests of the list are over.
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let roots: Vec<String> = keys.roots().iter().map(|root| text(root)).collect();
    client.post(RELEASES, &json!({"roots": roots, "targets": text(list)}), &[]).await
}

/// Sends the roots with the list that is live, signed anew: a new root changes who may sign it.
pub(super) async fn resend(
    connection: &Connection,
    format: Format,
    args: &SendKeys,
) -> Result<Code, Failure> {
    let mut folder = KeyFolder::open(&args.folder).map_err(|e| told(&e))?;
    let client = Client::connect(connection)?;
    let now = Timestamp::now();
    let list = next_list(&folder, live(&client).await?, now)?;
    let mut opener = Opener::new(&args.passphrase)?;
    let at_hand = keys::content_key(&folder, &args.key, &mut opener)?;
    let signed = sign(&folder, &list, &at_hand, now)?;
    let answer = send(&client, &folder, &signed).await?;
    keep(&mut folder, &signed)?;
    let root = folder.roots().len();
    let pairs = [("root".to_owned(), root.to_string()), ("list".to_owned(), list.version().to_string())];
    output::pairs(format, &pairs, &answer);
    Ok(Code::Ok)
}

/// The list that is live at the controller, by way of what says so; `None` when there is none.
async fn live(client: &Client) -> Result<Option<Vec<u8>>, Failure> {
    let mut name = "timestamp.json".to_owned();
    for (part, next) in [("snapshot.json", "snapshot"), ("targets.json", "targets")] {
        let Some(bytes) = client.bytes(&format!("{METADATA}/{name}")).await? else { return Ok(None) };
        let document: Value = serde_json::from_slice(&bytes)
            .map_err(|e| Failure::failed(format!("{name} at the controller is damaged: {e}")))?;
        let version = document["signed"]["meta"][part]["version"].as_u64();
        let version = version.ok_or_else(|| {
            Failure::failed(format!(
                "{name} at the controller names no {part}; does its version fit this one?"
            ))
        })?;
        name = format!("{version}.{next}.json");
    }
    client.bytes(&format!("{METADATA}/{name}")).await
}

fn write(
    out: &Path,
    keys: &KeyFolder,
    signed: &[u8],
    release: Option<(&Manifest, PathBuf)>,
    opener: &mut Opener<'_>,
    now: Timestamp,
) -> Result<(), Failure> {
    let own = keys::own_freshness(keys, opener)?;
    let until = keys::in_days(now, FRESH_DAYS);
    let by = own.as_ref().map(|key| Freshened { key, until, now });
    let release = release.as_ref().map(|(manifest, files)| (*manifest, files.as_path()));
    let seen = lay_out(out, keys.roots(), signed, release, by.as_ref()).map_err(|e| told(&e))?;
    match seen {
        Some(_) => output::say(&format!("{} is whole and fresh for {FRESH_DAYS} days", out.display())),
        None => output::say(&format!(
            "{} lacks snapshot and timestamp: the freshness key is the controller's, which signs them when \
             it is uploaded",
            out.display()
        )),
    }
    Ok(())
}

fn keep(keys: &mut KeyFolder, signed: &[u8]) -> Result<(), Failure> {
    keys.keep_targets(signed).map_err(|error| {
        let failure = told(&error);
        Failure { message: format!("it is live, but {}", failure.message), ..failure }
    })
}

/// The newest list of a folder that was written before.
fn newest(metadata: &Path) -> Result<Option<Vec<u8>>, Failure> {
    if !metadata.is_dir() {
        return Ok(None);
    }
    let files = Files::read(metadata)
        .map_err(|e| Failure::failed(format!("cannot read {}: {e}", metadata.display())))?;
    let version = |name: &str| name.strip_suffix(".targets.json")?.parse::<u64>().ok();
    let newest = files.iter().filter_map(|(name, bytes)| Some((version(name)?, bytes))).max();
    Ok(newest.map(|(_, bytes)| bytes.to_vec()))
}

#[cfg(test)]
mod tests;
