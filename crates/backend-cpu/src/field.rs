//! Which arithmetic each field gets at each SIMD level.

use prover_core::ChallengeField;

use crate::arith::{Lanes, Plain};
use crate::gather::Gather;
use crate::product::Sums;
use crate::simd::Level;
use crate::{eq, gate_grid, gate_kernels, in_block, layer_kernels, rounds, wires, zerocheck};

/// Arithmetic on a field's tables.
pub trait ArithOf<F: CpuField>: Gather<F = F, Block = F::Block, BaseBlock = F::BaseBlock> {}

impl<F: CpuField, A> ArithOf<F> for A where
    A: Gather<F = F, Block = F::Block, BaseBlock = F::BaseBlock>
{
}

/// A computation to run with the arithmetic of a SIMD level.
pub trait Kernel<F: CpuField> {
    /// What it returns.
    type Out;
    /// Runs it; inlined into code compiled for the level.
    fn run<A: ArithOf<F>>(self, a: A) -> Self::Out;
}

/// Declares [`CpuField`] and the macro that implements its kernels, from one list.
///
/// A method per kernel on a concrete field is compiled here and once; a generic dispatch would be
/// compiled again, with all vector code, in every crate that uses the backend.
macro_rules! cpu_field {
    ($($name:ident($kernel:ty) -> $out:ty;)*) => {
        /// A challenge field that the backend computes with.
        pub trait CpuField: ChallengeField {
            /// Challenge-field values as tables hold them.
            type Block: Lanes<Self>;
            /// Base-field values as tables hold them; as many lanes as `Block`.
            type BaseBlock: Lanes<Self::Base>;
            /// Values in a block.
            const WIDTH: usize = <Self::Block as Lanes<Self>>::WIDTH;

            $(
                #[doc = concat!("Runs the kernel `", stringify!($kernel), "` at a SIMD level.")]
                fn $name(level: Level, kernel: $kernel) -> $out;
            )*
        }

        macro_rules! kernels {
            ($run:path) => {
                $(
                    #[inline(never)]
                    fn $name(level: Level, kernel: $kernel) -> $out {
                        $run(level, kernel)
                    }
                )*
            };
        }
        #[cfg(not(unoptimized))]
        pub(crate) use kernels;
    };
}

cpu_field! {
    double(eq::Double<'_, Self>) -> ();
    grow(eq::Grow<'_, Self>) -> ();
    eq_rows(eq::EqRows<'_, Self>) -> ();
    bind(rounds::Bind<Self>) -> ();
    fused(rounds::Fused<'_, Self>) -> Sums<Self>;
    block_round(in_block::BlockRound<'_, Self>) -> Sums<Self>;
    product_sums(rounds::ProductSums<'_, Self, false>) -> Sums<Self>;
    product_sums_with_one(rounds::ProductSums<'_, Self, true>) -> Sums<Self>;
    zerocheck_sums(zerocheck::ZerocheckSums<'_, Self>) -> Sums<Self>;
    zerocheck_base_sums(zerocheck::ZerocheckBaseSums<'_, Self>) -> Sums<Self>;
    zerocheck_fused(zerocheck::ZerocheckFused<'_, Self>) -> Sums<Self>;
    interpret(rounds::Interpret<'_, Self>) -> Vec<Self>;
    ext_rows(layer_kernels::ExtRows<'_, Self>) -> ();
    base_rows(layer_kernels::BaseRows<'_, Self>) -> ();
    bind_rows(layer_kernels::BindRows<'_, Self>) -> ();
    gate_values(gate_kernels::GateValues<'_, Self>) -> ();
    folded_values(gate_kernels::FoldedValues<'_, Self>) -> ();
    build_rows(gate_kernels::BuildRows<'_, Self>) -> ();
    gate_sums(gate_kernels::GateSums<'_, Self>) -> Sums<Self>;
    gate_grid(gate_grid::GateGrid<'_, Self>) -> gate_grid::Grid<Self>;
    gate_fused(gate_kernels::GateFused<'_, Self>) -> Sums<Self>;
    constant_term(layer_kernels::ConstantTerm<'_, Self>) -> Self;
    phase_two_rows(wires::PhaseTwoRows<'_, Self>) -> Self;
    wire_base_rows(wires::WireBaseRows<'_, Self>) -> ();
    wire_ext_rows(wires::WireExtRows<'_, Self>) -> ();
    wire_phase_one(wires::WirePhaseOne<'_, Self>) -> ();
    wire_bind(wires::WireBind<'_, Self>) -> ();
}

/// Runs a kernel value by value.
#[cfg_attr(
    not(unoptimized),
    expect(
        dead_code,
        reason = "every field has vectors; a new one starts without"
    )
)]
#[inline]
fn plain<F: CpuField<Block = F, BaseBlock = <F as ChallengeField>::Base>, K: Kernel<F>>(
    _level: Level,
    kernel: K,
) -> K::Out {
    kernel.run(Plain::NEW)
}

#[cfg_attr(
    not(unoptimized),
    expect(
        unused_macros,
        reason = "every field has vectors; a new one starts without"
    )
)]
macro_rules! plain_field {
    ($($field:ty),*) => {$(
        impl CpuField for $field {
            type Block = Self;
            type BaseBlock = <Self as ChallengeField>::Base;

            kernels!(plain);
        }
    )*};
}

// With vectors unless compiled without optimisation: each in the module of its name.
#[cfg(unoptimized)]
plain_field!(
    prover_fields::Bn254,
    prover_fields::Gf2e128,
    prover_fields::GoldilocksExt2,
    prover_fields::M31Ext3
);
