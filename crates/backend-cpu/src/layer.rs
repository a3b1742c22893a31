//! Layers: cutting rows, choosing kernels by field and by number of instances.

use core::ops::Add;
use std::sync::Arc;

use prover_core::{BackendError, DeviceMle, LayerCoefs, LayerWiring};

use crate::CpuBackend;
use crate::arith::Lanes;
use crate::field::CpuField;
use crate::layer_kernels::{
    AddTerm, BaseRows, BindRows, ConstantTerm, ExtRows, Layer, Parts, PhaseOneRows, PhaseTwoRows,
};
use crate::memory::{Budget, Buffer};
use crate::table::{CpuMle, Data, num_blocks, pack};
use crate::wires::{WireBaseRows, WireBind, WireExtRows, WirePhaseOne, WireRows};

/// Gates that a chunk of rows has at least, on average: about 1 to 2 us of work.
const MIN_GATES: usize = 512;

/// Rows that a chunk of phase one has at least, at one gate each.
const MIN_ROWS: usize = 64;

/// The same of gates that are gathered a vector at a time.
const MIN_GATHERED_GATES: usize = 256;

/// A layer's gates: the host's own, shared.
#[derive(Debug)]
pub struct CpuWiring<F: CpuField>(Arc<LayerWiring<F::Base>>);

impl<F: CpuField> CpuWiring<F> {
    /// Shares the wiring.
    ///
    /// # Panics
    /// If its public inputs do not ascend by output.
    pub(crate) fn new(wiring: &Arc<LayerWiring<F::Base>>) -> Self {
        assert!(wiring.publics.is_sorted(), "public inputs do not ascend");
        Self(Arc::clone(wiring))
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
        let wire_rows = WireRows {
            layer: (layer.wiring, coefs),
            below,
            publics,
            log: layer.instance_vars,
            range: 0..num_blocks::<F>(num_vars),
        };
        let base = match (&below.data, layer.coefs) {
            (Data::Base(blocks), LayerCoefs::Base(_)) => blocks,
            _ => {
                let blocks = self.ext_rows(&layer, wire_rows)?;
                return Ok(CpuMle::ext(num_vars, blocks));
            }
        };
        let blocks = self.base_rows(&layer, base, wire_rows)?;
        Ok(CpuMle::base(num_vars, blocks))
    }

