//! Every operation against the oracle, at every SIMD level and several thread counts.

use std::sync::Arc;

use backend_cpu::{CpuBackend, CpuField, CpuOptions, SimdLevel};
use backend_reference::ReferenceBackend;
use prover_core::{
    CoefRef, ComputeBackend, DeviceLayer, DeviceMle, Field, LayerBackend, LayerCoefs, LayerGates,
    LayerWiring, MulGate, Pending, RandomCoefs, RoundJob, Summand, Term,
};
use prover_fields::{FieldId, M31, M31Ext3, with_field};

use crate::random::Random;

/// Backends at all levels of this CPU, with one to three threads.
fn backends() -> Vec<CpuBackend> {
    let levels = [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512];
    let here = levels.into_iter().filter(|&l| l <= SimdLevel::detect());
    here.zip([3, 2, 1])
        .map(|(level, threads)| {
            CpuBackend::new(CpuOptions {
                threads: Some(threads),
                simd: Some(level),
                ..CpuOptions::default()
            })
            .expect("memory suffices")
        })
        .collect()
}

/// The summands to try, by number of tables and degree.
fn summands<F: CpuField>(random: &mut Random) -> Vec<Summand<F>> {
    let mut term = |factors: &[usize]| Term {
        coeff: random.element(),
        factors: factors.to_vec(),
    };
    vec![
        Summand::product(),
        Summand::new(2, vec![term(&[1, 0])]),
        Summand::new(1, vec![term(&[0])]),
        Summand::new(3, vec![term(&[0, 1]), term(&[2]), term(&[1, 1])]),
        Summand::new(3, vec![term(&[0, 1, 2]), term(&[2, 1])]),
        Summand::new(2, vec![term(&[0, 0, 1, 1, 0, 1]), term(&[1])]),
    ]
}

/// `coeff (T_i T_j - T_k)`.
fn zerocheck<F: CpuField>(coeff: F, [i, j, k]: [usize; 3], table_first: bool) -> Summand<F> {
    let term = |coeff, factors| Term { coeff, factors };
    let mut terms = vec![term(coeff, vec![i, j]), term(-coeff, vec![k])];
    if table_first {
        terms.reverse();
    }
    Summand::new(3, terms)
}

/// A run of rounds through `backend`: every message, then the final values.
fn run<F: CpuField, B: ComputeBackend<F>>(
    backend: &B,
    summand: &Summand<F>,
    tables: &[Vec<F::Base>],
    lifted: &[bool],
    point: &[F],
    window: usize,
    fold_apart: bool,
) -> Vec<Vec<F>> {
    let queue = &mut backend.open_queue().expect("memory suffices");
    let mut mles: Vec<B::Mle> = (tables.iter().zip(lifted))
        .map(|(table, &lifted)| match lifted {
            true => {
                let scale: F = Random(7).element();
                let values: Vec<F> = table.iter().map(|&v| scale * v + F::from(v)).collect();
                backend.upload(queue, &values).expect("memory suffices")
            }
            false => backend.upload_base(queue, table).expect("memory suffices"),
        })
        .collect();
    // Shared handles force the fold out of place, and must not change.
    let shared = mles.clone();
    let eq =
        (!point.is_empty()).then(|| backend.prepare_eq(queue, point).expect("memory suffices"));
    let mut random = Random(99);
    let mut open = mles[0].num_vars();
    let mut fold: Vec<F> = Vec::new();
    let mut out = Vec::new();
    while open > 0 {
        let until = if open > point.len() {
            open - point.len()
        } else {
            open
        };
        let w = if summand.degree() <= 2 {
            window.min(until)
        } else {
            1
        };
        let mut job = RoundJob {
            summand,
            mles: &mut mles,
            eq: eq.as_ref(),
            fold: &fold,
            window: w,
        };
        let sums = if fold_apart {
            backend
                .fold(queue, job.mles, job.fold)
                .expect("memory suffices");
            backend
                .round_sums(queue, summand, job.mles, job.eq, w)
                .expect("memory suffices")
        } else {
            backend
                .fold_and_sums(queue, &mut job)
                .expect("memory suffices")
        };
        out.push(sums.wait().expect("memory suffices"));
        fold = random.elements(w);
        open -= w;
    }
    backend
        .fold(queue, &mut mles, &fold)
        .expect("memory suffices");
    out.push(
        backend
            .download(queue, &mles)
            .expect("memory suffices")
            .wait()
            .expect("memory suffices"),
    );
    for mle in &shared {
        out.push(
            backend
                .download(queue, core::slice::from_ref(mle))
                .expect("memory suffices")
                .wait()
                .expect("memory suffices"),
        );
    }
    out
}

