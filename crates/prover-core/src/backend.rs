//! The seam: arithmetic of sumcheck and of layered circuits on one device.
//!
//! # Contract
//! - **Values.** Results are exact and fully reduced; how a backend computes is its own affair.
//! - **Order.** Work on one queue happens in submission order. An operation may return before its
//!   work is done; only a [`Pending`] makes values visible to the host.
//! - **Queues.** Tables, eq factors and pending values belong to the queue they were made on; a
//!   backend may panic when one is used with another queue. Wiring and coefficients are immutable and
//!   serve every queue: their upload is complete, or ordered before any use, when the call returns.
//! - **No randomness, no transcript.** Challenges come from the caller; per round only the sums of a
//!   grid reach the host.
//! - **Programmer errors panic** (shapes that do not fit, see each method); conditions that nobody
//!   can foresee are [`BackendError`]s. After an error the queue's tables are unspecified but safe.
//!   After [`BackendError::DeviceLost`] every call on every queue of the backend fails.
//! - **Variables.** The first variable is the most significant bit of an index. Folding binds the
//!   first variable: `T'[i] = T[i] + r (T[i + half] - T[i])`.
//!
//! Absent on purpose: element access, slices, allocation, streams, events, closures, trait objects.

use std::sync::Arc;

use crate::error::{BackendError, Unsupported};
use crate::field::{ChallengeField, FieldId};
use crate::round_poly::grid_len;
use crate::summand::{Summand, SummandShape};
use crate::wiring::{LayerCoefs, LayerWiring};

/// A backend's kind; the name is what `--backend` takes and what counters report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendInfo {
    /// Short name: `cpu`, `reference`, `cuda`, `wgpu`, or a name of your own.
    pub name: &'static str,
    /// The device in words, for people.
    pub device: String,
    /// Host threads it computes with (1 for devices of their own).
    pub threads: usize,
    /// Bytes of one table element in the base field.
    pub base_bytes: usize,
    /// Bytes of one table element in the challenge field.
    pub challenge_bytes: usize,
}

/// The size of a job, for [`ComputeBackend::admits`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobShape {
    /// The field.
    pub field: FieldId,
    /// Variables of the largest table.
    pub num_vars: u32,
    /// The summands of its sumchecks: what round kernels are compiled for.
    pub summands: Vec<SummandShape>,
    /// Bytes needed at once at the peak, as planned.
    pub peak_bytes: u64,
}

/// A table of `2^n` values resident on a device.
///
/// Cloning is O(1) and shares the values; an operation that changes a shared table gives its
/// handle a new one and leaves the other handles' values alone.
pub trait DeviceMle: Clone + Send + Sync + 'static {
    /// The number of variables `n`.
    fn num_vars(&self) -> usize;
    /// Whether the values are still in the base field.
    fn is_base(&self) -> bool;
}

/// Values on their way to the host.
///
/// It borrows nothing. Errors of earlier work on its queue may surface here; dropping it cancels
/// nothing.
pub trait Pending<F>: Send {
    /// The values if they have arrived; never blocks. After `Some`, or an error, the result of
    /// further calls is unspecified.
    ///
    /// # Errors
    /// What went wrong on the device since the work was submitted.
    fn poll(&mut self) -> Result<Option<Vec<F>>, BackendError>;

    /// Waits for the values.
    ///
    /// # Errors
    /// As [`Pending::poll`].
    fn wait(self) -> Result<Vec<F>, BackendError>;
}

/// A [`Pending`] for backends that compute at once.
#[derive(Debug)]
pub struct Ready<F>(pub Vec<F>);

impl<F: Send> Pending<F> for Ready<F> {
    fn poll(&mut self) -> Result<Option<Vec<F>>, BackendError> {
        Ok(Some(core::mem::take(&mut self.0)))
    }

    fn wait(self) -> Result<Vec<F>, BackendError> {
        Ok(self.0)
    }
}

/// One round of one run: bind some variables, then sum on a window's grid.
pub struct RoundJob<'a, F: ChallengeField, B: ComputeBackend<F> + ?Sized> {
    /// What is summed.
    pub summand: &'a Summand<F>,
    /// The summand's tables, all of `n` variables.
    pub mles: &'a mut [B::Mle],
    /// The eq factor over the last variables, if the summand has one.
    pub eq: Option<&'a B::Eq>,
    /// Challenges to bind first: the first `fold.len()` variables, in order. May be empty.
    pub fold: &'a [F],
    /// Variables of the window, `w >= 1`.
    pub window: usize,
}

