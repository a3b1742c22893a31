//! The command as its users meet it: files, exit codes, JSON.

#[path = "it/bench.rs"]
mod bench;
#[path = "it/data.rs"]
mod data;
#[path = "it/exit_codes.rs"]
mod exit_codes;
#[path = "it/round_trips.rs"]
mod round_trips;
#[path = "it/support.rs"]
mod support;
