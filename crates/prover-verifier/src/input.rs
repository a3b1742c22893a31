//! The two ends of the protocol: the claimed outputs' value, and the input's values.

use prover_core::mle::eq_table;
use prover_core::{ChallengeField, Field};
use prover_proof::{OutputPoint, Outputs, ProofShape};
use rayon::prelude::*;

use crate::error::Check;
use crate::replay::Claims;
use crate::tables::{EqTable, instance_weights};
use crate::verify::Executor;

/// Wires of the input per piece of work.
const PIECE: usize = 1 << 12;

/// The value of the claimed outputs at the output point, declared-zero outputs being zero.
/// Cost: one multiplication a claimed output.
pub(crate) fn output_value<F: ChallengeField>(
    shape: &ProofShape,
    outputs: &Outputs<F>,
    point: &OutputPoint<F>,
) -> F {
    let circuit = shape.circuit();
    let (first, end) = (circuit.num_zero_outputs, circuit.num_outputs);
    if first == end {
        return F::ZERO;
    }
    let table = EqTable::new(&point.z, F::ONE, end as usize, shape.outputs_per_instance());
    let weights: Vec<F> = (first..end).map(|z| table.at(z)).collect();
    let instances = instance_weights(&point.instances, shape.num_instances());
    match outputs {
        Outputs::Base(values) => weighted_rows(values, &weights, &instances),
        Outputs::Challenge(values) => weighted_rows(values, &weights, &instances),
    }
}

/// `Σ_s rows[s]·Σ_z columns[z]·values[s][z]`.
fn weighted_rows<F: Field + core::ops::Mul<E, Output = F>, E: Copy>(
    values: &[E],
    columns: &[F],
    rows: &[F],
) -> F {
    let instances = values.chunks_exact(columns.len()).zip(rows);
    instances.fold(F::ZERO, |sum, (values, &row)| {
        let pairs = columns.iter().zip(values);
        sum + row * pairs.fold(F::ZERO, |sum, (&w, &v)| sum + w * v)
    })
}

/// Compares the input section, the last instance standing for its copies, with the claims about it.
/// Cost: one base-by-challenge multiplication an input, and one or two multiplications a wire.
pub(crate) fn check_input<F: ChallengeField>(
    input: &[F::Base],
    num_instances: usize,
    claims: &Claims<F>,
    executor: &Executor,
) -> Result<(), Check> {
    let instances = instance_weights(&claims.instances, num_instances);
    let eq_x = eq_table(&claims.first.point, F::ONE);
    let eq_y = claims.second.as_ref().map(|y| eq_table(&y.point, F::ONE));
    let wires = eq_x.len();
    let starts: Vec<usize> = (0..wires).step_by(PIECE).collect();
    let piece = |&start: &usize| {
        let end = wires.min(start + PIECE);
        let mut bound = vec![F::ZERO; end - start];
        for (values, &weight) in input.chunks_exact(wires).zip(&instances) {
            for (sum, &value) in bound.iter_mut().zip(&values[start..end]) {
                *sum += weight * value;
            }
        }
        let dot = |eq: &[F]| {
            let pairs = eq[start..end].iter().zip(&bound);
            pairs.fold(F::ZERO, |sum, (&e, &v)| sum + e * v)
        };
        (dot(&eq_x), eq_y.as_ref().map_or(F::ZERO, |eq| dot(eq)))
    };
    let parts: Vec<(F, F)> = executor.run(
        || starts.iter().map(piece).collect(),
        || starts.par_iter().map(piece).collect(),
    );
    let zero = (F::ZERO, F::ZERO);
    let (x, y) = parts
        .into_iter()
        .fold(zero, |sum, part| (sum.0 + part.0, sum.1 + part.1));
    if x != claims.first.value {
        return Err(Check::InputX);
    }
    match &claims.second {
        Some(second) if y != second.value => Err(Check::InputY),
        _ => Ok(()),
    }
}
