//! What visitors used: brings the hours whose counts moved to the outbox. Counting is the kiosk's
//! part, and so is the durable mark of what was told; a count says nothing of who was counted. Hours
//! are cumulative, so once more is no harm.

use migrado_protocol::UsageHour;
use migrado_protocol::health::{Component, Reason};

use super::{Judgement, Sensed, Sensor};
use crate::telemetry::Outbox;

/// Where the counts come from.
pub trait Hours: Send {
    /// The hours that moved since they were told; `Err` with words where they cannot be read.
    fn untold(&self) -> Result<Vec<UsageHour>, String>;
    /// These were put into the outbox.
    fn told(&self, hours: &[UsageHour]) -> Result<(), String>;
}

/// Brings them to the outbox.
#[derive(Debug)]
pub struct UsageSensor<H> {
    hours: H,
    outbox: Outbox,
}

impl<H: Hours> UsageSensor<H> {
    /// From these counts.
    pub fn new(hours: H, outbox: Outbox) -> Self {
        Self { hours, outbox }
    }

    fn tell(&self, now_ms: i64) -> Result<(), String> {
        let untold = self.hours.untold()?;
        if untold.is_empty() {
            return Ok(());
        }
        for hour in &untold {
            self.outbox.push_usage(hour, now_ms).map_err(|e| e.to_string())?;
        }
        // After the outbox has them: a kill in between tells them once more, never not at all.
        self.hours.told(&untold)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use migrado_protocol::HealthState;
    use migrado_protocol::usage::Counter;

    use super::*;
    use crate::kiosk::counters::Counters;

    const HOUR_MS: i64 = 3_600_000;

    /// One run of the agent: reads once, and gives the hours that wait in the outbox, which it empties.
    async fn run(path: &std::path::Path, count: impl FnOnce(&Counters)) -> Vec<u32> {
        let db = Arc::new(redb::Database::create(path).unwrap());
        let counters = Counters::new(db.clone());
        count(&counters);
        let outbox = Outbox::open(db).unwrap();
        let mut sensor = UsageSensor::new(counters, outbox.clone());
        for _ in 0..2 {
            assert_eq!(sensor.read(1).await.judgement.state, HealthState::Ok);
        }
        let items = outbox.oldest(0, 10_000).unwrap();
        items.iter().for_each(|item| outbox.remove(&[item.id]).unwrap());
        let hour = |body: &str| serde_json::from_str::<UsageHour>(body).unwrap().hour;
        items.iter().map(|item| hour(item.body.get())).collect()
    }

    #[tokio::test]
    async fn a_restart_tells_only_what_was_counted_since() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let month: Vec<u32> = (1000..1744).collect();
        let told = run(&path, |counters| {
            month.iter().for_each(|h| counters.bump(Counter::SheetsPrinted, 1, i64::from(*h) * HOUR_MS));
        });
        assert_eq!(told.await, month);
        assert!(run(&path, |_| ()).await.is_empty(), "a month was told again");
        let more = |counters: &Counters| counters.bump(Counter::SheetsPrinted, 1, 1743 * HOUR_MS);
        assert_eq!(run(&path, more).await, [1743]);
    }
}
