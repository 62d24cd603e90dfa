//! The way by chunks, from any other base: asks for the indexes of missing files, finds what of them
//! stands in the releases that are here, and asks for the rest as ranges. What comes is verified chunk
//! by chunk against an index that nobody signed, and at the end against the file's digest, which counts.
//! Here: asking, and who is at fault. The files themselves are put together in
//! `migrado_content::chunks`.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes as Piece;
use migrado_content::chunks::{
    Asked, ChunkError, Index, Intake, Job, Next, Plan, Unpack, groups, is_cut, looked_into, questions,
};
use migrado_content::digest::Digest;
use migrado_content::limits::INDEXES_MAX;
use migrado_content::manifest::{Entry, Manifest};
use migrado_content::store::{Objects as _, Store as Content};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Fetch, Trouble, blocking, is_ours};
use crate::update::line::{Answer, LineError, with_causes};

/// Where indexes are asked for.
const INDEXES: &str = "/content/v1/indexes";
/// Where ranges are asked for.
const RANGES: &str = "/content/v1/ranges";
/// Bytes that are copied between two looks at whether to halt: a tenth of a second of a slow disk.
const STEP_BYTES: u64 = 8 * 1024 * 1024;
/// How long indexes that are being made are waited for before the files are fetched whole.
const PATIENCE: Duration = Duration::from_secs(90);
/// The longest pause between two looks for them.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A stream may have as many bytes as the ranges in it, one percent more for what does not compress,
/// and its frame.
const STREAM_MORE_SHARE: u64 = 100;
const STREAM_MORE_BYTES: u64 = 64 * 1024;
/// Local files that may turn out spoiled before the disk is not asked any more.
const SPOILED_MAX: usize = 3;

/// How the way by chunks ended.
#[derive(Debug)]
pub(super) enum ChunksEnd {
    /// It leads nowhere: the controller does not know it, or what it sends is not right.
    Closed(String),
    /// A local file is not what it was when it was looked into.
    Spoiled(Digest),
    /// It broke off, or the display cannot go on.
    Trouble(Trouble),
}

impl From<Trouble> for ChunksEnd {
    fn from(trouble: Trouble) -> Self {
        if trouble.is_passing || is_ours(&trouble) {
            return Self::Trouble(trouble);
        }
        Self::Closed(trouble.broken.detail)
    }
}

impl From<LineError> for ChunksEnd {
    fn from(error: LineError) -> Self {
        match error {
            // An older controller, or one that lost the object.
            LineError::Missing { .. } => Self::Closed(error.to_string()),
            error => Trouble::from(error).into(),
        }
    }
}

impl From<ChunkError> for ChunksEnd {
    fn from(error: ChunkError) -> Self {
        match error {
            ChunkError::Local { object, .. } => Self::Spoiled(object),
            ChunkError::Store(error) if !error.is_about_data() => Self::Trouble(error.into()),
            error => Self::Closed(with_causes(&error)),
        }
    }
}

/// Files whose indexes are wanted, as they are asked for.
#[derive(Debug, Serialize)]
struct Wanted<'a> {
    objects: Vec<&'a Digest>,
}

impl Fetch {
    /// Fetches what is missing by chunks, but for files that are too large for it.
    pub(super) async fn chunks(&self) -> Result<(), ChunksEnd> {
        let missing = self.missing().await?;
        let mut spoiled = BTreeSet::new();
        let mut groups = groups(missing);
        groups.reverse();
        while let Some(group) = groups.pop() {
            let later: u64 = groups.iter().flatten().map(|entry| entry.size).sum();
            match self.group(&group, &spoiled, later).await {
                Err(ChunksEnd::Spoiled(object)) if spoiled.len() < SPOILED_MAX => {
                    tracing::warn!(%object, "the disk spoiled an object; its chunks are fetched");
                    spoiled.insert(object);
                    groups.push(self.still_missing(group).await?);
                }
                Err(ChunksEnd::Spoiled(object)) => {
                    return Err(ChunksEnd::Closed(format!("the disk spoiled also {object}")));
                }
                ended => ended?,
            }
        }
        let content = self.content.clone();
        Ok(blocking(move || Ok(content.sync()?)).await?)
    }

    async fn still_missing(&self, mut group: Vec<Entry>) -> Result<Vec<Entry>, Trouble> {
        let content = self.content.clone();
        blocking(move || {
            group.retain(|entry| !content.has(&entry.sha256, entry.size));
            Ok(group)
        })
        .await
    }

