//! Reads IPP answers (RFC 8010) the way real firmware writes them: an attribute that breaks the
//! rules is left out, the rest is kept. Bounded in values and depth; never panics.
//!
//! Requests are built by the `ipp` crate. Its reader is not used here, because it panics on a
//! `nameWithLanguage` whose inner length is wrong, which real printers send.

use std::str;

/// Values of one answer. A verbose printer sends about 700; more is not a printer.
const VALUES_MAX: usize = 10_000;
/// Nesting of collections. IPP uses three levels.
const DEPTH_MAX: usize = 8;

/// Delimiter of the group that describes the answer itself.
pub const OPERATION_GROUP: u8 = 0x01;
/// Delimiter of a job's group; one per job.
pub const JOB_GROUP: u8 = 0x02;
/// Delimiter of the printer's group.
pub const PRINTER_GROUP: u8 = 0x04;

const END_OF_ATTRIBUTES: u8 = 0x03;
const INTEGER: u8 = 0x21;
const BOOLEAN: u8 = 0x22;
const ENUM: u8 = 0x23;
const OCTETS: u8 = 0x30;
const BEGIN_COLLECTION: u8 = 0x34;
const TEXT_WITH_LANGUAGE: u8 = 0x35;
const NAME_WITH_LANGUAGE: u8 = 0x36;
const END_COLLECTION: u8 = 0x37;
const TEXT: u8 = 0x41;
const MEMBER_NAME: u8 = 0x4a;

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Groups in the order of the answer.
    pub groups: Vec<Group>,
}

/// One group of attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its delimiter.
    pub tag: u8,
    /// Its attributes.
    pub attributes: Attributes,
}

/// Attributes by name; values of one name stand together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attributes(Vec<(String, Vec<Value>)>);

/// What an attribute can be. Kinds that no sensor reads are not told apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// integer, enum
    Integer(i32),
    /// boolean
    Boolean(bool),
    /// text, name, keyword, uri and their like; octets that are UTF-8
    Text(String),
    /// collection
    Collection(Attributes),
    /// unknown, no-value, dates, ranges, resolutions, and whatever breaks its own rules
    Other,
}

/// The bytes are not an IPP answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotIpp {
    /// It ends in the middle of something.
    #[error("the answer ends at byte {0} in the middle of an attribute")]
    Truncated(usize),
    /// A byte that cannot stand where it stands.
    #[error("the answer has the tag 0x{tag:02x} at byte {at} where none such can be")]
    Misplaced {
        /// The byte.
        tag: u8,
        /// Where.
        at: usize,
    },
    /// Versions of IPP begin with 1 or 2.
    #[error("the answer begins with version {0}.{1}, which is not IPP")]
    Version(u8, u8),
    /// More than any printer says.
    #[error("the answer has more than {VALUES_MAX} values or nests deeper than {DEPTH_MAX}")]
    Excessive,
}

impl Answer {
    /// The first group with this delimiter.
    pub fn group(&self, tag: u8) -> Option<&Attributes> {
        self.groups.iter().find(|g| g.tag == tag).map(|g| &g.attributes)
    }

    /// Whether the status is one of `successful-ok…`.
    pub fn is_success(&self) -> bool {
        self.status < 0x0100
    }
}

impl Attributes {
    /// All values of an attribute.
    pub fn all(&self, name: &str) -> &[Value] {
        self.0.iter().find(|(n, _)| n == name).map_or(&[], |(_, values)| values)
    }

    /// The first value, if it is a number.
    pub fn integer(&self, name: &str) -> Option<i32> {
        match self.all(name).first() {
            Some(Value::Integer(n)) => Some(*n),
            _ => None,
        }
    }

