//! BN254's scalar field, eight lanes a block.
//!
//! Blocks hold four planes of 64-bit words in the Montgomery form of `prover-fields`, so that an
//! element's words are its limbs. In exchange sums of products, whose columns are of 52 bits, are
//! multiplied by 16 once, when they are reduced.

/// The methods of [`Arith`](crate::arith::Arith) for the base field, which is the challenge field.
macro_rules! one_field {
    () => {
        #[inline(always)]
        fn load_base(self, block: &Self::BaseBlock) -> Self::B {
            self.load(block)
        }
        #[inline(always)]
        fn store_base(self, b: Self::B) -> Self::BaseBlock {
            self.store(b)
        }
        #[inline(always)]
        fn splat_base(self, value: Bn254) -> Self::B {
            self.splat(value)
        }
        #[inline(always)]
        fn lift(self, b: Self::B) -> Self::V {
            b
        }
        #[inline(always)]
        fn mul_base(self, x: Self::V, y: Self::B) -> Self::V {
            self.mul(x, y)
        }
        #[inline(always)]
        fn base_add(self, x: Self::B, y: Self::B) -> Self::B {
            self.add(x, y)
        }
        #[inline(always)]
        fn base_sub(self, x: Self::B, y: Self::B) -> Self::B {
            self.sub(x, y)
        }
        #[inline(always)]
        fn base_mul(self, x: Self::B, y: Self::B) -> Self::B {
            self.mul(x, y)
        }
        #[inline(always)]
        fn fold_base(self, low: Self::B, high: Self::B, r: &Self::Scalar) -> Self::V {
            self.fold(low, high, r)
        }
        #[inline(always)]
        fn mixed_acc(self) -> Self::MixedAcc {
            self.acc()
        }
        #[inline(always)]
        fn mixed_mac(self, acc: &mut Self::MixedAcc, x: Self::B, y: Self::V) {
            self.mac(acc, x, y);
        }
        #[inline(always)]
        fn mixed_settle(self, acc: &mut Self::MixedAcc) {
            self.settle(acc);
        }
        #[inline(always)]
        fn mixed_reduce(self, acc: Self::MixedAcc) -> Self::V {
            self.reduce(acc)
        }
        #[inline(always)]
        fn base_acc(self) -> Self::BaseAcc {
            self.acc()
        }
        #[inline(always)]
        fn base_mac(self, acc: &mut Self::BaseAcc, x: Self::B, y: Self::B) {
            self.mac(acc, x, y);
        }
        #[inline(always)]
        fn base_settle(self, acc: &mut Self::BaseAcc) {
            self.settle(acc);
        }
        #[inline(always)]
        fn base_reduce(self, acc: Self::BaseAcc) -> Self::B {
            self.reduce(acc)
        }
        #[inline(always)]
        fn mixed_mac_lane(
            self,
            acc: &mut Self::MixedAcc,
            x: Self::B,
            block: &Self::Block,
            lane: usize,
        ) {
            self.mac(acc, x, self.splat_lane(block, lane));
        }
    };
}

mod blocks;
mod constants;
mod gather;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod kernels;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod scalar;
// Miri takes hours for them, and below AVX-512, which it lacks, nothing here is unsafe.
#[cfg(not(miri))]
#[cfg(test)]
mod tests;
mod words;
