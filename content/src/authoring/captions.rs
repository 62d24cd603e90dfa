//! Captions of a video (WebVTT): what browsers would skip in silence is named here with its line.

/// Captions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captions {
    /// The file, relative to the content folder.
    pub file: String,
    /// How many there are.
    pub cues: usize,
    /// When the last one ends, and its line.
    pub last_end_ms: (u64, usize),
    /// What is wrong, by line.
    pub wrong: Vec<(usize, String)>,
}

/// Reads captions.
#[must_use]
pub fn read(file: &str, text: &str) -> Captions {
    let mut captions = Captions { file: file.to_owned(), ..Captions::default() };
    let mut lines = text.lines().enumerate().map(|(n, line)| (n + 1, line)).peekable();
    let head = lines.next().map_or("", |(_, line)| line);
    if head != "WEBVTT" && !head.starts_with("WEBVTT ") && !head.starts_with("WEBVTT\t") {
        captions.wrong.push((1, "captions begin with a line WEBVTT".to_owned()));
        return captions;
    }
    let mut last_start_ms = 0;
    while let Some((n, line)) = lines.next() {
        if !line.contains("-->") {
            continue;
        }
        let Some((start_ms, end_ms)) = times(line) else {
            captions.wrong.push((n, "times are written as 00:01.000 --> 00:04.500".to_owned()));
            continue;
        };
        if end_ms <= start_ms {
            captions.wrong.push((n, "these words end before they begin".to_owned()));
        }
        if start_ms < last_start_ms {
            captions.wrong.push((n, "these words begin before those above".to_owned()));
        }
        if lines.peek().is_none_or(|(_, words)| words.trim().is_empty()) {
            captions.wrong.push((n, "there are no words below these times".to_owned()));
        }
        last_start_ms = start_ms;
        captions.cues += 1;
        if end_ms > captions.last_end_ms.0 {
            captions.last_end_ms = (end_ms, n);
        }
    }
    if captions.cues == 0 && captions.wrong.is_empty() {
        captions.wrong.push((1, "there are no captions".to_owned()));
    }
    captions
}

/// `00:01.000 --> 00:04.500`, with settings after it.
fn times(line: &str) -> Option<(u64, u64)> {
    let (start, rest) = line.split_once("-->")?;
    Some((time(start.trim())?, time(rest.split_whitespace().next()?)?))
}

/// `mm:ss.ttt` or `hh:mm:ss.ttt`.
fn time(text: &str) -> Option<u64> {
    let (whole, thousandths) = text.split_once('.')?;
    let parts: Vec<&str> = whole.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] => ("0", *minutes, *seconds),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    let number = |digits: &str, count: Option<usize>| -> Option<u64> {
        let right = digits.bytes().all(|b| b.is_ascii_digit()) && count.is_none_or(|n| digits.len() == n);
        digits.parse().ok().filter(|n| right && *n < 100_000)
    };
    let (minutes, seconds) = (number(minutes, Some(2))?, number(seconds, Some(2))?);
    let whole = number(hours, None)? * 3600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60).then_some(whole * 1000 + number(thousandths, Some(3))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Vec<(usize, String)> {
        read("a.vtt", text).wrong
    }

    #[test]
    fn reads_what_browsers_read() {
        let read = read(
            "a.vtt",
            "WEBVTT - words\n\n1\n00:00.000 --> 00:01.500 line:0\nHallo\n\n01:00:00.000 --> 01:00:02.000\nEnde\n",
        );
        assert_eq!((read.cues, read.last_end_ms, read.wrong), (2, (3_602_000, 7), vec![]));
    }

    #[test]
    fn names_what_browsers_skip() {
        for (text, line, words) in [
            ("", 1, "begin with a line WEBVTT"),
            ("1\n00:00.000 --> 00:01.000\na\n", 1, "begin with a line WEBVTT"),
            ("WEBVTT\n", 1, "no captions"),
            ("WEBVTT\n\n00:00,000 --> 00:01,000\na\n", 3, "times are written"),
            ("WEBVTT\n\n00:61.000 --> 00:62.000\na\n", 3, "times are written"),
            ("WEBVTT\n\n00:02.000 --> 00:01.000\na\n", 3, "end before"),
            ("WEBVTT\n\n00:02.000 --> 00:03.000\n\n", 3, "no words"),
            ("WEBVTT\n\n00:02.000 --> 00:03.000\na\n\n00:01.000 --> 00:04.000\nb\n", 6, "before those above"),
        ] {
            let wrong = wrong(text);
            assert!(
                wrong.len() == 1 && wrong[0].0 == line && wrong[0].1.contains(words),
                "{text:?}: {wrong:?}"
            );
        }
    }
}
