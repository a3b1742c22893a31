//! Prints what product sumchecks and a Keccak-shaped layer cost, as medians of several runs.
//!
//! `cargo run --release -p backend-cpu --example rounds [field] [simd level]`

use std::io::Write;
use std::time::{Duration, Instant};

use backend_cpu::{CpuBackend, CpuField, CpuOptions, SimdLevel};
use prover_core::{
    AddGate, ChallengeField, CoefRef, ComputeBackend, DeviceLayer, Field, LayerBackend, LayerCoefs,
    LayerGates, LayerWiring, MulGate, RoundJob, Summand,
};
use prover_fields::{FieldId, with_field};

/// Runs per figure.
const RUNS: usize = 9;

struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn element<T: Field>(&mut self) -> T {
        let bytes: Vec<u8> = (0..T::UNIFORM_BYTES).map(|_| self.word() as u8).collect();
        T::from_uniform(&bytes)
    }

    fn elements<T: Field>(&mut self, len: usize) -> Vec<T> {
        let some: Vec<T> = (0..len.min(4096)).map(|_| self.element()).collect();
        (0..len).map(|i| some[i * 31 % some.len()]).collect()
    }
}

fn backend(threads: usize, simd: Option<SimdLevel>) -> CpuBackend {
    let options = CpuOptions {
        threads: Some(threads),
        simd,
        ..CpuOptions::default()
    };
    CpuBackend::new(options).expect("this machine has the level and the threads")
}

/// The median and the least of the durations that `run` reports.
fn times(mut run: impl FnMut() -> Duration) -> (Duration, Duration) {
    run();
    let mut all: Vec<Duration> = (0..RUNS).map(|_| run()).collect();
    all.sort_unstable();
    (all[RUNS / 2], all[0])
}

/// One product sumcheck over tables of `2^n`, the first in the base field if `base`, with eq factor
/// over the last `eq_vars` variables; uploads not counted.
fn sumcheck<F: CpuField>(backend: &CpuBackend, n: usize, base: bool, eq_vars: usize) -> Duration {
    let mut random = Random(88172645463325252);
    let queue = &mut ComputeBackend::<F>::open_queue(backend).expect("memory");
    let upload = backend.upload(queue, &random.elements::<F>(1 << n));
    let other = match base {
        true => backend.upload_base(queue, &random.elements::<F::Base>(1 << n)),
        false => backend.upload(queue, &random.elements::<F>(1 << n)),
    };
    let mut mles = [other.expect("memory"), upload.expect("memory")];
    let summand = Summand::<F>::product();
    let point: Vec<F> = random.elements(eq_vars);
    let eq = (eq_vars > 0).then(|| backend.prepare_eq(queue, &point).expect("memory"));
    let challenge: F = random.element();
    let start = Instant::now();
    for round in 0..n {
        let mut job = RoundJob {
            summand: &summand,
            mles: &mut mles,
            eq: eq.as_ref(),
            fold: if round == 0 { &[] } else { &[challenge] },
            window: 1,
        };
        backend.fold_and_sums(queue, &mut job).expect("memory");
    }
    start.elapsed()
}

/// A layer of `2^13` wires with random gates, most of them with coefficient one.
fn keccak_layer<B: Field>() -> LayerWiring<B> {
    let mut random = Random(362436069362436069);
    let mut wire = || (random.word() >> 20) as u32 % (1 << 13);
    let mut layer = LayerGates {
        input_vars: 13,
        output_vars: 13,
        constants: vec![B::ONE, -(B::ONE + B::ONE)],
        ..LayerGates::default()
    };
    for i in 0..2600 {
        let coef = CoefRef::constant(u32::from(i % 2 == 0));
        let (z, x, y) = (wire(), wire(), wire());
        layer.muls.push(MulGate { z, x, y, coef });
        let coef = CoefRef::constant(0);
        layer.adds.push(AddGate { z, x: wire(), coef });
    }
    layer.muls.sort_unstable();
    layer.adds.sort_unstable();
    LayerWiring::new(&layer)
}

/// Durations of evaluation, phase one, the binding of instances, and phase two.
fn layer<F: CpuField>(backend: &CpuBackend) -> [Duration; 4] {
    let mut random = Random(521288629521288629);
    let queue = &mut ComputeBackend::<F>::open_queue(backend).expect("memory");
    let host = std::sync::Arc::new(keccak_layer::<F::Base>());
    let coefs = LayerCoefs::<F>::Base(host.constants.clone());
    let wiring = LayerBackend::<F>::upload_wiring(backend, queue, &host).expect("memory");
    let coefs = backend.upload_coefs(queue, coefs).expect("memory");
    let at = || DeviceLayer::<F, CpuBackend> {
        wiring: &wiring,
        coefs: &coefs,
    };
    let values: Vec<F::Base> = random.elements(1 << 17);
    let below = ComputeBackend::<F>::upload_base(backend, queue, &values).expect("memory");
    let point: Vec<F> = random.elements(13);
    let claims = [(F::ONE, &point[..])];
    let start = Instant::now();
    let above = backend
        .evaluate_layer(queue, at(), &below, None)
        .expect("memory");
    let evaluated = start.elapsed();
    let weights = backend
        .layer_weights(queue, &wiring, &claims, None)
        .expect("memory");
    let start = Instant::now();
    let first = backend
        .phase_one(queue, at(), &weights, &below, &[])
        .expect("memory");
    let phase_one = start.elapsed();
    let start = Instant::now();
    let bound = backend
        .bind_innermost(queue, &below, &point[..4])
        .expect("memory");
    let binding = start.elapsed();
    let start = Instant::now();
    let second = backend
        .phase_two(queue, at(), &weights, &weights)
        .expect("memory");
    let phase_two = start.elapsed();
    drop((above, first, bound, second));
    [evaluated, phase_one, binding, phase_two]
}

fn report<F: CpuField + ChallengeField>(out: &mut impl Write, simd: Option<SimdLevel>) {
    for threads in [1, 2] {
        let backend = backend(threads, simd);
        let mut line = |name: &str, items: f64, times: (Duration, Duration)| {
            let each = |t: Duration| t.as_secs_f64() * 1e9 / items;
            writeln!(
                out,
                "{:<10} {threads} threads  {name:<34} {:>8.3} ns (least {:>8.3})",
                F::ID,
                each(times.0),
                each(times.1)
            )
            .expect("standard output is open");
        };
        for (n, base, eq_vars) in [(17, true, 4), (16, false, 0), (20, false, 0)] {
            let name = format!(
                "2^{n}{}, eq {eq_vars}: point",
                if base { " base x ext" } else { "" }
            );
            let measured = times(|| sumcheck::<F>(&backend, n, base, eq_vars));
            line(&name, (1u64 << n) as f64, measured);
        }
        let names = [
            "evaluate: gate",
            "phase one: wire",
            "bind: wire",
            "phase two: gate",
        ];
        for (index, (name, items)) in names
            .into_iter()
            .zip([5200.0, 8192.0, 8192.0, 5200.0])
            .enumerate()
        {
            line(name, items, times(|| layer::<F>(&backend)[index]));
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let field = arguments.next().and_then(|name| FieldId::from_name(&name));
    let simd = arguments
        .next()
        .and_then(|name| SimdLevel::from_name(&name));
    let mut out = std::io::stdout().lock();
    for id in FieldId::ALL {
        if field.is_none_or(|field| field == id) {
            with_field!(id, |F| report::<F>(&mut out, simd));
        }
    }
}
