//! Decides what is worth a message: the parts that changed meaningfully since the last report, or
//! everything when it is due. Pure; thresholds are named here and nowhere else.
//!
//! What a person would want to know at once (health, verdict, a printer's state, a session) goes at
//! once. Figures that only moved wait for [`READINGS_PERIOD_MS`].

use std::collections::BTreeMap;

use migrado_protocol::Report;
use migrado_protocol::content::{ContentReport, Update, UpdateState};
use migrado_protocol::health::{Component, Health};
use migrado_protocol::limits::REPORT_WHOLE_PERIOD_MS;
use migrado_protocol::printer::{Amount, Printer};
use migrado_protocol::report::{Clock, Page, Storage, System};

/// Milliseconds between two reports that only bring moved figures.
pub const READINGS_PERIOD_MS: i64 = 15_000;
/// Milliseconds between two reports that only bring what has come of a download: somebody may be
/// looking at its bar.
const DOWNLOAD_PERIOD_MS: i64 = 5_000;
/// Sensors read on a common pulse; this much early still counts as the period.
const READINGS_SLACK_MS: i64 = 2_000;

/// Points of processor use: less is the noise of a display that plays a video.
const CPU_POINTS: u8 = 10;
/// Hundredths of load: half a process more or less.
const LOAD_CENTI: u32 = 50;
/// Part of all memory, one in this many.
const MEMORY_PART: u64 = 50;
/// Degrees: less is the sensor's own wobble.
const TEMPERATURE_DEGREES: i16 = 3;
/// Bytes of traffic: a display at rest moves some kilobytes a minute.
const TRAFFIC_BYTES: u64 = 1024 * 1024;
/// Milliseconds by which a boot moves when only the clock was stepped.
const BOOTED_MS: i64 = 10_000;
/// Part of all space or inodes, one in this many.
const SPACE_PART: u64 = 100;
/// Milliseconds of offset: less is the network's own wobble.
const OFFSET_MS: i64 = 500;
/// Milliseconds after which the page's heartbeat is told again: its age is shown to people.
const HEARTBEAT_MS: i64 = 60_000;
/// Points of a supply's or a tray's level.
const LEVEL_POINTS: u8 = 2;
/// Sheets, where a tray counts them.
const LEVEL_SHEETS: u32 = 10;
/// Impressions: a form has a few pages, and each page is no news.
const IMPRESSIONS: u64 = 10;
/// Milliseconds after a node was told at which a changed detail of it is told as well.
const DETAIL_PERIOD_MS: i64 = 60_000;

/// What the other end knows: all that was sent so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The sum of the reports.
    pub known: Report,
    /// When the last one went.
    pub at_ms: i64,
    /// When the last whole one went.
    pub whole_at_ms: i64,
    /// When each node of the health tree was told last.
    pub nodes_at_ms: BTreeMap<Component, i64>,
}

impl Sent {
    /// After `report` was sent: what it says is known, the rest stays.
    pub fn after(before: Option<Self>, report: Report, now_ms: i64) -> Self {
        let told = report.health.keys().map(|c| (*c, now_ms));
        match before {
            Some(before) if !report.full => {
                let mut nodes_at_ms = before.nodes_at_ms;
                nodes_at_ms.extend(told);
                let mut known = before.known;
                known.verdict = report.verdict.or(known.verdict);
                known.health.extend(report.health);
                known.system = report.system.or(known.system);
                known.storage = report.storage.or(known.storage);
                known.clock = report.clock.or(known.clock);
                known.services = report.services.or(known.services);
                known.printers.extend(report.printers);
                known.page = report.page.or(known.page);
                known.content = report.content.or(known.content);
                known.generation = report.generation.or(known.generation);
                Self { known, at_ms: now_ms, whole_at_ms: before.whole_at_ms, nodes_at_ms }
            }
            _ => {
                let nodes_at_ms = told.collect();
                Self { known: report, at_ms: now_ms, whole_at_ms: now_ms, nodes_at_ms }
            }
        }
    }

    /// Milliseconds from `now_ms` until something may be due that nothing wakes us for.
    pub fn due_in_ms(&self, now_ms: i64) -> i64 {
        (self.whole_at_ms + REPORT_WHOLE_PERIOD_MS - now_ms).clamp(0, REPORT_WHOLE_PERIOD_MS)
    }
}

