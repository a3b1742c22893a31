//! Kernels of `T_0 * T_1`: the sums of a round, alone and fused with the fold before it.

use core::marker::PhantomData;
use core::ops::Range;

use prover_core::Field;

use crate::arith::Arith;
use crate::columns::Columns;
use crate::interpret::Blocks;

/// Sums at 0, at infinity and, if wanted, at 1.
pub(crate) type Sums<F> = [F; 3];

/// Running sums at 0, infinity and 1 of one column.
pub(crate) struct Running<A: Arith> {
    zero: A::Acc,
    infinity: A::Acc,
    one: A::Acc,
}

impl<A: Arith> Running<A> {
    #[inline(always)]
    pub(crate) fn new(a: A) -> Self {
        Self {
            zero: a.acc(),
            infinity: a.acc(),
            one: a.acc(),
        }
    }

    /// Adds the products of a pair of both tables.
    #[inline(always)]
    pub(crate) fn add<const ONE: bool>(&mut self, a: A, t0: (A::V, A::V), t1: (A::V, A::V)) {
        a.mac(&mut self.zero, t0.0, t1.0);
        a.mac_differences(&mut self.infinity, t0, t1);
        if ONE {
            a.mac(&mut self.one, t0.1, t1.1);
        }
    }

    #[inline(always)]
    pub(crate) fn settle<const ONE: bool>(&mut self, a: A) {
        a.settle(&mut self.zero);
        a.settle(&mut self.infinity);
        if ONE {
            a.settle(&mut self.one);
        }
    }

    /// The sums, at 1 too.
    #[inline(always)]
    pub(crate) fn reduced(self, a: A) -> [A::V; 3] {
        [
            a.reduce(self.zero),
            a.reduce(self.infinity),
            a.reduce(self.one),
        ]
    }

    #[inline(always)]
    fn finish<const ONE: bool>(self, a: A, weight: Option<&A::Block>, totals: &mut [A::V; 3]) {
        totals[0] = weigh(a, totals[0], a.reduce(self.zero), weight);
        totals[1] = weigh(a, totals[1], a.reduce(self.infinity), weight);
        if ONE {
            totals[2] = weigh(a, totals[2], a.reduce(self.one), weight);
        }
    }
}

/// `total + weight * sum`.
#[inline(always)]
pub(crate) fn weigh<A: Arith>(a: A, total: A::V, sum: A::V, weight: Option<&A::Block>) -> A::V {
    match weight {
        Some(weight) => a.add(total, a.mul(sum, a.load(weight))),
        None => a.add(total, sum),
    }
}

#[inline(always)]
pub(crate) fn lanes_summed<A: Arith>(a: A, totals: [A::V; 3]) -> Sums<A::F> {
    let [zero, infinity, one] = totals;
    [a.sum_lanes(zero), a.sum_lanes(infinity), a.sum_lanes(one)]
}

