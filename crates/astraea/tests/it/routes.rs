//! Every gallery circuit and small real circuits, by every route to the same bytes, within the plan.

use std::path::Path;
use std::time::Instant;

use astraea::circuits::gallery::{self, Built, Entry};
use astraea::circuits::witness;
use astraea::{
    AnyCircuit, BackendChoice, Circuit, FieldId, HandOff, Instances, Limits, LinkedField,
    ProveOptions, Prover, VerifyOptions, file, verify_bytes, with_circuit,
};

/// A size that proves in milliseconds.
fn small(entry: &Entry) -> usize {
    match entry.name {
        "keccak256" => 1,
        "sha256" => 4,
        "poseidon2" => 1,
        _ => 5,
    }
}

/// `cpu` by 24 routes, and `reference` where it takes no minutes.
fn every_route<F: LinkedField>(
    name: &str,
    circuit: Circuit<F::Base>,
    witness: &Instances<F::Base>,
    with_reference: bool,
) {
    let start = Instant::now();
    let circuit = std::sync::Arc::new(circuit);
    let prove = |options: &ProveOptions| {
        let prover = Prover::<F>::new(circuit.clone(), options).unwrap();
        let (proof, report) = prover.prove(witness).unwrap();
        // The plan is the device's: after a hand-off the tables are the host's.
        if let Some(measured) = report.measured_peak_bytes {
            let planned = report.peak_bytes;
            assert!(
                0 < measured && measured <= planned,
                "{name} {options:?}: {measured} bytes of {planned} planned"
            );
        }
        proof.encode()
    };
    let route = |threads, window, hand_off| ProveOptions {
        backend: BackendChoice::Cpu,
        threads: Some(threads),
        window: Some(window),
        hand_off,
        ..ProveOptions::default()
    };
    let expected = prove(&route(1, 1, HandOff::Off));
    let verified = verify_bytes::<F>(&circuit, &expected, &VerifyOptions::default()).unwrap();
    assert_eq!(verified.num_instances, witness.num_instances());
    let hand_offs = [
        HandOff::Off,
        HandOff::At(4),
        HandOff::At(6),
        HandOff::At(30),
    ];
    for threads in [1, 2] {
        for window in 1..=3 {
            for hand_off in hand_offs {
                let options = route(threads, window, hand_off);
                assert!(prove(&options) == expected, "{name} {options:?}");
            }
        }
    }
    if with_reference {
        let options = ProveOptions {
            backend: BackendChoice::Reference,
            ..ProveOptions::default()
        };
        assert!(prove(&options) == expected, "{name} on reference");
    }
    println!("{name}: {} bytes, {:?}", expected.len(), start.elapsed());
}

fn gallery_over(fields: &[FieldId]) {
    for entry in gallery::list() {
        for &field in entry.fields.iter().filter(|field| fields.contains(field)) {
            let built = gallery::build(entry.name, field, Some(small(entry)), 3, None).unwrap();
            let Built {
                circuit, witness, ..
            } = built;
            let name = format!("{} over {field}", entry.name);
            let slow = ["keccak256", "sha256"].contains(&entry.name);
            with_circuit!(circuit, |circuit, F| {
                let witness = witness::decode(&witness, &circuit, &Limits::default()).unwrap();
                every_route::<F>(&name, circuit, &witness, !slow);
            });
        }
    }
}

#[test]
fn the_gallery_over_gf2_and_m31() {
    gallery_over(&[FieldId::Gf2, FieldId::M31]);
}

#[test]
fn the_gallery_over_bn254_and_goldilocks() {
    gallery_over(&[FieldId::Bn254, FieldId::Goldilocks]);
}

#[test]
fn small_real_circuits() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../prover-circuit/tests/fixtures");
    let limits = Limits::default();
    for name in [
        "consts_pub_m31",
        "extraouts_gf2",
        "hash_poseidon_goldilocks",
    ] {
        let folder = fixtures.join(name);
        let circuit: AnyCircuit = file::load_any(&folder.join("circuit.txt.xz"), &limits).unwrap();
        with_circuit!(circuit, |circuit, F| {
            let witness =
                file::load_witness(&folder.join("witness.txt.xz"), &circuit, &limits).unwrap();
            every_route::<F>(name, circuit, &witness, true);
        });
    }
}