fn rounds_agree<F: CpuField>() {
    let mut random = Random(1);
    let backends = backends();
    let oracle = ReferenceBackend::new();
    for n in [0, 1, 2, 3, 4, 5, 6, 7, 9, 12] {
        for (index, summand) in summands::<F>(&mut random).iter().enumerate() {
            let tables: Vec<Vec<F::Base>> = (0..summand.num_tables())
                .map(|_| random.elements(1 << n))
                .collect();
            let lifted: Vec<bool> = tables.iter().map(|_| random.below(2) == 0).collect();
            let eq_vars = [0, 1, 4, 6, n][random.below(5)].min(n);
            let point = random.elements(eq_vars);
            for window in 1..=3 {
                let apart = random.below(2) == 0;
                let want = run(&oracle, summand, &tables, &lifted, &point, window, apart);
                for backend in &backends {
                    let got = run(backend, summand, &tables, &lifted, &point, window, apart);
                    assert_eq!(
                        got, want,
                        "n {n} summand {index} eq {eq_vars} window {window}"
                    );
                }
            }
        }
    }
}

/// Zero checks, and eq points so long that their weights are products of two tables.
fn zerochecks_agree<F: CpuField>() {
    let mut random = Random(3);
    let backends = backends();
    let oracle = ReferenceBackend::new();
    let summands = [
        zerocheck(F::ONE, [0, 1, 2], false),
        zerocheck(random.element(), [2, 0, 1], true),
        zerocheck(-F::ONE, [1, 2, 0], false),
        // Nearly one.
        Summand::new(
            3,
            vec![
                Term {
                    coeff: F::ONE,
                    factors: vec![0, 1],
                },
                Term {
                    coeff: random.element(),
                    factors: vec![2],
                },
            ],
        ),
        Summand::product(),
    ];
    for (n, eq_vars) in [
        (1, 1),
        (3, 3),
        (5, 0),
        (6, 2),
        (7, 7),
        (10, 9),
        (14, 14),
        (15, 13),
        (15, 0),
    ] {
        for (index, summand) in summands.iter().enumerate() {
            let tables: Vec<Vec<F::Base>> = (0..summand.num_tables())
                .map(|_| random.elements(1 << n))
                .collect();
            let lifted = match (n + index) % 3 {
                0 => vec![false; tables.len()],
                1 => vec![true; tables.len()],
                _ => tables.iter().map(|_| random.below(2) == 0).collect(),
            };
            let point = random.elements(eq_vars);
            let apart = random.below(2) == 0;
            let want = run(&oracle, summand, &tables, &lifted, &point, 1, apart);
            for backend in &backends {
                let got = run(backend, summand, &tables, &lifted, &point, 1, apart);
                assert!(
                    got == want,
                    "{:?} n {n} eq {eq_vars} summand {index} lifted {lifted:?} apart {apart}",
                    backend.simd_level()
                );
            }
        }
    }
}

#[test]
fn zerochecks_and_long_eq_points_are_those_of_the_reference() {
    for id in FieldId::ALL {
        with_field!(id, |F| zerochecks_agree::<F>());
    }
}

