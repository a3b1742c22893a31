//! No backend is asked for a longer window than it takes, and the longest one is reported.

use prover_core::ComputeBackend;
use prover_fields::M31Ext3;
use prover_sumcheck::{Driver, Metrics, prove};
use prover_transcript::Sha256Transcript;

use crate::odd::{Lie, Odd};
use crate::{case, statement};

/// The longest window of a proof over 8 variables, the last 4 on the host.
fn longest(widest: [usize; 2], window: usize, degree: usize) -> usize {
    let [backend, host] = widest.map(|widest| {
        let mut odd = Odd::new(Lie::None, false);
        odd.widest = widest;
        odd
    });
    let metrics = Metrics::default();
    let driver = Driver {
        backend: &backend,
        hand_off: Some((&host, 4)),
        window,
        metrics: &metrics,
    };
    let case = case::<M31Ext3>(degree, 8, 0);
    let mut queue = ComputeBackend::<M31Ext3>::open_queue(&backend).unwrap();
    let statement = statement(&case, &backend);
    prove(driver, &mut queue, statement, &mut Sha256Transcript::new()).unwrap();
    metrics.longest_window()
}

#[test]
fn each_backend_takes_its_own() {
    assert_eq!(longest([3, 1], 3, 2), 3);
    assert_eq!(longest([1, 3], 3, 2), 3);
    assert_eq!(longest([1, 2], 3, 2), 2);
    assert_eq!(longest([3, 3], 2, 2), 2);
    assert_eq!(longest([9, 9], 9, 2), 8);
    assert_eq!(longest([3, 3], 3, 3), 1);
}
