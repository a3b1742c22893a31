//! The targets and their laws.

use std::fmt::{Debug, Display};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use prover_circuit::fields::field_of_modulus;
use prover_circuit::file::{AnyCircuit, FileError, peek_field, read};
use prover_circuit::generator::{SplitMix64, random_instances};
use prover_circuit::{
    Circuit, DecodeError, Instances, Limits, check, expander, format, tune, with_circuit,
    witness as witness_file,
};
use prover_core::{ChallengeField, Field, FieldId};
use prover_fields::with_field;
use prover_proof::{
    CommitmentKind, Outputs, Proof, ProofHeader, ProofShape, ProtocolConfig, RandomCoefField,
    Section,
};
use prover_verifier::{VerifyOptions, verify_bytes};

use crate::mutate::{keep, repair_xz};
use crate::seeds;

/// What the decoders are given: small, so that an allocation beyond them is noticed; the sizes of
/// circuits that cost nothing to name (wires, variables, public inputs) stay at their defaults.
pub const LIMITS: Limits = Limits {
    max_file_bytes: 1 << 20,
    max_gates: 1 << 16,
    max_layers: 1 << 12,
    max_wires: 1 << 34,
    max_vars: 30,
    max_instances: 1 << 20,
    max_public: 1 << 28,
    max_json_bytes: 1 << 16,
    max_xz_kib: 1 << 10,
};

/// What became of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They were accepted, and the target's law holds.
    Accepted,
    /// They were refused; the name of the error.
    Refused(String),
}

/// A decoder, or the verifier, with everything that a loop needs.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The function's name.
    pub name: &'static str,
    /// Feeds bytes to the target.
    ///
    /// # Panics
    /// If the target does, or its law is broken.
    pub run: fn(&[u8]) -> Outcome,
    /// Bytes to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Applied to every other mutation: makes checksums right again.
    pub repair: fn(&mut [u8]),
    /// Mutations of the always-on loop.
    pub cases: u64,
    /// Bytes that a case may have allocated at any moment, beside [`Target::PER_BYTE`] for each
    /// byte of input.
    pub flat_bytes: u64,
}

impl Target {
    /// Bytes that a case may have allocated for each byte of its input.
    pub const PER_BYTE: u64 = 16;

    /// Bytes that a case with an input of `len` bytes may have allocated at any moment.
    pub fn budget(&self, len: usize) -> u64 {
        self.flat_bytes + Self::PER_BYTE * len as u64
    }
}

/// All targets.
pub static TARGETS: [Target; 7] = [
    Target {
        name: "own_circuit",
        run: own_circuit,
        seeds: seeds::own_circuits,
        repair: keep,
        cases: 56_000,
        flat_bytes: 1 << 20,
    },
    Target {
        name: "expander_circuit",
        run: expander_circuit,
        seeds: seeds::expander_circuits,
        repair: keep,
        cases: 56_000,
        flat_bytes: 16 << 20,
    },
    Target {
        name: "witness",
        run: witness,
        seeds: seeds::witnesses,
        repair: keep,
        cases: 36_000,
        flat_bytes: 64 << 10,
    },
    Target {
        name: "public_file",
        run: public_file,
        seeds: seeds::public_files,
        repair: keep,
        cases: 28_000,
        flat_bytes: 4 << 20,
    },
    Target {
        name: "proof",
        run: proof,
        seeds: seeds::proofs,
        repair: keep,
        cases: 48_000,
        flat_bytes: 64 << 10,
    },
    Target {
        name: "verifier",
        run: verifier,
        seeds: seeds::own_circuits,
        repair: keep,
        cases: 64_000,
        flat_bytes: 8 << 20,
    },
    Target {
        name: "xz",
        run: xz,
        seeds: seeds::xz_files,
        repair: repair_xz,
        cases: 12_000,
        flat_bytes: 8 << 20,
    },
];

