//! Reads a YAML configuration into a checked type and names *every* mistake at once, each with its
//! line and column.
//!
//! Text in, value out: which file it is, and what happens with a bad one, is the daemon's part
//! (`config.rs`). The same JSON schema that is shipped for editors does the checking, so that the
//! two cannot disagree. What a schema cannot say (two parts that must fit each other) a type says in
//! [`Settings::misfits`] and [`Settings::mistakes`]. In a schema `x-expected` is what a person reads
//! where a pattern or format is not met.

mod mistake;
mod positions;
mod validate;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use mistake::{Mistake, Mistakes};
pub use positions::{Position, Positions};

/// Bytes of a configuration file. A fleet of 50,000 displays is kept in the database; what people
/// write by hand stays far below.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A type that a configuration file is read into.
pub trait Settings: DeserializeOwned + JsonSchema {
    /// What is wrong beyond the shape: pairs of a JSON pointer (`/terminals/3/site`) and a sentence
    /// that says what to do. Where the shape has mistakes it is called without the parts that have
    /// them, if anything is left that can be read.
    fn mistakes(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What does not fit together, found in a file of whatever shape, so that it is told together
    /// with what the schema finds.
    fn misfits(_value: &serde_json::Value) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Reads a configuration.
///
/// # Errors
/// All mistakes of the text, in the order of their lines.
pub fn load<T: Settings>(text: &str) -> Result<T, Mistakes> {
    load_placed(text).map(|(settings, _)| settings)
}

/// Reads a file together with the place of each of its values, for those who have more to say of them.
///
/// # Errors
/// All mistakes of the text, in the order of their lines.
pub fn load_placed<T: Settings>(text: &str) -> Result<(T, Positions), Mistakes> {
    if text.len() > FILE_BYTES_MAX {
        return Err(Mistakes::one(Mistake::whole(format!(
            "the file has {} bytes, more than {FILE_BYTES_MAX}",
            text.len()
        ))));
    }
    let positions = Positions::read(text)?;
    let value: serde_json::Value = serde_yaml::from_str(text).map_err(|e| Mistakes::from_serde(&e))?;
    let value = if value.is_null() { serde_json::Value::Object(serde_json::Map::default()) } else { value };
    let schema = schema::<T>();
    let mut found = validate::against_schema(&schema, &value, &positions);
    let placed =
        |(pointer, message): (String, String)| Mistake::at(positions.value(&pointer), &pointer, message);
    found.extend(T::misfits(&value).into_iter().map(placed));
    if !found.is_empty() {
        let rest: Option<T> = serde_json::from_value(without(value, &found)).ok();
        found.extend(rest.iter().flat_map(T::mistakes).map(placed));
        return Err(Mistakes::sorted(found));
    }
    // From the text, not from the value: what only the type can refuse then still has its line.
    let settings: T = serde_yaml::from_str(if text.trim().is_empty() { "{}" } else { text })
        .map_err(|e| Mistakes::from_serde(&e))?;
    let found: Vec<Mistake> = settings.mistakes().into_iter().map(placed).collect();
    if found.is_empty() { Ok((settings, positions)) } else { Err(Mistakes::sorted(found)) }
}

/// The value without the keys that have mistakes. Items of lists stay, so that the places of the
/// others remain what they are.
fn without(mut value: serde_json::Value, mistakes: &[Mistake]) -> serde_json::Value {
    for mistake in mistakes {
        let Some((parent, key)) = mistake.pointer.rsplit_once('/') else { continue };
        let object = value.pointer_mut(parent).and_then(serde_json::Value::as_object_mut);
        object.map(|object| object.remove(&key.replace("~1", "/").replace("~0", "~")));
    }
    value
}

/// Reads a value that came without a text, as in a request: every mistake has its pointer, and none
/// has a line.
///
/// # Errors
/// All mistakes of the value.
pub fn read_value<T: Settings>(value: serde_json::Value) -> Result<T, Mistakes> {
    let nowhere = Positions::default();
    let mut found = validate::against_schema(&schema::<T>(), &value, &nowhere);
    let placed = |(pointer, message): (String, String)| Mistake::at(Position::default(), &pointer, message);
    found.extend(T::misfits(&value).into_iter().map(placed));
    if found.is_empty() {
        let settings: T = serde_json::from_value(value)
            .map_err(|error| Mistakes::one(Mistake::whole(error.to_string())))?;
        found.extend(settings.mistakes().into_iter().map(placed));
        if found.is_empty() {
            return Ok(settings);
        }
    }
    // Only text has lines.
    let nowhere = |mistake| Mistake { line: 0, column: 0, ..mistake };
    Err(Mistakes::sorted(found.into_iter().map(nowhere).collect()))
}

/// The JSON schema of a configuration, as it is shipped for editors.
pub fn schema<T: JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}

#[cfg(test)]
mod tests;
