//! The verifier's entry points.

use core::iter;

use prover_circuit::Circuit;
use prover_core::ChallengeField;
use prover_proof::{
    Outputs, Proof, ProofHeader, ProofShape, ProtocolConfig, Section, soundness_bits,
};
use prover_transcript::{Sha256Transcript, Transcript};
use rayon::prelude::*;

use crate::error::{Check, VerifyError};
use crate::input::{check_input, output_value};
use crate::layer::{LayerCheck, Statement, check_layers};
use crate::replay::{Trace, replay};

/// Bits of soundness asked for unless the user says otherwise.
pub const DEFAULT_MIN_BITS: f64 = 75.0;

/// The most threads of a verification; more would cost more than they bring.
pub const MAX_THREADS: usize = 1024;

/// What a proof has to fulfil beside being valid, and how to check it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerifyOptions<'a, B> {
    /// Proofs with fewer bits of soundness are refused.
    pub min_bits: f64,
    /// If given, the public inputs of all instances must be these, instance after instance.
    pub public: Option<&'a [B]>,
    /// Threads; 0 and 1 stay on the caller's, more than [`MAX_THREADS`] are not used. What is accepted
    /// does not depend on it.
    pub threads: usize,
}

impl<B> Default for VerifyOptions<'_, B> {
    fn default() -> Self {
        Self {
            min_bits: DEFAULT_MIN_BITS,
            public: None,
            threads: 1,
        }
    }
}

/// What an accepted proof says.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified<F: ChallengeField> {
    /// Number of instances.
    pub num_instances: usize,
    /// Public inputs of all instances.
    pub public: Vec<F::Base>,
    /// The outputs that were claimed, of all instances.
    pub outputs: Outputs<F>,
    /// Bits of soundness.
    pub bits: f64,
    /// The configuration.
    pub config: ProtocolConfig,
    /// The threads that verified: fewer than asked for above [`MAX_THREADS`], or where the system
    /// refused to start so many.
    pub threads: usize,
}

/// Verifies a proof file; nothing is allocated that its length does not justify.
///
/// # Errors
/// If the bytes are no proof for this circuit, or the proof is refused: [`VerifyError::kind`].
pub fn verify_bytes<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    bytes: &[u8],
    options: &VerifyOptions<'_, F::Base>,
) -> Result<Verified<F>, VerifyError> {
    let shape = shape_for::<F>(circuit, &ProofHeader::peek(bytes)?)?;
    let proof = Proof::<F>::decode(bytes, &shape)?;
    let mut transcript = Sha256Transcript::new();
    let accepted = verify_shaped(circuit, &shape, &proof, options, &mut transcript)?;
    Ok(verified(proof, accepted))
}

/// Verifies a proof.
///
/// Cost: one hash over the proof; per layer the eq tables of its points, as far as its gates and
/// those of the layer below reach, two multiplications a mul gate, one an add gate, and one more
/// for each coefficient that is not one; one multiplication an input.
///
/// # Errors
/// If the proof does not fit the circuit, or is refused: [`VerifyError::kind`].
pub fn verify<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    proof: &Proof<F>,
    options: &VerifyOptions<'_, F::Base>,
) -> Result<Verified<F>, VerifyError> {
    verify_with(circuit, proof, options, &mut Sha256Transcript::new())
}

/// Verifies a proof by another transcript than the protocol's: to record challenges, say.
///
/// # Errors
/// Those of [`verify`].
pub fn verify_with<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    proof: &Proof<F>,
    options: &VerifyOptions<'_, F::Base>,
    transcript: &mut impl Transcript,
) -> Result<Verified<F>, VerifyError> {
    let shape = shape_for::<F>(circuit, &proof.header)?;
    let accepted = verify_shaped(circuit, &shape, proof, options, transcript)?;
    Ok(verified(proof.clone(), accepted))
}

/// What the checks found out beside that they hold.
struct Accepted {
    bits: f64,
    threads: usize,
}

fn verified<F: ChallengeField>(proof: Proof<F>, accepted: Accepted) -> Verified<F> {
    Verified {
        num_instances: proof.header.num_instances,
        public: proof.public,
        outputs: proof.outputs,
        bits: accepted.bits,
        config: proof.header.config,
        threads: accepted.threads,
    }
}

/// The shape of a proof with this header, if the header is about the circuit.
fn shape_for<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    header: &ProofHeader,
) -> Result<ProofShape, VerifyError> {
    if circuit.field() != F::ID {
        return Err(VerifyError::CircuitField {
            circuit: circuit.field(),
            asked: F::ID,
        });
    }
    let field = header.field;
    if field != F::ID || header.digest != circuit.digest() {
        return Err(VerifyError::OtherCircuit { field });
    }
    Ok(ProofShape::of(
        circuit,
        header.num_instances,
        header.config,
    )?)
}

/// Checks the lengths of a proof in memory, which need not come from a file.
fn check_lengths<F: ChallengeField>(
    shape: &ProofShape,
    proof: &Proof<F>,
) -> Result<(), VerifyError> {
    let lengths = [
        (Section::Public, proof.public.len()),
        (Section::Input, proof.input.len()),
        (Section::Output, proof.outputs.len()),
        (Section::Message, proof.messages.len()),
    ];
    for (section, found) in lengths {
        let (expected, found) = (shape.num_elements(section), found as u64);
        if found != expected {
            return Err(VerifyError::Length {
                section,
                expected,
                found,
            });
        }
    }
    if shape.outputs_in_base() != matches!(proof.outputs, Outputs::Base(_)) {
        return Err(VerifyError::OutputsField);
    }
    Ok(())
}

