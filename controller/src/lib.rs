//! The controller of the fleet. Data path: broker → `ingest` → `fleet` → `store` → changes →
//! {console, metrics}. Control path: `api` → {`desired`, `commands`} → link → terminal, and its word
//! comes back on the data path. `app` puts it together, `tasks` is the only place that spawns.

pub mod alive;
pub mod api;
pub mod app;
pub mod audit;
pub mod auth;
pub mod broker;
pub mod calendar;
pub mod clock;
pub mod commands;
pub mod config;
pub mod desired;
pub mod events;
pub mod files;
pub mod first;
pub mod fleet;
pub mod identity;
pub mod ingest;
mod log;
pub mod metrics;
pub mod pki;
pub mod releases;
pub mod rollouts;
pub mod schedules;
mod signals;
pub mod store;
pub mod sweep;
pub mod systemd;
pub mod tasks;
pub mod usage;
pub mod wire;