    /// The first value, if it is true or false.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.all(name).first() {
            Some(Value::Boolean(b)) => Some(*b),
            _ => None,
        }
    }

    /// The first value, if it is a text that says something.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next().map(str::trim).filter(|t| !t.is_empty())
    }

    /// All values that are texts.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all(name).iter().filter_map(|v| match v {
            Value::Text(t) => Some(t.as_str()),
            _ => None,
        })
    }

    /// All values that are collections.
    pub fn collections(&self, name: &str) -> impl Iterator<Item = &Attributes> {
        self.all(name).iter().filter_map(|v| match v {
            Value::Collection(c) => Some(c),
            _ => None,
        })
    }

    /// Whether the attribute is there at all.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// An empty name is one more value of the attribute before.
    fn push(&mut self, name: &str, value: Value) {
        match self.0.last_mut() {
            Some((_, values)) if name.is_empty() => values.push(value),
            _ => self.0.push((name.to_owned(), vec![value])),
        }
    }
}

/// Reads an answer.
pub fn decode(bytes: &[u8]) -> Result<Answer, NotIpp> {
    let mut reader = Reader { bytes, at: 0 };
    let (major, minor) = (reader.byte()?, reader.byte()?);
    if !(1..=2).contains(&major) {
        return Err(NotIpp::Version(major, minor));
    }
    let status = reader.short()?;
    reader.take(4)?;
    let mut answer = Answer { status, groups: Vec::new() };
    // Collections that are open, the innermost last: where they belong, their own attributes, and
    // the name of the member that is being read.
    let mut open: Vec<Open> = Vec::new();
    let mut values = 0;
    while reader.at < bytes.len() {
        let at = reader.at;
        let tag = reader.byte()?;
        if tag == END_OF_ATTRIBUTES {
            break;
        }
        if tag == 0 {
            return Err(NotIpp::Misplaced { tag, at });
        }
        if tag < 0x10 {
            open.clear();
            answer.groups.push(Group { tag, attributes: Attributes::default() });
            continue;
        }
        let name = reader.prefixed()?;
        let mut value = reader.prefixed()?;
        if matches!(tag, TEXT_WITH_LANGUAGE | NAME_WITH_LANGUAGE) && reader.peek() == Some(0) {
            // HP leaves the outer length out: what was read is the language, and no tag is 0.
            value = reader.prefixed()?;
        }
        let Some(group) = answer.groups.last_mut() else { return Err(NotIpp::Misplaced { tag, at }) };
        values += 1;
        if values > VALUES_MAX || open.len() > DEPTH_MAX {
            return Err(NotIpp::Excessive);
        }
        let name = str::from_utf8(name).unwrap_or_default();
        match tag {
            BEGIN_COLLECTION => {
                let name = open.last_mut().map_or_else(|| name.to_owned(), |o| std::mem::take(&mut o.member));
                open.push(Open { name, attributes: Attributes::default(), member: String::new() });
            }
            END_COLLECTION => {
                if let Some(done) = open.pop() {
                    let target = open.last_mut().map_or(&mut group.attributes, |o| &mut o.attributes);
                    target.push(&done.name, Value::Collection(done.attributes));
                }
            }
            MEMBER_NAME => {
                if let Some(o) = open.last_mut() {
                    o.member = String::from_utf8_lossy(value).into_owned();
                }
            }
            _ => {
                let value = read_value(tag, value);
                match open.last_mut() {
                    Some(o) => {
                        let member = std::mem::take(&mut o.member);
                        o.attributes.push(&member, value);
                    }
                    None => group.attributes.push(name, value),
                }
            }
        }
    }
    Ok(answer)
}

#[derive(Debug)]
struct Open {
    name: String,
    attributes: Attributes,
    member: String,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], NotIpp> {
        let taken = self.bytes.get(self.at..self.at + n).ok_or(NotIpp::Truncated(self.bytes.len()))?;
        self.at += n;
        Ok(taken)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn byte(&mut self) -> Result<u8, NotIpp> {
        Ok(self.take(1)?[0])
    }

    fn short(&mut self) -> Result<u16, NotIpp> {
        let two = self.take(2)?;
        Ok(u16::from_be_bytes([two[0], two[1]]))
    }

    fn prefixed(&mut self) -> Result<&'a [u8], NotIpp> {
        let length = self.short()?;
        self.take(usize::from(length))
    }
}

