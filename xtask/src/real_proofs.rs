//! Canonical circuits and proofs of real circuits, for verifiers in other languages.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backend_cpu::{CpuBackend, CpuOptions};
use prover_circuit::{Limits, file, format};
use prover_core::{ChallengeField, LayerBackend};
use prover_fields::with_field;
use prover_gkr::{CompiledCircuit, ProverConfig, prove};
use prover_sumcheck::{Driver, Metrics};

use crate::Failure;

/// Writes `NAME.circuit` (canonical encoding) and `NAME.proof` into `out` for every
/// `NAME.circuit.xz` with a `NAME.witness` in `data`.
pub(crate) fn run(data: &Path, out: &Path) -> Result<String, Failure> {
    std::fs::create_dir_all(out)?;
    let mut names: Vec<String> = std::fs::read_dir(data)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".circuit.xz")?.to_owned()))
        .collect();
    names.sort();
    for name in &names {
        let circuit = data.join(format!("{name}.circuit.xz"));
        let field = file::peek_field(&file::read(&circuit, &Limits::default())?)?;
        with_field!(field, |F| write::<F>(name, &circuit, data, out))?;
    }
    Ok(format!("real-proofs: {} written", names.join(", ")))
}

fn write<F: ChallengeField>(
    name: &str,
    circuit: &Path,
    data: &Path,
    out: &Path,
) -> Result<(), Failure>
where
    CpuBackend: LayerBackend<F>,
{
    let limits = Limits::default();
    let circuit = Arc::new(file::load_circuit::<F::Base>(circuit, &limits)?);
    let witness: PathBuf = data.join(format!("{name}.witness"));
    let instances = file::load_witness(&witness, &circuit, &limits)?;
    let backend = CpuBackend::new(CpuOptions::default())?;
    let compiled = CompiledCircuit::<F, _>::new(&backend, circuit.clone(), None)?;
    let metrics = Metrics::default();
    let driver = Driver::<_> {
        backend: &backend,
        hand_off: None,
        window: 1,
        metrics: &metrics,
    };
    let proof = prove(driver, &compiled, &instances, &ProverConfig::default())?;
    std::fs::write(
        out.join(format!("{name}.circuit")),
        format::encode(&circuit),
    )?;
    std::fs::write(out.join(format!("{name}.proof")), proof.encode())?;
    Ok(())
}
