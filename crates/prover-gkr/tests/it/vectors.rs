//! The test vectors of `docs/vectors`: accepted, with these challenges; refused with any change.

use std::path::Path;

use prover_circuit::{Limits, format};
use prover_core::{ChallengeField, Field};
use prover_fields::{FieldId, with_field};
use prover_proof::{Proof, ProofHeader, ProofShape};
use prover_transcript::{Recorder, Sha256Transcript};
use prover_verifier::{VerifyOptions, verify_bytes, verify_with};
use serde_json::Value;

fn vectors() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors");
    let mut vectors: Vec<(String, Value)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (
                name,
                serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
            )
        })
        .collect();
    vectors.sort_by(|a, b| a.0.cmp(&b.0));
    vectors
}

fn bytes(value: &Value) -> Vec<u8> {
    let hex = value.as_str().unwrap();
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
        .collect()
}

fn options<B>() -> VerifyOptions<'static, B> {
    VerifyOptions {
        min_bits: 0.0,
        ..VerifyOptions::default()
    }
}

fn field_of(vector: &Value) -> FieldId {
    FieldId::from_name(vector["field"].as_str().unwrap()).unwrap()
}

fn challenges_agree<F: ChallengeField>(vector: &Value) {
    let circuit =
        format::decode::<F::Base>(&bytes(&vector["circuit"]), &Limits::default()).unwrap();
    let proof = bytes(&vector["proof"]);
    let header = ProofHeader::peek(&proof).unwrap();
    let shape = ProofShape::of(&circuit, header.num_instances, header.config).unwrap();
    let proof = Proof::<F>::decode(&proof, &shape).unwrap();
    let mut transcript = Recorder::new(Sha256Transcript::new());
    verify_with(&circuit, &proof, &options(), &mut transcript).unwrap();
    let expected = vector["challenges"].as_array().unwrap();
    assert_eq!(expected.len(), transcript.draws().len());
    for (draw, expected) in transcript.draws().iter().zip(expected) {
        assert_eq!(draw.label, expected["label"].as_str().unwrap());
        let base = draw.label == "coefficients" && vector["random_coefs"] == "base";
        let mut found = Vec::new();
        match base {
            true => draw
                .elements::<F::Base>()
                .iter()
                .for_each(|e| e.encode(&mut found)),
            false => draw
                .elements::<F>()
                .iter()
                .for_each(|e| e.encode(&mut found)),
        }
        let elements = expected["elements"].as_array().unwrap();
        assert_eq!(found, elements.iter().flat_map(bytes).collect::<Vec<_>>());
    }
}

#[test]
fn the_verifier_draws_the_challenges_of_the_vectors() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 16);
    for (name, vector) in vectors {
        println!("{name}");
        with_field!(field_of(&vector), |F| challenges_agree::<F>(&vector));
    }
}

/// Counts of changes tried and refused.
fn every_change_is_refused<F: ChallengeField>(name: &str, vector: &Value) -> (usize, usize) {
    let circuit =
        format::decode::<F::Base>(&bytes(&vector["circuit"]), &Limits::default()).unwrap();
    let proof = bytes(&vector["proof"]);
    let accepts = |bytes: &[u8]| verify_bytes::<F>(&circuit, bytes, &options()).is_ok();
    assert!(accepts(&proof));
    let mut changed = proof.clone();
    for bit in 0..8 * proof.len() {
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(&changed), "{name}: bit {bit} flipped is accepted");
        changed[bit / 8] ^= 1 << (bit % 8);
    }
    for len in 0..proof.len() {
        assert!(
            !accepts(&proof[..len]),
            "{name}: truncated to {len} bytes is accepted"
        );
    }
    changed.push(0);
    assert!(!accepts(&changed), "{name}: a byte appended is accepted");
    (8 * proof.len(), proof.len())
}

#[test]
fn every_bit_flip_and_truncation_of_a_vector_is_refused() {
    let (mut flips, mut truncations) = (0, 0);
    for (name, vector) in vectors() {
        let (f, t) = with_field!(field_of(&vector), |F| every_change_is_refused::<F>(
            &name, &vector
        ));
        flips += f;
        truncations += t;
    }
    println!("{flips} single-bit flips and {truncations} truncations of 16 proofs, all refused");
}
