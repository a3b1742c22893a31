//! Witness files and files of public inputs.

use prover_circuit::witness::{decode, decode_public, encode, encode_public};
use prover_circuit::{Circuit, CircuitParts, DecodeErrorKind, Instances, InstancesError, Limits};
use prover_core::{Field, FieldId, LayerGates};
use prover_fields::{Bn254, Gf2, M31};

use crate::support::Rng;

fn circuit<B: Field>(field: FieldId, num_public: u32) -> Circuit<B> {
    let layers = vec![LayerGates {
        input_vars: 2,
        ..Default::default()
    }];
    let (num_outputs, num_zero_outputs) = (1, 0);
    let parts = CircuitParts {
        field,
        input_vars: 2,
        num_public,
        num_outputs,
        num_zero_outputs,
        layers,
    };
    Circuit::new(parts).unwrap()
}

fn instances<B: Field>(circuit: &Circuit<B>, num: usize) -> Instances<B> {
    let mut rng = Rng::new(num as u64);
    let (inputs, public) = (
        rng.elements(4 * num),
        rng.elements(circuit.num_public() as usize * num),
    );
    Instances::new(circuit, num, inputs, public).unwrap()
}

#[test]
fn witnesses_round_trip() {
    fn round<B: Field>(field: FieldId) {
        for (public, num) in [(0, 1), (3, 1), (2, 5)] {
            let circuit = circuit::<B>(field, public);
            let witness = instances(&circuit, num);
            let bytes = encode(field, &witness);
            assert_eq!(
                decode(&bytes, &circuit, &Limits::default()).unwrap(),
                witness
            );
            let known = decode_public(&bytes, &circuit, &Limits::default()).unwrap();
            assert_eq!(
                (known.num_instances(), known.values()),
                (num, witness.public())
            );
            let bytes = encode_public(field, &known);
            assert_eq!(
                decode_public(&bytes, &circuit, &Limits::default()).unwrap(),
                known
            );
        }
    }
    round::<Bn254>(FieldId::Bn254);
    round::<M31>(FieldId::M31);
    round::<Gf2>(FieldId::Gf2);
}

#[test]
fn damaged_witnesses_are_refused_or_are_what_they_say() {
    let circuit = circuit::<M31>(FieldId::M31, 1);
    let bytes = encode(FieldId::M31, &instances(&circuit, 2));
    let limits = Limits::default();
    for end in 0..bytes.len() {
        decode(&bytes[..end], &circuit, &limits).unwrap_err();
        decode_public(&bytes[..end], &circuit, &limits).unwrap_err();
    }
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        if let Ok(witness) = decode(&flipped, &circuit, &limits) {
            assert!(at / 8 >= 56, "the header is no longer the circuit's");
            assert_eq!(encode(FieldId::M31, &witness), flipped);
        }
    }
    let mut longer = bytes.clone();
    longer.push(0);
    let error = decode(&longer, &circuit, &limits).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::Trailing { bytes: 1 });
    for at in [0, 8, 16] {
        for huge in [1u64 << 60, u64::MAX, 0] {
            let mut changed = bytes.clone();
            changed[at..at + 8].copy_from_slice(&huge.to_le_bytes());
            decode(&changed, &circuit, &limits).unwrap_err();
        }
    }
}

#[test]
fn a_witness_of_another_circuit_is_refused() {
    let limits = Limits::default();
    let (a, b) = (
        circuit::<M31>(FieldId::M31, 1),
        circuit::<M31>(FieldId::M31, 2),
    );
    let bytes = encode(FieldId::M31, &instances(&a, 1));
    let error = decode(&bytes, &b, &limits).unwrap_err();
    assert_eq!(error.offset, 16);
    let gf2 = circuit::<Gf2>(FieldId::Gf2, 1);
    let error = decode(&bytes, &gf2, &limits).unwrap_err();
    assert!(matches!(error.kind, DecodeErrorKind::FieldMismatch { .. }));
    let two = Limits {
        max_instances: 1,
        ..limits
    };
    let bytes = encode(FieldId::M31, &instances(&a, 2));
    let error = decode(&bytes, &a, &two).unwrap_err();
    assert!(matches!(
        error.kind,
        DecodeErrorKind::Limit {
            what: "instances",
            ..
        }
    ));
    let short = Instances::new(&a, 2, vec![M31::ZERO; 8], vec![M31::ZERO]);
    let expected = InstancesError::Length {
        what: "public",
        expected: 2,
        found: 1,
    };
    assert_eq!(short.unwrap_err(), expected);
    assert!(Instances::<M31>::new(&a, 0, vec![], vec![]).is_err());
}

