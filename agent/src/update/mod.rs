//! Brings the release of content that the desired state names: fetched, verified, put in service
//! when nobody is disturbed, watched, and taken back when it does not work.

pub mod fetch;
pub mod judge;
pub mod line;
pub mod machine;
pub mod observe;
pub mod record;
