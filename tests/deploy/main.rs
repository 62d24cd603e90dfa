//! What is shipped besides the programs is right: units, broker configuration, rules, examples.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]
