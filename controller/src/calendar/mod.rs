//! The office calendar of a site: opening hours, public holidays of North Rhine-Westphalia, special
//! days and closures, and the windows in which its displays may be changed. Pure: values and a time
//! in, values out; all in Europe/Berlin and right on the days of the clock change.
//!
//! Rollouts, scheduled orders, alerts and the pages ask the same four questions: [`state_at`],
//! [`next_opening`], [`next_closing`], [`window_at`]. Which calendar a site has is [`kept`]: the
//! configuration's until the console changed it.

pub mod check;
pub mod cron;
pub mod days;
pub mod holidays;
pub mod kept;
pub mod local;
pub mod model;
pub mod state;
pub mod windows;

#[cfg(test)]
mod tests;

pub use days::{Day, DayRule, Span, day, open_spans};
pub use holidays::Holiday;
pub use model::{Calendar, WindowKind};
pub use state::{Because, Opening, SiteState, next_closing, next_opening, state_at};
pub use windows::{WindowState, window_at, window_spans};
