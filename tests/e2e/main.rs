//! Both walks with real programs, real TLS and real brokers.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

mod printers;