/// The sums over a range of pairs of blocks.
/// Cost: per pair two products (three with the point 1), reduced once a column.
#[inline(always)]
pub(crate) fn sums<A: Arith, const ONE: bool>(
    a: A,
    tables: [Blocks<'_, A>; 2],
    range: Range<usize>,
    weights: Option<&[A::Block]>,
) -> Sums<A::F> {
    match tables {
        [Blocks::Ext(t0), Blocks::Ext(t1)] => ext_sums::<A, ONE>(a, t0, t1, range, weights),
        [Blocks::Base(t0), Blocks::Ext(t1)] | [Blocks::Ext(t1), Blocks::Base(t0)] => {
            mixed_sums::<A, ONE>(a, t0, t1, range, weights)
        }
        [Blocks::Base(t0), Blocks::Base(t1)] => base_sums::<A, ONE>(a, t0, t1, range, weights),
    }
}

#[inline(always)]
fn ext_sums<A: Arith, const ONE: bool>(
    a: A,
    t0: &[A::Block],
    t1: &[A::Block],
    range: Range<usize>,
    weights: Option<&[A::Block]>,
) -> Sums<A::F> {
    let half = t0.len() / 2;
    let ((l0, h0), (l1, h1)) = (t0.split_at(half), t1.split_at(half));
    let columns = Columns::new(range, weights);
    let mut totals = [a.splat(A::F::ZERO); 3];
    for (column, weight) in columns.columns() {
        let mut running = Running::new(a);
        for (row, settle) in columns.rows_in_runs(A::RUN) {
            if settle {
                running.settle::<ONE>(a);
            }
            let i = columns.index(row, column);
            let pair0 = (a.load(&l0[i]), a.load(&h0[i]));
            let pair1 = (a.load(&l1[i]), a.load(&h1[i]));
            running.add::<ONE>(a, pair0, pair1);
        }
        running.finish::<ONE>(a, weight, &mut totals);
    }
    lanes_summed(a, totals)
}

#[inline(always)]
fn mixed_sums<A: Arith, const ONE: bool>(
    a: A,
    t0: &[A::BaseBlock],
    t1: &[A::Block],
    range: Range<usize>,
    weights: Option<&[A::Block]>,
) -> Sums<A::F> {
    let half = t0.len() / 2;
    let ((l0, h0), (l1, h1)) = (t0.split_at(half), t1.split_at(half));
    let columns = Columns::new(range, weights);
    let mut totals = [a.splat(A::F::ZERO); 3];
    for (column, weight) in columns.columns() {
        let mut accs = [a.mixed_acc(); 3];
        for (row, settle) in columns.rows_in_runs(A::MIXED_RUN) {
            if settle {
                a.mixed_settle(&mut accs[0]);
                a.mixed_settle(&mut accs[1]);
                a.mixed_settle(&mut accs[2]);
            }
            let i = columns.index(row, column);
            let (low0, high0) = (a.load_base(&l0[i]), a.load_base(&h0[i]));
            let (low1, high1) = (a.load(&l1[i]), a.load(&h1[i]));
            a.mixed_mac(&mut accs[0], low0, low1);
            a.mixed_mac(&mut accs[1], a.base_sub(high0, low0), a.sub(high1, low1));
            if ONE {
                a.mixed_mac(&mut accs[2], high0, high1);
            }
        }
        for (total, acc) in totals.iter_mut().zip(accs) {
            *total = weigh(a, *total, a.mixed_reduce(acc), weight);
        }
    }
    lanes_summed(a, totals)
}

#[inline(always)]
fn base_sums<A: Arith, const ONE: bool>(
    a: A,
    t0: &[A::BaseBlock],
    t1: &[A::BaseBlock],
    range: Range<usize>,
    weights: Option<&[A::Block]>,
) -> Sums<A::F> {
    let half = t0.len() / 2;
    let ((l0, h0), (l1, h1)) = (t0.split_at(half), t1.split_at(half));
    let columns = Columns::new(range, weights);
    let mut totals = [a.splat(A::F::ZERO); 3];
    for (column, weight) in columns.columns() {
        let mut accs = [a.base_acc(); 3];
        for (row, settle) in columns.rows_in_runs(A::BASE_RUN) {
            if settle {
                a.base_settle(&mut accs[0]);
                a.base_settle(&mut accs[1]);
                a.base_settle(&mut accs[2]);
            }
            let i = columns.index(row, column);
            let (low0, high0) = (a.load_base(&l0[i]), a.load_base(&h0[i]));
            let (low1, high1) = (a.load_base(&l1[i]), a.load_base(&h1[i]));
            a.base_mac(&mut accs[0], low0, low1);
            a.base_mac(
                &mut accs[1],
                a.base_sub(high0, low0),
                a.base_sub(high1, low1),
            );
            if ONE {
                a.base_mac(&mut accs[2], high0, high1);
            }
        }
        for (total, acc) in totals.iter_mut().zip(accs) {
            *total = weigh(a, *total, a.lift(a.base_reduce(acc)), weight);
        }
    }
    lanes_summed(a, totals)
}

/// A table under a fold: what to read, which it knows, and an address to write to, which may be the same.
///
/// Made by `CpuBackend::folding` (`rounds.rs`) and `CpuBackend::fold_gates` (`gate_table.rs`), which see to
/// it that an address to read from has four quarters and one to write to room for two; `Exec::map` gives
/// those who fold concurrently positions of their own.
pub(crate) trait Source<A: Arith>: Copy {
    /// Folds positions `i` and `i + quarter` and returns them.
    ///
    /// # Safety
    /// `i < quarter`, and nobody else is at `i` meanwhile.
    #[inline(always)]
    unsafe fn fold(self, a: A, i: usize, quarter: usize, r: &A::Scalar) -> (A::V, A::V) {
        // SAFETY: the caller's promise.
        let low = unsafe { self.bind(a, i, 2 * quarter, r) };
        // SAFETY: the upper position is as much this caller's as the lower.
        let high = unsafe { self.bind(a, i + quarter, 2 * quarter, r) };
        (low, high)
    }

    /// Folds position `i` of a table of two halves and returns it.
    ///
    /// # Safety
    /// `i < half`, and nobody else is at `i` meanwhile.
    unsafe fn bind(self, a: A, i: usize, half: usize, r: &A::Scalar) -> A::V;
}

/// A challenge-field table, folded in place or into another.
#[derive(Debug)]
pub(crate) struct ExtSource<A: Arith> {
    pub(crate) src: *const A::Block,
    pub(crate) dst: *mut A::Block,
    pub(crate) arith: PhantomData<A>,
}

/// A base-field table, folded into another.
#[derive(Debug)]
pub(crate) struct BaseSource<A: Arith> {
    pub(crate) src: *const A::BaseBlock,
    pub(crate) dst: *mut A::Block,
    pub(crate) arith: PhantomData<A>,
}

impl<A: Arith> Clone for ExtSource<A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Arith> Copy for ExtSource<A> {}
impl<A: Arith> Clone for BaseSource<A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Arith> Copy for BaseSource<A> {}

/// Reads `src[i]`.
///
/// # Safety
/// As of `src.add(i).read()`.
#[inline(always)]
unsafe fn read<T: Copy>(src: *const T, i: usize) -> T {
    // SAFETY: the caller's promise.
    let place = unsafe { src.add(i) };
    // SAFETY: the caller's promise.
    unsafe { place.read() }
}

/// Writes `dst[i]`.
///
/// # Safety
/// As of `dst.add(i).write(value)`.
#[inline(always)]
pub(crate) unsafe fn write<T: Copy>(dst: *mut T, i: usize, value: T) {
    // SAFETY: the caller's promise.
    let place = unsafe { dst.add(i) };
    // SAFETY: the caller's promise.
    unsafe { place.write(value) };
}

impl<A: Arith> Source<A> for ExtSource<A> {
    #[inline(always)]
    unsafe fn bind(self, a: A, i: usize, half: usize, r: &A::Scalar) -> A::V {
        // SAFETY: `i` is in the first half, where only this caller reads and writes it.
        let low = a.load(&unsafe { read(self.src, i) });
        // SAFETY: this is in the second half, where nobody writes.
        let high = a.load(&unsafe { read(self.src, i + half) });
        let folded = a.fold(low, high, r);
        // SAFETY: the destination has room for a half; the position is this caller's.
        unsafe { write(self.dst, i, a.store(folded)) };
        folded
    }
}

impl<A: Arith> Source<A> for BaseSource<A> {
    #[inline(always)]
    unsafe fn bind(self, a: A, i: usize, half: usize, r: &A::Scalar) -> A::V {
        // SAFETY: `i` is in the first half, where only this caller reads and writes it.
        let low = a.load_base(&unsafe { read(self.src, i) });
        // SAFETY: this is in the second half, where nobody writes.
        let high = a.load_base(&unsafe { read(self.src, i + half) });
        let folded = a.fold_base(low, high, r);
        // SAFETY: the destination has room for a half; the position is this caller's.
        unsafe { write(self.dst, i, a.store(folded)) };
        folded
    }
}

/// Folds a range of positions of both tables and sums what comes out.
/// Cost: per position and table two multiplications, then as [`sums`].
///
/// # Safety
/// `range` lies in `0..quarter` and is this caller's alone.
#[inline(always)]
pub(crate) unsafe fn fold_and_sums<A: Arith>(
    a: A,
    t0: impl Source<A>,
    t1: impl Source<A>,
    quarter: usize,
    r: &A::Scalar,
    range: Range<usize>,
    weights: Option<&[A::Block]>,
) -> Sums<A::F> {
    let columns = Columns::new(range, weights);
    let mut totals = [a.splat(A::F::ZERO); 3];
    for (column, weight) in columns.columns() {
        let mut running = Running::new(a);
        for (row, settle) in columns.rows_in_runs(A::RUN) {
            if settle {
                running.settle::<false>(a);
            }
            let i = columns.index(row, column);
            // SAFETY: `i` is in the range, which is this caller's.
            let pair0 = unsafe { t0.fold(a, i, quarter, r) };
            // SAFETY: as above.
            let pair1 = unsafe { t1.fold(a, i, quarter, r) };
            running.add::<false>(a, pair0, pair1);
        }
        running.finish::<false>(a, weight, &mut totals);
    }
    lanes_summed(a, totals)
}
