//! What ran where is counted for each run, whether it was submitted alone or with others.

use std::collections::BTreeMap;

use backend_reference::ReferenceBackend;
use prover_core::ComputeBackend;
use prover_fields::GoldilocksExt2;
use prover_sumcheck::{Driver, Metrics, Phase, prove, prove_batch};
use prover_transcript::Sha256Transcript;

use crate::odd::{Lie, Odd};
use crate::{case, statement};

type Calls = BTreeMap<(&'static str, usize, Phase), u64>;

fn calls(metrics: &Metrics) -> Calls {
    let counts = metrics.counts().into_iter();
    counts
        .map(|(backend, group, phase, count)| ((backend, group, phase), count.calls))
        .collect()
}

/// The calls of four runs of groups 3 to 6, and, if `hand_off`, with a second backend.
fn of_four_runs(hand_off: Option<usize>, together: bool) -> Calls {
    let (backend, host) = (Odd::new(Lie::None, false), ReferenceBackend::new());
    let metrics = Metrics::default();
    let driver = Driver {
        backend: &backend,
        hand_off: hand_off.map(|n| (&host, n)),
        window: 1,
        metrics: &metrics,
    };
    let mut queue = ComputeBackend::<GoldilocksExt2>::open_queue(&backend).unwrap();
    let shapes = [(2, 4, 2), (1, 3, 0), (3, 5, 5), (2, 0, 0)];
    let mut statements = Vec::new();
    for (index, (degree, num_vars, eq_vars)) in shapes.into_iter().enumerate() {
        let case = case::<GoldilocksExt2>(degree, num_vars, eq_vars);
        let mut statement = statement(&case, &backend);
        statement.group = 3 + index;
        statements.push(statement);
    }
    if together {
        let mut transcripts = [(); 4].map(|()| Sha256Transcript::new());
        prove_batch(driver, &mut queue, statements, &mut transcripts).unwrap();
    } else {
        for statement in statements {
            prove(driver, &mut queue, statement, &mut Sha256Transcript::new()).unwrap();
        }
    }
    calls(&metrics)
}

#[test]
fn a_batch_counts_what_its_members_count_alone() {
    for hand_off in [None, Some(2)] {
        let together = of_four_runs(hand_off, true);
        assert_eq!(together, of_four_runs(hand_off, false));
        // A submission and its values are two calls; the upload to the host is one.
        let expected: Vec<((&str, usize, Phase), u64)> = match hand_off {
            None => vec![
                (("host", 3, Phase::FiatShamir), 4),
                (("odd", 3, Phase::RoundEvaluate), 8),
                (("odd", 3, Phase::Fold), 2),
            ],
            Some(_) => vec![
                (("host", 3, Phase::FiatShamir), 4),
                (("odd", 3, Phase::RoundEvaluate), 4),
                (("odd", 3, Phase::Transfer), 2),
                (("reference", 3, Phase::RoundEvaluate), 4),
                (("reference", 3, Phase::Fold), 2),
                (("reference", 3, Phase::Transfer), 1),
            ],
        };
        let found: Vec<_> = together
            .iter()
            .filter(|((_, group, _), _)| *group == 3)
            .map(|(&key, &calls)| (key, calls))
            .collect();
        assert_eq!(found, expected, "hand-off {hand_off:?}");
        assert!(
            together
                .keys()
                .all(|&(_, group, _)| (3..7).contains(&group))
        );
    }
}
