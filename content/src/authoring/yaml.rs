//! A YAML file with the line of each of its values.

use migrado_settings::{Positions, Settings};

use crate::authoring::files::Folder;
use crate::finding::{Finding, Place};
use crate::limits::YAML_BYTES_MAX;

/// What a YAML file says, and where.
#[derive(Debug)]
pub struct Yaml<T> {
    /// What it says.
    pub value: T,
    /// The file, relative to the content folder.
    pub file: String,
    positions: Positions,
}

impl<T> Yaml<T> {
    /// The place of a value, named by its JSON pointer (`/offices/2/hours`).
    pub fn at(&self, pointer: &str) -> Place {
        Place::new(&*self.file, self.positions.value(pointer).line)
    }

    /// The place of a key.
    pub fn key(&self, pointer: &str) -> Place {
        Place::new(&*self.file, self.positions.key(pointer).line)
    }
}

/// Reads a YAML file; every mistake of it is added to `mistakes`.
pub(crate) fn read<T: Settings>(folder: &Folder, path: &str, mistakes: &mut Vec<Finding>) -> Option<Yaml<T>> {
    let text = match folder.text(path, YAML_BYTES_MAX) {
        Ok(Some(text)) => text,
        Ok(None) => {
            // One that is too large is told by its size.
            if folder.file(path).is_none() {
                mistakes.push(Finding::error("file_missing", &Place::whole(path), "this file is missing"));
            }
            return None;
        }
        Err(finding) => {
            mistakes.push(finding);
            return None;
        }
    };
    match migrado_settings::load_placed::<T>(&text) {
        Ok((value, positions)) => Some(Yaml { value, file: path.to_owned(), positions }),
        Err(wrong) => {
            mistakes.extend(wrong.0.into_iter().map(|mistake| {
                let place = Place::new(path, mistake.line);
                let message = match mistake.path.as_str() {
                    "" => mistake.message,
                    path => format!("{path}: {}", mistake.message),
                };
                Finding::error("yaml", &place, message)
            }));
            None
        }
    }
}
