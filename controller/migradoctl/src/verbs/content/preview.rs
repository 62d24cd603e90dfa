//! `migradoctl content preview`: the visitor's page over a folder, as a display shows it. Builds the
//! folder anew when a file changes, and says its mistakes; the last release without mistakes stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use migrado_content::build::{BuildError, build};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::served::{self, Served};
use crate::cli::Format;
use crate::exit::{Code, Failure};
use crate::output;

/// How often is looked whether a file has changed: sooner than a hand comes from the editor to the
/// browser.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// Builds that are kept: the one that is shown, and the one that a page may still be reading.
const BUILDS_KEPT: u64 = 2;

/// What stands in a folder, as far as a change can be seen from outside.
type Seen = Vec<(PathBuf, Option<SystemTime>, u64)>;

pub(super) async fn run(
    format: Format,
    folder: PathBuf,
    port: u16,
    today: Option<jiff::civil::Date>,
) -> Result<Code, Failure> {
    super::open(&folder)?;
    let place =
        tempfile::tempdir().map_err(|e| Failure::failed(format!("cannot make a temporary folder: {e}")))?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|e| {
        Failure::new(
            Code::Conflict,
            format!("cannot listen on 127.0.0.1:{port}: {e}; choose another with --port"),
        )
    })?;
    let address = listener.local_addr().map_err(|e| Failure::failed(format!("no address: {e}")))?;
    let shown = Arc::new(watch::Sender::new(Served::default()));
    let seen = look(&folder);
    make(&folder, place.path(), 1, today, &shown).await?;
    let url = format!("http://{address}/");
    match format {
        Format::Json => output::line(&json!({ "url": url }).to_string()),
        _ => output::line(&url),
    }
    output::say(
        "Open this address in a browser. Changes show by themselves; Ctrl-C ends it. Nothing is printed.",
    );
    // Cancel-safe: the preview ends as a whole, and the temporary folder with it.
    tokio::select! {
        ended = served::serve(listener, shown.clone()) => ended,
        changed = follow(&folder, place.path(), today, &shown, seen) => changed,
        _ = tokio::signal::ctrl_c() => Ok(Code::Ok),
    }
}

/// Builds anew whenever something changes.
async fn follow(
    folder: &Path,
    place: &Path,
    today: Option<jiff::civil::Date>,
    shown: &watch::Sender<Served>,
    mut seen: Seen,
) -> Result<Code, Failure> {
    for number in 2_u64.. {
        loop {
            tokio::time::sleep(LOOK_PERIOD).await;
            let path = folder.to_path_buf();
            let now = tokio::task::spawn_blocking(move || look(&path)).await.unwrap_or_default();
            if now != seen {
                seen = now;
                break;
            }
        }
        make(folder, place, number, today, shown).await?;
        if let Some(old) = number.checked_sub(BUILDS_KEPT) {
            // It is a temporary folder: what cannot be removed now goes with it.
            tokio::fs::remove_dir_all(place.join(old.to_string())).await.ok();
        }
    }
    Ok(Code::Ok)
}

/// Builds the folder and shows it, or says why not.
async fn make(
    folder: &Path,
    place: &Path,
    number: u64,
    today: Option<jiff::civil::Date>,
    shown: &watch::Sender<Served>,
) -> Result<(), Failure> {
    let (from, to) = (folder.to_path_buf(), place.join(number.to_string()));
    let out = to.clone();
    let built = tokio::task::spawn_blocking(move || {
        let content = super::open(&from)?;
        let day = super::day(today);
        let findings = migrado_content::check::check(&content, day);
        Ok::<_, Failure>((build(&content, day, &out), findings))
    });
    let (built, findings) = match built.await.map_err(|e| Failure::failed(format!("the build ended: {e}")))? {
        Ok(done) => done,
        // A folder that is being moved is back in a moment; the first look was before this.
        Err(failure) => {
            output::say(&failure.message);
            return Ok(());
        }
    };
    super::show(Format::Tsv, folder, &findings, false);
    match built {
        Ok(_) => shown.send_modify(|served| served.show(number, to)),
        Err(BuildError::Mistakes(_)) if shown.borrow().has_release() => {
            output::say("The last release without mistakes stays.");
        }
        Err(BuildError::Mistakes(_)) => {
            output::say("The folder has mistakes: the page has its built-in words only.")
        }
        Err(error) => output::say(&error.to_string()),
    }
    Ok(())
}

/// Every file with its time and size. What cannot be read now shows when it can.
fn look(folder: &Path) -> Seen {
    let mut seen = Vec::new();
    let mut left = vec![folder.to_path_buf()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            // Not followed, so that a link in a circle ends.
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => left.push(entry.path()),
                Ok(meta) => seen.push((entry.path(), meta.modified().ok(), meta.len())),
                Err(_) => {}
            }
        }
    }
    seen.sort();
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        let file = dir.path().join("a/b.md");
        let empty = look(dir.path());
        std::fs::write(&file, "one").unwrap();
        let one = look(dir.path());
        assert_ne!(empty, one);
        assert_eq!(one, look(dir.path()));
        std::fs::write(&file, "other").unwrap();
        assert_ne!(one, look(dir.path()));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(empty, look(dir.path()));
    }
}
