//! Layers of fewer instances than lanes: a block holds all instances of several wires.
//!
//! With `2^k` instances lane `l` of a block is instance `l mod 2^k` of wire `l / 2^k` of the block. The
//! gates of the block's rows go side by side, gate `j` of every row at once, and their wires are
//! gathered. What a row has beyond [`LONG_ROW`] gates is summed along the gates instead.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{Field, GateRows};

use crate::arith::{Arith, Lanes};
use crate::field::{ArithOf, CpuField, Kernel};
use crate::gates::{CoefTable, Gates};
use crate::gather::{Gather, Picked, all_lanes};
use crate::interpret::Blocks;
use crate::layer_kernels::{Parts, coef_table, gates};
use crate::rounds::blocks_of;
use crate::rows::{BaseOf, BaseSum, ExtSum, MixedSum};
use crate::table::CpuMle;

/// Gates of a row that are summed side by side with other rows' gates.
const LONG_ROW: u32 = 64;

/// The most lanes of a block.
const MAX_WIDTH: usize = 16;

/// Which instances the lanes of some gates are for.
#[derive(Clone, Copy)]
enum Instances {
    /// As the lanes of a block.
    Lanes,
    /// All for one.
    One(usize),
}

impl Instances {
    /// Where wires stand in the table below, of `2^log` instances.
    #[inline(always)]
    fn of<A: Gather>(self, a: A, wires: A::Places, log: usize) -> A::Places {
        match self {
            Self::Lanes => a.instances(wires, log),
            Self::One(instance) => a.instance(wires, log, instance),
        }
    }
}

/// Gates of one kind, as terms of a sum `S`.
trait Terms<A: Gather, S> {
    /// Where the gates of each row begin and end.
    fn offsets(&self) -> &[u32];
    /// Adds the terms of some gates.
    fn add(&self, a: A, sum: &mut S, picked: Picked<A::Places>, instances: Instances);
}

/// A sum of lanes that becomes a block.
trait BlockSum<A: Gather> {
    /// The field of its values.
    type Value: Field;
    /// The block.
    type Block: Lanes<Self::Value>;
    /// An empty sum.
    fn new(a: A) -> Self;
    /// The sum's lanes.
    fn block(self, a: A) -> Self::Block;
}

/// Rows that have a block's lanes.
#[derive(Clone, Copy)]
struct BlockRows {
    /// The first.
    first: usize,
    /// Base-2 logarithm of the number of instances.
    log: usize,
}

impl BlockRows {
    #[inline(always)]
    fn new<A: Arith>(block: usize, log: usize) -> Self {
        Self {
            first: (block * A::Block::WIDTH) >> log,
            log,
        }
    }

    /// Where the gates of each lane's row begin and end, and how many the longest row has.
    #[inline(always)]
    fn lanes<A: Arith>(self, offsets: &[u32]) -> ([u32; MAX_WIDTH], [u32; MAX_WIDTH], u32) {
        const { assert!(A::Block::WIDTH <= MAX_WIDTH, "a block has more lanes") };
        let (mut starts, mut ends) = ([0; MAX_WIDTH], [0; MAX_WIDTH]);
        let mut longest = 0;
        let width = A::Block::WIDTH >> self.log;
        let here = &offsets[self.first..offsets.len().min(self.first + width + 1)];
        for (row, ends_of) in here.windows(2).enumerate() {
            longest = longest.max(ends_of[1] - ends_of[0]);
            for lane in row << self.log..(row + 1) << self.log {
                (starts[lane], ends[lane]) = (ends_of[0], ends_of[1]);
            }
        }
        (starts, ends, longest)
    }

    /// Adds the terms of the block's rows, of each the first [`LONG_ROW`].
    #[inline(always)]
    fn add<A: Gather, S>(self, a: A, terms: &impl Terms<A, S>, sum: &mut S) -> bool {
        let (starts, ends, longest) = self.lanes::<A>(terms.offsets());
        if longest == 0 {
            return false;
        }
        let (starts, ends) = (a.places(&starts), a.places(&ends));
        for k in 0..longest.min(LONG_ROW) {
            terms.add(a, sum, a.within(starts, ends, k), Instances::Lanes);
        }
        longest > LONG_ROW
    }

    /// Adds the other terms of long rows.
    #[inline(always)]
    fn add_long<A: Gather, S: BlockSum<A>>(
        self,
        a: A,
        terms: &impl Terms<A, S>,
        out: &mut S::Block,
    ) {
        let width = A::Block::WIDTH;
        let (starts, ends, _) = self.lanes::<A>(terms.offsets());
        for lane in 0..width {
            let rest = (starts[lane] + LONG_ROW.min(ends[lane] - starts[lane])) as usize;
            let end = ends[lane] as usize;
            if rest == end {
                continue;
            }
            let instance = Instances::One(lane & ((1 << self.log) - 1));
            let mut sum = S::new(a);
            for start in (rest..end).step_by(width) {
                terms.add(a, &mut sum, a.run(start..end.min(start + width)), instance);
            }
            let block = sum.block(a);
            let mut value = out.get(lane);
            for lane in 0..width {
                value += block.get(lane);
            }
            out.set(lane, value);
        }
    }
}

