//! Whole proofs of layered circuits: side by side with the oracle, by every route, byte for byte.

use std::sync::Arc;

use backend_reference::ReferenceBackend;
use prover_circuit::{Circuit, CircuitParts, Instances};
use prover_core::{
    BackendError, ChallengeField, CoefRef, Field, FieldId, LayerBackend, LayerGates, MulGate,
};
use prover_gkr::{CompiledCircuit, ProveError, ProverConfig, prove, prove_many};
use prover_proof::RandomCoefField;
use prover_sumcheck::{Driver, Metrics};
use prover_verifier::{VerifyOptions, verify_bytes};
use sha2::{Digest, Sha256};

use crate::failure::{Failure, ensure};
use crate::fixture::Rng;
use crate::layer_fixture::{LayerShape, NUM_PUBLIC, draw_gates};
use crate::subject::Subject;

type Law = Result<(), Failure>;

/// The SHA-256 of the fixed circuit's proof in each field, made with the oracle: the same on every
/// backend, with every window, hand-off and number of proofs in flight.
const GOLDEN: &[(&str, &str)] = &[
    (
        "bn254",
        "597e81a930a402a465d949c7e28ebd1ba1e31b5ece73fcd2776cba1bf9666a71",
    ),
    (
        "m31",
        "dba68e50f33e9cfe7e8b399f9e89385fc58c804d995cd3a331cb68cbe8e8ff2e",
    ),
    (
        "gf2",
        "e7cec0895db7ff5bd0f2904ae17b72163bec601e73c56a608afa0c9039d2f49d",
    ),
    (
        "goldilocks",
        "e068611273d8a9692e2accae9a78515f105f271e8d379b5da9f89da584a6bd0e",
    ),
];

/// The recorded digest; none for a field that has none yet, which fails the suite.
fn golden(field: FieldId) -> &'static str {
    let line = GOLDEN.iter().find(|(name, _)| *name == field.name());
    line.map_or("none", |(_, digest)| digest)
}

impl From<ProveError> for Failure {
    fn from(error: ProveError) -> Self {
        Self::new(error.to_string())
    }
}

/// A circuit with all kinds of gates, a layer without mul gates, sides of no variables, assertions,
/// public inputs, random coefficients and outputs of both kinds; and satisfying instances.
struct Fixture<F: ChallengeField> {
    circuit: Arc<Circuit<F::Base>>,
    witnesses: Vec<Instances<F::Base>>,
}

impl<F: ChallengeField> Fixture<F> {
    /// `instances` of each of three witnesses.
    fn draw(instances: usize) -> Result<Self, Failure> {
        let mut rng = Rng::new(91);
        let layers = [(4, 3), (3, 3), (3, 0), (0, 4), (4, 2)];
        let layers: Vec<LayerGates<F::Base>> = layers
            .into_iter()
            .enumerate()
            .map(|(i, (input_vars, output_vars))| {
                let shape = LayerShape {
                    input_vars,
                    output_vars,
                    muls: if i == 1 { 0 } else { 12 },
                    adds: 10,
                    consts: 3,
                    publics: 2,
                    constants: 3,
                    challenge: true,
                    instance_vars: 0,
                };
                satisfiable(draw_gates::<F>(shape, &mut rng))
            })
            .collect();
        let circuit = Circuit::new(CircuitParts {
            field: F::ID,
            input_vars: 4,
            num_public: NUM_PUBLIC as u32,
            num_outputs: 3,
            num_zero_outputs: 1,
            layers,
        })
        .map_err(|error| Failure::new(error.to_string()))?;
        let witnesses = (0..3)
            .map(|_| {
                let (inputs, public) = (instances << 4, instances * NUM_PUBLIC);
                Instances::new(&circuit, instances, rng.point(inputs), rng.point(public))
            })
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::new(error.to_string()))?;
        Ok(Self {
            circuit: Arc::new(circuit),
            witnesses,
        })
    }

    /// One proof, with a hand-off to the oracle.
    fn prove<B: LayerBackend<F>>(
        &self,
        backend: &B,
        route: Route,
        config: &ProverConfig,
    ) -> Result<Vec<u8>, ProveError> {
        let (host, metrics) = (ReferenceBackend::new(), Metrics::default());
        let compiled = CompiledCircuit::new(backend, Arc::clone(&self.circuit), None)?;
        let driver = route.driver(backend, &host, &metrics);
        Ok(prove(driver, &compiled, &self.witnesses[0], config)?.encode())
    }
}

/// Makes wire 0 zero where there are other wires, and asserts it. In a layer with mul gates it is
/// `a b - b a`: zero only as a sum, so that its weight matters on the way.
fn satisfiable<V: Field>(mut layer: LayerGates<V>) -> LayerGates<V> {
    layer.asserts.clear();
    if layer.output_vars == 0 {
        return layer;
    }
    layer.muls.retain(|gate| gate.z != 0);
    layer.adds.retain(|gate| gate.z != 0);
    layer.consts.retain(|gate| gate.z != 0);
    layer.asserts.push(0);
    if layer.muls.is_empty() {
        return layer;
    }
    let one = layer.constants.len() as u32;
    layer.constants.extend([V::ONE, -V::ONE]);
    let last = (1 << layer.input_vars) - 1;
    for (x, y, coef) in [(0, last, one), (last, 0, one + 1)] {
        layer.muls.push(MulGate {
            z: 0,
            x,
            y,
            coef: CoefRef::constant(coef),
        });
    }
    layer
}

