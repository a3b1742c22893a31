//! Layers: cutting rows, choosing kernels by field and by number of instances.

use core::mem::MaybeUninit;
use core::ops::Add;
use std::sync::{Arc, OnceLock};

use prover_core::{BackendError, DeviceMle, Field, LayerCoefs, LayerWiring};

use crate::CpuBackend;
use crate::arith::Lanes;
use crate::bins::{Bins, TILE_ROWS};
use crate::field::CpuField;
use crate::layer_kernels::{BaseRows, BindRows, ConstantTerm, ExtRows, Layer};
use crate::memory::{Budget, Buffer};
use crate::shapes::Shapes;
use crate::table::{CpuMle, Data, num_blocks, pack};
use crate::wires::{PhaseTwoRows, WireBaseRows, WireBind, WireExtRows, WirePhaseOne, WireRows};

/// Gates that a chunk of rows has at least, on average: about 1 us of work.
const MIN_GATES: usize = 128;

/// The same of gates that are gathered a vector at a time.
const MIN_GATHERED_GATES: usize = 256;

/// A layer's gates: the host's own, shared, and those that go to lanes arranged for that.
#[derive(Debug)]
pub struct CpuWiring<F: CpuField> {
    pub(crate) host: Arc<LayerWiring<F::Base>>,
    /// `x` of the mul gates by `x`; made when a proof has a block of instances.
    xs: OnceLock<Arc<Vec<u32>>>,
    /// Made with phase one's first grid.
    add_blocks: OnceLock<Arc<Vec<u32>>>,
    /// Made when a proof has a block of instances.
    shapes: OnceLock<Shapes>,
    phase_two: PhaseTwoBins,
    /// Made when a proof has fewer instances than lanes.
    lanes: OnceLock<LaneBins>,
}

/// Gates that phase two has in lanes.
#[derive(Debug)]
pub(crate) struct PhaseTwoBins {
    pub(crate) mul_by_y: Bins<2>,
    pub(crate) add_by_x: Bins<1>,
}

/// Gates that evaluation and phase one have in lanes, where there are fewer instances than lanes.
#[derive(Debug)]
pub(crate) struct LaneBins {
    pub(crate) mul_by_z: Bins<2>,
    pub(crate) add_by_z: Bins<1>,
    pub(crate) const_by_z: Bins<0>,
    pub(crate) mul_by_x: Bins<2>,
}

impl<F: CpuField> CpuWiring<F> {
    /// Shares the wiring.
    ///
    /// # Errors
    /// If there is too little memory.
    /// # Panics
    /// If its public inputs do not ascend by output.
    pub(crate) fn new(wiring: &Arc<LayerWiring<F::Base>>) -> Result<Self, BackendError> {
        assert!(wiring.publics.is_sorted(), "public inputs do not ascend");
        Ok(Self {
            host: Arc::clone(wiring),
            xs: OnceLock::new(),
            add_blocks: OnceLock::new(),
            shapes: OnceLock::new(),
            phase_two: PhaseTwoBins {
                mul_by_y: Bins::new(&wiring.mul_by_y, F::WIDTH)?,
                add_by_x: Bins::new(&wiring.add_by_x, F::WIDTH)?,
            },
            lanes: OnceLock::new(),
        })
    }

    /// `x` of the mul gates by `x`.
    pub(crate) fn xs(&self) -> Result<Arc<Vec<u32>>, BackendError> {
        if let Some(xs) = self.xs.get() {
            return Ok(Arc::clone(xs));
        }
        let gates = &self.host.mul_by_x;
        let mut xs = prover_core::host::with_capacity(gates.len())?;
        for (x, ends) in (0..).zip(gates.offsets.windows(2)) {
            xs.extend((ends[0]..ends[1]).map(|_| x));
        }
        Ok(Arc::clone(self.xs.get_or_init(|| Arc::new(xs))))
    }

    /// How many blocks of rows before each of the first quarter have add gates, there or at the same place
    /// of another quarter; one number, 0, if a quarter has no block.
    pub(crate) fn add_blocks(&self) -> Result<Arc<Vec<u32>>, BackendError> {
        if let Some(blocks) = self.add_blocks.get() {
            return Ok(Arc::clone(blocks));
        }
        let quarter = (1usize << self.host.input_vars) / 4 / F::WIDTH * F::WIDTH;
        let offsets = &self.host.add_by_x.offsets;
        let mut blocks = prover_core::host::with_capacity(quarter / F::WIDTH + 1)?;
        let mut before = 0;
        for first in (0..quarter).step_by(F::WIDTH) {
            let has_adds = |part: usize| {
                let row = part * quarter + first;
                offsets[row] < offsets[row + F::WIDTH]
            };
            blocks.push(before);
            before += u32::from((0..4).any(has_adds));
        }
        blocks.push(before);
        Ok(Arc::clone(self.add_blocks.get_or_init(|| Arc::new(blocks))))
    }

