//! Forms on their way to paper: takes a request, prints one after the other, and tells how it goes.
//!
//! A job belongs to the session in which it was asked for. When that ends, what is being printed may
//! come to its end, and what waits for somebody is canceled: the next visitor must not get it.

use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use migrado_page::view::{Job, JobReason, JobState};
use migrado_protocol::printer::{PrinterState, Severity};
use migrado_protocol::usage::Counter;
use tokio::time::Instant;

use super::forms::{self, Asked, Refusal};
use super::{Kiosk, library};
use crate::platform::clock;
use crate::sensors::printer::client::{self, JobState as IppState, PrinterFault};
use crate::sensors::printer::progress::{self, Progress};

/// Jobs that may wait: as many as one session may ask for.
pub(super) const ORDERS_MAX: usize = forms::SHEETS_SESSION_MAX as usize;
/// How often a job is asked after.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// How long one copy may take, with somebody who brings paper.
const COPY_LIMIT: Duration = Duration::from_secs(600);
/// How long a copy that is being printed may go on after its visitor has left.
const GRACE: Duration = Duration::from_secs(60);
/// Answers in a row that a printer may owe before its job counts as lost.
const SILENCES_MAX: u32 = 5;

/// Something to print.
#[derive(Debug)]
pub(super) struct Order {
    /// The number of its job.
    job: u32,
    /// The session that it belongs to.
    session: u64,
    /// Where its release is.
    folder: PathBuf,
    /// The form in it.
    pdf: String,
    /// How many.
    copies: u32,
    /// Sheets of one of them.
    sheets: u32,
}

/// What a job is, by what printer and job say. Pure.
fn judge(seen: &Progress) -> (JobState, Option<JobReason>) {
    let waits = |reason| (JobState::Waiting, Some(reason));
    let complains = |words: &[&str]| {
        seen.reasons.iter().any(|r| {
            let is_grave = r.severity == Severity::Error || r.keyword == "media-needed";
            is_grave && words.iter().any(|word| r.keyword.contains(word))
        })
    };
    match seen.job {
        IppState::Completed => (JobState::Done, None),
        IppState::Canceled | IppState::Aborted => (JobState::Failed, Some(JobReason::GivenUp)),
        _ if complains(&["media-empty", "media-needed"]) => waits(JobReason::Paper),
        IppState::Stopped | IppState::Held => waits(JobReason::Printer),
        _ if seen.printer == PrinterState::Stopped => waits(JobReason::Printer),
        _ if complains(&["door", "cover", "jam", "empty", "interlock", "paused"]) => {
            waits(JobReason::Printer)
        }
        IppState::Pending | IppState::Processing | IppState::Unknown => (JobState::Printing, None),
    }
}

impl Kiosk {
    /// Tells on which printers forms come out, the first first. Once, at start.
    pub fn prints_on(&self, uris: Vec<String>) {
        if self.0.printers.set(uris).is_err() {
            tracing::error!("the page's printers were told twice; the first word holds");
        }
    }

    fn printers(&self) -> &[String] {
        self.0.printers.get().map_or(&[], Vec::as_slice)
    }

