//! `astraea bench sumcheck`: the whole proof of `sum of T_0 * T_1`.

use std::time::Instant;

use astraea::circuits::generator::SplitMix64;
use astraea::core::{BackendError, Summand};
use astraea::fields::with_field;
use astraea::sumcheck::{Metrics, Statement, prove_batch};
use astraea::transcript::{Sha256Transcript, Transcript, TranscriptExt};
use astraea::{
    BackendVisitor, ChallengeField, Engine, Error, LinkedField, connect, core::LayerBackend,
    counters,
};

use crate::args::{BenchCommon, SumcheckArgs};
use crate::bench::{Measured, Run};
use crate::output::{Done, Failure, bar};

pub(crate) fn run(args: &SumcheckArgs) -> Result<Done, Failure> {
    with_field!(args.field, |F| measure::<F>(args))
}

fn measure<F: LinkedField>(args: &SumcheckArgs) -> Result<Done, Failure> {
    let tables = Tables::<F>::random(args);
    let options = args.common.engine.options();
    let measured = connect(&options, Measure { args, tables })?;
    let mut done = measured.per_point("sumcheck", "point", args.num_vars, &args.common);
    done.json.insert("base".into(), args.base.into());
    Ok(done)
}

/// The two tables on the host.
enum Values<F: ChallengeField> {
    Base([Vec<F::Base>; 2]),
    Challenge([Vec<F>; 2]),
}

struct Tables<F: ChallengeField> {
    values: Values<F>,
    claim: F,
}

impl<F: ChallengeField> Tables<F> {
    fn random(args: &SumcheckArgs) -> Self {
        let mut random = SplitMix64::new(1);
        let len = 1 << args.num_vars;
        let product = |sum: F, (a, b): (F, F)| sum + a * b;
        if args.base {
            let tables: [Vec<F::Base>; 2] =
                [(), ()].map(|()| (0..len).map(|_| random.element()).collect());
            let pairs = tables[0].iter().zip(&tables[1]);
            let claim = pairs
                .map(|(&a, &b)| (F::from(a), F::from(b)))
                .fold(F::ZERO, product);
            return Self {
                values: Values::Base(tables),
                claim,
            };
        }
        let tables: [Vec<F>; 2] = [(), ()].map(|()| (0..len).map(|_| random.element()).collect());
        let pairs = tables[0].iter().zip(&tables[1]);
        let claim = pairs.map(|(&a, &b)| (a, b)).fold(F::ZERO, product);
        Self {
            values: Values::Challenge(tables),
            claim,
        }
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

struct Measure<'a, F: ChallengeField> {
    args: &'a SumcheckArgs,
    tables: Tables<F>,
}

impl<F: ChallengeField> BackendVisitor<F> for Measure<'_, F> {
    type Out = Measured;

    fn visit<B: LayerBackend<F>, H: LayerBackend<F>>(
        self,
        engine: Engine<B, H>,
    ) -> Result<Measured, Error> {
        let BenchCommon {
            runs, in_flight, ..
        } = self.args.common;
        let bar = bar(runs.into(), "sumcheck");
        let mut measured = Vec::with_capacity(runs.into());
        for _ in 0..runs {
            measured.push(one_run(&engine, &self.tables, in_flight)?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(Measured::new(&engine, measured))
    }
}

/// One run with tables of its own, uploaded before the clock starts.
fn one_run<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    engine: &Engine<B, H>,
    tables: &Tables<F>,
    in_flight: u16,
) -> Result<Run, Error> {
    let metrics = Metrics::default();
    let driver = engine.driver(&metrics);
    let mut queue = engine.backend.open_queue()?;
    let mut statements = Vec::with_capacity(in_flight.into());
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
        counters: counters(&metrics),
    })
}
