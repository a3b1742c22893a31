//! How often a false statement is accepted (`docs/protocol.md`, section 8).

use prover_core::{ChallengeField, Field};

use crate::config::RandomCoefField;
use crate::shape::ProofShape;

/// `D`: the sum of the degrees of all polynomials tested at a random point, at least 1.
pub fn total_degree(shape: &ProofShape) -> u64 {
    let circuit = shape.circuit();
    let instance_vars = u64::from(shape.instance_vars());
    let layers = circuit.layers.iter().enumerate().map(|(index, layer)| {
        let (n, k) = (u64::from(layer.input_vars), u64::from(layer.output_vars));
        let phases = if layer.has_mul { 2 } else { 1 };
        let asserts = if layer.has_asserts { 1 + k } else { 0 };
        let combine = u64::from(circuit.has_two_claims(index));
        phases * 2 * n + 2 * instance_vars + combine + asserts
    });
    (u64::from(circuit.output_vars()) + instance_vars + layers.sum::<u64>()).max(1)
}

/// The proof's bits: `log2 |F| − log2 D`, and at most the base-2 logarithm of the number of values
/// of one random coefficient, if the circuit has any.
pub fn soundness_bits<F: ChallengeField>(shape: &ProofShape) -> f64 {
    let bits = F::BITS - (total_degree(shape) as f64).log2();
    if shape.circuit().num_random == 0 {
        return bits;
    }
    let coefficient = match shape.config().random_coefs {
        RandomCoefField::Base => F::Base::BITS,
        RandomCoefField::Challenge => F::BITS,
    };
    bits.min(coefficient)
}
