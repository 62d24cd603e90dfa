//! Whether a form may be printed. Pure, but for reading what the release says of its forms.

use std::io::{self, Read as _};
use std::path::Path;

use axum::http::StatusCode;
use jiff::civil::Date;
use migrado_content::index::{FILE, FORMAT, Form, Release};
use migrado_content::limits::PDF_BYTES_MAX;
use migrado_page::release;
use migrado_protocol::verdict::Level;

/// Sheets of one request: more is a copy shop.
pub(super) const SHEETS_REQUEST_MAX: u32 = 10;
/// Sheets of one session: a family with every form of an office has fewer.
pub(super) const SHEETS_SESSION_MAX: u32 = 30;
/// Bytes of `release.json` that are read: ten times what six offices in 17 languages have.
const INDEX_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Why a form is not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Nobody is there who could take it.
    #[error("no session runs: choose a language first")]
    NoSession,
    /// The page asks faster than any hand can, or too much waits already.
    #[error("too many requests: wait for what is being printed")]
    TooFast,
    /// There is no content.
    #[error("no release is in service")]
    NoRelease,
    /// There is none such, or what the release says of it makes no sense.
    #[error("the release has no such form")]
    UnknownForm,
    /// The city has taken this edition back.
    #[error("this edition was recalled")]
    Recalled,
    /// Offices do not take it any more.
    #[error("this edition is no longer valid")]
    Expired,
    /// The verdict is not full service, or there is no printer.
    #[error("this display cannot print now")]
    NoPrinter,
    /// Too much at once.
    #[error("at most {SHEETS_REQUEST_MAX} sheets at once, and at least one copy")]
    TooMany,
    /// Too much in this session.
    #[error("at most {SHEETS_SESSION_MAX} sheets in a session")]
    SessionLimit,
}

impl Refusal {
    /// Its word and its status.
    pub(crate) fn answer(self) -> (&'static str, StatusCode) {
        match self {
            Self::NoSession => ("no_session", StatusCode::CONFLICT),
            Self::TooFast => ("too_fast", StatusCode::TOO_MANY_REQUESTS),
            Self::NoRelease => ("no_release", StatusCode::NOT_FOUND),
            Self::UnknownForm => ("unknown_form", StatusCode::NOT_FOUND),
            Self::Recalled => ("recalled", StatusCode::GONE),
            Self::Expired => ("expired", StatusCode::GONE),
            Self::NoPrinter => ("no_printer", StatusCode::SERVICE_UNAVAILABLE),
            Self::TooMany => ("too_many", StatusCode::UNPROCESSABLE_ENTITY),
            Self::SessionLimit => ("session_limit", StatusCode::TOO_MANY_REQUESTS),
        }
    }
}

/// What is known when somebody wants a form on paper.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The edition in the release.
    pub(super) form: &'a Form,
    /// How many.
    pub(super) copies: u32,
    /// The day at the offices.
    pub(super) today: Date,
    /// What must not be handed out, as form and edition.
    pub(super) recalled: &'a [(String, String)],
    /// The verdict on the display.
    pub(super) level: Option<Level>,
    /// Its printers.
    pub(super) printers: usize,
    /// Sheets that this session has taken.
    pub(super) taken: u32,
}

/// Whether it is printed, and the sheets of one copy.
pub(super) fn admit(asked: &Asked<'_>) -> Result<u32, Refusal> {
    let form = asked.form;
    if asked.recalled.iter().any(|(id, edition)| *id == form.id && *edition == form.edition) {
        return Err(Refusal::Recalled);
    }
    let last: Date = form.valid_until.parse().map_err(|_| Refusal::UnknownForm)?;
    if asked.today > last {
        return Err(Refusal::Expired);
    }
    if asked.level != Some(Level::FullService) || asked.printers == 0 {
        return Err(Refusal::NoPrinter);
    }
    let one = u32::from(form.sheets.max(1));
    let sheets = one.saturating_mul(asked.copies);
    if asked.copies == 0 || sheets > SHEETS_REQUEST_MAX {
        return Err(Refusal::TooMany);
    }
    if asked.taken.saturating_add(sheets) > SHEETS_SESSION_MAX {
        return Err(Refusal::SessionLimit);
    }
    Ok(one)
}

