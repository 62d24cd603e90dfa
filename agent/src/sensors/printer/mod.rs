//! The printer sensor: asks each queue and the device behind it, brings both together, judges. A
//! printer that hangs, refuses or answers nonsense is a finding; its last good reading stays, with
//! its age. `client` is also what the commands act with.

pub mod client;
pub mod health;
pub mod progress;
pub mod reading;
mod source;
mod transport;
pub mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use migrado_protocol::HealthState;
use migrado_protocol::health::{Component, Reason};
use migrado_protocol::printer::Printer;
use tokio::time::Instant;

use self::client::{Job, PrinterFault};
use self::source::Source;
use super::{Judgement, Reading, Sensed, Sensor};
use crate::config::PrinterConfig;

/// Part of the sensor's limit that one printer may take, in percent: its silence must be a finding
/// of this sensor, not a time-out of it.
const LIMIT_PERCENT: u32 = 80;
/// Milliseconds after which a job that has not moved is stuck.
const STUCK_MS: i64 = 5 * 60 * 1000;
/// Failed readings in a row that a printer may take to wake up.
const WAKE_READINGS: u32 = 3;

/// Reads all printers of the display.
#[derive(Debug)]
pub struct PrinterSensor {
    printers: Vec<One>,
    limit: Duration,
}

#[derive(Debug)]
struct One {
    name: String,
    queue: Result<Source, PrinterFault>,
    device: Option<Result<Source, PrinterFault>>,
    last_good: Option<Printer>,
    misses: u32,
    /// The first job that waits, as it was when it last moved.
    waiting: Option<(Job, i64)>,
}

impl PrinterSensor {
    /// Of these printers; `limit` is the sensor's own time limit.
    pub fn new(printers: &[PrinterConfig], limit: Duration) -> Self {
        let one = |p: &PrinterConfig| One {
            name: p.name.clone(),
            queue: Source::new(&p.uri),
            device: p.device_uri.as_deref().map(Source::new),
            last_good: None,
            misses: 0,
            waiting: None,
        };
        Self { printers: printers.iter().map(one).collect(), limit: limit * LIMIT_PERCENT / 100 }
    }
}

impl Sensor for PrinterSensor {
    const COMPONENT: Component = Component::Printer;

    async fn read(&mut self, now_ms: i64) -> Sensed {
        if self.printers.is_empty() {
            return Sensed::only(Judgement::unsupported());
        }
        let deadline = Instant::now() + self.limit;
        let judged = join_all(self.printers.iter_mut().map(|one| one.read(now_ms, deadline))).await;
        let readings: BTreeMap<_, _> =
            self.printers.iter().map(|one| (one.name.clone(), one.last_good.clone())).collect();
        let names: Vec<&str> = self.printers.iter().map(|one| one.name.as_str()).collect();
        Sensed::new(Reading::Printers(readings), together(&names, judged))
    }
}

impl One {
    async fn read(&mut self, now_ms: i64, deadline: Instant) -> Judgement {
        let (queue, device) = tokio::join!(
            ask(Some(&mut self.queue), now_ms, deadline),
            ask(self.device.as_mut(), now_ms, deadline)
        );
        let fault = match (queue, device) {
            (Some(Ok(queue)), None) => return self.good(queue, now_ms, deadline).await,
            (Some(Ok(queue)), Some(Ok(device))) => {
                return self.good(reading::merge(queue, device), now_ms, deadline).await;
            }
            // Half an answer is better than none, and no better than an older whole one.
            (Some(Ok(half)), Some(Err(fault))) | (Some(Err(fault)), Some(Ok(half))) => {
                self.last_good.get_or_insert(half);
                fault
            }
            (Some(Err(fault)), _) => fault,
            (None, _) => PrinterFault::Timeout,
        };
        self.misses = self.misses.saturating_add(1);
        let waking = self.last_good.as_ref().is_some_and(|p| p.asleep) && self.misses < WAKE_READINGS;
        if waking { Judgement::ok() } else { Judgement::failed(fault.reason(), fault.detail()) }
    }

    async fn good(&mut self, printer: Printer, now_ms: i64, deadline: Instant) -> Judgement {
        self.misses = 0;
        let judged = health::judge(&printer);
        // Jobs are only asked for when there are some: usually this saves half of all requests.
        let jobs = match (&self.queue, printer.jobs) {
            (Ok(_), Some(0)) | (Err(_), _) => Vec::new(),
            (Ok(queue), _) => client::jobs(queue.endpoint(), deadline).await.unwrap_or_default(),
        };
        let stuck = self.stuck(&jobs, now_ms);
        self.last_good = Some(printer);
        match stuck {
            Some(id) if judged.state != HealthState::Failed => {
                Judgement::failed(Reason::QueueStuck, format!("job {id}"))
            }
            _ => judged,
        }
    }

    /// The job at the head of the queue, if it has not moved for long.
    fn stuck(&mut self, jobs: &[Job], now_ms: i64) -> Option<i32> {
        let head = jobs.iter().filter(|job| job.state != client::JobState::Held).min_by_key(|job| job.id);
        let Some(head) = head else {
            self.waiting = None;
            return None;
        };
        match &self.waiting {
            Some((job, since_ms)) if job == head => (now_ms - since_ms >= STUCK_MS).then_some(head.id),
            _ => {
                self.waiting = Some((head.clone(), now_ms));
                None
            }
        }
    }
}

async fn ask(
    source: Option<&mut Result<Source, PrinterFault>>,
    now_ms: i64,
    deadline: Instant,
) -> Option<Result<Printer, PrinterFault>> {
    Some(match source? {
        Ok(source) => source.ask(now_ms, deadline).await,
        Err(fault) => Err(fault.clone()),
    })
}

/// All printers of a display together: it prints as long as one does.
fn together(names: &[&str], judged: Vec<Judgement>) -> Judgement {
    let several = names.len() > 1;
    let ill = judged.iter().filter(|j| j.state != HealthState::Ok).count();
    let one_works = judged.iter().any(|j| j.state != HealthState::Failed);
    let worst = judged
        .into_iter()
        .zip(names)
        .max_by_key(|(j, _)| (j.state == HealthState::Failed, j.state == HealthState::Degraded));
    let Some((mut worst, name)) = worst.filter(|_| ill > 0) else { return Judgement::ok() };
    if several {
        worst.detail = Some(worst.detail.map_or_else(|| (*name).to_owned(), |d| format!("{name}: {d}")));
    }
    if worst.state == HealthState::Failed && one_works {
        worst.state = HealthState::Degraded;
    }
    worst
}

#[cfg(test)]
mod tests;
