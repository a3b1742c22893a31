//! Streams side by side, in every order that the driver may choose, and memory that is used again.

use backend_cuda::{CudaBackend, CudaMle, CudaPending, CudaQueue};
use cuda_standin::{Config, ThreadOrder};
use prover_core::{ComputeBackend, Field as _, Pending};
use prover_fields::{ChallengeField, GoldilocksExt2, M31Ext3};

use super::support::{alone, backend};

type F = M31Ext3;

fn values(seed: usize, len: usize) -> Vec<F> {
    (0..len)
        .map(|i| F::extra_point((i * i + seed) % 7) * F::extra_point(i % 5))
        .collect()
}

/// Uploads, folds in place and not, reads: with nothing waited for before the end.
fn work(
    backend: &CudaBackend,
    queue: &mut CudaQueue,
    seed: usize,
) -> Vec<<CudaBackend as ComputeBackend<F>>::Pending> {
    let mut pendings = Vec::new();
    let mut table: CudaMle = backend
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

#[test]
fn streams_do_not_disturb_each_other() {
    let orders = [
        ThreadOrder::Ascending,
        ThreadOrder::Descending,
        ThreadOrder::Shuffled,
    ];
    alone(|standin| {
        let mut want: Option<Vec<Vec<F>>> = None;
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
            assert_eq!(want.get_or_insert_with(|| got.clone()), &got, "seed {seed}");
        }
    });
}

#[test]
fn a_pending_that_is_dropped_disturbs_nothing() {
    alone(|_| {
        let backend = backend();
        let mut queue = ComputeBackend::<F>::open_queue(&backend).expect("a stream");
        let pendings = work(&backend, &mut queue, 1);
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
