//! Every level against the definitions.

use prover_core::{CoefRef, Field};

use super::{AddGate, GateTables, Level, MulGate, Vectorised};
use crate::{Bn254, Gf2, Gf2e128, Goldilocks, M31, M31Ext3};
use prover_core::sums;

/// Numbers of a fixed sequence.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 29)
    }

    fn below(&mut self, end: usize) -> u32 {
        (self.next() % end as u64) as u32
    }

    fn element<F: Field>(&mut self) -> F {
        let bytes: Vec<u8> = (0..F::UNIFORM_BYTES).map(|_| self.next() as u8).collect();
        F::from_uniform(&bytes)
    }
}

/// The levels of this CPU.
fn levels() -> Vec<Level> {
    let best = Level::detect();
    let mut levels = vec![Level::PORTABLE];
    if best != Level::PORTABLE {
        levels.push(best);
    }
    levels
}

/// Coefficients of a kind for each of several runs.
#[derive(Clone, Copy, Debug)]
enum Coefs {
    One,
    Runs(usize),
    Mixed,
}

fn coef(kind: Coefs, place: usize, count: usize, numbers: &mut Numbers) -> CoefRef {
    CoefRef(match kind {
        Coefs::One => 0,
        Coefs::Runs(len) => (place / len % count) as u32,
        Coefs::Mixed => numbers.below(count),
    })
}

/// Gates sorted by `z`, one to three of each.
fn muls(count: usize, wires: usize, kind: Coefs, coefs: usize, n: &mut Numbers) -> Vec<MulGate> {
    let mut gates: Vec<MulGate> = (0..count)
        .map(|place| MulGate {
            z: n.below(wires),
            x: n.below(wires),
            y: n.below(wires),
            coef: coef(kind, place, coefs, n),
        })
        .collect();
    gates.sort_by_key(|g| g.z);
    for (place, gate) in gates.iter_mut().enumerate() {
        gate.coef = coef(kind, place, coefs, n);
    }
    gates
}

fn adds_of(gates: &[MulGate]) -> Vec<AddGate> {
    let add = |g: &MulGate| AddGate {
        z: g.z,
        x: g.x,
        coef: g.coef,
    };
    gates.iter().map(add).collect()
}

fn check_sums<F: Vectorised>(gates: &[MulGate], tables: &GateTables<'_, F>, what: &str) {
    let adds = adds_of(gates);
    let expected = sums::sum_mul_gates(gates, tables);
    let expected_add = sums::sum_add_gates(&adds, tables);
    for level in levels() {
        let sum = F::sum_mul_gates_at(level, gates, tables);
        assert_eq!(
            sum,
            expected,
            "{level:?}, {} mul gates, {what}",
            gates.len()
        );
        let sum = F::sum_add_gates_at(level, &adds, tables);
        assert_eq!(
            sum,
            expected_add,
            "{level:?}, {} add gates, {what}",
            adds.len()
        );
    }
}

/// Sums over gates with tables from `values` and coefficients from `coefs`, the first one.
fn sums_agree<F: Vectorised>(values: &mut dyn FnMut() -> F, coefs: &[F::Base]) {
    let mut numbers = Numbers(7);
    for count in [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 100, 257, 1500] {
        let wires = count / 2 + 1;
        for kind in [Coefs::One, Coefs::Runs(24), Coefs::Runs(1), Coefs::Mixed] {
            let gates = muls(count, wires, kind, coefs.len(), &mut numbers);
            let [z, x, y] = [(); 3].map(|()| (0..wires).map(|_| values()).collect::<Vec<F>>());
            let tables = GateTables {
                z: &z,
                x: &x,
                y: &y,
                coefs,
            };
            check_sums(&gates, &tables, &format!("{kind:?}"));
        }
    }
}

fn products_agree<F: Vectorised>(values: &mut dyn FnMut() -> F) {
    for columns in [1usize, 2, 4, 8, 12, 16, 32, 64] {
        for rows in [1usize, 2, 5] {
            for missing in [0, 1, columns / 2, columns] {
                let len = (rows * columns).saturating_sub(missing);
                let a: Vec<F> = (0..rows).map(|_| values()).collect();
                let b: Vec<F> = (0..columns).map(|_| values()).collect();
                let mut expected = vec![F::ONE; len];
                sums::outer_product(&a, &b, &mut expected);
                for level in levels() {
                    let mut out = vec![F::ONE; len];
                    F::outer_product_at(level, &a, &b, &mut out);
                    assert_eq!(out, expected, "{level:?}, {rows} by {columns}, {len}");
                    F::add_slices_at(level, &mut out, &expected);
                    let twice: Vec<F> = expected.iter().map(|&v| v + v).collect();
                    assert_eq!(out, twice, "{level:?}, sums of {len}");
                }
            }
        }
    }
}

