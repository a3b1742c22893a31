//! The product of two square matrices over any field.
//!
//! Private inputs are `A`, then `B`, row by row; claimed outputs are `C = A·B`, row by row.
//!
//! Cost for `n`: one layer, `n^3` mul gates, `2·n^2` inputs, `n^2` outputs.

use prover_core::Field;

use crate::builder::Built;
use crate::model::CircuitError;

use super::layers::{LayerWriter, finish};

/// Largest `n`: its circuit has 2^24 gates.
pub const MAX_SIZE: usize = 256;

/// The circuit for `n × n` matrices.
///
/// # Panics
/// If `n` is 0 or above [`MAX_SIZE`].
///
/// # Errors
/// Never within these bounds.
pub fn circuit<B: Field>(n: usize) -> Result<Built<B>, CircuitError> {
    assert!((1..=MAX_SIZE).contains(&n), "{n} rows");
    let mut layer = LayerWriter::new(2 * n * n, n * n);
    for (i, j) in (0..n * n).map(|z| (z / n, z % n)) {
        for k in 0..n {
            layer.mul(i * n + j, i * n + k, n * n + k * n + j, B::ONE);
        }
    }
    finish(vec![layer], 2 * n * n, n * n)
}

/// The private inputs for two matrices given row by row.
pub fn inputs_for<B: Field>(a: &[B], b: &[B]) -> Vec<B> {
    [a, b].concat()
}

/// The product of two `n × n` matrices given row by row, as an oracle for the circuit.
///
/// # Panics
/// If a matrix is too short.
pub fn reference<B: Field>(n: usize, a: &[B], b: &[B]) -> Vec<B> {
    let entry =
        |i: usize, j: usize| (0..n).fold(B::ZERO, |sum, k| sum + a[i * n + k] * b[k * n + j]);
    (0..n * n).map(|z| entry(z / n, z % n)).collect()
}
