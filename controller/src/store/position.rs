//! Where a list that is read by time goes on: behind a time, and within it behind a row.

/// Everything older than this. Rows of one time are told apart by name and number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Time.
    pub at_ms: i64,
    /// Name of the row, where a number is not enough.
    pub name: String,
    /// Number of the row.
    pub number: i64,
}

/// Greater than every name of a row: those are lower case letters, digits and dashes.
const NAME_LAST: &str = "~";

impl Position {
    /// Before every row of this time.
    pub fn before(at_ms: i64) -> Self {
        Self { at_ms, name: String::new(), number: i64::MIN }
    }

    /// After every row of this time.
    pub fn after(at_ms: i64) -> Self {
        Self { at_ms, name: NAME_LAST.to_owned(), number: i64::MAX }
    }

    /// After everything there is.
    pub fn end() -> Self {
        Self::after(i64::MAX)
    }
}
