//! Streams side by side, in every order that the driver may choose, and memory that is used again.

use std::sync::Arc;

use backend_cuda::{CudaPending, CudaQueue};
use backend_reference::ReferenceBackend;
use cuda_standin::{Config, ThreadOrder};
use prover_core::{
    CoefRef, ComputeBackend, DeviceLayer, Field as _, LayerBackend, LayerCoefs, LayerGates,
    LayerWiring, MulGate, Pending, RandomCoefs,
};
use prover_fields::{ChallengeField, GoldilocksExt2, M31, M31Ext3};

use super::support::{alone, backend};

type F = M31Ext3;

fn values(seed: usize, len: usize) -> Vec<F> {
    (0..len)
        .map(|i| F::extra_point((i * i + seed) % 7) * F::extra_point(i % 5))
        .collect()
}

/// Uploads, folds in place and not, reads: with nothing waited for before the end.
fn work<B: ComputeBackend<F>>(backend: &B, queue: &mut B::Queue, seed: usize) -> Vec<B::Pending> {
    let mut pendings = Vec::new();
    let mut table = backend
        .upload(queue, &values(seed, 1 << 10))
        .expect("memory suffices");
    for step in 0..6 {
        let kept = (step % 2 == 0).then(|| table.clone());
        let challenge = F::extra_point(seed + step);
        let mut mles = [table];
        backend
            .fold(queue, &mut mles, &[challenge])
            .expect("memory suffices");
        [table] = mles;
        // Memory that is given up here is used by the next upload while reads are still to come.
        let more = backend
            .upload(queue, &values(seed + step, 1 << 9))
            .expect("memory suffices");
        let read = [table.clone(), more];
        pendings.push(backend.download(queue, &read).expect("memory suffices"));
        drop(kept);
    }
    pendings
}

/// What comes of it, by the definitions.
fn expected(seeds: core::ops::Range<usize>) -> Vec<Vec<F>> {
    let oracle = ReferenceBackend::new();
    let mut queue = ComputeBackend::<F>::open_queue(&oracle).expect("a queue");
    let pendings = seeds.flat_map(|seed| work(&oracle, &mut queue, seed));
    pendings
        .map(|pending| pending.wait().expect("values arrive"))
        .collect()
}

#[test]
fn streams_do_not_disturb_each_other() {
    let orders = [
        ThreadOrder::Ascending,
        ThreadOrder::Descending,
        ThreadOrder::Shuffled,
    ];
    alone(|standin| {
        let want = expected(0..3);
        for seed in 0..24 {
            standin.configure(&Config {
                seed,
                thread_order: orders[seed as usize % 3],
                ..Config::default()
            });
            let backend = backend();
            let mut queues: Vec<CudaQueue> = (0..3)
                .map(|_| ComputeBackend::<F>::open_queue(&backend).expect("a stream"))
                .collect();
            let pendings: Vec<_> = (queues.iter_mut().enumerate())
                .flat_map(|(k, queue)| work(&backend, queue, k))
                .collect();
            drop(queues);
            let got: Vec<Vec<F>> = pendings
                .into_iter()
                .map(|pending| pending.wait().expect("values arrive"))
                .collect();
            assert_eq!(got, want, "seed {seed}");
        }
    });
}

#[test]
fn a_pending_that_is_dropped_disturbs_nothing() {
    alone(|_| {
        let backend = backend();
        let mut queue = ComputeBackend::<F>::open_queue(&backend).expect("a stream");
        let pendings: Vec<CudaPending<F>> = work(&backend, &mut queue, 1);
        drop(pendings);
        let table = values(3, 1 << 8);
        let mle = backend.upload(&mut queue, &table).expect("memory suffices");
        let read: CudaPending<F> = backend
            .download(&mut queue, &[mle])
            .expect("memory suffices");
        assert_eq!(read.wait().expect("values arrive"), table);
    });
}

#[test]
fn tables_outlive_their_queue_and_backend() {
    alone(|_| {
        let backend = backend();
        let mut queue = ComputeBackend::<F>::open_queue(&backend).expect("a stream");
        let mle = backend
            .upload(&mut queue, &values(3, 1 << 4))
            .expect("memory suffices");
        drop((queue, backend));
        drop(mle);
    });
}

/// A layer whose gates and coefficients are dropped before anything has run.
fn layer_of_the_moment<B: LayerBackend<F>>(backend: &B, queue: &mut B::Queue) -> Vec<F> {
    let muls = (0..16).map(|gate| MulGate {
        z: gate / 2,
        x: gate,
        y: 15 - gate,
        coef: CoefRef::constant(0),
    });
    let wiring = Arc::new(LayerWiring::new(&LayerGates {
        input_vars: 4,
        output_vars: 3,
        constants: vec![M31::from_u64(7)],
        muls: muls.collect(),
        ..LayerGates::default()
    }));
    let coefs = LayerCoefs::new(&wiring, &RandomCoefs::Base(Vec::new()));
    let below = backend
        .upload(queue, &values(5, 1 << 6))
        .expect("memory suffices");
    let above = {
        let wiring = backend
            .upload_wiring(queue, &wiring)
            .expect("memory suffices");
        let coefs = backend.upload_coefs(queue, coefs).expect("memory suffices");
        let layer = DeviceLayer {
            wiring: &wiring,
            coefs: &coefs,
        };
        backend
            .evaluate_layer(queue, layer, &below, None)
            .expect("memory suffices")
    };
    let read = backend.download(queue, &[above]).expect("memory suffices");
    read.wait().expect("values arrive")
}

#[test]
fn gates_may_be_dropped_before_they_are_used() {
    alone(|_| {
        let (backend, oracle) = (backend(), ReferenceBackend::new());
        let mut queue = ComputeBackend::<F>::open_queue(&backend).expect("a stream");
        let mut of_oracle = ComputeBackend::<F>::open_queue(&oracle).expect("a queue");
        let got = layer_of_the_moment(&backend, &mut queue);
        assert_eq!(got, layer_of_the_moment(&oracle, &mut of_oracle));
    });
}

/// After a first time, work of the same shape asks the driver for nothing.
#[test]
fn nothing_is_allocated_twice() {
    alone(|standin| {
        let backend = backend();
        let mut queue = ComputeBackend::<F>::open_queue(&backend).expect("a stream");
        let run = |queue: &mut CudaQueue| {
            for pending in work(&backend, queue, 2) {
                pending.wait().expect("values arrive");
            }
        };
        run(&mut queue);
        let first = standin.counters().driver_allocations;
        run(&mut queue);
        run(&mut queue);
        assert_eq!(standin.counters().driver_allocations, first);
    });
}

#[test]
#[should_panic(expected = "of another queue")]
fn tables_stay_on_their_queue() {
    if cuda_standin::load().is_err() {
        alone(|_| {});
        panic!("skipped: a table of another queue");
    }
    let backend = backend();
    let open = || ComputeBackend::<GoldilocksExt2>::open_queue(&backend).expect("a stream");
    let (mut first, mut second) = (open(), open());
    let values = [GoldilocksExt2::ONE; 4];
    let mle = backend
        .upload(&mut first, &values)
        .expect("memory suffices");
    let _ = backend.fold(&mut second, &mut [mle], &values[..1]);
}
