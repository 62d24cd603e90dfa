//! Makes cargo look again when the visitor's page was built. It builds nothing itself: a machine
//! without Node still builds the agent, which then serves its plain page.

fn main() {
    println!("cargo::rerun-if-changed=kiosk-ui/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