/// Random values, then only the largest, then extremes in turn.
fn all_agree<F: Vectorised>(coefs: &[F::Base], extremes: &[F]) {
    let mut numbers = Numbers(1);
    let mut random = || numbers.element::<F>();
    sums_agree(&mut random, coefs);
    products_agree(&mut random);
    let largest = extremes[0];
    sums_agree(&mut || largest, coefs);
    products_agree(&mut || largest);
    let mut turn = extremes.iter().copied().cycle();
    let mut in_turn = || turn.next().expect("the samples go round");
    sums_agree(&mut in_turn, coefs);
    products_agree(&mut in_turn);
}

fn bn254_extremes() -> Vec<Bn254> {
    let mut largest = Bn254::MODULUS;
    largest[0] -= 1;
    let ones = [u64::MAX, u64::MAX, u64::MAX, Bn254::MODULUS[3] - 1];
    [
        largest,
        ones,
        [0; 4],
        [1, 0, 0, 0],
        [0, 0, 0, Bn254::MODULUS[3]],
    ]
    .map(|limbs| Bn254::from_montgomery_limbs(limbs).expect("below the modulus"))
    .to_vec()
}

#[test]
fn bn254_agrees_at_every_level() {
    let extremes = bn254_extremes();
    let coefs = [Bn254::ONE, -Bn254::ONE, extremes[0], Bn254::ZERO];
    all_agree(&coefs, &extremes);
}

#[test]
fn m31_agrees_at_every_level() {
    let largest = -M31::ONE;
    let extremes = [
        M31Ext3::new([largest; 3]),
        M31Ext3::ZERO,
        M31Ext3::new([largest, M31::ZERO, M31::ONE]),
    ];
    all_agree(&[M31::ONE, largest, M31::from_u64(2)], &extremes);
}

#[test]
fn gf2_agrees_at_every_level() {
    let extremes = [
        Gf2e128::new(u128::MAX),
        Gf2e128::new(1 << 127),
        Gf2e128::ZERO,
    ];
    all_agree(&[Gf2::ONE], &extremes);
    all_agree(&[Gf2::ONE, Gf2::ZERO], &extremes);
}

/// Columns overflow only after hundreds of products of one sum, and a piece has an end.
#[test]
fn long_sums_of_the_largest_values_do_not_overflow() {
    let largest = bn254_extremes()[0];
    let table = [largest; 4];
    let coefs = [largest, -largest];
    let tables = GateTables {
        z: &table,
        x: &table,
        y: &table,
        coefs: &coefs,
    };
    let mut numbers = Numbers(3);
    for kind in [
        Coefs::One,
        Coefs::Runs(8),
        Coefs::Mixed,
        Coefs::Runs(20_000),
    ] {
        let gates = muls((1 << 16) + 4000, 4, kind, 2, &mut numbers);
        check_sums(&gates, &tables, &format!("{kind:?}"));
    }
    let table = [M31Ext3::new([-M31::ONE; 3]); 4];
    let tables = GateTables {
        z: &table,
        x: &table,
        y: &table,
        coefs: &[-M31::ONE, M31::ONE],
    };
    let gates = muls(1 << 16, 4, Coefs::Runs(100), 2, &mut numbers);
    check_sums(&gates, &tables, "largest");
}

#[test]
fn a_wire_beyond_its_table_panics_at_every_level() {
    fn check<F: Vectorised>(level: Level) {
        let table = vec![F::ONE; 64];
        let good = MulGate {
            z: 63,
            x: 63,
            y: 63,
            coef: CoefRef(0),
        };
        let bad = [
            MulGate { z: 64, ..good },
            MulGate { x: 64, ..good },
            MulGate { y: 64, ..good },
            MulGate {
                coef: CoefRef(1),
                ..good
            },
        ];
        for bad in bad {
            let mut gates = [good; 32];
            gates[5] = bad;
            let tables = GateTables {
                z: &table,
                x: &table,
                y: &table,
                coefs: &[F::Base::ONE],
            };
            let panics = |f: &dyn Fn() -> F| {
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err()
            };
            assert!(panics(&|| F::sum_mul_gates_at(level, &gates, &tables)));
            let adds = adds_of(&gates);
            assert!(bad.y == 64 || panics(&|| F::sum_add_gates_at(level, &adds, &tables)));
        }
    }
    for level in levels() {
        check::<Bn254>(level);
        check::<M31Ext3>(level);
        check::<Gf2e128>(level);
    }
}

/// The methods of a field without vectors are the definitions.
#[test]
fn a_field_without_vectors_has_the_definitions() {
    use crate::GoldilocksExt2;
    use prover_core::ChallengeField;
    let mut numbers = Numbers(9);
    let table: Vec<GoldilocksExt2> = (0..8).map(|_| numbers.element()).collect();
    let tables = GateTables {
        z: &table,
        x: &table,
        y: &table,
        coefs: &[Goldilocks::ONE, Goldilocks::from_u64(5)],
    };
    let gates = muls(50, 8, Coefs::Mixed, 2, &mut numbers);
    let expected = gates.iter().fold(GoldilocksExt2::ZERO, |sum, g| {
        let [z, x, y] = [g.z, g.x, g.y].map(|wire| table[wire as usize]);
        sum + z * x * y * tables.coefs[g.coef.0 as usize]
    });
    assert_eq!(GoldilocksExt2::sum_mul_gates(&gates, &tables), expected);
}
