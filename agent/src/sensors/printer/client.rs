//! What is asked of a printer or a queue: attributes, jobs, cancelling, printing. Each call is
//! bounded by its deadline and ends in an answer or in a [`PrinterFault`] that names what happened.
//! Sensors read with it; the commands `clear_print_queue` and `test_print` act with it.

use std::time::Duration;

use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation};
use ipp::parser::IppParseError;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;
use migrado_protocol::health::Reason;
use migrado_protocol::limits::clip;
use tokio::time::Instant;

use super::reading;
use super::transport;
pub use super::transport::{Endpoint, InvalidPrinterUri};
use super::wire::{self, Answer, JOB_GROUP, OPERATION_GROUP};

/// The name that our requests bear; never a visitor's.
const USER: &str = "migrado";
/// The name of everything we print: printers keep job names in their memory.
const JOB_NAME: &str = "MigraDo";
/// Jobs that one answer lists. More waiting jobs than this are counted by the printer itself.
const JOBS_MAX: i32 = 100;
/// How long one order to a printer may take. Sensors bring their own deadline.
pub(super) const ORDER_LIMIT: Duration = Duration::from_secs(15);
/// How long a printer may take to let go of a job that it is in the middle of.
const CANCEL_LIMIT: Duration = Duration::from_secs(5);
/// How often it is asked meanwhile.
const CANCEL_PERIOD: Duration = Duration::from_millis(500);
/// How often an awaited job is asked after.
const JOB_PERIOD: Duration = Duration::from_secs(1);

/// What a printer's reading is made of; asking for all costs some printers seconds. Nothing else: a
/// clock among it would make every answer a new one.
const WANTED: [&str; 19] = [
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "queued-job-count",
    "printer-make-and-model",
    "printer-input-tray",
    "printer-supply",
    "printer-supply-description",
    "marker-names",
    "marker-types",
    "marker-colors",
    "marker-levels",
    "media-ready",
    "media-col-ready",
    "printer-impressions-completed",
    "printer-pages-completed",
    "cups-version",
    "printer-type",
];

/// What of a job is asked. Never its name: printers are told what people print.
const JOB_WANTED: [&str; 5] =
    ["job-id", "job-state", "job-state-reasons", "job-originating-user-name", "job-impressions-completed"];

/// Why a printer could not be asked or did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrinterFault {
    /// Nobody takes the connection.
    #[error("the printer cannot be reached: {0}")]
    Unreachable(String),
    /// It took the connection, and then its time.
    #[error("the printer did not answer in time")]
    Timeout,
    /// What came is not IPP.
    #[error("the printer's answer makes no sense: {0}")]
    Nonsense(String),
    /// It said no.
    #[error("the printer refused: {name} (0x{status:04x})")]
    Refused {
        /// IPP or HTTP status.
        status: u16,
        /// Its words.
        name: String,
    },
}

impl PrinterFault {
    /// The reason in the health tree.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Unreachable(_) => Reason::PrinterUnreachable,
            Self::Timeout => Reason::PrinterTimeout,
            Self::Nonsense(_) => Reason::PrinterNonsense,
            Self::Refused { .. } => Reason::PrinterError,
        }
    }

    /// The raw words for the detail.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Unreachable(why) | Self::Nonsense(why) => Some(clip(why)),
            Self::Timeout => None,
            Self::Refused { status, name } => Some(clip(&format!("{name} (0x{status:04x})"))),
        }
    }
}

impl From<IppParseError> for PrinterFault {
    fn from(error: IppParseError) -> Self {
        Self::Unreachable(format!("the request cannot be written: {error}"))
    }
}

impl From<InvalidPrinterUri> for PrinterFault {
    fn from(error: InvalidPrinterUri) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// IPP `job-state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// 3
    Pending,
    /// 4
    Held,
    /// 5
    Processing,
    /// 6: the printer stopped in the middle of it
    Stopped,
    /// 7
    Canceled,
    /// 8
    Aborted,
    /// 9
    Completed,
    /// Anything else.
    Unknown,
}

impl JobState {
    fn from_enum(n: i32) -> Self {
        match n {
            3 => Self::Pending,
            4 => Self::Held,
            5 => Self::Processing,
            6 => Self::Stopped,
            7 => Self::Canceled,
            8 => Self::Aborted,
            9 => Self::Completed,
            _ => Self::Unknown,
        }
    }

    /// Whether nothing more will happen to the job.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::Aborted | Self::Completed)
    }
}

/// A job that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// `job-id`
    pub id: i32,
    /// `job-state`
    pub state: JobState,
    /// Who the queue holds for its owner; needed to cancel it, never reported.
    pub owner: Option<String>,
    /// Impressions done so far.
    pub impressions: i32,
    /// Canceled; the printer only has to come to the point where it can stop.
    pub stopping: bool,
}

