//! The command as its users meet it: files, exit codes, JSON.
#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only #[test] functions for tests, not their helpers"
)]

#[path = "it/bench.rs"]
mod bench;
#[path = "it/cuda.rs"]
mod cuda;
#[path = "it/data.rs"]
mod data;
#[path = "it/exit_codes.rs"]
mod exit_codes;
#[path = "it/gallery.rs"]
mod gallery;
#[path = "it/round_trips.rs"]
mod round_trips;
#[path = "it/support.rs"]
mod support;
