//! Gates side by side in lanes: phase two, and layers of fewer instances than lanes.
//!
//! Gates come in slices of rows (`bins.rs`): a lane is a row, a vector one gate of each. Wires and slots
//! lie as the vectors want them; tables are gathered. A slice's sums go to the rows' places one by one.
//! With several instances, but fewer than lanes, each is done by itself.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{Field, GateRows, Slots};

use crate::arith::{Arith, Lanes};
use crate::bins::{Bins, GateVector, TILE_ROWS};
use crate::field::{ArithOf, CpuField, Kernel};
use crate::gates::CoefTable;
use crate::gather::{BaseOf, Gather, all_lanes};
use crate::interpret::Blocks;
use crate::layer::{LaneBins, PhaseTwoBins};
use crate::layer_kernels::{Parts, coef_table};
use crate::rounds::blocks_of;
use crate::rows::{BaseSum, ExtSum, MixedSum};
use crate::table::CpuMle;

/// Gates in lanes.
#[derive(Clone, Copy)]
struct LaneGates<P> {
    /// The other wires; those that a gate of this kind has not are anything.
    wires: [P; 2],
    /// `None` if all coefficients are one.
    slots: Option<P>,
    /// Lanes that have a gate, a bit each.
    lanes: u32,
}

impl<P: Copy> LaneGates<P> {
    /// One gate of each row of a slice.
    #[inline(always)]
    fn vector<A: Gather<Places = P>, const K: usize>(a: A, gates: GateVector<'_>) -> Self {
        let none = a.run(0..1).at;
        let mut slots = None;
        if let Some(list) = gates.slots {
            slots = Some(a.places(list));
        }
        Self {
            wires: [
                if K > 0 { a.places(gates.wire(0)) } else { none },
                if K > 1 { a.places(gates.wire(1)) } else { none },
            ],
            slots,
            lanes: gates.lanes,
        }
    }

    /// Gates that follow each other, at most a lane each.
    #[inline(always)]
    fn run<A: Gather<Places = P>, const K: usize>(
        a: A,
        order: &GateRows<K>,
        gates: Range<usize>,
    ) -> Self {
        let picked = a.run(gates);
        let mut wires = [picked.at; 2];
        if K > 0 {
            wires[0] = a.wires(&order.others, 0, picked.at);
        }
        if K > 1 {
            wires[1] = a.wires(&order.others, 1, picked.at);
        }
        Self {
            wires,
            slots: a.slots(&order.slots, picked.at),
            lanes: picked.lanes,
        }
    }
}

/// Gates of one kind, as terms of a sum `S`.
trait Terms<A: Gather, S> {
    /// Adds the terms of some gates for one instance.
    fn add(&self, a: A, sum: &mut S, gates: LaneGates<A::Places>, instance: usize);
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
    /// The sum of two blocks.
    fn add_blocks(a: A, x: &Self::Block, y: &Self::Block) -> Self::Block;
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
    #[inline(always)]
    fn add_blocks(a: A, x: &A::BaseBlock, y: &A::BaseBlock) -> A::BaseBlock {
        a.store_base(a.base_add(a.load_base(x), a.load_base(y)))
    }
}

/// Products of any kind, and what is no product.
struct Mixed<A: Arith> {
    ext: ExtSum<A>,
    mixed: MixedSum<A>,
    rest: A::V,
}

impl<A: Gather> Mixed<A> {
    /// `+ value weight` for a value of the table below.
    #[inline(always)]
    fn mac(&mut self, a: A, below: Blocks<'_, A>, at: A::Places, weight: A::V) {
        match below {
            Blocks::Base(below) => self.mixed.mac(a.gather_base(below, at), weight),
            Blocks::Ext(below) => self.ext.mac(a.gather(below, at), weight),
        }
    }

