//! Makes the six sample forms in `config/content/forms/`: A4, labeled boxes, form fields. Our own
//! texts, marked as samples.
//!
//! `cargo run -p migrado-content --features authoring --example sample_forms -- config/content`

mod data;

use std::error::Error;
use std::path::Path;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary};

use data::{FORMS, Kind, Part, Sheet};

/// Points of the page and of its margin.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 50.0;
/// Columns of the grid, points of a box's height and of the gap between boxes.
const COLUMNS: f32 = 12.0;
const BOX: f32 = 22.0;
const GAP: f32 = 6.0;
/// Points of a line in a box of several.
const LINE: f32 = 15.0;
/// The color of the heads: a dark blue, legible in grey.
const INK: [f32; 3] = [0.07, 0.2, 0.36];
const FLAG_MULTILINE: i64 = 1 << 12;
const FLAG_COMBO: i64 = 1 << 17;
/// Bit of a widget that is printed.
const FLAG_PRINT: i64 = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("which content folder? Give it as argument")?;
    for sheet in &FORMS {
        let to = Path::new(&folder).join("forms").join(sheet.id).join("form.pdf");
        std::fs::create_dir_all(to.parent().ok_or("no folder")?)?;
        draw(sheet)?.save(&to)?;
    }
    Ok(())
}

/// A page that is being drawn.
struct Page {
    document: Document,
    operations: Vec<Operation>,
    fields: Vec<Object>,
    page: ObjectId,
    y: f32,
}

fn draw(sheet: &Sheet) -> Result<Document, Box<dyn Error>> {
    let mut document = Document::with_version("1.7");
    let page = document.new_object_id();
    let mut drawn = Page { document, operations: Vec::new(), fields: Vec::new(), page, y: PAGE.1 - MARGIN };
    drawn.head(sheet);
    for part in sheet.parts {
        drawn.part(part);
    }
    drawn.foot(sheet);
    drawn.finish(sheet)
}

impl Page {
    fn text(&mut self, font: &str, size: f32, x: f32, y: f32, ink: [f32; 3], text: &str) {
        let color = ink.iter().map(|c| (*c).into()).collect();
        self.operations.extend([
            Operation::new("BT", vec![]),
            Operation::new("rg", color),
            Operation::new("Tf", vec![font.into(), size.into()]),
            Operation::new("Td", vec![x.into(), y.into()]),
            Operation::new("Tj", vec![Object::String(latin(text), StringFormat::Literal)]),
            Operation::new("ET", vec![]),
        ]);
    }

    fn rectangle(&mut self, [x, y, wide, high]: [f32; 4], fill: Option<[f32; 3]>) {
        let sides = [x, y, wide, high].map(Object::from).to_vec();
        match fill {
            Some(ink) => {
                self.operations.push(Operation::new("rg", ink.map(Object::from).to_vec()));
                self.operations.extend([Operation::new("re", sides), Operation::new("f", vec![])]);
            }
            None => {
                let grey = [0.45, 0.5, 0.55].map(Object::from).to_vec();
                self.operations.push(Operation::new("RG", grey));
                self.operations.push(Operation::new("w", vec![0.7.into()]));
                self.operations.extend([Operation::new("re", sides), Operation::new("S", vec![])]);
            }
        }
    }

    fn head(&mut self, sheet: &Sheet) {
        let wide = PAGE.0 - 2.0 * MARGIN;
        self.rectangle([MARGIN, self.y - 4.0, wide, 1.5], Some(INK));
        self.text("Bold", 11.0, MARGIN, self.y + 4.0, INK, "Stadt Dortmund");
        self.text("Plain", 9.0, MARGIN + 95.0, self.y + 4.0, [0.25; 3], sheet.office);
        self.text("Plain", 8.0, PAGE.0 - MARGIN - 92.0, self.y + 4.0, [0.25; 3], sheet.number);
        self.y -= 30.0;
        self.text("Bold", 15.0, MARGIN, self.y, [0.0; 3], sheet.title);
        for line in sheet.intro {
            self.y -= 13.0;
            self.text("Plain", 8.5, MARGIN, self.y, [0.25; 3], line);
        }
        self.y -= 10.0;
    }

    fn part(&mut self, part: &Part) {
        let wide = PAGE.0 - 2.0 * MARGIN;
        self.y -= 15.0;
        self.rectangle([MARGIN, self.y - 4.0, wide, 15.0], Some([0.9, 0.93, 0.96]));
        self.text("Bold", 9.5, MARGIN + 4.0, self.y, INK, part.title);
        self.y -= 8.0;
        for row in part.rows {
            let high = row.iter().map(|f| height(f.kind)).fold(0.0, f32::max);
            let mut x = MARGIN;
            for field in *row {
                let column = wide / COLUMNS * f32::from(field.columns) - GAP;
                match field.kind {
                    Kind::Check => self.check(field.name, field.label, x),
                    kind => {
                        self.boxed(field.name, field.label, kind, [x, self.y - 10.0 - high, column, high])
                    }
                }
                x += column + GAP;
            }
            self.y -= high + if row.iter().all(|f| matches!(f.kind, Kind::Check)) { 3.0 } else { 13.0 };
        }
    }

