//! The gallery's circuits against answers from elsewhere: `sha3`, `sha2`, published vectors.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail the test by panicking"
)]

use prover_circuit::gallery::{self, GalleryError, keccak, matmul, poseidon2, sha256};
use prover_circuit::{Built, Circuit, Limits, Violation, evaluate, with_circuit, witness};
use prover_core::{ChallengeField, Field, FieldId};
use prover_fields::{Bn254, Gf2, Gf2e128, GoldilocksExt2, M31, M31Ext3, with_field};
use sha3::Digest;

/// Claimed outputs and violations.
fn run<F: ChallengeField>(built: &Built<F::Base>, private: &[F::Base]) -> (Vec<F::Base>, usize) {
    let inputs = built.layout.pad(private);
    run_padded::<F>(&built.circuit, &inputs)
}

fn run_padded<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    inputs: &[F::Base],
) -> (Vec<F::Base>, usize) {
    let result = evaluate::<F>(circuit, inputs, &[], &[]);
    let outputs = &result.outputs(circuit.num_outputs())[circuit.num_zero_outputs() as usize..];
    let outputs = outputs.iter().map(|v| v.to_base().unwrap()).collect();
    (outputs, result.violations.len())
}

/// Messages of every interesting length.
fn messages(longest: usize) -> Vec<Vec<u8>> {
    let bytes = |length: usize, seed: usize| -> Vec<u8> {
        (0..length)
            .map(|i| (i * i * 31 + i * 7 + seed * 89 + 5) as u8)
            .collect()
    };
    vec![
        Vec::new(),
        vec![0x61],
        b"abc".to_vec(),
        vec![0xff; longest],
        bytes(longest, 1),
        bytes(longest / 2, 2),
    ]
}

fn keccak_is_keccak<F: ChallengeField>() {
    let built = keccak::circuit::<F::Base>(keccak::ROUNDS).unwrap();
    for message in messages(keccak::MAX_MESSAGE) {
        let (outputs, violations) = run::<F>(&built, &keccak::inputs_for(&message));
        let expected: [u8; 32] = sha3::Keccak256::digest(&message).into();
        assert_eq!(keccak::digest_of_outputs(&outputs), Some(expected));
        assert_eq!(violations, 0);
        assert_eq!(keccak::reference(&message, keccak::ROUNDS), expected);
    }
    // Every round on its own, so that a fault has a place.
    for rounds in 1..4 {
        let built = keccak::circuit::<F::Base>(rounds).unwrap();
        let (outputs, _) = run::<F>(&built, &keccak::inputs_for(b"round"));
        let expected = keccak::reference(b"round", rounds);
        assert_eq!(
            keccak::digest_of_outputs(&outputs),
            Some(expected),
            "{rounds} rounds"
        );
    }
}

#[test]
fn keccak_over_gf2_is_keccak() {
    keccak_is_keccak::<Gf2e128>();
}

#[test]
fn keccak_over_prime_fields_is_keccak() {
    keccak_is_keccak::<M31Ext3>();
    keccak_is_keccak::<Bn254>();
    keccak_is_keccak::<GoldilocksExt2>();
}

/// A digest written down by hand, in case both implementations err.
#[test]
fn the_empty_message_has_the_digest_that_everybody_knows() {
    let built = gallery::build("keccak256", FieldId::Gf2, None, 9, Some(&[])).unwrap();
    let known = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    assert_eq!(built.expected_outputs, [known]);
    let built = gallery::build("sha256", FieldId::Gf2, None, 9, Some(&[])).unwrap();
    let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(built.expected_outputs, [known]);
}

fn inputs_that_are_no_bits_violate<F: ChallengeField>() {
    let built = keccak::circuit::<F::Base>(1).unwrap();
    let inputs = keccak::inputs_for::<F::Base>(b"bits");
    for place in [0, 517, 1087] {
        let mut inputs = inputs.clone();
        inputs[place] = F::Base::from_u64(2);
        assert_eq!(run::<F>(&built, &inputs).1, 1, "input {place}");
    }
    let result = evaluate::<F>(&built.circuit, &built.layout.pad(&inputs), &[], &[]);
    assert_eq!(result.violations, []);
    let asserts = built.circuit.layers().iter().map(|l| l.asserts.len());
    assert_eq!(asserts.sum::<usize>(), 1088);
    let mut inputs = inputs;
    inputs[3] = -F::Base::ONE;
    let result = evaluate::<F>(&built.circuit, &built.layout.pad(&inputs), &[], &[]);
    assert!(matches!(
        result.violations[..],
        [Violation::Assert { layer: 0, .. }]
    ));
}