    fn shapes(&self) -> Result<&Shapes, BackendError> {
        if let Some(shapes) = self.shapes.get() {
            return Ok(shapes);
        }
        let shapes = Shapes::new(&*self.host)?;
        Ok(self.shapes.get_or_init(|| shapes))
    }

    fn lanes(&self) -> Result<&LaneBins, BackendError> {
        if let Some(bins) = self.lanes.get() {
            return Ok(bins);
        }
        let wiring = &self.host;
        let bins = LaneBins {
            mul_by_z: Bins::new(&wiring.mul_by_z, F::WIDTH)?,
            add_by_z: Bins::new(&wiring.add_by_z, F::WIDTH)?,
            const_by_z: Bins::new(&wiring.const_by_z, F::WIDTH)?,
            mul_by_x: Bins::new(&wiring.mul_by_x, F::WIDTH)?,
        };
        Ok(self.lanes.get_or_init(|| bins))
    }
}

/// A layer's coefficients, one by one and in blocks.
#[derive(Debug)]
pub struct CpuCoefs<F: CpuField> {
    pub(crate) values: LayerCoefs<F>,
    pub(crate) table: CoefBlocks<F>,
}

/// The coefficients by slot.
#[derive(Debug)]
pub(crate) enum CoefBlocks<F: CpuField> {
    Base(Buffer<F::BaseBlock>),
    Ext(Buffer<F::Block>),
}

impl<F: CpuField> CpuCoefs<F> {
    pub(crate) fn new(budget: &Arc<Budget>, values: LayerCoefs<F>) -> Result<Self, BackendError> {
        let table = match &values {
            LayerCoefs::Base(values) => CoefBlocks::Base(pack(budget, values)?),
            LayerCoefs::Challenge(values) => CoefBlocks::Ext(pack(budget, values)?),
        };
        Ok(Self { values, table })
    }
}