/// The next report, if one is worth sending. Without a `sent` the whole goes.
pub fn fold(sent: Option<&Sent>, current: &Report, now_ms: i64) -> Option<Report> {
    let whole = || Some(Report { full: true, ..current.clone() });
    let Some(sent) = sent else { return whole() };
    // A clock that was stepped back must not silence the display.
    if now_ms - sent.whole_at_ms >= REPORT_WHOLE_PERIOD_MS || now_ms < sent.at_ms {
        return whole();
    }
    let known = &sent.known;
    let mut report = Report {
        verdict: taken(&current.verdict, |v| known.verdict.as_ref() != Some(v)),
        health: changed_nodes(sent, &current.health, now_ms),
        services: taken(&current.services, |s| known.services.as_ref() != Some(s)),
        printers: changed_printers(&known.printers, &current.printers),
        page: taken(&current.page, |p| page_changed(known.page.as_ref(), p)),
        content: taken(&current.content, |c| {
            content_changed(known.content.as_ref(), c)
                || (now_ms - sent.at_ms >= DOWNLOAD_PERIOD_MS && has_come(known.content.as_ref(), c))
        }),
        generation: current.generation.filter(|g| known.generation != Some(*g)),
        ..Report::default()
    };
    // What moved comes along with news, or by itself once its period is over.
    let period_over = now_ms - sent.at_ms >= READINGS_PERIOD_MS - READINGS_SLACK_MS;
    if period_over || report != Report::default() {
        report.system = taken(&current.system, |s| system_moved(known.system.as_ref(), s));
        report.storage = taken(&current.storage, |s| storage_moved(known.storage.as_ref(), s));
        report.clock = taken(&current.clock, |c| clock_moved(known.clock.as_ref(), c));
        if report.content.is_none() {
            report.content = taken(&current.content, |c| known.content.as_ref() != Some(c));
        }
        if report.page.is_none() {
            report.page = taken(&current.page, |p| heartbeat_moved(known.page.as_ref(), p));
        }
    }
    (report != Report::default()).then_some(report)
}

/// The nodes of `report` that came to `failed` or left it: what must not be lost when the report is.
pub fn faults(known: Option<&Sent>, report: &Report) -> BTreeMap<Component, Health> {
    use migrado_protocol::HealthState::Failed;
    let before = |c: &Component| known.and_then(|s| s.known.health.get(c));
    let crossed = |c: &Component, node: &Health| {
        (node.state == Failed) != before(c).is_some_and(|b| b.state == Failed)
            || (node.state == Failed && before(c).is_some_and(|b| b.reason != node.reason))
    };
    report.health.iter().filter(|(c, n)| crossed(c, n)).map(|(c, n)| (*c, n.clone())).collect()
}

/// A part, if it is worth it: usually none is, so that only what goes is copied.
fn taken<T: Clone>(part: &Option<T>, is_worth_it: impl FnOnce(&T) -> bool) -> Option<T> {
    part.as_ref().filter(|part| is_worth_it(part)).cloned()
}

fn changed_nodes(sent: &Sent, now: &BTreeMap<Component, Health>, now_ms: i64) -> BTreeMap<Component, Health> {
    let told_for_ms = |c: &Component| now_ms - sent.nodes_at_ms.get(c).copied().unwrap_or(0);
    let changed = |c: &Component, node: &Health| match sent.known.health.get(c) {
        None => true,
        Some(k) if (k.state, k.reason, k.since_ms) != (node.state, node.reason, node.since_ms) => true,
        Some(k) => k.detail != node.detail && told_for_ms(c) >= DETAIL_PERIOD_MS,
    };
    now.iter().filter(|(c, n)| changed(c, n)).map(|(c, n)| (*c, n.clone())).collect()
}

fn changed_printers(
    known: &BTreeMap<String, Option<Printer>>,
    now: &BTreeMap<String, Option<Printer>>,
) -> BTreeMap<String, Option<Printer>> {
    let changed = |name: &String, printer: &Option<Printer>| match (known.get(name), printer) {
        (None, _) | (Some(None), Some(_)) | (Some(Some(_)), None) => true,
        (Some(None), None) => false,
        (Some(Some(k)), Some(n)) => printer_changed(k, n),
    };
    let mut out: BTreeMap<_, _> =
        now.iter().filter(|(n, p)| changed(n, p)).map(|(n, p)| (n.clone(), p.clone())).collect();
    out.extend(
        known.iter().filter(|(n, p)| p.is_some() && !now.contains_key(*n)).map(|(n, _)| (n.clone(), None)),
    );
    out
}

/// Whether more moved than the bytes that have come.
fn content_changed(known: Option<&ContentReport>, now: &ContentReport) -> bool {
    let without_bytes = |content: &ContentReport| {
        let update = content.update.clone();
        let update = update.map(|u| Update { bytes_done: 0, bytes_from_neighbors: 0, ..u });
        ContentReport { update, ..content.clone() }
    };
    known.is_none_or(|known| without_bytes(known) != without_bytes(now))
}

