//! The facade as applications meet it.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes only #[test] functions for tests, not their helpers"
)]

#[path = "it/memory.rs"]
mod memory;
#[path = "it/routes.rs"]
mod routes;

use astraea::circuits::generator::{GeneratorConfig, random_circuit, random_instances};
use astraea::circuits::witness;
use astraea::fields::{M31, M31Ext3, with_field};
use astraea::{
    AnyCircuit, BackendChoice, Circuit, Error, ErrorKind, FieldId, HandOff, Instances, ProveError,
    ProveOptions, Prover, VerifyOptions, any, verify,
};

fn sample(instances: usize) -> (Circuit<M31>, Instances<M31>) {
    let config = GeneratorConfig::mixed(5, 3, 4);
    let circuit = random_circuit(FieldId::M31, &config).unwrap();
    let witness = random_instances(&circuit, instances, 6);
    (circuit, witness)
}

fn options(backend: BackendChoice) -> ProveOptions {
    ProveOptions {
        backend,
        ..ProveOptions::default()
    }
}

#[test]
fn one_prover_for_many_witnesses() {
    let (circuit, witness) = sample(3);
    let prover = Prover::<M31Ext3>::new(circuit, &ProveOptions::default()).unwrap();
    let (first, report) = prover.prove(&witness).unwrap();
    assert_eq!((report.instances, report.in_flight), (3, 1));
    assert_eq!(report.peak_bytes, report.plan.peak_bytes);
    assert_eq!(report.plan, prover.plan(3).unwrap());
    assert_eq!(report.selection.requested, BackendChoice::Auto);
    assert_eq!(report.selection.chosen, BackendChoice::Cpu);
    let phases: u64 = report.phases().iter().map(|(_, ns)| ns).sum();
    assert_eq!(phases, report.total_ns, "the phases are the whole time");
    assert_eq!(report.by_layer().len(), 3);
    let witnesses = vec![witness; 3];
    let (proofs, report) = prover.prove_many(&witnesses).unwrap();
    assert_eq!(report.in_flight, 3);
    assert!(report.peak_bytes > report.plan.peak_bytes);
    assert!(proofs.iter().all(|proof| *proof == first));
    let verified = verify(prover.circuit(), &first, &VerifyOptions::default()).unwrap();
    assert_eq!(verified.bits, report.soundness_bits);
    assert!(matches!(prover.prove_many(&[]), Err(Error::Options(_))));
}

#[test]
fn the_choices_do_not_change_the_proof() {
    let (circuit, witness) = sample(2);
    let prove = |options: &ProveOptions| {
        let (proof, report) =
            astraea::prove::<M31Ext3>(circuit.clone(), &witness, options).unwrap();
        (proof, report)
    };
    let (expected, _) = prove(&ProveOptions::default());
    let reference = options(BackendChoice::Reference);
    let (proof, report) = prove(&reference);
    assert!(proof == expected && report.backend == "reference");
    let handed = ProveOptions {
        hand_off: HandOff::At(2),
        window: Some(3),
        threads: Some(1),
        ..reference
    };
    let (proof, report) = prove(&handed);
    assert!(proof == expected);
    assert_eq!(report.hand_off, Some(2));
    assert_eq!((report.window, report.longest_window), (3, 3));
    let ops = report.ops_by_backend();
    let ran = |name| ops.contains_key(name);
    assert!(
        ran("cpu") && ran("reference"),
        "the counters say where: {ops:?}"
    );
}

#[test]
fn bytes_of_any_field() {
    let config = GeneratorConfig::mixed(7, 2, 3);
    for field in FieldId::ALL {
        let (circuit, witness) = with_field!(field, |F| {
            let circuit: Circuit<<F as astraea::ChallengeField>::Base> =
                random_circuit(field, &config).unwrap();
            let witness = witness::encode(field, &random_instances(&circuit, 2, 8));
            let file = astraea::circuits::format::encode(&circuit);
            (
                AnyCircuit::decode(&file, &Default::default()).unwrap(),
                witness,
            )
        });
        let options = ProveOptions::default();
        assert!(
            any::check(&circuit, &witness, &options)
                .unwrap()
                .0
                .is_empty()
        );
        let (proof, report) = any::prove(&circuit, &witness, &options).unwrap();
        assert_eq!(report.field, field);
        let asked = any::VerifyOptions {
            public: Some(&witness),
            ..any::VerifyOptions::default()
        };
        let verified = any::verify(&circuit, &proof, &asked).unwrap();
        assert_eq!((verified.field, verified.num_instances), (field, 2));
        assert_eq!(
            any::inspect(&circuit, 2).unwrap().soundness_bits.0,
            verified.soundness_bits
        );
        let error = any::verify(&circuit, &proof[1..], &asked).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        let error = any::prove(&circuit, &witness[1..], &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
    }
}

#[test]
fn what_is_refused_and_why() {
    let (circuit, witness) = sample(1);
    for backend in [BackendChoice::Cuda, BackendChoice::Wgpu] {
        let error = Prover::<M31Ext3>::new(circuit.clone(), &options(backend))
            .err()
            .unwrap();
        assert!(matches!(error, Error::BackendUnavailable(_)));
        assert_eq!(error.kind(), ErrorKind::Backend);
    }
    let prover = Prover::<M31Ext3>::new(circuit.clone(), &ProveOptions::default()).unwrap();
    let peak = prover.plan(1).unwrap().peak_bytes;
    let limited = ProveOptions {
        max_memory_bytes: Some(peak - 1),
        ..ProveOptions::default()
    };
    let error = astraea::prove::<M31Ext3>(circuit.clone(), &witness, &limited).unwrap_err();
    assert!(
        matches!(error, Error::Prove(ProveError::Memory { .. })),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Backend);
    // One proof fits, two in flight do not.
    let limited = ProveOptions {
        max_memory_bytes: Some(peak),
        ..ProveOptions::default()
    };
    let prover = Prover::<M31Ext3>::new(circuit, &limited).unwrap();
    prover.prove(&witness).unwrap();
    let error = prover.prove_many(&[witness.clone(), witness]).unwrap_err();
    assert!(
        matches!(error, Error::Prove(ProveError::Memory { .. })),
        "{error}"
    );
    let with = |window, threads| ProveOptions {
        window,
        threads,
        ..ProveOptions::default()
    };
    for broken in [
        with(Some(0), None),
        with(None, Some(0)),
        with(None, Some(astraea::MAX_THREADS + 1)),
        with(None, Some(usize::MAX)),
    ] {
        let (circuit, _) = sample(1);
        let error = Prover::<M31Ext3>::new(circuit, &broken).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Input);
    }
}