    #[inline(always)]
    fn finish(self, a: A) -> A::V {
        let mut sum = self.rest;
        if !self.ext.is_empty() {
            sum = a.add(sum, self.ext.finish());
        }
        if !self.mixed.is_empty() {
            sum = a.add(sum, self.mixed.finish());
        }
        sum
    }
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
        a.store(self.finish(a))
    }
    #[inline(always)]
    fn add_blocks(a: A, x: &A::Block, y: &A::Block) -> A::Block {
        a.store(a.add(a.load(x), a.load(y)))
    }
}

/// Where the sums of a tile's rows go: the tile's own blocks.
struct TileRows<'a, L> {
    blocks: &'a mut [L],
    /// The tile's first row.
    first: usize,
    /// Base-2 logarithm of the number of instances.
    log: usize,
}

impl<L: Copy> TileRows<'_, L> {
    /// Adds a lane to the value of a row.
    #[inline(always)]
    fn add<T: Field>(&mut self, row: u32, instance: usize, sums: &L, lane: usize)
    where
        L: Lanes<T>,
    {
        let place = ((row as usize - self.first) << self.log) + instance;
        self.blocks[place / L::WIDTH].add_lane(place % L::WIDTH, sums, lane);
    }

    /// Makes a lane the value of a row.
    #[inline(always)]
    fn set<T: Field>(&mut self, row: u32, instance: usize, sums: &L, lane: usize)
    where
        L: Lanes<T>,
    {
        let place = ((row as usize - self.first) << self.log) + instance;
        self.blocks[place / L::WIDTH].copy_lane(place % L::WIDTH, sums, lane);
    }

    /// Makes the sums of the gates of one kind, for every instance, the values of their rows, which are
    /// zero.
    #[inline(always)]
    fn set_gates<A, S, const K: usize>(
        &mut self,
        a: A,
        (bins, order): (&Bins<K>, &GateRows<K>),
        terms: &impl Terms<A, S>,
    ) where
        A: Gather,
        S: BlockSum<A, Block = L>,
        L: Lanes<S::Value>,
    {
        let tile = self.first / TILE_ROWS;
        for slice in bins.slices(tile) {
            for instance in 0..1 << self.log {
                let mut sum = S::new(a);
                for k in 0..slice.len() {
                    let gates = LaneGates::vector::<A, K>(a, slice.gates(k));
                    terms.add(a, &mut sum, gates, instance);
                }
                let sums = sum.block(a);
                for (lane, &row) in slice.rows[..slice.num_rows].iter().enumerate() {
                    self.set(row, instance, &sums, lane);
                }
            }
        }
        for &row in bins.long(tile) {
            for instance in 0..1 << self.log {
                let sums = long_row(a, order, row, terms, instance).block(a);
                for lane in 0..L::WIDTH {
                    self.add(row, instance, &sums, lane);
                }
            }
        }
    }

    /// Adds the gates of another kind. `scratch` is as long as a tile has blocks at most: sums go there
    /// one by one, and from there to the rows a block at a time.
    #[inline(always)]
    fn add_gates<A, S, const K: usize>(
        &mut self,
        a: A,
        (bins, order): (&Bins<K>, &GateRows<K>),
        terms: &impl Terms<A, S>,
        scratch: &mut [L],
    ) where
        A: Gather,
        S: BlockSum<A, Block = L>,
        L: Lanes<S::Value>,
    {
        if !bins.has_gates(self.first / TILE_ROWS) {
            return;
        }
        let blocks = &mut scratch[..self.blocks.len()];
        blocks.fill(L::gather(&[S::Value::ZERO]));
        let mut apart = TileRows {
            blocks,
            first: self.first,
            log: self.log,
        };
        apart.set_gates(a, (bins, order), terms);
        for (block, sums) in self.blocks.iter_mut().zip(&*apart.blocks) {
            *block = S::add_blocks(a, block, sums);
        }
    }
}

/// Room for the sums of a tile with `2^log` instances.
#[inline(always)]
fn scratch<T: Field, L: Lanes<T>>(blocks: &[L], log: usize) -> Vec<L> {
    let tile = (TILE_ROWS << log) / L::WIDTH;
    vec![L::gather(&[T::ZERO]); tile.min(blocks.len())]
}