impl CpuBackend {
    fn layer<'a, F: CpuField>(
        wiring: &'a CpuWiring<F>,
        coefs: &'a CpuCoefs<F>,
        below: &CpuMle<F>,
    ) -> Layer<'a, F> {
        let (wiring, coefs) = (check_coefs(wiring, coefs), &coefs.values);
        let instance_vars = below
            .num_vars
            .checked_sub(wiring.input_vars as usize)
            .expect("the table below is smaller than the layer's inputs");
        Layer {
            wiring,
            coefs,
            instance_vars,
        }
    }

    /// Rows of a chunk, so that it has some work.
    fn row_chunk(&self, rows: usize, gates: usize) -> usize {
        let per_row = (gates / rows).max(1);
        self.exec.chunk_len(rows, MIN_GATES.div_ceil(per_row))
    }

    /// Blocks of rows of a chunk of gathered gates.
    fn gate_chunk(&self, blocks: usize, gates: usize) -> usize {
        let per_block = (gates / blocks).max(1);
        let chunk = MIN_GATHERED_GATES.div_ceil(per_block);
        self.exec.chunk_len(blocks, chunk)
    }

    /// The layer's outputs.
    pub(crate) fn evaluate<F: CpuField>(
        &self,
        wiring: &CpuWiring<F>,
        coefs: &CpuCoefs<F>,
        below: &CpuMle<F>,
        publics: Option<&CpuMle<F>>,
    ) -> Result<CpuMle<F>, BackendError> {
        let layer = Self::layer(wiring, coefs, below);
        let publics = check_publics(&layer, publics);
        let num_vars = layer.wiring.output_vars as usize + layer.instance_vars;
        if layer.width().is_none() {
            let rows = WireRows {
                layer: (layer.wiring, coefs),
                bins: wiring.lanes()?,
                below,
                publics,
                log: layer.instance_vars,
                first_tile: 0,
            };
            return match (&below.data, layer.coefs) {
                (Data::Base(_), LayerCoefs::Base(_)) => {
                    let blocks = self.wire_base_rows(rows, num_vars)?;
                    Ok(CpuMle::base(num_vars, blocks))
                }
                _ => Ok(CpuMle::ext(num_vars, self.wire_ext_rows(rows, num_vars)?)),
            };
        }
        let base = match (&below.data, layer.coefs) {
            (Data::Base(blocks), LayerCoefs::Base(_)) => blocks,
            _ => {
                let blocks = self.ext_rows((&layer, wiring.shapes()?), below, publics)?;
                return Ok(CpuMle::ext(num_vars, blocks));
            }
        };
        let blocks = self.base_rows((&layer, wiring.shapes()?), base, publics)?;
        Ok(CpuMle::base(num_vars, blocks))
    }

    /// Base-field outputs of fewer instances than lanes.
    fn wire_base_rows<F: CpuField>(
        &self,
        rows: WireRows<'_, F>,
        num_vars: usize,
    ) -> Result<Buffer<F::BaseBlock>, BackendError> {
        let blocks = num_blocks::<F>(num_vars);
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        // SAFETY: the kernel writes every block.
        unsafe {
            self.fill_tiles(out.values_mut(), blocks, rows.log, |first_tile, out| {
                let rows = WireRows { first_tile, ..rows };
                F::wire_base_rows(self.level, WireBaseRows { rows, out });
            });
        }
        Ok(out)
    }

    /// The same in the challenge field.
    fn wire_ext_rows<F: CpuField>(
        &self,
        rows: WireRows<'_, F>,
        num_vars: usize,
    ) -> Result<Buffer<F::Block>, BackendError> {
        let blocks = num_blocks::<F>(num_vars);
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        // SAFETY: the kernel writes every block.
        unsafe {
            self.fill_tiles(out.values_mut(), blocks, rows.log, |first_tile, out| {
                let rows = WireRows { first_tile, ..rows };
                F::wire_ext_rows(self.level, WireExtRows { rows, out });
            });
        }
        Ok(out)
    }

    /// Fills blocks of lanes tile by tile, `2^log` values a row: `work` is given the first tile and the
    /// blocks of some tiles.
    ///
    /// # Safety
    /// `work` initialises every block that it is given.
    unsafe fn fill_tiles<L: Lanes<T>, T: Field, R: Send>(
        &self,
        out: &mut Vec<L>,
        blocks: usize,
        log: usize,
        work: impl Fn(usize, &mut [MaybeUninit<L>]) -> R + Sync,
    ) -> Vec<R> {
        let tile = (TILE_ROWS << log) / L::WIDTH;
        // SAFETY: the caller's promise.
        unsafe {
            self.exec
                .fill(out, (blocks, 1, tile.min(blocks)), |range, out| {
                    work(range.start / tile, out)
                })
        }
    }

    fn base_rows<F: CpuField>(
        &self,
        (layer, shapes): (&Layer<'_, F>, &Shapes),
        below: &[F::BaseBlock],
        publics: &[F::BaseBlock],
    ) -> Result<Buffer<F::BaseBlock>, BackendError> {
        let wiring = layer.wiring;
        let rows = 1usize << wiring.output_vars;
        let gates = wiring.mul_by_z.len() + wiring.add_by_z.len() + wiring.const_by_z.len();
        let width = layer.width().expect("a wire has a block of instances");
        let mut out = Buffer::with_capacity(&self.budget, rows * width)?;
        let shape = (rows, width, self.row_chunk(rows, gates * width));
        // SAFETY: the kernel writes every block of every row.
        unsafe {
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = BaseRows {
                    layer,
                    shapes,
                    below,
                    publics,
                    width,
                    range,
                    out,
                };
                F::base_rows(self.level, kernel);
            });
        }
        Ok(out)
    }

    /// Challenge-field outputs with their instances.
    fn ext_rows<F: CpuField>(
        &self,
        (layer, shapes): (&Layer<'_, F>, &Shapes),
        below: &CpuMle<F>,
        publics: &[F::BaseBlock],
    ) -> Result<Buffer<F::Block>, BackendError> {
        let wiring = layer.wiring;
        let rows = 1usize << wiring.output_vars;
        let gates = wiring.mul_by_z.len() + wiring.add_by_z.len();
        let width = layer.width().expect("a wire has a block of instances");
        let mut out = Buffer::with_capacity(&self.budget, rows * width)?;
        let shape = (rows, width, self.row_chunk(rows, gates * width));
        // SAFETY: the kernel writes every block of every row.
        unsafe {
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = ExtRows {
                    layer,
                    shapes,
                    below,
                    publics,
                    width,
                    range,
                    out,
                };
                F::ext_rows(self.level, kernel);
            });
        }
        Ok(out)
    }

    /// `W[z]`, with the asserted outputs' share.
    pub(crate) fn weights<F: CpuField>(
        &self,
        wiring: &CpuWiring<F>,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<CpuMle<F>, BackendError> {
        let num_vars = wiring.host.output_vars as usize;
        let fits = |point: &[F]| assert_eq!(point.len(), num_vars, "a point does not fit");
        claims.iter().for_each(|&(_, point)| fits(point));
        let mut weights = self.eq_blocks(claims)?;
        if let Some((scale, point)) = asserts {
            fits(point);
            let table = self.eq_blocks(&[(scale, point)])?;
            for &z in &wiring.host.asserts {
                let (block, lane) = (z as usize / F::WIDTH, z as usize % F::WIDTH);
                let weight = &mut weights.values_mut()[block];
                weight.set(lane, weight.get(lane) + table[block].get(lane));
            }
        }
        Ok(CpuMle::ext(num_vars, weights))
    }

    /// Phase one's table and constant term.
    pub(crate) fn phase_one_tables<F: CpuField>(
        &self,
        (wiring, coefs): (&CpuWiring<F>, &CpuCoefs<F>),
        weights: &CpuMle<F>,
        below: &CpuMle<F>,
        publics_at: &[F],
    ) -> Result<(CpuMle<F>, F), BackendError> {
        let layer = Self::layer(wiring, coefs, below);
        let blocks = weight_blocks(weights, layer.wiring.output_vars);
        let parts = (layer.wiring, coefs);
        let chunk = self.gate_chunk(blocks.len(), layer.wiring.const_by_z.len());
        let partials = match layer.wiring.const_by_z.is_empty() {
            true => Vec::new(),
            false => self.exec.map(blocks.len(), chunk, |range| {
                let kernel = ConstantTerm {
                    layer: parts,
                    weights: blocks,
                    range,
                };
                F::constant_term(self.level, kernel)
            }),
        };
        let publics = (layer.wiring.publics.iter())
            .map(|&(z, index)| weights.get(z as usize) * publics_at[index as usize]);
        let constant = sum(partials) + publics.fold(F::ZERO, Add::add);
        let table = match layer.width() {
            Some(_) => self.gate_table((wiring, coefs), blocks, below)?,
            None => {
                let parts = (blocks, below, layer.instance_vars);
                let table = self.wire_phase_one(wiring, coefs, parts)?;
                CpuMle::ext(below.num_vars, table)
            }
        };
        Ok((table, constant))
    }

    /// Phase one's table with fewer instances than lanes.
    fn wire_phase_one<F: CpuField>(
        &self,
        wiring: &CpuWiring<F>,
        coefs: &CpuCoefs<F>,
        (weights, below, log): (&[F::Block], &CpuMle<F>, usize),
    ) -> Result<Buffer<F::Block>, BackendError> {
        let bins = (wiring.lanes()?, &wiring.phase_two);
        let blocks = num_blocks::<F>(below.num_vars);
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        // SAFETY: the kernel writes every block.
        unsafe {
            self.fill_tiles(out.values_mut(), blocks, log, |first_tile, out| {
                let kernel = WirePhaseOne {
                    layer: (&wiring.host, coefs),
                    bins,
                    weights,
                    below,
                    log,
                    first_tile,
                    out,
                };
                F::wire_phase_one(self.level, kernel);
            });
        }
        Ok(out)
    }

    /// Phase two's table and add term.
    pub(crate) fn phase_two_tables<F: CpuField>(
        &self,
        (wiring, coefs): (&CpuWiring<F>, &CpuCoefs<F>),
        weights: &CpuMle<F>,
        eq_x: &CpuMle<F>,
    ) -> Result<(Option<CpuMle<F>>, F), BackendError> {
        let (host, bins) = (check_coefs(wiring, coefs), &wiring.phase_two);
        let weights = weight_blocks(weights, host.output_vars);
        let eq_x = weight_blocks(eq_x, host.input_vars);
        let kernel = |tiles, out: &mut [MaybeUninit<F::Block>]| {
            let kernel = PhaseTwoRows {
                layer: (host, coefs),
                bins,
                weights,
                eq_x,
                tiles,
                out,
            };
            F::phase_two_rows(self.level, kernel)
        };
        let tiles = (1usize << host.input_vars).div_ceil(TILE_ROWS);
        if !host.has_mul() {
            let partials = self.exec.map(tiles, 1, |tiles| kernel(tiles, &mut []));
            return Ok((None, sum(partials)));
        }
        let blocks = eq_x.len();
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        // SAFETY: the kernel writes every block.
        let partials = unsafe {
            self.fill_tiles(out.values_mut(), blocks, 0, |first, out| {
                let tiles = first..first + (out.len() * F::WIDTH).div_ceil(TILE_ROWS);
                kernel(tiles, out)
            })
        };
        let num_vars = host.input_vars as usize;
        Ok((Some(CpuMle::ext(num_vars, out)), sum(partials)))
    }

    /// `T'[i] = sum_b eq(point, b) T[i 2^k + b]`.
    pub(crate) fn bind<F: CpuField>(
        &self,
        mle: &CpuMle<F>,
        point: &[F],
    ) -> Result<CpuMle<F>, BackendError> {
        let num_vars = mle
            .num_vars
            .checked_sub(point.len())
            .expect("the point has more coordinates than the table variables");
        if 1 << point.len() < F::WIDTH {
            let weights = prover_core::mle::eq_table(point, F::ONE);
            return self.wire_bind(mle, &weights, num_vars);
        }
        let weights = self.eq_blocks(&[(F::ONE, point)])?;
        let blocks = num_blocks::<F>(num_vars);
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        let chunk = self.exec.chunk_len(blocks, 16usize.div_ceil(weights.len()));
        // SAFETY: the kernel writes every block.
        unsafe {
            let shape = (blocks, 1, chunk);
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = BindRows {
                    table: mle,
                    weights: &weights,
                    range,
                    out,
                };
                F::bind_rows(self.level, kernel);
            });
        }
        Ok(CpuMle::ext(num_vars, out))
    }

    /// The same of fewer instances than lanes.
    fn wire_bind<F: CpuField>(
        &self,
        table: &CpuMle<F>,
        weights: &[F],
        num_vars: usize,
    ) -> Result<CpuMle<F>, BackendError> {
        let blocks = num_blocks::<F>(num_vars);
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        // SAFETY: the kernel writes every block.
        unsafe {
            let shape = (
                blocks,
                1,
                self.exec.chunk_len(blocks, MIN_GATHERED_GATES / F::WIDTH),
            );
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = WireBind {
                    table,
                    weights,
                    range,
                    out,
                };
                F::wire_bind(self.level, kernel);
            });
        }
        Ok(CpuMle::ext(num_vars, out))
    }
}

