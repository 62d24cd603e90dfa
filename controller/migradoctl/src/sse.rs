//! Server-sent events (HTML standard, 9.2.6) out of a byte stream.

use crate::exit::Failure;

/// Bytes of one event that are kept at most; a terminal's summary has about 2 KiB.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// One event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its identity, with which the stream can be resumed.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its data.
    pub(crate) data: String,
}

/// Collects bytes and gives whole events.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    bytes: Vec<u8>,
    event: Event,
}

impl Reader {
    /// Takes bytes as they come and gives the events that are complete.
    pub(crate) fn feed(&mut self, chunk: &[u8]) -> Result<Vec<Event>, Failure> {
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() + self.event.data.len() > EVENT_BYTES_MAX {
            return Err(Failure::failed(format!("an event is larger than {EVENT_BYTES_MAX} bytes")));
        }
        let mut events = Vec::new();
        while let Some(end) = self.bytes.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            events.extend(self.line(line.trim_end_matches(['\n', '\r'])));
        }
        Ok(events)
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            self.event.id.clone_from(&event.id);
            return (!event.data.is_empty()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut self.event.id),
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {} // a comment or a field that does not concern us
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_whole_events_however_the_bytes_are_cut() {
        let stream = b": hi\n\nid: 7\nevent: terminal\ndata: {\"a\":1}\ndata: more\n\ndata: x\r\n\r\n";
        for cut in 1..stream.len() {
            let mut reader = Reader::default();
            let mut events = vec![];
            for chunk in stream.chunks(cut) {
                events.extend(reader.feed(chunk).unwrap());
            }
            assert_eq!(events.len(), 2, "cut {cut}");
            assert_eq!(events[0].id, "7");
            assert_eq!(events[0].name, "terminal");
            assert_eq!(events[0].data, "{\"a\":1}\nmore");
            assert_eq!((events[1].id.as_str(), events[1].data.as_str()), ("7", "x"));
        }
    }
}
