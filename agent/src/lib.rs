//! The daemon on each display. Data path: `sensors` → `telemetry` (sampler, report, outbox) →
//! `uplink` → link. Control path: link → `downlink` → {`desired`, `commands`} → effect → ack through
//! the same outbox back. `app` puts it together, `tasks` is the only place that spawns.

pub mod app;
pub mod away;
pub mod commands;
pub mod config;
pub mod control;
pub mod desired;
pub mod downlink;
pub mod identity;
pub mod kiosk;
pub mod logs;
pub mod neighbors;
pub mod parked;
pub mod platform;
pub mod presence;
pub mod sensors;
pub mod store;
pub mod tasks;
pub mod telemetry;
pub mod time_asker;
pub mod update;
pub mod uplink;
pub mod verdict;
