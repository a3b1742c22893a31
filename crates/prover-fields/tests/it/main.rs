//! Every field against an implementation by others, against the laws of a field, and against
//! its specification.

mod agreement;
mod bn254;
mod gf2;
mod goldilocks;
mod laws;
mod m31;
mod samples;
mod spec;
