//! The HTTP API, version 1, and the console. One file per resource; the router is on one screen
//! (`router.rs`). Views are typed apart from the domain and converted in named functions.

pub mod extract;
pub mod problem;
pub mod text;
pub mod views;