/// How a proof is made; nothing of it shows in the bytes.
#[derive(Clone, Copy, Debug)]
struct Route {
    window: usize,
    hand_off: Option<usize>,
}

impl Route {
    const PLAIN: Self = Self {
        window: 1,
        hand_off: None,
    };

    fn driver<'a, B>(
        self,
        backend: &'a B,
        host: &'a ReferenceBackend,
        metrics: &'a Metrics,
    ) -> Driver<'a, B, ReferenceBackend> {
        Driver {
            backend,
            hand_off: self.hand_off.map(|n| (host, n)),
            window: self.window,
            metrics,
        }
    }
}

/// The whole prover side by side with the oracle, every value compared, and most of them not zero; the
/// verifier accepts.
pub fn proofs_agree_in_lockstep<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    for instances in [1, 3] {
        let fixture = Fixture::<F>::draw(instances)?;
        for random_coefs in [RandomCoefField::Challenge, RandomCoefField::Base] {
            let backend = subject.lockstep();
            let config = ProverConfig {
                random_coefs,
                max_memory_bytes: None,
            };
            let place = format_args!("{instances} instances, coefficients {random_coefs:?}");
            let route = Route {
                window: 2,
                hand_off: None,
            };
            let bytes = fixture
                .prove(&backend, route, &config)
                .map_err(|e| Failure::from(e).at(place))?;
            let (compared, nonzero) = backend.compared();
            ensure(
                compared > 500 && nonzero * 3 > compared,
                format_args!("{place}: {nonzero} of {compared} values not zero: no test"),
            )?;
            let options = VerifyOptions {
                min_bits: 0.0,
                ..VerifyOptions::default()
            };
            verify_bytes::<F>(&fixture.circuit, &bytes, &options)
                .map_err(|e| Failure::new(e.to_string()).at(place))?;
        }
    }
    Ok(())
}

/// The proof of a fixed circuit has fixed bytes, by every window and hand-off, alone or with others.
pub fn proofs_have_the_golden_bytes<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let (backend, config) = (subject.backend(), ProverConfig::default());
    let fixture = Fixture::<F>::draw(3)?;
    let mut first = Vec::new();
    for (window, hand_off) in [(1, None), (2, None), (3, None)]
        .into_iter()
        .chain([0, 1, 2, 3, 4, 20].map(|n| (1 + n % 3, Some(n))))
    {
        let route = Route { window, hand_off };
        let bytes = fixture
            .prove(backend, route, &config)
            .map_err(|e| Failure::from(e).at(format_args!("{route:?}")))?;
        let digest = hex(&Sha256::digest(&bytes));
        ensure(
            digest == golden(F::ID),
            format_args!(
                "{route:?}: the proof's SHA-256 is {digest}, recorded is {}",
                golden(F::ID)
            ),
        )?;
        first = bytes;
    }
    let (host, metrics) = (ReferenceBackend::new(), Metrics::default());
    let compiled = CompiledCircuit::new(backend, Arc::clone(&fixture.circuit), None)?;
    for route in [
        Route::PLAIN,
        Route {
            window: 3,
            hand_off: Some(2),
        },
    ] {
        let driver = route.driver(backend, &host, &metrics);
        let together = prove_many(driver, &compiled, &fixture.witnesses, &config)?;
        ensure(
            together.len() == fixture.witnesses.len() && together[0].encode() == first,
            format_args!("{route:?}: the first of several proofs is another"),
        )?;
        for (proof, witness) in together.iter().zip(&fixture.witnesses) {
            let alone = prove(driver, &compiled, witness, &config)?;
            ensure(
                proof.encode() == alone.encode(),
                format_args!("{route:?}: a proof together with others is not the one alone"),
            )?;
        }
    }
    Ok(())
}

/// With too little memory a proof ends in an error, whatever allocation fails; with enough it is the
/// proof.
pub fn proofs_survive_a_lack_of_memory<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let fixture = Fixture::<F>::draw(2)?;
    let config = ProverConfig::default();
    let want = fixture.prove(&ReferenceBackend::new(), Route::PLAIN, &config)?;
    let mut limit = 0u64;
    for _ in 0..10_000 {
        let backend = subject.open_limited(limit)?;
        let place = format_args!("limit of {limit} bytes");
        let missing = match fixture.prove(&backend, Route::PLAIN, &config) {
            Ok(bytes) => {
                return ensure(
                    limit > 0 && bytes == want,
                    format_args!("{place}: another proof"),
                );
            }
            Err(ProveError::Backend(BackendError::OutOfMemory {
                requested_bytes,
                free_bytes,
                ..
            })) => requested_bytes.saturating_sub(free_bytes.unwrap_or(0)),
            // Refused before any work: the next limit to try is not known.
            Err(ProveError::Unsupported(_)) => 1 + limit / 8,
            Err(other) => return Err(Failure::from(other).at(place)),
        };
        ensure(
            missing > 0,
            format_args!("{place}: out of memory with enough of it free"),
        )?;
        limit += missing;
    }
    Err(Failure::new("no limit is enough"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
