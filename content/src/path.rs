//! Which paths are safe in a release: relative, forward slashes, nothing that leaves the folder, and
//! nothing that a file system or an unpacker somewhere would understand differently.
//!
//! Pure text. That a path is in Unicode's composed form (NFC) is checked where it is written, by
//! the editor's side.

use std::fmt;

use crate::limits::{ID_BYTES_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX};

/// Characters that Windows and some archives take for something else.
const RESERVED: [char; 8] = ['\\', '<', '>', ':', '"', '|', '?', '*'];
/// Names that are devices there, with any ending.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Why a path is not safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsafe {
    /// No path at all, or an empty step.
    Empty,
    /// Begins with a slash.
    Absolute,
    /// Has a step `.` or `..`.
    Leaves,
    /// Has a control character or an invisible sign that turns the direction of text.
    Control,
    /// Has a character that is reserved elsewhere.
    Reserved(char),
    /// A step ends with a dot or a space.
    Ending,
    /// A step is the name of a device elsewhere.
    Device,
    /// A step or the whole is too long.
    Long,
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty, or has two slashes in a row"),
            Self::Absolute => f.write_str("it begins with a slash: write it relative to its folder"),
            Self::Leaves => f.write_str("it has a step \".\" or \"..\": paths do not leave their folder"),
            Self::Control => f.write_str("it has an invisible control character: type the name anew"),
            Self::Reserved(sign) => write!(f, "it has the character {sign:?}, which is reserved on Windows"),
            Self::Ending => f.write_str("a name in it ends with a dot or a space"),
            Self::Device => f.write_str("a name in it is that of a device on Windows"),
            Self::Long => {
                write!(f, "it is too long: at most {NAME_BYTES_MAX} bytes a name, {PATH_BYTES_MAX} in all")
            }
        }
    }
}

/// Checks a path.
///
/// # Errors
/// The first reason why it is not safe.
pub fn check(path: &str) -> Result<(), Unsafe> {
    if path.starts_with('/') {
        return Err(Unsafe::Absolute);
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(Unsafe::Long);
    }
    path.split('/').try_for_each(check_name)
}

fn check_name(name: &str) -> Result<(), Unsafe> {
    if name.is_empty() {
        return Err(Unsafe::Empty);
    }
    if name == "." || name == ".." {
        return Err(Unsafe::Leaves);
    }
    if name.chars().any(|c| c.is_control() || turns_text(c)) {
        return Err(Unsafe::Control);
    }
    if let Some(sign) = name.chars().find(|c| RESERVED.contains(c)) {
        return Err(Unsafe::Reserved(sign));
    }
    if name.ends_with(['.', ' ']) {
        return Err(Unsafe::Ending);
    }
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    if DEVICES.contains(&stem.as_str()) {
        return Err(Unsafe::Device);
    }
    if name.len() > NAME_BYTES_MAX { Err(Unsafe::Long) } else { Ok(()) }
}

/// Signs that make a name look like another one: direction, joining, width zero.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether a word may be an id: lower-case letters, digits and hyphens, beginning with a letter.
#[must_use]
pub fn is_id(word: &str) -> bool {
    word.len() <= ID_BYTES_MAX
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && !word.ends_with('-')
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_wrong_with_a_path() {
        for (path, wrong) in [
            ("forms/a/form.pdf", Ok(())),
            ("guides/straße/ok.svg", Ok(())),
            ("", Err(Unsafe::Empty)),
            ("a//b", Err(Unsafe::Empty)),
            ("a/", Err(Unsafe::Empty)),
            ("/etc/passwd", Err(Unsafe::Absolute)),
            ("../../etc/passwd", Err(Unsafe::Leaves)),
            ("a/./b", Err(Unsafe::Leaves)),
            ("a/..", Err(Unsafe::Leaves)),
            ("a\n", Err(Unsafe::Control)),
            ("a\0b", Err(Unsafe::Control)),
            ("gpj.\u{202e}exe", Err(Unsafe::Control)),
            ("C:x", Err(Unsafe::Reserved(':'))),
            ("a\\b", Err(Unsafe::Reserved('\\'))),
            ("what?.png", Err(Unsafe::Reserved('?'))),
            ("a./b", Err(Unsafe::Ending)),
            ("a ", Err(Unsafe::Ending)),
            ("a/NUL.txt", Err(Unsafe::Device)),
            ("console.txt", Ok(())),
        ] {
            assert_eq!(check(path), wrong, "{path:?}");
        }
        assert_eq!(check(&"x".repeat(NAME_BYTES_MAX)), Ok(()));
        assert_eq!(check(&"x".repeat(NAME_BYTES_MAX + 1)), Err(Unsafe::Long));
        assert_eq!(check(&"x/".repeat(PATH_BYTES_MAX)), Err(Unsafe::Long));
    }

    #[test]
    fn tells_ids_from_other_words() {
        for (word, is) in
            [("a", true), ("visa-2", true), ("2a", false), ("A", false), ("a-", false), ("", false)]
        {
            assert_eq!(is_id(word), is, "{word:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_safe_stays_in_its_folder(path in "[a.~/\\\\ :\u{202e}\0ü-]{0,12}") {
            if check(&path).is_ok() {
                let joined = std::path::Path::new("root").join(&path);
                let normal = joined.components().all(|c| matches!(c, std::path::Component::Normal(_)));
                proptest::prop_assert!(normal && joined.starts_with("root"), "{path:?}");
            }
        }
    }
}
