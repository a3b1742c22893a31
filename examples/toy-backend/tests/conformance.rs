//! The one suite.

use prover_core::Unavailable;
use toy_backend::ToyBackend;

backend_conformance::conformance_suite! {
    backend: |options| match options.memory_limit {
        None => Ok(ToyBackend::new()),
        Some(_) => Err(Unavailable {
            backend: "toy".into(),
            reason: "its memory cannot be limited".into(),
        }),
    },
    fields: [Bn254, M31Ext3, Gf2e128, GoldilocksExt2],
}
