//! Content: what visitors see, from an editor's folder to the files of a release.
//!
//! Files in, files out: no network, no clock, no threads. Without features this crate is what a display
//! needs of a release:
//!
//! * [`index`] is what the page reads, [`coverage`] says how far it is in each language; [`manifest`] lists the files, each by its [`digest`],
//! * [`delta`] turns one release into another with little to send, [`chunks`] does it from any base,
//! * [`store`] keeps releases, and switches from one to the next at once,
//! * [`path`] and [`limits`] say what a release may have.
//!
//! The feature `authoring` adds the editor's side, as a walk:
//!
//! * [`authoring`] reads a folder into a model in which every value knows its file and line,
//! * [`check`] names every mistake of the model at once,
//! * [`build`] turns a model without mistakes into the files of a release.
//!
//! The same folder and the same day give the same bytes.

pub mod chunks;
pub mod coverage;
pub mod delta;
pub mod digest;
pub mod index;
pub mod limits;
pub mod manifest;
pub mod path;
pub mod store;
pub mod trust;

#[cfg(feature = "freshness")]
pub mod freshness;
#[cfg(feature = "freshness")]
pub mod keys;

#[cfg(feature = "authoring")]
pub mod authoring;
#[cfg(feature = "authoring")]
pub mod build;
#[cfg(feature = "authoring")]
pub mod check;
#[cfg(feature = "authoring")]
pub mod finding;
#[cfg(feature = "authoring")]
pub mod sign;

#[cfg(test)]
mod scratch_tests;
#[cfg(all(test, feature = "authoring"))]
mod testing;
