//! Properties of arbitrary bytes, circuits, witnesses and elements.

use hostile_input::{LIMITS, Outcome, TARGETS, circuit6, own_circuit, proof, public_file, witness};
use hostile_input::{expander_circuit, vectors};
use proptest::collection::vec;
use proptest::prelude::*;
use prover_circuit::fields::modulus;
use prover_circuit::generator::{SplitMix64, random_circuit, random_instances};
use prover_circuit::witness::{decode_public, encode_public};
use prover_circuit::{
    Circuit, DecodeErrorKind, GeneratorConfig, PublicInputs, WiringKind, check, format,
    witness as witness_file,
};
use prover_core::{ChallengeField, Field, FieldId};
use prover_fields::with_field;

fn fields() -> impl Strategy<Value = FieldId> {
    proptest::sample::select(FieldId::ALL.to_vec())
}

fn configs() -> impl Strategy<Value = GeneratorConfig> {
    let sizes = (1usize..5, 0u32..5, 0u32..5, 0u32..24, 0u32..24, 0u32..9);
    let rest = (
        any::<u64>(),
        0u32..100,
        0u32..4,
        0u32..5,
        any::<u32>(),
        any::<u32>(),
        any::<bool>(),
    );
    (sizes, rest).prop_map(|(sizes, rest)| {
        let (num_layers, input_vars, width_vars, muls, adds, consts) = sizes;
        let (seed, random_percent, num_public, asserts, outputs, zeros, local) = rest;
        let num_outputs = 1 + outputs % (1 << width_vars);
        GeneratorConfig {
            seed,
            num_layers,
            input_vars,
            width_vars,
            muls,
            adds,
            consts,
            random_percent,
            num_public,
            asserts,
            num_outputs,
            num_zero_outputs: zeros % (num_outputs + 1),
            wiring: if local {
                WiringKind::Local
            } else {
                WiringKind::Random
            },
        }
    })
}

/// Circuit, witness and public inputs through their files.
fn round_trips<F: ChallengeField>(config: &GeneratorConfig, instances: usize) {
    let circuit: Circuit<F::Base> = random_circuit(F::ID, config).expect("a circuit");
    let bytes = format::encode(&circuit);
    assert_eq!(format::decode(&bytes, &LIMITS).as_ref(), Ok(&circuit));
    assert_eq!(own_circuit(&bytes), Outcome::Accepted);
    // The other format holds nearly the same gates, and may lose a layer's last one.
    assert_eq!(expander_circuit(&circuit6(&circuit)), Outcome::Accepted);

    let witness = random_instances(&circuit, instances, config.seed);
    let random: Vec<F> = {
        let mut rng = SplitMix64::new(config.seed);
        (0..circuit.num_random()).map(|_| rng.element()).collect()
    };
    assert_eq!(check(&circuit, &witness, &random), []);
    let bytes = witness_file::encode(F::ID, &witness);
    let again = witness_file::decode(&bytes, &circuit, &LIMITS);
    assert_eq!(again.as_ref(), Ok(&witness));

    let public =
        PublicInputs::new(&circuit, instances, witness.public().to_vec()).expect("public inputs");
    assert_eq!(
        decode_public(&bytes, &circuit, &LIMITS).as_ref(),
        Ok(&public)
    );
    let bytes = encode_public(F::ID, &public);
    assert_eq!(
        decode_public(&bytes, &circuit, &LIMITS).as_ref(),
        Ok(&public)
    );
}

/// A witness of another length is refused, whatever its values.
fn other_lengths<F: ChallengeField>(config: &GeneratorConfig, cut: usize) {
    let circuit: Circuit<F::Base> = random_circuit(F::ID, config).expect("a circuit");
    let bytes = witness_file::encode(F::ID, &random_instances(&circuit, 2, 1));
    let cut = cut % bytes.len();
    let error = witness_file::decode(&bytes[..cut], &circuit, &LIMITS).expect_err("another length");
    assert!(
        matches!(error.kind, DecodeErrorKind::Truncated { .. }),
        "{error}"
    );
    let longer = [&bytes[..], &[0]].concat();
    let error = witness_file::decode(&longer, &circuit, &LIMITS).expect_err("another length");
    assert_eq!(error.kind, DecodeErrorKind::Trailing { bytes: 1 });
}

