//! The words of the page in one language (Fluent): its messages, what they need, and what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::authoring::lines::Lines;

/// The words of one language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strings {
    /// The file, relative to the content folder.
    pub file: String,
    /// Messages by key; an attribute is `key.attribute`, a term `-key`.
    pub messages: BTreeMap<String, Message>,
    /// What is wrong, by line.
    pub wrong: Vec<(usize, String)>,
}

/// One message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Its line.
    pub line: usize,
    /// What the page has to give it.
    pub variables: BTreeSet<String>,
    /// Messages and terms that it takes in.
    pub uses: BTreeSet<String>,
}

/// Reads the words of a language.
#[must_use]
pub fn read(file: &str, text: &str) -> Strings {
    let lines = Lines::of(text);
    let mut strings = Strings { file: file.to_owned(), ..Strings::default() };
    let resource = match parser::parse(text) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            for error in errors {
                let line = lines.at(error.pos.start);
                strings.wrong.push((line, format!("this is not Fluent: {}", error.kind)));
            }
            resource
        }
    };
    for entry in &resource.body {
        match entry {
            Entry::Message(message) => {
                let line = line_of(text, &lines, message.id.name);
                if let Some(value) = &message.value {
                    strings.add(message.id.name.to_owned(), line, value);
                }
                for attribute in &message.attributes {
                    let key = format!("{}.{}", message.id.name, attribute.id.name);
                    strings.add(key, line_of(text, &lines, attribute.id.name), &attribute.value);
                }
            }
            Entry::Term(term) => {
                strings.add(format!("-{}", term.id.name), line_of(text, &lines, term.id.name), &term.value);
            }
            _ => {}
        }
    }
    let dangling: Vec<(usize, String)> = strings
        .messages
        .values()
        .flat_map(|m| m.uses.iter().map(|used| (m.line, used)))
        .filter(|(_, used)| !strings.messages.contains_key(*used))
        .map(|(line, used)| (line, format!("this takes in \"{used}\", which is not here")))
        .collect();
    strings.wrong.extend(dangling);
    strings
}

/// The line of a word that was cut out of the text: its address says where it was.
fn line_of(text: &str, lines: &Lines, word: &str) -> usize {
    lines.at((word.as_ptr() as usize).saturating_sub(text.as_ptr() as usize))
}

impl Strings {
    fn add(&mut self, key: String, line: usize, pattern: &Pattern<&str>) {
        let mut message = Message { line, ..Message::default() };
        message.pattern(pattern);
        if let Some(first) = self.messages.get(&key) {
            self.wrong.push((
                line,
                format!("\"{key}\" stands here a second time; the first is in line {}", first.line),
            ));
        } else {
            self.messages.insert(key, message);
        }
    }
}

impl Message {
    fn pattern(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.expression(expression);
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => self.inline(inline),
            Expression::Select { selector, variants } => {
                self.inline(selector);
                variants.iter().for_each(|variant| self.pattern(&variant.value));
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&str>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.variables.insert(id.name.to_owned());
            }
            InlineExpression::MessageReference { id, attribute } => {
                let attribute = attribute.as_ref().map(|a| format!(".{}", a.name)).unwrap_or_default();
                self.uses.insert(format!("{}{attribute}", id.name));
            }
            // What a term is given is fixed in the text, not given by the page.
            InlineExpression::TermReference { id, .. } => {
                self.uses.insert(format!("-{}", id.name));
            }
            InlineExpression::FunctionReference { arguments, .. } => self.arguments(arguments),
            InlineExpression::Placeable { expression } => self.expression(expression),
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        }
    }

    fn arguments(&mut self, arguments: &CallArguments<&str>) {
        arguments.positional.iter().for_each(|a| self.inline(a));
        arguments.named.iter().for_each(|a| self.inline(&a.value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_keys_variables_and_lines() {
        let read = read(
            "de.ftl",
            "# Kopf\na = Hallo { $name }\nb = { $n ->\n    [one] eins\n   *[other] { $n } { a }\n }\n    .title = { -city }\n-city = Dortmund\n",
        );
        assert_eq!(read.wrong, []);
        let keys: Vec<(&str, usize)> = read.messages.iter().map(|(k, m)| (k.as_str(), m.line)).collect();
        assert_eq!(keys, [("-city", 8), ("a", 2), ("b", 3), ("b.title", 7)]);
        assert_eq!(read.messages["b"].variables, BTreeSet::from(["n".to_owned()]));
    }

    #[test]
    fn names_what_is_wrong_with_its_line() {
        for (text, line, words) in [
            ("a = 1\n\nb { x\nc = 2\n", 3, "not Fluent"),
            ("a = 1\na = 2\n", 2, "second time"),
            ("a = 1\nb = { c }\n", 2, "takes in \"c\""),
        ] {
            let wrong = read("de.ftl", text).wrong;
            assert!(
                wrong.len() == 1 && wrong[0].0 == line && wrong[0].1.contains(words),
                "{text:?}: {wrong:?}"
            );
        }
    }
}
