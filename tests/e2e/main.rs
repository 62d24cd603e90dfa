//! Both walks with real programs, real TLS and real brokers.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

mod api;
mod commands;
mod data_path;
mod identity;
mod orders_on_the_wire;
mod readiness;
mod refusals;
mod verbs;
