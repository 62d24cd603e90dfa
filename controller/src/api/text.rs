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