    /// Fetches files together. `later` bytes are those of the files after them.
    async fn group(&self, group: &[Entry], spoiled: &BTreeSet<Digest>, later: u64) -> Result<(), ChunksEnd> {
        let (plan, jobs) = self.plan(group, spoiled).await?;
        let content = self.content.clone();
        let (plan, jobs, questions) = blocking(move || {
            let ranges = jobs.iter().flat_map(|job: &Job| {
                let ranges = job.ranges(&plan, content.came(&job.object, job.size));
                ranges.into_iter().map(|range| (job.object, range))
            });
            let questions = questions(ranges);
            Ok((plan, jobs, questions))
        })
        .await?;
        let bytes = |question: &[Asked]| question.iter().map(|(_, _, length)| length).sum::<u64>();
        let before = self.line.meter().taken() + self.progress.borrow().from_neighbors;
        let total = before + later + questions.iter().map(|q| bytes(q)).sum::<u64>();
        self.came(|_| total);
        let mut intake = Intake::new(self.content.clone(), Arc::new(plan), jobs);
        for question in questions {
            let left = bytes(&question);
            let max = left + left / STREAM_MORE_SHARE + STREAM_MORE_BYTES;
            let answer = self.ask(RANGES, &question, max).await?;
            let told = |_: &Piece| self.came(|total| total);
            let halt = self.halt.clone();
            let taken = self.pour(answer, told, move |arriving| Ok(take(intake, arriving, left, &halt)));
            intake = match taken.await? {
                Err(_) if self.halt.is_cancelled() => return Err(Trouble::halted().into()),
                taken => taken?,
            };
        }
        let halt = self.halt.clone();
        blocking(move || Ok(end(intake, &halt))).await?
    }

    /// Finds what of the files is here.
    async fn plan(&self, group: &[Entry], spoiled: &BTreeSet<Digest>) -> Result<(Plan, Vec<Job>), ChunksEnd> {
        let content = self.content.clone();
        let releases = blocking(move || releases(&content)).await?;
        let mut local = looked_into(group, &releases);
        local.retain(|entry| !spoiled.contains(&entry.sha256));
        // Where nothing is here, nothing can be found.
        let by_index = |entry: &&Entry| !local.is_empty() && is_cut(entry);
        let cut: Vec<&Entry> = group.iter().filter(by_index).collect();
        let mut indexes = Vec::with_capacity(cut.len());
        for part in cut.chunks(INDEXES_MAX) {
            let bytes = self.indexes(part).await?;
            let mut rest = &bytes[..];
            for entry in part {
                let (index, after) = Index::parse_first(rest, entry.size)?;
                indexes.push(index);
                rest = after;
            }
            if !rest.is_empty() {
                return Err(ChunkError::Trailing.into());
            }
        }
        let mut files = 0..;
        let job = |entry: &Entry| {
            let file = if by_index(&entry) { files.next() } else { None };
            Job { object: entry.sha256, size: entry.size, file }
        };
        let jobs = group.iter().map(job).collect();
        let (content, halt) = (self.content.clone(), self.halt.clone());
        let plan = blocking(move || look(&content, Plan::new(indexes), &local, &halt)).await?;
        Ok((plan, jobs))
    }

    /// The indexes of files, one after the other. Waits for those that are being made.
    async fn indexes(&self, of: &[&Entry]) -> Result<Vec<u8>, ChunksEnd> {
        let wanted = Wanted { objects: of.iter().map(|entry| &entry.sha256).collect() };
        let max = of.iter().map(|entry| Index::bytes_max(entry.size)).sum();
        let began = tokio::time::Instant::now();
        let mut answer = loop {
            match self.post(INDEXES, &wanted, max).await? {
                Ok(answer) => break answer,
                Err(LineError::Missing { retry_after_s: Some(s), .. }) if began.elapsed() < PATIENCE => {
                    let pause = Duration::from_secs(s).clamp(Duration::from_secs(1), PAUSE_MAX);
                    let paused = self.halt.run_until_cancelled(tokio::time::sleep(pause)).await;
                    paused.ok_or_else(Trouble::halted)?;
                }
                Err(error) => return Err(error.into()),
            }
        };
        let mut bytes = Vec::new();
        while let Some(piece) = self.next(&mut answer).await? {
            self.came(|total| total);
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    async fn ask(&self, path: &str, body: &impl Serialize, max: u64) -> Result<Answer, ChunksEnd> {
        Ok(self.post(path, body, max).await??)
    }

    /// Asks, unless it is told to halt.
    async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        max: u64,
    ) -> Result<Result<Answer, LineError>, Trouble> {
        let asked = self.halt.run_until_cancelled(self.line.post(path, body, max)).await;
        asked.ok_or_else(Trouble::halted)
    }
}

/// The releases that are here: what is in service first.
fn releases(content: &Content) -> Result<Vec<Manifest>, Trouble> {
    let here = [content.active(), content.previous()].into_iter().flatten();
    let manifests: Result<Vec<_>, _> = here.map(|id| content.manifest(&id)).collect();
    Ok(manifests?.into_iter().flatten().collect())
}

/// Looks for chunks in local files until everything is found. A file that cannot be read has none.
fn look(
    content: &Content,
    mut plan: Plan,
    local: &[Entry],
    halt: &CancellationToken,
) -> Result<Plan, Trouble> {
    for entry in local {
        if plan.is_complete() {
            break;
        }
        let opened = content.open(&entry.sha256);
        let looked = opened.and_then(|from| plan.look_in(entry.sha256, UntilHalted { from, halt }));
        if halt.is_cancelled() {
            return Err(Trouble::halted());
        }
        if let Err(error) = looked {
            tracing::warn!(object = %entry.sha256, %error, "a local file could not be looked into");
        }
    }
    Ok(plan)
}

/// A file that ends with an error when it is told to halt.
struct UntilHalted<'a, R> {
    from: R,
    halt: &'a CancellationToken,
}

