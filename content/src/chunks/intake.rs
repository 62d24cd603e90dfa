//! Takes what comes for several files, one after the other: puts each together, verifies it, and goes
//! on to the next. Bounded in what it does at once; knows nothing of who sends.

use std::sync::Arc;

use crate::digest::Digest;
use crate::limits::CHUNK_BYTES_AVERAGE;
use crate::manifest::Entry;
use crate::store::{Partial, Store};

use super::ChunkError;
use super::assembly::Assembly;
use super::plan::{Plan, Range};

/// A file that is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub object: Digest,
    /// Its bytes.
    pub size: u64,
    /// Its number in the plan; absent for one that comes as a whole.
    pub file: Option<usize>,
}

impl Job {
    /// What has to come of it, of which `have` bytes are here.
    #[must_use]
    pub fn ranges(&self, plan: &Plan, have: u64) -> Vec<Range> {
        match self.file {
            Some(file) => plan.ranges(file, have),
            None if have < self.size => vec![Range { offset: have, length: self.size - have }],
            None => Vec::new(),
        }
    }
}

/// Whether an index of a file is worth its bytes: one that is not longer than a chunk has none in
/// common with others.
#[must_use]
pub fn is_cut(entry: &Entry) -> bool {
    entry.size > CHUNK_BYTES_AVERAGE as u64
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another step.
    Step,
    /// Bytes have to come.
    Bytes,
    /// Nothing: every file is here.
    Nothing,
}

/// The file that is being put together.
#[derive(Debug)]
enum Now {
    Chunks(Box<Assembly>),
    Whole(Box<Partial>),
}

/// Files on their way.
#[derive(Debug)]
pub struct Intake {
    store: Arc<Store>,
    plan: Arc<Plan>,
    jobs: std::vec::IntoIter<Job>,
    now: Option<Now>,
}

impl Intake {
    /// Of these files, in this order.
    #[must_use]
    pub fn new(store: Arc<Store>, plan: Arc<Plan>, jobs: Vec<Job>) -> Self {
        Self { store, plan, jobs: jobs.into_iter(), now: None }
    }

    /// Does a part of what can be done with what is here: copies about so many bytes at most, or ends
    /// one file.
    ///
    /// # Errors
    /// When a file is not what it has to be, or the store does not take it.
    pub fn step(&mut self, bytes_max: u64) -> Result<Next, ChunkError> {
        let Some(now) = &mut self.now else {
            let Some(job) = self.jobs.next() else { return Ok(Next::Nothing) };
            let partial = self.store.partial(&job.object, job.size).map_err(ChunkError::Store)?;
            self.now = Some(match job.file {
                Some(file) => {
                    let (store, plan) = (self.store.clone(), self.plan.clone());
                    Now::Chunks(Box::new(Assembly::new(store, plan, file, partial)?))
                }
                None => Now::Whole(Box::new(partial)),
            });
            return Ok(Next::Step);
        };
        let (more, is_whole) = match now {
            Now::Chunks(assembly) => (assembly.step(bytes_max)?, assembly.is_whole()),
            Now::Whole(partial) => (false, partial.len() == partial.size()),
        };
        if !more && !is_whole {
            return Ok(Next::Bytes);
        }
        if is_whole {
            match self.now.take() {
                Some(Now::Chunks(assembly)) => assembly.finish()?,
                Some(Now::Whole(partial)) => partial.finish().map_err(ChunkError::Store)?,
                None => {}
            }
        }
        Ok(Next::Step)
    }

    /// Takes the next bytes. Gives how many: before the others are pushed, steps have to be done until
    /// bytes have to come.
    ///
    /// # Errors
    /// When they are not those of the file, or nobody waits for any.
    pub fn push(&mut self, bytes: &[u8]) -> Result<usize, ChunkError> {
        match &mut self.now {
            Some(Now::Chunks(assembly)) => assembly.push(bytes),
            Some(Now::Whole(partial)) => {
                let left = partial.size() - partial.len();
                let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let bytes = bytes.get(..taken).unwrap_or_default();
                partial.append(bytes).map_err(ChunkError::Store)?;
                Ok(taken)
            }
            None => Err(ChunkError::Endless),
        }
    }

    /// Puts what is here of the file on its way on the disk.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn sync(&self) -> Result<(), ChunkError> {
        match &self.now {
            Some(Now::Chunks(assembly)) => assembly.sync(),
            Some(Now::Whole(partial)) => partial.sync().map_err(ChunkError::Store),
            None => Ok(()),
        }
    }

    /// Gives up what is here of the file on its way: an index or bytes were not right. Files that are
    /// whole were verified by their digest, and stay.
    ///
    /// # Errors
    /// When the disk does not remove it.
    pub fn give_up(mut self) -> Result<(), ChunkError> {
        match self.now.take() {
            Some(Now::Chunks(assembly)) => assembly.give_up(),
            Some(Now::Whole(partial)) => partial.discard().map_err(ChunkError::Store),
            None => Ok(()),
        }
    }
}
