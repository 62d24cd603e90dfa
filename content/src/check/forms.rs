//! Forms: their PDF, the fields that are asked for, and the days on which an edition is valid.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::authoring::model::{Content, Form};
use crate::authoring::pdf::{Pdf, PdfFieldKind};
use crate::authoring::settings::{FieldYaml, FormYaml, SharedField};
use crate::authoring::yaml::Yaml;
use crate::finding::{Finding, Place};
use crate::index::FieldType;
use crate::limits::EDITION_NOTICE_DAYS;

pub(super) fn check(content: &Content, today: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    for form in &content.forms {
        if let Some(yaml) = &form.yaml {
            edition(yaml, today, &mut found);
            shared(content, yaml, &mut found);
            if form.pdf.is_none() && content.file(&format!("forms/{}/{}", form.id, yaml.value.pdf)).is_none()
            {
                let message = format!("there is no file \"{}\" beside this one", yaml.value.pdf);
                found.push(Finding::error("file_missing", &yaml.at("/pdf"), message));
            }
        }
        pdf(content, form, &mut found);
    }
    found
}

fn edition(yaml: &Yaml<FormYaml>, today: Date, found: &mut Vec<Finding>) {
    let (from, until) = (yaml.value.valid_from, yaml.value.valid_until);
    let at = yaml.at("/valid_until");
    let notice = until.checked_sub(EDITION_NOTICE_DAYS.days()).unwrap_or(until);
    if until < from {
        found.push(Finding::error("edition_days", &at, "this edition ends before it begins"));
    } else if until < today {
        let message = format!("this edition expired on {until}: put in the new one, or take the form out");
        found.push(Finding::error("edition_expired", &at, message));
    } else if today >= notice {
        let message = format!("this edition ends on {until}: prepare the next one");
        found.push(Finding::warning("edition_ends", &at, message));
    }
    if from > today {
        let message = format!("this edition is valid from {from} on: until then displays do not offer it");
        found.push(Finding::notice("edition_not_yet", &yaml.at("/valid_from"), message));
    }
}

/// Fields that refer to `forms/fields.yaml`, or say too little themselves.
fn shared(content: &Content, yaml: &Yaml<FormYaml>, found: &mut Vec<Finding>) {
    let mut seen = std::collections::BTreeSet::new();
    for (n, field) in yaml.value.fields.iter().enumerate() {
        let at = yaml.at(&format!("/fields/{n}"));
        if !seen.insert(&field.name) {
            let message = format!("the field \"{}\" is asked for twice", field.name);
            found.push(Finding::error("id_twice", &yaml.at(&format!("/fields/{n}/name")), message));
        }
        match &field.same_as {
            Some(id) if shared_field(content, id).is_none() => {
                let at = yaml.at(&format!("/fields/{n}/same_as"));
                let message = format!("there is no field \"{id}\" in forms/fields.yaml");
                found.push(Finding::error("unknown_field", &at, message));
            }
            None if field.kind.is_none() => {
                found.push(Finding::error(
                    "field_without_type",
                    &at,
                    "say the type of this field, or same_as",
                ));
            }
            _ => {}
        }
        if kind_of(content, field) == Some(FieldType::Choice) && field.options.is_empty() {
            found.push(Finding::error("field_without_options", &at, "say what can be chosen (options)"));
        }
    }
}

/// The field of `forms/fields.yaml` with this id.
pub(crate) fn shared_field<'c>(content: &'c Content, id: &str) -> Option<&'c SharedField> {
    content.shared.as_ref()?.value.fields.get(id)
}

/// What a field takes, by itself or by the shared one.
pub(crate) fn kind_of(content: &Content, field: &FieldYaml) -> Option<FieldType> {
    let shared = || field.same_as.as_ref().and_then(|id| shared_field(content, id)).map(|s| s.kind);
    field.kind.or_else(shared)
}