/// What became of the jobs of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleared {
    /// Jobs that are gone.
    pub canceled: u32,
    /// Jobs that are still there.
    pub left: u32,
}

/// The request for the attributes that a reading is made of, as it goes on the wire.
pub(super) fn attributes_request(endpoint: &Endpoint) -> Result<Vec<u8>, PrinterFault> {
    let mut request = operation(Operation::GetPrinterAttributes, endpoint)?;
    add_wanted(&mut request, &WANTED)?;
    Ok(message(&request, Vec::new()))
}

/// The jobs that are not finished.
pub async fn jobs(endpoint: &Endpoint, deadline: Instant) -> Result<Vec<Job>, PrinterFault> {
    let mut request = operation(Operation::GetJobs, endpoint)?;
    add(&mut request, "limit", IppValue::Integer(JOBS_MAX))?;
    add_wanted(&mut request, &JOB_WANTED)?;
    add(&mut request, "which-jobs", IppValue::Keyword("not-completed".try_into()?))?;
    Ok(jobs_of(&ask(endpoint, message(&request, Vec::new()), deadline).await?))
}

/// The jobs in an answer to Get-Jobs that are not finished.
pub fn jobs_of(answer: &Answer) -> Vec<Job> {
    let groups = answer.groups.iter().filter(|g| g.tag == JOB_GROUP);
    groups
        .filter_map(|group| {
            let a = &group.attributes;
            Some(Job {
                id: a.integer("job-id")?,
                state: a.integer("job-state").map_or(JobState::Unknown, JobState::from_enum),
                owner: a.text("job-originating-user-name").map(str::to_owned),
                impressions: a.integer("job-impressions-completed").unwrap_or(0),
                stopping: a.texts("job-state-reasons").any(|r| r == "processing-to-stop-point"),
            })
        })
        .filter(|job| !job.state.is_final())
        .collect()
}

/// Cancels every job of a queue: with one order where the queue takes it (Cancel-Jobs), else one by
/// one, and looks afterwards what is left.
pub async fn cancel_all_jobs(uri: &str) -> Result<Cleared, PrinterFault> {
    let endpoint = Endpoint::parse(uri)?;
    let deadline = Instant::now() + ORDER_LIMIT;
    let before = jobs(&endpoint, deadline).await?;
    if before.is_empty() {
        return Ok(Cleared { canceled: 0, left: 0 });
    }
    let all = operation(Operation::CancelJobs, &endpoint)?;
    match ask(&endpoint, message(&all, Vec::new()), deadline).await {
        Ok(_) => {}
        Err(PrinterFault::Refused { .. }) => cancel_one_by_one(&endpoint, &before, deadline).await?,
        Err(fault) => return Err(fault),
    }
    let mut left = remaining(&endpoint, deadline).await?;
    if !left.is_empty() {
        cancel_one_by_one(&endpoint, &left, deadline).await?;
        let until = Instant::now() + CANCEL_LIMIT;
        loop {
            left = remaining(&endpoint, deadline).await?;
            if left.is_empty() || Instant::now() >= until {
                break;
            }
            tokio::time::sleep(CANCEL_PERIOD).await;
        }
    }
    let left = left.iter().filter(|job| before.iter().any(|b| b.id == job.id)).count();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Cleared { canceled: count(before.len() - left), left: count(left) })
}

/// The jobs that may still come out on paper.
async fn remaining(endpoint: &Endpoint, deadline: Instant) -> Result<Vec<Job>, PrinterFault> {
    Ok(jobs(endpoint, deadline).await?.into_iter().filter(|job| !job.stopping).collect())
}

async fn cancel_one_by_one(endpoint: &Endpoint, jobs: &[Job], deadline: Instant) -> Result<(), PrinterFault> {
    for job in jobs {
        // CUPS lets the owner cancel; the queue is the display's own, and so are all its jobs.
        cancel(endpoint, job.id, job.owner.as_deref().unwrap_or(USER), deadline).await?;
    }
    Ok(())
}

/// Cancels a job of ours; whether it ended otherwise meanwhile is seen by asking for its state.
pub async fn cancel_job(uri: &str, job: i32) -> Result<(), PrinterFault> {
    cancel(&Endpoint::parse(uri)?, job, USER, Instant::now() + ORDER_LIMIT).await
}