/// A member of a batched submission.
pub enum Job<'a, F: ChallengeField, B: ComputeBackend<F> + ?Sized> {
    /// Fold, then sum: [`ComputeBackend::fold_and_sums`].
    Round(RoundJob<'a, F, B>),
    /// Fold, then bring all values of all tables to the host: the end of a run, or its hand-off.
    Tables {
        /// The tables.
        mles: &'a mut [B::Mle],
        /// Challenges to bind first, as in [`RoundJob::fold`].
        fold: &'a [F],
    },
}

/// The number of sums that [`ComputeBackend::round_sums`] returns, and whether the point
/// `(1, ..., 1)` is left out because a claim implies it.
///
/// With `n` variables left, an eq point of `k` coordinates covers the window when `n <= k`; then all
/// `(d+1)^w` points are returned, else all but `(1, ..., 1)`.
///
/// # Panics
/// If the window is empty, longer than `n`, longer than 1 for a degree above 2, or crosses the
/// boundary between variables without and with eq factor.
pub fn window_points(
    degree: usize,
    window: usize,
    num_vars: usize,
    eq_vars: usize,
) -> (usize, bool) {
    assert!(
        (1..=num_vars).contains(&window),
        "window {window} of {num_vars} variables"
    );
    assert!(
        window == 1 || degree <= 2,
        "windows of {window} variables need degree <= 2"
    );
    let covered = num_vars <= eq_vars;
    assert!(
        covered || num_vars - window >= eq_vars,
        "window crosses into the eq factor"
    );
    let full = grid_len(degree, window);
    (if covered { full } else { full - 1 }, !covered)
}

