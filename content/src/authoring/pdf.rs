//! What a form's PDF says: its fields, its pages, and what a display cannot take (XFA, encryption,
//! scripts).

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, LoadOptions, Object};

/// Bytes that one part of a PDF may unpack to: ten times the largest file, against bombs.
const UNPACKED_BYTES_MAX: usize = 200 * 1024 * 1024;
/// Levels of fields within fields; official forms have three.
const FIELD_DEPTH_MAX: usize = 16;
/// Points of an A4 page, wide and high, and how far off a page may be.
const A4: (f32, f32) = (595.3, 841.9);
const A4_TOLERANCE: f32 = 6.0;
/// Bit of a text field that has several lines, and of a button that is pressed.
const FLAG_MULTILINE: i64 = 1 << 12;
const FLAG_PUSH: i64 = 1 << 16;

/// What a PDF says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pdf {
    /// How many pages it has.
    pub pages: usize,
    /// Pages (from 1) that are not A4, in neither direction.
    pub not_a4: Vec<u32>,
    /// It is encrypted, with or without a password to open it.
    pub encrypted: bool,
    /// Its form is an XFA form.
    pub xfa: bool,
    /// It has a script.
    pub script: bool,
    /// Its fields by full name.
    pub fields: BTreeMap<String, PdfField>,
}

/// A field of a PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdfField {
    /// What can be put in.
    pub kind: PdfFieldKind,
    /// Characters that fit.
    pub max_length: Option<u16>,
}

/// What can be put into a field of a PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PdfFieldKind {
    /// Text.
    Text {
        /// With several lines.
        multiline: bool,
    },
    /// A cross, or one of several circles.
    Check,
    /// One of these.
    Choice(Vec<String>),
    /// A signature by computer, or a button that does something: not for displays.
    Other,
}

/// Reads a PDF.
///
/// # Errors
/// A sentence, when it is not a PDF or is broken.
pub fn read(bytes: &[u8]) -> Result<Pdf, String> {
    if !bytes.get(..1024.min(bytes.len())).unwrap_or_default().windows(5).any(|w| w == b"%PDF-") {
        return Err("this is not a PDF".to_owned());
    }
    let options = LoadOptions { max_decompressed_size: Some(UNPACKED_BYTES_MAX), ..LoadOptions::default() };
    let document = match Document::load_mem_with_options(bytes, options) {
        Ok(document) => document,
        // What is encrypted with a password is not read any further.
        Err(error) if is_about_encryption(&error) => return Ok(Pdf { encrypted: true, ..Pdf::default() }),
        Err(error) => return Err(format!("the PDF is broken: {error}")),
    };
    // What is in it may be unreadable then; it is refused anyway.
    if document.is_encrypted() || document.was_encrypted() {
        return Ok(Pdf { encrypted: true, ..Pdf::default() });
    }
    let pages = document.get_pages();
    if pages.is_empty() {
        return Err("the PDF is broken: it has no pages".to_owned());
    }
    let mut pdf = Pdf { pages: pages.len(), ..Pdf::default() };
    pdf.not_a4 = pages.iter().filter(|(_, id)| !is_a4(&document, **id)).map(|(n, _)| *n).collect();
    pdf.script = document.objects.values().any(|object| is_script(object, 0));
    if let Some(form) = document.catalog().ok().and_then(|c| dictionary(&document, c, b"AcroForm")) {
        pdf.xfa = form.has(b"XFA");
        if let Some(fields) = array(&document, form, b"Fields") {
            for field in fields {
                add_field(&document, field, "", None, 0, &mut pdf.fields);
            }
        }
    }
    Ok(pdf)
}

fn is_about_encryption(error: &lopdf::Error) -> bool {
    matches!(
        error,
        lopdf::Error::Decryption(_)
            | lopdf::Error::InvalidPassword
            | lopdf::Error::UnsupportedSecurityHandler(_)
    )
}

fn dictionary<'d>(document: &'d Document, from: &'d Dictionary, key: &[u8]) -> Option<&'d Dictionary> {
    document.dereference(from.get(key).ok()?).ok()?.1.as_dict().ok()
}