async fn cancel(endpoint: &Endpoint, job: i32, owner: &str, deadline: Instant) -> Result<(), PrinterFault> {
    let mut request = bare_operation(Operation::CancelJob, endpoint)?;
    add(&mut request, "job-id", IppValue::Integer(job))?;
    add_user(&mut request, owner)?;
    match ask(endpoint, message(&request, Vec::new()), deadline).await {
        // A job that ended meanwhile, or may not be touched, is seen when the rest is counted.
        Ok(_) | Err(PrinterFault::Refused { .. }) => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// Prints a PDF under a neutral name and gives the job's id.
pub async fn print_document(uri: &str, pdf: Vec<u8>) -> Result<i32, PrinterFault> {
    let endpoint = Endpoint::parse(uri)?;
    let mut request = operation(Operation::PrintJob, &endpoint)?;
    add(&mut request, "job-name", IppValue::NameWithoutLanguage(JOB_NAME.try_into()?))?;
    add(&mut request, "document-format", IppValue::MimeMediaType("application/pdf".try_into()?))?;
    let answer = ask(&endpoint, message(&request, pdf), Instant::now() + ORDER_LIMIT).await?;
    let id = answer.group(JOB_GROUP).and_then(|job| job.integer("job-id"));
    id.ok_or_else(|| PrinterFault::Nonsense("the job was taken without an id".to_owned()))
}

/// Where a job stands.
pub async fn job_state(uri: &str, job: i32) -> Result<JobState, PrinterFault> {
    let endpoint = Endpoint::parse(uri)?;
    let mut request = operation(Operation::GetJobAttributes, &endpoint)?;
    add(&mut request, "job-id", IppValue::Integer(job))?;
    add_wanted(&mut request, &["job-id", "job-state"])?;
    let answer = ask(&endpoint, message(&request, Vec::new()), Instant::now() + ORDER_LIMIT).await?;
    let state = answer.group(JOB_GROUP).and_then(|job| job.integer("job-state"));
    Ok(state.map_or(JobState::Unknown, JobState::from_enum))
}

/// Waits until a job has ended, or gives its last known state at the limit.
pub async fn await_job(uri: &str, job: i32, limit: Duration) -> Result<JobState, PrinterFault> {
    let until = Instant::now() + limit;
    loop {
        let state = job_state(uri, job).await?;
        if state.is_final() || Instant::now() + JOB_PERIOD > until {
            return Ok(state);
        }
        tokio::time::sleep(JOB_PERIOD).await;
    }
}

fn bare_operation(operation: Operation, endpoint: &Endpoint) -> Result<IppRequestResponse, PrinterFault> {
    Ok(IppRequestResponse::new(IppVersion::v1_1(), operation, Some(endpoint.uri.clone()))?)
}

pub(super) fn operation(
    operation: Operation,
    endpoint: &Endpoint,
) -> Result<IppRequestResponse, PrinterFault> {
    let mut request = bare_operation(operation, endpoint)?;
    add_user(&mut request, USER)?;
    Ok(request)
}

fn add_user(request: &mut IppRequestResponse, user: &str) -> Result<(), PrinterFault> {
    add(request, "requesting-user-name", IppValue::NameWithoutLanguage(user.try_into()?))
}

pub(super) fn add_wanted(request: &mut IppRequestResponse, names: &[&str]) -> Result<(), PrinterFault> {
    let keywords = names.iter().map(|n| Ok(IppValue::Keyword((*n).try_into()?)));
    let keywords: Result<Vec<_>, IppParseError> = keywords.collect();
    add(request, "requested-attributes", IppValue::Array(keywords?))
}

pub(super) fn add(request: &mut IppRequestResponse, name: &str, value: IppValue) -> Result<(), PrinterFault> {
    let attribute = IppAttribute::with_name(name, value)?;
    request.attributes_mut().add(DelimiterTag::OperationAttributes, attribute);
    Ok(())
}

/// A request and its document as they go on the wire. Bytes, because a request cannot be shared
/// between threads and so must not be held while waiting.
pub(super) fn message(request: &IppRequestResponse, document: Vec<u8>) -> Vec<u8> {
    let mut body = request.to_bytes().to_vec();
    body.extend(document);
    body
}

pub(super) async fn ask(
    endpoint: &Endpoint,
    body: Vec<u8>,
    deadline: Instant,
) -> Result<Answer, PrinterFault> {
    decode(&transport::post(endpoint, body.into(), deadline).await?)
}

/// Reads an answer; a refusal is a fault.
pub(super) fn decode(bytes: &[u8]) -> Result<Answer, PrinterFault> {
    let answer = wire::decode(bytes).map_err(|e| PrinterFault::Nonsense(e.to_string()))?;
    if answer.is_success() {
        return Ok(answer);
    }
    let words = answer.group(OPERATION_GROUP).and_then(|g| g.text("status-message"));
    let name = words.map_or_else(|| status_name(answer.status), reading::own_words);
    Err(PrinterFault::Refused { status: answer.status, name })
}

fn status_name(status: u16) -> String {
    use ipp::prelude::*;
    StatusCode::from_u16(status).map_or_else(|| "unknown status".to_owned(), |s| s.to_string())
}
