//! The fleet: pure domain. What a message changes (`apply`), whether a terminal is there
//! (`presence`), what it is in one word (`status`), why (`why`), how fast an update comes (`pace`),
//! what things are called (`words`), and the table that everybody reads
//! (`table`). No sockets, no files, no clock: times come in as values. Stands on the data path
//! between `ingest` and {`store`, `api`, `metrics`}.

pub mod apply;
pub mod certificate;
pub mod heartbeats;
pub mod pace;
pub mod presence;
pub mod reasons;
pub mod status;
pub mod table;
pub mod terminal;
pub mod why;
pub mod words;

pub use apply::{Effect, Heard};
pub use presence::Presence;
pub use status::Status;
pub use table::FleetHandle;
pub use terminal::Terminal;
