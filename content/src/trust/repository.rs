//! Where metadata come from: what a transport says when it gives up ([`FetchFault`]), a repository
//! that lies in memory or was read from a folder ([`Files`]), and the watch over every fetch.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository};

/// Why a transport gave up. Given as the source of a transport error, it decides how that is named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchFault {
    /// More bytes than were allowed.
    #[error("more than {max} bytes came")]
    TooLong {
        /// How many were.
        max: u64,
    },
    /// Fewer bytes in a time than a line that is any use.
    #[error("only {bytes} bytes came in {seconds} s")]
    TooSlow {
        /// How many.
        bytes: u64,
        /// In how long.
        seconds: u64,
    },
    /// The connection ended before all was there.
    #[error("it ended after {bytes} bytes")]
    CutOff {
        /// How many had come.
        bytes: u64,
    },
}

impl FetchFault {
    /// As a transport gives it to the client.
    #[must_use]
    pub fn of(self, name: &str) -> Error {
        Error::transport_with_source(format!("{name} did not come"), self)
    }
}

/// The last fetch.
#[derive(Debug, Clone, Default)]
pub(super) struct Last {
    /// Which file.
    pub(super) name: String,
    /// What came; `None` when it is not there, or did not come.
    pub(super) bytes: Option<Vec<u8>>,
    /// It is not there.
    pub(super) absent: bool,
}

/// What was fetched last.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Last>>);

impl Seen {
    pub(super) fn last(&self) -> Last {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, name: &str, got: &sigstore_tuf::Result<Option<Vec<u8>>>) {
        let absent = matches!(got, Ok(None));
        let bytes = got.as_ref().ok().cloned().flatten();
        let last = Last { name: name.to_owned(), bytes, absent };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

/// A repository whose every answer is noted and held to its bound, whatever its transport does.
#[derive(Debug)]
pub(super) struct Watched<R> {
    inner: R,
    seen: Seen,
}

impl<R> Watched<R> {
    pub(super) fn new(inner: R) -> (Self, Seen) {
        let seen = Seen::default();
        (Self { inner, seen: seen.clone() }, seen)
    }

    fn judge(
        &self,
        name: &str,
        max: u64,
        got: sigstore_tuf::Result<Option<Vec<u8>>>,
    ) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        let too_long = got.as_ref().is_ok_and(|b| b.as_ref().is_some_and(|b| b.len() as u64 > max));
        let got = if too_long { Err(FetchFault::TooLong { max }.of(name)) } else { got };
        self.seen.note(name, &got);
        got
    }
}

impl<R: Repository> Repository for Watched<R> {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.judge(name, max, self.inner.fetch_metadata(name, max).await) })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.judge(path, max, self.inner.fetch_target(path, max).await) })
    }
}

/// A repository of files at hand: what is about to be published, or came on a stick.
#[derive(Debug, Clone, Default)]
pub struct Files {
    metadata: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// Reads the metadata of a folder.
    ///
    /// # Errors
    /// When the folder or a file of it cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        for found in fs::read_dir(folder)? {
            let found = found?;
            let name = found.file_name().to_string_lossy().into_owned();
            if name.ends_with(".json") && found.file_type()?.is_file() {
                files.put(&name, fs::read(found.path())?);
            }
        }
        Ok(files)
    }

    /// Puts a file into it, in the place of one with that name.
    pub fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.metadata.insert(name.to_owned(), bytes);
    }

    /// Takes a file out.
    pub fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        self.metadata.remove(name)
    }

    /// A file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.metadata.get(name).map(Vec::as_slice)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.metadata.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }
}

impl Repository for Files {
    fn fetch_metadata<'a>(&'a self, name: &'a str, _max: u64) -> FetchFuture<'a> {
        Box::pin(std::future::ready(Ok(self.metadata.get(name).cloned())))
    }

    /// Targets are objects, which are fetched by their digest.
    fn fetch_target<'a>(&'a self, _path: &'a str, _max: u64) -> FetchFuture<'a> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
