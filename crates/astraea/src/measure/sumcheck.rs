//! The sumchecks of a product of two tables, and of `eq (T_0 T_1 - T_2)`.

use std::time::Instant;

use prover_circuit::generator::SplitMix64;
use prover_core::{BackendError, ChallengeField, Field, LayerBackend, Summand, Term};
use prover_sumcheck::{Metrics, Statement, prove_batch};
use prover_transcript::{Sha256Transcript, Transcript, TranscriptExt};

use crate::backend::Engine;
use crate::error::Error;
use crate::measure::{Run, random_table, table_of};
use crate::report::counters;

/// The tables on the host.
enum Values<F: ChallengeField> {
    Base(Vec<Vec<F::Base>>),
    Challenge(Vec<Vec<F>>),
}

pub(super) struct Tables<F: ChallengeField> {
    values: Values<F>,
    summand: Summand<F>,
    eq_point: Vec<F>,
    claim: F,
}

/// `T_0 T_1 - T_2`.
fn product_less_table<F: ChallengeField>() -> Summand<F> {
    let term = |coeff, factors| Term { coeff, factors };
    Summand::new(3, vec![term(F::ONE, vec![0, 1]), term(-F::ONE, vec![2])])
}

impl<F: ChallengeField> Tables<F> {
    /// Two random tables.
    pub(super) fn product(num_vars: u32, base: bool) -> Result<Self, Error> {
        let values = Values::random(&mut SplitMix64::new(1), num_vars, base)?;
        let claim = match &values {
            Values::Base(tables) => sum_of_products(tables),
            Values::Challenge(tables) => sum_of_products(tables),
        };
        Ok(Self {
            values,
            summand: Summand::product(),
            eq_point: Vec::new(),
            claim,
        })
    }

    /// Two random tables, the table of their products, and an eq factor over all variables.
    pub(super) fn zerocheck(num_vars: u32, base: bool) -> Result<Self, Error> {
        let mut random = SplitMix64::new(1);
        let mut values = Values::random(&mut random, num_vars, base)?;
        match &mut values {
            Values::Base(tables) => push_products(tables, num_vars)?,
            Values::Challenge(tables) => push_products(tables, num_vars)?,
        }
        Ok(Self {
            values,
            summand: product_less_table(),
            eq_point: (0..num_vars).map(|_| random.element()).collect(),
            claim: F::ZERO,
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

impl<F: ChallengeField> Values<F> {
    /// Two random tables.
    fn random(random: &mut SplitMix64, num_vars: u32, base: bool) -> Result<Self, Error> {
        Ok(match base {
            true => Self::Base(two_tables(random, num_vars)?),
            false => Self::Challenge(two_tables(random, num_vars)?),
        })
    }
}

fn two_tables<T: Field>(random: &mut SplitMix64, num_vars: u32) -> Result<Vec<Vec<T>>, Error> {
    Ok(vec![
        random_table(random, num_vars)?,
        random_table(random, num_vars)?,
    ])
}

fn sum_of_products<F: Field + From<T>, T: Field>(tables: &[Vec<T>]) -> F {
    let pairs = tables[0].iter().zip(&tables[1]);
    pairs.fold(F::ZERO, |sum, (&a, &b)| sum + F::from(a) * F::from(b))
}

/// Appends the table of the products of the first two.
fn push_products<T: Field>(tables: &mut Vec<Vec<T>>, num_vars: u32) -> Result<(), Error> {
    let mut products = table_of(num_vars)?;
    products.extend(tables[0].iter().zip(&tables[1]).map(|(&a, &b)| a * b));
    tables.push(products);
    Ok(())
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
        let (summand, eq_point) = (tables.summand.clone(), tables.eq_point.clone());
        statements.push(Statement::new(summand, mles, eq_point, tables.claim));
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
