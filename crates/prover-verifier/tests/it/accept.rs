//! Honest proofs are accepted.

use prover_core::{AddGate, ChallengeField, CoefRef, Field, LayerGates, MulGate};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31, M31Ext3};
use prover_proof::{Outputs, Proof, ProofHeader, ProofShape, ProtocolConfig, RandomCoefField};
use prover_transcript::{Recorder, Sha256Transcript};
use prover_verifier::{MAX_THREADS, VerifyOptions, verify, verify_bytes, verify_with};

use crate::circuits::{Coefs, build, frame, gallery, plan, random_circuit, witness};
use crate::slow_prover::{Lies, prove};

fn accepts<F: ChallengeField>() {
    for random_coefs in [RandomCoefField::Base, RandomCoefField::Challenge] {
        let config = ProtocolConfig {
            random_coefs,
            ..ProtocolConfig::default()
        };
        for (name, circuit) in gallery::<F>() {
            for num in [1, 2, 3, 5] {
                let witness = witness(&circuit, num, 3);
                let proof = prove::<F>(&circuit, &witness, config, Lies::default());
                for threads in [1, 3] {
                    let options = VerifyOptions {
                        min_bits: 0.0,
                        public: Some(&witness.public),
                        threads,
                    };
                    let verified = verify(&circuit, &proof, &options)
                        .unwrap_or_else(|e| panic!("{name}, {num} instances: {e}"));
                    assert_eq!(verified.num_instances, num);
                    assert_eq!(verified.outputs, proof.outputs);
                    assert_eq!(verified.public, witness.public);
                    assert_eq!(verified.config, config);
                    let bytes = proof.encode();
                    assert_eq!(verify_bytes(&circuit, &bytes, &options), Ok(verified));
                }
            }
        }
    }
}

#[test]
fn accepts_bn254() {
    accepts::<Bn254>();
}

#[test]
fn accepts_m31() {
    accepts::<M31Ext3>();
}

#[test]
fn accepts_gf2() {
    accepts::<Gf2e128>();
}

#[test]
fn accepts_goldilocks() {
    accepts::<GoldilocksExt2>();
}

#[test]
fn the_claimed_outputs_are_those_of_the_evaluation() {
    let (_, circuit) = gallery::<M31Ext3>().swap_remove(0);
    let witness = witness(&circuit, 2, 9);
    let config = ProtocolConfig {
        random_coefs: RandomCoefField::Base,
        ..Default::default()
    };
    let proof: Proof<M31Ext3> = prove(&circuit, &witness, config, Lies::default());
    let options = VerifyOptions {
        min_bits: 30.0,
        ..VerifyOptions::default()
    };
    let verified = verify(&circuit, &proof, &options).unwrap();
    // 31 bits of a random coefficient are the bound, not the field's 93.
    assert!(verified.bits < 31.0);
    assert_eq!(verified.outputs.len(), 2);
}

#[test]
fn threads_are_limited_and_reported() {
    let (_, circuit) = gallery::<M31Ext3>().swap_remove(0);
    let witness = witness(&circuit, 2, 9);
    let proof: Proof<M31Ext3> = prove(
        &circuit,
        &witness,
        ProtocolConfig::default(),
        Lies::default(),
    );
    for (asked, most) in [(0, 1), (1, 1), (2, 2), (usize::MAX, MAX_THREADS)] {
        let options = VerifyOptions {
            threads: asked,
            ..VerifyOptions::default()
        };
        let threads = verify(&circuit, &proof, &options).unwrap().threads;
        assert!((1..=most).contains(&threads), "{asked}: {threads}");
    }
}

#[test]
fn challenges_are_drawn_in_the_order_of_the_specification() {
    // Two layers of one input variable, the upper one with mul gates, the lower one with asserts.
    let plans = [plan(1, 0, 2, 2, true), plan(1, 2, 0, 0, false)];
    let circuit = random_circuit::<M31Ext3>(5, frame(1, 0, (2, 0), Coefs::WithRandom), &plans);
    let config = ProtocolConfig::default();
    let proof = prove::<M31Ext3>(&circuit, &witness(&circuit, 3, 1), config, Lies::default());
    let mut recorder = Recorder::new(Sha256Transcript::new());
    let options = VerifyOptions::default();
    assert!(verify_with(&circuit, &proof, &options, &mut recorder).is_ok());
    let draws = recorder.draws().iter();
    let drawn: Vec<(&str, usize)> = draws
        .map(|draw| (draw.label, draw.elements::<M31Ext3>().len()))
        .collect();
    let mut expected = vec![("output-point", 3)];
    if circuit.num_random() > 0 {
        expected.insert(0, ("coefficients", circuit.num_random() as usize));
    }
    // The upper layer: one round over x, two over instances, one over y.
    expected.extend([("challenge", 1); 4]);
    expected.extend([("assert", 2), ("combine", 1)]);
    expected.extend([("challenge", 1); 3]);
    assert_eq!(drawn, expected);
}

/// Zeros prove that a circuit without constants maps zeros to zeros, however many wires it has.
#[test]
fn a_layer_of_2_to_the_30_wires_costs_what_its_gates_cost() {
    let one = CoefRef::constant(0);
    let top = (1 << 30) - 1;
    let constants = vec![M31::ONE];
    let lower = LayerGates {
        input_vars: 1,
        output_vars: 30,
        constants: constants.clone(),
        muls: vec![MulGate {
            z: top,
            x: 0,
            y: 1,
            coef: one,
        }],
        asserts: vec![7, top],
        ..LayerGates::default()
    };
    let upper = LayerGates {
        input_vars: 30,
        output_vars: 30,
        constants,
        muls: vec![MulGate {
            z: 1,
            x: top,
            y: 5,
            coef: one,
        }],
        adds: vec![AddGate {
            z: 0,
            x: top,
            coef: one,
        }],
        ..LayerGates::default()
    };
    let circuit = build::<M31Ext3>(frame(1, 0, (2, 1), Coefs::Constant), vec![lower, upper]);
    let shape = ProofShape::of(&circuit, 1, ProtocolConfig::default()).unwrap();
    let mut proof = Proof::<M31Ext3> {
        header: ProofHeader::of(&shape),
        public: Vec::new(),
        input: vec![M31::ZERO; 2],
        outputs: Outputs::Base(vec![M31::ZERO]),
        messages: vec![M31Ext3::ZERO; shape.num_messages() as usize],
    };
    assert!(verify(&circuit, &proof, &VerifyOptions::default()).is_ok());
    proof.outputs = Outputs::Base(vec![M31::ONE]);
    assert!(verify(&circuit, &proof, &VerifyOptions::default()).is_err());
}
