//! Plonky3's sumcheck kernels: the product of two tables over the cubic extension of Mersenne-31.
//!
//! The kernels of `p3-sumcheck` that bind and measure in one pass, on packed values as its prover
//! keeps them; challenges come from a counter, because its transcript belongs to a commitment
//! scheme. So hashing is missing from this row.

use p3_field::extension::BinomialExtensionField;
use p3_field::{
    Algebra, BasedVectorSpace, ExtensionField, Field, PackedFieldExtension, PackedValue,
    PrimeCharacteristicRing,
};
use p3_mersenne_31::Mersenne31;
use p3_multilinear_util::poly::Poly;
use p3_sumcheck::strategy::{
    VariableOrder, fold_and_round_coefficients_prefix, sumcheck_coefficients_prefix,
};
use prover_fields::M31Ext3;

use crate::{Row, tables, times};

pub(crate) type Extension = BinomialExtensionField<Mersenne31, 3>;
pub(crate) type Packed = <Extension as ExtensionField<Mersenne31>>::ExtensionPacking;

/// Values in a packed one.
pub(crate) const WIDTH: usize = <<Mersenne31 as Field>::Packing as PackedValue>::WIDTH;

pub(crate) fn element(value: M31Ext3) -> Extension {
    let coeffs = value.coeffs();
    Extension::from_basis_coefficients_fn(|i| Mersenne31::from_u32(coeffs[i].value()))
}

pub(crate) fn packed(values: &[M31Ext3]) -> Vec<Packed> {
    let values: Vec<Extension> = values.iter().copied().map(element).collect();
    values
        .chunks_exact(WIDTH)
        .map(Packed::from_ext_slice)
        .collect()
}

/// The rounds until one value is left of each table.
fn rounds<A: Algebra<Extension> + Copy + Send + Sync>(
    [mut evals, mut weights]: [Poly<A>; 2],
    messages: &mut Vec<A>,
) -> [A; 2] {
    // Without vectors a packed value is one value, and no rounds are left inside it.
    if evals.as_slice().len() == 1 {
        return [evals.as_slice()[0], weights.as_slice()[0]];
    }
    let challenge = |round: usize| Extension::from_u64(0x1234_5678_9abc + round as u64);
    let first = sumcheck_coefficients_prefix(evals.as_slice(), weights.as_slice());
    messages.extend([first.c_a, first.c_inf]);
    while evals.as_slice().len() >= 4 {
        let challenge = challenge(messages.len());
        let message = fold_and_round_coefficients_prefix(&mut evals, &mut weights, challenge);
        messages.extend([message.c_a, message.c_inf]);
    }
    VariableOrder::Prefix.fix_var(&mut evals, challenge(messages.len()));
    VariableOrder::Prefix.fix_var(&mut weights, challenge(messages.len()));
    [evals.as_slice()[0], weights.as_slice()[0]]
}

pub(crate) fn sumcheck(num_vars: u32, runs: usize) -> Row {
    let tables = tables::<M31Ext3>(num_vars).map(|table| packed(&table));
    let prove = |tables: [Poly<Packed>; 2]| {
        let (mut messages, mut last) = (Vec::new(), Vec::new());
        let lanes = rounds(tables, &mut messages);
        let lanes = lanes.map(|lanes| {
            Poly::new(
                <Packed as PackedFieldExtension<Mersenne31, Extension>>::to_ext_iter([lanes])
                    .collect::<Vec<Extension>>(),
            )
        });
        let values = rounds(lanes, &mut last);
        (messages, last, values)
    };
    Row {
        peer: "p3-sumcheck 0.9.0-rc.2 (kernels, no transcript)",
        what: "product sumcheck",
        field: "m31",
        num_vars: Some(num_vars),
        units: 1 << num_vars,
        times: times(runs, || tables.clone().map(Poly::new), prove),
    }
}
