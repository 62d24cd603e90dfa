//! What a run ends with: documented exit codes, and failures that say what to do.

use std::process::ExitCode;

/// Shown in `--help`; scripts rely on it.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done, or already so
  1  failed
  2  the call's words are wrong
  3  not found
  4  not logged in, or not allowed
  5  conflict: it has changed meanwhile, or does not fit its state
  6  no result in time: the outcome is not known
  7  done for some, not for all

Environment:
  MIGRADO_URL         address of the console, for example https://fleet.dortmund.example:8443
  MIGRADO_TOKEN_FILE  file with an API token
  MIGRADO_CA          PEM file of the controller's own authority
  NO_COLOR            no colors";

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// Done, or already so.
    Ok = 0,
    /// Failed.
    Failed = 1,
    /// The call's words are wrong.
    Usage = 2,
    /// Not found.
    NotFound = 3,
    /// Not logged in, or not allowed.
    Denied = 4,
    /// Conflict.
    Conflict = 5,
    /// No result in time.
    TimedOut = 6,
    /// Done for some.
    Partial = 7,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// A run that did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How it ends.
    pub(crate) code: Code,
    /// What was tried, what went wrong, what to do.
    pub(crate) message: String,
    /// The controller did not answer: whether it did what was asked is not known.
    pub(crate) unanswered: bool,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), unanswered: false }
    }

    /// The controller did not answer.
    pub(crate) fn unanswered(code: Code, message: impl Into<String>) -> Self {
        Self { unanswered: true, ..Self::new(code, message) }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Code::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Says it on stderr.
    pub(crate) fn report(self) -> ExitCode {
        crate::output::say(&format!("migradoctl: {}", self.message));
        self.code.into()
    }
}
