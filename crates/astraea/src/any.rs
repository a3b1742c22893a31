//! The facade on bytes of files, whatever the field.
//!
//! Each call compiles the circuit anew; [`crate::Prover`] keeps it.

use prover_circuit::{AnyCircuit, Limits, with_circuit, witness};
use prover_core::FieldId;
use prover_gkr::Violations;
use prover_proof::ProtocolConfig;
use prover_verifier::VerifyError;

use crate::decimal::{output_decimal, to_decimal};
use crate::error::Error;
use crate::inspect::Inspection;
use crate::options::ProveOptions;
use crate::report::Report;

/// Proves a witness file; the result is the proof file.
/// Cost: beside the proof, a copy of the circuit.
///
/// # Errors
/// If the witness is refused, or as [`crate::prove`].
pub fn prove(
    circuit: &AnyCircuit,
    witness: &[u8],
    options: &ProveOptions,
) -> Result<(Vec<u8>, Report), Error> {
    with_circuit!(circuit, |circuit, F| {
        let instances = witness::decode(witness, circuit, &Limits::default())?;
        let (proof, report) = crate::prove::<F>(circuit.clone(), &instances, options)?;
        Ok((proof.encode(), report))
    })
}

/// Names the wires of a witness file that had to be zero and are not.
/// Cost: beside the evaluation, a copy of the circuit.
///
/// # Errors
/// If the witness is refused, or as [`crate::check`].
pub fn check(
    circuit: &AnyCircuit,
    witness: &[u8],
    options: &ProveOptions,
) -> Result<Violations, Error> {
    with_circuit!(circuit, |circuit, F| {
        let instances = witness::decode(witness, circuit, &Limits::default())?;
        crate::check::<F>(circuit.clone(), &instances, options)
    })
}

/// What a proof file has to fulfil beside being valid.
#[derive(Clone, Copy, Debug)]
pub struct VerifyOptions<'a> {
    /// Proofs with fewer bits of soundness are refused.
    pub min_bits: f64,
    /// If given, the bytes of a public file that the public inputs must be those of.
    pub public: Option<&'a [u8]>,
    /// Threads, as in [`crate::VerifyOptions::threads`].
    pub threads: usize,
}

impl Default for VerifyOptions<'_> {
    fn default() -> Self {
        Self {
            min_bits: crate::DEFAULT_MIN_BITS,
            public: None,
            threads: 1,
        }
    }
}

/// What an accepted proof file says; values are decimal.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The field.
    pub field: FieldId,
    /// Number of instances.
    pub num_instances: usize,
    /// Bits of soundness.
    pub soundness_bits: f64,
    /// The configuration.
    pub config: ProtocolConfig,
    /// Public inputs of all instances, instance after instance.
    pub public: Vec<String>,
    /// Claimed outputs of all instances, instance after instance.
    pub outputs: Vec<String>,
    /// The threads that verified, as in [`crate::Verified::threads`].
    pub threads: usize,
}

/// Verifies a proof file.
///
/// # Errors
/// If the proof or the public file is refused.
pub fn verify(
    circuit: &AnyCircuit,
    proof: &[u8],
    options: &VerifyOptions<'_>,
) -> Result<Verified, Error> {
    with_circuit!(circuit, |circuit, F| {
        let public = options
            .public
            .map(|bytes| witness::decode_public(bytes, circuit, &Limits::default()));
        let public = public.transpose()?;
        let options = crate::VerifyOptions {
            min_bits: options.min_bits,
            public: public.as_ref().map(|public| public.values()),
            threads: options.threads,
        };
        let verified = crate::verify_bytes::<F>(circuit, proof, &options)?;
        if let Some(public) = &public {
            same_instances(verified.num_instances, public.num_instances())?;
        }
        Ok(strings(verified))
    })
}

/// Compares the numbers of instances, which public inputs alone do not tell where there are none.
///
/// # Errors
/// If they differ.
pub fn same_instances(proof: usize, found: usize) -> Result<(), VerifyError> {
    match proof == found {
        true => Ok(()),
        false => Err(VerifyError::OtherInstances { proof, found }),
    }
}

fn strings<F: crate::ChallengeField>(verified: crate::Verified<F>) -> Verified {
    let base_width = <F::Base as crate::Field>::ENCODED_BYTES;
    let public = verified.public.iter();
    let number = verified.outputs.len();
    let outputs = (0..number).map(|place| output_decimal(&verified.outputs, place));
    Verified {
        field: F::ID,
        num_instances: verified.num_instances,
        soundness_bits: verified.bits,
        config: verified.config,
        public: public.map(|&v| to_decimal(v, base_width)).collect(),
        outputs: outputs.collect(),
        threads: verified.threads,
    }
}

/// Counts a circuit's parts and plans a proof of `instances` instances.
///
/// # Errors
/// If there are no proofs of so many instances.
pub fn inspect(circuit: &AnyCircuit, instances: usize) -> Result<Inspection, Error> {
    with_circuit!(circuit, |circuit, F| crate::inspect::<F>(
        circuit, instances
    ))
}