impl<A: Gather> BlockSum<A> for BaseSum<A> {
    type Value = BaseOf<A>;
    type Block = A::BaseBlock;

    #[inline(always)]
    fn new(a: A) -> Self {
        Self::new(a)
    }
    #[inline(always)]
    fn block(self, a: A) -> A::BaseBlock {
        a.store_base(self.finish())
    }
}

/// Products of any kind, and what is no product.
struct Mixed<A: Arith> {
    ext: ExtSum<A>,
    mixed: MixedSum<A>,
    rest: A::V,
}

impl<A: Gather> BlockSum<A> for Mixed<A> {
    type Value = A::F;
    type Block = A::Block;

    #[inline(always)]
    fn new(a: A) -> Self {
        Self {
            ext: ExtSum::new(a),
            mixed: MixedSum::new(a),
            rest: a.splat(A::F::ZERO),
        }
    }
    #[inline(always)]
    fn block(self, a: A) -> A::Block {
        let mut sum = self.rest;
        if !self.ext.is_empty() {
            sum = a.add(sum, self.ext.finish());
        }
        if !self.mixed.is_empty() {
            sum = a.add(sum, self.mixed.finish());
        }
        a.store(sum)
    }
}

/// The lanes that count.
#[inline(always)]
fn kept<A: Gather>(a: A, v: A::V, picked: Picked<A::Places>) -> A::V {
    match picked.lanes == all_lanes(A::Block::WIDTH) {
        true => v,
        false => a.keep(v, picked.lanes),
    }
}

/// The same in the base field.
#[inline(always)]
fn kept_base<A: Gather>(a: A, b: A::B, picked: Picked<A::Places>) -> A::B {
    match picked.lanes == all_lanes(A::Block::WIDTH) {
        true => b,
        false => a.keep_base(b, picked.lanes),
    }
}

/// `c V(x) V(y)`, `c V(x)` or `c`, by the number of other wires; all in the base field.
struct BaseGates<'a, A: Arith, const K: usize> {
    order: &'a GateRows<K>,
    coefs: &'a [A::BaseBlock],
    below: &'a [A::BaseBlock],
    log: usize,
}

impl<A: Gather, const K: usize> Terms<A, BaseSum<A>> for BaseGates<'_, A, K> {
    #[inline(always)]
    fn offsets(&self) -> &[u32] {
        &self.order.offsets
    }

    #[inline(always)]
    fn add(&self, a: A, sum: &mut BaseSum<A>, picked: Picked<A::Places>, instances: Instances) {
        let coef = match a.slots(&self.order.slots, picked.at) {
            Some(slots) => Some(a.gather_base(self.coefs, slots)),
            None => None,
        };
        if K == 0 {
            let one = a.splat_base(BaseOf::<A>::ONE);
            sum.add(kept_base(a, coef.unwrap_or(one), picked));
            return;
        }
        let x = instances.of(a, a.wires(&self.order.others, 0, picked.at), self.log);
        let left = kept_base(a, a.gather_base(self.below, x), picked);
        if K == 1 {
            match coef {
                Some(coef) => sum.mac(left, coef),
                None => sum.add(left),
            }
            return;
        }
        let y = instances.of(a, a.wires(&self.order.others, 1, picked.at), self.log);
        let right = a.gather_base(self.below, y);
        match coef {
            Some(coef) => sum.mac(a.base_mul(left, coef), right),
            None => sum.mac(left, right),
        }
    }
}

/// The same in the challenge field.
struct ExtGates<'a, A: Arith, const K: usize> {
    order: &'a GateRows<K>,
    coefs: CoefTable<'a, A>,
    below: Blocks<'a, A>,
    log: usize,
}

impl<A: Gather, const K: usize> Terms<A, Mixed<A>> for ExtGates<'_, A, K> {
    #[inline(always)]
    fn offsets(&self) -> &[u32] {
        &self.order.offsets
    }

    #[inline(always)]
    fn add(&self, a: A, sum: &mut Mixed<A>, picked: Picked<A::Places>, instances: Instances) {
        let mut product = a.splat(A::F::ONE);
        if K > 0 {
            let x = instances.of(a, a.wires(&self.order.others, 0, picked.at), self.log);
            product = gather_lifted(a, self.below, x);
        }
        product = self.coefs.times(a, product, &self.order.slots, picked.at);
        product = kept(a, product, picked);
        if K < 2 {
            sum.rest = a.add(sum.rest, product);
            return;
        }
        let y = instances.of(a, a.wires(&self.order.others, 1, picked.at), self.log);
        match self.below {
            Blocks::Base(below) => sum.mixed.mac(a.gather_base(below, y), product),
            Blocks::Ext(below) => sum.ext.mac(a.gather(below, y), product),
        }
    }
}

