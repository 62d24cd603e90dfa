//! `migradoctl content`: checks an editor's folder, builds the files of a release from it, and shows
//! them as the visitor sees them, which is files only; publishing and keys are in the modules below.

mod keys;
mod passphrase;
mod preview;
mod publish;
mod served;
mod upload;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use migrado_content::authoring::model::Content as Folder;
use migrado_content::authoring::{MAIN_FILE, calendar, read};
use migrado_content::build::{BuildError, build};
use migrado_content::check::matrix::{Cell, matrix};
use migrado_content::check::{check, count};
use migrado_content::finding::{Finding, Severity};
use migrado_content::sign::SignError;
use serde_json::json;

use crate::cli::{Connection, Content, Format};
use crate::client::causes;
use crate::exit::{Code, Failure};
use crate::output;

/// Where the content of this repository lies.
const USUAL_FOLDER: &str = "config/content";

pub(crate) async fn run(connection: &Connection, format: Format, verb: Content) -> Result<Code, Failure> {
    match verb {
        Content::Publish(publish) => publish::run(connection, format, &publish).await,
        Content::Recall(recall) => publish::recall(connection, format, &recall).await,
        Content::Keys { verb } => keys::run(connection, format, verb).await,
        Content::Check { folder, matrix, notices, json, today } => {
            let format = if json { Format::Json } else { format };
            let folder = folder.unwrap_or_else(usual);
            let content = open(&folder)?;
            if matrix {
                show_matrix(format, &content)
            } else {
                let findings = check(&content, day(today));
                show(format, &folder, &findings, notices);
                let errors = count(&findings, Severity::Error);
                Ok(if errors == 0 { Code::Ok } else { Code::Failed })
            }
        }
        Content::Preview { folder, port, today } => {
            preview::run(format, folder.unwrap_or_else(usual), port, today).await
        }
        Content::Build { folder, out, today } => make(format, &folder, &out, day(today)),
    }
}

fn usual() -> PathBuf {
    if Path::new(MAIN_FILE).is_file() { PathBuf::from(".") } else { PathBuf::from(USUAL_FOLDER) }
}

/// Editions and events go by the day at the offices, wherever this runs.
fn day(today: Option<Date>) -> Date {
    today.unwrap_or_else(|| jiff::Timestamp::now().to_zoned(calendar::zone()).date())
}

fn open(folder: &Path) -> Result<Folder, Failure> {
    if !folder.is_dir() {
        let message = format!("there is no folder {}", folder.display());
        return Err(Failure::new(Code::NotFound, message));
    }
    read(folder).map_err(|e| Failure::failed(e.to_string()))
}

/// Prints findings to stdout, and how many there are to stderr.
fn show(format: Format, folder: &Path, findings: &[Finding], notices: bool) {
    let told = |f: &&Finding| notices || f.severity != Severity::Notice;
    let cells = |f: &Finding| {
        let place = if folder == Path::new(".") { f.at() } else { folder.join(f.at()).display().to_string() };
        vec![place, f.severity.to_string(), f.code.to_owned(), f.message.clone()]
    };
    let rows: Vec<Vec<String>> = findings.iter().filter(told).map(cells).collect();
    let [errors, warnings, others] =
        [Severity::Error, Severity::Warning, Severity::Notice].map(|s| count(findings, s));
    let whole = json!({
        "errors": errors,
        "warnings": warnings,
        "notices": others,
        "findings": findings,
    });
    if format == Format::Json || !rows.is_empty() {
        output::rows(format, &["where", "severity", "code", "what"], &rows, &whole);
    }
    let hint = if others > 0 && !notices { " (--notices shows them)" } else { "" };
    output::say(&format!(
        "{}: {}, {}, {}{hint}",
        folder.display(),
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(others, "notice")
    ));
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn show_matrix(format: Format, content: &Folder) -> Result<Code, Failure> {
    let matrix = matrix(content);
    if matrix.languages.is_empty() {
        return Err(Failure::failed("the languages cannot be read; see: migradoctl content check"));
    }
    let mut head = vec!["item"];
    head.extend(matrix.languages.iter().map(String::as_str));
    let cells = |row: &migrado_content::check::matrix::Row| {
        let states = row.states.iter().map(|state| word(*state).to_owned());
        std::iter::once(row.item.clone()).chain(states).collect()
    };
    let rows: Vec<Vec<String>> = matrix.items.iter().map(cells).collect();
    let whole = serde_json::to_value(&matrix).unwrap_or_default();
    output::rows(format, &head, &rows, &whole);
    Ok(Code::Ok)
}

fn word(state: Cell) -> &'static str {
    match state {
        Cell::Missing => "missing",
        Cell::Draft => "draft",
        Cell::Checked => "checked",
    }
}

fn make(format: Format, folder: &Path, out: &Path, today: Date) -> Result<Code, Failure> {
    match build(&open(folder)?, today, out) {
        Ok(built) => {
            let pairs = [
                ("release".to_owned(), out.display().to_string()),
                ("day".to_owned(), today.to_string()),
                ("files".to_owned(), built.files.to_string()),
                ("bytes".to_owned(), built.bytes.to_string()),
            ];
            let whole = json!({ "release": out, "day": today.to_string(), "files": built.files, "bytes": built.bytes });
            output::pairs(format, &pairs, &whole);
            Ok(Code::Ok)
        }
        Err(error) => Err(not_built(format, folder, error)),
    }
}

/// Says why nothing was built.
fn not_built(format: Format, folder: &Path, error: BuildError) -> Failure {
    match error {
        BuildError::Mistakes(findings) => {
            show(format, folder, &findings, false);
            Failure::failed("nothing was built: the folder has mistakes")
        }
        BuildError::Exists(_) => Failure::new(Code::Conflict, error.to_string()),
        error => Failure::failed(error.to_string()),
    }
}

/// What could not be signed, with everything that led to it and the exit code that fits.
fn told(error: &SignError) -> Failure {
    let code = match error {
        SignError::Exists(_) | SignError::Live(_) => Code::Conflict,
        SignError::NoKeys(_) | SignError::NotLive(_) | SignError::UnknownKey(_) => Code::NotFound,
        SignError::Numbers(_) => Code::Usage,
        SignError::Locked(_) | SignError::Passphrase(_) | SignError::TooFewKeys { .. } => Code::Denied,
        _ => Code::Failed,
    };
    Failure::new(code, causes(error))
}
