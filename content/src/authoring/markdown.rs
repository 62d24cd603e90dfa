//! One page of a guide: where its title, links, pictures and refused pieces are. It is rendered when a
//! release is built.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::authoring::lines::Lines;

/// What Markdown may have beyond the basics.
pub const OPTIONS: Options = Options::ENABLE_TABLES;

/// A page of a guide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The file, relative to the content folder.
    pub file: String,
    /// What it says.
    pub text: String,
    /// Its first heading, which is its title.
    pub title: String,
    /// Whether it begins with its title.
    pub begins_with_title: bool,
    /// Links, with their lines.
    pub links: Vec<(usize, String)>,
    /// Pictures: line, file, words for those who do not see it.
    pub pictures: Vec<(usize, String, String)>,
    /// Lines with raw HTML.
    pub html: Vec<usize>,
    /// Whether anything stands below the title.
    pub has_body: bool,
}

/// Reads a page.
#[must_use]
pub fn read(file: &str, text: String) -> Page {
    let lines = Lines::of(&text);
    let mut page = Page { file: file.to_owned(), ..Page::default() };
    let mut in_title = false;
    let mut picture: Option<(usize, String, String)> = None;
    for (n, (event, range)) in Parser::new_ext(&text, OPTIONS).into_offset_iter().enumerate() {
        let line = lines.at(range.start);
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
                in_title = page.title.is_empty();
                page.begins_with_title |= n == 0;
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => in_title = false,
            Event::Start(Tag::Link { dest_url, .. }) => page.links.push((line, dest_url.to_string())),
            Event::Start(Tag::Image { dest_url, .. }) => {
                picture = Some((line, dest_url.to_string(), String::new()));
            }
            Event::End(TagEnd::Image) => page.pictures.extend(picture.take()),
            Event::Html(_) | Event::InlineHtml(_) => page.html.push(line),
            Event::Text(words) | Event::Code(words) => match &mut picture {
                Some((_, _, alt)) => alt.push_str(&words),
                None if in_title => page.title.push_str(&words),
                None => page.has_body |= !words.trim().is_empty(),
            },
            _ => {}
        }
    }
    page.html.dedup();
    page.title = page.title.trim().to_owned();
    page.text = text;
    page
}

/// The part of a page that stands below its title.
#[must_use]
pub fn body(events: Vec<(Event<'_>, Range<usize>)>) -> Vec<(Event<'_>, Range<usize>)> {
    let end = events
        .iter()
        .position(|(event, _)| matches!(event, Event::End(TagEnd::Heading(HeadingLevel::H1))))
        .map_or(0, |at| at + 1);
    events.into_iter().skip(end).collect()
}
