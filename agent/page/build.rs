//! Makes cargo look again when the visitor's page was built. It builds nothing itself: a machine
//! without Node still builds the programs, which then serve the plain page.

fn main() {
    println!("cargo::rerun-if-changed=../kiosk-ui/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