#[inline(always)]
fn gather_lifted<A: Gather>(a: A, table: Blocks<'_, A>, at: A::Places) -> A::V {
    match table {
        Blocks::Base(table) => a.lift(a.gather_base(table, at)),
        Blocks::Ext(table) => a.gather(table, at),
    }
}

/// `c W[z] V(y)`, or `c W[z]` for gates with `z` alone.
struct PhaseOneGates<'a, A: Arith, const K: usize> {
    gates: Gates<'a, A, K>,
    below: Blocks<'a, A>,
    log: usize,
}

impl<A: Gather, const K: usize> Terms<A, Mixed<A>> for PhaseOneGates<'_, A, K> {
    #[inline(always)]
    fn offsets(&self) -> &[u32] {
        &self.gates.order.offsets
    }

    #[inline(always)]
    fn add(&self, a: A, sum: &mut Mixed<A>, picked: Picked<A::Places>, instances: Instances) {
        let weight = kept(a, self.gates.weights(a, picked.at), picked);
        if K == 1 {
            sum.rest = a.add(sum.rest, weight);
            return;
        }
        let others = &self.gates.order.others;
        let y = instances.of(a, a.wires(others, 1, picked.at), self.log);
        match self.below {
            Blocks::Base(below) => sum.mixed.mac(a.gather_base(below, y), weight),
            Blocks::Ext(below) => sum.ext.mac(a.gather(below, y), weight),
        }
    }
}

/// What the outputs of a block of rows are made of.
struct LayerTerms<M, D, C> {
    muls: M,
    adds: D,
    consts: C,
}

impl<M, D, C> LayerTerms<M, D, C> {
    /// The sums of the rows of a block.
    #[inline(always)]
    fn sums<A, S>(&self, a: A, rows: BlockRows) -> S::Block
    where
        A: Gather,
        S: BlockSum<A>,
        M: Terms<A, S>,
        D: Terms<A, S>,
        C: Terms<A, S>,
    {
        let mut sum = S::new(a);
        let long_muls = rows.add(a, &self.muls, &mut sum);
        let long_adds = rows.add(a, &self.adds, &mut sum);
        let long_consts = rows.add(a, &self.consts, &mut sum);
        let mut out = sum.block(a);
        if long_muls {
            rows.add_long(a, &self.muls, &mut out);
        }
        if long_adds {
            rows.add_long(a, &self.adds, &mut out);
        }
        if long_consts {
            rows.add_long(a, &self.consts, &mut out);
        }
        out
    }
}

/// What a range of blocks of a layer's outputs is computed from.
pub(crate) struct WireRows<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) below: &'a CpuMle<F>,
    pub(crate) publics: &'a [F::BaseBlock],
    /// Base-2 logarithm of the number of instances.
    pub(crate) log: usize,
    pub(crate) range: Range<usize>,
}

impl<F: CpuField> WireRows<'_, F> {
    /// Calls `add(lane, value)` for the public inputs of the rows of a block.
    #[inline(always)]
    fn publics(&self, rows: BlockRows, mut add: impl FnMut(usize, F::Base)) {
        let publics = &self.layer.0.publics;
        if publics.is_empty() {
            return;
        }
        let end = rows.first + (F::WIDTH >> self.log);
        let from = publics.partition_point(|&(z, _)| (z as usize) < rows.first);
        let here = publics[from..].iter();
        for &(z, index) in here.take_while(|&&(z, _)| (z as usize) < end) {
            for instance in 0..1 << self.log {
                let place = ((index as usize) << self.log) + instance;
                let value = self.publics[place / F::WIDTH].get(place % F::WIDTH);
                add(((z as usize - rows.first) << self.log) + instance, value);
            }
        }
    }
}

/// Base-field outputs as blocks.
pub struct WireBaseRows<'a, F: CpuField> {
    pub(crate) rows: WireRows<'a, F>,
    pub(crate) out: &'a mut [MaybeUninit<F::BaseBlock>],
}

