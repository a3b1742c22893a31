//! Integration tests of the CPU backend.

#[path = "it/against_reference.rs"]
mod against_reference;
#[path = "it/random.rs"]
mod random;
