//! Has the linker pack the agent's relocations. They are read at each start, and without it they are
//! half a megabyte of pages that stay mapped on a display for nothing (glibc 2.36 and later read them).

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
}
