//! Small whole proofs on the CPU backend with one thread, and their verification.

use std::sync::Arc;

use backend_cpu::CpuBackend;
use benches::backend;
use divan::Bencher;
use prover_circuit::generator::{GeneratorConfig, random_circuit, random_instances};
use prover_circuit::{Circuit, Instances};
use prover_core::{ChallengeField, LayerBackend};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};
use prover_gkr::{CompiledCircuit, ProverConfig, prove};
use prover_sumcheck::{Driver, Metrics};
use prover_verifier::{VerifyOptions, verify};

/// Base-2 logarithms of a layer's wires; there are eight layers.
const WIDTH_VARS: [u32; 2] = [8, 12];

fn main() {
    divan::main();
}

fn circuit<F: ChallengeField>(vars: u32) -> (Arc<Circuit<F::Base>>, Instances<F::Base>) {
    let config = GeneratorConfig::mixed(1, 8, vars);
    let circuit = random_circuit(F::ID, &config).expect("a circuit");
    let instances = random_instances(&circuit, 1, 1);
    (Arc::new(circuit), instances)
}

/// The driver of one thread.
fn driver<'a>(backend: &'a CpuBackend, metrics: &'a Metrics) -> Driver<'a, CpuBackend> {
    Driver {
        backend,
        hand_off: None,
        window: 1,
        metrics,
    }
}

#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = WIDTH_VARS)]
fn prove_mixed<F: ChallengeField>(bencher: Bencher<'_, '_>, vars: u32)
where
    CpuBackend: LayerBackend<F>,
{
    let (circuit, instances) = circuit::<F>(vars);
    let (backend, metrics) = (backend(), Metrics::default());
    let compiled = CompiledCircuit::<F, _>::new(&backend, circuit, None).expect("room");
    let config = ProverConfig::default();
    bencher.bench_local(|| {
        prove(driver(&backend, &metrics), &compiled, &instances, &config).expect("a proof")
    });
}

#[divan::bench(types = [Bn254, M31Ext3, Gf2e128, GoldilocksExt2], args = WIDTH_VARS)]
fn verify_mixed<F: ChallengeField>(bencher: Bencher<'_, '_>, vars: u32)
where
    CpuBackend: LayerBackend<F>,
{
    let (circuit, instances) = circuit::<F>(vars);
    let (backend, metrics) = (backend(), Metrics::default());
    let compiled = CompiledCircuit::<F, _>::new(&backend, circuit.clone(), None).expect("room");
    let config = ProverConfig::default();
    let proof = prove(driver(&backend, &metrics), &compiled, &instances, &config).expect("a proof");
    let options = VerifyOptions::default();
    bencher.bench_local(|| verify(&circuit, &proof, &options).expect("a valid proof"));
}
