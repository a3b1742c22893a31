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
