//! Tables: shared handles of blocks, changed in place when nobody else holds them.

use std::sync::Arc;

use prover_core::{BackendError, DeviceMle};

use crate::arith::Lanes;
use crate::field::CpuField;
use crate::gate_table::{Bound, Gates};
use crate::memory::{Budget, Buffer};

/// A table in memory: `2^n` values in blocks of lanes, index `i` at lane `i mod WIDTH` of block
/// `i / WIDTH`. A table of fewer values than a block has is the first lanes of one block. Phase one's
/// table, and the one below with it, may be known without being there yet (`gate_table.rs`).
#[derive(Debug)]
pub struct CpuMle<F: CpuField> {
    pub(crate) num_vars: usize,
    pub(crate) data: Data<F>,
}

/// The values by field, or what they follow from.
#[derive(Debug)]
pub(crate) enum Data<F: CpuField> {
    Base(Arc<Buffer<F::BaseBlock>>),
    Ext(Arc<Buffer<F::Block>>),
    /// Not there yet, as the next: nothing reads it by blocks before `CpuBackend::built`.
    Gates(Gates<F>),
    Bound(Bound<F>),
}

impl<F: CpuField> Clone for CpuMle<F> {
    fn clone(&self) -> Self {
        let data = match &self.data {
            Data::Base(blocks) => Data::Base(Arc::clone(blocks)),
            Data::Ext(blocks) => Data::Ext(Arc::clone(blocks)),
            Data::Gates(gates) => Data::Gates(gates.clone()),
            Data::Bound(bound) => Data::Bound(bound.clone()),
        };
        Self {
            num_vars: self.num_vars,
            data,
        }
    }
}

impl<F: CpuField> DeviceMle for CpuMle<F> {
    fn num_vars(&self) -> usize {
        self.num_vars
    }

    fn is_base(&self) -> bool {
        matches!(self.data, Data::Base(_))
    }
}

/// Blocks of a table of `2^num_vars` values.
pub(crate) fn num_blocks<F: CpuField>(num_vars: usize) -> usize {
    ((1usize << num_vars) / F::WIDTH).max(1)
}

impl<F: CpuField> CpuMle<F> {
    pub(crate) fn base(num_vars: usize, blocks: Buffer<F::BaseBlock>) -> Self {
        debug_assert_eq!(blocks.len(), num_blocks::<F>(num_vars));
        Self {
            num_vars,
            data: Data::Base(Arc::new(blocks)),
        }
    }

    pub(crate) fn ext(num_vars: usize, blocks: Buffer<F::Block>) -> Self {
        debug_assert_eq!(blocks.len(), num_blocks::<F>(num_vars));
        Self {
            num_vars,
            data: Data::Ext(Arc::new(blocks)),
        }
    }

    pub(crate) fn from_values(budget: &Arc<Budget>, values: &[F]) -> Result<Self, BackendError> {
        Ok(Self::ext(log2(values.len()), pack(budget, values)?))
    }

    pub(crate) fn from_base_values(
        budget: &Arc<Budget>,
        values: &[F::Base],
    ) -> Result<Self, BackendError> {
        Ok(Self::base(log2(values.len()), pack(budget, values)?))
    }

    /// The value at an index, lifted.
    pub(crate) fn get(&self, index: usize) -> F {
        let (block, lane) = (index / F::WIDTH, index % F::WIDTH);
        match &self.data {
            Data::Base(blocks) => F::from(blocks[block].get(lane)),
            Data::Ext(blocks) => blocks[block].get(lane),
            Data::Gates(_) | Data::Bound(_) => unreachable!("the seam builds a table before use"),
        }
    }

    /// All values, lifted, of a table of a few.
    pub(crate) fn to_vec(&self) -> Vec<F> {
        (0..1usize << self.num_vars).map(|i| self.get(i)).collect()
    }

    /// Appends all values, lifted.
    pub(crate) fn append_to(&self, values: &mut Vec<F>) {
        values.extend((0..1usize << self.num_vars).map(|i| self.get(i)));
    }
}

/// Values in blocks; unused lanes of a short table are zero.
pub(crate) fn pack<T: prover_core::Field, L: Lanes<T>>(
    budget: &Arc<Budget>,
    values: &[T],
) -> Result<Buffer<L>, BackendError> {
    let len = values.len().div_ceil(L::WIDTH);
    let mut blocks = Buffer::with_capacity(budget, len)?;
    blocks
        .values_mut()
        .extend(values.chunks(L::WIDTH).map(L::gather));
    Ok(blocks)
}

/// The number of variables of a table of this length.
///
/// # Panics
/// If it is no power of two.
pub(crate) fn log2(len: usize) -> usize {
    assert!(len.is_power_of_two(), "a table has 2^n values, not {len}");
    len.trailing_zeros() as usize
}
