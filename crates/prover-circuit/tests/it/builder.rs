//! Builder circuits against direct evaluation of the same arithmetic.

use prover_circuit::{BuildError, Built, CircuitBuilder, Violation, Wire, evaluate};
use prover_core::{ChallengeField, Field, FieldId};
use prover_fields::{Bn254, Gf2e128, M31, M31Ext3};

use crate::support::Rng;

fn run<F: ChallengeField>(
    built: &Built<F::Base>,
    private: &[F::Base],
    public: &[F::Base],
    random: &[F],
) -> (Vec<F>, Vec<Violation>) {
    let inputs = built.layout.pad(private);
    let result = evaluate(&built.circuit, &inputs, public, random);
    let claimed = built.circuit.num_zero_outputs() as usize;
    (
        result.outputs(built.circuit.num_outputs())[claimed..].to_vec(),
        result.violations,
    )
}

/// Random DAGs over `F`, evaluated node by node beside the builder.
fn random_dags<F: ChallengeField>() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut builder = CircuitBuilder::<F::Base>::new(F::ID);
        let private: Vec<F::Base> = rng.elements(1 + seed as usize % 5);
        let public: Vec<F::Base> = rng.elements(seed as usize % 3);
        let mut wires: Vec<(Wire, F::Base)> =
            private.iter().map(|&v| (builder.input(), v)).collect();
        wires.extend(public.iter().map(|&v| (builder.public(), v)));
        for _ in 0..rng.below(60) {
            let pick = |rng: &mut Rng| wires[rng.below(wires.len() as u64) as usize];
            let ((a, va), (b, vb)) = (pick(&mut rng), pick(&mut rng));
            let c: F::Base = if rng.below(2) == 0 {
                F::Base::ONE
            } else {
                rng.element()
            };
            wires.push(match rng.below(8) {
                0 | 1 => (builder.mul(a, b), va * vb),
                2 => (builder.add(a, b), va + vb),
                3 => (builder.sub(a, b), va - vb),
                4 => (builder.scale(c, a), c * va),
                5 => (builder.not(a), F::Base::ONE - va),
                6 => (
                    builder.linear_combination(&[(c, a), (c, b)], c),
                    c * va + c * vb + c,
                ),
                _ => (builder.constant(c), c),
            });
        }
        let mut expected = Vec::new();
        for _ in 0..1 + rng.below(4) {
            let (wire, value) = wires[rng.below(wires.len() as u64) as usize];
            builder.output(wire);
            expected.push(F::from(value));
        }
        // A true and, sometimes, a false assertion.
        let (wire, value) = wires[rng.below(wires.len() as u64) as usize];
        let constant = builder.constant(value);
        builder.assert_equal(wire, constant);
        let wrong = rng.below(2) == 0;
        if wrong {
            let off = builder.constant(value + F::Base::ONE);
            builder.assert_equal(off, wire);
        }
        let built = builder.build().unwrap();
        let (outputs, violations) = run::<F>(&built, &private, &public, &[]);
        assert_eq!(outputs, expected, "seed {seed}");
        assert_eq!(violations.len(), usize::from(wrong), "seed {seed}");
    }
}

#[test]
fn random_dags_evaluate_to_their_arithmetic() {
    random_dags::<Bn254>();
    random_dags::<M31Ext3>();
    random_dags::<Gf2e128>();
}

#[test]
fn a_sum_of_products_is_one_layer() {
    let mut builder = CircuitBuilder::<M31>::new(FieldId::M31);
    let wires = builder.inputs(2000);
    let mut sum = builder.constant(M31::from_u64(5));
    for pair in wires.chunks_exact(2) {
        let product = builder.mul(pair[0], pair[1]);
        sum = builder.add(sum, product);
    }
    builder.output(sum);
    let built = builder.build().unwrap();
    assert_eq!(built.report.layers, 1);
    assert_eq!((built.report.gates.mul, built.report.gates.add), (1000, 0));
    assert_eq!((built.report.gates.constant, built.report.relays), (1, 0));
    assert_eq!(
        (built.report.absorbed_nodes, built.report.dropped_nodes),
        (1999, 1)
    );
}

