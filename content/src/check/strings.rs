//! The words of the page: every language has the keys of the reference, and asks for the same variables.

use crate::authoring::fluent::Strings;
use crate::authoring::model::Content;
use crate::authoring::settings::Main;
use crate::check::translations::weight;
use crate::finding::{Finding, Place, Severity};

pub(super) fn check(content: &Content) -> Vec<Finding> {
    let mut found: Vec<Finding> = content
        .strings
        .values()
        .flat_map(|s| {
            s.wrong.iter().map(|(line, m)| Finding::error("fluent", &Place::new(&*s.file, *line), m))
        })
        .collect();
    let Some(main) = content.main.as_ref().map(|m| &m.value) else { return found };
    let Some(reference) = content.strings.get(&main.reference) else {
        let file = format!("strings/{}.ftl", main.reference);
        if content.file(&file).is_none() {
            let message = "this file is missing: the page takes its words from it";
            found.push(Finding::error("file_missing", &Place::whole(file), message));
        }
        return found;
    };
    for language in main.languages.iter().map(|l| &l.code).filter(|code| **code != main.reference) {
        let gate = main.strings.gate.unwrap_or(main.gate);
        let severity = weight(main, gate, language);
        match content.strings.get(language) {
            Some(strings) => compare(reference, strings, main, severity, &mut found),
            None => {
                let at = Place::whole(format!("strings/{language}.ftl"));
                let message = format!("the words of the page are missing in {language}: write this file");
                found.push(Finding::new(severity, "missing_translation", &at, message));
            }
        }
    }
    found
}

fn compare(
    reference: &Strings,
    strings: &Strings,
    main: &Main,
    severity: Severity,
    found: &mut Vec<Finding>,
) {
    let missing: Vec<&str> = reference
        .messages
        .keys()
        .filter(|key| !strings.messages.contains_key(*key))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let message = format!("these words are missing: {}", missing.join(", "));
        found.push(Finding::new(severity, "missing_translation", &Place::whole(&*strings.file), message));
    }
    for (key, message) in &strings.messages {
        let at = Place::new(&*strings.file, message.line);
        let Some(original) = reference.messages.get(key) else {
            // Terms are a language's own affair: one may need more of them than another.
            if !key.starts_with('-') {
                let message =
                    format!("\"{key}\" is not in {}: is it spelled differently there?", main.reference);
                found.push(Finding::warning("string_unknown", &at, message));
            }
            continue;
        };
        if original.variables != message.variables {
            let list = |names: &std::collections::BTreeSet<String>| match names.len() {
                0 => "none".to_owned(),
                _ => names.iter().map(|n| format!("${n}")).collect::<Vec<_>>().join(", "),
            };
            let message = format!(
                "\"{key}\" has other variables than in {}: {} here, {} there",
                main.reference,
                list(&message.variables),
                list(&original.variables)
            );
            found.push(Finding::error("string_variables", &at, message));
        }
    }
}
