//! Which arithmetic each field gets at each SIMD level.

use prover_core::ChallengeField;
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};

use crate::arith::{Arith, Lanes, Plain};
use crate::simd::SimdLevel;

/// A computation to run with the arithmetic of a SIMD level.
pub trait Kernel<F: CpuField> {
    /// What it returns.
    type Out;
    /// Runs it; inlined into code compiled for the level.
    fn run<A: Arith<F = F, Block = F::Block, BaseBlock = F::BaseBlock>>(self, a: A) -> Self::Out;
}

/// A challenge field that the backend computes with.
pub trait CpuField: ChallengeField {
    /// Challenge-field values as tables hold them.
    type Block: Lanes<Self>;
    /// Base-field values as tables hold them; as many lanes as `Block`.
    type BaseBlock: Lanes<Self::Base>;
    /// Values in a block.
    const WIDTH: usize = <Self::Block as Lanes<Self>>::WIDTH;

    /// Runs a kernel with the best arithmetic of the level.
    fn dispatch<K: Kernel<Self>>(level: SimdLevel, kernel: K) -> K::Out;
}

macro_rules! plain_field {
    ($($field:ty),*) => {$(
        impl CpuField for $field {
            type Block = Self;
            type BaseBlock = <Self as ChallengeField>::Base;

            #[inline]
            fn dispatch<K: Kernel<Self>>(_level: SimdLevel, kernel: K) -> K::Out {
                kernel.run(Plain::NEW)
            }
        }
    )*};
}

plain_field!(Bn254, Gf2e128, GoldilocksExt2, M31Ext3);