#[test]
fn rounds_are_those_of_the_reference() {
    for id in FieldId::ALL {
        with_field!(id, |F| rounds_agree::<F>());
    }
}

#[test]
fn folds_by_the_scalars_farthest_from_zero_are_those_of_the_reference() {
    let half = M31::MODULUS / 2;
    let extremes = [0, 1, half, half + 1, M31::MODULUS - 1].map(|v| M31::reduce(v.into()));
    let mut random = Random(5);
    let mut pick = || extremes[random.below(extremes.len())];
    for _ in 0..40 {
        let mut element = || M31Ext3::new([pick(), pick(), pick()]);
        let values: Vec<M31Ext3> = (0..64).map(|_| element()).collect();
        let challenge = [element()];
        let want = folded(&ReferenceBackend::new(), &values, &challenge);
        for backend in backends() {
            assert_eq!(folded(&backend, &values, &challenge), want, "{challenge:?}");
        }
    }
}

/// A table folded once.
fn folded<B: ComputeBackend<M31Ext3>>(
    backend: &B,
    values: &[M31Ext3],
    challenge: &[M31Ext3],
) -> Vec<M31Ext3> {
    let queue = &mut backend.open_queue().expect("memory suffices");
    let mut table = [backend.upload(queue, values).expect("memory suffices")];
    backend
        .fold(queue, &mut table, challenge)
        .expect("memory suffices");
    let values = backend.download(queue, &table).expect("memory suffices");
    values.wait().expect("memory suffices")
}

/// What a layer's operations return, downloaded.
fn layer<F: CpuField, B: LayerBackend<F>>(
    backend: &B,
    seed: u64,
    shape: (u32, u32),
    gates: usize,
    instance_vars: usize,
    (ones, challenge_coefs, lifted): (bool, bool, bool),
) -> Vec<Vec<F>> {
    let mut random = Random(seed);
    let queue = &mut backend.open_queue().expect("memory suffices");
    let host = random.layer::<F>(shape, gates, ones);
    let count = host.num_random;
    let coefs = match challenge_coefs {
        true => RandomCoefs::Challenge(random.elements(count)),
        false => RandomCoefs::Base(random.elements(count)),
    };
    let coefs = LayerCoefs::new(&host, &coefs);
    let wiring = backend
        .upload_wiring(queue, &host)
        .expect("memory suffices");
    let coefs = backend.upload_coefs(queue, coefs).expect("memory suffices");
    let (n, k) = (shape.0 as usize, shape.1 as usize);
    let below: Vec<F::Base> = random.elements(1 << (n + instance_vars));
    let below = match lifted {
        true => {
            let values: Vec<F> = below
                .iter()
                .map(|&v| F::from(v) * random.element::<F>())
                .collect();
            backend.upload(queue, &values).expect("memory suffices")
        }
        false => backend.upload_base(queue, &below).expect("memory suffices"),
    };
    let publics = random.elements(4 << instance_vars);
    let publics = backend
        .upload_base(queue, &publics)
        .expect("memory suffices");
    let at_layer = || DeviceLayer::<F, B> {
        wiring: &wiring,
        coefs: &coefs,
    };
    let above = backend
        .evaluate_layer(queue, at_layer(), &below, Some(&publics))
        .expect("memory suffices");
    let points: Vec<Vec<F>> = (0..3).map(|_| random.elements(k)).collect();
    let claims = [
        (random.element(), &points[0][..]),
        (random.element(), &points[1][..]),
    ];
    let asserts = (random.element(), &points[2][..]);
    let one = backend
        .layer_weights(queue, &wiring, &claims[..1], None)
        .expect("memory suffices");
    let weights = backend
        .layer_weights(queue, &wiring, &claims, Some(asserts))
        .expect("memory suffices");
    let publics_at: Vec<F> = random.elements(4);
    let first = backend
        .phase_one(queue, at_layer(), &weights, &below, &publics_at)
        .expect("memory suffices");
    let eq_x = backend
        .eq_mle(queue, &[(F::ONE, &random.elements::<F>(n))])
        .expect("memory suffices");
    let second = backend
        .phase_two(queue, at_layer(), &weights, &eq_x)
        .expect("memory suffices");
    let inner: Vec<F> = random.elements(instance_vars);
    let bound = backend
        .bind_innermost(queue, &below, &inner)
        .expect("memory suffices");
    let mut out = vec![
        first.constant_term.wait().expect("memory suffices"),
        second.add_term.wait().expect("memory suffices"),
    ];
    let is_base = F::from_u64(u64::from(above.is_base()));
    out.push(vec![is_base]);
    for mle in [&above, &one, &weights, &first.table, &bound]
        .into_iter()
        .chain(&second.table)
    {
        out.push(
            backend
                .download(queue, core::slice::from_ref(mle))
                .expect("memory suffices")
                .wait()
                .expect("memory suffices"),
        );
    }
    out
}

