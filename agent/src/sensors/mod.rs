//! What the display senses.

pub mod printer;
