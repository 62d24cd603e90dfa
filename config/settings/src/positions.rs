//! Where each value of a YAML text stands, by JSON pointer; and keys that stand twice.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScanError, Span};

use crate::mistake::{Mistake, Mistakes};

/// A place in the text, both from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl From<Span> for Position {
    fn from(span: Span) -> Self {
        Self { line: span.start.line(), column: span.start.col() + 1 }
    }
}

/// The places of all keys and values.
#[derive(Debug, Default)]
pub struct Positions {
    keys: HashMap<String, Position>,
    values: HashMap<String, Position>,
}

impl Positions {
    /// Reads a text. A text that is not YAML, or has a key twice, is refused with its place.
    pub(crate) fn read(text: &str) -> Result<Self, Mistakes> {
        let mut walk =
            Walk { parser: Parser::new_from_str(text), positions: Self::default(), doubled: vec![] };
        while let Some(event) = walk.parser.next() {
            let (event, span) = event.map_err(|e| syntax(&e))?;
            walk.node(&event, span, "").map_err(|e| syntax(&e))?;
        }
        if walk.doubled.is_empty() { Ok(walk.positions) } else { Err(Mistakes::sorted(walk.doubled)) }
    }

    /// The place of a value, or of the nearest thing around it that stands in the text.
    #[must_use]
    pub fn value(&self, pointer: &str) -> Position {
        nearest(&self.values, pointer)
    }

    /// The place of a key, or of the nearest thing around it.
    #[must_use]
    pub fn key(&self, pointer: &str) -> Position {
        self.keys.get(pointer).copied().unwrap_or_else(|| nearest(&self.values, pointer))
    }
}

fn nearest(places: &HashMap<String, Position>, pointer: &str) -> Position {
    let mut pointer = pointer;
    loop {
        if let Some(position) = places.get(pointer) {
            return *position;
        }
        match pointer.rsplit_once('/') {
            Some((parent, _)) => pointer = parent,
            None => return Position { line: 1, column: 1 },
        }
    }
}

fn syntax(error: &ScanError) -> Mistakes {
    let marker = error.marker();
    let position = Position { line: marker.line(), column: marker.col() + 1 };
    Mistakes::one(Mistake::at(position, "", format!("this is not YAML: {}", error.info())))
}

struct Walk<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    positions: Positions,
    doubled: Vec<Mistake>,
}

impl Walk<'_> {
    /// Reads one node and everything below it.
    fn node(&mut self, event: &Event<'_>, span: Span, pointer: &str) -> Result<(), ScanError> {
        match event {
            Event::Scalar(..) | Event::Alias(_) => self.remember(span, pointer),
            Event::SequenceStart(..) => {
                self.remember(span, pointer);
                let mut index = 0_usize;
                while let Some((event, span)) = self.parser.next().transpose()? {
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    self.node(&event, span, &format!("{pointer}/{index}"))?;
                    index += 1;
                }
            }
            Event::MappingStart(..) => {
                self.remember(span, pointer);
                self.mapping(pointer)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn mapping(&mut self, pointer: &str) -> Result<(), ScanError> {
        while let Some((key, span)) = self.parser.next().transpose()? {
            if matches!(key, Event::MappingEnd) {
                break;
            }
            let name = match &key {
                Event::Scalar(text, ..) => text.replace('~', "~0").replace('/', "~1"),
                _ => String::from("?"),
            };
            let below = format!("{pointer}/{name}");
            let position = Position::from(span);
            if let Some(first) = self.positions.keys.insert(below.clone(), position) {
                let message =
                    format!("this key stands here a second time; the first is in line {}", first.line);
                self.doubled.push(Mistake::at(position, &below, message));
            }
            if let Some((event, span)) = self.parser.next().transpose()? {
                self.node(&event, span, &below)?;
            }
        }
        Ok(())
    }

    fn remember(&mut self, span: Span, pointer: &str) {
        self.positions.values.insert(pointer.to_owned(), Position::from(span));
    }
}
