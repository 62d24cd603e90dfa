//! Pages and pictures of guides: a title first, no raw HTML, pictures that are there, can be shown, and
//! have words for those who do not see them.

use crate::authoring::model::{Content, Guide};
use crate::authoring::picture::Picture;
use crate::finding::{Finding, Place};
use crate::limits::PICTURE_PIXELS_MAX;

pub(super) fn check(content: &Content) -> Vec<Finding> {
    let mut found = Vec::new();
    for guide in &content.guides {
        for page in guide.pages.values() {
            if !page.begins_with_title || page.title.is_empty() {
                let message = "a page begins with its title: a line \"# Title\"";
                found.push(Finding::error("page_without_title", &Place::new(&*page.file, 1), message));
            } else if !page.has_body {
                let message = "there is nothing below the title";
                found.push(Finding::error("page_empty", &Place::new(&*page.file, 1), message));
            }
            for line in &page.html {
                let message = "raw HTML is not taken: write it in Markdown";
                found.push(Finding::error("raw_html", &Place::new(&*page.file, *line), message));
            }
            for (line, target, alt) in &page.pictures {
                let at = Place::new(&*page.file, *line);
                missing(content, guide, target, &at, &mut found);
                if alt.trim().is_empty() {
                    let message = format!("the picture {target:?} has no words for those who do not see it");
                    found.push(Finding::warning("picture_without_words", &at, message));
                }
            }
        }
        pictures(guide, &mut found);
    }
    found
}

fn missing(content: &Content, guide: &Guide, target: &str, at: &Place, found: &mut Vec<Finding>) {
    let path = format!("guides/{}/{target}", guide.id);
    if guide.pictures.contains_key(&path) {
        return;
    }
    let message = match content.file(&path) {
        // Too large: told by its size.
        Some(_) if crate::authoring::picture::is_picture(&path) => return,
        Some(_) => format!("{target:?} is no picture: SVG, PNG, JPEG or WebP"),
        None => format!("dead link: there is no picture {target:?} beside this page"),
    };
    found.push(Finding::error("dead_link", at, message));
}

fn pictures(guide: &Guide, found: &mut Vec<Finding>) {
    for (path, read) in &guide.pictures {
        match read {
            Err((line, message)) => {
                found.push(Finding::error("picture_unreadable", &Place::new(&**path, *line), message));
            }
            Ok(Picture::Drawing(wrong)) => {
                for (line, message) in wrong {
                    found.push(Finding::error("drawing_unsafe", &Place::new(&**path, *line), message));
                }
            }
            Ok(Picture::Pixels(_, wide, high)) if *wide.max(high) > PICTURE_PIXELS_MAX => {
                let message = format!(
                    "{wide} x {high} pixels are too many: at most {PICTURE_PIXELS_MAX} wide and high"
                );
                found.push(Finding::error("oversize", &Place::whole(&**path), message));
            }
            Ok(Picture::Pixels(..)) => {}
        }
    }
}