/// Whether a little-endian integer is below another.
fn is_below(integer: &[u8], bound: &[u8]) -> bool {
    let wide = |bytes: &[u8]| {
        let mut wide = [0; 32];
        wide[..bytes.len()].copy_from_slice(bytes);
        wide.reverse();
        wide
    };
    wide(integer) < wide(bound)
}

/// Bytes are an element if and only if every coefficient is below the modulus; it encodes to them.
fn elements<F: ChallengeField>(bytes: &[u8], near_modulus: Option<i8>) {
    let (base, full) = (F::Base::ENCODED_BYTES, F::ENCODED_BYTES);
    let modulus = modulus(F::ID);
    let mut bytes = bytes.to_vec();
    if let Some(distance) = near_modulus {
        let low = u64::from_le_bytes(modulus[..8].try_into().expect("eight bytes"));
        let low = low.wrapping_add_signed(distance.into()).to_le_bytes();
        bytes[..base].copy_from_slice(&modulus[..base]);
        bytes[..base.min(8)].copy_from_slice(&low[..base.min(8)]);
    }
    check_element::<F::Base>(&bytes[..base], is_below(&bytes[..base], &modulus));
    // GF(2^128) is not written in coefficients.
    let good = F::ID == FieldId::Gf2 || bytes[..full].chunks(base).all(|c| is_below(c, &modulus));
    check_element::<F>(&bytes[..full], good);
    let uniform = F::from_uniform(&bytes.repeat(2)[..F::UNIFORM_BYTES]);
    let mut encoded = Vec::new();
    uniform.encode(&mut encoded);
    assert_eq!(F::decode(&encoded), Some(uniform));
}

fn check_element<E: Field>(bytes: &[u8], good: bool) {
    let element = E::decode(bytes);
    assert_eq!(element.is_some(), good, "{bytes:02x?}");
    if let Some(element) = element {
        let mut encoded = Vec::new();
        element.encode(&mut encoded);
        assert_eq!(encoded, bytes);
    }
    assert_eq!(E::decode(&bytes[1..]), None);
    assert_eq!(E::decode(&[bytes, &[0]].concat()), None);
}

proptest! {
    #[test]
    fn arbitrary_bytes_keep_every_law(bytes in vec(any::<u8>(), 0..400)) {
        for target in &TARGETS {
            (target.run)(&bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_behind_a_good_beginning(
        (target, seed, keep) in (0..TARGETS.len(), any::<usize>(), any::<usize>()),
        bytes in vec(any::<u8>(), 0..200),
    ) {
        let target = &TARGETS[target];
        let seeds = (target.seeds)();
        let seed = &seeds[seed % seeds.len()];
        let begin = &seed[..keep % (seed.len().min(4096) + 1)];
        (target.run)(&[begin, &bytes].concat());
    }

    #[test]
    fn circuits_and_witnesses_come_back(field in fields(), config in configs(), n in 1usize..4) {
        with_field!(field, |F| round_trips::<F>(&config, n));
    }

    #[test]
    fn a_witness_of_another_length_is_refused(
        field in fields(),
        config in configs(),
        cut in any::<usize>(),
    ) {
        with_field!(field, |F| other_lengths::<F>(&config, cut));
    }

    #[test]
    fn elements_have_one_encoding(
        field in fields(),
        bytes in vec(any::<u8>(), 48),
        near in proptest::option::of(-2i8..3),
    ) {
        with_field!(field, |F| elements::<F>(&bytes, near));
    }
}

#[test]
fn seeds_are_what_they_should_be() {
    for field in FieldId::ALL {
        assert!(
            vectors().iter().any(|vector| vector.field == field),
            "{field}"
        );
    }
    for vector in vectors() {
        assert_eq!(
            own_circuit(&vector.circuit),
            Outcome::Accepted,
            "{}",
            vector.name
        );
        assert_eq!(
            witness(&vector.witness),
            Outcome::Accepted,
            "{}",
            vector.name
        );
        assert_eq!(
            public_file(&vector.witness),
            Outcome::Accepted,
            "{}",
            vector.name
        );
        assert_eq!(proof(&vector.proof), Outcome::Accepted, "{}", vector.name);
    }
    for target in &TARGETS {
        let accepted = |seed: &&Vec<u8>| (target.run)(seed) == Outcome::Accepted;
        let good = (target.seeds)().iter().filter(accepted).count();
        assert!(good > 0 || target.name == "verifier", "{}", target.name);
    }
}
