//! Layers: cutting rows, choosing kernels by field and by number of instances.

use std::sync::Arc;

use prover_core::{BackendError, DeviceMle, LayerCoefs, LayerWiring};

use crate::CpuBackend;
use crate::arith::{Lanes, Plain};
use crate::eq::eq_blocks;
use crate::field::CpuField;
use crate::interpret::Blocks;
use crate::layer_kernels::{
    AddTerm, BaseRows, BindRows, ConstantTerm, EntryValues, ExtRows, Layer, PhaseTwoRows, Unpack,
    Work,
};
use crate::memory::Buffer;
use crate::rows;
use crate::table::{CpuMle, Data, log2, num_blocks, pack};

/// Gates that a chunk of rows has at least, on average: about 1 to 2 us of work.
const MIN_GATES: usize = 64;

/// A layer's gates: the host's own, shared.
#[derive(Debug)]
pub struct CpuWiring<F: CpuField>(Arc<LayerWiring<F::Base>>);

impl<F: CpuField> CpuWiring<F> {
    /// Shares the wiring, or a sorted copy if its public inputs do not ascend by output.
    pub(crate) fn new(wiring: &Arc<LayerWiring<F::Base>>) -> Self {
        if wiring.publics.is_sorted() {
            return Self(Arc::clone(wiring));
        }
        let mut sorted = LayerWiring::clone(wiring);
        sorted.publics.sort_unstable();
        Self(Arc::new(sorted))
    }
}

/// A layer's coefficients.
#[derive(Debug)]
pub struct CpuCoefs<F: CpuField>(pub(crate) LayerCoefs<F>);

/// Values of a base-field table, one by one.
fn base_values<F: CpuField>(blocks: &[F::BaseBlock], num_vars: usize) -> Vec<F::Base> {
    (0..1usize << num_vars)
        .map(|i| blocks[i / F::WIDTH].get(i % F::WIDTH))
        .collect()
}