/// The gates of one row, a lane each.
#[inline(always)]
fn long_row<A: Gather, S: BlockSum<A>, const K: usize>(
    a: A,
    order: &GateRows<K>,
    row: u32,
    terms: &impl Terms<A, S>,
    instance: usize,
) -> S {
    let (gates, width) = (order.row(row as usize), A::Block::WIDTH);
    let mut sum = S::new(a);
    for start in gates.clone().step_by(width) {
        let gates = LaneGates::run(a, order, start..gates.end.min(start + width));
        terms.add(a, &mut sum, gates, instance);
    }
    sum
}

/// Blocks of a tile, zero to begin with.
#[inline(always)]
fn zeroed<T: Field, L: Lanes<T>>(blocks: &mut [MaybeUninit<L>]) -> &mut [L] {
    let zero = L::gather(&[T::ZERO]);
    for block in blocks.iter_mut() {
        block.write(zero);
    }
    // SAFETY: every block was just written, and an initialised block may stand for a `MaybeUninit`.
    unsafe { &mut *(core::ptr::from_mut(blocks) as *mut [L]) }
}

/// The tiles of a range of blocks, each with its blocks: rows of `2^log` values.
#[inline(always)]
fn tile_blocks<L>(blocks: &mut [L], width: usize, log: usize) -> core::slice::ChunksMut<'_, L> {
    blocks.chunks_mut((TILE_ROWS << log) / width)
}

/// The lanes that have a gate.
#[inline(always)]
fn kept<A: Gather>(a: A, v: A::V, lanes: u32) -> A::V {
    match lanes == all_lanes(A::Block::WIDTH) {
        true => v,
        false => a.keep(v, lanes),
    }
}

/// The same in the base field.
#[inline(always)]
fn kept_base<A: Gather>(a: A, b: A::B, lanes: u32) -> A::B {
    match lanes == all_lanes(A::Block::WIDTH) {
        true => b,
        false => a.keep_base(b, lanes),
    }
}

/// `c V(x) V(y)`, `c V(x)` or `c`, by the number of other wires; all in the base field.
struct BaseGates<'a, A: Arith, const K: usize> {
    coefs: &'a [A::BaseBlock],
    below: &'a [A::BaseBlock],
    log: usize,
}

impl<A: Gather, const K: usize> Terms<A, BaseSum<A>> for BaseGates<'_, A, K> {
    #[inline(always)]
    fn add(&self, a: A, sum: &mut BaseSum<A>, gates: LaneGates<A::Places>, instance: usize) {
        let coef = match gates.slots {
            Some(slots) => Some(a.gather_base(self.coefs, slots)),
            None => None,
        };
        if K == 0 {
            let coef = match coef {
                Some(coef) => coef,
                None => a.splat_base(BaseOf::<A>::ONE),
            };
            sum.add(kept_base(a, coef, gates.lanes));
            return;
        }
        let x = a.instance(gates.wires[0], self.log, instance);
        let left = kept_base(a, a.gather_base(self.below, x), gates.lanes);
        if K == 1 {
            match coef {
                Some(coef) => sum.mac(left, coef),
                None => sum.add(left),
            }
            return;
        }
        let y = a.instance(gates.wires[1], self.log, instance);
        let right = a.gather_base(self.below, y);
        match coef {
            Some(coef) => sum.mac(a.base_mul(left, coef), right),
            None => sum.mac(left, right),
        }
    }
}

/// The same in the challenge field.
struct ExtGates<'a, A: Arith, const K: usize> {
    coefs: CoefTable<'a, A>,
    below: Blocks<'a, A>,
    log: usize,
}