/// The error's name: variants down to the second level, as in `Proof/Truncated`.
fn refused(kind: &dyn Debug, error: &dyn Display) -> Outcome {
    assert!(!error.to_string().is_empty(), "an error without words");
    let debug = format!("{kind:?}");
    let name =
        |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric()).collect() };
    let first = name(&debug);
    let inner = debug[first.len()..].strip_prefix('(').map(name);
    Outcome::Refused(match inner.filter(|inner| !inner.is_empty()) {
        Some(inner) => format!("{first}/{inner}"),
        None => first,
    })
}

/// Besides, the offset must lie in the bytes or at their end.
fn refused_decode(len: usize, error: &DecodeError) -> Outcome {
    assert!(error.offset <= len as u64, "{error}: {len} bytes");
    refused(&error.kind, error)
}

/// `format::decode`: what is accepted encodes to the same bytes, and can be evaluated and tuned.
///
/// # Panics
/// If that is not so.
pub fn own_circuit(bytes: &[u8]) -> Outcome {
    let field = peek_field(bytes).unwrap_or(FieldId::M31);
    with_field!(field, |F| own_circuit_over::<F>(bytes))
}

fn own_circuit_over<F: ChallengeField>(bytes: &[u8]) -> Outcome {
    match format::decode::<F::Base>(bytes, &LIMITS) {
        Ok(circuit) => {
            let same = format::encode(&circuit) == bytes;
            assert!(same, "accepted, but encodes to other bytes");
            use_circuit::<F>(&circuit);
            Outcome::Accepted
        }
        Err(error) => refused_decode(bytes.len(), &error),
    }
}

/// `expander::decode`: what is accepted passes through our own format unchanged, and can be
/// evaluated and tuned.
///
/// # Panics
/// If that is not so.
pub fn expander_circuit(bytes: &[u8]) -> Outcome {
    let field = peek_field(bytes).unwrap_or(FieldId::M31);
    with_field!(field, |F| expander_circuit_over::<F>(bytes))
}

fn expander_circuit_over<F: ChallengeField>(bytes: &[u8]) -> Outcome {
    match expander::decode::<F::Base>(bytes, &LIMITS) {
        Ok(circuit) => {
            let own = format::encode(&circuit);
            let again = format::decode::<F::Base>(&own, &Limits::default());
            assert!(again.as_ref() == Ok(&circuit), "another circuit came back");
            use_circuit::<F>(&circuit);
            Outcome::Accepted
        }
        Err(error) => refused_decode(bytes.len(), &error),
    }
}

fn small<B: Field>(circuit: &Circuit<B>) -> bool {
    circuit.num_wires() <= 1 << 12
        && circuit.num_public() <= 1 << 10
        && circuit.gate_counts().total() <= 1 << 12
}

/// Nothing behind the decoders checks a circuit again, so what they accept must be usable.
fn use_circuit<F: ChallengeField>(circuit: &Circuit<F::Base>) {
    if !small(circuit) {
        return;
    }
    let instances = random_instances(circuit, 2, 1);
    let random = random_coefs::<F>(circuit);
    let failing = failing(circuit, &instances, &random);
    let (tuned, report) = tune(circuit).expect("a checked circuit can be tuned");
    let origin = &report.random_origin;
    let random: Vec<F> = origin.iter().map(|&o| random[o as usize]).collect();
    let tuned = self::failing(&tuned, &instances, &random);
    assert_eq!(failing, tuned, "tuning changed which instances fail");
}

fn random_coefs<F: ChallengeField>(circuit: &Circuit<F::Base>) -> Vec<F> {
    let mut rng = SplitMix64::new(7);
    (0..circuit.num_random()).map(|_| rng.element()).collect()
}

fn failing<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    instances: &Instances<F::Base>,
    random: &[F],
) -> Vec<usize> {
    let violations = check(circuit, instances, random);
    violations.iter().map(|&(instance, _)| instance).collect()
}

/// The best outcome of several circuits: accepted, else the reason of a circuit that is `near`.
struct Best(Outcome, bool);

impl Best {
    fn new() -> Self {
        Self(Outcome::Refused(String::new()), false)
    }

