//! Tests of the crate as its users see it.

#[path = "it/builder.rs"]
mod builder;
#[path = "it/real.rs"]
mod real;
#[path = "it/support.rs"]
mod support;
