//! The suite on the oracle, and on backends that are wrong on purpose.

use backend_reference::ReferenceBackend;

#[cfg(test)]
#[path = "it/defect.rs"]
mod defect;
#[cfg(test)]
#[path = "it/mutants.rs"]
mod mutants;
#[cfg(test)]
#[path = "it/sabotaged/mod.rs"]
mod sabotaged;

backend_conformance::conformance_suite! {
    backend: |options| {
        let limit = options.memory_limit.unwrap_or(u64::MAX);
        Ok(ReferenceBackend::with_memory_limit(limit))
    },
    fields: [Bn254, M31Ext3, Gf2e128, GoldilocksExt2],
}