    fn offer(&mut self, outcome: Outcome, near: bool) {
        let better = match (&self.0, &outcome) {
            (Outcome::Accepted, _) => false,
            (_, Outcome::Accepted) => true,
            (Outcome::Refused(reason), _) => reason.is_empty() || (near && !self.1),
        };
        if better {
            *self = Self(outcome, near);
        }
    }
}

/// The field that the modulus of a witness file names.
fn witness_field(bytes: &[u8]) -> Option<FieldId> {
    bytes.get(24..56).and_then(field_of_modulus)
}

/// `witness::decode` against the circuits of the vectors: what is accepted encodes to the same
/// bytes, can be checked, and has the public inputs that `decode_public` reads.
///
/// # Panics
/// If that is not so.
pub fn witness(bytes: &[u8]) -> Outcome {
    let field = witness_field(bytes);
    let mut best = Best::new();
    for circuit in seeds::circuits() {
        let outcome = with_circuit!(circuit, |c, F| witness_of::<F>(bytes, c));
        best.offer(outcome, field == Some(circuit.field()));
    }
    best.0
}

fn witness_of<F: ChallengeField>(bytes: &[u8], circuit: &Circuit<F::Base>) -> Outcome {
    match witness_file::decode(bytes, circuit, &LIMITS) {
        Ok(instances) => {
            let same = witness_file::encode(F::ID, &instances) == bytes;
            assert!(same, "accepted, but encodes to other bytes");
            let public = witness_file::decode_public(bytes, circuit, &LIMITS);
            let public = public.expect("the public inputs of an accepted witness");
            assert_eq!(public.values(), instances.public());
            if instances.num_instances() <= 64 {
                failing::<F>(circuit, &instances, &random_coefs(circuit));
            }
            Outcome::Accepted
        }
        Err(error) => refused_decode(bytes.len(), &error),
    }
}

/// `witness::decode_public` against the circuits of the vectors: what is accepted passes through
/// the binary form unchanged.
///
/// # Panics
/// If that is not so.
pub fn public_file(bytes: &[u8]) -> Outcome {
    let field = witness_field(bytes);
    let mut best = Best::new();
    for circuit in seeds::circuits() {
        let outcome = with_circuit!(circuit, |c| public_of(bytes, c));
        best.offer(outcome, field == Some(circuit.field()));
    }
    best.0
}

fn public_of<B: Field>(bytes: &[u8], circuit: &Circuit<B>) -> Outcome {
    match witness_file::decode_public(bytes, circuit, &LIMITS) {
        Ok(public) => {
            let binary = witness_file::encode_public(circuit.field(), &public);
            let again = witness_file::decode_public(&binary, circuit, &LIMITS);
            assert!(again.as_ref() == Ok(&public), "other inputs came back");
            let header = bytes.first_chunk::<16>();
            // Not JSON, and no private values.
            if header.is_some_and(|h| h[..8].contains(&0) && h[8..] == [0; 8]) {
                assert!(binary == bytes, "accepted, but encodes to other bytes");
            }
            Outcome::Accepted
        }
        Err(error) => refused_decode(bytes.len(), &error),
    }
}

fn no_limit<B>() -> VerifyOptions<'static, B> {
    VerifyOptions {
        min_bits: 0.0,
        ..VerifyOptions::default()
    }
}

/// `verify_bytes` against the circuits of the vectors: nothing but their proofs is accepted.
///
/// # Panics
/// If something is.
pub fn proof(bytes: &[u8]) -> Outcome {
    let claimed = ProofHeader::peek(bytes).ok();
    let mut best = Best::new();
    for circuit in seeds::circuits() {
        let near = claimed.is_some_and(|header| {
            header.field == circuit.field() && header.digest == circuit.digest()
        });
        let outcome = with_circuit!(circuit, |c, F| {
            match verify_bytes::<F>(c, bytes, &no_limit()) {
                Ok(_) => Outcome::Accepted,
                Err(error) => refused(&error, &error),
            }
        });
        if outcome == Outcome::Accepted {
            let known = seeds::vectors().iter().any(|vector| vector.proof == bytes);
            assert!(near && known, "a proof that nobody made is accepted");
        }
        best.offer(outcome, near);
    }
    best.0
}

