//! Every operation against the reference backend.

mod common;

use common::{Numbers, TestField, reference, values};
use prover_core::{
    BackendError, ComputeBackend, DeviceMle, JobShape, Pending, Summand, window_points,
};
use prover_fields::{ChallengeField, M31Ext3};
use seam_gpu::{GpuBackend, Vulkan};

/// Sizes around the workgroup, several workgroups, and more items than one launch has threads for a
/// round kernel.
const SIZES: [usize; 7] = [0, 1, 2, 5, 7, 9, 12];

fn tables<F: TestField, B: ComputeBackend<F>>(
    backend: &B,
    queue: &mut B::Queue,
    num_vars: usize,
    seed: u64,
) -> Vec<B::Mle> {
    let mut numbers = Numbers(seed);
    let lifted = numbers.elements::<F>(1 << num_vars);
    let base = numbers.base_elements::<F>(1 << num_vars);
    vec![
        backend.upload(queue, &lifted).expect("upload"),
        backend.upload_base(queue, &base).expect("upload"),
    ]
}

fn transfers<F: TestField>(device: &impl ComputeBackend<F>) {
    fn run<F: TestField, B: ComputeBackend<F>>(backend: &B, n: usize) -> Vec<Vec<F>> {
        let queue = &mut backend.open_queue().expect("queue");
        let mles = tables::<F, B>(backend, queue, n, 1);
        assert_eq!([mles[0].num_vars(), mles[1].num_vars()], [n, n]);
        assert!(!mles[0].is_base() && mles[1].is_base());
        mles.iter().map(|mle| values(backend, queue, mle)).collect()
    }
    for n in SIZES {
        assert_eq!(
            run::<F, _>(device, n),
            run::<F, _>(&reference(), n),
            "n = {n}"
        );
    }
}

fn eq_tables<F: TestField>(device: &impl ComputeBackend<F>) {
    fn run<F: TestField, B: ComputeBackend<F>>(backend: &B, n: usize) -> Vec<F> {
        let queue = &mut backend.open_queue().expect("queue");
        let mut numbers = Numbers(n as u64);
        let points: Vec<Vec<F>> = (0..3).map(|_| numbers.elements(n)).collect();
        let scales = numbers.elements::<F>(3);
        let terms: Vec<(F, &[F])> = scales
            .iter()
            .zip(&points)
            .map(|(&scale, point)| (scale, point.as_slice()))
            .collect();
        let mle = backend.eq_mle(queue, &terms).expect("eq");
        values(backend, queue, &mle)
    }
    for n in SIZES {
        assert_eq!(
            run::<F, _>(device, n),
            run::<F, _>(&reference(), n),
            "n = {n}"
        );
    }
}

fn folds<F: TestField>(device: &impl ComputeBackend<F>) {
    fn run<F: TestField, B: ComputeBackend<F>>(backend: &B, n: usize, k: usize) -> Vec<Vec<F>> {
        let queue = &mut backend.open_queue().expect("queue");
        let mut mles = tables::<F, B>(backend, queue, n, 2);
        let challenges = Numbers(3).elements::<F>(k);
        // A handle that shares the values keeps the old ones.
        let before = mles[0].clone();
        backend.fold(queue, &mut mles, &challenges).expect("fold");
        mles.push(before);
        assert_eq!(mles[0].num_vars(), n - k);
        let mut all: Vec<_> = mles.iter().map(|mle| values(backend, queue, mle)).collect();
        // Now unshared: a second fold may work in place.
        mles.truncate(2);
        if k < n {
            backend
                .fold(queue, &mut mles, &challenges[..1.min(k)])
                .expect("fold");
            all.extend(mles.iter().map(|mle| values(backend, queue, mle)));
        }
        all
    }
    for n in SIZES {
        for k in 0..=n.min(5) {
            assert_eq!(
                run::<F, _>(device, n, k),
                run::<F, _>(&reference(), n, k),
                "n = {n}, k = {k}"
            );
        }
    }
}

