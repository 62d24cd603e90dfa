//! Signing: the editor's side of trust. Keys and their files ([`files`]), who may do what ([`root`]),
//! which releases are live ([`targets`]), all of it in a folder of keys ([`KeyFolder`]).
//!
//! What is signed here is checked with the display's own client before it leaves ([`rehearse`]). Only
//! `migradoctl` uses it; no display and no controller links it.

mod error;
pub mod files;
mod folder;
mod publish;
mod rehearse;
pub mod root;
pub mod targets;

pub use error::SignError;
pub use folder::{Change, Init, KeyFolder, Role, StoredKey};
pub use publish::{Freshened, lay_out};
pub use rehearse::rehearse;

#[cfg(test)]
mod tests;