fn layers_agree<F: CpuField>() {
    let backends = backends();
    let oracle = ReferenceBackend::new();
    let shapes = [
        ((0, 0), 3),
        ((1, 3), 9),
        ((5, 4), 60),
        ((4, 7), 200),
        ((7, 6), 3000),
        // Rows of many gates, and enough rows for several threads.
        ((2, 3), 4000),
        ((9, 8), 2500),
    ];
    for (index, (shape, gates)) in shapes.into_iter().enumerate() {
        for instance_vars in [0, 1, 3, 4, 5] {
            for flags in [
                (false, false, false),
                (false, true, false),
                (false, false, true),
                (true, false, false),
            ] {
                let seed = (index * 100 + instance_vars) as u64;
                let want: Vec<Vec<F>> = layer(&oracle, seed, shape, gates, instance_vars, flags);
                for backend in &backends {
                    let got: Vec<Vec<F>> = layer(backend, seed, shape, gates, instance_vars, flags);
                    assert!(
                        got == want,
                        "shape {shape:?} instances {instance_vars} {flags:?}"
                    );
                }
            }
        }
    }
}

/// The first rounds over phase one's table.
fn first_rounds<F: CpuField, B: LayerBackend<F>>(
    backend: &B,
    wiring: &Arc<LayerWiring<F::Base>>,
    instance_vars: usize,
) -> Vec<Vec<F>> {
    let mut random = Random(3);
    let queue = &mut backend.open_queue().expect("memory suffices");
    let coefs = LayerCoefs::new(wiring, &RandomCoefs::Base(Vec::new()));
    let device = backend
        .upload_wiring(queue, wiring)
        .expect("memory suffices");
    let coefs = backend.upload_coefs(queue, coefs).expect("memory suffices");
    let (n, k) = (wiring.input_vars as usize, wiring.output_vars as usize);
    let below = random.elements::<F::Base>(1 << (n + instance_vars));
    let below = backend.upload_base(queue, &below).expect("memory suffices");
    let claims = [(random.element(), &random.elements(k)[..])];
    let weights = backend
        .layer_weights(queue, &device, &claims, None)
        .expect("memory suffices");
    let layer = DeviceLayer::<F, B> {
        wiring: &device,
        coefs: &coefs,
    };
    let one = backend
        .phase_one(queue, layer, &weights, &below, &[])
        .expect("memory suffices");
    let eq = backend
        .prepare_eq(queue, &random.elements(instance_vars))
        .expect("memory suffices");
    let (product, mut mles) = (Summand::product(), [below, one.table]);
    let mut fold = Vec::new();
    let mut out = Vec::new();
    for _ in 0..4 {
        let mut job = RoundJob {
            summand: &product,
            mles: &mut mles,
            eq: Some(&eq),
            fold: &fold,
            window: 1,
        };
        let sums = backend
            .fold_and_sums(queue, &mut job)
            .expect("memory suffices");
        out.push(sums.wait().expect("memory suffices"));
        fold = random.elements(1);
    }
    out
}

