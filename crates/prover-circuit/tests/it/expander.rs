//! Hand-made CIRCUIT6 files: flattening, uni gates, coefficients.

use prover_circuit::{Circuit, DecodeErrorKind, Limits, evaluate, expander, format};
use prover_core::{AddGate, CoefRef, ConstGate, Field, FieldId, MulGate};
use prover_fields::{M31, M31Ext3};

use crate::support::{Circuit6, Coef, Rng, Segment};

const ONE: Coef = Coef::Constant(1);

fn decode(file: &Circuit6) -> Circuit<M31> {
    let bytes = file.bytes::<M31>();
    expander::decode(&bytes, &Limits::default()).unwrap()
}

#[test]
fn children_are_placed_at_every_offset_along_the_path() {
    // leaf: out[0] += 3·in[0]·in[1]; middle: leaf at (0, 0), (2, 1), and a gate of its own;
    // root: middle at (0, 2) and (4, 0), leaf at (6, 7).
    let mut leaf = Segment::new(2, 1);
    leaf.muls.push((0, 1, 0, Coef::Constant(3)));
    let mut middle = Segment::new(4, 2);
    middle.children.push((2, vec![(0, 0), (2, 1)]));
    middle.adds.push((3, 0, Coef::Constant(5)));
    let mut root = Segment::new(8, 8);
    root.children = vec![(1, vec![(0, 2), (4, 0)]), (2, vec![(6, 7)])];
    root.consts.push((7, Coef::Constant(9)));
    let mut file = Circuit6::new(FieldId::M31, vec![root, middle, leaf], vec![0]);
    file.outputs = 8;
    let circuit = decode(&file);
    let layer = &circuit.layers()[0];
    let c = CoefRef::constant;
    let mul = |z, x| MulGate {
        z,
        x,
        y: x + 1,
        coef: c(0),
    };
    assert_eq!(layer.constants, [3, 5, 9].map(M31::from_u64));
    assert_eq!(
        layer.muls,
        [mul(0, 4), mul(1, 6), mul(2, 0), mul(3, 2), mul(7, 6)]
    );
    let add = |z, x| AddGate { z, x, coef: c(1) };
    assert_eq!(layer.adds, [add(0, 7), add(2, 3)]);
    assert_eq!(layer.consts, [ConstGate { z: 7, coef: c(2) }]);
}

#[test]
fn coefficients_zero_gates_and_gates_beyond_the_outputs() {
    let mut s = Segment::new(2, 4);
    s.muls = vec![
        (0, 1, 0, Coef::Random),
        (1, 1, 1, Coef::Constant(0)),
        (0, 0, 2, ONE),
    ];
    s.adds = vec![(1, 1, Coef::Random), (0, 3, Coef::Random)];
    s.consts = vec![
        (0, Coef::Public(1)),
        (1, Coef::Random),
        (1, Coef::Constant(4)),
    ];
    s.unis = vec![
        (12346, 1, 0, Coef::Constant(6)),
        (12345, 1, 1, Coef::Constant(0)),
    ];
    let mut file = Circuit6::new(FieldId::M31, vec![s], vec![0]);
    (file.public, file.outputs, file.zeros) = (2, 2, 1);
    let circuit = decode(&file);
    let layer = &circuit.layers()[0];
    assert_eq!(circuit.layers().len(), 1);
    assert_eq!(layer.constants, [4, 6].map(M31::from_u64));
    assert_eq!((circuit.num_random(), circuit.num_public()), (3, 2));
    assert_eq!(
        layer.muls,
        [MulGate {
            z: 0,
            x: 0,
            y: 1,
            coef: CoefRef::RANDOM
        }]
    );
    let relay = AddGate {
        z: 0,
        x: 1,
        coef: CoefRef::constant(1),
    };
    assert_eq!(
        layer.adds,
        [
            relay,
            AddGate {
                z: 1,
                x: 1,
                coef: CoefRef::RANDOM
            }
        ]
    );
    assert_eq!(layer.consts.len(), 3);
    assert_eq!(
        layer.consts[0],
        ConstGate {
            z: 0,
            coef: CoefRef::public(1)
        }
    );
    let bytes = format::encode(&circuit);
    assert_eq!(
        format::decode::<M31>(&bytes, &Limits::default()).unwrap(),
        circuit
    );
}

