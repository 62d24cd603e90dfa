//! The clock: whether the kernel holds it for synchronized, and how far it is from the controller's.
//! The offset comes from whoever hears the controller's time, through [`ControllerTime`]; this file
//! asks the network nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use migrado_protocol::health::{Component, Reason};
use migrado_protocol::report::Clock;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Judgement, Reading, Sensed, Sensor};
use crate::platform::systemd::{self, Question};

/// systemd-timesyncd touches this at every synchronization.
const TIMESYNC_FILE: &str = "/run/systemd/timesync/synchronized";
/// How old that may be: timesyncd asks at least every 34 minutes.
const TIMESYNC_AGE_MAX: Duration = Duration::from_secs(3 * 60 * 60);
/// Milliseconds of offset from which somebody should look.
const OFFSET_MS: u64 = 2_000;
/// Milliseconds of offset from which orders expire wrongly and forms bear a wrong date.
const OFFSET_FAR_MS: u64 = 5 * 60 * 1000;

/// How old an offset may be: the controller is asked every ten minutes, and a clock that nobody
/// compares any more may be anywhere.
const OFFSET_AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// How long the first reading may wait for the controller's time: it is asked right after the
/// connection, and without it the next reading would say something else for no reason.
const FIRST_OFFSET: Duration = Duration::from_secs(2);

/// The offset to the controller as last heard. A cheap handle.
#[derive(Debug, Clone)]
pub struct ControllerTime(Arc<watch::Sender<Option<(i64, Instant)>>>);

impl Default for ControllerTime {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl ControllerTime {
    /// The controller's clock said `controller_ms` when ours said `local_ms`.
    pub fn heard(&self, controller_ms: i64, local_ms: i64) {
        self.0.send_replace(Some((local_ms - controller_ms, Instant::now())));
    }

    /// The offset and its age, unless that is too high.
    pub(crate) fn offset(&self) -> Option<(i64, Duration)> {
        let (offset_ms, heard) = (*self.0.borrow())?;
        Some((offset_ms, heard.elapsed())).filter(|(_, age)| *age < OFFSET_AGE_MAX)
    }

    async fn is_heard(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        self.0.subscribe().wait_for(Option::is_some).await.ok();
    }
}

/// Reads it.
#[derive(Debug)]
pub struct ClockSensor {
    controller: ControllerTime,
    question: Question<bool>,
    is_first: bool,
}

impl ClockSensor {
    /// With the offset that is heard elsewhere.
    pub fn new(controller: ControllerTime) -> Self {
        Self { controller, question: Question::default(), is_first: true }
    }
}

impl Sensor for ClockSensor {
    const COMPONENT: Component = Component::Clock;

    async fn read(&mut self, now_ms: i64) -> Sensed {
        if std::mem::take(&mut self.is_first) {
            tokio::time::timeout(FIRST_OFFSET, self.controller.is_heard()).await.ok();
        }
        let synchronized = match synchronized_lately(Path::new(TIMESYNC_FILE)) {
            true => Some(true),
            false => systemd::ntp_synchronized(&mut self.question).await.ok(),
        };
        // As old as the oldest thing in it.
        let offset = self.controller.offset();
        let age_ms = offset.map_or(0, |(_, age)| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        let offset_ms = offset.map(|(ms, _)| ms);
        let clock = Clock { at_ms: now_ms.saturating_sub(age_ms), synchronized, offset_ms };
        let judgement = judge(&clock);
        Sensed::new(Reading::Clock(clock), judgement)
    }
}

fn synchronized_lately(file: &Path) -> bool {
    let modified = std::fs::metadata(file).and_then(|m| m.modified());
    // The sensor's own clock is what is in question, so both come from the file system.
    modified.is_ok_and(|at| SystemTime::elapsed(&at).is_ok_and(|age| age < TIMESYNC_AGE_MAX))
}

/// What it means. Pure.
fn judge(clock: &Clock) -> Judgement {
    let far = clock.offset_ms.map_or(0, i64::unsigned_abs);
    let detail = || clock.offset_ms.map(|ms| format!("{:+.1} s", ms as f64 / 1000.0));
    if far >= OFFSET_FAR_MS {
        return Judgement::failed(Reason::ClockOffset, detail());
    }
    if far >= OFFSET_MS {
        return Judgement::degraded(Reason::ClockOffset, detail());
    }
    match (clock.synchronized, clock.offset_ms) {
        (Some(false), _) => Judgement::degraded(Reason::ClockUnsynchronized, None),
        (None, None) => Judgement::unsupported(),
        _ => Judgement::ok(),
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::HealthState::{self, Degraded, Failed, Ok, Unknown};

    use super::*;

    type Case = (Option<bool>, Option<i64>, HealthState, Option<Reason>);

    #[test]
    fn every_finding_has_its_judgement() {
        let cases: [Case; 9] = [
            (Some(true), Some(0), Ok, None),
            (Some(true), None, Ok, None),
            (None, Some(-1999), Ok, None),
            (None, None, Unknown, Some(Reason::Unsupported)),
            (Some(false), None, Degraded, Some(Reason::ClockUnsynchronized)),
            (Some(false), Some(10), Degraded, Some(Reason::ClockUnsynchronized)),
            (Some(true), Some(-2000), Degraded, Some(Reason::ClockOffset)),
            (Some(true), Some(300_000), Failed, Some(Reason::ClockOffset)),
            (None, Some(i64::MIN), Failed, Some(Reason::ClockOffset)),
        ];
        for (synchronized, offset_ms, state, reason) in cases {
            let judged = judge(&Clock { at_ms: 0, synchronized, offset_ms });
            assert_eq!((judged.state, judged.reason), (state, reason), "{synchronized:?} {offset_ms:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_first_reading_waits_for_the_controller_and_not_for_long() {
        let heard = ControllerTime::default();
        let mut sensor = ClockSensor::new(heard.clone());
        let telling = async {
            tokio::time::sleep(FIRST_OFFSET / 2).await;
            heard.heard(1_000, 1_007);
        };
        let (sensed, ()) = tokio::join!(sensor.read(0), telling);
        assert!(matches!(sensed.reading, Some(Reading::Clock(Clock { offset_ms: Some(7), .. }))));
        let began = Instant::now();
        let mut deaf = ClockSensor::new(ControllerTime::default());
        deaf.read(0).await;
        assert!(began.elapsed() >= FIRST_OFFSET);
        let began = Instant::now();
        deaf.read(0).await;
        assert!(began.elapsed() < FIRST_OFFSET);
    }

    #[tokio::test(start_paused = true)]
    async fn the_offset_is_what_was_heard_last_with_its_age_and_not_for_ever() {
        let heard = ControllerTime::default();
        heard.heard(1_000, 1_500);
        heard.heard(2_000, 1_900);
        let mut sensor = ClockSensor::new(heard);
        tokio::time::advance(Duration::from_secs(60)).await;
        let Some(Reading::Clock(clock)) = sensor.read(90_000).await.reading else { panic!("no reading") };
        assert_eq!((clock.at_ms, clock.offset_ms), (30_000, Some(-100)));
        tokio::time::advance(OFFSET_AGE_MAX).await;
        let Some(Reading::Clock(clock)) = sensor.read(9_000_000).await.reading else { panic!("no reading") };
        assert_eq!((clock.at_ms, clock.offset_ms), (9_000_000, None));
    }
}
