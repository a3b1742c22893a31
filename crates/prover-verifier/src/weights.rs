//! The weights of a layer's output wires, `W`.

use prover_core::{ChallengeField, LayerGates};

use crate::replay::LayerTrace;
use crate::tables::{EqTable, end_of, eq_prefix};

/// `W[z]` for the output wires that the layer's gates and asserts name.
pub(crate) enum Weights<'a, F> {
    Whole(Vec<F>),
    /// Tables of each claim, and the values of the asserts besides.
    Parts {
        claims: Vec<EqTable<F>>,
        /// Ascending.
        asserts: &'a [u32],
        assert_values: Vec<F>,
    },
}

/// One more than the largest output wire that a layer names: its gates are sorted.
pub(crate) fn outputs_end<B>(layer: &LayerGates<B>) -> usize {
    let muls = layer.muls.last().map(|g| g.z);
    let adds = layer.adds.last().map(|g| g.z);
    let consts = layer.consts.last().map(|g| g.z);
    let asserts = layer.asserts.last().copied();
    end_of([muls, adds, consts, asserts].into_iter().flatten())
}

/// Look-ups of output wires.
pub(crate) fn output_lookups<B>(layer: &LayerGates<B>) -> usize {
    layer.muls.len() + layer.adds.len() + layer.consts.len() + layer.asserts.len()
}

impl<'a, F: ChallengeField> Weights<'a, F> {
    /// From the claims about the layer's output.
    pub(crate) fn new(
        layer: &'a LayerGates<F::Base>,
        trace: &LayerTrace<'_, F>,
        whole: bool,
        parallel: bool,
    ) -> Self {
        let claims = &trace.claims;
        let second = claims.second.as_ref().zip(trace.opening.combine);
        if whole {
            let len = outputs_end(layer);
            let mut table = eq_prefix(&claims.first.point, F::ONE, len, parallel);
            if let Some((claim, alpha)) = second {
                F::add_slices(&mut table, &eq_prefix(&claim.point, alpha, len, parallel));
            }
            return Self::with_asserts(table, layer, trace);
        }
        let mut parts = vec![EqTable::split(&claims.first.point, F::ONE)];
        parts.extend(second.map(|(claim, alpha)| EqTable::split(&claim.point, alpha)));
        Self::Parts {
            claims: parts,
            asserts: &layer.asserts,
            assert_values: assert_values(layer, trace),
        }
    }

    /// From the weights without asserts.
    pub(crate) fn with_asserts(
        mut table: Vec<F>,
        layer: &LayerGates<F::Base>,
        trace: &LayerTrace<'_, F>,
    ) -> Self {
        for (&z, value) in layer.asserts.iter().zip(assert_values(layer, trace)) {
            table[z as usize] += value;
        }
        Self::Whole(table)
    }

    /// `W[z]`.
    pub(crate) fn at(&self, z: u32) -> F {
        match self {
            Self::Whole(table) => table[z as usize],
            Self::Parts {
                claims,
                asserts,
                assert_values,
            } => {
                let claimed = claims.iter().fold(F::ZERO, |sum, eq| sum + eq.at(z));
                match asserts.binary_search(&z) {
                    Ok(place) => claimed + assert_values[place],
                    Err(_) => claimed,
                }
            }
        }
    }
}

/// `γ·eq(b, z)` of the asserted outputs.
fn assert_values<F: ChallengeField>(
    layer: &LayerGates<F::Base>,
    trace: &LayerTrace<'_, F>,
) -> Vec<F> {
    let Some((gamma, point)) = &trace.opening.assert else {
        return Vec::new();
    };
    let asserts = &layer.asserts;
    let eq = EqTable::new(
        point,
        *gamma,
        end_of(asserts.last().copied().into_iter()),
        asserts.len(),
    );
    asserts.iter().map(|&z| eq.at(z)).collect()
}

#[cfg(test)]
mod tests {
    use prover_core::{CoefRef, Field, MulGate};
    use prover_fields::M31Ext3;
    use prover_proof::LayerOpening;

    use super::*;
    use crate::replay::{Claim, Claims};

    #[test]
    fn weights_in_parts_are_those_of_the_whole_table() {
        let point = |seed: u64| -> Vec<M31Ext3> {
            let coordinate = |k: u64| M31Ext3::from_u64(seed.wrapping_mul(k * k + 3) >> 5);
            (0..6).map(coordinate).collect()
        };
        let claim = |seed: u64| Claim {
            point: point(seed),
            value: M31Ext3::ONE,
        };
        let (alpha, gamma) = (M31Ext3::from_u64(77), M31Ext3::from_u64(99));
        let gate = MulGate {
            z: 40,
            x: 0,
            y: 0,
            coef: CoefRef::constant(0),
        };
        for (second, assert) in [(false, false), (true, false), (false, true), (true, true)] {
            let layer = LayerGates {
                input_vars: 6,
                output_vars: 6,
                muls: vec![gate],
                asserts: if assert { vec![0, 5, 50] } else { Vec::new() },
                ..LayerGates::default()
            };
            let end = if assert { 51 } else { 41 };
            assert_eq!(outputs_end(&layer), end);
            let trace = LayerTrace {
                claims: Claims {
                    first: claim(0x9e37_79b9),
                    second: second.then(|| claim(0x85eb_ca6b)),
                    instances: Vec::new(),
                },
                opening: LayerOpening {
                    assert: assert.then(|| (gamma, point(0xc2b2_ae35))),
                    combine: second.then_some(alpha),
                },
                messages: &[],
                x: claim(1),
                instances: Vec::new(),
                phase_two: None,
            };
            let eq = |seed| prover_core::mle::eq_table(&point(seed), M31Ext3::ONE);
            let [first, other, asserted] = [0x9e37_79b9, 0x85eb_ca6b, 0xc2b2_ae35].map(eq);
            let whole = Weights::new(&layer, &trace, true, false);
            let parts = Weights::new(&layer, &trace, false, false);
            for z in 0..end {
                let mut expected = first[z];
                if second {
                    expected += alpha * other[z];
                }
                if layer.asserts.contains(&(z as u32)) {
                    expected += gamma * asserted[z];
                }
                assert_eq!(whole.at(z as u32), expected, "whole, {z}");
                assert_eq!(parts.at(z as u32), expected, "parts, {z}");
            }
        }
    }
}
