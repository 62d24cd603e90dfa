//! Plays who fills a bundle: texts, pages, drawings, tables and forms out of one seed, so that two
//! runs measure the same bytes. Writes nothing.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngCore as _, SeedableRng as _};

const WORDS: &str = "the printer paper tray open close jam remove front cover display guide step touch screen \
    press button wait until light turns green toner cartridge replace call service desk number room floor \
    building visit badge reader network cable power reset restart content update language german english \
    french page next back home help";
/// Characters of a paragraph.
const PARAGRAPH: std::ops::RangeInclusive<usize> = 200..=700;
/// Bytes of a stream in a form.
const STREAM_BYTES: std::ops::RangeInclusive<usize> = 4_000..=40_000;

/// Writes what is asked for.
#[derive(Debug)]
pub(super) struct Author(pub(super) StdRng);

impl Author {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number of this range.
    pub(super) fn between(&mut self, range: std::ops::RangeInclusive<usize>) -> usize {
        self.0.random_range(range)
    }

    /// Bytes that nothing makes smaller, as videos are.
    pub(super) fn noise(&mut self, bytes: usize) -> Vec<u8> {
        let mut noise = vec![0; bytes];
        self.0.fill_bytes(&mut noise);
        noise
    }

    /// So many characters of words.
    pub(super) fn text(&mut self, characters: usize) -> String {
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let mut text = String::with_capacity(characters + 16);
        while text.len() < characters {
            text.push_str(words.choose(&mut self.0).copied().unwrap_or_default());
            text.push(' ');
        }
        text.truncate(characters);
        text
    }

    /// A guide.
    pub(super) fn page(&mut self, n: usize, bytes: usize) -> Vec<u8> {
        let mut page = format!(
            "<!doctype html><html lang=de><head><meta charset=utf-8><title>Guide {n}</title>\
             <link rel=stylesheet href=../css/site.css></head><body><h1>Guide {n}</h1>"
        );
        for section in 1.. {
            if page.len() >= bytes {
                break;
            }
            let (title, long, alt) = (self.text(30), self.between(PARAGRAPH), self.text(20));
            let (text, picture) = (self.text(long), self.between(0..=99));
            page.push_str(&format!(
                "<section id=s{section}><h2>{title}</h2><p>{text}</p><img src=../img/{picture}.svg alt='{alt}'></section>\n"
            ));
        }
        page.into_bytes()
    }

    /// A drawing.
    pub(super) fn drawing(&mut self, bytes: usize) -> Vec<u8> {
        let mut drawing = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 800 600'>".to_owned();
        while drawing.len() < bytes {
            let mut at = || (self.0.random_range(0.0..800.0), self.0.random_range(0.0..600.0));
            let ((x, y), (to_x, to_y)) = (at(), at());
            let color = self.between(0..=0xff_ffff);
            drawing
                .push_str(&format!("<path d='M{x:.2} {y:.2}L{to_x:.2} {to_y:.2}Z' fill='#{color:06x}'/>\n"));
        }
        drawing.push_str("</svg>");
        drawing.into_bytes()
    }

    /// A table of what is on offer.
    pub(super) fn menu(&mut self, rows: usize) -> Vec<u8> {
        let rows: Vec<serde_json::Value> = (0..rows)
            .map(|_| {
                let video = format!("videos/{}.mp4", self.between(0..=40));
                let tags = [self.text(8), self.text(8), self.text(8)];
                serde_json::json!({
                    "id": self.between(0..=999_999_999), "title": self.text(40), "file": video,
                    "duration": self.between(10..=900), "tags": tags,
                })
            })
            .collect();
        serde_json::to_vec_pretty(&rows).unwrap_or_default()
    }

    /// A form, about half of which does not compress: pictures and texts in turn.
    pub(super) fn form(&mut self, bytes: usize) -> Vec<u8> {
        let mut form = b"%PDF-1.7\n".to_vec();
        for object in 1.. {
            let Some(left) = bytes.checked_sub(form.len()).filter(|left| *left > 0) else { break };
            let long = self.between(STREAM_BYTES).min(left + 100);
            let stream = if object % 2 == 0 { self.noise(long) } else { self.text(long).into_bytes() };
            form.extend_from_slice(format!("{object} 0 obj<</Length {long}>>stream\n").as_bytes());
            form.extend_from_slice(&stream);
            form.extend_from_slice(b"\nendstream endobj\n");
        }
        form
    }
}