#[test]
fn a_layer_with_fifth_powers_becomes_three() {
    let mut s = Segment::new(4, 2);
    s.unis = vec![
        (12345, 1, 0, Coef::Constant(7)),
        (12345, 2, 1, Coef::Random),
    ];
    s.muls = vec![(0, 2, 1, Coef::Random)];
    s.adds = vec![(2, 0, Coef::Constant(2))];
    s.consts = vec![(1, Coef::Public(0))];
    let mut file = Circuit6::new(FieldId::M31, vec![s], vec![0]);
    (file.public, file.outputs) = (1, 2);
    let circuit = decode(&file);
    let shape: Vec<(u32, usize, usize)> = circuit
        .layers()
        .iter()
        .map(|l| (l.output_vars, l.muls.len(), l.adds.len()))
        .collect();
    assert_eq!(shape, [(3, 2, 3), (3, 2, 3), (1, 3, 1)]);
    let c = CoefRef::constant(0);
    let squares = |z, x| MulGate {
        z,
        x,
        y: x,
        coef: c,
    };
    assert_eq!(circuit.layers()[0].muls, [squares(5, 1), squares(6, 2)]);
    assert_eq!(circuit.layers()[1].muls, [squares(5, 5), squares(6, 6)]);
    let relays: Vec<u32> = circuit.layers()[1].adds.iter().map(|g| g.x).collect();
    assert_eq!(relays, [0, 1, 2]);
    // Random coefficients: mul (1, 0, 2) has number 0, the power (1, 6, 2) number 1.
    let mut rng = Rng::new(5);
    let (x, p): (Vec<M31>, Vec<M31>) = (rng.elements(4), rng.elements(1));
    let rho: Vec<M31Ext3> = rng.elements(2);
    let out = evaluate(&circuit, &x, &p, &rho);
    let fifth = |v: M31| v * v * v * v * v;
    let first = M31::from_u64(7) * fifth(x[1]) + M31::from_u64(2) * x[2];
    let second = rho[1] * fifth(x[2]) + rho[0] * (x[0] * x[2]) + M31Ext3::from(p[0]);
    assert_eq!(out.outputs(2), [M31Ext3::from(first), second]);
}

fn refused(file: &Circuit6, limits: &Limits) -> (u64, DecodeErrorKind) {
    let error = expander::decode::<M31>(&file.bytes::<M31>(), limits).unwrap_err();
    (error.offset, error.kind)
}

fn two(children: Vec<(u64, Vec<(u64, u64)>)>) -> Segment {
    Segment {
        children,
        ..Segment::new(2, 2)
    }
}

#[test]
fn cycles_are_refused() {
    let defaults = Limits::default();
    let own = Circuit6::new(FieldId::M31, vec![two(vec![(0, vec![(0, 0)])])], vec![0]);
    assert!(matches!(
        refused(&own, &defaults).1,
        DecodeErrorKind::Cycle { segment: 0 }
    ));
    // Even in a segment that no layer uses, and even if nothing is placed.
    let leaf = Segment {
        adds: vec![(0, 0, ONE)],
        ..Segment::new(2, 2)
    };
    let ring = vec![
        leaf,
        two(vec![(0, vec![]), (2, vec![])]),
        two(vec![(1, vec![(0, 0)])]),
    ];
    let ring = Circuit6::new(FieldId::M31, ring, vec![0]);
    assert!(matches!(
        refused(&ring, &defaults).1,
        DecodeErrorKind::Cycle { .. }
    ));
}

