//! Set-up that the tests share.

use prover_sumcheck::{Driver, Metrics};

/// A driver that hands off to its own backend, if at all.
pub(crate) fn driver<'a, B>(
    backend: &'a B,
    metrics: &'a Metrics,
    window: usize,
    hand_off: Option<usize>,
) -> Driver<'a, B> {
    Driver {
        backend,
        hand_off: hand_off.map(|variables| (backend, variables)),
        window,
        metrics,
    }
}
