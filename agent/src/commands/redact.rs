//! Takes out of log lines what does not belong to the operator's eyes: e-mail addresses, account
//! numbers, telephone numbers, secrets, and the names of people and documents. Rather too much than
//! too little; pure.

/// What stands in place of what was taken out.
const MARK: &str = "[…]";
/// Keys whose values are secrets or names, in whatever way they are written (`key=`, `key:`).
const KEYS: [&str; 44] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "api_key",
    "apikey",
    "csrf",
    "user",
    "username",
    "login",
    "name",
    "job-name",
    "job_name",
    "requesting-user-name",
    "job-originating-user-name",
    "email",
    "phone",
    "iban",
    "title",
    "document",
    "document-name",
    "filename",
    // What cupsd calls a filter's or backend's user and title.
    "argv[2]",
    "argv[3]",
    // German, as German programs and people write them.
    "passwort",
    "kennwort",
    "geheimnis",
    "benutzer",
    "benutzername",
    "anmeldename",
    "nutzer",
    "vorname",
    "nachname",
    "titel",
    "dokument",
    "dokumentname",
    "datei",
    "dateiname",
    "auftragsname",
    "telefon",
    "e-mail",
];
/// Words after which cupsd names a person or a document in quotes (`Queued on "main" by "erika"`).
const BEFORE_A_NAME: [&str; 4] = ["by", "for", "user", "von"];
/// Endings of what people print: the name before them is theirs.
const DOCUMENT_ENDINGS: [&str; 11] =
    [".pdf", ".doc", ".docx", ".odt", ".rtf", ".txt", ".xls", ".xlsx", ".jpg", ".jpeg", ".png"];
/// Characters from which on a run of letters and digits is taken for a secret. Longer than every
/// word of ours, shorter than a token; UUIDs have hyphens and stay readable.
const SECRET_CHARS_MIN: usize = 28;
/// Digits from which on a number that begins like a telephone number is taken for one.
const PHONE_DIGITS_MIN: usize = 7;
/// Characters of the shortest account number (Norway).
const IBAN_CHARS_MIN: usize = 15;
/// Beginnings of our own tokens.
const TOKEN_PREFIXES: [&str; 3] = ["mft1.", "mfa_", "Bearer"];

/// The line without them.
pub fn redact(line: &str) -> String {
    let line = redact_values(line);
    let line = redact_quoted(&line);
    let line = redact_numbers(&line);
    let mut redacted = String::with_capacity(line.len());
    let mut word = String::new();
    for c in line.chars() {
        if c.is_whitespace() {
            redacted.push_str(&redact_word(&word));
            word.clear();
            redacted.push(c);
        } else {
            word.push(c);
        }
    }
    redacted.push_str(&redact_word(&word));
    redacted
}

/// Values after a key that announces a secret or a name.
fn redact_values(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let mut redacted = String::with_capacity(line.len());
    let mut at = 0;
    while let Some((value_begin, value_end)) = next_value(&lower, at) {
        redacted.push_str(line.get(at..value_begin).unwrap_or_default());
        redacted.push_str(MARK);
        at = value_end;
    }
    redacted.push_str(line.get(at..).unwrap_or_default());
    redacted
}

/// Where the next announced value stands at or after `from`.
fn next_value(lower: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = lower.as_bytes();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    for begin in from..bytes.len() {
        if begin > 0 && is_word(bytes[begin - 1]) || !lower.is_char_boundary(begin) {
            continue;
        }
        let Some(key) = KEYS.iter().filter(|key| lower[begin..].starts_with(**key)).max_by_key(|k| k.len())
        else {
            continue;
        };
        let mut at = begin + key.len();
        at += bytes[at..].iter().take_while(|b| **b == b'"').count();
        at += bytes[at..].iter().take_while(|b| **b == b' ').count();
        match bytes.get(at) {
            Some(b'=' | b':') => at += 1,
            _ => continue,
        }
        at += bytes[at..].iter().take_while(|b| **b == b' ').count();
        let end = value_end(lower, at);
        if end > at {
            return Some((at, end));
        }
    }
    None
}