/// Sumcheck over multilinear tables on one device. The module's documentation is the contract.
///
/// `n` is the number of variables of the tables of a call, `F` the challenge field.
pub trait ComputeBackend<F: ChallengeField>: Send + Sync + 'static {
    /// A table on the device.
    type Mle: DeviceMle;
    /// An eq factor made ready for the rounds of one run (the point, or tables of it).
    type Eq: Send + Sync;
    /// Submissions in order: a stream, an encoder, a scratch arena.
    type Queue: Send;
    /// Values travelling to the host.
    type Pending: Pending<F>;

    /// Who this is.
    fn info(&self) -> &BackendInfo;

    /// Whether the backend can take a job; asked before proving, never in the middle.
    ///
    /// # Errors
    /// [`Unsupported`] with the reason.
    fn admits(&self, job: &JobShape) -> Result<(), Unsupported> {
        let _ = job;
        Ok(())
    }

    /// Compiles what proofs of this shape need, so that no kernel is compiled under way; asked after
    /// [`ComputeBackend::admits`]. Optional: nothing by default.
    ///
    /// # Errors
    /// [`BackendError::KernelCompile`], or the device.
    fn prepare(&self, job: &JobShape) -> Result<(), BackendError> {
        let _ = job;
        Ok(())
    }

    /// The longest window that a round of tables with `num_vars` variables left may cover when `folds`
    /// challenges are bound with it. Asked for summands of degree at most 2 only; the driver asks
    /// for shorter windows beyond this. Every window gives the same proof, so a backend may answer
    /// by registers, size or latency.
    fn max_window(&self, summand: &Summand<F>, num_vars: usize, folds: usize) -> usize {
        let _ = (summand, num_vars, folds);
        1
    }

    /// Opens a queue.
    ///
    /// # Errors
    /// If the device has no room for one.
    fn open_queue(&self) -> Result<Self::Queue, BackendError>;

    /// Copies a table of `2^n` challenge-field values to the device.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If the length is no power of two.
    fn upload(&self, queue: &mut Self::Queue, values: &[F]) -> Result<Self::Mle, BackendError>;

    /// Copies a table of `2^n` base-field values; it stays in the base field until its first fold.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If the length is no power of two.
    fn upload_base(
        &self,
        queue: &mut Self::Queue,
        values: &[F::Base],
    ) -> Result<Self::Mle, BackendError>;

    /// Copies tables to the host, one after another, lifted to the challenge field: a table without
    /// variables is its one value.
    ///
    /// # Errors
    /// Memory, or the device.
    fn download(
        &self,
        queue: &mut Self::Queue,
        mles: &[Self::Mle],
    ) -> Result<Self::Pending, BackendError>;

    /// The table `sum_k scale_k * eq(point_k, .)` over `n` variables.
    /// Cost: about `2^n` multiplications per term.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If there is no term or the points differ in length.
    fn eq_mle(
        &self,
        queue: &mut Self::Queue,
        terms: &[(F, &[F])],
    ) -> Result<Self::Mle, BackendError>;

    /// Makes the factor `eq(point, .)` ready for all rounds of a run.
    ///
    /// # Errors
    /// Memory, or the device.
    fn prepare_eq(&self, queue: &mut Self::Queue, point: &[F]) -> Result<Self::Eq, BackendError>;

    /// Binds the last `point.len()` variables: `T'[i] = sum_b eq(point, b) T[i 2^k + b]`.
    /// The result is in the challenge field; the source is unchanged.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If the table has fewer variables.
    fn bind_innermost(
        &self,
        queue: &mut Self::Queue,
        mle: &Self::Mle,
        point: &[F],
    ) -> Result<Self::Mle, BackendError>;

    /// Binds the first variables of each table to `challenges`, in order, and lifts it.
    /// With no challenges nothing changes.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If a table has fewer variables.
    fn fold(
        &self,
        queue: &mut Self::Queue,
        mles: &mut [Self::Mle],
        challenges: &[F],
    ) -> Result<(), BackendError>;

    /// The sums of a window: for each grid point `g` (places `0, 1, infinity, ...` of the summand's
    /// degree, first variable most significant), the sum over the other variables `b` of
    /// `weight(b) * summand(T_0(g, b), ...)`.
    ///
    /// `weight(b)` is 1 without eq factor. With an eq point of `k` coordinates it is the eq of the
    /// last `m = min(k, n - w)` coordinates of the point and of `b`. At infinity a table counts with
    /// its coefficient of the variable, and a term of fewer than `degree` factors contributes 0.
    /// Which points are returned: [`window_points`].
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// As [`window_points`]; or if the tables differ in size or do not fit the summand.
    fn round_sums(
        &self,
        queue: &mut Self::Queue,
        summand: &Summand<F>,
        mles: &[Self::Mle],
        eq: Option<&Self::Eq>,
        window: usize,
    ) -> Result<Self::Pending, BackendError>;

    /// Folds, then sums. Override to read the tables once instead of twice; the result must be that
    /// of [`ComputeBackend::fold`] followed by [`ComputeBackend::round_sums`].
    ///
    /// # Errors
    /// As both.
    fn fold_and_sums(
        &self,
        queue: &mut Self::Queue,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<Self::Pending, BackendError> {
        self.fold(queue, job.mles, job.fold)?;
        self.round_sums(queue, job.summand, job.mles, job.eq, job.window)
    }

    /// The next work of several independent runs; override to make it one submission and one copy
    /// back. Results are in the order of the jobs.
    ///
    /// # Errors
    /// As [`ComputeBackend::fold_and_sums`] and [`ComputeBackend::download`].
    fn submit(
        &self,
        queue: &mut Self::Queue,
        jobs: &mut [Job<'_, F, Self>],
    ) -> Result<Vec<Self::Pending>, BackendError> {
        let run = |job: &mut Job<'_, F, Self>| match job {
            Job::Round(round) => self.fold_and_sums(queue, round),
            Job::Tables { mles, fold } => {
                self.fold(queue, mles, fold)?;
                self.download(queue, mles)
            }
        };
        jobs.iter_mut().map(run).collect()
    }
}

/// A layer on the device: its gates and, for one proof, their coefficients.
pub struct DeviceLayer<'a, F: ChallengeField, B: LayerBackend<F> + ?Sized> {
    /// The gates.
    pub wiring: &'a B::Wiring,
    /// The coefficients by slot: as many as the wiring has slots.
    pub coefs: &'a B::Coefs,
}

