//! A page of a guide as HTML: a small, safe part of it. No scripts, no raw HTML, no addresses that a
//! display would have to go to; links lead to parts of the release (`#form/permit`), pictures lie in
//! the release.

use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};

use crate::authoring::markdown::{OPTIONS, Page, body};
use crate::authoring::model::item_link;
use crate::index::ItemKind;

/// Renders what stands below the title. `picture` gives a picture's path in the release.
#[must_use]
pub fn render(page: &Page, picture: &dyn Fn(&str) -> String) -> String {
    let events: Vec<_> = Parser::new_ext(&page.text, OPTIONS).into_offset_iter().collect();
    let mut outside: Vec<String> = Vec::new();
    let mut in_link: Vec<bool> = Vec::new();
    let safe = body(events).into_iter().filter_map(|(event, _)| match event {
        // Refused by the check; never written, whoever calls this.
        Event::Html(_) | Event::InlineHtml(_) => None,
        Event::Start(Tag::Link { dest_url, link_type, title, id }) => match item_link(&dest_url) {
            Some((kind, item)) => {
                in_link.push(true);
                let dest_url = CowStr::from(format!("#{}/{item}", word(kind)));
                Some(Event::Start(Tag::Link { dest_url, link_type, title, id }))
            }
            None => {
                in_link.push(false);
                outside.push(shown(&dest_url));
                None
            }
        },
        Event::End(TagEnd::Link) => match in_link.pop() {
            Some(true) => Some(Event::End(TagEnd::Link)),
            // The address is shown, for a telephone or a sheet of paper.
            _ => outside.pop().map(|address| Event::Text(CowStr::from(format!(" ({address})")))),
        },
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            let dest_url = CowStr::from(picture(&dest_url));
            Some(Event::Start(Tag::Image { link_type, dest_url, title, id }))
        }
        other => Some(other),
    });
    let mut out = String::new();
    html::push_html(&mut out, safe);
    out
}

fn word(kind: ItemKind) -> &'static str {
    ItemKind::WORDS.iter().find(|(k, _)| *k == kind).map_or("item", |(_, word)| word)
}

/// An address as people write it.
fn shown(address: &str) -> String {
    ["https://", "mailto:", "tel:"]
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme))
        .unwrap_or(address)
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authoring::markdown;

    fn html(text: &str) -> String {
        let page = markdown::read("de.md", format!("# Titel\n\n{text}"));
        render(&page, &|picture| format!("guides/a/{picture}"))
    }

    #[test]
    fn writes_links_and_pictures_of_the_release() {
        assert_eq!(
            html("Das [Formular](form:permit)."),
            "<p>Das <a href=\"#form/permit\">Formular</a>.</p>\n"
        );
        assert_eq!(html("![Ein Haus](h.svg)"), "<p><img src=\"guides/a/h.svg\" alt=\"Ein Haus\" /></p>\n");
    }

    #[test]
    fn writes_no_html_and_no_addresses_that_a_display_would_go_to() {
        assert_eq!(html("[Stadt](https://dortmund.example/)"), "<p>Stadt (dortmund.example)</p>\n");
        assert_eq!(html("[x](javascript:alert(1))"), "<p>x (javascript:alert(1))</p>\n");
        for raw in ["<script>alert(1)</script>", "a <b onclick=x>b</b>", "<img src=x onerror=y>"] {
            let html = html(raw);
            assert!(
                !html.contains("<script") && !html.contains("onclick") && !html.contains("<img"),
                "{html}"
            );
        }
        assert_eq!(html("1 < 2 & \"3\""), "<p>1 &lt; 2 &amp; \"3\"</p>\n");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_has_no_scripts(text in "[<>/a-z\"'=\\[\\]()!:# \n*`|-]{0,60}") {
            let html = html(&text);
            let open = html.split('<').skip(1).map(|rest| rest.split([' ', '>']).next().unwrap_or_default());
            for element in open {
                let element = element.trim_start_matches('/');
                proptest::prop_assert!(ELEMENTS.contains(&element), "{element:?} in {html:?}");
            }
        }
    }

    /// What a page may consist of.
    const ELEMENTS: [&str; 26] = [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "em",
        "strong",
        "a",
        "img",
        "br",
        "hr",
        "blockquote",
        "code",
        "pre",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "del",
    ];
}
