//! Sentences for people, in every language of the console.

/// One sentence in German and English.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Text {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

/// A sentence in German and English.
pub fn text(de: impl Into<String>, en: impl Into<String>) -> Text {
    Text { de: de.into(), en: en.into() }
}

/// Whether a character is no part of a name or a sentence: one that controls, breaks the line, or
/// turns the direction of what stands beside it. Marks of single words, which Arabic and Hebrew
/// need, and joiners are none of these.
pub fn is_disruptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What to do about such a character.
pub const DISRUPTIVE: &str =
    "leave out line breaks, control characters and characters that turn the direction";