/// What a release says of a form, and the zone of its days. Blocks on the disk.
pub(super) fn find(folder: &Path, id: &str) -> Result<(Form, String), Refusal> {
    let bytes = read(folder, FILE, INDEX_BYTES_MAX).map_err(|error| {
        tracing::error!(%error, folder = %folder.display(), "release.json cannot be read");
        Refusal::NoRelease
    })?;
    let release: Release = serde_json::from_slice(&bytes).map_err(|error| {
        tracing::error!(%error, folder = %folder.display(), "release.json makes no sense");
        Refusal::NoRelease
    })?;
    if release.format != FORMAT {
        tracing::error!(format = release.format, "release.json has a format that is not known here");
        return Err(Refusal::NoRelease);
    }
    let form = release.forms.into_iter().find(|form| form.id == id).ok_or(Refusal::UnknownForm)?;
    Ok((form, release.time_zone))
}

/// A form's PDF. Blocks on the disk.
pub(super) fn pdf(folder: &Path, path: &str) -> io::Result<Vec<u8>> {
    read(folder, path, PDF_BYTES_MAX)
}

fn read(folder: &Path, path: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
    let (file, size) = release::open(folder, path)?;
    if size > bytes_max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{path} has {size} bytes")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(sheets: u16) -> Form {
        Form {
            id: "permit".into(),
            edition: "2026-09".into(),
            title: [].into(),
            office: "migration".into(),
            topics: Vec::new(),
            pdf: "forms/permit/form.pdf".into(),
            fields: Vec::new(),
            valid_from: "2026-09-01".into(),
            valid_until: "2027-08-31".into(),
            sheets,
        }
    }

    #[test]
    fn every_reason_not_to_print_is_named() {
        let (one, three, eleven) = (form(1), form(3), form(11));
        let nonsense = Form { valid_until: "soon".into(), ..form(1) };
        let recalled = [("permit".to_owned(), "2026-09".to_owned())];
        let other = [("permit".to_owned(), "2025-09".to_owned())];
        let base = Asked {
            form: &one,
            copies: 1,
            today: jiff::civil::date(2027, 8, 31),
            recalled: &[],
            level: Some(Level::FullService),
            printers: 1,
            taken: 0,
        };
        let rows = [
            (base, Ok(1)),
            (Asked { copies: 10, ..base }, Ok(1)),
            (Asked { form: &three, copies: 3, ..base }, Ok(3)),
            (Asked { recalled: &other, ..base }, Ok(1)),
            (Asked { recalled: &recalled, ..base }, Err(Refusal::Recalled)),
            (Asked { today: jiff::civil::date(2027, 9, 1), ..base }, Err(Refusal::Expired)),
            (Asked { form: &nonsense, ..base }, Err(Refusal::UnknownForm)),
            (Asked { level: Some(Level::InformOnly), ..base }, Err(Refusal::NoPrinter)),
            (Asked { level: Some(Level::OutOfService), ..base }, Err(Refusal::NoPrinter)),
            (Asked { level: None, ..base }, Err(Refusal::NoPrinter)),
            (Asked { printers: 0, ..base }, Err(Refusal::NoPrinter)),
            (Asked { copies: 0, ..base }, Err(Refusal::TooMany)),
            (Asked { copies: 11, ..base }, Err(Refusal::TooMany)),
            (Asked { copies: u32::MAX, ..base }, Err(Refusal::TooMany)),
            (Asked { form: &three, copies: 4, ..base }, Err(Refusal::TooMany)),
            (Asked { form: &eleven, ..base }, Err(Refusal::TooMany)),
            (Asked { taken: 29, ..base }, Ok(1)),
            (Asked { taken: 30, ..base }, Err(Refusal::SessionLimit)),
            (Asked { taken: 28, form: &three, ..base }, Err(Refusal::SessionLimit)),
        ];
        for (asked, expected) in rows {
            assert_eq!(admit(&asked), expected, "{asked:?}");
        }
    }
}
