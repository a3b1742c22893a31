//! Products by values of the table below a layer, whichever field it is in.

use prover_core::Field;

use crate::arith::Arith;
use crate::gather::Gather;
use crate::rows::Run;

/// The table below, with the arithmetic of products by its values.
pub(crate) trait Below<A: Gather>: Copy {
    /// Lanes of it.
    type Value: Copy;
    /// A sum of products by challenge-field lanes.
    type Acc: Copy;
    /// Products that a sum takes before it must be settled.
    const RUN: usize;

    /// Loads a block.
    fn load(self, a: A, index: usize) -> Self::Value;
    /// Asks for a block that will be read soon.
    fn prefetch(self, a: A, index: usize);
    /// `high - low`.
    fn difference(self, a: A, high: Self::Value, low: Self::Value) -> Self::Value;
    /// An empty sum, or one that starts with a lane of a block in every lane.
    fn start(self, a: A, constant: Option<(&A::Block, usize)>) -> Self::Acc;
    /// Adds a product.
    fn mac(self, a: A, acc: &mut Self::Acc, value: Self::Value, weight: A::V);
    /// Adds a product by a lane of a block.
    fn mac_lane(self, a: A, acc: &mut Self::Acc, value: Self::Value, block: &A::Block, lane: usize);
    /// Makes room for `RUN` more products.
    fn settle(self, a: A, acc: &mut Self::Acc);
    /// The sum, which was started with `constant`.
    fn finish(self, a: A, acc: Self::Acc, constant: Option<(&A::Block, usize)>) -> A::V;
}

/// A base-field table below.
pub(crate) struct BaseBelow<'a, A: Arith>(pub(crate) &'a [A::BaseBlock]);

/// A challenge-field table below.
pub(crate) struct ExtBelow<'a, A: Arith>(pub(crate) &'a [A::Block]);

impl<A: Arith> Clone for BaseBelow<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Arith> Copy for BaseBelow<'_, A> {}
impl<A: Arith> Clone for ExtBelow<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Arith> Copy for ExtBelow<'_, A> {}

impl<A: Gather> Below<A> for BaseBelow<'_, A> {
    type Value = A::B;
    type Acc = A::MixedAcc;
    const RUN: usize = A::MIXED_RUN;

    #[inline(always)]
    fn load(self, a: A, index: usize) -> A::B {
        a.load_base(&self.0[index])
    }
    #[inline(always)]
    fn prefetch(self, a: A, index: usize) {
        a.prefetch(&self.0[index]);
    }
    #[inline(always)]
    fn difference(self, a: A, high: A::B, low: A::B) -> A::B {
        a.base_sub(high, low)
    }
    #[inline(always)]
    fn start(self, a: A, constant: Option<(&A::Block, usize)>) -> A::MixedAcc {
        match constant {
            Some((block, lane)) => a.mixed_acc_lane(block, lane),
            None => a.mixed_acc(),
        }
    }
    #[inline(always)]
    fn mac(self, a: A, acc: &mut A::MixedAcc, value: A::B, weight: A::V) {
        a.mixed_mac(acc, value, weight);
    }
    #[inline(always)]
    fn mac_lane(self, a: A, acc: &mut A::MixedAcc, value: A::B, block: &A::Block, lane: usize) {
        a.mixed_mac_lane(acc, value, block, lane);
    }
    #[inline(always)]
    fn settle(self, a: A, acc: &mut A::MixedAcc) {
        a.mixed_settle(acc);
    }
    #[inline(always)]
    fn finish(self, a: A, acc: A::MixedAcc, _constant: Option<(&A::Block, usize)>) -> A::V {
        a.mixed_reduce(acc)
    }
}

impl<A: Gather> Below<A> for ExtBelow<'_, A> {
    type Value = A::V;
    type Acc = A::Acc;
    const RUN: usize = A::RUN;

    #[inline(always)]
    fn load(self, a: A, index: usize) -> A::V {
        a.load(&self.0[index])
    }
    #[inline(always)]
    fn prefetch(self, _a: A, _index: usize) {}
    #[inline(always)]
    fn difference(self, a: A, high: A::V, low: A::V) -> A::V {
        a.sub(high, low)
    }
    #[inline(always)]
    fn start(self, a: A, _constant: Option<(&A::Block, usize)>) -> A::Acc {
        a.acc()
    }
    #[inline(always)]
    fn mac(self, a: A, acc: &mut A::Acc, value: A::V, weight: A::V) {
        a.mac(acc, value, weight);
    }
    #[inline(always)]
    fn mac_lane(self, a: A, acc: &mut A::Acc, value: A::V, block: &A::Block, lane: usize) {
        a.mac(acc, value, a.splat_lane(block, lane));
    }
    #[inline(always)]
    fn settle(self, a: A, acc: &mut A::Acc) {
        a.settle(acc);
    }
    #[inline(always)]
    fn finish(self, a: A, acc: A::Acc, constant: Option<(&A::Block, usize)>) -> A::V {
        let sum = a.reduce(acc);
        match constant {
            Some((block, lane)) => a.add(sum, a.splat_lane(block, lane)),
            None => sum,
        }
    }
}

/// `N` sums of products by values of the table below, one weight for all; they settle themselves.
pub(crate) struct GateSum<A: Gather, T: Below<A>, const N: usize> {
    below: T,
    sums: [T::Acc; N],
    run: Run,
}

impl<A: Gather, T: Below<A>, const N: usize> Clone for GateSum<A, T, N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Gather, T: Below<A>, const N: usize> Copy for GateSum<A, T, N> {}

impl<A: Gather, T: Below<A>, const N: usize> GateSum<A, T, N> {
    #[inline(always)]
    pub(crate) fn new(a: A, below: T) -> Self {
        Self {
            below,
            sums: [below.start(a, None); N],
            run: Run::new(T::RUN),
        }
    }

    #[inline(always)]
    fn settle(&mut self, a: A) {
        if self.run.is_over() {
            for sum in &mut self.sums {
                self.below.settle(a, sum);
            }
        }
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, a: A, values: [T::Value; N], weight: A::V) {
        self.settle(a);
        for (sum, value) in self.sums.iter_mut().zip(values) {
            self.below.mac(a, sum, value, weight);
        }
    }

    /// The same with a lane of a block as the weight.
    #[inline(always)]
    pub(crate) fn add_lane(&mut self, a: A, values: [T::Value; N], weight: (&A::Block, usize)) {
        self.settle(a);
        for (sum, value) in self.sums.iter_mut().zip(values) {
            self.below.mac_lane(a, sum, value, weight.0, weight.1);
        }
    }

    /// The same with a lane of a block for each sum.
    #[inline(always)]
    pub(crate) fn add_lanes(
        &mut self,
        a: A,
        values: [T::Value; N],
        weights: &[A::Block; N],
        lane: usize,
    ) {
        self.settle(a);
        for ((sum, value), weight) in self.sums.iter_mut().zip(values).zip(weights) {
            self.below.mac_lane(a, sum, value, weight, lane);
        }
    }

    #[inline(always)]
    pub(crate) fn finish(self, a: A) -> [A::V; N] {
        let mut sums = [a.splat(A::F::ZERO); N];
        for (out, sum) in sums.iter_mut().zip(self.sums) {
            *out = self.below.finish(a, sum, None);
        }
        sums
    }
}
