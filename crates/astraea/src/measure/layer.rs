//! Both phases of one layer, one instance.

use std::sync::Arc;
use std::time::Instant;

use prover_circuit::generator::SplitMix64;
use prover_core::{
    ChallengeField, DeviceLayer, LayerBackend, LayerCoefs, LayerGates, LayerWiring, Pending,
    RandomCoefs, Summand, mle,
};
use prover_gkr::ProveError;
use prover_sumcheck::{Driver, Metrics, Outcome, Phase, Statement, prove_batch};
use prover_transcript::{Sha256Transcript, TranscriptExt};

use crate::backend::Engine;
use crate::error::Error;
use crate::measure::{Run, random_table};
use crate::report::counters;

/// The layer on the device, with a true claim about its outputs.
pub(super) struct Prepared<F: ChallengeField, B: LayerBackend<F>> {
    wiring: B::Wiring,
    coefs: B::Coefs,
    below: B::Mle,
    point: Vec<F>,
    claim: F,
}

impl<F: ChallengeField, B: LayerBackend<F>> Prepared<F, B> {
    pub(super) fn new(
        backend: &B,
        queue: &mut B::Queue,
        layer: &LayerGates<F::Base>,
    ) -> Result<Self, Error> {
        let mut random = SplitMix64::new(3);
        let host = Arc::new(LayerWiring::try_new(layer)?);
        let wiring = backend.upload_wiring(queue, &host)?;
        let none = RandomCoefs::<F>::Base(Vec::new());
        let coefs = backend.upload_coefs(queue, LayerCoefs::new(&host, &none))?;
        let values: Vec<F::Base> = random_table(&mut random, layer.input_vars)?;
        let below = backend.upload_base(queue, &values)?;
        let device = DeviceLayer {
            wiring: &wiring,
            coefs: &coefs,
        };
        let above = backend.evaluate_layer(queue, device, &below, None)?;
        let outputs = backend
            .download(queue, core::slice::from_ref(&above))?
            .wait()?;
        let point: Vec<F> = (0..layer.output_vars).map(|_| random.element()).collect();
        let claim = mle::evaluate(&outputs, &point);
        Ok(Self {
            wiring,
            coefs,
            below,
            point,
            claim,
        })
    }

    fn device(&self) -> DeviceLayer<'_, F, B> {
        DeviceLayer {
            wiring: &self.wiring,
            coefs: &self.coefs,
        }
    }
}

/// One run on a prepared layer.
pub(super) fn one_run<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    engine: &Engine<B, H>,
    queue: &mut B::Queue,
    layer: &Prepared<F, B>,
    in_flight: usize,
) -> Result<Run, Error> {
    let metrics = Metrics::default();
    let start = Instant::now();
    both_phases(engine.driver(&metrics), queue, layer, in_flight)?;
    Ok(Run {
        total_ns: start.elapsed().as_nanos() as u64,
        longest_window: metrics.longest_window(),
        counters: counters(&metrics),
    })
}

/// Both phases of as many proofs as are in flight, each phase's rounds submitted together.
fn both_phases<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    layer: &Prepared<F, B>,
    in_flight: usize,
) -> Result<(), Error> {
    let (backend, name) = (driver.backend, driver.backend.info().name);
    let mut transcripts: Vec<_> = (0..in_flight).map(|_| Sha256Transcript::new()).collect();
    let mut all_weights = Vec::with_capacity(in_flight);
    let mut statements = Vec::with_capacity(in_flight);
    for transcript in &mut transcripts {
        transcript.absorb_elements("claim", &[layer.claim]);
        let start = Instant::now();
        let claims = [(F::ONE, layer.point.as_slice())];
        let weights = backend.layer_weights(queue, &layer.wiring, &claims, None)?;
        let one = backend.phase_one(queue, layer.device(), &weights, &layer.below, &[])?;
        let constant = single::<F, B>(name, one.constant_term)?;
        let elapsed = start.elapsed();
        driver.metrics.add(name, 0, Phase::PreparePhaseOne, elapsed);
        all_weights.push(weights);
        let mles = vec![layer.below.clone(), one.table];
        let claim = layer.claim - constant;
        statements.push(Statement::new(Summand::product(), mles, Vec::new(), claim));
    }
    let outcomes = prove_batch(driver, queue, statements, &mut transcripts)?;
    let mut statements = Vec::with_capacity(in_flight);
    for (outcome, weights) in outcomes.iter().zip(&all_weights) {
        statements.extend(open_phase_two(driver, queue, layer, (outcome, weights))?);
    }
    if !statements.is_empty() {
        prove_batch(driver, queue, statements, &mut transcripts)?;
    }
    Ok(())
}

/// Phase two of one proof; a layer without mul gates has none, and its claim is checked instead.
fn open_phase_two<F: ChallengeField, B: LayerBackend<F>, H>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    layer: &Prepared<F, B>,
    (outcome, weights): (&Outcome<F>, &B::Mle),
) -> Result<Option<Statement<F, B::Mle>>, Error> {
    let (backend, name) = (driver.backend, driver.backend.info().name);
    let start = Instant::now();
    let eq_x = backend.eq_mle(queue, &[(F::ONE, &outcome.point)])?;
    let two = backend.phase_two(queue, layer.device(), weights, &eq_x)?;
    let v_x = outcome.final_evals[0];
    let claim = outcome.claim - single::<F, B>(name, two.add_term)? * v_x;
    let elapsed = start.elapsed();
    driver.metrics.add(name, 0, Phase::PreparePhaseTwo, elapsed);
    let Some(table) = two.table else {
        return match claim.is_zero() {
            true => Ok(None),
            false => Err(wrong(name, "the claim after the add gates is not zero")),
        };
    };
    let mut statement = Statement::new(
        Summand::product(),
        vec![layer.below.clone(), table],
        Vec::new(),
        claim,
    );
    statement.scale = v_x;
    Ok(Some(statement))
}

fn single<F: ChallengeField, B: LayerBackend<F>>(
    backend: &'static str,
    pending: B::Pending,
) -> Result<F, Error> {
    match pending.wait()?.as_slice() {
        &[value] => Ok(value),
        _ => Err(wrong(backend, "a term of other than one value")),
    }
}

fn wrong(backend: &'static str, what: &'static str) -> Error {
    ProveError::Wrong { backend, what }.into()
}
