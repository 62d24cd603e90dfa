//! The text format of Prometheus (version 0.0.4), written sample by sample: one buffer for each
//! family, so that its samples stand together whatever order they come in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a family counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only rises.
    Counter,
}

/// One family.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    samples: String,
}

/// Families under construction.
#[derive(Debug, Default)]
pub(super) struct Families(BTreeMap<&'static str, Family>);

impl Families {
    /// A family, begun when it is asked for first.
    pub(super) fn family(&mut self, name: &'static str, help: &'static str, kind: Kind) -> &mut Family {
        self.0.entry(name).or_insert_with(|| Family { name, help, kind, samples: String::new() })
    }

    /// The text; families without a sample are left out.
    pub(super) fn finish(self) -> Vec<u8> {
        let size: usize = self.0.values().map(|f| f.samples.len() + 200).sum();
        let mut text = String::with_capacity(size + 16 * 1024);
        for family in self.0.into_values().filter(|f| !f.samples.is_empty()) {
            let Family { name, help, kind, samples } = family;
            let kind = if kind == Kind::Counter { "counter" } else { "gauge" };
            // Writing to a string does not fail.
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
            text.push_str(&samples);
        }
        text.into_bytes()
    }
}

impl Family {
    /// Adds a sample.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        let mut written = String::with_capacity(64);
        for (name, value) in labels {
            label(&mut written, name, value);
        }
        self.labeled(&written, value);
    }

    /// Adds a sample whose labels were written before by [`label`].
    pub(super) fn labeled(&mut self, labels: &str, value: f64) {
        let labels = labels.strip_suffix(',').unwrap_or(labels);
        for part in [self.name, "{", labels, "} "] {
            self.samples.push_str(part);
        }
        number(&mut self.samples, value);
        self.samples.push('\n');
    }
}

/// Writes `name="value",` with what has to be escaped.
pub(super) fn label(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str("=\"");
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
    text.push_str("\",");
}

/// Whole numbers, as most are, are written faster than others.
fn number(text: &mut String, value: f64) {
    /// Up to here every whole number is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        write!(text, "{}", value as i64).ok();
    } else {
        write!(text, "{value}").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_stands_together_and_what_could_break_a_line_is_escaped() {
        let mut f = Families::default();
        f.family("b", "Empty.", Kind::Gauge);
        f.family("a_total", "Help.", Kind::Counter).sample(&[("x", "1"), ("y", "a\"b\\c\nd")], 3.0);
        f.family("c", "Other.", Kind::Gauge).sample(&[], -0.5);
        f.family("a_total", "Help.", Kind::Counter).sample(&[("x", "2")], 1.5e18);
        let text = String::from_utf8(f.finish()).unwrap();
        let expected = "# HELP a_total Help.\n# TYPE a_total counter\na_total{x=\"1\",y=\"a\\\"b\\\\c\\nd\"} 3\n\
                        a_total{x=\"2\"} 1500000000000000000\n# HELP c Other.\n# TYPE c gauge\nc{} -0.5\n";
        assert_eq!(text, expected);
    }
}
