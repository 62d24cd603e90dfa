//! Forms and their editions.

use super::each;
use crate::limits::PDF_BYTES_MAX;
use crate::testing::{Tiny, pdf};

#[test]
fn names_what_is_wrong_with_forms() {
    each(&[
        (
            "field",
            |t| {
                t.spoil(
                    "forms/permit/form.yaml",
                    "fields:\n",
                    "fields:\n  - { name: nachname, same_as: name }\n",
                )
            },
            "forms/permit/form.yaml:9: error: the form field \"nachname\" is not in the PDF, which has familienname, zweck",
            "",
        ),
        (
            "type",
            |t| {
                t.spoil(
                    "forms/permit/form.yaml",
                    "familienname, same_as: name",
                    "familienname, same_as: name, type: checkbox",
                )
            },
            "forms/permit/form.yaml:9: error: the form field \"familienname\" is of another type",
            "field_type",
        ),
        (
            "option",
            |t| t.spoil("forms/permit/form.yaml", "value: Arbeit", "value: arbeit"),
            "forms/permit/form.yaml:10: error: \"arbeit\" is no value in the PDF, which has Arbeit, b",
            "field_option",
        ),
        (
            "shared",
            |t| t.spoil("forms/permit/form.yaml", "same_as: name", "type: text, same_as: nmae"),
            "forms/permit/form.yaml:9: error: there is no field \"nmae\"",
            "unknown_field",
        ),
        (
            "sheets",
            |t| t.spoil("forms/permit/form.yaml", "sheets: 1", "sheets: 2"),
            "forms/permit/form.yaml:6: error: 2 sheets do not fit",
            "sheets",
        ),
        (
            "xfa",
            |t| t.put("forms/permit/form.pdf", &pdf("/XFA (x)")),
            "forms/permit/form.pdf: error: the PDF is an XFA form",
            "pdf_xfa",
        ),
        (
            "script",
            |t| t.put("forms/permit/form.pdf", &pdf("/AA << /S /JavaScript /JS (x) >>")),
            "forms/permit/form.pdf: error: the PDF has a script",
            "pdf_script",
        ),
        (
            "no PDF",
            |t| t.put("forms/permit/form.pdf", b"hello"),
            "forms/permit/form.pdf: error: this is not a PDF",
            "pdf_unreadable",
        ),
        (
            "empty",
            |t| t.put("forms/permit/form.pdf", b""),
            "forms/permit/form.pdf: error: this is not a PDF",
            "",
        ),
        (
            "cut off",
            |t| t.put("forms/permit/form.pdf", &pdf("")[..60]),
            "forms/permit/form.pdf: error: the PDF is broken",
            "pdf_unreadable",
        ),
        (
            "missing",
            |t| t.remove("forms/permit/form.pdf"),
            "forms/permit/form.yaml:1: error: there is no file \"form.pdf\"",
            "file_missing",
        ),
        (
            "too large",
            |t| t.put("forms/permit/form.pdf", &vec![b' '; usize::try_from(PDF_BYTES_MAX).unwrap() + 1]),
            "forms/permit/form.pdf: error: 20.0 MiB is too large",
            "oversize",
        ),
    ]);
}

#[test]
fn names_encrypted_forms() {
    let tiny = Tiny::clean();
    tiny.put("forms/permit/form.pdf", include_bytes!("../../../fixtures/encrypted.pdf"));
    let said = tiny.said();
    assert!(
        said.len() == 1 && said[0].starts_with("forms/permit/form.pdf: error: the PDF is encrypted"),
        "{said:?}"
    );
    tiny.put("forms/permit/form.pdf", include_bytes!("../../../fixtures/restricted.pdf"));
    let said = tiny.said();
    assert!(
        said.len() == 1 && said[0].starts_with("forms/permit/form.pdf: error: the PDF is encrypted"),
        "{said:?}"
    );
}

#[test]
fn a_field_that_nobody_asks_for_is_told() {
    let tiny = Tiny::clean();
    tiny.spoil("forms/permit/form.yaml", "  - { name: familienname, same_as: name, required: true }\n", "");
    assert_eq!(
        tiny.said(),
        [
            "forms/permit/form.pdf: warning: nobody asks for these fields of the PDF: familienname [field_not_asked]"
        ]
    );
}

#[test]
fn names_editions_by_the_day() {
    each(&[
        (
            "expired",
            |t| t.spoil("forms/permit/form.yaml", "2027-12-31", "2026-11-24"),
            "forms/permit/form.yaml:5: error: this edition expired on 2026-11-24",
            "edition_expired",
        ),
        (
            "ends soon",
            |t| t.spoil("forms/permit/form.yaml", "2027-12-31", "2026-12-25"),
            "forms/permit/form.yaml:5: warning: this edition ends on 2026-12-25",
            "edition_ends",
        ),
        (
            "last day",
            |t| t.spoil("forms/permit/form.yaml", "2027-12-31", "2026-11-25"),
            "forms/permit/form.yaml:5: warning: this edition ends on 2026-11-25",
            "edition_ends",
        ),
        (
            "turned around",
            |t| t.spoil("forms/permit/form.yaml", "2027-12-31", "2025-12-31"),
            "forms/permit/form.yaml:5: error: this edition ends before it begins",
            "edition_days",
        ),
        (
            "no day",
            |t| t.spoil("forms/permit/form.yaml", "2027-12-31", "31.12.2027"),
            "forms/permit/form.yaml:5: error: valid_until: \"31.12.2027\" is not a day such as",
            "yaml",
        ),
    ]);
    let tiny = Tiny::clean();
    tiny.spoil("forms/permit/form.yaml", "2027-12-31", "2026-12-26");
    assert_eq!(tiny.findings(), [], "31 days are enough");
    tiny.spoil("forms/permit/form.yaml", "2026-01-01", "2026-11-26");
    assert!(
        tiny.findings()[0]
            .to_string()
            .starts_with("forms/permit/form.yaml:4: notice: this edition is valid from")
    );
}
