//! One file per noun of the command line.

pub(crate) mod audit;
pub(crate) mod calendar;
pub(crate) mod commands;
pub(crate) mod content;
pub(crate) mod events;
pub(crate) mod fleet;
pub(crate) mod login;
pub(crate) mod recalls;
pub(crate) mod releases;
pub(crate) mod rollouts;
pub(crate) mod schedules;
pub(crate) mod signing_key;
pub(crate) mod terminals;
