//! Tells the crate when it is compiled without optimisation.
//!
//! Unoptimised, every vector in an inlined kernel gets a place of its own on the stack: more than the
//! 2 MiB that a thread has. Nobody measures such a build, so it computes value by value.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(unoptimized)");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo::rustc-cfg=unoptimized");
    }
}