fn check_public<B: PartialEq>(
    proof: &[B],
    expected: &[B],
    num_public: usize,
) -> Result<(), VerifyError> {
    if proof.len() != expected.len() {
        return Err(VerifyError::PublicLength {
            proof: proof.len(),
            found: expected.len(),
        });
    }
    match proof.iter().zip(expected).position(|(a, b)| a != b) {
        Some(place) => Err(VerifyError::OtherPublic {
            instance: place / num_public,
            index: place % num_public,
        }),
        None => Ok(()),
    }
}

fn verify_shaped<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    shape: &ProofShape,
    proof: &Proof<F>,
    options: &VerifyOptions<'_, F::Base>,
    transcript: &mut impl Transcript,
) -> Result<Accepted, VerifyError> {
    check_lengths(shape, proof)?;
    if let Some(expected) = options.public {
        check_public(&proof.public, expected, circuit.num_public() as usize)?;
    }
    let (bits, min_bits) = (soundness_bits::<F>(shape), options.min_bits);
    let enough = bits >= min_bits;
    if !enough {
        return Err(VerifyError::TooFewBits { bits, min_bits });
    }
    let executor = Executor::new(options.threads);
    let trace = replay(shape, proof, transcript, |point| {
        output_value(shape, &proof.outputs, point)
    });
    check_all_layers(circuit, proof, &trace, &executor)?;
    check_input(&proof.input, shape.num_instances(), &trace.input, &executor)
        .map_err(|check| VerifyError::Refused { layer: 0, check })?;
    Ok(Accepted {
        bits,
        threads: executor.threads(),
    })
}

/// Checks every layer and reports the failure nearest to the output.
fn check_all_layers<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    proof: &Proof<F>,
    trace: &Trace<'_, F>,
    executor: &Executor,
) -> Result<(), VerifyError> {
    let statement = Statement {
        num_instances: proof.header.num_instances,
        num_public: circuit.num_public() as usize,
        public: &proof.public,
        random: &trace.random,
        parallel: executor.threads() > 1,
    };
    let num_layers = circuit.layers().len();
    let first_random = |index: usize| match index < num_layers {
        true => circuit.random_offset(index) as usize,
        false => circuit.num_random() as usize,
    };
    let layers = circuit.layers().iter().enumerate().rev().zip(&trace.layers);
    let layers: Vec<LayerCheck<'_, F>> = layers
        .map(|((index, layer), trace)| LayerCheck {
            index,
            layer,
            trace,
            random: first_random(index)..first_random(index + 1),
            input_ends: circuit.input_ends(index),
        })
        .collect();
    let check = |layers: &&[LayerCheck<'_, F>]| check_layers(layers, &statement);
    let groups = groups_of(&layers, executor.threads());
    let results: Vec<Result<(), (usize, Check)>> = executor.run(
        || vec![check(&layers.as_slice())],
        || groups.par_iter().map(check).collect(),
    );
    let result: Result<(), _> = results.into_iter().collect();
    result.map_err(|(layer, check)| VerifyError::Refused { layer, check })
}

/// Runs of layers with about as much work each, several for each thread.
fn groups_of<'a, 'b, F: ChallengeField>(
    layers: &'a [LayerCheck<'b, F>],
    threads: usize,
) -> Vec<&'a [LayerCheck<'b, F>]> {
    const GROUPS_PER_THREAD: usize = 4;
    let work: usize = layers.iter().map(LayerCheck::work).sum();
    let share = work / (GROUPS_PER_THREAD * threads) + 1;
    let mut done = 0;
    let groups = layers.chunk_by(|this, _| {
        let before = done / share;
        done += this.work();
        done / share == before
    });
    groups.collect()
}

/// Where independent parts are computed.
pub(crate) struct Executor {
    pool: Option<rayon::ThreadPool>,
}

impl Executor {
    /// A pool of its own for more than one thread.
    fn new(threads: usize) -> Self {
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        Self::with_pool(threads, |threads| pool(threads).ok())
    }

    /// Where the system refuses to start so many threads, half as many are asked for, down to the
    /// caller's alone.
    fn with_pool(threads: usize, pool: impl Fn(usize) -> Option<rayon::ThreadPool>) -> Self {
        let halved = |&threads: &usize| Some(threads / 2);
        let pool = iter::successors(Some(threads.min(MAX_THREADS)), halved)
            .take_while(|&threads| threads > 1)
            .find_map(pool);
        Self { pool }
    }

    /// The threads that work.
    fn threads(&self) -> usize {
        self.pool
            .as_ref()
            .map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// One of two ways to the same result.
    pub(crate) fn run<R: Send>(
        &self,
        sequential: impl FnOnce() -> R,
        parallel: impl FnOnce() -> R + Send,
    ) -> R {
        match &self.pool {
            Some(pool) => pool.install(parallel),
            None => sequential(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_threads_where_the_system_refuses() {
        let threads_of = |asked, most| {
            let pool = |threads| {
                let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
                builder.build().ok().filter(|_| threads <= most)
            };
            Executor::with_pool(asked, pool).threads()
        };
        assert_eq!(threads_of(8, 8), 8);
        assert_eq!(threads_of(8, 7), 4);
        assert_eq!(threads_of(7, 3), 3);
        assert_eq!(threads_of(8, 2), 2);
        assert_eq!(threads_of(8, 0), 1);
        assert_eq!(threads_of(0, 8), 1);
    }
}
