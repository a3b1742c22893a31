//! The kernels by name, and what a launch of one takes.

use std::sync::Arc;

/// Threads per block in both languages.
pub(crate) const BLOCK_THREADS: usize = 64;
/// Most blocks of a streaming kernel; all are grid-stride.
pub(crate) const MAX_BLOCKS: usize = 1024;
/// Most blocks of a round kernel, each of which leaves one partial sum per grid point.
pub(crate) const MAX_ROUND_BLOCKS: usize = 128;
/// Most variables that one fold binds.
pub(crate) const MAX_FOLDS: usize = 3;
/// Longest window with a kernel.
pub(crate) const MAX_WINDOW: usize = 3;
/// Bytes that any kernel's parameters fit in.
pub(crate) const PARAMETER_BYTES: usize = 1024;

/// A kernel; the windows are part of the name because arrays in registers have constant sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// Tables of all suffixes of one half of a point.
    EqSuffixes,
    /// The table of a point from those of its halves.
    EqOuter,
    /// Binds first variables.
    Fold,
    /// Binds last variables.
    BindInnermost,
    /// Sums of a window of this many variables.
    Round(usize),
    /// Folds two tables and sums a window of this many variables.
    FoldRound(usize),
    /// Adds up partial sums.
    ReducePartials,
}

impl Kernel {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::EqSuffixes => "eq_suffixes",
            Self::EqOuter => "eq_outer",
            Self::Fold => "fold",
            Self::BindInnermost => "bind_innermost",
            Self::ReducePartials => "reduce_partials",
            Self::Round(1) => "round_w1",
            Self::Round(2) => "round_w2",
            Self::Round(_) => "round_w3",
            Self::FoldRound(1) => "fold_round_w1",
            Self::FoldRound(2) => "fold_round_w2",
            Self::FoldRound(_) => "fold_round_w3",
        }
    }

    /// The buffers in order, and whether the kernel writes them.
    pub fn buffers(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::EqSuffixes => &[("eq", true)],
            Self::EqOuter => &[("eq", false), ("dst", true)],
            Self::Fold => &[("src", false), ("dst", true)],
            Self::BindInnermost => &[("src", false), ("weights", false), ("dst", true)],
            Self::Round(_) => &[
                ("src_a", false),
                ("src_b", false),
                ("eq", false),
                ("partials", true),
            ],
            Self::FoldRound(_) => &[
                ("src_a", false),
                ("src_b", false),
                ("eq", false),
                ("dst_a", true),
                ("dst_b", true),
                ("partials", true),
            ],
            Self::ReducePartials => &[("partials", false), ("dst", true)],
        }
    }
}

/// One launch.
pub struct Launch<B> {
    /// What to run.
    pub kernel: Kernel,
    /// Blocks, in one dimension.
    pub blocks: usize,
    /// As [`Kernel::buffers`] names them.
    pub buffers: Vec<Arc<B>>,
    /// The words of the kernel's parameter struct.
    pub params: Vec<u32>,
}

/// Blocks for `items` independent items, at most `most`.
pub(crate) fn blocks_for(items: usize, most: usize) -> usize {
    items.div_ceil(BLOCK_THREADS).clamp(1, most)
}
