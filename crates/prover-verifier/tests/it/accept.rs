//! Honest proofs are accepted.

use prover_core::ChallengeField;
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};
use prover_proof::{Proof, ProtocolConfig, RandomCoefField};
use prover_verifier::{VerifyOptions, verify, verify_bytes};

use crate::circuits::{gallery, witness};
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
