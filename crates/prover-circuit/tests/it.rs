//! Tests of the crate as its users see it.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes only #[test] functions for tests, not their helpers"
)]

#[path = "it/builder.rs"]
mod builder;
#[path = "it/expander.rs"]
mod expander;
#[path = "it/hostile.rs"]
mod hostile;
#[path = "it/model.rs"]
mod model;
#[path = "it/real.rs"]
mod real;
#[path = "it/support.rs"]
mod support;
#[path = "it/tune.rs"]
mod tune;
#[path = "it/witness.rs"]
mod witness;
