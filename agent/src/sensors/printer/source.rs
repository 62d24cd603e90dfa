//! One printer or queue as the sensor asks it, again and again: the request is written once, and an
//! answer that is word for word the last one is not read again. What is asked for holds no clock and
//! no counter that runs by itself, so a printer at rest answers the same for hours.

use hyper::body::Bytes;
use migrado_protocol::printer::{Printer, PrinterState};
use tokio::time::Instant;

use super::client::{self, Endpoint, PrinterFault};
use super::reading;
use super::transport::Kept;
use super::wire::PRINTER_GROUP;

/// A printer or queue, and what it said last.
#[derive(Debug)]
pub(super) struct Source {
    endpoint: Endpoint,
    request: Bytes,
    kept: Kept,
    last: Option<(Box<[u8]>, Printer)>,
}

impl Source {
    /// At this address.
    pub(super) fn new(uri: &str) -> Result<Self, PrinterFault> {
        let endpoint = Endpoint::parse(uri)?;
        let request = client::attributes_request(&endpoint)?.into();
        Ok(Self { endpoint, request, kept: Kept::default(), last: None })
    }

    /// Where it is.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks it, and reads its answer.
    pub(super) async fn ask(&mut self, now_ms: i64, deadline: Instant) -> Result<Printer, PrinterFault> {
        let answer = self.kept.post(&self.endpoint, self.request.clone(), deadline).await?;
        if let Some((_, printer)) = self.last.as_ref().filter(|(last, _)| **last == *answer) {
            return Ok(Printer { at_ms: now_ms, ..printer.clone() });
        }
        let printer = read(&answer, now_ms)?;
        // A copy: the answer itself is a part of the connection's larger buffer.
        self.last = Some((answer.as_ref().into(), printer.clone()));
        Ok(printer)
    }
}

fn read(answer: &[u8], now_ms: i64) -> Result<Printer, PrinterFault> {
    let answer = client::decode(answer)?;
    let Some(attributes) = answer.group(PRINTER_GROUP) else {
        return Err(PrinterFault::Nonsense("an answer without a printer".to_owned()));
    };
    let printer = reading::read(attributes, now_ms);
    if printer.state == PrinterState::Unknown && printer.make.is_none() {
        return Err(PrinterFault::Nonsense("an answer that says nothing of a printer".to_owned()));
    }
    Ok(printer)
}
