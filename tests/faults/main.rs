//! What happens when parts fail or lie. Every test has a negative control where one can be made.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

mod bad_configuration;
mod bad_printers;
mod broker_loss;
mod controller_killed;
mod crash_points;
mod disk_full;
mod expired_certificate;
mod lost_words;
mod resting;
mod taken_port;
mod update_broken_page;
mod update_clock;
mod update_damage;
mod update_disk;
mod update_killed;
mod update_link;
mod update_twice;
