//! Folds functions that are the same in the program as it is shipped: what is mapped of it is memory.

/// How the profile `display` is told from those for developing and measuring.
const SMALL: &str = "z";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|is| is == value);
    // There rustc links with its own lld, which knows the option; the system's linker would refuse it.
    let has_lld = is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu");
    if is("OPT_LEVEL", SMALL) && has_lld {
        // `safe`: only where nobody compares the functions' addresses.
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=safe");
    }
}
