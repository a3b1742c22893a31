//! A backend that returns another number of values than it was asked for is an error, never a panic.

use backend_reference::ReferenceBackend;
use prover_core::ComputeBackend;
use prover_fields::M31Ext3;
use prover_sumcheck::{Driver, Metrics, SumcheckError, prove, prove_batch};
use prover_transcript::Sha256Transcript;

use crate::odd::{Lie, Odd};
use crate::{case, statement};

fn refused(lie: Lie, more: bool, (num_vars, eq_vars): (usize, usize), hand_off: Option<usize>) {
    let (backend, host) = (Odd::new(lie, more), ReferenceBackend::new());
    let metrics = Metrics::default();
    let driver = Driver {
        backend: &backend,
        hand_off: hand_off.map(|n| (&host, n)),
        window: 2,
        metrics: &metrics,
    };
    let case = case::<M31Ext3>(2, num_vars, eq_vars);
    let mut queue = ComputeBackend::<M31Ext3>::open_queue(&backend).unwrap();
    let alone = prove(
        driver,
        &mut queue,
        statement(&case, &backend),
        &mut Sha256Transcript::new(),
    );
    let statements = vec![statement(&case, &backend), statement(&case, &backend)];
    let mut transcripts = [Sha256Transcript::new(), Sha256Transcript::new()];
    let together = prove_batch(driver, &mut queue, statements, &mut transcripts);
    for error in [alone.unwrap_err(), together.unwrap_err()] {
        let SumcheckError::WrongLength {
            backend,
            expected,
            found,
            ..
        } = error
        else {
            panic!("{lie:?} {more}: {error}");
        };
        assert_eq!(backend, "odd");
        assert_eq!(found, if more { expected + 1 } else { expected - 1 });
    }
}

#[test]
fn of_sums() {
    for more in [false, true] {
        for shape in [(3, 0), (3, 3), (4, 2)] {
            refused(Lie::Sums, more, shape, None);
        }
    }
}

#[test]
fn of_final_evaluations_and_of_tables_handed_off() {
    for more in [false, true] {
        for shape in [(0, 0), (3, 0), (3, 3)] {
            refused(Lie::Tables, more, shape, None);
        }
        for at in [1, 2, 3] {
            refused(Lie::Tables, more, (3, 1), Some(at));
        }
    }
}

#[test]
fn of_answers_to_a_submission() {
    for more in [false, true] {
        refused(Lie::Answers, more, (3, 0), None);
    }
}