/// What phase one starts from.
pub struct PhaseOne<M, P> {
    /// `H(x, s) = sum_mul c W[z] V(y, s) + sum_add c W[z]`: a table of `input_vars + n_s` variables.
    pub table: M,
    /// One value: `sum_const c W[z]` over the const gates, public inputs at the instance point.
    pub constant_term: P,
}

/// What phase two starts from.
pub struct PhaseTwo<M, P> {
    /// `M(y) = sum_mul c W[z] eq_x[x]`; `None` if the layer has no mul gate.
    pub table: Option<M>,
    /// One value: `sum_add c W[z] eq_x[x]`.
    pub add_term: P,
}

/// Layered circuits on one device: Libra's tables (eprint 2019/317, section 3), for `2^(n_s)` instances
/// at once, instance `s` innermost: wire `x` of instance `s` is at index `x 2^(n_s) + s`.
pub trait LayerBackend<F: ChallengeField>: ComputeBackend<F> {
    /// A layer's gates on the device.
    type Wiring: Send + Sync;
    /// A layer's coefficients on the device.
    type Coefs: Send + Sync;

    /// Copies a layer's gates to the device; once per circuit.
    ///
    /// # Errors
    /// Memory, or the device.
    fn upload_wiring(
        &self,
        queue: &mut Self::Queue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<Self::Wiring, BackendError>;

    /// Copies a layer's coefficients to the device; once per proof. Whether they fit a wiring is asked
    /// by the operations that take both.
    ///
    /// # Errors
    /// Memory, or the device.
    fn upload_coefs(
        &self,
        queue: &mut Self::Queue,
        coefs: LayerCoefs<F>,
    ) -> Result<Self::Coefs, BackendError>;

    /// The layer's outputs: a table of `output_vars + n_s` variables from the one below, of
    /// `input_vars + n_s`. In the base field if the table below and all coefficients are.
    ///
    /// `publics` holds public input `i` of instance `s` at `i 2^(n_s) + s`, base field, padded to a
    /// power of two; it may be `None` if the layer has no const gate of a public input.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If the shapes do not fit, or there are fewer coefficients than slots.
    fn evaluate_layer(
        &self,
        queue: &mut Self::Queue,
        layer: DeviceLayer<'_, F, Self>,
        below: &Self::Mle,
        publics: Option<&Self::Mle>,
    ) -> Result<Self::Mle, BackendError>;

    /// The weights `W[z] = sum_k scale_k eq(point_k, z)`, plus `scale * eq(point, z)` at the layer's
    /// asserted outputs when `asserts` is given: a table of `output_vars` variables.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If a point has not `output_vars` coordinates or `claims` is empty.
    fn layer_weights(
        &self,
        queue: &mut Self::Queue,
        wiring: &Self::Wiring,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<Self::Mle, BackendError>;

    /// Phase one's table and the const gates' part of the claim. `publics_at` holds each public
    /// input's extension at the instance point. `weights` is a table of the challenge field, as
    /// [`LayerBackend::layer_weights`] makes it; `below` may be of either field.
    /// Cost: per gate one multiplication of a weight, and `2^(n_s)` by a wire value for mul gates.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If the shapes do not fit, or there are fewer coefficients than slots; a backend
    /// may panic if `weights` is a base-field table.
    fn phase_one(
        &self,
        queue: &mut Self::Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Self::Mle,
        below: &Self::Mle,
        publics_at: &[F],
    ) -> Result<PhaseOne<Self::Mle, Self::Pending>, BackendError>;

    /// Phase two's table and the add gates' part of the claim; `eq_x` is `eq(r_x, .)`. Both tables are
    /// of the challenge field, as [`LayerBackend::layer_weights`] and [`ComputeBackend::eq_mle`] make
    /// them.
    /// Cost: two multiplications per gate.
    ///
    /// # Errors
    /// Memory, or the device.
    /// # Panics
    /// If the shapes do not fit, or there are fewer coefficients than slots; a backend
    /// may panic if either table is a base-field table.
    fn phase_two(
        &self,
        queue: &mut Self::Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Self::Mle,
        eq_x: &Self::Mle,
    ) -> Result<PhaseTwo<Self::Mle, Self::Pending>, BackendError>;
}
