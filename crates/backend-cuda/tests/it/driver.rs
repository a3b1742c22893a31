//! What is missing, or goes wrong, is an error with its reason: never a panic, never a leak.

use backend_cuda::{CudaBackend, CudaOptions};
use cuda_standin::Config;
use prover_core::{BackendError, ComputeBackend, Pending, RoundJob, Summand};
use prover_fields::{Bn254, ChallengeField, M31Ext3};

use super::support::{alone, backend};

/// Why there is no backend with the driver like this.
fn reason(config: &Config, device: usize) -> String {
    let mut reason = String::new();
    alone(|standin| {
        standin.configure(config);
        let options = CudaOptions {
            device,
            ..CudaOptions::default()
        };
        let error = CudaBackend::new(options).err();
        reason = error.map_or_else(|| "none".into(), |error| error.to_string());
    });
    reason
}

#[test]
fn what_is_missing_is_said() {
    if cuda_standin::load().is_err() {
        return alone(|_| {});
    }
    let default = Config::default();
    let cases = [
        (
            Config {
                driver_version: 11_080,
                ..default
            },
            0,
            "CUDA 11.8, at least 12.0",
        ),
        (
            Config {
                init_result: 803,
                ..default
            },
            0,
            "initialisation",
        ),
        (
            Config {
                device_count: 0,
                ..default
            },
            0,
            "finds no device",
        ),
        (default, 1, "there is no device 1; there are 1"),
        (
            Config {
                compute_major: 7,
                ..default
            },
            0,
            "compute capability 7.0; at least 8.0",
        ),
    ];
    for (config, device, expected) in cases {
        let said = reason(&config, device);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_driver_that_refuses_the_kernels_is_an_error() {
    alone(|standin| {
        standin.configure(&Config {
            module_result: 218,
            ..Config::default()
        });
        let backend = backend();
        let mut queue = ComputeBackend::<Bn254>::open_queue(&backend).expect("a stream");
        let error = backend.eq_mle(&mut queue, &[(Bn254::extra_point(0), &[])]);
        match error.err() {
            Some(BackendError::KernelCompile { kernel, log }) => {
                assert_eq!(kernel, "bn254");
                assert!(log.contains("not compiled"), "{log}");
            }
            other => panic!("{other:?}"),
        }
    });
}

/// A sumcheck round and what comes of it.
fn round(backend: &CudaBackend) -> Result<Vec<M31Ext3>, BackendError> {
    let mut queue = ComputeBackend::<M31Ext3>::open_queue(backend)?;
    let values: Vec<M31Ext3> = (0..1 << 9).map(|i| M31Ext3::extra_point(i % 7)).collect();
    let mut mles = [
        backend.upload(&mut queue, &values)?,
        backend.upload(&mut queue, &values)?,
    ];
    let eq = backend.prepare_eq(&mut queue, &values[..3])?;
    let mut job = RoundJob {
        summand: &Summand::product(),
        mles: &mut mles,
        eq: Some(&eq),
        fold: &values[3..5],
        window: 2,
    };
    let mut sums: Vec<M31Ext3> = backend.fold_and_sums(&mut queue, &mut job)?.wait()?;
    let tables: Vec<M31Ext3> = backend.download(&mut queue, &mles)?.wait()?;
    sums.extend(tables);
    Ok(sums)
}

#[test]
fn every_driver_allocation_may_fail() {
    alone(|standin| {
        let want = round(&backend()).expect("nothing fails");
        let mut failures = 0;
        for at in 1.. {
            let backend = backend();
            let before = standin.counters().faults;
            standin.configure(&Config {
                fail_alloc_at: at,
                ..Config::default()
            });
            match round(&backend) {
                Ok(values) => {
                    assert_eq!(values, want);
                    // Where memory is given up and asked for again, one failure is none.
                    if standin.counters().faults == before {
                        break;
                    }
                }
                Err(BackendError::OutOfMemory { .. }) => failures += 1,
                Err(other) => panic!("allocation {at}: {other}"),
            }
            // The same backend goes on.
            standin.configure(&Config::default());
            assert_eq!(round(&backend).expect("there is memory again"), want);
        }
        assert!(failures > 0, "no allocation failed");
    });
}

#[test]
fn a_failed_launch_loses_the_device_and_nothing_else() {
    alone(|standin| {
        let want = round(&backend()).expect("nothing fails");
        let mut at = 1;
        loop {
            standin.configure(&Config {
                fail_launch_at: at,
                ..Config::default()
            });
            let backend = backend();
            match round(&backend) {
                Ok(values) => {
                    assert_eq!(values, want);
                    break;
                }
                Err(BackendError::DeviceLost { .. }) => {
                    // Nothing works any more, on any queue.
                    let again = ComputeBackend::<M31Ext3>::open_queue(&backend);
                    assert!(matches!(again, Err(BackendError::DeviceLost { .. })));
                }
                Err(other) => panic!("launch {at}: {other}"),
            }
            at += 1;
        }
        assert!(at > 3, "the round has more launches than that");
    });
}