#[test]
fn public_inputs_from_json() {
    let limits = Limits::default();
    let c = circuit::<Bn254>(FieldId::Bn254, 2);
    let minus_one = "21888242871839275222246405745257275088548364400416034343698204186575808495616";
    let text = format!(r#" {{"public": [["12", 7], ["{minus_one}", "0"]]}}"#);
    let public = decode_public(text.as_bytes(), &c, &limits).unwrap();
    let value = Bn254::from_u64;
    assert_eq!(public.values(), [value(12), value(7), -value(1), value(0)]);
    let modulus = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
    let long = "9".repeat(78);
    for bad in [
        r#"{"public": [["12"]]}"#,
        r#"{"public": [["12", 7, 8]]}"#,
        r#"{"public": [["12", -7]]}"#,
        r#"{"public": [["12", 1.5]]}"#,
        r#"{"public": [["12", "0x7"]]}"#,
        r#"{"public": [["12", ""]]}"#,
        r#"{"public": [["12", null]]}"#,
        r#"{"public": []}"#,
        r#"{"public": [[1, 2]], "private": []}"#,
        r#"{"public": [[1, 2]]"#,
        &format!(r#"{{"public": [[1, "{modulus}"]]}}"#),
        &format!(r#"{{"public": [[1, "{long}"]]}}"#),
        &format!(r#"{{"public": {}"#, "[".repeat(100_000)),
    ] {
        let error = decode_public(bad.as_bytes(), &c, &limits).unwrap_err();
        let typed = matches!(
            error.kind,
            DecodeErrorKind::Json { .. } | DecodeErrorKind::Instances(_)
        );
        assert!(typed, "{bad}");
    }
    let gf2 = circuit::<Gf2>(FieldId::Gf2, 2);
    assert!(decode_public(br#"{"public": [[1, 2]]}"#, &gf2, &limits).is_err());
    assert!(decode_public(br#"{"public": [[1, "0"]]}"#, &gf2, &limits).is_ok());
}

#[test]
fn json_errors_say_where() {
    let c = circuit::<M31>(FieldId::M31, 2);
    let cases = [
        // What the parser refuses, at the byte that it refuses.
        ("{\"public\": [[1, 2],\n  [3, x]]}", "x"),
        ("{\"public\": [[1, 2]] ?", "?"),
        // What is JSON, but no public inputs, at the value.
        ("{\"public\": [[1, 2],\n [3, \"p\"], [5, 6]]}", "\"p\""),
        ("{\"public\" : [ [1, 2], [ -3 , 4]]}", "-3"),
        ("{\"public\": [[1, 2], [3, 4], [5]]}", "[5]"),
        ("{\"public\": [[\"0\", \"]\\\",[\"]]}", "\"]\\"),
        ("{\"public\": [7, [1, 2]]}", "7"),
        // A list is JSON of another form, not a witness file.
        ("[[1, 2], [3, 4]]", "[[1"),
        ("  [1]", "  [1]"),
    ];
    for (text, place) in cases {
        let error = decode_public(text.as_bytes(), &c, &Limits::default()).unwrap_err();
        assert!(
            matches!(error.kind, DecodeErrorKind::Json { .. }),
            "{text}: {error}"
        );
        assert_eq!(
            Some(error.offset as usize),
            text.find(place),
            "{text}: {error}"
        );
    }
}
