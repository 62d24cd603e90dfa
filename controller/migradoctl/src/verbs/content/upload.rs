//! Brings the objects of a release to the controller: asks what is missing, sends that in parts, goes
//! on where a broken line left off, and shows how far it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use migrado_content::digest::Digest;
use migrado_content::manifest::Manifest;
use serde_json::{Value, json};

use super::causes;
use crate::client::Client;
use crate::exit::{Code, Failure};

const MISSING: &str = "/api/v1/content/uploads/missing";
/// Objects of one question: what the controller takes.
const ASKED_MAX: usize = 5_000;
/// Bytes of one part: what a broken line costs at most beside what had come.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes that are handed to the line at once: so often the bar moves.
const CHUNK_BYTES: usize = 64 * 1024;
/// Uploads side by side: small files wait for answers, not for the line.
const SIDE_BY_SIDE: usize = 4;
/// Bytes in a second of the slowest line that is waited for.
const SLOWEST: u64 = 8 * 1024;
/// Seconds for an answer beside the bytes.
const ANSWER_S: u64 = 60;
/// Breaks without a byte in between before the upload is given up; the next call goes on there.
const BREAKS_MAX: u32 = 6;
/// The wait after the first break; it doubles.
const PAUSE: Duration = Duration::from_millis(500);

/// What was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) objects: usize,
    pub(super) bytes: u64,
}

/// An object to bring.
#[derive(Debug, Clone)]
struct Object {
    digest: Digest,
    size: u64,
    from: From,
}

#[derive(Debug, Clone)]
enum From {
    File(PathBuf),
    Memory(Arc<Vec<u8>>),
}

/// Brings what the controller lacks.
pub(super) async fn objects(client: &Client, manifest: &Manifest, files: PathBuf) -> Result<Sent, Failure> {
    let mut all: Vec<Object> = Vec::new();
    for (digest, index) in manifest.objects() {
        if let Some(entry) = manifest.entries().get(index) {
            let from = From::File(files.join(entry.path.as_ref()));
            all.push(Object { digest, size: entry.size, from });
        }
    }
    let bytes = manifest.to_bytes();
    let size = bytes.len() as u64;
    all.push(Object { digest: manifest.id().digest(), size, from: From::Memory(Arc::new(bytes)) });
    let missing = missing(client, &all).await?;
    all.retain(|object| missing.contains(&object.digest));
    let sent = Sent { objects: all.len(), bytes: all.iter().map(|object| object.size).sum() };
    let bar = bar(sent.bytes);
    let brought =
        stream::iter(all).map(|object| bring(client, object, bar.clone())).buffer_unordered(SIDE_BY_SIDE);
    brought.try_collect::<()>().await?;
    bar.finish_and_clear();
    Ok(sent)
}

async fn missing(client: &Client, all: &[Object]) -> Result<BTreeSet<Digest>, Failure> {
    let mut missing = BTreeSet::new();
    for part in all.chunks(ASKED_MAX) {
        let objects: Vec<Digest> = part.iter().map(|object| object.digest).collect();
        let answer = client.post(MISSING, &json!({"objects": objects}), &[]).await?;
        let named: Vec<Digest> = serde_json::from_value(answer["missing"].clone())
            .map_err(|e| Failure::failed(format!("the controller does not say what is missing: {e}")))?;
        missing.extend(named);
    }
    Ok(missing)
}

/// On a terminal a bar with bytes, rate and time left; nothing in a pipe.
fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    let look = "{wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
    bar.set_style(ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Brings one object, part after part; after a break it goes on where the controller stands.
async fn bring(client: &Client, object: Object, bar: ProgressBar) -> Result<(), Failure> {
    let path = format!("/api/v1/content/objects/{}", object.digest);
    let mut at = if object.size > PART_BYTES { stands(client, &path).await?.min(object.size) } else { 0 };
    bar.inc(at);
    let mut breaks = 0;
    loop {
        let length = PART_BYTES.min(object.size - at);
        let bytes = read(&object.from, at, length)?;
        let last = (at + length).saturating_sub(1);
        // An empty object has no range.
        let range = (object.size > 0).then(|| format!("bytes {at}-{last}/{}", object.size));
        let within = Duration::from_secs(ANSWER_S + length / SLOWEST);
        let told = bar.clone();
        let before = bar.position();
        let body = if bytes.is_empty() { reqwest::Body::from(bytes) } else { streamed(bytes, told) };
        match client.put_part(&path, range.as_deref(), body, within).await {
            Ok(answer) if answer["complete"] == true => return Ok(()),
            Ok(answer) => {
                let stands = answer["stands"].as_u64().unwrap_or(at + length);
                if stands <= at {
                    let message = format!("the controller takes {} and stays at byte {at}", object.digest);
                    return Err(Failure::failed(message));
                }
                at = stands.min(object.size);
                breaks = 0;
            }
            Err(failure) if may_go_on(&failure) && breaks < BREAKS_MAX => {
                tokio::time::sleep(PAUSE * 2_u32.pow(breaks)).await;
                breaks += 1;
                // Where the controller stands is not known while it is away.
                let now = stands(client, &path).await.unwrap_or(at).min(object.size);
                breaks = if now > at { 0 } else { breaks };
                bar.set_position(before.saturating_add(now.saturating_sub(at)));
                at = now;
            }
            Err(failure) => return Err(named(&object, failure)),
        }
    }
}

/// Whether trying again may help: nobody answered, or somebody else is at it.
fn may_go_on(failure: &Failure) -> bool {
    failure.unanswered || failure.code == Code::Conflict
}

fn named(object: &Object, failure: Failure) -> Failure {
    let what = match &object.from {
        From::File(path) => path.display().to_string(),
        From::Memory(_) => "the manifest".to_owned(),
    };
    let message = format!(
        "{what} did not arrive: {}\nWhat has arrived stays; the same call goes on there.",
        failure.message
    );
    Failure { message, ..failure }
}

/// How many bytes of an object the controller has.
async fn stands(client: &Client, path: &str) -> Result<u64, Failure> {
    let answer: Value = client.get(path).await?;
    Ok(answer["stands"].as_u64().unwrap_or(0))
}

fn read(from: &From, at: u64, length: u64) -> Result<Vec<u8>, Failure> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    match from {
        From::Memory(bytes) => {
            let begin = usize::try_from(at).unwrap_or(usize::MAX);
            let end = begin.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
            Ok(bytes.get(begin..end.min(bytes.len())).unwrap_or_default().to_vec())
        }
        From::File(path) => {
            let mut bytes = Vec::new();
            let read = std::fs::File::open(path).and_then(|mut file| {
                file.seek(SeekFrom::Start(at))?;
                file.take(length).read_to_end(&mut bytes)
            });
            read.map_err(|e| Failure::failed(format!("cannot read {}: {}", path.display(), causes(&e))))?;
            if bytes.len() as u64 != length {
                return Err(changed(path));
            }
            Ok(bytes)
        }
    }
}

fn changed(path: &Path) -> Failure {
    Failure::new(Code::Conflict, format!("{} changed meanwhile; call again", path.display()))
}

/// A body that moves the bar as it goes out.
fn streamed(bytes: Vec<u8>, bar: ProgressBar) -> reqwest::Body {
    let chunks: Vec<Vec<u8>> = bytes.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect();
    let body = stream::iter(chunks).map(move |chunk| {
        bar.inc(chunk.len() as u64);
        Ok::<_, std::convert::Infallible>(chunk)
    });
    reqwest::Body::wrap_stream(body)
}