#[test]
fn keccak_inputs_must_be_bits_in_prime_fields() {
    inputs_that_are_no_bits_violate::<M31Ext3>();
    inputs_that_are_no_bits_violate::<Bn254>();
    inputs_that_are_no_bits_violate::<GoldilocksExt2>();
}

#[test]
fn sha256_is_sha256() {
    let built = sha256::circuit(sha256::ROUNDS).unwrap();
    for message in messages(sha256::MAX_MESSAGE) {
        let (outputs, violations) = run::<Gf2e128>(&built, &sha256::inputs_for(&message));
        let expected: [u8; 32] = sha2::Sha256::digest(&message).into();
        assert_eq!(sha256::digest_of_outputs(&outputs), Some(expected));
        assert_eq!(violations, 0);
        assert_eq!(sha256::reference(&message, sha256::ROUNDS), expected);
    }
    for rounds in [1, 2, 3, 4, 15, 16, 17, 18, 20] {
        let built = sha256::circuit(rounds).unwrap();
        let (outputs, _) = run::<Gf2e128>(&built, &sha256::inputs_for(b"round"));
        let expected = sha256::reference(b"round", rounds);
        assert_eq!(
            sha256::digest_of_outputs(&outputs),
            Some(expected),
            "{rounds} rounds"
        );
    }
}

/// From `p3-mersenne-31` 0.8, `default_mersenne31_poseidon2_16`; the second is also in its tests.
const M31_VECTORS: [([u32; 16], [u32; 16]); 3] = [
    (
        [0; 16],
        [
            1979953422, 1493054217, 1413039529, 793528525, 1991532431, 1452398999, 2139305457,
            115569251, 578123152, 888018360, 2023371979, 2040599109, 777358681, 1655641335,
            1621200949, 882626881,
        ],
    ),
    (
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [
            187465786, 1528751313, 1237758435, 752625676, 822763720, 1393193630, 1315028148,
            780456899, 1483774984, 2122492994, 560119023, 1830107830, 1949102307, 790717229,
            1638780446, 427022065,
        ],
    ),
    (
        [
            550097313, 2094325707, 132229895, 297009326, 1371838632, 1265903391, 593123898,
            1694264225, 1577969750, 1543542871, 985385505, 340918430, 541875472, 1629525628,
            1170099267, 866428624,
        ],
        [
            1894503400, 1278819218, 666523465, 330651739, 318835050, 867014587, 1076557226,
            1535671111, 424070341, 1218344671, 1148311114, 115005007, 1820947529, 631891613,
            616245385, 253887294,
        ],
    ),
];

/// From `zkhash` 0.2, `POSEIDON2_BN256_PARAMS`; the second is also in its tests.
const BN254_VECTORS: [([u64; 3], [&str; 3]); 3] = [
    (
        [0; 3],
        [
            "2ed1da00b14d635bd35b88ab49390d5c13c90da7e9e3a5f1ea69cd87a0aa3e82",
            "1e21e979cc3fd844b88c2016fd18f4db07a698aa27deca67ca509f5b0a4480d0",
            "2c40d0115da2c9b55553b231be55295f411e628ed0cd0e187917066515f0a060",
        ],
    ),
    (
        [0, 1, 2],
        [
            "0bb61d24daca55eebcb1929a82650f328134334da98ea4f847f760054f4a3033",
            "303b6f7c86d043bfcbcc80214f26a30277a15d3f74ca654992defe7ff8d03570",
            "1ed25194542b12eef8617361c3ba7c52e660b145994427cc86296242cf766ec8",
        ],
    ),
    (
        [
            16226008763869681327,
            6020303405324641991,
            11420759280519519797,
        ],
        [
            "16dc8ea899492bfe9f22a9165ffaa974cf3952eb2ef24d7f02dc67618bf18c78",
            "10471d25b6a5d3aa8a366570160265df8c24844c784dd3b48be7c56b5ee983f4",
            "0944875854226271839043000ec4bd8bc2cf2573020b15b43f85fa43de8d04a4",
        ],
    ),
];

/// `zkhash`'s permutation of `-1, -2, -3`.
const BN254_NEGATIVE: [&str; 3] = [
    "2d0aec82382f6f38d0b1362cd221eb5c88575954917ceb50ccdd184548ab8761",
    "0ee230db343ce9495236839c502e30483c35c3eba168c208fbb3c278fee87bcb",
    "14108464277fb653ab9dc2e444faab33f5c4313d2b1826071c90690ca19ed962",
];

