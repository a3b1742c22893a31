//! Packed arithmetic: what a kernel asks of a field, lane by lane.
//!
//! A kernel is written once, generic over [`Arith`]; [`Plain`] is one lane of any field.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use prover_core::{ChallengeField, Field};

/// A block of `WIDTH` values in memory.
pub trait Lanes<T: Field>: Copy + Send + Sync + core::fmt::Debug + 'static {
    /// Values in a block.
    const WIDTH: usize;
    /// The value of a lane.
    fn get(&self, lane: usize) -> T;
    /// A block of at most `WIDTH` values, the rest zero.
    fn gather(values: &[T]) -> Self;
    /// Sets the value of a lane.
    fn set(&mut self, lane: usize, value: T);
    /// Sets a lane to one of another block.
    #[inline(always)]
    fn copy_lane(&mut self, lane: usize, other: &Self, from: usize) {
        self.set(lane, other.get(from));
    }
    /// Adds a lane of another block to a lane.
    #[inline(always)]
    fn add_lane(&mut self, lane: usize, other: &Self, from: usize) {
        self.set(lane, self.get(lane) + other.get(from));
    }
}

impl<T: Field> Lanes<T> for T {
    const WIDTH: usize = 1;

    #[inline(always)]
    fn get(&self, _lane: usize) -> T {
        *self
    }

    #[inline(always)]
    fn gather(values: &[T]) -> Self {
        values[0]
    }

    #[inline(always)]
    fn set(&mut self, _lane: usize, value: T) {
        *self = value;
    }
}

/// Arithmetic on `Block`s of one challenge field at one SIMD level.
///
/// `V` and `B` are lanes in registers of the challenge and the base field; `Acc`, `MixedAcc` and
/// `BaseAcc` are sums of products `V * V`, `B * V` and `B * B`, reduced as late as the field allows.
pub trait Arith: Copy + Send + Sync {
    /// The field.
    type F: ChallengeField;
    /// `WIDTH` challenge-field values in memory.
    type Block: Lanes<Self::F>;
    /// `WIDTH` base-field values in memory.
    type BaseBlock: Lanes<<Self::F as ChallengeField>::Base>;
    /// Challenge-field lanes.
    type V: Copy;
    /// Base-field lanes.
    type B: Copy;
    /// A sum of products of challenge-field lanes.
    type Acc: Copy;
    /// A sum of products of base-field by challenge-field lanes.
    type MixedAcc: Copy;
    /// A sum of products of base-field lanes.
    type BaseAcc: Copy;
    /// A challenge-field scalar made ready to multiply by.
    type Scalar: Copy + Send + Sync;
    /// Products that an `Acc` takes before it must be settled.
    const RUN: usize;
    /// The same for a `MixedAcc`.
    const MIXED_RUN: usize;
    /// The same for a `BaseAcc`.
    const BASE_RUN: usize;

    /// Loads a block.
    fn load(self, block: &Self::Block) -> Self::V;
    /// The lanes as a block.
    fn store(self, v: Self::V) -> Self::Block;
    /// Writes the lanes as a block.
    #[inline(always)]
    fn write(self, v: Self::V, out: &mut MaybeUninit<Self::Block>) {
        out.write(self.store(v));
    }
    /// Overwrites a block with the lanes.
    #[inline(always)]
    fn set(self, v: Self::V, out: &mut Self::Block) {
        *out = self.store(v);
    }
    /// Loads a base-field block.
    fn load_base(self, block: &Self::BaseBlock) -> Self::B;
    /// The base-field lanes as a block.
    fn store_base(self, b: Self::B) -> Self::BaseBlock;
    /// The same value in every lane.
    fn splat(self, value: Self::F) -> Self::V;
    /// The same base-field value in every lane.
    fn splat_base(self, value: <Self::F as ChallengeField>::Base) -> Self::B;
    /// Base-field lanes in the challenge field.
    fn lift(self, b: Self::B) -> Self::V;

