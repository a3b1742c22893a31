//! Multiplications in the cache: two tables of 1024 elements into a third, again and again.

use std::hint::black_box;

use ark_ff_new::BigInt;
use ff::PrimeField;
use prover_core::Field;
use prover_fields::{Bn254, M31Ext3};

use crate::{Row, plonky3, tables, times};

const LOG_LEN: u32 = 10;
const TURNS: u64 = 200;

fn row<T: Copy + core::ops::Mul<Output = T>>(
    (peer, field): (&'static str, &'static str),
    [a, b]: [Vec<T>; 2],
    width: usize,
    runs: usize,
) -> Row {
    let multiply = |mut out: Vec<T>| {
        for _ in 0..TURNS {
            for ((out, &a), &b) in out.iter_mut().zip(black_box(&a)).zip(black_box(&b)) {
                *out = a * b;
            }
            black_box(&mut out);
        }
        out
    };
    Row {
        peer,
        what: "multiplication",
        field,
        num_vars: None,
        units: TURNS * (a.len() * width) as u64,
        times: times(runs, || a.clone(), multiply),
    }
}

fn mapped<F: Field, T>(convert: impl Fn(F) -> T) -> [Vec<T>; 2] {
    tables::<F>(LOG_LEN).map(|table| table.into_iter().map(&convert).collect())
}

pub(crate) fn rows(runs: usize) -> Vec<Row> {
    let arkworks =
        |value: Bn254| ark_bn254_new::Fr::new_unchecked(BigInt(value.montgomery_limbs()));
    let halo2 = |value: Bn254| {
        let mut bytes = [0; 32];
        let limbs = value.canonical_limbs().map(u64::to_le_bytes);
        bytes.copy_from_slice(limbs.as_flattened());
        halo2curves::bn256::Fr::from_repr(bytes.into()).expect("canonical")
    };
    let packed = tables::<M31Ext3>(LOG_LEN).map(|table| plonky3::packed(&table));
    vec![
        row(("ark-ff 0.6.0", "bn254"), mapped(arkworks), 1, runs),
        row(("halo2curves 0.10.0", "bn254"), mapped(halo2), 1, runs),
        row(
            ("astraea, scalar code", "bn254"),
            tables::<Bn254>(LOG_LEN),
            1,
            runs,
        ),
        row(
            ("p3-mersenne-31 0.9.0-rc.2", "m31"),
            packed,
            plonky3::WIDTH,
            runs,
        ),
        row(
            ("astraea, scalar code", "m31"),
            tables::<M31Ext3>(LOG_LEN),
            1,
            runs,
        ),
    ]
}
