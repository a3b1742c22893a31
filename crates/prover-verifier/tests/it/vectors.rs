//! The test vectors of the protocol, which another prover wrote: `docs/vectors/README.md`.

use prover_circuit::{Limits, file, witness};
use prover_core::{ChallengeField, Field, FieldId};
use prover_fields::with_field;
use prover_proof::{Proof, ProofHeader, ProofShape};
use prover_transcript::{Draw, Recorder, Sha256Transcript};
use prover_verifier::{VerifyOptions, verify_bytes, verify_with};
use serde_json::Value;

use crate::slow_prover::{Lies, Witness, prove};

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().expect("a string")
}

fn bytes(vector: &Value, key: &str) -> Vec<u8> {
    let digits = text(vector, key).as_bytes();
    let byte = |pair: &[u8]| {
        let pair = core::str::from_utf8(pair).expect("ASCII");
        u8::from_str_radix(pair, 16).expect("hexadecimal digits")
    };
    digits.chunks(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn encoded<E: Field>(draw: &Draw) -> Vec<String> {
    let hex_of = |element: E| {
        let mut out = Vec::new();
        element.encode(&mut out);
        hex(&out)
    };
    draw.elements::<E>().into_iter().map(hex_of).collect()
}

fn check<F: ChallengeField>(name: &str, vector: &Value) {
    let limits = Limits::default();
    let circuit = file::decode_circuit::<F::Base>(&bytes(vector, "circuit"), &limits)
        .expect("the vector's circuit");
    assert_eq!(hex(&circuit.digest()), text(vector, "digest"), "{name}");
    let file = bytes(vector, "proof");
    let options = VerifyOptions {
        min_bits: 0.0,
        ..VerifyOptions::default()
    };
    let verified = verify_bytes::<F>(&circuit, &file, &options)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let bits = vector["soundness_bits"].as_f64().expect("a number");
    assert!((verified.bits - bits).abs() < 1e-6, "{name}");

    let header = ProofHeader::peek(&file).expect("a header");
    assert_eq!(
        Some(header.num_instances as u64),
        vector["instances"].as_u64(),
        "{name}"
    );
    let shape = ProofShape::of(&circuit, header.num_instances, header.config).expect("a shape");
    let proof = Proof::<F>::decode(&file, &shape).expect("a proof");
    assert_eq!(proof.encode(), file, "{name}");
    let mut recorder = Recorder::new(Sha256Transcript::new());
    assert!(verify_with(&circuit, &proof, &options, &mut recorder).is_ok());
    check_challenges::<F>(name, vector, recorder.draws());

    // A prover that shares no code with the one that wrote the vectors finds the same bytes.
    let witness = witness::decode(&bytes(vector, "witness"), &circuit, &limits)
        .expect("the vector's witness");
    let witness = Witness {
        num: witness.num_instances(),
        inputs: witness.inputs().to_vec(),
        public: witness.public().to_vec(),
    };
    let again = prove::<F>(&circuit, &witness, header.config, Lies::default());
    assert!(again.encode() == file, "{name}: another proof");
}

fn check_challenges<F: ChallengeField>(name: &str, vector: &Value, draws: &[Draw]) {
    let expected = vector["challenges"].as_array().expect("an array");
    assert_eq!(draws.len(), expected.len(), "{name}");
    let base = text(vector, "random_coefs") == "base";
    for (draw, expected) in draws.iter().zip(expected) {
        assert_eq!(draw.label, text(expected, "label"), "{name}");
        let found = match base && draw.label == "coefficients" {
            true => encoded::<F::Base>(draw),
            false => encoded::<F>(draw),
        };
        assert_eq!(Value::from(found), expected["elements"], "{name}");
    }
}

#[test]
fn every_vector_is_accepted_and_found_again() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors");
    let mut fields = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the vectors' folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let json = std::fs::read_to_string(&path).expect("a readable file");
        let vector: Value = serde_json::from_str(&json).expect("JSON");
        let field = FieldId::from_name(text(&vector, "field")).expect("a field");
        let name = path.display().to_string();
        with_field!(field, |F| check::<F>(&name, &vector));
        fields.push(field);
    }
    assert!(FieldId::ALL.iter().all(|field| fields.contains(field)));
}
