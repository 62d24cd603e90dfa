//! Both walks with real programs, real TLS and real brokers.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

mod api;
mod broker_certificate;
mod commands;
mod conformance;
mod content;
mod data_path;
mod first_password;
mod identity;
mod migradoctl;
mod neighbors;
mod orders_on_the_wire;
mod readiness;
mod refusals;
mod releases;
mod renewal;
mod revocation;
mod rollouts;
mod schedules;
mod signing_keys;
mod verbs;
mod watchdog;
