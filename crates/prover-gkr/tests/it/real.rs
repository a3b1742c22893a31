//! Real circuits of others, on the CPU backend by every route, and verified.
//!
//! The Keccak circuits are not ours to copy: `ASTRAEA_DATA` names the folder that holds them.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use backend_cpu::{CpuBackend, CpuOptions};
use prover_circuit::{Limits, file};
use prover_core::{ChallengeField, LayerBackend};
use prover_fields::{Bn254, Gf2e128, M31Ext3};
use prover_gkr::{CompiledCircuit, ProverConfig, prove};
use prover_proof::RandomCoefField;
use prover_sumcheck::Metrics;
use prover_verifier::{VerifyOptions, verify_bytes};

use crate::support::driver;

fn data() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("ASTRAEA_DATA") {
        return Some(folder.into());
    }
    let required = std::env::var("ASTRAEA_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word.trim() == "data"),
        "ASTRAEA_REQUIRE names data, but ASTRAEA_DATA is not set"
    );
    // Past the test harness, which shows what passing tests print to nobody.
    let line = "SKIPPED: ASTRAEA_DATA is not set, the Keccak circuits are not proven\n";
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

fn cpu(threads: usize) -> CpuBackend {
    CpuBackend::new(CpuOptions {
        threads: Some(threads),
        ..CpuOptions::default()
    })
    .unwrap()
}

fn keccak<F: ChallengeField>(name: &str, random_coefs: RandomCoefField)
where
    CpuBackend: LayerBackend<F>,
{
    let Some(folder) = data() else { return };
    let limits = Limits::default();
    let circuit =
        file::load_circuit::<F::Base>(&folder.join(format!("{name}.circuit.xz")), &limits).unwrap();
    let circuit = Arc::new(circuit);
    let witness = folder.join(format!("{name}.witness"));
    let instances = file::load_witness(&witness, &circuit, &limits).unwrap();
    let config = ProverConfig {
        random_coefs,
        max_memory_bytes: None,
    };
    let metrics = Metrics::default();
    let mut expected: Option<Vec<u8>> = None;
    for (threads, window, hand_off) in
        [(1, 1, None), (2, 1, None), (1, 2, Some(6)), (2, 3, Some(2))]
    {
        let backend = cpu(threads);
        let compiled = CompiledCircuit::<F, _>::new(&backend, circuit.clone(), None).unwrap();
        let driver = driver(&backend, &metrics, window, hand_off);
        let start = Instant::now();
        let bytes = prove(driver, &compiled, &instances, &config)
            .unwrap()
            .encode();
        println!(
            "{name} {random_coefs:?} threads {threads} window {window} hand-off {hand_off:?}: {:?}",
            start.elapsed()
        );
        match &expected {
            Some(expected) => assert!(*expected == bytes, "another proof"),
            None => expected = Some(bytes),
        }
    }
    let bytes = expected.unwrap();
    let min_bits = if random_coefs == RandomCoefField::Challenge {
        75.0
    } else {
        0.0
    };
    let options = VerifyOptions {
        min_bits,
        ..VerifyOptions::default()
    };
    let start = Instant::now();
    let verified = verify_bytes::<F>(&circuit, &bytes, &options).unwrap();
    println!(
        "{name}: {} bytes, {} bits, {:?}",
        bytes.len(),
        verified.bits,
        start.elapsed()
    );
}

#[test]
fn keccak_over_m31_proves_and_verifies() {
    keccak::<M31Ext3>("keccak_m31", RandomCoefField::Challenge);
    keccak::<M31Ext3>("keccak_m31", RandomCoefField::Base);
}

#[test]
fn keccak_over_gf2_proves_and_verifies() {
    keccak::<Gf2e128>("keccak_gf2", RandomCoefField::Challenge);
}

#[test]
fn keccak_over_bn254_proves_and_verifies() {
    keccak::<Bn254>("keccak_bn254", RandomCoefField::Challenge);
}
