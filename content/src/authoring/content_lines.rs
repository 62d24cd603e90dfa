//! The lines of an iCalendar file (RFC 5545, 3.1): folded lines are put together, names, parameters and
//! values taken apart, and every one keeps its number. The crates that read iCalendar do not keep it.

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number in the file, from 1.
    pub(crate) number: usize,
    /// Its name, in capitals.
    pub(crate) name: String,
    /// Its parameters, names in capitals.
    parameters: Vec<(String, String)>,
    /// Its value.
    pub(crate) value: String,
}

impl Line {
    /// A parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads all lines, and says which are none.
pub(crate) fn read(text: &str) -> (Vec<Line>, Vec<(usize, String)>) {
    let mut lines = Vec::new();
    let mut wrong = Vec::new();
    let mut whole: Option<(usize, String)> = None;
    let mut end = |whole: Option<(usize, String)>, wrong: &mut Vec<(usize, String)>| {
        let Some((number, text)) = whole.filter(|(_, text)| !text.trim().is_empty()) else { return };
        match line(number, &text) {
            Some(line) => lines.push(line),
            None => wrong.push((number, "this is no line of a calendar (NAME:value)".to_owned())),
        }
    };
    for (n, raw) in text.lines().enumerate() {
        match (&mut whole, raw.strip_prefix([' ', '\t'])) {
            (Some((_, whole)), Some(rest)) => whole.push_str(rest),
            _ => end(whole.replace((n + 1, raw.to_owned())), &mut wrong),
        }
    }
    end(whole, &mut wrong);
    let begins =
        lines.first().is_some_and(|l: &Line| l.name == "BEGIN" && l.value.eq_ignore_ascii_case("VCALENDAR"));
    if !begins {
        wrong.insert(0, (1, "a calendar file begins with BEGIN:VCALENDAR".to_owned()));
        wrong.truncate(1);
    }
    (lines, wrong)
}

/// `NAME;PARAMETER=value;OTHER="quoted":value`
fn line(number: usize, text: &str) -> Option<Line> {
    let mut quoted = false;
    let colon = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    });
    let (head, value) = text.split_at_checked(colon?.0)?;
    let mut quoted = false;
    let mut parts = head.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    let name = parts.next()?.trim().to_ascii_uppercase();
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let parameters = parts
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.trim().to_ascii_uppercase(), value.trim_matches('"').to_owned()))
        .collect();
    let value = value.strip_prefix(':')?.trim_end().to_owned();
    is_name.then_some(Line { number, name, parameters, value })
}

/// A text without the signs that protect commas and line breaks.
pub(crate) fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match (sign, if sign == '\\' { signs.next() } else { None }) {
            ('\\', Some('n' | 'N')) => plain.push(' '),
            ('\\', Some(other)) => plain.push(other),
            ('\\', None) => {}
            (other, _) => plain.push(other),
        }
    }
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_lines_together_and_takes_them_apart() {
        let text = "BEGIN:VCALENDAR\r\nLOCATION;X=\"a:b;c\";LANGUAGE=de:Raum 1\\, erster\r\n  Stock\\nDortmund\r\nend:VCALENDAR\r\n";
        let (lines, wrong) = read(text);
        assert_eq!(wrong, []);
        assert_eq!(
            (lines[1].number, lines[1].parameter("X"), lines[1].parameter("LANGUAGE")),
            (2, Some("a:b;c"), Some("de"))
        );
        assert_eq!(unescaped(&lines[1].value), "Raum 1, erster Stock Dortmund");
        assert_eq!((lines[2].number, lines[2].name.as_str()), (4, "END"));
    }

    #[test]
    fn names_what_is_no_line() {
        assert_eq!(read("BEGIN:VCALENDAR\nnonsense\nEND:VCALENDAR\n").1[0].0, 2);
        assert!(read("").1[0].1.contains("BEGIN:VCALENDAR"));
        assert!(read("hello").1[0].1.contains("BEGIN:VCALENDAR"));
    }
}
