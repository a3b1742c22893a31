//! Whole proofs: by every route, of real circuits, and against the test vectors.

mod real;
mod routes;
mod vectors;
