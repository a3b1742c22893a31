//! The sumcheck of a product of two tables.

use std::time::Instant;

use prover_circuit::generator::SplitMix64;
use prover_core::{BackendError, ChallengeField, LayerBackend, Summand};
use prover_sumcheck::{Metrics, Statement, prove_batch};
use prover_transcript::{Sha256Transcript, Transcript, TranscriptExt};

use crate::backend::Engine;
use crate::error::Error;
use crate::measure::{Run, random_table};
use crate::report::counters;

/// The two tables on the host.
enum Values<F: ChallengeField> {
    Base([Vec<F::Base>; 2]),
    Challenge([Vec<F>; 2]),
}

pub(super) struct Tables<F: ChallengeField> {
    values: Values<F>,
    claim: F,
}

impl<F: ChallengeField> Tables<F> {
    pub(super) fn random(num_vars: u32, base: bool) -> Result<Self, Error> {
        let mut random = SplitMix64::new(1);
        let product = |sum: F, (a, b): (F, F)| sum + a * b;
        if base {
            let tables: [Vec<F::Base>; 2] = [
                random_table(&mut random, num_vars)?,
                random_table(&mut random, num_vars)?,
            ];
            let pairs = tables[0].iter().zip(&tables[1]);
            let claim = pairs
                .map(|(&a, &b)| (F::from(a), F::from(b)))
                .fold(F::ZERO, product);
            return Ok(Self {
                values: Values::Base(tables),
                claim,
            });
        }
        let tables: [Vec<F>; 2] = [
            random_table(&mut random, num_vars)?,
            random_table(&mut random, num_vars)?,
        ];
        let pairs = tables[0].iter().zip(&tables[1]);
        let claim = pairs.map(|(&a, &b)| (a, b)).fold(F::ZERO, product);
        Ok(Self {
            values: Values::Challenge(tables),
            claim,
        })
    }

    fn upload<B: LayerBackend<F>>(
        &self,
        backend: &B,
        queue: &mut B::Queue,
    ) -> Result<Vec<B::Mle>, BackendError> {
        match &self.values {
            Values::Base(tables) => {
                let tables = tables.iter();
                tables.map(|t| backend.upload_base(queue, t)).collect()
            }
            Values::Challenge(tables) => tables.iter().map(|t| backend.upload(queue, t)).collect(),
        }
    }
}

/// One run with tables of its own, uploaded before the clock starts.
pub(super) fn one_run<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    engine: &Engine<B, H>,
    tables: &Tables<F>,
    in_flight: usize,
) -> Result<Run, Error> {
    let metrics = Metrics::default();
    let driver = engine.driver(&metrics);
    let mut queue = engine.backend.open_queue()?;
    let mut statements = Vec::with_capacity(in_flight);
    for _ in 0..in_flight {
        let mles = tables.upload(&engine.backend, &mut queue)?;
        statements.push(Statement::new(
            Summand::product(),
            mles,
            Vec::new(),
            tables.claim,
        ));
    }
    let start = Instant::now();
    let mut transcripts: Vec<_> = (0..in_flight)
        .map(|_| {
            let mut transcript = Sha256Transcript::new();
            transcript.absorb("protocol", b"astraea-sumcheck-bench");
            transcript.absorb_elements("claim", &[tables.claim]);
            transcript
        })
        .collect();
    prove_batch(driver, &mut queue, statements, &mut transcripts)?;
    Ok(Run {
        total_ns: start.elapsed().as_nanos() as u64,
        longest_window: metrics.longest_window(),
        counters: counters(&metrics),
    })
}