fn innermost<F: TestField>(device: &impl ComputeBackend<F>) {
    fn run<F: TestField, B: ComputeBackend<F>>(backend: &B, n: usize, k: usize) -> Vec<Vec<F>> {
        let queue = &mut backend.open_queue().expect("queue");
        let point = Numbers(5).elements::<F>(k);
        tables::<F, B>(backend, queue, n, 4)
            .iter()
            .map(|mle| {
                let bound = backend.bind_innermost(queue, mle, &point).expect("bind");
                assert!(!bound.is_base());
                values(backend, queue, &bound)
            })
            .collect()
    }
    for (n, k) in [(0, 0), (3, 0), (3, 3), (7, 2), (9, 5)] {
        assert_eq!(
            run::<F, _>(device, n, k),
            run::<F, _>(&reference(), n, k),
            "n = {n}, k = {k}"
        );
    }
}

fn window_sums<F: TestField>(device: &impl ComputeBackend<F>) {
    fn run<F: TestField, B: ComputeBackend<F>>(
        backend: &B,
        [n, eq_vars, window]: [usize; 3],
    ) -> Vec<F> {
        let queue = &mut backend.open_queue().expect("queue");
        let mles = tables::<F, B>(backend, queue, n, 6);
        let point = Numbers(7).elements::<F>(eq_vars);
        let eq = (eq_vars > 0).then(|| backend.prepare_eq(queue, &point).expect("eq"));
        let pending = backend
            .round_sums(queue, &Summand::product(), &mles, eq.as_ref(), window)
            .expect("sums");
        pending.wait().expect("values arrive")
    }
    for n in [1, 2, 3, 6, 9, 12] {
        for window in 1..=n.min(3) {
            // Without eq factor; with the window outside it; inside it; with coordinates bound before.
            let outside = (n - window).min(n / 2);
            for eq_vars in [0, outside, n, n + 3] {
                let shape = [n, eq_vars, window];
                let sums = run::<F, _>(device, shape);
                assert_eq!(sums.len(), window_points(2, window, n, eq_vars).0);
                assert_eq!(sums, run::<F, _>(&reference(), shape), "shape {shape:?}");
            }
        }
    }
}

all_devices!(transfers, eq_tables, folds, innermost, window_sums);

/// Before, between and after: a lost device is an error of the next call that can tell, no panic.
#[test]
fn a_lost_device_is_an_error() {
    if M31Ext3::wgpu().is_none() {
        return;
    }
    let device = Vulkan::new::<M31Ext3>().expect("there is an adapter");
    let backend: GpuBackend<M31Ext3, _> = GpuBackend::new(device).expect("some memory");
    let mut queue = backend.open_queue().expect("queue");
    let values = Numbers(11).elements::<M31Ext3>(1 << 10);
    let table = backend.upload(&mut queue, &values).expect("upload");
    let mut arrived = backend
        .download(&mut queue, core::slice::from_ref(&table))
        .expect("download");
    while arrived.poll().expect("poll").is_none() {}
    let under_way = backend
        .download(&mut queue, core::slice::from_ref(&table))
        .expect("download");
    backend.device().lose();
    let lost = |result: Result<Vec<M31Ext3>, BackendError>| {
        assert!(
            matches!(result, Err(BackendError::DeviceLost { .. })),
            "{result:?}"
        );
    };
    lost(under_way.wait());
    lost(
        backend
            .download(&mut queue, core::slice::from_ref(&table))
            .and_then(Pending::wait),
    );
    let mut mles = [table];
    let folded = backend.fold(&mut queue, &mut mles, &values[..1]);
    lost(folded.and_then(|()| backend.download(&mut queue, &mles)?.wait()));
}

#[test]
fn binding_sizes_are_admitted_or_not() {
    let Some(backend) = M31Ext3::wgpu() else {
        return;
    };
    let shape = |num_vars| JobShape {
        field: M31Ext3::ID,
        num_vars,
        summands: Vec::new(),
        peak_bytes: 0,
    };
    assert!(backend.admits(&shape(12)).is_ok());
    assert!(backend.admits(&shape(40)).is_err());
}