#[test]
fn exponential_nesting_is_counted_not_expanded() {
    let nest = |leaf: Segment| {
        let mut segments = vec![leaf];
        for id in 0..100 {
            segments.push(two(vec![(id, vec![(0, 0), (0, 0)])]));
        }
        Circuit6::new(FieldId::M31, segments, vec![100])
    };
    let gate = Segment {
        adds: vec![(0, 0, ONE)],
        ..Segment::new(2, 2)
    };
    let (_, kind) = refused(&nest(gate), &Limits::default());
    let expected = DecodeErrorKind::Limit {
        what: "gates",
        found: u64::MAX,
        limit: Limits::default().max_gates,
    };
    assert_eq!(kind, expected);
    // Without gates there is nothing to visit.
    assert_eq!(decode(&nest(Segment::new(2, 2))).gate_counts().total(), 0);
}

#[test]
fn a_long_chain_around_many_gates_is_refused() {
    let mut segments = vec![Segment {
        adds: vec![(0, 0, ONE)],
        ..Segment::new(2, 2)
    }];
    for id in 0..1000 {
        segments.push(two(vec![(id, vec![(0, 0)])]));
    }
    segments.push(two(vec![(1000, vec![(0, 0); 1000])]));
    let file = Circuit6::new(FieldId::M31, segments, vec![1001]);
    let limits = Limits {
        max_gates: 100_000,
        ..Limits::default()
    };
    let (_, kind) = refused(&file, &limits);
    assert!(
        matches!(
            kind,
            DecodeErrorKind::Limit {
                what: "placed segments",
                ..
            }
        ),
        "{kind}"
    );
    assert_eq!(decode(&file).gate_counts().add, 1000);
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let gate = Segment {
        adds: vec![(0, 0, ONE)],
        ..Segment::new(2, 2)
    };
    let good = Circuit6::new(FieldId::M31, vec![gate, Segment::new(4, 2)], vec![0]);
    decode(&good);
    type Change = fn(&mut Circuit6);
    let cases: [(&str, Change); 15] = [
        ("no layer", |f| f.layers.clear()),
        ("layers that do not fit", |f| f.layers = vec![0, 1]),
        ("segment of a layer", |f| f.layers = vec![2]),
        ("length zero", |f| f.segments[1].input_len = 0),
        ("length three", |f| f.segments[1].input_len = 3),
        ("length 2^60", |f| f.segments[1].input_len = 1 << 60),
        ("no output", |f| f.outputs = 0),
        ("too many outputs", |f| f.outputs = 3),
        ("too many zeros", |f| f.zeros = 2),
        ("public inputs", |f| f.public = 1 << 60),
        ("input wire", |f| f.segments[0].adds[0].0 = 2),
        ("output wire", |f| f.segments[0].adds[0].1 = 1 << 40),
        ("child beyond the input", |f| {
            f.segments[0].children = vec![(1, vec![(0, 0)])]
        }),
        ("offset beyond", |f| {
            f.segments[1].children = vec![(0, vec![(3, 0)])]
        }),
        ("public on add", |f| {
            f.segments[0].adds[0].2 = Coef::Public(0)
        }),
    ];
    for (name, change) in cases {
        let mut file = good.clone();
        change(&mut file);
        let error = expander::decode::<M31>(&file.bytes::<M31>(), &Limits::default());
        assert!(error.is_err(), "{name}");
    }
    let mut public = good.clone();
    public.segments[0].consts = vec![(0, Coef::Public(0))];
    assert!(matches!(
        refused(&public, &Limits::default()).1,
        DecodeErrorKind::NotBelow { .. }
    ));
    let mut uni = good;
    uni.segments[0].unis = vec![(12344, 0, 0, ONE)];
    assert!(matches!(
        refused(&uni, &Limits::default()).1,
        DecodeErrorKind::Tag { .. }
    ));
}

#[test]
fn children_without_gates_cost_nothing_however_many_layers_use_them() {
    let many = two((0..20_000).map(|_| (0, vec![(0, 0)])).collect());
    let none = two((0..20_000).map(|_| (2, vec![])).collect());
    let gate = Segment {
        adds: vec![(0, 0, ONE)],
        ..Segment::new(2, 2)
    };
    let segments = vec![Segment::new(2, 2), many, gate, none];
    let layers = (0..100_000).map(|i| 1 + 2 * (i % 2)).collect();
    let circuit = decode(&Circuit6::new(FieldId::M31, segments, layers));
    assert_eq!(
        (circuit.layers().len(), circuit.gate_counts().total()),
        (100_000, 0)
    );
}

