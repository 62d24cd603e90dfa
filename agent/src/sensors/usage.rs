//! What visitors used: brings the hours whose counts moved to the outbox. Counting is the kiosk's
//! part; a count says nothing of who was counted. Hours are cumulative, so once more is no harm.

use std::collections::BTreeMap;

use migrado_protocol::UsageHour;
use migrado_protocol::health::{Component, Reason};

use super::{Judgement, Sensed, Sensor};
use crate::telemetry::Outbox;

/// Hours that are remembered as told. The kiosk keeps fewer.
const HOURS_MAX: usize = 24 * 60;

/// Where the counts come from.
pub trait Hours: Send {
    /// The hours that are kept, closed and open; `Err` with words where they cannot be read.
    fn hours(&self, now_ms: i64) -> Result<Vec<UsageHour>, String>;
}

/// Brings them to the outbox.
#[derive(Debug)]
pub struct UsageSensor<H> {
    hours: H,
    outbox: Outbox,
    told: BTreeMap<u32, UsageHour>,
}

impl<H: Hours> UsageSensor<H> {
    /// From these counts.
    pub fn new(hours: H, outbox: Outbox) -> Self {
        Self { hours, outbox, told: BTreeMap::new() }
    }

    fn tell(&mut self, now_ms: i64) -> Result<(), String> {
        for hour in moved(&self.told, self.hours.hours(now_ms)?) {
            self.outbox.push_usage(&hour, now_ms).map_err(|e| e.to_string())?;
            self.told.insert(hour.hour, hour);
        }
        while self.told.len() > HOURS_MAX {
            self.told.pop_first();
        }
        Ok(())
    }
}

impl<H: Hours> Sensor for UsageSensor<H> {
    const COMPONENT: Component = Component::Usage;

    async fn read(&mut self, now_ms: i64) -> Sensed {
        Sensed::only(match self.tell(now_ms) {
            Ok(()) => Judgement::ok(),
            Err(words) => Judgement::degraded(Reason::SensorFailed, words),
        })
    }
}

/// The hours whose counts are not those that were told. Pure.
fn moved(told: &BTreeMap<u32, UsageHour>, hours: Vec<UsageHour>) -> Vec<UsageHour> {
    hours.into_iter().filter(|h| !h.counts.is_empty() && told.get(&h.hour) != Some(h)).collect()
}

#[cfg(test)]
mod tests {
    use migrado_protocol::usage::Counter;

    use super::*;

    #[test]
    fn only_hours_that_moved_are_told() {
        let hour = |hour, n| UsageHour { hour, counts: BTreeMap::from([(Counter::SheetsPrinted, n)]) };
        let told = BTreeMap::from([(1, hour(1, 5)), (2, hour(2, 1))]);
        let now = vec![hour(1, 5), hour(2, 2), hour(3, 1), UsageHour { hour: 4, counts: BTreeMap::new() }];
        assert_eq!(moved(&told, now), [hour(2, 2), hour(3, 1)]);
    }
}
