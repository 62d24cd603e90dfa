//! Makes cargo build again when the console's files change. It does not build the console (that is
//! Node's, `make console`) and it never fails: without the files the controller shows a hint.

use std::path::Path;

/// What `assets.rs` embeds.
const DIST: &str = "../dashboards/console/dist";

fn main() {
    // A watched path that is missing would make every build a new one; where the source is
    // read-only that is all that happens.
    if let Err(error) = std::fs::create_dir_all(Path::new(DIST)) {
        println!("cargo::warning={DIST} cannot be made: {error}");
    }
    println!("cargo::rerun-if-changed={DIST}");
    println!("cargo::rerun-if-changed=build.rs");
}