fn poseidon2_maps<F: ChallengeField>(vectors: &[[Vec<F::Base>; 2]]) {
    let built = poseidon2::circuit::<F::Base>(1).unwrap();
    let twice = poseidon2::circuit::<F::Base>(2).unwrap();
    let parameters = poseidon2::Parameters::new().unwrap();
    for [input, expected] in vectors {
        assert_eq!(&poseidon2::reference(&parameters, input, 1), expected);
        assert_eq!(&run::<F>(&built, input).0, expected);
        let again = run::<F>(&built, expected).0;
        assert_eq!(run::<F>(&twice, input).0, again);
        assert_eq!(poseidon2::reference(&parameters, input, 2), again);
    }
}

#[test]
fn poseidon2_over_m31_is_plonky3s() {
    let elements = |v: [u32; 16]| v.map(|v| M31::from_u64(v.into())).to_vec();
    let vectors = M31_VECTORS.map(|(input, output)| [elements(input), elements(output)]);
    poseidon2_maps::<M31Ext3>(&vectors);
}

#[test]
fn poseidon2_over_bn254_is_horizens() {
    let element = |hex: &str| {
        let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..32).rev().map(byte).collect();
        Bn254::decode(&bytes).unwrap()
    };
    let elements = |v: [&str; 3]| v.map(element).to_vec();
    let mut vectors = BN254_VECTORS
        .map(|(input, output)| [input.map(Bn254::from_u64).to_vec(), elements(output)])
        .to_vec();
    let negative = [1, 2, 3].map(|v| -Bn254::from_u64(v)).to_vec();
    vectors.push([negative, elements(BN254_NEGATIVE)]);
    poseidon2_maps::<Bn254>(&vectors);
}

#[test]
fn matrices_multiply() {
    let numbers = |v: &[u64]| -> Vec<M31> { v.iter().map(|&v| M31::from_u64(v)).collect() };
    let (a, b) = (numbers(&[1, 2, 3, 4]), numbers(&[5, 6, 7, 8]));
    let built = matmul::circuit::<M31>(2).unwrap();
    let (c, _) = run::<M31Ext3>(&built, &matmul::inputs_for(&a, &b));
    assert_eq!(c, numbers(&[19, 22, 43, 50]));
    // A length that is no power of two.
    let built = matmul::circuit::<M31>(3).unwrap();
    let (a, b) = (
        numbers(&[2, 0, 1, 3, 0, 0, 5, 1, 1]),
        numbers(&[1, 0, 1, 1, 2, 1, 1, 1, 0]),
    );
    let (c, _) = run::<M31Ext3>(&built, &matmul::inputs_for(&a, &b));
    assert_eq!(c, numbers(&[3, 1, 2, 3, 0, 3, 7, 3, 6]));
    assert_eq!(matmul::reference(3, &a, &b), c);
}

/// Every entry over every field of it: the witness file, evaluated, gives the expected outputs.
#[test]
fn every_entry_builds_and_its_witness_gives_the_expected_outputs() {
    for entry in gallery::list() {
        for &field in entry.fields {
            let size = entry.default_size.min(3);
            let built = gallery::build(entry.name, field, Some(size), 3, None).unwrap();
            assert_eq!(built.circuit.field(), field);
            assert_eq!(built.circuit.gate_counts(), built.report.gates);
            assert_eq!(
                answers(entry, &built),
                built.expected_outputs,
                "{}",
                entry.name
            );
            let first = &built.expected_outputs[0];
            assert!(built.expected_outputs[1..].iter().all(|text| text != first));
            let again = gallery::build(entry.name, field, Some(size), 3, None).unwrap();
            assert_eq!(built, again);
        }
    }
}

fn answers(entry: &gallery::Entry, built: &gallery::Built) -> Vec<String> {
    fn texts<F: ChallengeField>(
        entry: &gallery::Entry,
        circuit: &Circuit<F::Base>,
        bytes: &[u8],
    ) -> Vec<String> {
        let instances = witness::decode(bytes, circuit, &Limits::default()).unwrap();
        let text = |s| {
            let (outputs, violations) = run_padded::<F>(circuit, instances.input_of(s));
            assert_eq!(violations, 0);
            gallery::text_of_outputs(entry, &outputs)
        };
        (0..instances.num_instances()).map(text).collect()
    }
    with_circuit!(&built.circuit, |circuit, F| {
        texts::<F>(entry, circuit, &built.witness)
    })
}

