//! A backend that computes something else is an error, and it is asked and prepared before any work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use backend_reference::{Coefs, EqPoint, Mle, Queue, ReferenceBackend, Wiring};
use prover_circuit::Instances;
use prover_core::{
    BackendError, BackendInfo, ChallengeField, ComputeBackend, DeviceLayer, JobShape, LayerBackend,
    LayerCoefs, LayerWiring, PhaseOne, PhaseTwo, Ready, Summand,
};
use prover_fields::{M31, M31Ext3};
use prover_gkr::{CompiledCircuit, GkrRun, ProveError, ProverConfig, Raw, prove};
use prover_sumcheck::{Driver, Metrics, Phase, Progress};
use prover_transcript::Sha256Transcript;
use prover_verifier::{VerifyOptions, verify};

use crate::support::driver;
use crate::violations::{circuit, instances};

/// The inputs of three instances that differ.
const WITNESSES: [[u64; 4]; 3] = [[1, 1, 0, 7], [2, 2, 0, 8], [3, 3, 0, 9]];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    AddTerm,
    DownloadsMore,
}

/// The oracle with a lie.
struct Lying {
    inner: ReferenceBackend,
    lie: Lie,
    prepared: AtomicUsize,
}

impl<F: ChallengeField> ComputeBackend<F> for Lying {
    type Mle = Mle<F>;
    type Eq = EqPoint<F>;
    type Queue = Queue;
    type Pending = Ready<F>;

    fn info(&self) -> &BackendInfo {
        ComputeBackend::<F>::info(&self.inner)
    }

    fn prepare(&self, _: &JobShape) -> Result<(), BackendError> {
        self.prepared.fetch_add(1, Relaxed);
        Ok(())
    }

    fn open_queue(&self) -> Result<Queue, BackendError> {
        ComputeBackend::<F>::open_queue(&self.inner)
    }

    fn upload(&self, q: &mut Queue, values: &[F]) -> Result<Mle<F>, BackendError> {
        self.inner.upload(q, values)
    }

    fn upload_base(&self, q: &mut Queue, values: &[F::Base]) -> Result<Mle<F>, BackendError> {
        self.inner.upload_base(q, values)
    }

    fn download(&self, q: &mut Queue, mles: &[Mle<F>]) -> Result<Ready<F>, BackendError> {
        let mut values = self.inner.download(q, mles)?;
        if self.lie == Lie::DownloadsMore {
            values.0.push(F::ZERO);
        }
        Ok(values)
    }

    fn eq_mle(&self, q: &mut Queue, terms: &[(F, &[F])]) -> Result<Mle<F>, BackendError> {
        self.inner.eq_mle(q, terms)
    }

    fn prepare_eq(&self, q: &mut Queue, point: &[F]) -> Result<EqPoint<F>, BackendError> {
        self.inner.prepare_eq(q, point)
    }

    fn bind_innermost(
        &self,
        q: &mut Queue,
        mle: &Mle<F>,
        point: &[F],
    ) -> Result<Mle<F>, BackendError> {
        self.inner.bind_innermost(q, mle, point)
    }

    fn fold(&self, q: &mut Queue, mles: &mut [Mle<F>], by: &[F]) -> Result<(), BackendError> {
        self.inner.fold(q, mles, by)
    }

    fn round_sums(
        &self,
        q: &mut Queue,
        summand: &Summand<F>,
        mles: &[Mle<F>],
        eq: Option<&EqPoint<F>>,
        window: usize,
    ) -> Result<Ready<F>, BackendError> {
        self.inner.round_sums(q, summand, mles, eq, window)
    }
}

fn of_the_oracle<F: ChallengeField>(
    layer: DeviceLayer<'_, F, Lying>,
) -> DeviceLayer<'_, F, ReferenceBackend> {
    let DeviceLayer { wiring, coefs } = layer;
    DeviceLayer { wiring, coefs }
}

impl<F: ChallengeField> LayerBackend<F> for Lying {
    type Wiring = Wiring<F>;
    type Coefs = Coefs<F>;

