//! How a job gets on, for whoever waits at the printer: the job's own state, and what keeps the printer
//! from it. Asked only while a job is on its way.

use ipp::model::Operation;
use ipp::value::IppValue;
use migrado_protocol::printer::{PrinterState, StateReason};
use tokio::time::Instant;

use super::client::{self, Endpoint, JobState, ORDER_LIMIT, PrinterFault};
use super::reading;
use super::wire::PRINTER_GROUP;

/// A job and its printer at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where the job stands.
    pub job: JobState,
    /// What the printer does.
    pub printer: PrinterState,
    /// What it complains of.
    pub reasons: Vec<StateReason>,
}

/// Asks after a job, and after its printer while the job has not ended.
pub async fn progress(uri: &str, job: i32) -> Result<Progress, PrinterFault> {
    let state = client::job_state(uri, job).await?;
    if state.is_final() {
        return Ok(Progress { job: state, printer: PrinterState::Unknown, reasons: Vec::new() });
    }
    let endpoint = Endpoint::parse(uri)?;
    let mut request = client::operation(Operation::GetPrinterAttributes, &endpoint)?;
    client::add_wanted(&mut request, &["printer-state", "printer-state-reasons"])?;
    let body = client::message(&request, Vec::new());
    let answer = client::ask(&endpoint, body, Instant::now() + ORDER_LIMIT).await?;
    let none = super::wire::Attributes::default();
    let read = reading::read(answer.group(PRINTER_GROUP).unwrap_or(&none), 0);
    Ok(Progress { job: state, printer: read.state, reasons: read.reasons })
}

/// Cancels one of our own jobs. One that has ended meanwhile is no failure.
pub async fn cancel(uri: &str, job: i32) -> Result<(), PrinterFault> {
    let endpoint = Endpoint::parse(uri)?;
    let mut request = client::operation(Operation::CancelJob, &endpoint)?;
    client::add(&mut request, "job-id", IppValue::Integer(job))?;
    let body = client::message(&request, Vec::new());
    match client::ask(&endpoint, body, Instant::now() + ORDER_LIMIT).await {
        Ok(_) | Err(PrinterFault::Refused { .. }) => Ok(()),
        Err(fault) => Err(fault),
    }
}