impl<A: Gather, const K: usize> Terms<A, Mixed<A>> for ExtGates<'_, A, K> {
    #[inline(always)]
    fn add(&self, a: A, sum: &mut Mixed<A>, gates: LaneGates<A::Places>, instance: usize) {
        let mut product = a.splat(A::F::ONE);
        if K > 0 {
            let x = a.instance(gates.wires[0], self.log, instance);
            product = match self.below {
                Blocks::Base(below) => a.lift(a.gather_base(below, x)),
                Blocks::Ext(below) => a.gather(below, x),
            };
        }
        product = kept(a, self.coefs.times_at(a, product, gates.slots), gates.lanes);
        if K < 2 {
            sum.rest = a.add(sum.rest, product);
            return;
        }
        let y = a.instance(gates.wires[1], self.log, instance);
        sum.mac(a, self.below, y, product);
    }
}

/// `c W[z] V(y)`, or `c W[z]` for gates with `z` alone.
struct PhaseOneGates<'a, A: Arith, const K: usize> {
    coefs: CoefTable<'a, A>,
    weights: &'a [A::Block],
    below: Blocks<'a, A>,
    log: usize,
}

impl<A: Gather, const K: usize> Terms<A, Mixed<A>> for PhaseOneGates<'_, A, K> {
    #[inline(always)]
    fn add(&self, a: A, sum: &mut Mixed<A>, gates: LaneGates<A::Places>, instance: usize) {
        let weight = a.gather(self.weights, gates.wires[0]);
        let weight = self.coefs.times_at(a, weight, gates.slots);
        let weight = kept(a, weight, gates.lanes);
        if K == 1 {
            sum.rest = a.add(sum.rest, weight);
            return;
        }
        let y = a.instance(gates.wires[1], self.log, instance);
        sum.mac(a, self.below, y, weight);
    }
}

/// `c W[z] eq_x[x]`, or `c W[z]` for gates with `z` alone.
struct PhaseTwoGates<'a, A: Arith, const K: usize> {
    coefs: CoefTable<'a, A>,
    weights: &'a [A::Block],
    eq_x: &'a [A::Block],
}

impl<A: Gather, const K: usize> Terms<A, Mixed<A>> for PhaseTwoGates<'_, A, K> {
    #[inline(always)]
    fn add(&self, a: A, sum: &mut Mixed<A>, gates: LaneGates<A::Places>, _instance: usize) {
        let weight = a.gather(self.weights, gates.wires[0]);
        let weight = self.coefs.times_at(a, weight, gates.slots);
        let weight = kept(a, weight, gates.lanes);
        match K {
            1 => sum.rest = a.add(sum.rest, weight),
            _ => sum.ext.mac(weight, a.gather(self.eq_x, gates.wires[1])),
        }
    }
}

/// What some tiles of a layer's outputs are computed from.
#[derive(Clone, Copy)]
pub(crate) struct WireRows<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) bins: &'a LaneBins,
    pub(crate) below: &'a CpuMle<F>,
    pub(crate) publics: &'a [F::BaseBlock],
    /// Base-2 logarithm of the number of instances.
    pub(crate) log: usize,
    /// The first of the tiles.
    pub(crate) first_tile: usize,
}

impl<F: CpuField> WireRows<'_, F> {
    /// Adds the public inputs of a tile's rows.
    #[inline(always)]
    fn add_publics<T: Field, L: Lanes<T>>(
        &self,
        tile: &mut TileRows<'_, L>,
        lifted: impl Fn(F::Base) -> T,
    ) {
        let publics = &self.layer.0.publics;
        let end = tile.first + TILE_ROWS;
        let from = publics.partition_point(|&(z, _)| (z as usize) < tile.first);
        let here = publics[from..].iter();
        for &(z, index) in here.take_while(|&&(z, _)| (z as usize) < end) {
            for instance in 0..1 << self.log {
                let place = ((index as usize) << self.log) + instance;
                let value = self.publics[place / F::WIDTH].get(place % F::WIDTH);
                tile.add(z, instance, &L::gather(&[lifted(value)]), 0);
            }
        }
    }
}

/// Base-field outputs: whole tiles.
pub struct WireBaseRows<'a, F: CpuField> {
    pub(crate) rows: WireRows<'a, F>,
    pub(crate) out: &'a mut [MaybeUninit<F::BaseBlock>],
}

