//! Rollouts: one release brought to many displays in waves. `desk` takes what people want, `plan` says
//! who gets what, when and why not; `task` looks at the fleet and has `decide` say what follows, and
//! `apply` writes decision and desired states in one transaction: whoever dies in between has done all
//! of it or nothing, and the next look goes on from there. What is written is published by `desired`.

pub mod apply;
mod back;
pub mod budget;
pub mod decide;
pub mod desk;
mod forward;
pub mod gate;
pub mod known;
pub mod lifecycle;
pub mod model;
pub mod plan;
pub mod progress;
pub mod task;
pub mod why;
pub mod windows;

use std::sync::Arc;

use tokio::sync::Notify;

use budget::Labels;
use windows::{AlwaysOpen, Windows};

use crate::calendar::kept::Calendars;
use crate::config::RolloutsConfig;

/// What rollouts go by, besides the fleet.
#[derive(Debug, Clone)]
pub struct Rollouts {
    /// Whether somebody else than its maker has to approve one.
    pub four_eyes: bool,
    /// Displays by label.
    pub labels: Arc<Labels>,
    /// The calendar.
    pub windows: Arc<dyn Windows>,
    /// Wakes whoever looks after rollouts.
    pub changed: Arc<Notify>,
}

impl Rollouts {
    /// With these rules, and without a calendar.
    pub fn new(four_eyes: bool, labels: Labels) -> Self {
        Self { four_eyes, labels: Arc::new(labels), windows: Arc::new(AlwaysOpen), changed: Arc::default() }
    }

    /// As configured, with the sites' calendars.
    pub fn configured(config: &RolloutsConfig, calendars: &Calendars) -> Self {
        let windows = Arc::new(calendars.clone());
        Self { windows, ..Self::new(config.four_eyes, config.labels.clone()) }
    }
}