impl CpuBackend {
    fn layer<'a, F: CpuField>(
        wiring: &'a CpuWiring<F>,
        coefs: &'a CpuCoefs<F>,
        below: &CpuMle<F>,
    ) -> Layer<'a, F> {
        let (wiring, coefs) = (&*wiring.0, &coefs.0);
        let instance_vars = below
            .num_vars
            .checked_sub(wiring.input_vars as usize)
            .expect("the table below is smaller than the layer's inputs");
        assert_eq!(
            coefs.len(),
            wiring.constants.len() + wiring.num_random,
            "coefficients do not fit the layer"
        );
        Layer {
            wiring,
            coefs,
            instance_vars,
        }
    }

    /// The values of a challenge-field table of `2^num_vars` apart.
    fn entries<F: CpuField>(
        &self,
        mle: &CpuMle<F>,
        num_vars: u32,
    ) -> Result<Buffer<F::Entry>, BackendError> {
        let len = 1usize << num_vars;
        let mut out = Buffer::with_capacity(&self.budget, len)?;
        let unpack = Unpack {
            blocks: weight_blocks(mle, num_vars),
            len,
            out: out.values_mut(),
        };
        F::unpack(self.level, unpack);
        Ok(out)
    }

    /// Rows of a chunk, so that it has some work.
    fn row_chunk(&self, rows: usize, gates: usize) -> usize {
        let per_row = (gates / rows).max(1);
        self.exec.chunk_len(rows, MIN_GATES.div_ceil(per_row))
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
        let base = match (&below.data, layer.coefs) {
            (Data::Base(blocks), LayerCoefs::Base(_)) => blocks,
            _ => {
                let rows = layer.wiring.output_vars as usize;
                let blocks = self.ext_rows(&layer, &Work::Evaluate, below, publics, rows)?;
                return Ok(CpuMle::ext(num_vars, blocks));
            }
        };
        let blocks = self.base_rows(&layer, base, below.num_vars, publics)?;
        Ok(CpuMle::base(num_vars, blocks))
    }

    fn base_rows<F: CpuField>(
        &self,
        layer: &Layer<'_, F>,
        below: &[F::BaseBlock],
        below_vars: usize,
        publics: &[F::BaseBlock],
    ) -> Result<Buffer<F::BaseBlock>, BackendError> {
        let wiring = layer.wiring;
        let rows = 1usize << wiring.output_vars;
        let gates = wiring.mul_by_z.len() + wiring.add_by_z.len() + wiring.const_by_z.len();
        let Some(width) = layer.width() else {
            let width = 1 << layer.instance_vars;
            let below = base_values::<F>(below, below_vars);
            let publics: Vec<F::Base> = publics.iter().flat_map(lanes_of::<F>).collect();
            let mut out = Vec::with_capacity(rows * width);
            let spare = &mut out.spare_capacity_mut()[..rows * width];
            let rows_of = layer.rows::<Plain<F>>(width, 0..rows);
            rows::evaluate_base(Plain::NEW, rows_of, &below, &publics, spare);
            // SAFETY: the kernel writes every value of every row.
            unsafe { out.set_len(rows * width) };
            return pack(&self.budget, &out);
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

    /// Challenge-field rows: `2^row_vars` of them, with their instances.
    fn ext_rows<F: CpuField>(
        &self,
        layer: &Layer<'_, F>,
        work: &Work<'_, F>,
        below: &CpuMle<F>,
        publics: &[F::BaseBlock],
        row_vars: usize,
    ) -> Result<Buffer<F::Block>, BackendError> {
        let wiring = layer.wiring;
        let rows = 1usize << row_vars;
        let Some(width) = layer.width() else {
            return self.ext_rows_by_lane(layer, work, below, publics, rows);
        };
        let mut out = Buffer::with_capacity(&self.budget, rows * width)?;
        let gates = (wiring.mul_by_z.len() + wiring.add_by_z.len()) * width;
        let shape = (rows, width, self.row_chunk(rows, gates));
        // SAFETY: the kernels write every block of every row.
        unsafe {
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = ExtRows {
                    layer,
                    work,
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

    /// The same with fewer instances than lanes: value by value.
    fn ext_rows_by_lane<F: CpuField>(
        &self,
        layer: &Layer<'_, F>,
        work: &Work<'_, F>,
        below: &CpuMle<F>,
        publics: &[F::BaseBlock],
        rows: usize,
    ) -> Result<Buffer<F::Block>, BackendError> {
        let width = 1usize << layer.instance_vars;
        let publics: Vec<F::Base> = publics.iter().flat_map(lanes_of::<F>).collect();
        let (base, ext);
        let below: Blocks<'_, Plain<F>> = match &below.data {
            Data::Base(blocks) => {
                base = base_values::<F>(blocks, below.num_vars);
                Blocks::Base(&base)
            }
            Data::Ext(_) => {
                ext = below.to_vec();
                Blocks::Ext(&ext)
            }
        };
        let weights: Vec<F> = match *work {
            Work::Evaluate => Vec::new(),
            Work::PhaseOne { weights } => F::entry_values(self.level, EntryValues(weights)),
        };
        let gates = layer.wiring.mul_by_z.len() + layer.wiring.add_by_z.len();
        let mut out = Vec::with_capacity(rows * width);
        let shape = (rows, width, self.row_chunk(rows, gates));
        // SAFETY: the kernels write every value of every row.
        unsafe {
            self.exec.fill(&mut out, shape, |range, out| {
                let (a, rows) = (Plain::NEW, layer.rows(width, range));
                match *work {
                    Work::Evaluate => rows::evaluate_ext(a, rows, below, &publics, out),
                    Work::PhaseOne { .. } => rows::phase_one(a, rows, &weights, below, out),
                }
            });
        }
        pack(&self.budget, &out)
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
        let mut weights = eq_blocks(&self.budget, self.level, claims)?;
        if let Some((scale, point)) = asserts {
            fits(point);
            let table = eq_blocks(&self.budget, self.level, &[(scale, point)])?;
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
        let weights = self.entries(weights, layer.wiring.output_vars)?;
        let weights = &weights[..];
        let constant = F::constant_term(
            self.level,
            ConstantTerm {
                layer: (layer.wiring, layer.coefs),
                weights,
                publics_at,
            },
        );
        let work = Work::PhaseOne { weights };
        let row_vars = layer.wiring.input_vars as usize;
        let table = self.ext_rows(&layer, &work, below, &[], row_vars)?;
        Ok((CpuMle::ext(below.num_vars, table), constant))
    }

    /// Phase two's table and add term.
    pub(crate) fn phase_two_tables<F: CpuField>(
        &self,
        (wiring, coefs): (&CpuWiring<F>, &CpuCoefs<F>),
        weights: &CpuMle<F>,
        eq_x: &CpuMle<F>,
    ) -> Result<(Option<CpuMle<F>>, F), BackendError> {
        let (wiring, coefs) = (&*wiring.0, &coefs.0);
        let weights = &self.entries(weights, wiring.output_vars)?[..];
        let eq_x = &self.entries(eq_x, wiring.input_vars)?[..];
        let layer = (wiring, coefs);
        let rows = 1usize << wiring.input_vars;
        let chunk = self.row_chunk(rows, wiring.add_by_x.len());
        let partials = self.exec.map(rows, chunk, |range| {
            let kernel = AddTerm {
                layer,
                weights,
                eq_x,
                range,
            };
            F::add_term(self.level, kernel)
        });
        let add_term = partials.into_iter().fold(F::ZERO, |sum, part| sum + part);
        if !wiring.has_mul() {
            return Ok((None, add_term));
        }
        let num_vars = wiring.input_vars as usize;
        let blocks = num_blocks::<F>(num_vars);
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        let shape = (blocks, 1, self.row_chunk(blocks, wiring.mul_by_y.len()));
        // SAFETY: the kernel writes every block.
        unsafe {
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = PhaseTwoRows {
                    layer,
                    weights,
                    eq_x,
                    range,
                    out,
                };
                F::phase_two_rows(self.level, kernel);
            });
        }
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
            let bound: Vec<F> = mle
                .to_vec()
                .chunks_exact(weights.len())
                .map(|values| {
                    let products = values.iter().zip(&weights).map(|(&v, &w)| v * w);
                    products.fold(F::ZERO, |sum, product| sum + product)
                })
                .collect();
            assert_eq!(log2(bound.len()), num_vars);
            return CpuMle::from_values(&self.budget, &bound);
        }
        let weights = eq_blocks(&self.budget, self.level, &[(F::ONE, point)])?;
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
}

fn lanes_of<F: CpuField>(block: &F::BaseBlock) -> Vec<F::Base> {
    (0..F::WIDTH).map(|lane| block.get(lane)).collect()
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
