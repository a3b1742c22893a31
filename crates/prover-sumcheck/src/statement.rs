//! What is to be proven, where, and what a finished run leaves.

use prover_core::{ChallengeField, RoundPoly, Summand};

use crate::metrics::Metrics;

/// Where runs work and how: shared by all runs of a prover.
///
/// `B` holds the tables; `H` is the host-side backend that takes over when few variables remain
/// (the same type as `B` where there is no hand-off).
pub struct Driver<'a, B, H = B> {
    /// The backend of the tables.
    pub backend: &'a B,
    /// The backend that takes over once at most this many variables remain.
    pub hand_off: Option<(&'a H, usize)>,
    /// Variables per round operation asked for; at least 1, shortened to what the backend takes.
    pub window: usize,
    /// Counters.
    pub metrics: &'a Metrics,
}

impl<B, H> Clone for Driver<'_, B, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B, H> Copy for Driver<'_, B, H> {}

/// A polynomial that the host adds to every message (a zero-knowledge mask, say).
///
/// It contributes a sum of its own to the claim; the run keeps the two apart.
pub trait HostTerm<F>: Send {
    /// The degree of its messages.
    fn degree(&self) -> usize;
    /// Its share of the claim.
    fn claim(&self) -> F;
    /// Its round polynomial; inside the eq factor `eq_coordinate` is `t_j`, and the polynomial obeys
    /// the same rule as the summand's.
    fn round_poly(&mut self, eq_coordinate: Option<F>) -> RoundPoly<F>;
    /// Binds its next variable.
    fn bind(&mut self, challenge: F);
}

/// What is to be proven: `claim = scale * sum of eq * summand` (plus the host term's claim).
pub struct Statement<F, M> {
    /// The summand.
    pub summand: Summand<F>,
    /// Its tables, all of the same number of variables, by shard; one shard holds them whole.
    ///
    /// Of `2^k` shards, shard `m` holds the entries whose index is `m` modulo `2^k` (instance `i` is
    /// on shard `i mod 2^k`). Their sums are added before they are absorbed. The last `k` variables
    /// number the shards: for these the tables go to the host-side backend, which several shards
    /// therefore need ([`SumcheckError::ShardsNeedAHost`]).
    ///
    /// [`SumcheckError::ShardsNeedAHost`]: crate::SumcheckError::ShardsNeedAHost
    pub shards: Vec<Vec<M>>,
    /// The eq factor's point, over the last variables of the whole tables; empty for none.
    pub eq_point: Vec<F>,
    /// The claimed value, without the host term's share.
    pub claim: F,
    /// A factor of all sums (Libra's phase two carries `V(r_x)`).
    pub scale: F,
    /// A polynomial of the host's.
    pub host_term: Option<Box<dyn HostTerm<F>>>,
    /// For counters: the layer, or 0.
    pub group: usize,
}

impl<F: ChallengeField, M> Statement<F, M> {
    /// `claim = sum of eq * summand`.
    pub fn new(summand: Summand<F>, mles: Vec<M>, eq_point: Vec<F>, claim: F) -> Self {
        Self {
            summand,
            shards: vec![mles],
            eq_point,
            claim,
            scale: F::ONE,
            host_term: None,
            group: 0,
        }
    }
}

/// What a finished run leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<F> {
    /// The challenges: the point that the tables were evaluated at.
    pub point: Vec<F>,
    /// The tables' values there.
    pub final_evals: Vec<F>,
    /// The last claim (host term included).
    pub claim: F,
    /// All message elements in order.
    pub messages: Vec<F>,
}

/// Whether a run needs another `submit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Yes.
    Continues,
    /// No: [`into_outcome`](crate::SumcheckRun::into_outcome).
    Done,
}
