//! Real files: the small ones in the tree, and those that `ASTRAEA_DATA` names.

use std::io::Write;
use std::path::{Path, PathBuf};

use prover_circuit::file::{load_circuit, load_witness};
use prover_circuit::{Circuit, GateCounts, Limits, check, format, tune};
use prover_core::{ChallengeField, FieldId};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};

use crate::support::Rng;

fn fixture(folder: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder)
        .join(file)
}

/// The good witness satisfies, in the bad one exactly instance `bad` fails.
fn small<F: ChallengeField>(folder: &str, bad: usize) -> Circuit<F::Base> {
    let limits = Limits::default();
    let circuit: Circuit<F::Base> =
        load_circuit(&fixture(folder, "circuit.txt.xz"), &limits).unwrap();
    assert_eq!(circuit.field(), F::ID);
    let random: Vec<F> = Rng::new(7).elements(circuit.num_random() as usize);
    let good = load_witness(&fixture(folder, "witness.txt.xz"), &circuit, &limits).unwrap();
    assert_eq!(check(&circuit, &good, &random), []);
    let changed = load_witness(&fixture(folder, "witness_bad.txt.xz"), &circuit, &limits).unwrap();
    assert_eq!(changed.num_instances(), good.num_instances());
    let failing: Vec<usize> = check(&circuit, &changed, &random)
        .iter()
        .map(|(s, _)| *s)
        .collect();
    assert_eq!(failing, [bad]);
    let bytes = format::encode(&circuit);
    assert_eq!(format::decode(&bytes, &limits).unwrap(), circuit);
    let (tuned, report) = tune(&circuit).unwrap();
    let random: Vec<F> = report
        .random_origin
        .iter()
        .map(|&o| random[o as usize])
        .collect();
    let failing: Vec<usize> = check(&tuned, &changed, &random)
        .iter()
        .map(|(s, _)| *s)
        .collect();
    assert_eq!(failing, [bad]);
    circuit
}

fn kinds(counts: GateCounts) -> (u64, u64, u64, u64, u64) {
    (
        counts.mul,
        counts.add,
        counts.constant,
        counts.random,
        counts.public,
    )
}

#[test]
fn public_and_random_coefficients_over_m31() {
    let circuit = small::<M31Ext3>("consts_pub_m31", 8);
    assert_eq!(kinds(circuit.gate_counts()), (1229, 1676, 205, 106, 112));
    assert_eq!(
        (
            circuit.layers().len(),
            circuit.max_vars(),
            circuit.input_vars()
        ),
        (6, 9, 8)
    );
    assert_eq!((circuit.num_outputs(), circuit.num_zero_outputs()), (1, 1));
}

#[test]
fn ordinary_outputs_beside_zero_ones_over_gf2() {
    let circuit = small::<Gf2e128>("extraouts_gf2", 4);
    assert_eq!(kinds(circuit.gate_counts()), (1024, 1930, 189, 0, 112));
    assert_eq!(
        (circuit.num_outputs(), circuit.num_zero_outputs()),
        (133, 128)
    );
}

#[test]
fn child_segments_over_goldilocks() {
    let circuit = small::<GoldilocksExt2>("hash_poseidon_goldilocks", 4);
    assert_eq!(kinds(circuit.gate_counts()), (3396, 7184, 732, 12, 12));
    assert_eq!((circuit.layers().len(), circuit.max_vars()), (92, 6));
}

/// The folder of larger files; without it the test is skipped, or fails if it is required.
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
    let line = "SKIPPED: ASTRAEA_DATA is not set, the Keccak circuits are not tested\n";
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

fn keccak<F: ChallengeField>(
    name: &str,
    counts: (u64, u64, u64, u64, u64),
    shape: (usize, u32, usize),
) -> Option<Circuit<F::Base>> {
    let folder = data()?;
    let limits = Limits::default();
    let file = |end: &str| folder.join(format!("{name}.{end}"));
    let circuit: Circuit<F::Base> = load_circuit(&file("circuit.xz"), &limits).unwrap();
    let witness = load_witness(&file("witness"), &circuit, &limits).unwrap();
    let found = (
        circuit.layers().len(),
        circuit.max_vars(),
        witness.num_instances(),
    );
    assert_eq!(found, shape);
    assert_eq!(kinds(circuit.gate_counts()), counts);
    let random: Vec<F> = Rng::new(11).elements(circuit.num_random() as usize);
    assert_eq!(check(&circuit, &witness, &random), []);
    let (tuned, report) = tune(&circuit).unwrap();
    let random: Vec<F> = report
        .random_origin
        .iter()
        .map(|&o| random[o as usize])
        .collect();
    assert_eq!(check(&tuned, &witness, &random), []);
    let (before, after) = (report.gates.0.total(), report.gates.1.total());
    println!(
        "{name}: {before} to {after} gates, {:?} layers",
        report.layers
    );
    println!("wires {:?}, jumps {:?}", report.wires, report.jumps);
    Some(circuit)
}

#[test]
fn keccak_over_gf2() {
    let counts = (37_056, 468_096, 490, 0, 256);
    let Some(circuit) = keccak::<Gf2e128>("keccak_gf2", counts, (51, 11, 8)) else {
        return;
    };
    assert_eq!(circuit.num_zero_outputs(), 256);
    assert_eq!(
        circuit
            .layers()
            .iter()
            .filter(|l| l.muls.is_empty())
            .count(),
        27
    );
}

#[test]
fn keccak_over_m31() {
    let counts = (368_384, 367_026, 75_172, 1042, 18);
    let Some(circuit) = keccak::<M31Ext3>("keccak_m31", counts, (144, 13, 16)) else {
        return;
    };
    assert_eq!(circuit.num_outputs(), 1);
    assert_eq!(circuit.field(), FieldId::M31);
}

#[test]
fn keccak_over_bn254() {
    let counts = (368_384, 367_026, 75_172, 1042, 18);
    let Some(circuit) = keccak::<Bn254>("keccak_bn254", counts, (144, 13, 1)) else {
        return;
    };
    let last = circuit.layers().len() - 1;
    assert_eq!(circuit.random_offset(last), 1024);
}