    /// Lane-wise sum.
    fn add(self, x: Self::V, y: Self::V) -> Self::V;
    /// Lane-wise difference.
    fn sub(self, x: Self::V, y: Self::V) -> Self::V;
    /// Lane-wise product.
    fn mul(self, x: Self::V, y: Self::V) -> Self::V;
    /// Lane-wise product by base-field lanes.
    fn mul_base(self, x: Self::V, y: Self::B) -> Self::V;
    /// Lane-wise sum in the base field.
    fn base_add(self, x: Self::B, y: Self::B) -> Self::B;
    /// Lane-wise difference in the base field.
    fn base_sub(self, x: Self::B, y: Self::B) -> Self::B;
    /// Lane-wise product in the base field.
    fn base_mul(self, x: Self::B, y: Self::B) -> Self::B;

    /// Makes a scalar ready.
    fn scalar(self, value: Self::F) -> Self::Scalar;
    /// `low + r (high - low)`.
    fn fold(self, low: Self::V, high: Self::V, r: &Self::Scalar) -> Self::V;
    /// `low + r (high - low)` of base-field lanes.
    fn fold_base(self, low: Self::B, high: Self::B, r: &Self::Scalar) -> Self::V;

    /// An empty sum.
    fn acc(self) -> Self::Acc;
    /// Adds a product.
    fn mac(self, acc: &mut Self::Acc, x: Self::V, y: Self::V);
    /// Adds the product of two differences, of the second of a pair less the first.
    #[inline(always)]
    fn mac_differences(self, acc: &mut Self::Acc, x: (Self::V, Self::V), y: (Self::V, Self::V)) {
        self.mac(acc, self.sub(x.1, x.0), self.sub(y.1, y.0));
    }
    /// Adds `(x y - z) weight`: one product.
    #[inline(always)]
    fn mac_product_less(
        self,
        acc: &mut Self::Acc,
        (x, y): (Self::V, Self::V),
        z: Self::V,
        weight: Self::V,
    ) {
        self.mac(acc, self.sub(self.mul(x, y), z), weight);
    }
    /// Makes room for `RUN` more products.
    fn settle(self, acc: &mut Self::Acc);
    /// The sum.
    fn reduce(self, acc: Self::Acc) -> Self::V;
    /// An empty sum.
    fn mixed_acc(self) -> Self::MixedAcc;
    /// Adds a product.
    fn mixed_mac(self, acc: &mut Self::MixedAcc, x: Self::B, y: Self::V);
    /// Makes room for `MIXED_RUN` more products.
    fn mixed_settle(self, acc: &mut Self::MixedAcc);
    /// The sum.
    fn mixed_reduce(self, acc: Self::MixedAcc) -> Self::V;
    /// An empty sum.
    fn base_acc(self) -> Self::BaseAcc;
    /// Adds a product.
    fn base_mac(self, acc: &mut Self::BaseAcc, x: Self::B, y: Self::B);
    /// Makes room for `BASE_RUN` more products.
    fn base_settle(self, acc: &mut Self::BaseAcc);
    /// The sum.
    fn base_reduce(self, acc: Self::BaseAcc) -> Self::B;

    /// The sum over the lanes.
    fn sum_lanes(self, v: Self::V) -> Self::F;
    /// In lane `i`: the sum over the lanes of `blocks[i * stride] * weight`.
    fn dot_lanes(self, blocks: &[Self::BaseBlock], stride: usize, weight: Self::V) -> Self::V;
    /// The same of challenge-field blocks: `None` if the field has nothing better for it than products
    /// and [`Arith::sum_lanes`].
    #[inline(always)]
    fn dot_ext_lanes(
        self,
        _blocks: &[Self::Block],
        _stride: usize,
        _weight: Self::V,
    ) -> Option<Self::V> {
        None
    }

    /// One lane of a block in every lane.
    fn splat_lane(self, block: &Self::Block, lane: usize) -> Self::V;
    /// A sum that starts with one lane of a block in every lane.
    fn mixed_acc_lane(self, block: &Self::Block, lane: usize) -> Self::MixedAcc;
    /// Adds a product by one lane of a block.
    fn mixed_mac_lane(self, acc: &mut Self::MixedAcc, x: Self::B, block: &Self::Block, lane: usize);
}

/// One lane of any field, with the field's own operators.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain<F>(PhantomData<F>);

