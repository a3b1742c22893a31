//! Single operations of the seam on the CPU backend with one thread, and the verifier's on the host.

use backend_cpu::CpuBackend;
use benches::{backend, values};
use divan::Bencher;
use prover_core::{ChallengeField, ComputeBackend, Pending, Summand};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};

const NUM_VARS: [usize; 3] = [10, 14, 18];

fn main() {
    divan::main();
}

#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = NUM_VARS)]
fn eq_mle<F: ChallengeField>(bencher: Bencher<'_, '_>, num_vars: usize)
where
    CpuBackend: ComputeBackend<F>,
{
    let backend = backend();
    let mut queue = backend.open_queue().expect("a queue");
    let point = values::<F>(num_vars);
    bencher.bench_local(|| {
        backend
            .eq_mle(&mut queue, &[(F::ONE, &point)])
            .expect("a table")
    });
}

#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = NUM_VARS)]
fn fold<F: ChallengeField>(bencher: Bencher<'_, '_>, num_vars: usize)
where
    CpuBackend: ComputeBackend<F>,
{
    let backend = backend();
    let mut queue = backend.open_queue().expect("a queue");
    let (host, challenge) = (values::<F>(1 << num_vars), values::<F>(1));
    bencher
        .with_inputs(|| {
            let mut queue = backend.open_queue().expect("a queue");
            [backend.upload(&mut queue, &host).expect("a table")]
        })
        .bench_local_values(|mut mles| {
            backend
                .fold(&mut queue, &mut mles, &challenge)
                .expect("a folded table");
            mles
        });
}

#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = NUM_VARS)]
fn round_sums<F: ChallengeField>(bencher: Bencher<'_, '_>, num_vars: usize)
where
    CpuBackend: ComputeBackend<F>,
{
    let backend = backend();
    let mut queue = backend.open_queue().expect("a queue");
    let summand = Summand::product();
    let host = values::<F>(1 << num_vars);
    let mles = [(); 2].map(|()| backend.upload(&mut queue, &host).expect("a table"));
    bencher.bench_local(|| {
        let sums = backend.round_sums(&mut queue, &summand, &mles, None, 1);
        sums.and_then(Pending::wait).expect("sums")
    });
}

/// A table of `2^num_vars` as the verifier makes it: multiples of one row.
#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = NUM_VARS)]
fn outer_product<F: ChallengeField>(bencher: Bencher<'_, '_>, num_vars: usize) {
    let columns = values::<F>(1 << 6);
    let rows = values::<F>(1 << (num_vars - 6));
    let mut table = vec![F::ZERO; 1 << num_vars];
    bencher.bench_local(|| F::outer_product(&rows, &columns, &mut table));
}