impl<F: CpuField> Kernel<F> for WireBaseRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let (work, log) = (self.rows, self.rows.log);
        let (wiring, bins) = (work.layer.0, work.bins);
        let (CoefTable::Base(coefs), Blocks::Base(below)) = (
            coef_table::<F, A>(work.layer.1),
            blocks_of::<F, A>(work.below),
        ) else {
            unreachable!("a base-field layer has base-field coefficients and wires");
        };
        let muls = BaseGates::<A, 2> { coefs, below, log };
        let adds = BaseGates::<A, 1> { coefs, below, log };
        let consts = BaseGates::<A, 0> { coefs, below, log };
        let out = zeroed::<F::Base, _>(self.out);
        let mut scratch = scratch::<F::Base, _>(out, log);
        for (tile, blocks) in tile_blocks(out, F::WIDTH, log).enumerate() {
            let first = (work.first_tile + tile) * TILE_ROWS;
            let mut tile = TileRows { blocks, first, log };
            tile.set_gates(a, (&bins.mul_by_z, &wiring.mul_by_z), &muls);
            tile.add_gates(a, (&bins.add_by_z, &wiring.add_by_z), &adds, &mut scratch);
            tile.add_gates(
                a,
                (&bins.const_by_z, &wiring.const_by_z),
                &consts,
                &mut scratch,
            );
            work.add_publics(&mut tile, |value| value);
        }
    }
}

/// Challenge-field outputs: whole tiles.
pub struct WireExtRows<'a, F: CpuField> {
    pub(crate) rows: WireRows<'a, F>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for WireExtRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let (work, log) = (self.rows, self.rows.log);
        let (wiring, bins) = (work.layer.0, work.bins);
        let coefs = coef_table::<F, A>(work.layer.1);
        let below = blocks_of::<F, A>(work.below);
        let muls = ExtGates::<A, 2> { coefs, below, log };
        let adds = ExtGates::<A, 1> { coefs, below, log };
        let consts = ExtGates::<A, 0> { coefs, below, log };
        let out = zeroed::<F, _>(self.out);
        let mut scratch = scratch::<F, _>(out, log);
        for (tile, blocks) in tile_blocks(out, F::WIDTH, log).enumerate() {
            let first = (work.first_tile + tile) * TILE_ROWS;
            let mut tile = TileRows { blocks, first, log };
            tile.set_gates(a, (&bins.mul_by_z, &wiring.mul_by_z), &muls);
            tile.add_gates(a, (&bins.add_by_z, &wiring.add_by_z), &adds, &mut scratch);
            tile.add_gates(
                a,
                (&bins.const_by_z, &wiring.const_by_z),
                &consts,
                &mut scratch,
            );
            work.add_publics(&mut tile, F::from);
        }
    }
}

/// Phase one's table: whole tiles.
pub struct WirePhaseOne<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) bins: (&'a LaneBins, &'a PhaseTwoBins),
    pub(crate) weights: &'a [F::Block],
    pub(crate) below: &'a CpuMle<F>,
    /// Base-2 logarithm of the number of instances.
    pub(crate) log: usize,
    /// The first of the tiles.
    pub(crate) first_tile: usize,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for WirePhaseOne<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let ((wiring, coefs), log) = (self.layer, self.log);
        let (coefs, weights) = (coef_table::<F, A>(coefs), self.weights);
        let below = blocks_of::<F, A>(self.below);
        let muls = PhaseOneGates::<A, 2> {
            coefs,
            weights,
            below,
            log,
        };
        let adds = PhaseOneGates::<A, 1> {
            coefs,
            weights,
            below,
            log,
        };
        let out = zeroed::<F, _>(self.out);
        let mut scratch = scratch::<F, _>(out, log);
        for (tile, blocks) in tile_blocks(out, F::WIDTH, log).enumerate() {
            let first = (self.first_tile + tile) * TILE_ROWS;
            let mut tile = TileRows { blocks, first, log };
            tile.set_gates(a, (&self.bins.0.mul_by_x, &wiring.mul_by_x), &muls);
            // What does not depend on the instance is added for each all the same: a lane is cheap.
            tile.add_gates(
                a,
                (&self.bins.1.add_by_x, &wiring.add_by_x),
                &adds,
                &mut scratch,
            );
        }
    }
}

