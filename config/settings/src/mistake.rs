//! One mistake, and all of them, as a person reads them.

use std::fmt;

use crate::positions::Position;

/// One mistake of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Line, from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Where in the tree, for example `terminals[3].site`.
    pub path: String,
    /// The same as a JSON pointer, for example `/terminals/3/site`.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Mistake {
    pub(crate) fn at(position: Position, pointer: &str, message: String) -> Self {
        let pointer = pointer.to_owned();
        let path = readable(&pointer);
        Self { line: position.line, column: position.column, path, pointer, message }
    }

    pub(crate) fn whole(message: String) -> Self {
        Self { line: 0, column: 0, path: String::new(), pointer: String::new(), message }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Every mistake of a configuration file, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    pub(crate) fn one(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }

    pub(crate) fn sorted(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by(|a, b| (a.line, a.column, &a.path).cmp(&(b.line, b.column, &b.path)));
        mistakes.dedup();
        Self(mistakes)
    }

    pub(crate) fn from_serde(error: &serde_yaml::Error) -> Self {
        let position =
            error.location().map_or(Position::default(), |l| Position { line: l.line(), column: l.column() });
        Self::one(Mistake::at(position, "", error.to_string()))
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, mistake) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// `/terminals/3/site` as `terminals[3].site`.
fn readable(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/').skip(1) {
        if step.bytes().all(|b| b.is_ascii_digit()) && !step.is_empty() {
            path.push_str(&format!("[{step}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&step.replace("~1", "/").replace("~0", "~"));
        }
    }
    path
}
