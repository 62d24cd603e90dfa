//! Runs one sensor: reads it every period, on the common pulse, within its time limit, and hands what it found
//! to the state. One task per sensor, so that a slow one delays nobody. Spawned by `app`.

use std::time::Duration;

use migrado_protocol::health::Reason;

use super::state::State;
use crate::platform::{clock, pulse};
use crate::sensors::{Judgement, Sensed, Sensor};

/// How a sensor is run.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From one reading to the next.
    pub period: Duration,
    /// How long one may take.
    pub limit: Duration,
}

/// Reads for as long as the process lives.
pub async fn sample<S: Sensor>(mut sensor: S, pace: Pace, state: State) {
    loop {
        let sensed = read_within(&mut sensor, pace.limit).await;
        state.take(S::COMPONENT, sensed, clock::now_ms());
        pulse::sleep(pace.period).await;
    }
}

async fn read_within<S: Sensor>(sensor: &mut S, limit: Duration) -> Sensed {
    let reading = sensor.read(clock::now_ms());
    // Dropping a reading half way is part of the sensor's contract.
    tokio::time::timeout(limit, reading).await.unwrap_or_else(|_| {
        let detail = format!("{} s", limit.as_secs());
        Sensed::only(Judgement::unknown(Reason::SensorTimeout, detail))
    })
}

#[cfg(test)]
mod tests {
    use migrado_protocol::health::Component;

    use super::*;

    struct Slow;
    impl Sensor for Slow {
        const COMPONENT: Component = Component::Storage;
        async fn read(&mut self, _now_ms: i64) -> Sensed {
            std::future::pending().await
        }
    }

    struct Quick;
    impl Sensor for Quick {
        const COMPONENT: Component = Component::System;
        async fn read(&mut self, _now_ms: i64) -> Sensed {
            Sensed::only(Judgement::ok())
        }
    }

    const PACE: Pace = Pace { period: Duration::from_secs(15), limit: Duration::from_secs(10) };

    #[tokio::test(start_paused = true)]
    async fn a_sensor_that_hangs_is_a_finding_and_delays_nobody() {
        let state = State::default();
        let mut changed = state.changed();
        let both = async {
            tokio::join!(sample(Slow, PACE, state.clone()), sample(Quick, PACE, state.clone()));
        };
        let watching = async {
            changed.changed().await.unwrap();
            assert!(state.report().health.contains_key(&Component::System));
            assert!(!state.report().health.contains_key(&Component::Storage));
            let hung = || state.report().health.get(&Component::Storage).and_then(|h| h.reason);
            while hung() != Some(Reason::SensorTimeout) {
                changed.changed().await.unwrap();
            }
        };
        // Either arm ends the test; sampling itself never ends.
        tokio::select! { () = both => unreachable!(), () = watching => {} }
    }
}