    /// Base-field outputs of fewer instances than lanes.
    fn wire_base_rows<F: CpuField>(
        &self,
        rows: WireRows<'_, F>,
    ) -> Result<Buffer<F::BaseBlock>, BackendError> {
        let mut out = Buffer::with_capacity(&self.budget, rows.range.len())?;
        // SAFETY: the kernel writes every block.
        unsafe {
            let shape = (rows.range.len(), 1, self.wire_chunk(&rows));
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let rows = WireRows { range, ..rows };
                F::wire_base_rows(self.level, WireBaseRows { rows, out });
            });
        }
        Ok(out)
    }

    /// The same in the challenge field.
    fn wire_ext_rows<F: CpuField>(
        &self,
        rows: WireRows<'_, F>,
    ) -> Result<Buffer<F::Block>, BackendError> {
        let mut out = Buffer::with_capacity(&self.budget, rows.range.len())?;
        // SAFETY: the kernel writes every block.
        unsafe {
            let shape = (rows.range.len(), 1, self.wire_chunk(&rows));
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let rows = WireRows { range, ..rows };
                F::wire_ext_rows(self.level, WireExtRows { rows, out });
            });
        }
        Ok(out)
    }

    fn wire_chunk<F: CpuField>(&self, rows: &WireRows<'_, F>) -> usize {
        let wiring = rows.layer.0;
        let gates = wiring.mul_by_z.len() + wiring.add_by_z.len() + wiring.const_by_z.len();
        self.gate_chunk(rows.range.len(), gates << rows.log)
    }

    fn base_rows<F: CpuField>(
        &self,
        layer: &Layer<'_, F>,
        below: &[F::BaseBlock],
        wire_rows: WireRows<'_, F>,
    ) -> Result<Buffer<F::BaseBlock>, BackendError> {
        let publics = wire_rows.publics;
        let wiring = layer.wiring;
        let rows = 1usize << wiring.output_vars;
        let gates = wiring.mul_by_z.len() + wiring.add_by_z.len() + wiring.const_by_z.len();
        let Some(width) = layer.width() else {
            return self.wire_base_rows(wire_rows);
        };
        let mut out = Buffer::with_capacity(&self.budget, rows * width)?;
        let shape = (rows, width, self.row_chunk(rows, gates * width));
        // SAFETY: the kernel writes every block of every row.
        unsafe {
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = BaseRows {
                    layer,
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
        layer: &Layer<'_, F>,
        wire_rows: WireRows<'_, F>,
    ) -> Result<Buffer<F::Block>, BackendError> {
        let (below, publics) = (wire_rows.below, wire_rows.publics);
        let wiring = layer.wiring;
        let rows = 1usize << wiring.output_vars;
        let gates = wiring.mul_by_z.len() + wiring.add_by_z.len();
        let Some(width) = layer.width() else {
            return self.wire_ext_rows(wire_rows);
        };
        let mut out = Buffer::with_capacity(&self.budget, rows * width)?;
        let shape = (rows, width, self.row_chunk(rows, gates * width));
        // SAFETY: the kernel writes every block of every row.
        unsafe {
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = ExtRows {
                    layer,
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
        let num_vars = wiring.0.output_vars as usize;
        let fits = |point: &[F]| assert_eq!(point.len(), num_vars, "a point does not fit");
        claims.iter().for_each(|&(_, point)| fits(point));
        let mut weights = self.eq_blocks(claims)?;
        if let Some((scale, point)) = asserts {
            fits(point);
            let table = self.eq_blocks(&[(scale, point)])?;
            for &z in &wiring.0.asserts {
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
            Some(width) => self.phase_one_rows(parts, blocks, below, width)?,
            None => self.wire_phase_one(parts, blocks, below, layer.instance_vars)?,
        };
        Ok((CpuMle::ext(below.num_vars, table), constant))
    }

    fn phase_one_rows<F: CpuField>(
        &self,
        layer: Parts<'_, F>,
        weights: &[F::Block],
        below: &CpuMle<F>,
        width: usize,
    ) -> Result<Buffer<F::Block>, BackendError> {
        let wiring = layer.0;
        let rows = 1usize << wiring.input_vars;
        let mut out = Buffer::with_capacity(&self.budget, rows * width)?;
        let gates = (wiring.mul_by_x.len() + wiring.add_by_x.len()) * width;
        let per_row = (gates / rows).max(1);
        let chunk = self.exec.stripe_len(rows, MIN_ROWS.div_ceil(per_row));
        let chunk = chunk.max(F::WIDTH).min(rows);
        // SAFETY: the kernel writes every block of every row.
        unsafe {
            let shape = (rows, width, chunk);
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = PhaseOneRows {
                    layer,
                    weights,
                    below,
                    width,
                    range,
                    out,
                };
                F::phase_one_rows(self.level, kernel);
            });
        }
        Ok(out)
    }

    /// The same with fewer instances than lanes.
    fn wire_phase_one<F: CpuField>(
        &self,
        layer: Parts<'_, F>,
        weights: &[F::Block],
        below: &CpuMle<F>,
        log: usize,
    ) -> Result<Buffer<F::Block>, BackendError> {
        let wiring = layer.0;
        let blocks = num_blocks::<F>(below.num_vars);
        let gates = wiring.mul_by_x.len() + wiring.add_by_x.len();
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        // SAFETY: the kernel writes every block.
        unsafe {
            let shape = (blocks, 1, self.gate_chunk(blocks, gates << log));
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = WirePhaseOne {
                    layer,
                    weights,
                    below,
                    log,
                    range,
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
        let wiring = check_coefs(wiring, coefs);
        let weights = weight_blocks(weights, wiring.output_vars);
        let eq_x = weight_blocks(eq_x, wiring.input_vars);
        let layer = (wiring, coefs);
        let blocks = eq_x.len();
        let gates = wiring.add_by_x.len() + wiring.mul_by_y.len();
        let chunk = self.gate_chunk(blocks, gates);
        if !wiring.has_mul() {
            let partials = self.exec.map(blocks, chunk, |range| {
                let kernel = AddTerm {
                    layer,
                    weights,
                    eq_x,
                    range,
                };
                F::add_term(self.level, kernel)
            });
            return Ok((None, sum(partials)));
        }
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        // SAFETY: the kernel writes every block.
        let partials = unsafe {
            let shape = (blocks, 1, chunk);
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = PhaseTwoRows {
                    layer,
                    weights,
                    eq_x,
                    range,
                    out,
                };
                F::phase_two_rows(self.level, kernel)
            })
        };
        let add_term = sum(partials);
        let num_vars = wiring.input_vars as usize;
        Ok((Some(CpuMle::ext(num_vars, out)), add_term))
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
        Data::Base(_) => panic!("a weight table is in the challenge field"),
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
    let wiring = &*wiring.0;
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
        Data::Ext(_) => panic!("public inputs are in the base field"),
    }
}