fn read_value(tag: u8, bytes: &[u8]) -> Value {
    match tag {
        INTEGER | ENUM => bytes.try_into().map_or(Value::Other, |b| Value::Integer(i32::from_be_bytes(b))),
        BOOLEAN => bytes.first().map_or(Value::Other, |b| Value::Boolean(*b != 0)),
        OCTETS => str::from_utf8(bytes).map_or(Value::Other, |t| Value::Text(t.to_owned())),
        TEXT_WITH_LANGUAGE | NAME_WITH_LANGUAGE => {
            Value::Text(String::from_utf8_lossy(without_language(bytes)).into_owned())
        }
        TEXT.. => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        _ => Value::Other,
    }
}

/// The text of a value with language: length, language, length, text. Firmware that forgets the
/// inner lengths has written the bare text.
fn without_language(bytes: &[u8]) -> &[u8] {
    let mut reader = Reader { bytes, at: 0 };
    match (reader.prefixed(), reader.prefixed()) {
        (Ok(_), Ok(text)) if reader.at == bytes.len() => text,
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let path = format!("{}/tests/fixtures/ipp/{name}.ipp", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    }

    #[test]
    fn keeps_what_can_be_read_of_an_answer_that_breaks_the_rules() {
        let answer = decode(&fixture("hp-invalid-name-with-language")).unwrap();
        assert!(answer.is_success());
        let job = answer.group(JOB_GROUP).or(answer.group(OPERATION_GROUP)).unwrap();
        assert_eq!((job.integer("job-id"), job.integer("job-state")), (Some(993), Some(7)), "{job:?}");
        assert_eq!(job.text("job-name"), Some("A4-blank.pdf"));
    }

    #[test]
    fn reads_an_error_answer() {
        let answer = decode(&fixture("error-0x0503")).unwrap();
        assert_eq!((answer.status, answer.is_success()), (0x0503, false));
    }

    #[test]
    fn reads_nested_collections() {
        let answer = decode(&fixture("brother-mfc-j5320dw")).unwrap();
        let printer = answer.group(PRINTER_GROUP).unwrap();
        let ready: Vec<_> = printer.collections("media-col-ready").collect();
        assert_eq!(ready[0].text("media-source"), Some("main"));
        let size = ready[0].collections("media-size").next().unwrap();
        assert_eq!((size.integer("x-dimension"), size.integer("y-dimension")), (Some(21000), Some(29700)));
    }

    #[test]
    fn names_what_is_not_ipp() {
        assert!(matches!(decode(b"HTTP/1.1 200 OK"), Err(NotIpp::Version(b'H', b'T'))));
        assert!(matches!(decode(b"<html>"), Err(NotIpp::Version(..))));
        assert!(matches!(decode(&[2, 0, 0]), Err(NotIpp::Truncated(3))));
        assert!(matches!(
            decode(&[2, 0, 0, 0, 0, 0, 0, 1, 0x21, 0, 0, 0, 0]),
            Err(NotIpp::Misplaced { tag: 0x21, at: 8 })
        ));
        let mut deep = vec![2, 0, 0, 0, 0, 0, 0, 1, 4];
        deep.extend([BEGIN_COLLECTION, 0, 0, 0, 0].repeat(DEPTH_MAX + 2));
        assert_eq!(decode(&deep), Err(NotIpp::Excessive));
        let mut many = vec![2, 0, 0, 0, 0, 0, 0, 1, 4];
        many.extend([BOOLEAN, 0, 0, 0, 1, 1].repeat(VALUES_MAX + 1));
        assert_eq!(decode(&many), Err(NotIpp::Excessive));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            assert!(decode(&bytes).is_ok_and(|a| a.groups.len() <= bytes.len()) || decode(&bytes).is_err());
        }

        #[test]
        fn never_panics_on_a_damaged_real_answer(at in 0usize..9000, to in any::<u8>(), cut in 0usize..9500) {
            let mut bytes = fixture("xerox-b210");
            if let Some(byte) = bytes.get_mut(at) { *byte = to; }
            bytes.truncate(cut);
            assert!(decode(&bytes).is_ok_and(|a| a.groups.len() <= bytes.len()) || decode(&bytes).is_err());
        }
    }
}