    fn boxed(&mut self, name: &str, label: &str, kind: Kind, at: [f32; 4]) {
        self.text("Plain", 7.5, at[0] + 1.0, self.y - 8.0, [0.25; 3], label);
        self.rectangle(at, None);
        let [x, y, wide, high] = at;
        let inside = [x + 2.0, y + 2.0, x + wide - 2.0, y + high - 2.0];
        let mut field = self.widget(name, label, inside);
        field.set("DA", Object::string_literal("/Plain 10 Tf 0 g"));
        match kind {
            Kind::Choice(options) => {
                field.set("FT", "Ch");
                field.set("Ff", FLAG_COMBO);
                let options = options.iter().map(|o| Object::String(latin(o), StringFormat::Literal));
                field.set("Opt", options.collect::<Vec<_>>());
            }
            Kind::Line(max_length) => {
                field.set("FT", "Tx");
                field.set("MaxLen", i64::from(max_length));
            }
            Kind::Lines(..) | Kind::Check => {
                field.set("FT", "Tx");
                field.set("Ff", FLAG_MULTILINE);
            }
        }
        let id = self.document.add_object(field);
        self.fields.push(id.into());
    }

    fn check(&mut self, name: &str, label: &str, x: f32) {
        let side = 11.0;
        let y = self.y - 15.0;
        self.rectangle([x + 1.0, y, side, side], None);
        self.text("Plain", 9.0, x + side + 7.0, y + 2.0, [0.0; 3], label);
        let cross = "0.9 w 2 2 m 9 9 l S 2 9 m 9 2 l S";
        let on = self.appearance(side, cross);
        let off = self.appearance(side, "");
        let mut field = self.widget(name, label, [x + 1.0, y, x + 1.0 + side, y + side]);
        field.set("FT", "Btn");
        field.set("V", "Off");
        field.set("AS", "Off");
        field.set("AP", dictionary! { "N" => dictionary! { "Ja" => on, "Off" => off } });
        let id = self.document.add_object(field);
        self.fields.push(id.into());
    }

    fn appearance(&mut self, side: f32, drawn: &str) -> ObjectId {
        let form = dictionary! {
            "Type" => "XObject", "Subtype" => "Form",
            "BBox" => vec![0.into(), 0.into(), side.into(), side.into()],
        };
        self.document.add_object(Stream::new(form, drawn.as_bytes().to_vec()))
    }

    fn widget(&self, name: &str, label: &str, rect: [f32; 4]) -> Dictionary {
        dictionary! {
            "Type" => "Annot", "Subtype" => "Widget",
            "T" => Object::string_literal(name),
            "TU" => Object::String(latin(label), StringFormat::Literal),
            "Rect" => rect.map(Object::from).to_vec(),
            "F" => FLAG_PRINT,
            "P" => self.page,
        }
    }

    fn foot(&mut self, sheet: &Sheet) {
        self.y -= 40.0;
        let half = (PAGE.0 - 2.0 * MARGIN) / 2.0;
        self.rectangle([MARGIN, self.y, half - 20.0, 0.7], Some([0.3; 3]));
        self.rectangle([MARGIN + half, self.y, half, 0.7], Some([0.3; 3]));
        self.text("Plain", 7.5, MARGIN, self.y - 10.0, [0.25; 3], "Ort, Datum");
        self.text("Plain", 7.5, MARGIN + half, self.y - 10.0, [0.25; 3], sheet.signature);
        let note = "Muster zur Ansicht, keine amtliche Fassung. Ihre Angaben werden auf dem Gerät nicht gespeichert.";
        self.text("Plain", 7.0, MARGIN, MARGIN - 12.0, [0.35; 3], note);
    }

    fn finish(mut self, sheet: &Sheet) -> Result<Document, Box<dyn Error>> {
        let document = &mut self.document;
        let font = |document: &mut Document, name: &str| {
            document.add_object(dictionary! {
                "Type" => "Font", "Subtype" => "Type1", "BaseFont" => name, "Encoding" => "WinAnsiEncoding",
            })
        };
        let (plain, bold) = (font(document, "Helvetica"), font(document, "Helvetica-Bold"));
        let fonts = document.add_object(dictionary! {
            "Font" => dictionary! { "Plain" => plain, "Bold" => bold },
        });
        let content = Content { operations: self.operations }.encode()?;
        let content = document.add_object(Stream::new(Dictionary::new(), content));
        let pages = document.new_object_id();
        document.objects.insert(
            self.page,
            dictionary! {
                "Type" => "Page", "Parent" => pages, "Contents" => content, "Resources" => fonts,
                "MediaBox" => vec![0.into(), 0.into(), PAGE.0.into(), PAGE.1.into()],
                "Annots" => self.fields.clone(),
            }
            .into(),
        );
        document.objects.insert(
            pages,
            dictionary! { "Type" => "Pages", "Kids" => vec![self.page.into()], "Count" => 1 }.into(),
        );
        let form = document.add_object(dictionary! {
            "Fields" => self.fields, "NeedAppearances" => true, "DR" => fonts,
            "DA" => Object::string_literal("/Plain 10 Tf 0 g"),
        });
        let catalog = document.add_object(dictionary! {
            "Type" => "Catalog", "Pages" => pages, "AcroForm" => form, "Lang" => Object::string_literal("de-DE"),
        });
        let info = document
            .add_object(dictionary! { "Title" => Object::String(latin(sheet.title), StringFormat::Literal) });
        document.trailer.set("Root", catalog);
        document.trailer.set("Info", info);
        document.compress();
        Ok(self.document)
    }
}

fn height(kind: Kind) -> f32 {
    match kind {
        Kind::Check => 14.0,
        Kind::Lines(lines) => f32::from(lines) * LINE + 6.0,
        Kind::Line(_) | Kind::Choice(_) => BOX,
    }
}

/// A text in the encoding of the fonts, which has the German letters.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}