    /// Takes a request to print a form as it is. Gives its job.
    pub(crate) async fn print_form(&self, id: &str, copies: u32) -> Result<Job, Refusal> {
        if !self.0.pace.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now()) {
            return Err(Refusal::TooFast);
        }
        self.arrive();
        let release = {
            let model = self.0.model.borrow();
            model.session.as_ref().ok_or(Refusal::NoSession)?;
            model.library.active().cloned().ok_or(Refusal::NoRelease)?
        };
        let (folder, wanted) = (release.folder.clone(), id.to_owned());
        let found = tokio::task::spawn_blocking(move || forms::find(&folder, &wanted)).await;
        let (form, zone) = found.map_err(|_| Refusal::NoRelease)??;
        let zone = jiff::tz::TimeZone::get(&zone).map_err(|_| Refusal::UnknownForm)?;
        let today = jiff::Timestamp::from_millisecond(clock::now_ms())
            .map_err(|_| Refusal::NoPrinter)?
            .to_zoned(zone)
            .date();
        let place = self.0.orders.try_reserve().map_err(|_| Refusal::TooFast)?;
        let mut taken = Err(Refusal::NoSession);
        // Everything is looked at anew here: meanwhile the visitor may have left, and others may print.
        self.0.model.send_if_modified(|m| {
            let asked = Asked {
                form: &form,
                copies,
                today,
                recalled: &library::recalled(m),
                level: m.facts.verdict.as_ref().map(|v| v.level),
                printers: self.printers().len(),
                taken: m.session.as_ref().map_or(0, |s| s.sheets),
            };
            let admitted = forms::admit(&asked);
            let Some(session) = &mut m.session else { return false };
            taken = admitted.map(|one| {
                session.sheets = session.sheets.saturating_add(one.saturating_mul(copies));
                m.job += 1;
                let sheets = one.saturating_mul(copies);
                let state = JobState::Printing;
                let job = Job { id: m.job, form: form.id.clone(), sheets, state, reason: None };
                m.jobs.push(job.clone());
                (job, session.number, one)
            });
            taken.is_ok()
        });
        let (job, session, sheets) = taken?;
        place.send(Order {
            job: job.id,
            session,
            folder: release.folder.clone(),
            pdf: form.pdf,
            copies,
            sheets,
        });
        Ok(job)
    }

    /// A job of the running session.
    pub(crate) fn job(&self, id: u32) -> Option<Job> {
        self.0.model.borrow().jobs.iter().find(|job| job.id == id).cloned()
    }

    /// Prints what is asked for, one after the other. Sleeps while there is nothing.
    pub(super) async fn keep_printing(&self) {
        let mut orders = self.0.waiting.lock().await;
        while let Some(order) = orders.recv().await {
            self.carry_out(&order).await;
        }
    }

    async fn carry_out(&self, order: &Order) {
        let (folder, path) = (order.folder.clone(), order.pdf.clone());
        let read = tokio::task::spawn_blocking(move || forms::pdf(&folder, &path)).await;
        let Ok(Ok(pdf)) = read else {
            tracing::error!(?read, form = order.pdf, "a form cannot be read");
            return self.job_failed(order, JobReason::Unreadable);
        };
        for _ in 0..order.copies {
            // Nothing is begun for somebody who has left.
            if self.has_left(order.session) {
                return;
            }
            match self.print_copy(order, &pdf).await {
                Ok(()) => self.0.counters.bump(Counter::SheetsPrinted, order.sheets, clock::now_ms()),
                Err(reason) => return self.job_failed(order, reason),
            }
        }
        self.job_is(order.job, JobState::Done, None);
    }

    /// Prints one copy on the first printer that takes it, and waits for that printer's word.
    async fn print_copy(&self, order: &Order, pdf: &[u8]) -> Result<(), JobReason> {
        for uri in self.printers() {
            match client::print_document(uri, pdf.to_vec()).await {
                Ok(job) => return self.follow(order, uri, job).await,
                // It may have taken the job all the same: two of them would be one too many.
                Err(PrinterFault::Timeout) => return Err(JobReason::Unreachable),
                Err(fault) => tracing::warn!(%fault, "a form was not taken by a printer"),
            }
        }
        Err(JobReason::Unreachable)
    }

    async fn follow(&self, order: &Order, uri: &str, job: i32) -> Result<(), JobReason> {
        let mut until = Instant::now() + COPY_LIMIT;
        let mut silences = 0;
        let mut is_left = false;
        loop {
            match progress::progress(uri, job).await {
                Ok(seen) => {
                    silences = 0;
                    let (state, reason) = judge(&seen);
                    match state {
                        JobState::Done => return Ok(()),
                        JobState::Failed => return Err(reason.unwrap_or(JobReason::GivenUp)),
                        JobState::Waiting if self.has_left(order.session) => until = Instant::now(),
                        JobState::Waiting | JobState::Printing => self.job_is(order.job, state, reason),
                    }
                }
                Err(fault) => {
                    silences += 1;
                    tracing::warn!(%fault, silences, "a printer does not say how a form gets on");
                }
            }
            if !is_left && self.has_left(order.session) {
                is_left = true;
                until = until.min(Instant::now() + GRACE);
            }
            if silences >= SILENCES_MAX || Instant::now() >= until {
                if let Err(fault) = progress::cancel(uri, job).await {
                    tracing::warn!(%fault, "a form could not be canceled");
                }
                return Err(if silences > 0 { JobReason::Unreachable } else { JobReason::TooLong });
            }
            tokio::time::sleep(LOOK_PERIOD).await;
        }
    }

    fn has_left(&self, session: u64) -> bool {
        self.0.model.borrow().session.as_ref().is_none_or(|s| s.number != session)
    }

    fn job_failed(&self, order: &Order, reason: JobReason) {
        tracing::warn!(form = order.pdf, ?reason, "a form was not printed");
        self.0.counters.bump(Counter::PrintsFailed, 1, clock::now_ms());
        self.job_is(order.job, JobState::Failed, Some(reason));
    }

    fn job_is(&self, id: u32, state: JobState, reason: Option<JobReason>) {
        self.0.model.send_if_modified(|m| {
            let Some(job) = m.jobs.iter_mut().find(|job| job.id == id) else { return false };
            let changed = (job.state, job.reason) != (state, reason);
            (job.state, job.reason) = (state, reason);
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::printer::StateReason;

    use super::*;

    #[test]
    fn a_visitor_is_told_what_the_printer_needs() {
        let rows = [
            (IppState::Completed, "media-empty", Severity::Error, (JobState::Done, None)),
            (IppState::Aborted, "", Severity::Report, (JobState::Failed, Some(JobReason::GivenUp))),
            (IppState::Canceled, "", Severity::Report, (JobState::Failed, Some(JobReason::GivenUp))),
            (IppState::Processing, "", Severity::Report, (JobState::Printing, None)),
            (IppState::Pending, "media-empty", Severity::Error, (JobState::Waiting, Some(JobReason::Paper))),
            (
                IppState::Pending,
                "media-needed",
                Severity::Report,
                (JobState::Waiting, Some(JobReason::Paper)),
            ),
            (IppState::Processing, "media-empty", Severity::Warning, (JobState::Printing, None)),
            (
                IppState::Processing,
                "media-jam",
                Severity::Error,
                (JobState::Waiting, Some(JobReason::Printer)),
            ),
            (
                IppState::Processing,
                "cover-open",
                Severity::Error,
                (JobState::Waiting, Some(JobReason::Printer)),
            ),
            (IppState::Processing, "toner-low", Severity::Warning, (JobState::Printing, None)),
            (IppState::Stopped, "", Severity::Report, (JobState::Waiting, Some(JobReason::Printer))),
            (IppState::Held, "", Severity::Report, (JobState::Waiting, Some(JobReason::Printer))),
        ];
        for (job, keyword, severity, expected) in rows {
            let reasons = vec![StateReason { keyword: keyword.to_owned(), severity }];
            let seen = Progress { job, printer: PrinterState::Processing, reasons };
            assert_eq!(judge(&seen), expected, "{job:?} {keyword}");
        }
        let stopped =
            Progress { job: IppState::Pending, printer: PrinterState::Stopped, reasons: Vec::new() };
        assert_eq!(judge(&stopped), (JobState::Waiting, Some(JobReason::Printer)));
    }
}