impl<R: Read> Read for UntilHalted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.halt.is_cancelled() {
            return Err(io::Error::other("told to halt"));
        }
        self.from.read(buffer)
    }
}

/// Why files were not taken further.
#[derive(Debug)]
enum Stop {
    Halted,
    Chunk(ChunkError),
}

impl From<ChunkError> for Stop {
    fn from(error: ChunkError) -> Self {
        Self::Chunk(error)
    }
}

/// Takes what comes for one question, which has `left` bytes when it is unpacked.
fn take(
    mut intake: Intake,
    mut arriving: mpsc::Receiver<Piece>,
    mut left: u64,
    halt: &CancellationToken,
) -> Result<Intake, ChunksEnd> {
    let mut unpack = Unpack::new()?;
    while let Some(piece) = arriving.blocking_recv() {
        let taken = unpack.push(&piece, |bytes| {
            left = left.checked_sub(bytes.len() as u64).ok_or(ChunkError::Endless)?;
            give(&mut intake, bytes, halt)
        });
        if let Err(stop) = taken {
            return Err(stopped(intake, stop));
        }
    }
    match left {
        0 => Ok(intake),
        bytes => Err(stopped(intake, ChunkError::Incomplete { bytes }.into())),
    }
}

/// Gives bytes to the files that wait for them, and copies in between.
fn give(intake: &mut Intake, mut bytes: &[u8], halt: &CancellationToken) -> Result<(), Stop> {
    while !bytes.is_empty() {
        if steps(intake, halt)? == Next::Nothing {
            return Err(ChunkError::Endless.into());
        }
        let taken = intake.push(bytes)?;
        bytes = bytes.get(taken..).unwrap_or_default();
    }
    Ok(())
}

/// Does what needs no more bytes.
fn steps(intake: &mut Intake, halt: &CancellationToken) -> Result<Next, Stop> {
    loop {
        match intake.step(STEP_BYTES)? {
            Next::Step if halt.is_cancelled() => return Err(Stop::Halted),
            Next::Step => {}
            next => return Ok(next),
        }
    }
}

/// Ends the files after everything came.
fn end(mut intake: Intake, halt: &CancellationToken) -> Result<(), ChunksEnd> {
    match steps(&mut intake, halt) {
        Ok(Next::Nothing) => Ok(()),
        // What was asked for came, and was not what is missing.
        Ok(_) => Err(stopped(intake, ChunkError::Endless.into())),
        Err(stop) => Err(stopped(intake, stop)),
    }
}

/// What becomes of the file on its way: it goes on from here later, unless what came for it was wrong.
fn stopped(intake: Intake, stop: Stop) -> ChunksEnd {
    let is_wrong = match &stop {
        Stop::Halted | Stop::Chunk(ChunkError::Incomplete { .. }) => false,
        Stop::Chunk(error) => error.is_about_data(),
    };
    let settled = if is_wrong { intake.give_up() } else { intake.sync() };
    let stop = match stop {
        Stop::Halted => Trouble::halted().into(),
        Stop::Chunk(error) => error.into(),
    };
    match settled {
        Ok(()) => stop,
        // A disk that does not do that much does not do anything.
        Err(error) => error.into(),
    }
}
