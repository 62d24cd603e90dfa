//! How answers look: a table for people, tab-separated for pipes, the API's JSON for programs.

use std::io::{IsTerminal as _, Write as _};

use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::Value;

use crate::cli::Format;

/// Writes a line of data to stdout. A closed pipe is no failure of ours.
pub(crate) fn line(text: &str) {
    let _closed_pipe = writeln!(std::io::stdout().lock(), "{text}").is_err();
}

/// Says something to the person on stderr.
pub(crate) fn say(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}").is_err();
}

/// Writes rows: a head and cells. `json` is what the API answered.
pub(crate) fn rows(format: Format, head: &[&str], rows: &[Vec<String>], json: &Value) {
    match format {
        Format::Json => line(&serde_json::to_string_pretty(json).unwrap_or_default()),
        Format::Name => rows.iter().filter_map(|r| r.first()).for_each(|c| line(c)),
        Format::Tsv => rows.iter().for_each(|r| line(&r.join("\t"))),
        Format::Table => {
            let mut table = Table::new();
            table.load_preset(comfy_table::presets::NOTHING);
            table.set_content_arrangement(ContentArrangement::Disabled);
            table.set_header(head.iter().map(|h| h.to_uppercase()));
            for row in rows {
                table.add_row(row);
            }
            for column in table.column_iter_mut() {
                column.set_padding((0, 2));
                column.set_cell_alignment(CellAlignment::Left);
            }
            table.lines().for_each(|l| line(l.trim_end()));
        }
    }
}

/// Writes pairs of a name and a value, the names in a column.
pub(crate) fn pairs(format: Format, pairs: &[(String, String)], json: &Value) {
    let cells: Vec<Vec<String>> = pairs.iter().map(|(k, v)| vec![k.clone(), v.clone()]).collect();
    match format {
        Format::Table => {
            let width = pairs.iter().map(|(k, _)| k.chars().count()).max().unwrap_or(0);
            for (name, value) in pairs {
                line(format!("{name:width$}  {value}").trim_end());
            }
        }
        other => rows(other, &["name", "value"], &cells, json),
    }
}

/// A text field, or a dash: what is not known is never an empty cell or a zero.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.replace(['\t', '\n', '\r'], " "),
        other => other.to_string(),
    }
}

/// One of the two languages of a text, by `LANG`.
pub(crate) fn sentence(value: &Value) -> String {
    let german = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()))
        .is_some_and(|v| v.starts_with("de"));
    text(&value[if german { "de" } else { "en" }])
}

/// A moment as `2026-11-24 10:42:07+01:00`, in the local time zone.
pub(crate) fn moment(value: &Value) -> String {
    moment_in(value, jiff::tz::TimeZone::system())
}

fn moment_in(value: &Value, zone: jiff::tz::TimeZone) -> String {
    let at = value.as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or("-".to_owned(), |at| at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S%:z").to_string())
}

/// How long ago a moment was, by the controller's clock.
pub(crate) fn age(value: &Value, now_ms: i64) -> String {
    let Some(ms) = value.as_i64() else { return "-".to_owned() };
    let seconds = (now_ms - ms).max(0) / 1000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Asks a question; only `yes` and `y` mean yes. Without a terminal nobody can answer.
pub(crate) fn confirm(question: &str) -> Result<bool, crate::exit::Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(crate::exit::Failure::usage(format!("{question} Nobody can be asked here: give --yes")));
    }
    let mut err = std::io::stderr().lock();
    let _closed = write!(err, "{question} [y/N] ").and_then(|()| err.flush()).is_err();
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|e| crate::exit::Failure::failed(format!("cannot read the answer: {e}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "j" | "ja"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_moment_says_its_offset() {
        let at = json!(1_795_594_014_138_i64);
        let berlin = jiff::tz::TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(moment_in(&at, berlin), "2026-11-25 09:06:54+01:00");
        assert_eq!(moment_in(&at, jiff::tz::TimeZone::UTC), "2026-11-25 08:06:54+00:00");
        assert_eq!(moment(&Value::Null), "-");
    }
}
