//! The visitor's page as it is served on loopback: its own files, the files of a release, who may
//! speak to its server, and what it is told. The agent serves it on a display, `migradoctl content
//! preview` on an editor's machine; they share this and nothing else.
//!
//! It knows no session, no printer and no state: whoever serves decides which release there is.

pub mod assets;
pub mod guard;
mod range;
pub mod release;
pub mod view;
