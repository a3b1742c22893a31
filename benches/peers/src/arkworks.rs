//! arkworks' sumcheck: the product of two tables over BN254's scalar field, its transcript included.

use std::rc::Rc;

use ark_bn254::Fr;
use ark_ff::{BigInt, One};
use ark_linear_sumcheck::ml_sumcheck::{MLSumcheck, data_structures::ListOfProductsOfPolynomials};
use ark_poly::DenseMultilinearExtension;
use prover_fields::Bn254;

use crate::{Row, tables, times};

/// The same limbs: arkworks stores the same Montgomery form.
fn element(value: Bn254) -> Fr {
    Fr::new_unchecked(BigInt(value.montgomery_limbs()))
}

pub(crate) fn sumcheck(num_vars: u32, runs: usize) -> Row {
    let tables = tables::<Bn254>(num_vars).map(|table| {
        let values = table.into_iter().map(element).collect();
        Rc::new(DenseMultilinearExtension::from_evaluations_vec(
            num_vars as usize,
            values,
        ))
    });
    let mut polynomial = ListOfProductsOfPolynomials::new(num_vars as usize);
    polynomial.add_product(tables, Fr::one());
    Row {
        peer: "ark-linear-sumcheck 0.4.0",
        what: "product sumcheck",
        field: "bn254",
        num_vars: Some(num_vars),
        units: 1 << num_vars,
        times: times(runs, || (), |()| MLSumcheck::prove(&polynomial)),
    }
}
