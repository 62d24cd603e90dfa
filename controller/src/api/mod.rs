//! The HTTP API, version 1, and the console. One file per resource; the router is on one screen
//! (`router.rs`). Views are typed apart from the domain and converted in named functions.

pub mod access;
pub mod adapters;
pub mod assets;
pub mod calendar;
pub mod commands;
pub mod content;
pub mod convert;
pub mod editions;
pub mod events;
pub mod extract;
pub mod fleet;
pub mod guard;
pub mod listeners;
pub mod problem;
pub mod recalls;
pub mod release_languages;
pub mod releases;
pub mod rollout_request;
pub mod rollout_views;
pub mod rollouts;
pub mod router;
pub mod schedules;
pub mod session;
pub mod signing_key;
pub mod state;
pub mod streams;
pub mod terminal;
pub mod terminal_chunks;
pub mod terminal_content;
pub mod terminal_identity;
pub mod terminal_release;
pub mod terminals;
pub mod text;
pub mod timeline;
pub mod views;

#[cfg(test)]
pub(crate) mod tests;
