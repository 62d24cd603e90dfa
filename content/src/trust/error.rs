//! Why metadata were not taken: one name for each attack that the framework stands against, which is
//! also what a display reports as a finding.

use std::error::Error as StdError;
use std::fmt;

use super::shelf::ShelfError;

/// The name of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Older than what is known already.
    Rollback,
    /// Past its end: somebody keeps showing the same, or the clock is wrong.
    Freeze,
    /// Genuine parts that do not belong together.
    MixAndMatch,
    /// More bytes than such a file may have, or a chain without an end.
    EndlessData,
    /// Slower than a line that is any use.
    SlowData,
    /// Signed by nobody who may.
    WrongKey,
    /// Changed after it was signed.
    Tampered,
    /// Its end is missing.
    Truncated,
    /// Names a path that leaves its folder.
    UnsafePath,
    /// Of a format that this program does not know.
    UnknownFormat,
    /// Not there.
    NotFound,
    /// The own disk.
    Storage,
    /// The line.
    Transport,
}

impl Refusal {
    /// As findings and logs spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Freeze => "freeze",
            Self::MixAndMatch => "mix_and_match",
            Self::EndlessData => "endless_data",
            Self::SlowData => "slow_data",
            Self::WrongKey => "wrong_key",
            Self::Tampered => "tampered",
            Self::Truncated => "truncated",
            Self::UnsafePath => "unsafe_path",
            Self::UnknownFormat => "unknown_format",
            Self::NotFound => "not_found",
            Self::Storage => "storage",
            Self::Transport => "transport",
        }
    }
}

/// Metadata were not taken. What was trusted before still is.
#[derive(Debug)]
pub struct TrustError {
    refusal: Refusal,
    what: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TrustError {
    pub(super) fn new(refusal: Refusal, what: impl Into<String>) -> Self {
        Self { refusal, what: what.into(), source: None }
    }

    pub(super) fn caused(
        refusal: Refusal,
        what: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { refusal, what: what.into(), source: Some(source.into()) }
    }

    /// Which refusal it is.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        self.refusal
    }

    /// Its name, as findings and logs spell it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.refusal.name()
    }

    /// The whole story in one line.
    #[must_use]
    pub fn story(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(next) = cause {
            text.push_str(": ");
            text.push_str(&next.to_string());
            cause = next.source();
        }
        text
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.what)
    }
}

impl StdError for TrustError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<ShelfError> for TrustError {
    fn from(error: ShelfError) -> Self {
        Self::caused(Refusal::Storage, "what was verified cannot be kept", error)
    }
}
