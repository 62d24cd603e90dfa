//! A tiny content folder for tests: clean as it is, to be spoiled in one place at a time.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use tempfile::TempDir;

use crate::authoring;
use crate::check;
use crate::finding::{Finding, Severity};

/// The day of all tests.
pub(crate) const TODAY: Date = date(2026, 11, 25);

/// The files of a clean folder that are text.
const FILES: [(&str, &str); 12] = [
    (
        "content.yaml",
        "reference: de\ngate: required\nchecked: [de, en]\nlanguages:\n  - { code: de, name: Deutsch }\n  - { code: en, name: English }\nhome:\n  title: { de: Start, en: Start }\n  intro: { de: Hallo, en: Hello }\n  featured: [\"form:permit\"]\ntopics:\n  - { id: work, name: { de: Arbeit, en: Work } }\noffices:\n  - id: migration\n    name: { de: Amt, en: Office }\n    address: Platz 1, 44135 Dortmund\n    hours: { de: immer, en: always }\n",
    ),
    ("forms/fields.yaml", "fields:\n  name: { type: text, max_length: 40, label: { de: Name, en: Name } }\n"),
    (
        "forms/permit/form.yaml",
        "office: migration\ntopics: [work]\nedition: \"1\"\nvalid_from: 2026-01-01\nvalid_until: 2027-12-31\nsheets: 1\ntitle: { de: Antrag, en: Application }\nfields:\n  - { name: familienname, same_as: name, required: true }\n  - { name: zweck, type: choice, label: { de: Zweck, en: Purpose }, options: [{ value: Arbeit, label: { de: Arbeit, en: Work } }] }\n",
    ),
    ("guides/start/guide.yaml", "topics: [work]\n"),
    (
        "guides/start/de.md",
        "# Anfang\n\n![Ein Haus](house.svg)\n\nDas [Formular](form:permit) und das [Amt](office:migration).\n",
    ),
    ("guides/start/en.md", "# Start\n\n![A house](house.svg)\n\nThe [form](form:permit).\n"),
    (
        "guides/start/house.svg",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">\n  <path d=\"M1 1 H8\"/>\n</svg>\n",
    ),
    ("videos/use/video.yaml", "topics: [work]\ntitle: { de: So geht es, en: How to }\n"),
    ("videos/use/de.vtt", "WEBVTT\n\n00:00.000 --> 00:02.000\nHallo\n"),
    ("videos/use/en.vtt", "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n"),
    ("strings/de.ftl", "back = Zurück\nsheets = { $n } Blatt\n"),
    ("strings/en.ftl", "back = Back\nsheets = { $n } sheets\n"),
];
const EVENT: [(&str, &str); 2] = [
    ("events/course/event.yaml", "office: migration\ntopics: [work]\ntitle: { de: Kurs, en: Course }\n"),
    (
        "events/course/event.ics",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;TZID=Europe/Berlin:20261130T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4\nEND:VEVENT\nEND:VCALENDAR\n",
    ),
];

/// A folder that is thrown away.
pub(crate) struct Tiny(TempDir);

impl Tiny {
    /// A clean folder.
    pub(crate) fn clean() -> Self {
        let tiny = Self(tempfile::tempdir().unwrap());
        for (path, text) in FILES.iter().chain(&EVENT) {
            tiny.put(path, text.as_bytes());
        }
        tiny.put("forms/permit/form.pdf", &pdf(""));
        tiny.put("videos/use/video.webm", &sample("videos/anzeige-bedienen/video.webm"));
        tiny
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let to = self.path().join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }

    /// Replaces words in a file; they have to be there.
    pub(crate) fn spoil(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path().join(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from:?}");
        self.put(path, text.replacen(from, to, 1).as_bytes());
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        check::check(&authoring::read(self.path()).unwrap(), TODAY)
    }

    /// The findings in one line each, without notices.
    pub(crate) fn said(&self) -> Vec<String> {
        self.findings().iter().filter(|f| f.severity != Severity::Notice).map(ToString::to_string).collect()
    }
}

/// A file of the sample content.
pub(crate) fn sample(path: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read(root.join("config/content").join(path)).unwrap()
}

/// A PDF of one page with the two fields that the clean folder asks for, and `more` in its form.
pub(crate) fn pdf(more: &str) -> Vec<u8> {
    let objects = [
        format!("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R 5 0 R] {more} >> >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
        "<< /FT /Tx /T (familienname) /MaxLen 30 >>".to_owned(),
        "<< /FT /Ch /T (zweck) /Opt [(Arbeit) [(b) (B)]] >>".to_owned(),
    ];
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n{object}\nendobj\n", n + 1).bytes());
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    out.extend(places.iter().flat_map(|p| format!("{p:010} 00000 n \n").into_bytes()));
    out.extend(
        format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1)
            .bytes(),
    );
    out
}