/// Phase two's table, whole tiles, and the add gates' part for the same rows.
pub struct PhaseTwoRows<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) bins: &'a PhaseTwoBins,
    pub(crate) weights: &'a [F::Block],
    pub(crate) eq_x: &'a [F::Block],
    /// The tiles.
    pub(crate) tiles: Range<usize>,
    /// Their blocks; none of a layer without mul gates.
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for PhaseTwoRows<'_, F> {
    type Out = F;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> F {
        let (wiring, coefs) = self.layer;
        let (coefs, weights, eq_x) = (coef_table::<F, A>(coefs), self.weights, self.eq_x);
        let muls = PhaseTwoGates::<A, 2> {
            coefs,
            weights,
            eq_x,
        };
        let adds = PhaseTwoGates::<A, 1> {
            coefs,
            weights,
            eq_x,
        };
        let out = zeroed::<F, _>(self.out);
        for (tile, blocks) in tile_blocks(out, F::WIDTH, 0).enumerate() {
            let first = (self.tiles.start + tile) * TILE_ROWS;
            let mut tile = TileRows {
                blocks,
                first,
                log: 0,
            };
            tile.set_gates(a, (&self.bins.mul_by_y, &wiring.mul_by_y), &muls);
        }
        add_term(
            a,
            (&self.bins.add_by_x, &wiring.add_by_x),
            &adds,
            self.tiles,
        )
    }
}

/// `sum_add c W[z] eq_x[x]` over the rows `x` of some tiles.
#[inline(always)]
fn add_term<A: Gather>(
    a: A,
    (bins, order): (&Bins<1>, &GateRows<1>),
    adds: &PhaseTwoGates<'_, A, 1>,
    tiles: Range<usize>,
) -> A::F {
    let width = A::Block::WIDTH;
    let mut total = ExtSum::new(a);
    let mut long = A::F::ZERO;
    for tile in tiles {
        if let Slots::Ones = order.slots
            && add_prefix_sums(a, order, adds, tile, &mut total)
        {
            continue;
        }
        for slice in bins.slices(tile) {
            let mut sum = Mixed::new(a);
            for k in 0..slice.len() {
                let gates = LaneGates::vector::<A, 1>(a, slice.gates(k));
                adds.add(a, &mut sum, gates, 0);
            }
            total.mac(sum.rest, a.gather(adds.eq_x, a.places(slice.rows)));
        }
        for &row in bins.long(tile) {
            let sum: Mixed<A> = long_row(a, order, row, adds, 0);
            let (block, lane) = (row as usize / width, row as usize % width);
            long += a.sum_lanes(sum.rest) * adds.eq_x[block].get(lane);
        }
    }
    a.sum_lanes(total.finish()) + long
}

/// The same for one tile of gates with coefficient one, in a field that sums rows by their prefixes;
/// whether it does.
#[inline(always)]
fn add_prefix_sums<A: Gather>(
    a: A,
    order: &GateRows<1>,
    adds: &PhaseTwoGates<'_, A, 1>,
    tile: usize,
    total: &mut ExtSum<A>,
) -> bool {
    let width = A::Block::WIDTH;
    let rows = order.offsets.len() - 1;
    let start = tile * TILE_ROWS;
    for first in (start..rows.min(start + TILE_ROWS)).step_by(width) {
        let ends = &order.offsets[first..=rows.min(first + width)];
        match a.row_sums(adds.weights, ends, &order.others) {
            Some(sums) => total.mac(sums, a.load(&adds.eq_x[first / width])),
            None => return false,
        }
    }
    true
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
                sum.mac(a, table, at, a.splat(weight));
            }
            a.write(kept(a, sum.finish(a), picked.lanes), out);
        }
    }
}