fn sum<F: CpuField>(partials: Vec<F>) -> F {
    partials.into_iter().fold(F::ZERO, Add::add)
}

/// The blocks of a challenge-field table of `2^num_vars` values.
///
/// # Panics
/// If it is of another size or in the base field.
fn weight_blocks<F: CpuField>(mle: &CpuMle<F>, num_vars: u32) -> &[F::Block] {
    assert_eq!(
        mle.num_vars, num_vars as usize,
        "a table does not fit the layer"
    );
    match &mle.data {
        Data::Ext(blocks) => blocks,
        _ => panic!("a weight table is in the challenge field"),
    }
}

/// A layer's gates, of a layer that has these coefficients.
///
/// # Panics
/// If they are not as many as the layer has slots.
fn check_coefs<'a, F: CpuField>(
    wiring: &'a CpuWiring<F>,
    coefs: &CpuCoefs<F>,
) -> &'a LayerWiring<F::Base> {
    let wiring = &*wiring.host;
    let slots = wiring.constants.len() + wiring.num_random;
    let found = coefs.values.len();
    assert_eq!(found, slots, "coefficients do not fit the layer");
    wiring
}

/// The public inputs' blocks.
///
/// # Panics
/// If the layer has const gates of public inputs beyond the table.
fn check_publics<'a, F: CpuField>(
    layer: &Layer<'_, F>,
    publics: Option<&'a CpuMle<F>>,
) -> &'a [F::BaseBlock] {
    let needed = layer
        .wiring
        .publics
        .iter()
        .map(|&(_, i)| i as usize + 1)
        .max();
    let Some(needed) = needed else {
        return &[];
    };
    let publics = publics.expect("the layer has const gates of public inputs");
    let len = 1usize << publics.num_vars();
    assert!(
        needed << layer.instance_vars <= len,
        "public input {needed} of a table of {len} values"
    );
    match &publics.data {
        Data::Base(blocks) => blocks,
        _ => panic!("public inputs are in the base field"),
    }
}
