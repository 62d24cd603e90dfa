//! The matrix of languages and items: how far each item is in each language.

use serde::Serialize;

use crate::authoring::model::Content;
use crate::check::translations;

/// How far an item is in a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Something of it is not there.
    Missing,
    /// It is there, and nobody has checked it.
    Draft,
    /// It is there, and somebody has.
    Checked,
}

/// The matrix: a row for each item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The languages, in order.
    pub languages: Vec<String>,
    /// The items, in order.
    pub items: Vec<Row>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its name, as in links: `form:permit`.
    pub item: String,
    /// How far it is, in the order of the languages.
    pub states: Vec<Cell>,
}

/// The matrix of a folder.
#[must_use]
pub fn matrix(content: &Content) -> Matrix {
    let languages = content.languages();
    let items = translations::items(content)
        .into_iter()
        .map(|item| {
            let states = languages.iter().map(|language| item.cell(language)).collect();
            Row { item: item.name, states }
        })
        .collect();
    Matrix { languages: languages.into_iter().map(str::to_owned).collect(), items }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authoring;
    use crate::testing::Tiny;

    #[test]
    fn tells_how_far_each_item_is_in_each_language() {
        let tiny = Tiny::clean();
        tiny.remove("guides/start/en.md");
        tiny.spoil("events/course/event.yaml", "topics", "checked: [de]\ntopics");
        tiny.spoil("strings/en.ftl", "back = Back\n", "");
        let matrix = matrix(&authoring::read(tiny.path()).unwrap());
        assert_eq!(matrix.languages, ["de", "en"]);
        let of = |item: &str| matrix.items.iter().find(|row| row.item == item).unwrap().states.clone();
        assert_eq!(of("home"), [Cell::Checked, Cell::Checked]);
        assert_eq!(of("guide:start"), [Cell::Checked, Cell::Missing]);
        assert_eq!(of("event:course"), [Cell::Checked, Cell::Draft]);
        assert_eq!(of("strings"), [Cell::Checked, Cell::Missing]);
        let items: Vec<&str> = matrix.items.iter().map(|row| row.item.as_str()).collect();
        assert_eq!(
            items,
            [
                "home",
                "topic:work",
                "office:migration",
                "strings",
                "fields",
                "form:permit",
                "guide:start",
                "video:use",
                "event:course"
            ]
        );
    }
}
