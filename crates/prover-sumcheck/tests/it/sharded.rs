//! Tables split over shards: the messages are those of the whole tables.

use backend_reference::ReferenceBackend;
use prover_core::{ChallengeField, ComputeBackend};
use prover_fields::{Gf2e128, M31Ext3};
use prover_sumcheck::{
    Driver, Metrics, Outcome, Progress, Statement, SumcheckError, SumcheckRun, prove,
};
use prover_transcript::Sha256Transcript;

use crate::odd::{Lie, Odd};
use crate::{Case, case, run};

/// The statement with entry `i` of every table on shard `i mod shards`.
fn split<F: ChallengeField>(
    case: &Case<F>,
    backend: &Odd,
    shards: usize,
) -> Statement<F, <Odd as ComputeBackend<F>>::Mle> {
    let mut queue = ComputeBackend::<F>::open_queue(backend).unwrap();
    let mut part = |table: &Vec<F>, shard| {
        let values: Vec<F> = table.iter().skip(shard).step_by(shards).copied().collect();
        backend.upload(&mut queue, &values).unwrap()
    };
    let parts = (0..shards)
        .map(|shard| case.tables.iter().map(|t| part(t, shard)).collect())
        .collect();
    let (summand, eq_point) = (case.summand.clone(), case.eq_point.clone());
    let mut statement = Statement::new(summand, Vec::new(), eq_point, case.claim);
    statement.shards = parts;
    statement
}

/// Proves with values that arrive after some polls.
fn prove_split<F: ChallengeField>(
    case: &Case<F>,
    shards: usize,
    (window, hand_off): (usize, usize),
    polls: usize,
) -> Outcome<F> {
    let (mut backend, host) = (Odd::new(Lie::None, false), ReferenceBackend::new());
    backend.polls = polls;
    let metrics = Metrics::default();
    let driver = Driver {
        backend: &backend,
        hand_off: Some((&host, hand_off)),
        window,
        metrics: &metrics,
    };
    let mut queue = ComputeBackend::<F>::open_queue(&backend).unwrap();
    let mut transcript = Sha256Transcript::new();
    let mut run = SumcheckRun::new(driver, &mut queue, split(case, &backend, shards)).unwrap();
    loop {
        run.submit(driver, &mut queue).unwrap();
        let mut before = 0;
        while !run.poll().unwrap() {
            before += 1;
            assert!(before <= polls, "the values never arrive");
        }
        assert!(before == polls || before == 0, "{before} polls");
        if run.absorb(driver, &mut transcript).unwrap() == Progress::Done {
            return run.into_outcome().unwrap();
        }
    }
}

fn every_split_proves_the_same<F: ChallengeField>() {
    for degree in 1..=3 {
        for (num_vars, eq_vars) in [
            (1, 0),
            (1, 1),
            (2, 1),
            (4, 0),
            (4, 1),
            (4, 2),
            (5, 4),
            (4, 4),
        ] {
            let case = case::<F>(degree, num_vars, eq_vars);
            let whole = run(&case, 1, None).unwrap();
            for shards in [1, 2, 4].into_iter().filter(|s| *s <= 1 << num_vars) {
                for window in 1..=3 {
                    for (hand_off, polls) in [(0, 0), (1, 3), (3, 1)] {
                        let found = prove_split(&case, shards, (window, hand_off), polls);
                        assert_eq!(found, whole, "{shards} shards, {num_vars} {eq_vars}");
                    }
                }
            }
        }
    }
}

#[test]
fn shards_prove_what_the_whole_tables_prove() {
    every_split_proves_the_same::<M31Ext3>();
    every_split_proves_the_same::<Gf2e128>();
}

#[test]
fn several_shards_need_a_host() {
    let backend = Odd::new(Lie::None, false);
    let metrics = Metrics::default();
    let driver = Driver::<_> {
        backend: &backend,
        hand_off: None,
        window: 1,
        metrics: &metrics,
    };
    let case = case::<M31Ext3>(2, 3, 0);
    let mut queue = ComputeBackend::<M31Ext3>::open_queue(&backend).unwrap();
    let statement = split(&case, &backend, 2);
    let refused = prove(driver, &mut queue, statement, &mut Sha256Transcript::new());
    assert_eq!(refused, Err(SumcheckError::ShardsNeedAHost { shards: 2 }));
}

#[test]
fn a_wrong_number_of_one_shard_is_an_error() {
    let (backend, host) = (Odd::new(Lie::Sums, false), ReferenceBackend::new());
    let metrics = Metrics::default();
    let driver = Driver {
        backend: &backend,
        hand_off: Some((&host, 1)),
        window: 1,
        metrics: &metrics,
    };
    let case = case::<M31Ext3>(2, 3, 0);
    let mut queue = ComputeBackend::<M31Ext3>::open_queue(&backend).unwrap();
    let statement = split(&case, &backend, 2);
    let refused = prove(driver, &mut queue, statement, &mut Sha256Transcript::new());
    let (expected, found) = (2, 1);
    let (backend, what) = ("odd", "sums");
    assert_eq!(
        refused,
        Err(SumcheckError::WrongLength {
            backend,
            what,
            expected,
            found
        })
    );
}