/// Whether more bytes of a download have come.
fn has_come(known: Option<&ContentReport>, now: &ContentReport) -> bool {
    let is_fetched = |u: &&Update| u.state == UpdateState::Downloading;
    let done = |content: &ContentReport| content.update.as_ref().filter(is_fetched).map(|u| u.bytes_done);
    done(now).is_some_and(|bytes| known.and_then(done) != Some(bytes))
}

fn printer_changed(known: &Printer, now: &Printer) -> bool {
    let supplies = known.supplies.iter().zip(&now.supplies);
    let trays = known.trays.iter().zip(&now.trays);
    (known.state, known.accepting, known.asleep, known.jobs)
        != (now.state, now.accepting, now.asleep, now.jobs)
        || known.reasons != now.reasons
        || (&known.source, &known.make, &known.message) != (&now.source, &now.make, &now.message)
        || known.supplies.len() != now.supplies.len()
        || known.trays.len() != now.trays.len()
        || supplies.into_iter().any(|(k, n)| k.name != n.name || amount_moved(k.left, n.left))
        || trays
            .into_iter()
            .any(|(k, n)| (&k.name, &k.media) != (&n.name, &n.media) || amount_moved(k.left, n.left))
        || known.impressions.is_some() != now.impressions.is_some()
        || known.impressions.unwrap_or(0).abs_diff(now.impressions.unwrap_or(0)) >= IMPRESSIONS
}

fn amount_moved(known: Amount, now: Amount) -> bool {
    match (known, now) {
        // The last sheets and the last drops are news each.
        (Amount::Percent(k), Amount::Percent(n)) => {
            k != n && (n == 0 || k == 0 || k.abs_diff(n) >= LEVEL_POINTS)
        }
        (Amount::Sheets(k), Amount::Sheets(n)) => {
            k != n && (n == 0 || k == 0 || k.abs_diff(n) >= LEVEL_SHEETS)
        }
        (k, n) => k != n,
    }
}

fn page_changed(known: Option<&Page>, now: &Page) -> bool {
    known.is_none_or(|k| {
        (k.session, &k.build, k.heartbeat_ms.is_some())
            != (now.session, &now.build, now.heartbeat_ms.is_some())
    })
}

fn heartbeat_moved(known: Option<&Page>, now: &Page) -> bool {
    let at = |p: &Page| p.heartbeat_ms.unwrap_or(0);
    known.is_none_or(|k| at(k).abs_diff(at(now)) >= HEARTBEAT_MS.unsigned_abs())
}

fn system_moved(known: Option<&System>, now: &System) -> bool {
    known.is_none_or(|k| {
        let traffic = |s: &System| s.received_bytes.saturating_add(s.sent_bytes);
        k.cpu_percent.abs_diff(now.cpu_percent) >= CPU_POINTS
            || k.load1_centi.abs_diff(now.load1_centi) >= LOAD_CENTI
            || part_moved(k.memory_used_bytes, now.memory_used_bytes, now.memory_total_bytes, MEMORY_PART)
            || k.memory_total_bytes != now.memory_total_bytes
            || k.temperature_celsius.is_some() != now.temperature_celsius.is_some()
            || k.temperature_celsius.unwrap_or(0).abs_diff(now.temperature_celsius.unwrap_or(0))
                >= TEMPERATURE_DEGREES.unsigned_abs()
            || traffic(k).abs_diff(traffic(now)) >= TRAFFIC_BYTES
            || k.booted_ms.abs_diff(now.booted_ms) >= BOOTED_MS.unsigned_abs()
    })
}

fn storage_moved(known: Option<&Storage>, now: &Storage) -> bool {
    known.is_none_or(|k| {
        k.writable != now.writable
            || k.total_bytes != now.total_bytes
            || part_moved(k.free_bytes, now.free_bytes, now.total_bytes, SPACE_PART)
            || part_moved(
                k.free_inodes.unwrap_or(0),
                now.free_inodes.unwrap_or(0),
                now.total_inodes.unwrap_or(0),
                SPACE_PART,
            )
    })
}

fn clock_moved(known: Option<&Clock>, now: &Clock) -> bool {
    known.is_none_or(|k| {
        k.synchronized != now.synchronized
            || k.offset_ms.is_some() != now.offset_ms.is_some()
            || k.offset_ms.unwrap_or(0).abs_diff(now.offset_ms.unwrap_or(0)) >= OFFSET_MS.unsigned_abs()
    })
}

fn part_moved(known: u64, now: u64, of: u64, one_in: u64) -> bool {
    of > 0 && known.abs_diff(now) >= (of / one_in).max(1)
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