fn array<'d>(document: &'d Document, from: &'d Dictionary, key: &[u8]) -> Option<&'d Vec<Object>> {
    document.dereference(from.get(key).ok()?).ok()?.1.as_array().ok()
}

/// Whether an object is a script, or has one directly in it.
fn is_script(object: &Object, depth: usize) -> bool {
    let dictionary = match object {
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        Object::Array(parts) => {
            return depth < FIELD_DEPTH_MAX && parts.iter().any(|p| is_script(p, depth + 1));
        }
        _ => return false,
    };
    let named = dictionary.get(b"S").and_then(Object::as_name).is_ok_and(|name| name == b"JavaScript");
    named || depth < FIELD_DEPTH_MAX && dictionary.iter().any(|(_, inner)| is_script(inner, depth + 1))
}

/// Adds a field and those below it. A part without a name of its own is another box of its parent.
fn add_field(
    document: &Document,
    field: &Object,
    prefix: &str,
    inherited: Option<&[u8]>,
    depth: usize,
    fields: &mut BTreeMap<String, PdfField>,
) {
    let Ok((_, Object::Dictionary(field))) = document.dereference(field) else { return };
    if depth > FIELD_DEPTH_MAX {
        return;
    }
    let own = field.get(b"T").ok().and_then(|name| lopdf::decode_text_string(name).ok());
    let name = match (own, prefix) {
        (Some(own), "") => own,
        (Some(own), prefix) => format!("{prefix}.{own}"),
        (None, prefix) => prefix.to_owned(),
    };
    let kind = field.get(b"FT").and_then(Object::as_name).ok().or(inherited);
    let kids = array(document, field, b"Kids");
    for kid in kids.into_iter().flatten() {
        add_field(document, kid, &name, kind, depth + 1, fields);
    }
    if let Some(kind) = kind
        && !name.is_empty()
        && (kids.is_none() || field.has(b"FT"))
    {
        fields.entry(name).or_insert_with(|| described(document, field, kind));
    }
}

fn described(document: &Document, field: &Dictionary, kind: &[u8]) -> PdfField {
    let flags = field.get(b"Ff").and_then(Object::as_i64).unwrap_or(0);
    let max_length = field.get(b"MaxLen").and_then(Object::as_i64).ok().and_then(|n| u16::try_from(n).ok());
    let kind = match kind {
        b"Tx" => PdfFieldKind::Text { multiline: flags & FLAG_MULTILINE != 0 },
        b"Btn" if flags & FLAG_PUSH == 0 => PdfFieldKind::Check,
        b"Ch" => {
            let options = array(document, field, b"Opt").into_iter().flatten();
            PdfFieldKind::Choice(options.filter_map(|o| option(document, o)).collect())
        }
        _ => PdfFieldKind::Other,
    };
    PdfField { kind, max_length }
}

/// An option is a text, or a pair of its value and what is shown.
fn option(document: &Document, option: &Object) -> Option<String> {
    let (_, option) = document.dereference(option).ok()?;
    let value = match option {
        Object::Array(pair) => pair.first()?,
        other => other,
    };
    lopdf::decode_text_string(value).ok()
}

/// Whether a page is A4. The size may stand with a folder of pages above it.
fn is_a4(document: &Document, id: lopdf::ObjectId) -> bool {
    let mut page = document.get_dictionary(id).ok();
    for _ in 0..FIELD_DEPTH_MAX {
        let Some(dictionary) = page else { return false };
        if let Some(sides) = array(document, dictionary, b"MediaBox") {
            let side = |n: usize| sides.get(n).and_then(|s| document.dereference(s).ok()?.1.as_float().ok());
            let [Some(left), Some(bottom), Some(right), Some(top)] = [side(0), side(1), side(2), side(3)]
            else {
                return false;
            };
            let near = |a: f32, b: f32| (a - b).abs() <= A4_TOLERANCE;
            let (wide, high) = ((right - left).abs(), (top - bottom).abs());
            return near(wide, A4.0) && near(high, A4.1) || near(wide, A4.1) && near(high, A4.0);
        }
        page = self::dictionary(document, dictionary, b"Parent");
    }
    false
}