/// Evaluates a segment as the file describes it, children first.
fn by_definition(file: &Circuit6, id: usize, input: &[M31], output: &mut [M31]) {
    let segment = &file.segments[id];
    let value = |c: Coef| match c {
        Coef::Constant(c) => M31::from_u64(c),
        _ => unreachable!("the random files have constants only"),
    };
    for (child, places) in &segment.children {
        let inner = &file.segments[*child as usize];
        for &(i, o) in places {
            let from = &input[i as usize..(i + inner.input_len) as usize];
            let to = &mut output[o as usize..(o + inner.output_len) as usize];
            by_definition(file, *child as usize, from, to);
        }
    }
    for &(x, y, z, c) in &segment.muls {
        output[z as usize] += value(c) * input[x as usize] * input[y as usize];
    }
    for &(x, z, c) in &segment.adds {
        output[z as usize] += value(c) * input[x as usize];
    }
    for &(z, c) in &segment.consts {
        output[z as usize] += value(c);
    }
    for &(kind, x, z, c) in &segment.unis {
        let power = if kind == 12345 { 5 } else { 1 };
        let factor = (0..power).fold(M31::ONE, |p, _| p * input[x as usize]);
        output[z as usize] += value(c) * factor;
    }
}

/// Segments 0.. nest into later ones; the last four are the layers, of 8 wires each.
fn random_file(rng: &mut Rng) -> Circuit6 {
    let mut segments: Vec<Segment> = Vec::new();
    for id in 0..10u64 {
        let size = |rng: &mut Rng| if id >= 6 { 8 } else { 1 << rng.below(4) };
        let mut s = Segment::new(size(rng), size(rng));
        for _ in 0..rng.below(3).min(id) {
            let child = rng.below(id);
            let inner = &segments[child as usize];
            if inner.input_len > s.input_len || inner.output_len > s.output_len {
                continue;
            }
            let places = (0..rng.below(3))
                .map(|_| {
                    let input = rng.below(s.input_len - inner.input_len + 1);
                    (input, rng.below(s.output_len - inner.output_len + 1))
                })
                .collect();
            s.children.push((child, places));
        }
        let c = |rng: &mut Rng| Coef::Constant(rng.below(4));
        for _ in 0..rng.below(4) {
            let [x, y] = [0; 2].map(|_| rng.below(s.input_len));
            let z = rng.below(s.output_len);
            s.muls.push((x, y, z, c(rng)));
            s.adds.push((x, z, c(rng)));
            s.consts.push((z, c(rng)));
            if rng.below(3) == 0 {
                s.unis.push((12345 + rng.below(2), y, z, c(rng)));
            }
        }
        segments.push(s);
    }
    let mut file = Circuit6::new(FieldId::M31, segments, vec![6, 7, 8, 9]);
    file.outputs = 1 + rng.below(8);
    file
}

#[test]
fn random_nested_files_compute_what_they_describe() {
    let mut fifth_powers = 0;
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let file = random_file(&mut rng);
        let circuit = decode(&file);
        fifth_powers += usize::from(circuit.layers().len() > 4);
        let input: Vec<M31> = rng.elements(8);
        let mut table = input.clone();
        for &id in &file.layers {
            let mut output = vec![M31::ZERO; 8];
            by_definition(&file, id as usize, &table, &mut output);
            table = output;
        }
        let result = evaluate::<M31Ext3>(&circuit, &input, &[], &[]);
        let expected: Vec<M31Ext3> = table[..file.outputs as usize]
            .iter()
            .map(|&v| v.into())
            .collect();
        assert_eq!(
            result.outputs(circuit.num_outputs()),
            expected,
            "seed {seed}"
        );
    }
    assert!(fifth_powers > 50, "{fifth_powers} files with fifth powers");
}
