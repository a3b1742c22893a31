//! A mul layer: both ends' tables on the CPU backend with one thread, and the verifier's sum.

use std::sync::Arc;

use backend_cpu::CpuBackend;
use benches::{backend, values};
use divan::Bencher;
use prover_circuit::generator::{WiringKind, mul_layer};
use prover_core::{
    ChallengeField, ComputeBackend, DeviceLayer, GateTables, LayerBackend, LayerCoefs, LayerWiring,
    Pending, RandomCoefs,
};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};

const CASES: [(u32, WiringKind); 4] = [
    (12, WiringKind::Local),
    (12, WiringKind::Random),
    (16, WiringKind::Local),
    (16, WiringKind::Random),
];

fn main() {
    divan::main();
}

#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = CASES)]
fn phase_one<F: ChallengeField>(bencher: Bencher<'_, '_>, (num_vars, wiring): (u32, WiringKind))
where
    CpuBackend: LayerBackend<F>,
{
    let backend = backend();
    let mut queue = backend.open_queue().expect("a queue");
    let layer = mul_layer::<F::Base>(num_vars, wiring, 2);
    let host = Arc::new(LayerWiring::new(&layer));
    let none = RandomCoefs::<F>::Base(Vec::new());
    let wiring = backend.upload_wiring(&mut queue, &host).expect("gates");
    let coefs = LayerCoefs::new(&host, &none);
    let coefs = backend
        .upload_coefs(&mut queue, coefs)
        .expect("coefficients");
    let below = values::<F::Base>(1 << num_vars);
    let below = backend.upload_base(&mut queue, &below).expect("a table");
    let point = values::<F>(num_vars as usize);
    bencher.bench_local(|| {
        let claims = [(F::ONE, point.as_slice())];
        let weights = backend
            .layer_weights(&mut queue, &wiring, &claims, None)
            .expect("weights");
        let layer = DeviceLayer {
            wiring: &wiring,
            coefs: &coefs,
        };
        let one = backend
            .phase_one(&mut queue, layer, &weights, &below, &[])
            .expect("a table");
        (one.table, one.constant_term.wait().expect("a value"))
    });
}

/// What the verifier sums over the gates, its tables made before.
#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = CASES)]
fn verify_sum<F: ChallengeField>(bencher: Bencher<'_, '_>, (num_vars, wiring): (u32, WiringKind)) {
    let layer = mul_layer::<F::Base>(num_vars, wiring, 2);
    let table = values::<F>(1 << num_vars);
    let tables = GateTables {
        z: &table,
        x: &table,
        y: &table,
        coefs: &layer.constants,
    };
    bencher.bench_local(|| F::sum_mul_gates(&layer.muls, &tables));
}
