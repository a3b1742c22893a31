//! Tests of the crate as its users see it.

#[path = "it/builder.rs"]
mod builder;
#[path = "it/expander.rs"]
mod expander;
#[path = "it/hostile.rs"]
mod hostile;
#[path = "it/real.rs"]
mod real;
#[path = "it/support.rs"]
mod support;
#[path = "it/tune.rs"]
mod tune;
#[path = "it/witness.rs"]
mod witness;
