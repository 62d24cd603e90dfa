//! One thing that is wrong in a content folder, as its editor reads it: where, what, what to do.

use std::fmt;

use serde::Serialize;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is built until this is gone.
    Error,
    /// Visitors will notice.
    Warning,
    /// Good to know.
    Notice,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        })
    }
}

/// A finding. Findings are sorted by file and line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, relative to the content folder.
    pub file: String,
    /// The line, from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// How much it weighs.
    pub severity: Severity,
    /// The same word for the same kind of mistake, for programs.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl Finding {
    /// Something that must not be.
    pub fn error(code: &'static str, at: &Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, at, message)
    }

    /// Something that visitors will notice.
    pub fn warning(code: &'static str, at: &Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, at, message)
    }

    /// Something that is good to know.
    pub fn notice(code: &'static str, at: &Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, code, at, message)
    }

    pub(crate) fn new(
        severity: Severity,
        code: &'static str,
        at: &Place,
        message: impl Into<String>,
    ) -> Self {
        Self { file: at.file.clone(), line: at.line, severity, code, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} [{}]", self.at(), self.severity, self.message, self.code)
    }
}

impl Finding {
    /// `forms/permit/form.yaml:7`, or the file alone.
    #[must_use]
    pub fn at(&self) -> String {
        if self.line == 0 { self.file.clone() } else { format!("{}:{}", self.file, self.line) }
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, relative to the content folder.
    pub file: String,
    /// The line, from 1; 0 for the whole file.
    pub line: usize,
}

impl Place {
    /// A line of a file.
    pub fn new(file: impl Into<String>, line: usize) -> Self {
        Self { file: file.into(), line }
    }

    /// A file as a whole.
    pub fn whole(file: impl Into<String>) -> Self {
        Self::new(file, 0)
    }
}
