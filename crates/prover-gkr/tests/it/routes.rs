//! The fixtures over the reference backend, by every route.

use std::path::Path;
use std::sync::Arc;

use backend_reference::ReferenceBackend;
use prover_circuit::{Circuit, Instances, Limits, file, witness};
use prover_core::{ChallengeField, LayerWiring};
use prover_fields::{Gf2e128, GoldilocksExt2};
use prover_gkr::{CompiledCircuit, ProveError, ProverConfig, check, prove, prove_many};
use prover_proof::RandomCoefField;
use prover_sumcheck::Metrics;
use prover_verifier::{VerifyOptions, verify_bytes};

use crate::support::driver;

type Loaded<F> = (
    Arc<Circuit<<F as ChallengeField>::Base>>,
    Instances<<F as ChallengeField>::Base>,
);

fn fixture<F: ChallengeField>(folder: &str, witness_name: &str) -> Loaded<F> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../prover-circuit/tests/fixtures")
        .join(folder);
    let limits = Limits::default();
    let bytes = file::read(&folder.join("circuit.txt.xz"), &limits).unwrap();
    let circuit = file::decode_circuit::<F::Base>(&bytes, &limits).unwrap();
    let bytes = file::read(&folder.join(witness_name), &limits).unwrap();
    let instances = witness::decode(&bytes, &circuit, &limits).unwrap();
    (Arc::new(circuit), instances)
}

fn proofs_by_every_route<F: ChallengeField>(folder: &str, random_coefs: RandomCoefField) {
    let (circuit, instances) = fixture::<F>(folder, "witness.txt.xz");
    let backend = ReferenceBackend::new();
    let metrics = Metrics::default();
    let config = ProverConfig {
        random_coefs,
        max_memory_bytes: None,
    };
    let compiled = CompiledCircuit::<F, _>::new(&backend, circuit.clone(), None).unwrap();
    let planned: u64 = circuit
        .layers()
        .iter()
        .map(LayerWiring::planned_bytes)
        .sum();
    assert_eq!(planned, compiled.wiring_bytes());
    let driver = |window, hand_off| driver(&backend, &metrics, window, hand_off);
    let start = std::time::Instant::now();
    let proof = prove(driver(1, None), &compiled, &instances, &config).unwrap();
    println!(
        "{folder}: {} messages, {:?}",
        proof.messages.len(),
        start.elapsed()
    );
    let bytes = proof.encode();
    let options = VerifyOptions {
        min_bits: 0.0,
        ..VerifyOptions::default()
    };
    verify_bytes::<F>(&circuit, &bytes, &options).unwrap();
    for (window, hand_off) in [(2, None), (1, Some(3)), (3, Some(20))] {
        let again = prove(driver(window, hand_off), &compiled, &instances, &config).unwrap();
        assert!(
            again.encode() == bytes,
            "window {window}, hand-off {hand_off:?}"
        );
    }
    let many = prove_many(
        driver(2, Some(2)),
        &compiled,
        &[instances.clone(), instances.clone()],
        &config,
    )
    .unwrap();
    assert!(many.iter().all(|p| p.encode() == bytes));
}

#[test]
fn the_fixtures_prove_alike_by_every_route() {
    proofs_by_every_route::<GoldilocksExt2>("hash_poseidon_goldilocks", RandomCoefField::Challenge);
    proofs_by_every_route::<GoldilocksExt2>("hash_poseidon_goldilocks", RandomCoefField::Base);
    proofs_by_every_route::<Gf2e128>("extraouts_gf2", RandomCoefField::Challenge);
}

#[test]
fn a_violating_witness_is_named_and_refused() {
    let (circuit, instances) =
        fixture::<GoldilocksExt2>("hash_poseidon_goldilocks", "witness_bad.txt.xz");
    let backend = ReferenceBackend::new();
    let metrics = Metrics::default();
    let driver = driver(&backend, &metrics, 1, None);
    let config = ProverConfig::default();
    let compiled = CompiledCircuit::<GoldilocksExt2, _>::new(&backend, circuit, None).unwrap();
    let found = check(driver, &compiled, &instances, &config).unwrap();
    assert_eq!(
        found
            .0
            .iter()
            .map(|v| (v.instance, v.wire))
            .collect::<Vec<_>>(),
        [(4, 0)]
    );
    let refused = prove(driver, &compiled, &instances, &config);
    assert_eq!(refused.unwrap_err(), ProveError::Violated(found));
}

#[test]
fn a_plan_above_the_limit_is_refused_before_any_work() {
    let (circuit, instances) =
        fixture::<GoldilocksExt2>("hash_poseidon_goldilocks", "witness.txt.xz");
    let backend = ReferenceBackend::new();
    let metrics = Metrics::default();
    let driver = driver(&backend, &metrics, 1, None);
    let config = ProverConfig {
        max_memory_bytes: Some(1000),
        ..Default::default()
    };
    let compiled =
        CompiledCircuit::<GoldilocksExt2, _>::new(&backend, circuit.clone(), None).unwrap();
    let too_small = CompiledCircuit::<GoldilocksExt2, _>::new(&backend, circuit, Some(1000));
    assert!(matches!(
        too_small,
        Err(ProveError::Memory {
            limit_bytes: 1000,
            ..
        })
    ));
    let refused = prove(driver, &compiled, &instances, &config);
    assert!(
        matches!(
            refused,
            Err(ProveError::Memory {
                limit_bytes: 1000,
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(metrics.counts().is_empty());
}
