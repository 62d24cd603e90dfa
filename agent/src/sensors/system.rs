//! Processor, memory, temperature, load, network, boot. Everything is read from `/proc` without
//! blocking, but temperatures (through `sysinfo`): a drive answers those itself and may take its
//! time, so they come from a blocking thread and less often.

use std::io;

use migrado_protocol::health::{Component, Reason};
use migrado_protocol::report::System as Reported;
use sysinfo::Components;
use tokio::task::JoinHandle;

use super::{Judgement, Reading, Sensed, Sensor};
use crate::platform::proc::{CpuTicks, Proc, Traffic};

/// Percent of all cores at which the processor counts as busy.
const CPU_BUSY_PERCENT: u8 = 95;
/// Milliseconds of that before anybody should look.
const CPU_BUSY_MS: i64 = 5 * 60 * 1000;
/// Part of the memory that must be available, one in this many.
const MEMORY_LOW_PART: u64 = 20;
/// Degrees from which somebody should look.
const HOT_CELSIUS: i16 = 85;
/// Degrees at which processors begin to protect themselves.
const TOO_HOT_CELSIUS: i16 = 98;
/// Degrees beyond which a sensor is broken rather than the machine hot.
const SENSIBLE_CELSIUS: std::ops::RangeInclusive<f32> = -40.0..=150.0;
/// Readings between two of the temperature.
const TEMPERATURE_EVERY: u32 = 4;
/// Readings between two of traffic, which is told by the megabyte.
const TRAFFIC_EVERY: u32 = 4;

/// Reads it.
#[derive(Debug)]
pub struct SystemSensor {
    proc: Option<Proc>,
    temperature: Temperature,
    /// Readings until the traffic is read again, and as it was read last.
    traffic: (u32, Traffic),
    /// Of the last reading.
    ticks: Option<CpuTicks>,
    busy_since_ms: Option<i64>,
}

#[derive(Debug)]
enum Temperature {
    /// To be read after so many readings.
    In(u32, Components, Option<i16>),
    /// Being read.
    Pending(JoinHandle<(Components, Option<i16>)>),
    /// There is no sensor, or the thread was lost.
    None,
}

impl SystemSensor {
    /// Prepares the reading.
    pub fn new() -> Self {
        let temperature = match Components::new_with_refreshed_list() {
            Ok(components) if !components.is_empty() => {
                let hottest = hottest(&components);
                Temperature::In(TEMPERATURE_EVERY, components, hottest)
            }
            Ok(_) | Err(_) => Temperature::None,
        };
        let traffic = (0, Traffic::default());
        Self { proc: Proc::open().ok(), temperature, traffic, ticks: None, busy_since_ms: None }
    }
}

impl Default for SystemSensor {
    fn default() -> Self {
        Self::new()
    }
}

impl Sensor for SystemSensor {
    const COMPONENT: Component = Component::System;

    async fn read(&mut self, now_ms: i64) -> Sensed {
        if self.proc.is_none() {
            return Sensed::only(Judgement::unsupported());
        }
        let temperature_celsius = self.temperature.read().await;
        match self.figures(now_ms, temperature_celsius) {
            Ok(reading) => {
                let busy = reading.cpu_percent >= CPU_BUSY_PERCENT;
                self.busy_since_ms = busy.then(|| self.busy_since_ms.unwrap_or(now_ms));
                let judgement = judge(&reading, self.busy_since_ms.map_or(0, |since| now_ms - since));
                Sensed::new(Reading::System(reading), judgement)
            }
            Err(error) => Sensed::only(Judgement::unknown(Reason::SensorFailed, error.to_string())),
        }
    }
}

impl SystemSensor {
    fn figures(&mut self, now_ms: i64, temperature_celsius: Option<i16>) -> io::Result<Reported> {
        let proc = self.proc.as_mut().ok_or(io::ErrorKind::Unsupported)?;
        let (ticks, booted_s) = proc.cpu_and_boot()?;
        let cpu_percent = percent(self.ticks.replace(ticks), ticks);
        let memory = proc.memory()?;
        let (left, traffic) = &mut self.traffic;
        *left = match *left {
            0 => {
                *traffic = proc.traffic()?;
                TRAFFIC_EVERY - 1
            }
            left => left - 1,
        };
        Ok(Reported {
            at_ms: now_ms,
            cpu_percent,
            load1_centi: centi(proc.load1()?),
            memory_used_bytes: memory.total.saturating_sub(memory.available),
            memory_total_bytes: memory.total,
            temperature_celsius,
            received_bytes: traffic.received,
            sent_bytes: traffic.sent,
            booted_ms: booted_s.saturating_mul(1000),
        })
    }
}

impl Temperature {
    /// The last known temperature; starts a new reading when it is time for one.
    async fn read(&mut self) -> Option<i16> {
        match std::mem::replace(self, Self::None) {
            Self::None => None,
            Self::In(0, mut components, last) => {
                let work = tokio::task::spawn_blocking(move || {
                    components.refresh(false);
                    let hottest = hottest(&components);
                    (components, hottest)
                });
                *self = Self::Pending(work);
                last
            }
            Self::In(n, components, last) => {
                *self = Self::In(n - 1, components, last);
                last
            }
            Self::Pending(work) if work.is_finished() => {
                let (components, hottest) = work.await.ok()?;
                *self = Self::In(TEMPERATURE_EVERY, components, hottest);
                hottest
            }
            // A drive that does not answer must not look cool for ever.
            Self::Pending(work) => {
                *self = Self::Pending(work);
                None
            }
        }
    }
}

