//! Files and functions stay small enough to be read. The lists of exemptions only shrink.

use crate::{is_test_source, none, rust_files, shipped};

/// Lines of a source without its test module. Near 250 is the habit, at 400 one thinks.
const FILE_LINES_MAX: usize = 400;
/// Lines of a function, from its signature to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// Sources that are longer, and how long they may be.
const LONG_FILES: [(&str, usize); 0] = [];
/// Functions that are longer: tables, and compositions that are read from top to bottom.
const LONG_FUNCTIONS: [(&str, usize); 4] = [
    ("agent/src/app.rs::run", 108),
    ("controller/src/fleet/reasons.rs::of_printer", 110),
    ("controller/src/fleet/reasons.rs::of_machine", 115),
    ("controller/src/commands/verbs.rs::words", 90),
];

#[test]
fn sources_are_short() {
    let mut wrong = Vec::new();
    for (name, text) in rust_files() {
        if is_test_source(&name) {
            continue;
        }
        let lines = shipped(&text).lines().count();
        let exemption = LONG_FILES.iter().find(|(file, _)| *file == name);
        match exemption {
            None if lines > FILE_LINES_MAX => {
                wrong.push(format!("{name} has {lines} lines, at most {FILE_LINES_MAX} are read with ease"));
            }
            Some((_, max)) if lines > *max => wrong.push(format!("{name} grew to {lines} lines (was {max})")),
            Some(_) if lines <= FILE_LINES_MAX => wrong.push(format!("{name} needs no exemption any more")),
            _ => {}
        }
    }
    for (file, _) in LONG_FILES {
        if !rust_files().iter().any(|(name, _)| name == file) {
            wrong.push(format!("{file} is exempted and does not exist"));
        }
    }
    none("sources are short", &wrong);
}

#[test]
fn functions_are_short() {
    let mut wrong = Vec::new();
    for (name, text) in rust_files() {
        if is_test_source(&name) {
            continue;
        }
        for (function, line, lines) in functions(shipped(&text)) {
            let key = format!("{name}::{function}");
            let max =
                LONG_FUNCTIONS.iter().find(|(k, _)| *k == key).map_or(FUNCTION_LINES_MAX, |(_, max)| *max);
            if lines > max {
                wrong.push(format!("{name}:{line}: {function} has {lines} lines, at most {max}"));
            }
        }
    }
    none("functions are short", &wrong);
}

/// Name, first line and number of lines of every function. Relies on rustfmt: the closing brace of
/// a function stands alone, as deep as the line on which the function begins.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let words: Vec<&str> = code.split_whitespace().take(6).collect();
        let Some(at) = words.iter().position(|w| *w == "fn") else { continue };
        let only_modifiers = words[..at].iter().all(|w| {
            ["async", "const", "unsafe", "extern"].contains(w) || w.starts_with("pub") || w.ends_with(')')
        });
        let Some(name) = words.get(at + 1).filter(|_| only_modifiers) else { continue };
        let indent = line.len() - code.len();
        let end = format!("{}}}", " ".repeat(indent));
        if line.ends_with('}') || line.ends_with(';') {
            continue;
        }
        if let Some(length) = lines[start..].iter().position(|l| **l == end) {
            let name = name.split(['(', '<']).next().unwrap_or(name);
            found.push((name.to_owned(), start + 1, length + 1));
        }
    }
    found
}

#[test]
fn the_counting_counts() {
    let text = "pub fn a() {\n    1\n}\n\nimpl X {\n    pub(crate) async fn b<T>(\n        t: T,\n    ) -> u8 {\n        2\n    }\n}\nfn c() {}\n";
    assert_eq!(functions(text), [("a".into(), 1, 3), ("b".into(), 6, 5)]);
}