    fn upload_wiring(
        &self,
        q: &mut Queue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<Wiring<F>, BackendError> {
        self.inner.upload_wiring(q, wiring)
    }

    fn upload_coefs(&self, q: &mut Queue, coefs: LayerCoefs<F>) -> Result<Coefs<F>, BackendError> {
        self.inner.upload_coefs(q, coefs)
    }

    fn evaluate_layer(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        below: &Mle<F>,
        publics: Option<&Mle<F>>,
    ) -> Result<Mle<F>, BackendError> {
        self.inner
            .evaluate_layer(q, of_the_oracle(layer), below, publics)
    }

    fn layer_weights(
        &self,
        q: &mut Queue,
        wiring: &Wiring<F>,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<Mle<F>, BackendError> {
        self.inner.layer_weights(q, wiring, claims, asserts)
    }

    fn phase_one(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Mle<F>,
        below: &Mle<F>,
        publics_at: &[F],
    ) -> Result<PhaseOne<Mle<F>, Ready<F>>, BackendError> {
        self.inner
            .phase_one(q, of_the_oracle(layer), weights, below, publics_at)
    }

    fn phase_two(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Mle<F>,
        eq_x: &Mle<F>,
    ) -> Result<PhaseTwo<Mle<F>, Ready<F>>, BackendError> {
        let mut two = self
            .inner
            .phase_two(q, of_the_oracle(layer), weights, eq_x)?;
        if self.lie == Lie::AddTerm {
            two.add_term.0[0] += F::ONE;
        }
        Ok(two)
    }
}

impl Lying {
    fn new(lie: Lie) -> Self {
        Self {
            inner: ReferenceBackend::new(),
            lie,
            prepared: AtomicUsize::new(0),
        }
    }
}

/// A run that takes no more steps, and why.
type Ended<'c> = (GkrRun<'c, M31Ext3, Lying>, Result<(), ProveError>);

/// A run to its end or its failure, polled on the way; an error of its start has no run.
fn step_by_step<'c>(
    driver: Driver<'_, Lying>,
    compiled: &'c CompiledCircuit<M31Ext3, Lying>,
    witness: &Instances<M31>,
) -> Result<Ended<'c>, ProveError> {
    let mut queue = ComputeBackend::<M31Ext3>::open_queue(driver.backend)?;
    let (transcript, config) = (&mut Sha256Transcript::new(), ProverConfig::default());
    let raw = Box::new(Raw);
    let mut run = GkrRun::start(
        driver, &mut queue, compiled, witness, &config, raw, transcript,
    )?;
    let end = loop {
        run.submit(driver, &mut queue)?;
        assert!(run.poll()?, "the oracle's values are there at once");
        match run.absorb(driver, &mut queue, transcript) {
            Ok(Progress::Continues) => {}
            Ok(Progress::Done) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    Ok((run, end))
}

/// Proves three instances that differ, at once and step by step.
fn prove_with(lie: Lie) -> Result<(), ProveError> {
    let (backend, metrics) = (Lying::new(lie), Metrics::default());
    let driver = driver(&backend, &metrics, 1, None);
    let (circuit, config) = (circuit(), ProverConfig::default());
    let witness = instances(&circuit, &WITNESSES);
    let compiled = CompiledCircuit::<M31Ext3, _>::new(&backend, circuit.clone(), None).unwrap();
    let at_once = prove(driver, &compiled, &witness, &config)?;
    assert_eq!(backend.prepared.load(Relaxed), 1);
    for layer in 0..2 {
        let counts = metrics.counts();
        let mut of_layer = counts.iter().filter(|(_, group, ..)| *group == layer);
        assert!(of_layer.any(|(_, _, phase, _)| *phase == Phase::RoundEvaluate));
    }
    let (run, end) = step_by_step(driver, &compiled, &witness)?;
    end?;
    let proof = run.into_proof().unwrap();
    assert_eq!(proof.encode(), at_once.encode());
    verify(&circuit, &proof, &VerifyOptions::default()).unwrap();
    Ok(())
}

#[test]
fn a_run_that_failed_has_no_proof() {
    let (backend, metrics) = (Lying::new(Lie::AddTerm), Metrics::default());
    let (driver, circuit) = (driver(&backend, &metrics, 1, None), circuit());
    let witness = instances(&circuit, &WITNESSES);
    let compiled = CompiledCircuit::<M31Ext3, _>::new(&backend, circuit, None).unwrap();
    let (run, end) = step_by_step(driver, &compiled, &witness).unwrap();
    assert!(matches!(end, Err(ProveError::Wrong { .. })), "{end:?}");
    assert!(!run.is_done());
    assert!(run.into_proof().is_none());
}

#[test]
fn an_honest_one_proves() {
    prove_with(Lie::None).unwrap();
}

#[test]
fn a_wrong_term_of_add_gates_is_an_error() {
    let refused = prove_with(Lie::AddTerm);
    assert!(
        matches!(refused, Err(ProveError::Wrong { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_wrong_number_of_outputs_is_an_error() {
    let refused = prove_with(Lie::DownloadsMore);
    assert!(
        matches!(refused, Err(ProveError::Wrong { .. })),
        "{refused:?}"
    );
}