#[test]
fn input_bytes_are_cut_into_messages() {
    let bytes: Vec<u8> = (0..136).collect();
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let built = gallery::build("keccak256", FieldId::Gf2, None, 7, Some(&bytes)).unwrap();
    let expected = bytes.chunks(135).map(|m| hex(&sha3::Keccak256::digest(m)));
    assert_eq!(built.expected_outputs, expected.collect::<Vec<_>>());
    assert_eq!(built.expected_outputs.len(), 2);
    let built = gallery::build("sha256", FieldId::Gf2, None, 7, Some(&bytes)).unwrap();
    let expected = bytes.chunks(55).map(|m| hex(&sha2::Sha256::digest(m)));
    assert_eq!(built.expected_outputs, expected.collect::<Vec<_>>());
    assert_eq!(answers(&gallery::list()[1], &built), built.expected_outputs);
}

#[test]
fn what_the_gallery_lacks_is_refused() {
    let build = |name, field, size, instances, input| {
        gallery::build(name, field, size, instances, input).unwrap_err()
    };
    let gf2 = FieldId::Gf2;
    assert!(matches!(
        build("md5", gf2, None, 1, None),
        GalleryError::Unknown { .. }
    ));
    assert!(matches!(
        build("poseidon2", gf2, None, 1, None),
        GalleryError::Field { .. }
    ));
    assert!(matches!(
        build("sha256", FieldId::M31, None, 1, None),
        GalleryError::Field { .. }
    ));
    for size in [0, 25] {
        let error = build("keccak256", gf2, Some(size), 1, None);
        assert!(matches!(error, GalleryError::Size { max: 24, .. }));
    }
    assert!(matches!(
        build("matmul", gf2, Some(257), 1, None),
        GalleryError::Size { .. }
    ));
    assert!(matches!(
        build("matmul", gf2, None, 1, Some(b"x")),
        GalleryError::NoMessages { .. }
    ));
    for instances in [0, (1 << 20) + 1] {
        let error = build("matmul", gf2, None, instances, None);
        assert!(matches!(error, GalleryError::Instances(_)));
    }
    let error = build("matmul", gf2, Some(64), 1 << 20, None);
    assert!(matches!(error, GalleryError::WitnessSize { .. }));
}

/// The cost that the documentation states: layers, mul, add, relay and const gates, largest table.
#[test]
fn circuits_cost_what_their_documentation_says() {
    let cost = |name: &str, field: FieldId| {
        let built = gallery::build(name, field, None, 1, None).unwrap();
        let (report, gates) = (built.report, built.report.gates);
        let vars = with_circuit!(&built.circuit, |c| c.max_vars());
        let counts = (gates.mul, gates.add, report.relays, gates.constant);
        (report.layers, counts, vars)
    };
    let (gf2, m31, bn254) = (FieldId::Gf2, FieldId::M31, FieldId::Bn254);
    let signs = (144, (185_216, 187_648, 110_464, 38_848), 12);
    assert_eq!(cost("keccak256", gf2), (48, (72_576, 262_400, 0, 168), 11));
    assert_eq!(cost("keccak256", m31), signs);
    assert_eq!(cost("keccak256", bn254), signs);
    let sha256 = (463, (131_921, 661_849, 522_432, 3_388), 11);
    assert_eq!(cost("sha256", gf2), sha256);
    assert_eq!(cost("poseidon2", m31), (75, (636, 6_368, 704, 142), 5));
    assert_eq!(cost("poseidon2", bn254), (193, (400, 729, 384, 80), 3));
    assert_eq!(cost("matmul", m31), (1, (4_096, 0, 0, 0), 9));
}

/// The gallery's bits and bytes belong together.
#[test]
fn bits_are_those_of_bytes() {
    use gallery::bits::{bits_of_bytes, bytes_of_bits};
    let bits = bits_of_bytes::<Gf2>(&[0x05, 0x80]);
    let ones: Vec<usize> = (0..16).filter(|&i| bits[i].is_one()).collect();
    assert_eq!(ones, [0, 2, 15]);
    assert_eq!(bytes_of_bits(&bits), Some(vec![0x05, 0x80]));
    assert_eq!(bytes_of_bits(&bits[..15]), None);
    for id in FieldId::ALL.into_iter().filter(|&id| id != FieldId::Gf2) {
        with_field!(id, |F| {
            type B = <F as ChallengeField>::Base;
            assert_eq!(bytes_of_bits(&[B::from_u64(2); 8]), None);
        });
    }
}