/// Threads share the first rounds by their gates: here all are in the last row, in the first, or there are
/// more threads than rows of a part, so that one is cut.
fn uneven_first_rounds_agree<F: CpuField>() {
    let mut backends = backends();
    let many = CpuOptions {
        threads: Some(16),
        ..CpuOptions::default()
    };
    backends.push(CpuBackend::new(many).expect("memory suffices"));
    let oracle = ReferenceBackend::new();
    for (input_vars, instance_vars, x) in [(9, 4, 511), (9, 4, 0), (9, 5, 300), (5, 9, 31)] {
        let rows = 1u32 << input_vars;
        let muls = (0..rows).map(|gate| MulGate {
            z: gate / 8,
            x,
            y: gate * 5 % rows,
            coef: CoefRef::constant(0),
        });
        let wiring = Arc::new(LayerWiring::new(&LayerGates {
            input_vars,
            output_vars: input_vars - 3,
            constants: vec![F::Base::ONE],
            muls: muls.collect(),
            ..LayerGates::default()
        }));
        let want = first_rounds::<F, _>(&oracle, &wiring, instance_vars);
        for backend in &backends {
            let got = first_rounds::<F, _>(backend, &wiring, instance_vars);
            assert!(got == want, "2^{input_vars} rows, gates at {x}");
        }
    }
}

#[test]
fn first_rounds_of_uneven_rows_are_those_of_the_reference() {
    for id in FieldId::ALL {
        with_field!(id, |F| uneven_first_rounds_agree::<F>());
    }
}

#[test]
fn layers_are_those_of_the_reference() {
    for id in FieldId::ALL {
        with_field!(id, |F| layers_agree::<F>());
    }
}

#[test]
#[should_panic(expected = "coefficients do not fit the layer")]
fn phase_two_refuses_too_few_coefficients() {
    type F = M31Ext3;
    let backend = CpuBackend::new(CpuOptions::default()).expect("memory suffices");
    let queue = &mut ComputeBackend::<F>::open_queue(&backend).expect("memory suffices");
    let host = Random(3).layer::<F>((5, 4), 60, false);
    let wiring = LayerBackend::<F>::upload_wiring(&backend, queue, &host);
    let none = LayerCoefs::<F>::Challenge(Vec::new());
    let coefs = backend.upload_coefs(queue, none).expect("memory suffices");
    let layer = DeviceLayer::<F, CpuBackend> {
        wiring: &wiring.expect("memory suffices"),
        coefs: &coefs,
    };
    let [weights, eq_x] = [4, 5].map(|num_vars| {
        let point: Vec<F> = Random(4).elements(num_vars);
        let eq = backend.eq_mle(queue, &[(F::ONE, &point[..])]);
        eq.expect("memory suffices")
    });
    let _ = backend.phase_two(queue, layer, &weights, &eq_x);
}

#[test]
fn memory_is_limited_counted_and_given_back() {
    let backend = CpuBackend::new(CpuOptions {
        threads: Some(1),
        max_memory_bytes: Some(40 << 10),
        ..CpuOptions::default()
    })
    .expect("memory suffices");
    type F = prover_fields::Bn254;
    let values: Vec<F> = Random(3).elements(1 << 10);
    let mut queue = ComputeBackend::<F>::open_queue(&backend).expect("memory suffices");
    let table = backend
        .upload(&mut queue, &values)
        .expect("memory suffices");
    assert_eq!(backend.used_bytes(), 32 << 10);
    assert!(backend.upload(&mut queue, &values).is_err());
    let mut shared = [table.clone()];
    assert!(backend.fold(&mut queue, &mut shared, &values[..1]).is_err());
    drop(shared);
    backend
        .fold(&mut queue, &mut [table], &values[..1])
        .expect("memory suffices");
    assert_eq!(backend.used_bytes(), 0);
    assert_eq!(backend.peak_bytes(), 32 << 10);
}
