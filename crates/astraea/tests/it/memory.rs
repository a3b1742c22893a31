//! What is measured stays within the plan, and a plan over the limit is refused before it is tried.

use astraea::circuits::WiringKind;
use astraea::circuits::generator::{GeneratorConfig, random_circuit, random_instances};
use astraea::fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};
use astraea::measure::{Measured, Runs, Spec, measure};
use astraea::{
    BackendChoice, Error, ErrorKind, LinkedField, ProveError, ProveOptions, Prover, RandomCoefField,
};

/// What a backend may round a table up by.
const BLOCK_BYTES: u64 = 256;
/// Tables beside the wires that a proof has at most.
const TABLES: u64 = 8;

#[test]
fn the_peak_of_random_circuits() {
    fn peaks<F: LinkedField>() {
        for (seed, width_vars, layers) in [(1, 1, 3), (2, 6, 4), (3, 9, 2)] {
            let config = GeneratorConfig::mixed(seed, layers, width_vars);
            let circuit = std::sync::Arc::new(random_circuit::<F::Base>(F::ID, &config).unwrap());
            for (instances, in_flight) in [(1, 1), (1, 3), (5, 1), (8, 2), (64, 1)] {
                let witness = random_instances(&circuit, instances, 6);
                for random_coefs in [RandomCoefField::Base, RandomCoefField::Challenge] {
                    let options = ProveOptions {
                        backend: BackendChoice::Cpu,
                        random_coefs,
                        ..ProveOptions::default()
                    };
                    let prover = Prover::<F>::new(circuit.clone(), &options).unwrap();
                    let witnesses = vec![witness.clone(); in_flight];
                    let (_, report) = prover.prove_many(&witnesses).unwrap();
                    let (measured, planned) =
                        (report.measured_peak_bytes.unwrap(), report.peak_bytes);
                    let tables = (TABLES + layers as u64) * in_flight as u64;
                    assert!(
                        0 < measured && measured <= planned + BLOCK_BYTES * tables,
                        "{} seed {seed}, {instances} instances, {in_flight} in flight, \
                         {random_coefs:?}: {measured} bytes of {planned} planned",
                        F::ID
                    );
                }
            }
        }
    }
    peaks::<Bn254>();
    peaks::<M31Ext3>();
    peaks::<Gf2e128>();
    peaks::<GoldilocksExt2>();
}

fn measured<F: LinkedField>(
    spec: Spec,
    in_flight: usize,
    max_memory_bytes: Option<u64>,
) -> Result<Measured, Error> {
    let options = ProveOptions {
        backend: BackendChoice::Cpu,
        max_memory_bytes,
        ..ProveOptions::default()
    };
    let runs = Runs { runs: 1, in_flight };
    measure::<F>(spec, runs, &options, &mut || ())
}

fn layer(num_vars: u32, muls: bool) -> Spec {
    Spec::Layer {
        num_vars,
        wiring: WiringKind::Random,
        muls,
    }
}

#[test]
fn the_peak_of_measurements() {
    fn peaks<F: LinkedField>() {
        let sumcheck = |num_vars, base| Spec::Sumcheck { num_vars, base };
        let zerocheck = |num_vars, base| Spec::Zerocheck { num_vars, base };
        for spec in [
            sumcheck(0, false),
            sumcheck(7, false),
            sumcheck(7, true),
            zerocheck(0, false),
            zerocheck(8, false),
            zerocheck(8, true),
            layer(0, true),
            layer(7, true),
            layer(7, false),
        ] {
            for in_flight in [1, 3] {
                let found = measured::<F>(spec, in_flight, None).unwrap();
                let (measured, planned) = (found.measured_peak_bytes.unwrap(), found.peak_bytes);
                let tables = TABLES * in_flight as u64;
                assert!(
                    0 < measured && measured <= planned + BLOCK_BYTES * tables,
                    "{} {spec:?} {in_flight}: {measured} of {planned}",
                    F::ID
                );
                assert!(found.soundness_bits > 50.0);
            }
        }
    }
    peaks::<Bn254>();
    peaks::<M31Ext3>();
    peaks::<Gf2e128>();
    peaks::<GoldilocksExt2>();
}

#[test]
fn measurements_beyond_memory_are_refused() {
    for num_vars in [34, 40, 63, 64, 1000] {
        for base in [false, true] {
            for spec in [
                Spec::Sumcheck { num_vars, base },
                Spec::Zerocheck { num_vars, base },
            ] {
                let error = measured::<M31Ext3>(spec, 1, Some(1 << 30)).unwrap_err();
                assert!(matches!(error, Error::Prove(ProveError::Memory { .. })));
                assert_eq!(error.kind(), ErrorKind::Backend);
            }
        }
    }
    for spec in [layer(26, true), layer(28, false), layer(64, true)] {
        let error = measured::<M31Ext3>(spec, 1, Some(1 << 30)).unwrap_err();
        assert!(matches!(error, Error::Prove(ProveError::Memory { .. })));
    }
    // Without a limit it is the allocation that fails, and a layer has an end of its own.
    for num_vars in [60, 64] {
        let base = false;
        let error =
            measured::<M31Ext3>(Spec::Sumcheck { num_vars, base }, 1, Some(u64::MAX)).unwrap_err();
        assert!(error.to_string().contains("out of memory"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Backend);
    }
    let error = measured::<M31Ext3>(layer(31, true), 1, Some(u64::MAX)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
}

/// Two tables of `2^10` elements of 12 bytes on the host; for each proof two on the backend, and
/// both folded once.
#[test]
fn the_plan_and_the_bits_of_a_measurement() {
    let sumcheck = Spec::Sumcheck {
        num_vars: 10,
        base: false,
    };
    let found = measured::<M31Ext3>(sumcheck, 3, None).unwrap();
    let tables = 2 * 12 * 1024;
    let planned = tables + 3 * (tables + tables / 2);
    assert!((planned..planned + BLOCK_BYTES).contains(&found.peak_bytes));
    // Degrees: two for each round; of a layer, the output point, and two phases or one.
    let bits = |degrees: f64| 93.0 - degrees.log2();
    for (spec, degrees) in [
        (sumcheck, 20.0),
        (layer(7, true), 7.0 + 2.0 * 14.0),
        (layer(7, false), 7.0 + 14.0),
    ] {
        let found = measured::<M31Ext3>(spec, 1, None).unwrap().soundness_bits;
        assert!((found - bits(degrees)).abs() < 0.01, "{spec:?}: {found}");
    }
}
