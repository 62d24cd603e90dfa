//! One object from one neighbor: goes on at the byte, verifies at the end, and says whose fault it is
//! when it is not right. A neighbor is blamed only for bytes that it gave itself, all of them; an object
//! whose beginning came from elsewhere is given up and fetched anew.

use axum::body::Bytes as Piece;
use migrado_content::manifest::Entry;
use migrado_content::store::{Partial, StoreError};
use tokio::sync::mpsc;

use super::OBJECTS;
use crate::update::fetch::{Fetch, Trouble, blocking};
use crate::update::line::{Line, LineError};

/// It gave other bytes than those of the object.
pub const LIED: &str = "neighbor_lied";
/// It gives slower than anybody in the same house.
const SLOW: &str = "neighbor_slow";
/// It gives more than the object has.
const ENDLESS: &str = "neighbor_endless";
/// Bytes that make a broken answer a part of the way, and not a failure.
const PART_BYTES: u64 = 1024 * 1024;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// The object, verified.
    Everything,
    /// A good part of it; the connection broke.
    Part,
    /// Nothing, or next to nothing.
    Nothing,
    /// The beginning that was here already was not this object's. It is given up.
    Foreign,
    /// The neighbor gives enough to others just now.
    Busy,
    /// The neighbor does not have it.
    Absent,
    /// The neighbor is not to be asked any more, for this reason.
    Wrong(&'static str),
}

impl Got {
    /// What an error of the line means.
    pub fn of(error: &LineError) -> Self {
        match error {
            LineError::Missing { .. } => Self::Absent,
            LineError::Refused { status: 429 | 503, .. } => Self::Busy,
            LineError::Slow { .. } => Self::Wrong(SLOW),
            LineError::Endless { .. } => Self::Wrong(ENDLESS),
            LineError::Broken { .. } | LineError::Refused { .. } | LineError::Budget { .. } => Self::Nothing,
        }
    }
}

/// Fetches what is missing of an object. An error is the display's own.
pub async fn take(fetch: &Fetch, line: &Line, entry: &Entry) -> Result<Got, Trouble> {
    let (content, object, size) = (fetch.content.clone(), entry.sha256, entry.size);
    let partial = blocking(move || Ok(content.partial(&object, size)?)).await?;
    let asked = partial.len();
    if asked == size {
        return end(partial, asked).await;
    }
    let path = format!("{OBJECTS}{object}");
    let answer = fetch.halt.run_until_cancelled(line.get(&path, asked, None, size)).await;
    let answer = match answer.ok_or_else(Trouble::halted)? {
        Ok(answer) => answer,
        Err(error) => return Ok(Got::of(&error)),
    };
    let begins = answer.begins();
    if begins != 0 && begins != asked {
        return Ok(Got::Wrong(LIED));
    }
    let mut came = 0;
    let told = |piece: &Piece| {
        came += piece.len() as u64;
        fetch.progress.send_modify(|bytes| bytes.from_neighbor(piece.len() as u64));
    };
    let poured = fetch.pour(answer, told, move |arriving| Ok(append(partial, begins, arriving))).await;
    if fetch.halt.is_cancelled() {
        return Err(Trouble::halted());
    }
    let appended = match poured {
        Ok(appended) => appended,
        // The line's word: what came before is kept.
        Err(trouble) => return of_line(trouble, came),
    };
    match appended {
        Ok(()) => Ok(Got::Everything),
        Err(StoreError::Short { .. }) if came >= PART_BYTES => Ok(Got::Part),
        Err(StoreError::Short { .. }) => Ok(Got::Nothing),
        Err(StoreError::TooLong { .. }) => Ok(Got::Wrong(ENDLESS)),
        Err(StoreError::Mismatch { .. }) if begins == 0 => Ok(Got::Wrong(LIED)),
        Err(StoreError::Mismatch { .. }) => Ok(Got::Foreign),
        Err(error) => Err(error.into()),
    }
}

fn of_line(trouble: Trouble, came: u64) -> Result<Got, Trouble> {
    match trouble.broken.finding.as_str() {
        "slow_data" => Ok(Got::Wrong(SLOW)),
        "endless_data" => Ok(Got::Wrong(ENDLESS)),
        "transport" if came >= PART_BYTES => Ok(Got::Part),
        "transport" => Ok(Got::Nothing),
        _ => Err(trouble),
    }
}

/// Everything had come before: only its end is missing.
async fn end(partial: Partial, asked: u64) -> Result<Got, Trouble> {
    let ended = blocking(move || Ok(partial.finish())).await?;
    match ended {
        Ok(()) => Ok(Got::Everything),
        Err(StoreError::Mismatch { .. }) if asked > 0 => Ok(Got::Foreign),
        Err(error) => Err(error.into()),
    }
}

/// Puts the pieces behind what is there, on a thread for that, and verifies the object at its end.
fn append(mut partial: Partial, begins: u64, mut arriving: mpsc::Receiver<Piece>) -> Result<(), StoreError> {
    partial.rewind(begins)?;
    while let Some(piece) = arriving.blocking_recv() {
        partial.append(&piece)?;
    }
    partial.finish()
}
