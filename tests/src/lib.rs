//! The harness: real programs, real TLS, real brokers and printers, in folders and on ports of
//! their own. Nothing here is shipped. A test reads like
//! `Fleet::builder().terminals(2).start().await`; whatever it starts ends with it.
//!
//! Waiting is level-triggered: [`wait::until`] asks for a condition until it holds or the limit
//! passes, and shows the last status in its failure. Nobody sleeps for a while and hopes.

#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "tests talk to people and stop at surprises")]

pub mod api;
pub mod authority;
pub mod broker;
pub mod browser;
pub mod controller;
pub mod demo;
mod demo_content;
pub mod dice;
pub mod disk;
pub mod editor;
pub mod fleet;
pub mod kiosk;
pub mod mqtt;
pub mod network;
pub mod ports;
pub mod pretender;
pub mod printer;
pub mod process;
pub mod programs;
pub mod shelf;
pub mod skip;
pub mod systemd;
pub mod terminal;
pub mod tls;
pub mod visitor;
pub mod wait;
pub mod wrong_clock;

pub use fleet::{BrokerKind, Fleet};

/// Two tests of one: with the embedded broker and with Mosquitto.
#[macro_export]
macro_rules! with_both_brokers {
    ($name:ident) => {
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn embedded() {
                super::$name($crate::BrokerKind::Embedded).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mosquitto() {
                $crate::needs_program!("mosquitto", "mosquitto");
                super::$name($crate::BrokerKind::Mosquitto).await;
            }
        }
    };
}