/// Where a value ends that begins here: at its closing quote, or before the next separator.
fn value_end(lower: &str, at: usize) -> usize {
    let rest = &lower[at..];
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let length = match quote {
        Some(quote) => rest[1..].find(quote).map_or(rest.len(), |n| n + 2),
        // "Bearer abc" and "Basic abc" are two words.
        None => {
            let skipped = ["bearer ", "basic "].iter().find(|p| rest.starts_with(**p)).map_or(0, |p| p.len());
            let end = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '}' | ')' | ']');
            rest[skipped..].find(end).map_or(rest.len(), |n| n + skipped)
        }
    };
    at + length
}

/// Names in quotes: those of documents, and those after a word that announces a person.
fn redact_quoted(line: &str) -> String {
    let mut redacted = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, quoted, after)) = next_quoted(rest) {
        let last = before.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let is_announced = BEFORE_A_NAME.iter().any(|word| last.eq_ignore_ascii_case(word));
        redacted.push_str(before);
        if is_announced || is_document(quoted) {
            redacted.push_str(MARK);
        } else {
            redacted.extend(["\"", quoted, "\""]);
        }
        rest = after;
    }
    redacted.push_str(rest);
    redacted
}

/// What stands before, in and behind the next pair of quotes.
fn next_quoted(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('"')?;
    let (quoted, after) = rest.split_once('"')?;
    Some((before, quoted, after))
}

fn is_document(name: &str) -> bool {
    let name = name.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    DOCUMENT_ENDINGS.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

/// Account and telephone numbers, which people write with blanks in them.
fn redact_numbers(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut redacted = String::with_capacity(line.len());
    let mut at = 0;
    while at < chars.len() {
        let begins = at == 0 || !chars[at - 1].is_alphanumeric() && !matches!(chars[at - 1], '.' | ':' | '-');
        let length =
            if begins { iban_length(&chars[at..]).or_else(|| phone_length(&chars[at..])) } else { None };
        match length {
            Some(length) => {
                redacted.push_str(MARK);
                at += length;
            }
            None => {
                redacted.push(chars[at]);
                at += 1;
            }
        }
    }
    redacted
}

fn iban_length(chars: &[char]) -> Option<usize> {
    let [a, b, c, d, ..] = chars else { return None };
    if !(a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit()) {
        return None;
    }
    let mut count = 0;
    let mut digits = 0;
    let mut length = 0;
    for (n, c) in chars.iter().enumerate() {
        match c {
            ' ' if chars.get(n + 1).is_some_and(char::is_ascii_alphanumeric) => {}
            c if c.is_ascii_digit() || c.is_ascii_uppercase() => {
                count += 1;
                digits += usize::from(c.is_ascii_digit());
                length = n + 1;
            }
            _ => break,
        }
    }
    (count >= IBAN_CHARS_MIN && digits * 2 > count).then_some(length)
}

fn phone_length(chars: &[char]) -> Option<usize> {
    let begins = match chars {
        ['+', d, ..] | ['(', '0', d, ..] | ['0', d, ..] => d.is_ascii_digit(),
        _ => false,
    };
    if !begins {
        return None;
    }
    let mut digits = 0;
    let mut length = 0;
    for (n, c) in chars.iter().enumerate() {
        match c {
            c if c.is_ascii_digit() => {
                digits += 1;
                length = n + 1;
            }
            '+' if n == 0 => {}
            ' ' | '-' | '/' | '(' | ')' => {}
            _ => break,
        }
    }
    let ends = chars.get(length).is_none_or(|c| !c.is_alphanumeric() && !matches!(c, ':' | '.' | 'x'));
    (digits >= PHONE_DIGITS_MIN && ends).then_some(length)
}

fn redact_word(word: &str) -> String {
    if TOKEN_PREFIXES.iter().any(|prefix| word.contains(prefix)) {
        return MARK.to_owned();
    }
    let is_email = word
        .split_once('@')
        .is_some_and(|(who, at)| !who.is_empty() && at.contains('.') && !at.starts_with('.'));
    if is_email {
        return MARK.to_owned();
    }
    if is_document(word) {
        let folder = word.rfind('/').map_or("", |at| word.get(..=at).unwrap_or_default());
        return redact_home(folder) + MARK;
    }
    let word = redact_home(word);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '_' | '=');
    let longest = word.split(|c| !is_part(c)).max_by_key(|part| part.len()).unwrap_or_default();
    let mixed =
        longest.bytes().any(|b| b.is_ascii_digit()) && longest.bytes().any(|b| b.is_ascii_alphabetic());
    if longest.len() >= SECRET_CHARS_MIN && mixed { word.replace(longest, MARK) } else { word }
}

