//! The fused round of a product sumcheck, and the whole of it, on the CPU backend with one thread.

use backend_cpu::CpuBackend;
use benches::{backend, values};
use divan::Bencher;
use prover_core::{ChallengeField, ComputeBackend, RoundJob, Summand};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};
use prover_sumcheck::{Driver, Metrics, Statement, prove};
use prover_transcript::Sha256Transcript;

const NUM_VARS: [usize; 3] = [10, 14, 18];

fn main() {
    divan::main();
}

#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = NUM_VARS)]
fn fold_and_sums<F: ChallengeField>(bencher: Bencher<'_, '_>, num_vars: usize)
where
    CpuBackend: ComputeBackend<F>,
{
    let backend = backend();
    let mut queue = backend.open_queue().expect("a queue");
    let summand = Summand::product();
    let challenge = values::<F>(1);
    let host = values::<F>(1 << num_vars);
    bencher
        .with_inputs(|| {
            let mut queue = backend.open_queue().expect("a queue");
            [(); 2].map(|()| backend.upload(&mut queue, &host).expect("a table"))
        })
        .bench_local_values(|mut mles| {
            let mut job = RoundJob {
                summand: &summand,
                mles: &mut mles,
                eq: None,
                fold: &challenge,
                window: 1,
            };
            backend.fold_and_sums(&mut queue, &mut job).expect("sums")
        });
}

#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = NUM_VARS)]
fn product_sumcheck<F: ChallengeField>(bencher: Bencher<'_, '_>, num_vars: usize)
where
    CpuBackend: ComputeBackend<F>,
{
    let backend = backend();
    let metrics = Metrics::default();
    let driver = Driver::<_> {
        backend: &backend,
        hand_off: None,
        window: 1,
        metrics: &metrics,
    };
    let mut queue = backend.open_queue().expect("a queue");
    let host = values::<F>(1 << num_vars);
    let claim = host.iter().fold(F::ZERO, |sum, &value| sum + value * value);
    bencher
        .with_inputs(|| {
            let mut queue = backend.open_queue().expect("a queue");
            Vec::from([(); 2].map(|()| backend.upload(&mut queue, &host).expect("a table")))
        })
        .bench_local_values(|mles| {
            let statement = Statement::new(Summand::product(), mles, Vec::new(), claim);
            prove(driver, &mut queue, statement, &mut Sha256Transcript::new()).expect("a proof")
        });
}