fn pdf(content: &Content, form: &Form, found: &mut Vec<Finding>) {
    let Some((path, read)) = &form.pdf else { return };
    let at = Place::whole(&**path);
    let pdf = match read {
        Ok(pdf) => pdf,
        Err(message) => return found.push(Finding::error("pdf_unreadable", &at, message)),
    };
    if pdf.encrypted {
        let message = "the PDF is encrypted: save it without password and without restrictions";
        return found.push(Finding::error("pdf_encrypted", &at, message));
    }
    if pdf.xfa {
        let message = "the PDF is an XFA form, which no display can fill in: save it as an AcroForm";
        found.push(Finding::error("pdf_xfa", &at, message));
    }
    if pdf.script {
        let message = "the PDF has a script (JavaScript): displays run none, take it out";
        found.push(Finding::error("pdf_script", &at, message));
    }
    if !pdf.not_a4.is_empty() {
        let pages: Vec<String> = pdf.not_a4.iter().map(u32::to_string).collect();
        let message = format!("page {} is not A4, which is the paper in the printers", pages.join(", "));
        found.push(Finding::warning("pdf_not_a4", &at, message));
    }
    let Some(yaml) = &form.yaml else { return };
    sheets(yaml, pdf, found);
    // What fields an XFA form really has, nobody knows.
    if !pdf.xfa {
        fields(content, yaml, pdf, &at, found);
    }
}

fn sheets(yaml: &Yaml<FormYaml>, pdf: &Pdf, found: &mut Vec<Finding>) {
    let sheets = usize::from(yaml.value.sheets);
    if sheets < pdf.pages.div_ceil(2) || sheets > pdf.pages {
        let message = format!(
            "{sheets} sheets do not fit a PDF of {} pages: {} if both sides are printed, else {}",
            pdf.pages,
            pdf.pages.div_ceil(2),
            pdf.pages
        );
        found.push(Finding::error("sheets", &yaml.at("/sheets"), message));
    }
}

fn fields(content: &Content, yaml: &Yaml<FormYaml>, pdf: &Pdf, at: &Place, found: &mut Vec<Finding>) {
    for (n, field) in yaml.value.fields.iter().enumerate() {
        let line = yaml.at(&format!("/fields/{n}/name"));
        let Some(there) = pdf.fields.get(&field.name) else {
            let message = format!("the form field \"{}\" is not in the PDF{}", field.name, known(pdf));
            found.push(Finding::error("field_not_in_pdf", &line, message));
            continue;
        };
        let Some(kind) = kind_of(content, field) else { continue };
        if !fits(kind, &there.kind) {
            let message = format!(
                "the form field \"{}\" is of another type in the PDF: {}",
                field.name,
                word(&there.kind)
            );
            found.push(Finding::error("field_type", &line, message));
        }
        if let (PdfFieldKind::Choice(known), FieldType::Choice) = (&there.kind, kind) {
            for (m, option) in field.options.iter().enumerate().filter(|(_, o)| !known.contains(&o.value)) {
                let at = yaml.at(&format!("/fields/{n}/options/{m}/value"));
                let message =
                    format!("\"{}\" is no value in the PDF, which has {}", option.value, known.join(", "));
                found.push(Finding::error("field_option", &at, message));
            }
        }
    }
    let asked = |name: &String| yaml.value.fields.iter().any(|f| f.name == *name);
    let silent: Vec<&str> = pdf
        .fields
        .iter()
        .filter(|(name, field)| field.kind != PdfFieldKind::Other && !asked(name))
        .map(|(name, _)| name.as_str())
        .collect();
    if !silent.is_empty() {
        let message = format!("nobody asks for these fields of the PDF: {}", silent.join(", "));
        found.push(Finding::warning("field_not_asked", at, message));
    }
}

/// Names of fields, for those who have mistyped one.
fn known(pdf: &Pdf) -> String {
    const SHOWN: usize = 12;
    if pdf.fields.is_empty() {
        return ", which has no form fields at all".to_owned();
    }
    let names: Vec<&str> = pdf.fields.keys().take(SHOWN).map(String::as_str).collect();
    let more = if pdf.fields.len() > SHOWN { ", ..." } else { "" };
    format!(", which has {}{more}", names.join(", "))
}

fn fits(kind: FieldType, there: &PdfFieldKind) -> bool {
    match there {
        PdfFieldKind::Text { multiline } => match kind {
            FieldType::Text | FieldType::Date => true,
            FieldType::Multiline => *multiline,
            FieldType::Checkbox | FieldType::Choice => false,
        },
        PdfFieldKind::Check => kind == FieldType::Checkbox,
        PdfFieldKind::Choice(_) => kind == FieldType::Choice,
        PdfFieldKind::Other => false,
    }
}

fn word(kind: &PdfFieldKind) -> &'static str {
    match kind {
        PdfFieldKind::Text { multiline: false } => "a line of text",
        PdfFieldKind::Text { multiline: true } => "text of several lines",
        PdfFieldKind::Check => "a box for a cross",
        PdfFieldKind::Choice(_) => "a choice",
        PdfFieldKind::Other => "a signature or a button, which nobody can fill in here",
    }
}
