//! What a picture says: its format and size; for drawings (SVG) also what a page must not run or load.

use roxmltree::{Document, Node};

/// Elements of a drawing that run or load something.
const REFUSED: [&str; 9] =
    ["script", "foreignObject", "iframe", "object", "embed", "audio", "video", "handler", "a"];

/// What a picture says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// A photo: format, wide, high.
    Pixels(&'static str, usize, usize),
    /// A drawing, with what is wrong in it by line.
    Drawing(Vec<(usize, String)>),
}

/// Whether a file's name is that of a picture.
#[must_use]
pub fn is_picture(path: &str) -> bool {
    format_of_name(path).is_some()
}

/// Whether a file's name is that of a drawing.
#[must_use]
pub fn is_drawing(path: &str) -> bool {
    format_of_name(path) == Some("svg")
}

fn format_of_name(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    match ending {
        "svg" => Some("svg"),
        "png" => Some("png"),
        "jpg" | "jpeg" => Some("jpeg"),
        "webp" => Some("webp"),
        _ => None,
    }
}

/// Reads a picture.
///
/// # Errors
/// A line (0 for the whole file) and a sentence, when it is not what its name says, or is broken.
pub fn read(path: &str, bytes: &[u8]) -> Result<Picture, (usize, String)> {
    let named = format_of_name(path).ok_or((0, "pictures are SVG, PNG, JPEG or WebP".to_owned()))?;
    if named == "svg" {
        return drawing(bytes).map(Picture::Drawing);
    }
    let found = match imagesize::image_type(bytes) {
        Ok(imagesize::ImageType::Png) => "png",
        Ok(imagesize::ImageType::Jpeg) => "jpeg",
        Ok(imagesize::ImageType::Webp) => "webp",
        Ok(other) => return Err((0, format!("this is not a {named} file but {other:?}"))),
        Err(_) => return Err((0, format!("this is not a {named} file"))),
    };
    if found != named {
        return Err((0, format!("this is a {found} file: give it the ending of one")));
    }
    let size = imagesize::blob_size(bytes).map_err(|e| (0, format!("the picture is broken: {e}")))?;
    Ok(Picture::Pixels(found, size.width, size.height))
}

fn drawing(bytes: &[u8]) -> Result<Vec<(usize, String)>, (usize, String)> {
    let text = std::str::from_utf8(bytes).map_err(|_| (0, "the drawing is not UTF-8".to_owned()))?;
    // Document types are refused by the reader: entities can make a drawing endless.
    let document = Document::parse(text)
        .map_err(|e| (e.pos().row as usize, format!("the drawing is not well-formed: {e}")))?;
    let mut wrong = Vec::new();
    if document.root_element().tag_name().name() != "svg" {
        wrong.push((1, "this is not a drawing: its outermost element is not <svg>".to_owned()));
    }
    for node in document.descendants().filter(Node::is_element) {
        let line = document.text_pos_at(node.range().start).row as usize;
        wrong.extend(refused(&node).into_iter().map(|message| (line, message)));
    }
    Ok(wrong)
}

/// What an element runs or loads.
fn refused(node: &Node<'_, '_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = node.tag_name().name();
    if REFUSED.contains(&name) {
        wrong.push(format!("the drawing has a <{name}>: take it out, drawings only draw"));
    }
    for attribute in node.attributes() {
        let (key, value) = (attribute.name(), attribute.value().trim());
        if key.starts_with("on") {
            wrong.push(format!("the drawing runs something ({key}): take it out"));
        }
        let inside = value.starts_with('#') || value.starts_with("data:image/");
        if (key == "href" || key == "src") && !inside {
            wrong.push(format!("the drawing loads {value:?}: displays load nothing from elsewhere"));
        }
        if loads(value) {
            wrong.push(format!("the drawing loads something in {key}: displays load nothing from elsewhere"));
        }
    }
    if name == "style" && node.text().is_some_and(|css| css.contains("@import") || loads(css)) {
        wrong.push("the drawing's style loads something: displays load nothing from elsewhere".to_owned());
    }
    wrong
}

/// Whether a style names an address outside of the drawing.
fn loads(css: &str) -> bool {
    css.split("url(").skip(1).any(|rest| {
        let target = rest.trim_start_matches([' ', '"', '\'']);
        !target.starts_with('#') && !target.starts_with("data:image/")
    })
}