/// The verifier with a circuit from hostile bytes and proofs of the right lengths, of zeros and of
/// random elements. They may be accepted: of zeros, a circuit may ask for nothing else.
///
/// # Panics
/// If the verifier does.
pub fn verifier(bytes: &[u8]) -> Outcome {
    let field = peek_field(bytes).unwrap_or(FieldId::M31);
    with_field!(field, |F| verifier_over::<F>(bytes))
}

fn verifier_over<F: ChallengeField>(bytes: &[u8]) -> Outcome {
    let circuit = match format::decode::<F::Base>(bytes, &LIMITS) {
        Ok(circuit) => circuit,
        Err(error) => return refused_decode(bytes.len(), &error),
    };
    let mut best = Best::new();
    for (instances, random_coefs, zeros) in [
        (1, RandomCoefField::Challenge, true),
        (3, RandomCoefField::Challenge, false),
        (2, RandomCoefField::Base, false),
    ] {
        let config = ProtocolConfig {
            random_coefs,
            commitment: CommitmentKind::Raw,
        };
        let shape = ProofShape::of(&circuit, instances, config).expect("a few instances");
        let sections = [
            Section::Public,
            Section::Input,
            Section::Output,
            Section::Message,
        ];
        if sections.iter().any(|&s| shape.num_elements(s) > 1 << 13) {
            best.offer(Outcome::Refused("(a long proof, not made)".into()), false);
            continue;
        }
        let proof = made_up::<F>(&shape, zeros).encode();
        best.offer(
            match verify_bytes::<F>(&circuit, &proof, &no_limit()) {
                Ok(_) => Outcome::Accepted,
                Err(error) => refused(&error, &error),
            },
            true,
        );
    }
    best.0
}

fn made_up<F: ChallengeField>(shape: &ProofShape, zeros: bool) -> Proof<F> {
    let mut rng = SplitMix64::new(u64::from(shape.circuit().digest[0]));
    fn some<E: Field>(
        shape: &ProofShape,
        of: Section,
        zeros: bool,
        rng: &mut SplitMix64,
    ) -> Vec<E> {
        let element = |_| if zeros { E::ZERO } else { rng.element() };
        (0..shape.num_elements(of)).map(element).collect()
    }
    Proof {
        header: ProofHeader::of(shape),
        public: some(shape, Section::Public, zeros, &mut rng),
        input: some(shape, Section::Input, zeros, &mut rng),
        outputs: if shape.outputs_in_base() {
            Outputs::Base(some(shape, Section::Output, zeros, &mut rng))
        } else {
            Outputs::Challenge(some(shape, Section::Output, zeros, &mut rng))
        },
        messages: some(shape, Section::Message, zeros, &mut rng),
    }
}

/// `file::read` of an `.xz` file: what comes out keeps the limit, and is read as a circuit.
///
/// # Panics
/// If it does not, or the circuit's decoder panics, or there is no place for the file.
pub fn xz(bytes: &[u8]) -> Outcome {
    static PLACE: OnceLock<Mutex<PathBuf>> = OnceLock::new();
    let place = PLACE.get_or_init(|| {
        let name = format!("astraea-hostile-{}.xz", std::process::id());
        Mutex::new(std::env::temp_dir().join(name))
    });
    // A case that panicked leaves the file, which the next one overwrites.
    let place = place.lock().unwrap_or_else(PoisonError::into_inner);
    std::fs::write(&*place, bytes).expect("a file among the temporary ones");
    let result = read(&place, &LIMITS);
    std::fs::remove_file(&*place).expect("the file that was written");
    match result {
        Ok(content) => {
            assert!(content.len() as u64 <= LIMITS.max_file_bytes);
            if let Err(error) = AnyCircuit::decode(&content, &LIMITS) {
                refused_decode(content.len(), &error);
            }
            Outcome::Accepted
        }
        Err(FileError::Xz { source, .. }) => refused(&source.kind(), &source),
        Err(error) => refused(&error, &error),
    }
}