#[test]
fn chi_takes_one_layer_over_gf2() {
    let mut builder = CircuitBuilder::<prover_fields::Gf2>::new(FieldId::Gf2);
    let x = builder.inputs(5);
    for i in 0..5 {
        let negated = builder.not(x[(i + 1) % 5]);
        let product = builder.and(negated, x[(i + 2) % 5]);
        let bit = builder.xor(x[i], product);
        builder.output(bit);
    }
    let built = builder.build().unwrap();
    let counts = built.report.gates;
    assert_eq!(
        (built.report.layers, counts.mul, counts.add, counts.constant),
        (1, 5, 10, 0)
    );
}

#[test]
fn every_random_coefficient_is_drawn_once() {
    let mut builder = CircuitBuilder::<M31>::new(FieldId::M31);
    let wires = builder.inputs(3);
    let combined = builder.random_linear_combination(&wires);
    let tau = builder.random_constant();
    let (square, shifted) = (builder.square(combined), builder.add(combined, tau));
    let product = builder.mul(tau, wires[0]);
    for wire in [square, shifted, combined, combined, product] {
        builder.output(wire);
    }
    let built = builder.build().unwrap();
    assert_eq!(built.circuit.num_random(), 4);
    let mut rng = Rng::new(3);
    let random: Vec<M31Ext3> = rng.elements(4);
    let private: Vec<M31> = rng.elements(3);
    let (out, _) = run::<M31Ext3>(&built, &private, &[], &random);
    let combined = (0..3).fold(M31Ext3::ZERO, |s, i| s + random[i] * private[i]);
    let expected = [
        combined * combined,
        combined + random[3],
        combined,
        combined,
        random[3] * private[0],
    ];
    assert_eq!(out, expected);
}

#[test]
fn dead_nodes_are_dropped_and_relays_are_shared() {
    let mut builder = CircuitBuilder::<M31>::new(FieldId::M31);
    let x = builder.inputs(2);
    let mut y = builder.mul(x[0], x[0]);
    let dead = builder.mul(x[0], x[1]);
    builder.mul(dead, y);
    for _ in 0..3 {
        y = builder.square(y);
    }
    let (a, b) = (builder.mul(y, x[1]), builder.mul(y, y));
    let c = builder.mul(b, x[1]);
    builder.output(a);
    builder.output(c);
    let built = builder.build().unwrap();
    assert_eq!(built.report.dropped_nodes, 2);
    // x[1] is carried over five layers, a over one.
    assert_eq!((built.report.layers, built.report.relays), (6, 6));
    let (out, _) = run::<M31Ext3>(&built, &[M31::from_u64(1), M31::from_u64(9)], &[], &[]);
    assert_eq!(out, [M31Ext3::from_u64(9); 2]);
}

#[test]
fn assertions_hold_on_inputs_publics_and_bits() {
    let mut builder = CircuitBuilder::<M31>::new(FieldId::M31);
    let (x, y, p) = (builder.input(), builder.input(), builder.public());
    builder.assert_zero(x);
    builder.assert_equal(y, p);
    builder.assert_bit(y);
    let (yy, p2) = (builder.square(y), builder.scale(M31::from_u64(2), p));
    let deep = builder.mul(yy, p2);
    builder.output(deep);
    let built = builder.build().unwrap();
    let run = |x, y, p| {
        let [x, y, p] = [x, y, p].map(M31::from_u64);
        run::<M31Ext3>(&built, &[x, y], &[p], &[]).1.len()
    };
    assert_eq!(
        (run(0, 1, 1), run(1, 1, 1), run(0, 2, 2), run(0, 1, 0)),
        (0, 1, 1, 1)
    );
}

#[test]
fn assertions_alone_make_a_circuit_and_nothing_makes_none() {
    let mut builder = CircuitBuilder::<M31>::new(FieldId::M31);
    let (a, b) = (builder.input(), builder.input());
    builder.assert_equal(a, b);
    let built = builder.build().unwrap();
    let circuit = &built.circuit;
    assert_eq!((circuit.num_outputs(), circuit.num_zero_outputs()), (1, 1));
    let empty = CircuitBuilder::<M31>::new(FieldId::M31);
    assert_eq!(empty.build().unwrap_err(), BuildError::NoOutputs);
}