/// `/home/somebody/x` names somebody.
fn redact_home(word: &str) -> String {
    const HOME: &str = "/home/";
    match word.split_once(HOME) {
        Some((before, after)) => {
            let rest = after.split_once('/').map_or(String::new(), |(_, rest)| format!("/{rest}"));
            format!("{before}{HOME}{MARK}{rest}")
        }
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_personal_or_secret_is_taken_out() {
        let table = [
            ("mail to <erika.mustermann@example.org> failed", "mail to […] failed"),
            ("IBAN DE89 3704 0044 0532 0130 00 rejected", "IBAN […] rejected"),
            ("konto DE89370400440532013000.", "konto […]."),
            ("call 0231 50-0123456 now", "call […] now"),
            ("call +49 (231) 500123 now", "call […] now"),
            ("job-name=\"Antrag Wohngeld Familie Muster\" held", "job-name=[…] held"),
            ("user=erika id=7", "user=[…] id=7"),
            ("{\"username\":\"erika\",\"n\":1}", "{\"username\":[…],\"n\":1}"),
            ("Authorization: Bearer abcdef", "Authorization: […]"),
            ("enroll mft1.eyJjb250cm9sbGVyIjoi done", "enroll […] done"),
            ("key 3f9a0b7c2d1e4f5a6b7c8d9e0f1a2b3c4d5e done", "key […] done"),
            ("open /home/erika/Dokumente/x.pdf", "open /home/[…]/Dokumente/[…]"),
            ("[Job 12] Queued on \"main\" by \"erika\".", "[Job 12] Queued on \"main\" by […]."),
            (
                "[Job 12] File of type application/pdf queued by \"erika\".",
                "[Job 12] File of type application/pdf queued by […].",
            ),
            ("[Job 3] argv[2]=\"erika\" argv[3]=\"Antrag\"", "[Job 3] argv[2]=[…] argv[3]=[…]"),
            ("printing \"Antrag Familie Muster.pdf\" now", "printing […] now"),
            ("printing Antrag_Muster.PDF, 2 pages", "printing […] 2 pages"),
            ("user = erika id = 7", "user = […] id = 7"),
            ("Benutzer: erika, Kennwort: \"a b\"", "Benutzer: […], Kennwort: […]"),
            ("Dateiname=Wohngeld", "Dateiname=[…]"),
        ];
        for (line, expected) in table {
            assert_eq!(redact(line), expected);
        }
    }

    #[test]
    fn what_helps_stays() {
        for line in [
            "2026-11-24T07:30:41.123456Z INFO command over command=0190a5b2-7c1d-7e2f-8a3b-4c5d6e7f8091 verb=\"reboot\"",
            "cups.service: Main process exited, code=exited, status=1/FAILURE",
            "ipp://192.0.2.7:631/ipp/print did not answer in 10 s",
            "usb 1-1: new high-speed USB device number 4 using xhci_hcd at 0x00000010",
            "0.000000 load, 12345678 bytes free",
        ] {
            assert_eq!(redact(line), line);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_redacted_without_panic(line in ".{0,200}") {
            redact(&line);
        }

        #[test]
        fn no_address_survives(who in "[a-z]{1,8}", host in "[a-z]{1,8}", before in "[ a-z=:]{0,9}") {
            let address = format!("{who}@{host}.de");
            let redacted = redact(&format!("{before}{address} x"));
            prop_assert!(!redacted.contains(&address));
        }
    }
}