impl<F> Plain<F> {
    /// The arithmetic.
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<F: ChallengeField> Arith for Plain<F> {
    type F = F;
    type Block = F;
    type BaseBlock = F::Base;
    type V = F;
    type B = F::Base;
    type Acc = F;
    type MixedAcc = F;
    type BaseAcc = F::Base;
    type Scalar = F;
    const RUN: usize = usize::MAX;
    const MIXED_RUN: usize = usize::MAX;
    const BASE_RUN: usize = usize::MAX;

    #[inline(always)]
    fn load(self, block: &F) -> F {
        *block
    }
    #[inline(always)]
    fn store(self, v: F) -> F {
        v
    }
    #[inline(always)]
    fn load_base(self, block: &F::Base) -> F::Base {
        *block
    }
    #[inline(always)]
    fn store_base(self, b: F::Base) -> F::Base {
        b
    }
    #[inline(always)]
    fn splat(self, value: F) -> F {
        value
    }
    #[inline(always)]
    fn splat_base(self, value: F::Base) -> F::Base {
        value
    }
    #[inline(always)]
    fn lift(self, b: F::Base) -> F {
        F::from(b)
    }
    #[inline(always)]
    fn add(self, x: F, y: F) -> F {
        x + y
    }
    #[inline(always)]
    fn sub(self, x: F, y: F) -> F {
        x - y
    }
    #[inline(always)]
    fn mul(self, x: F, y: F) -> F {
        x * y
    }
    #[inline(always)]
    fn mul_base(self, x: F, y: F::Base) -> F {
        x * y
    }
    #[inline(always)]
    fn base_add(self, x: F::Base, y: F::Base) -> F::Base {
        x + y
    }
    #[inline(always)]
    fn base_sub(self, x: F::Base, y: F::Base) -> F::Base {
        x - y
    }
    #[inline(always)]
    fn base_mul(self, x: F::Base, y: F::Base) -> F::Base {
        x * y
    }
    #[inline(always)]
    fn scalar(self, value: F) -> F {
        value
    }
    #[inline(always)]
    fn fold(self, low: F, high: F, r: &F) -> F {
        low + *r * (high - low)
    }
    #[inline(always)]
    fn fold_base(self, low: F::Base, high: F::Base, r: &F) -> F {
        F::from(low) + *r * (high - low)
    }
    #[inline(always)]
    fn acc(self) -> F {
        F::ZERO
    }
    #[inline(always)]
    fn mac(self, acc: &mut F, x: F, y: F) {
        *acc += x * y;
    }
    #[inline(always)]
    fn settle(self, _acc: &mut F) {}
    #[inline(always)]
    fn reduce(self, acc: F) -> F {
        acc
    }
    #[inline(always)]
    fn mixed_acc(self) -> F {
        F::ZERO
    }
    #[inline(always)]
    fn mixed_mac(self, acc: &mut F, x: F::Base, y: F) {
        *acc += y * x;
    }
    #[inline(always)]
    fn mixed_settle(self, _acc: &mut F) {}
    #[inline(always)]
    fn mixed_reduce(self, acc: F) -> F {
        acc
    }
    #[inline(always)]
    fn base_acc(self) -> F::Base {
        F::Base::ZERO
    }
    #[inline(always)]
    fn base_mac(self, acc: &mut F::Base, x: F::Base, y: F::Base) {
        *acc += x * y;
    }
    #[inline(always)]
    fn base_settle(self, _acc: &mut F::Base) {}
    #[inline(always)]
    fn base_reduce(self, acc: F::Base) -> F::Base {
        acc
    }
    #[inline(always)]
    fn sum_lanes(self, v: F) -> F {
        v
    }
    #[inline(always)]
    fn dot_lanes(self, blocks: &[F::Base], _stride: usize, weight: F) -> F {
        weight * blocks[0]
    }

    #[inline(always)]
    fn splat_lane(self, block: &F, _lane: usize) -> F {
        *block
    }
    #[inline(always)]
    fn mixed_acc_lane(self, block: &F, _lane: usize) -> F {
        *block
    }
    #[inline(always)]
    fn mixed_mac_lane(self, acc: &mut F, x: F::Base, block: &F, _lane: usize) {
        *acc += *block * x;
    }
}