fn hottest(components: &Components) -> Option<i16> {
    let sensible = components.iter().filter_map(sysinfo::Component::temperature);
    sensible.filter(|t| SENSIBLE_CELSIUS.contains(t)).max_by(f32::total_cmp).map(|t| t.round() as i16)
}

/// How busy the processor was between two readings. The first one alone says nothing: since the
/// boot is not now.
fn percent(before: Option<CpuTicks>, now: CpuTicks) -> u8 {
    let Some(before) = before else { return 0 };
    let (busy, all) = (now.busy.saturating_sub(before.busy), now.all.saturating_sub(before.all));
    let rounded = busy.saturating_mul(100).saturating_add(all / 2).checked_div(all).unwrap_or(0);
    u8::try_from(rounded.min(100)).unwrap_or(100)
}

fn centi(load: f64) -> u32 {
    (load.max(0.0) * 100.0).round().min(f64::from(u32::MAX)) as u32
}

/// What it means. Pure.
fn judge(reading: &Reported, busy_ms: i64) -> Judgement {
    let celsius = reading.temperature_celsius.unwrap_or(i16::MIN);
    let degrees = || Some(format!("{celsius} °C"));
    if celsius >= TOO_HOT_CELSIUS {
        return Judgement::failed(Reason::TemperatureHigh, degrees());
    }
    if celsius >= HOT_CELSIUS {
        return Judgement::degraded(Reason::TemperatureHigh, degrees());
    }
    let available = reading.memory_total_bytes.saturating_sub(reading.memory_used_bytes);
    if reading.memory_total_bytes > 0 && available < reading.memory_total_bytes / MEMORY_LOW_PART {
        return Judgement::degraded(Reason::MemoryLow, format!("{} MiB", available / (1024 * 1024)));
    }
    if busy_ms >= CPU_BUSY_MS {
        return Judgement::degraded(Reason::CpuBusy, format!("{} %", reading.cpu_percent));
    }
    Judgement::ok()
}

#[cfg(test)]
mod tests {
    use migrado_protocol::HealthState::{self, Degraded, Failed, Ok};

    use super::*;

    type Case = (Option<i16>, u64, i64, HealthState, Option<Reason>);

    fn reading(celsius: Option<i16>, used_percent: u64) -> Reported {
        Reported {
            at_ms: 0,
            cpu_percent: 99,
            load1_centi: 0,
            memory_used_bytes: used_percent * 1_000_000,
            memory_total_bytes: 100_000_000,
            temperature_celsius: celsius,
            received_bytes: 0,
            sent_bytes: 0,
            booted_ms: 0,
        }
    }

    #[test]
    fn every_finding_has_its_judgement() {
        let cases: [Case; 9] = [
            (None, 50, 0, Ok, None),
            (Some(84), 50, 0, Ok, None),
            (Some(85), 50, 0, Degraded, Some(Reason::TemperatureHigh)),
            (Some(98), 99, 0, Failed, Some(Reason::TemperatureHigh)),
            (None, 95, 0, Ok, None),
            (None, 96, 0, Degraded, Some(Reason::MemoryLow)),
            (None, 50, CPU_BUSY_MS - 1, Ok, None),
            (None, 50, CPU_BUSY_MS, Degraded, Some(Reason::CpuBusy)),
            (None, 96, CPU_BUSY_MS, Degraded, Some(Reason::MemoryLow)),
        ];
        for (celsius, used, busy_ms, state, reason) in cases {
            let judged = judge(&reading(celsius, used), busy_ms);
            assert_eq!((judged.state, judged.reason), (state, reason), "{celsius:?} {used} {busy_ms}");
        }
    }

    #[test]
    fn how_busy_the_processor_is_needs_two_readings() {
        let ticks = |busy, all| CpuTicks { busy, all };
        let cases = [
            (None, ticks(90, 100), 0),
            (Some(ticks(90, 100)), ticks(90, 200), 0),
            (Some(ticks(90, 100)), ticks(140, 200), 50),
            (Some(ticks(0, 0)), ticks(199, 200), 100),
            (Some(ticks(0, 0)), ticks(9, 200), 5),
            // A tick in which nothing was counted, and counters that the kernel put back.
            (Some(ticks(90, 100)), ticks(90, 100), 0),
            (Some(ticks(90, 100)), ticks(5, 50), 0),
        ];
        for (before, now, expected) in cases {
            assert_eq!(percent(before, now), expected, "{before:?} {now:?}");
        }
    }

    #[tokio::test]
    async fn reads_this_machine() {
        let mut sensor = SystemSensor::new();
        sensor.read(1).await;
        let Some(Reading::System(reading)) = sensor.read(2).await.reading else { unreachable!() };
        assert!(reading.memory_total_bytes > reading.memory_used_bytes && reading.booted_ms > 0);
        assert!(reading.cpu_percent <= 100);
    }
}
