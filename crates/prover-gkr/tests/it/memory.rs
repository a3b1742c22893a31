//! Memory that is not there: an error, not the end of the process.

use std::process::Command;
use std::sync::Arc;

use backend_reference::ReferenceBackend;
use prover_circuit::{Circuit, CircuitParts};
use prover_core::{AddGate, BackendError, CoefRef, Field, FieldId, LayerGates};
use prover_fields::{M31, M31Ext3};
use prover_gkr::{CompiledCircuit, ProveError};

/// Set in the process whose address space is limited.
const LIMITED: &str = "ASTRAEA_TEST_LIMITED";

/// One gate between `2^28` wires, as a file of a few bytes says it.
fn wide() -> Circuit<M31> {
    let layer = LayerGates {
        input_vars: 28,
        output_vars: 28,
        constants: vec![M31::ONE],
        adds: vec![AddGate {
            z: 0,
            x: 0,
            coef: CoefRef::constant(0),
        }],
        ..Default::default()
    };
    Circuit::new(CircuitParts {
        field: FieldId::M31,
        input_vars: 28,
        num_public: 0,
        num_outputs: 1,
        num_zero_outputs: 0,
        layers: vec![layer],
    })
    .unwrap()
}

/// Runs itself again with one GiB of address space: the first list of rows does not fit.
#[cfg(unix)]
#[test]
fn rows_beyond_memory_are_an_error_of_compiling() {
    if std::env::var_os(LIMITED).is_none() {
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 1048576 && exec \"$@\"", "sh"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "memory::rows_beyond_memory_are_an_error_of_compiling",
            ])
            .env(LIMITED, "1")
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && out.contains("1 passed"),
            "{output:?}"
        );
        return;
    }
    let backend = ReferenceBackend::new();
    let compiled = CompiledCircuit::<M31Ext3, _>::new(&backend, Arc::new(wide()), None);
    match compiled.err() {
        Some(ProveError::Backend(BackendError::OutOfMemory {
            requested_bytes, ..
        })) => assert_eq!(requested_bytes, 4 * ((1 << 28) + 1)),
        other => panic!("{other:?}"),
    }
}