impl<F: CpuField> Kernel<F> for WireBaseRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let work = self.rows;
        let (wiring, log) = (work.layer.0, work.log);
        let (CoefTable::Base(coefs), Blocks::Base(below)) = (
            coef_table::<F, A>(work.layer.1),
            blocks_of::<F, A>(work.below),
        ) else {
            unreachable!("a base-field layer has base-field coefficients and wires");
        };
        let terms = LayerTerms {
            muls: base_gates::<A, 2>(&wiring.mul_by_z, coefs, below, log),
            adds: base_gates::<A, 1>(&wiring.add_by_z, coefs, below, log),
            consts: base_gates::<A, 0>(&wiring.const_by_z, coefs, below, log),
        };
        for (block, out) in work.range.clone().zip(self.out) {
            let rows = BlockRows::new::<A>(block, log);
            let mut sums = terms.sums::<A, BaseSum<A>>(a, rows);
            work.publics(rows, |lane, value| sums.set(lane, sums.get(lane) + value));
            out.write(sums);
        }
    }
}

#[inline(always)]
fn base_gates<'a, A: Gather, const K: usize>(
    order: &'a GateRows<K>,
    coefs: &'a [A::BaseBlock],
    below: &'a [A::BaseBlock],
    log: usize,
) -> BaseGates<'a, A, K> {
    BaseGates {
        order,
        coefs,
        below,
        log,
    }
}

/// Challenge-field outputs as blocks.
pub struct WireExtRows<'a, F: CpuField> {
    pub(crate) rows: WireRows<'a, F>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for WireExtRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let work = self.rows;
        let (wiring, log) = (work.layer.0, work.log);
        let coefs = coef_table::<F, A>(work.layer.1);
        let below = blocks_of::<F, A>(work.below);
        let terms = LayerTerms {
            muls: ext_gates::<A, 2>(&wiring.mul_by_z, coefs, below, log),
            adds: ext_gates::<A, 1>(&wiring.add_by_z, coefs, below, log),
            consts: ext_gates::<A, 0>(&wiring.const_by_z, coefs, below, log),
        };
        for (block, out) in work.range.clone().zip(self.out) {
            let rows = BlockRows::new::<A>(block, log);
            let mut sums = terms.sums::<A, Mixed<A>>(a, rows);
            work.publics(rows, |lane, value| {
                sums.set(lane, sums.get(lane) + F::from(value));
            });
            out.write(sums);
        }
    }
}

#[inline(always)]
fn ext_gates<'a, A: Gather, const K: usize>(
    order: &'a GateRows<K>,
    coefs: CoefTable<'a, A>,
    below: Blocks<'a, A>,
    log: usize,
) -> ExtGates<'a, A, K> {
    ExtGates {
        order,
        coefs,
        below,
        log,
    }
}

/// Phase one's table as blocks.
pub struct WirePhaseOne<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) weights: &'a [F::Block],
    pub(crate) below: &'a CpuMle<F>,
    /// Base-2 logarithm of the number of instances.
    pub(crate) log: usize,
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for WirePhaseOne<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let ((wiring, coefs), log) = (self.layer, self.log);
        let below = blocks_of::<F, A>(self.below);
        let muls = PhaseOneGates {
            gates: gates::<F, A, 2>(&wiring.mul_by_x, coefs, self.weights, None),
            below,
            log,
        };
        let adds = PhaseOneGates {
            gates: gates::<F, A, 1>(&wiring.add_by_x, coefs, self.weights, None),
            below,
            log,
        };
        for (block, out) in self.range.zip(self.out) {
            let rows = BlockRows::new::<A>(block, log);
            let mut sum = Mixed::new(a);
            let long_muls = rows.add(a, &muls, &mut sum);
            let long_adds = rows.add(a, &adds, &mut sum);
            let mut sums = sum.block(a);
            if long_muls {
                rows.add_long(a, &muls, &mut sums);
            }
            if long_adds {
                rows.add_long(a, &adds, &mut sums);
            }
            out.write(sums);
        }
    }
}

/// `T'[i] = sum_b weights[b] T[i 2^log + b]` for a range of blocks, of fewer weights than lanes.
pub struct WireBind<'a, F: CpuField> {
    pub(crate) table: &'a CpuMle<F>,
    pub(crate) weights: &'a [F],
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for WireBind<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let table = blocks_of::<F, A>(self.table);
        let log = self.weights.len().trailing_zeros() as usize;
        let outputs = 1usize << (self.table.num_vars - log);
        for (block, out) in self.range.zip(self.out) {
            let first = block * F::WIDTH;
            let picked = a.run(first..outputs.min(first + F::WIDTH));
            let mut sum = Mixed::new(a);
            for (instance, &weight) in self.weights.iter().enumerate() {
                let at = a.instance(picked.at, log, instance);
                match table {
                    Blocks::Base(table) => sum.mixed.mac(a.gather_base(table, at), a.splat(weight)),
                    Blocks::Ext(table) => sum.ext.mac(a.gather(table, at), a.splat(weight)),
                }
            }
            let sums = a.load(&sum.block(a));
            a.write(kept(a, sums, picked), out);
        }
    }
}
