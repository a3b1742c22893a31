//! The sumcheck driver: written once, above the seam.
//!
//! A [`SumcheckRun`] proves `claim = scale * sum over b of eq(t, b') * g(T_0(b), ..., T_{m-1}(b))`, where
//! `b'` is the last part of `b` and the eq factor is optional. It alternates [`SumcheckRun::submit`]
//! (enqueue work, return at once) and [`SumcheckRun::absorb`] (wait, hash, derive challenges), so that
//! several proofs overlap on one device without threads. [`prove`] is the loop over one run.
//! Tables may be split over shards ([`Statement::shards`]), whose sums are added before absorbing.
//!
//! Messages (the bytes do not depend on windows, hand-off or backend), degree `d`:
//! - a round outside the eq factor: `s(0), s(inf), s(e_0), ...`; `s(1)` is implied by the claim;
//! - a round inside it: `q(1) - q(0), q(inf), q(e_0), ...` of the polynomial `q` without the eq factors
//!   of bound variables and of its own; `claim = (1 - t_j) q(0) + t_j q(1)` implies the rest.
//!
//! Besides this crate only `prover-gkr` sees both a [`prover_core::Pending`] and a transcript. Neither
//! names a backend.
#![forbid(unsafe_code)]

mod answers;
mod batch;
mod metrics;
mod run;
mod shards;
mod statement;

pub use batch::{prove_batch, submit_batch};
pub use metrics::{Metrics, OpCount, Phase};
pub use run::{SumcheckRun, prove};
pub use statement::{Driver, HostTerm, Outcome, Progress, Statement};

use prover_core::BackendError;

/// Why a sumcheck could not be proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SumcheckError {
    /// The device failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The rounds do not add up: the claim was false, or a kernel computed a wrong value.
    #[error("sumcheck on {backend}: the claim after {bound_vars} bound variables does not hold")]
    Inconsistent {
        /// Backend that computed the last values.
        backend: &'static str,
        /// Variables bound when it was noticed.
        bound_vars: usize,
    },
    /// A backend returned another number of values than the operation defines.
    #[error("{backend} returned {found} {what}, expected {expected}")]
    WrongLength {
        /// The backend.
        backend: &'static str,
        /// What was counted.
        what: &'static str,
        /// How many there had to be.
        expected: usize,
        /// How many there were.
        found: usize,
    },
    /// Tables on several shards without a host-side backend for the variables that number them.
    #[error("{shards} shards need a host-side backend to hand the last variables to")]
    ShardsNeedAHost {
        /// The number of shards.
        shards: usize,
    },
}
