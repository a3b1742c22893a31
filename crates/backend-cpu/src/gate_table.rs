//! Phase one's table before it is built: its gates, and what the first rounds make of them.
//!
//! The table has a value for each wire and instance, but few wires are read by a mul gate, and without
//! one a row is the same for all instances. Until a variable is bound the table is therefore its list of
//! gates with their weights (`docs/adr/0008-first-rounds.md`). Over a base-field table below, one pass
//! sums rounds 0 and 1 and a second folds both variables: tables are written for the first time at a
//! quarter of their size. Over a challenge-field table it is one round and a half. Whoever asks for the
//! values of such a table in any other way gets it built.

use std::sync::Arc;

use prover_core::{BackendError, LayerWiring, mle};

use crate::CpuBackend;
use crate::eq::{CpuEq, Suffixes};
use crate::field::CpuField;
use crate::gate_grid::{GateGrid, Grid};
use crate::gate_kernels::{BuildRows, FoldedValues, GateFused, GateSums, GateValues, WeightedRows};
use crate::layer::{CpuCoefs, CpuWiring};
use crate::memory::Buffer;
use crate::product::Sums;
use crate::rounds::{self, MIN_CHUNK};
use crate::simd::SimdLevel;
use crate::table::{CpuMle, Data, num_blocks};

/// Rows that each part of a table has at least: pairs of them are summed after a fold, and with vectors a
/// block of them is folded at once.
const BLOCK_OF_ROWS: usize = 2;

/// What the rows at one place cost and what each of their mul gates does, in instructions of M31's kernels:
/// where threads meet, nothing more depends on it. Of round 0 row by row, and of a fold of two.
const SUM_COST: (usize, usize) = (60, 40);
const FOLD_COST: (usize, usize) = (330, 40);

/// The same of the grid, which looks only at rows near an add gate.
fn grid_cost(level: SimdLevel) -> (usize, usize) {
    match level {
        SimdLevel::Avx512 => (110, 140),
        // A row's sums do not fit in the registers: it takes as long as two gates.
        SimdLevel::Avx2 | SimdLevel::Portable => (280, 140),
    }
}

/// `H(x, s) = sum_mul c W[z] V(y, s) + sum_add c W[z]`, at least one block of instances a wire and two
/// blocks of wires.
#[derive(Debug)]
pub(crate) struct GateTable<F: CpuField> {
    wiring: Arc<LayerWiring<F::Base>>,
    /// `x` of the mul gates by `x`.
    xs: Arc<Vec<u32>>,
    /// [`CpuWiring::add_blocks`].
    add_blocks: Arc<Vec<u32>>,
    /// `V`; that it is held here keeps others from folding it in place.
    below: CpuMle<F>,
    /// `c W[z]` of the mul gates by `x`, a gate a lane; after them, if there are add gates, their sums
    /// by row, a row a lane.
    values: Buffer<F::Block>,
    log_width: u32,
}

/// A handle of a table of gates.
#[derive(Clone, Debug)]
pub(crate) struct Gates<F: CpuField> {
    table: Arc<GateTable<F>>,
    /// Known since round 0.
    ahead: Option<Ahead<F>>,
}

/// Sums of two rounds.
#[derive(Clone, Debug)]
struct Ahead<F: CpuField> {
    grid: Grid<F>,
    /// The eq factor that they were summed with.
    eq: Option<Arc<Suffixes<F>>>,
    /// The challenge of round 0, once it is known; nothing is folded by it yet.
    bound: Option<F>,
}

/// A base-field table whose first variable is bound, but not folded yet.
#[derive(Clone, Debug)]
pub(crate) struct Bound<F: CpuField> {
    of: Arc<Buffer<F::BaseBlock>>,
    challenge: F,
}

/// Blocks of a list of `len` lanes.
fn blocks_for<F: CpuField>(len: usize) -> usize {
    len.div_ceil(F::WIDTH)
}

impl<F: CpuField> GateTable<F> {
    fn gate_blocks(&self) -> usize {
        blocks_for::<F>(self.wiring.mul_by_x.len())
    }

    fn num_rows(&self) -> usize {
        1 << self.wiring.input_vars
    }

    /// What the rows before row `x` of each of some equal parts of the table cost, with those at the same
    /// places of the other parts: `row` each time, and `gate` for every mul gate.
    fn cost_before(&self, parts: usize, x: usize, (row, gate): (usize, usize)) -> usize {
        row * x + gate * self.gates_before(parts, x)
    }

    /// The same of the grid, `x` the first of a block.
    fn grid_cost_before(&self, x: usize, (row, gate): (usize, usize)) -> usize {
        let rows = self.add_blocks[x / F::WIDTH] as usize * F::WIDTH;
        row * rows + gate * self.gates_before(4, x)
    }

    /// The mul gates of these rows.
    fn gates_before(&self, parts: usize, x: usize) -> usize {
        let offsets = &self.wiring.mul_by_x.offsets;
        let stride = self.num_rows() / parts;
        let gates = (0..parts).map(|part| offsets[part * stride + x] - offsets[part * stride]);
        gates.sum::<u32>() as usize
    }

    /// The table's rows, with the table's own values or others of their kind.
    fn rows<'a>(&'a self, values: &'a [F::Block]) -> WeightedRows<'a, F> {
        WeightedRows {
            muls: &self.wiring.mul_by_x,
            xs: &self.xs,
            adds: &self.wiring.add_by_x,
            weights: &values[..self.gate_blocks()],
            constants: &values[self.gate_blocks()..],
            log_width: self.log_width,
        }
    }

    /// Whether the eq factor is over the instances or there is none.
    fn is_weighed_by(&self, eq: Option<&CpuEq<F>>) -> bool {
        let instance_vars = (F::WIDTH << self.log_width).ilog2() as usize;
        eq.is_none_or(|eq| eq.num_vars() == instance_vars)
    }
}

impl<F: CpuField> Gates<F> {
    fn bound(&self) -> Option<F> {
        self.ahead.as_ref()?.bound
    }

    /// Whether a table is the one below, bound as the gates are.
    fn is_over(&self, other: &Data<F>) -> bool {
        match (other, &self.table.below.data, self.bound()) {
            (Data::Base(one), Data::Base(other), None) => Arc::ptr_eq(one, other),
            (Data::Ext(one), Data::Ext(other), None) => Arc::ptr_eq(one, other),
            (Data::Bound(bound), Data::Base(other), Some(r)) => {
                Arc::ptr_eq(&bound.of, other) && bound.challenge == r
            }
            _ => false,
        }
    }
}

/// Of two tables, the place of the one below and the gates over it.
fn gates_over<F: CpuField>(mles: &[CpuMle<F>]) -> Option<(usize, Gates<F>)> {
    let [first, second] = mles else {
        return None;
    };
    let (place, below, gates) = match (&first.data, &second.data) {
        (_, Data::Gates(gates)) => (0, first, gates),
        (Data::Gates(gates), _) => (1, second, gates),
        _ => return None,
    };
    gates.is_over(&below.data).then(|| (place, gates.clone()))
}

impl CpuBackend {
    /// Phase one's table as gates; built at once if it is too small for the kernels of gates, or if the
    /// gates are more than the wires: two products a gate for every variable summed ahead would cost more
    /// than what they save a row, and two lists of weights more memory than the table.
    pub(crate) fn gate_table<F: CpuField>(
        &self,
        (shared, coefs): (&CpuWiring<F>, &CpuCoefs<F>),
        weights: &[F::Block],
        below: &CpuMle<F>,
    ) -> Result<CpuMle<F>, BackendError> {
        let wiring = &shared.host;
        let gate_blocks = blocks_for::<F>(wiring.mul_by_x.len());
        let row_blocks = match wiring.add_by_x.is_empty() {
            true => 0,
            false => blocks_for::<F>(1 << wiring.input_vars),
        };
        let blocks = gate_blocks + row_blocks;
        let rows = 1usize << wiring.input_vars;
        let log_width = (below.num_vars as u32 - wiring.input_vars) - F::WIDTH.ilog2();
        let mut values = Buffer::with_capacity(&self.budget, blocks)?;
        let per_row = (wiring.add_by_x.len() / (row_blocks * F::WIDTH).max(1)).max(1);
        let chunk = self.exec.chunk_len(blocks, MIN_CHUNK.div_ceil(per_row));
        // SAFETY: the kernel writes every block.
        unsafe {
            let shape = (blocks, 1, chunk.max(1));
            self.exec.fill(values.values_mut(), shape, |range, out| {
                let kernel = GateValues {
                    layer: (wiring, coefs),
                    weights,
                    gate_blocks,
                    range,
                    out,
                };
                F::gate_values(self.level, kernel);
            });
        }
        let table = GateTable {
            wiring: Arc::clone(wiring),
            xs: shared.xs()?,
            add_blocks: shared.add_blocks()?,
            below: below.clone(),
            values,
            log_width,
        };
        let gates = CpuMle {
            num_vars: below.num_vars,
            data: Data::Gates(Gates {
                table: Arc::new(table),
                ahead: None,
            }),
        };
        let is_small = rows < 2 * BLOCK_OF_ROWS.max(F::WIDTH);
        match is_small || wiring.mul_by_x.len() > rows {
            true => self.built(&gates),
            false => Ok(gates),
        }
    }

    /// The table itself, or its values if they are not there yet.
    pub(crate) fn built<F: CpuField>(&self, mle: &CpuMle<F>) -> Result<CpuMle<F>, BackendError> {
        let gates = match &mle.data {
            Data::Base(_) | Data::Ext(_) => return Ok(mle.clone()),
            Data::Bound(bound) => {
                let mut built = CpuMle {
                    num_vars: mle.num_vars + 1,
                    data: Data::Base(Arc::clone(&bound.of)),
                };
                self.fold_once(&mut built, bound.challenge)?;
                return Ok(built);
            }
            Data::Gates(gates) => gates,
        };
        let table = &gates.table;
        let folded = match gates.bound() {
            Some(r) => Some(self.folded_values(table, &mle::eq_table(&[r], F::ONE))?),
            None => None,
        };
        let stride = folded.is_some().then(|| table.num_rows() / 2);
        let (rows, width) = (stride.unwrap_or(table.num_rows()), 1 << table.log_width);
        let mut out = Buffer::with_capacity(&self.budget, rows * width)?;
        let chunk = (self.exec.part_len(rows * width, MIN_CHUNK) / width).max(1);
        // SAFETY: the kernel writes every block of every row.
        unsafe {
            let shape = (rows, width, chunk);
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = BuildRows {
                    rows: table.rows(folded.as_deref().unwrap_or(&table.values)),
                    below: &table.below,
                    stride,
                    range,
                    out,
                };
                F::build_rows(self.level, kernel);
            });
        }
        Ok(CpuMle::ext(mle.num_vars, out))
    }

    /// Builds those of the tables that are not.
    pub(crate) fn build<F: CpuField>(&self, mles: &mut [CpuMle<F>]) -> Result<(), BackendError> {
        for mle in mles {
            if let Data::Gates(_) | Data::Bound(_) = mle.data {
                *mle = self.built(mle)?;
            }
        }
        Ok(())
    }

    /// Folds and sums the product of a table and gates over it, at 0 and infinity; `None`, and nothing
    /// is done, if the tables are something else or more is bound than kernels are there for.
    pub(crate) fn gate_round<F: CpuField>(
        &self,
        mles: &mut [CpuMle<F>],
        fold: &[F],
        eq: Option<&CpuEq<F>>,
    ) -> Result<Option<Sums<F>>, BackendError> {
        let Some((place, gates)) = gates_over(mles) else {
            return Ok(None);
        };
        if !gates.table.is_weighed_by(eq) {
            return Ok(None);
        }
        let weights = eq.map(|eq| self.whole_eq(eq)).transpose()?;
        match (fold, gates.ahead) {
            ([], None) => Ok(Some(self.gate_sums(mles, place, eq, weights))),
            (&[r], None) => self.fold_gates(mles, place, &gates.table, &[r], weights),
            (&[r], Some(ahead)) => match ahead.bound {
                Some(before) => self.fold_gates(mles, place, &gates.table, &[before, r], weights),
                None => Ok(bind_ahead(mles, place, ahead, r, eq)),
            },
            _ => Ok(None),
        }
    }

    /// Round 0, and round 1 ahead if that pays.
    fn gate_sums<F: CpuField>(
        &self,
        mles: &mut [CpuMle<F>],
        place: usize,
        eq: Option<&CpuEq<F>>,
        weights: Option<&[F::Block]>,
    ) -> Sums<F> {
        let Data::Gates(gates) = &mles[1 - place].data else {
            unreachable!("the caller found gates there");
        };
        let table = &gates.table;
        let rows = table.rows(&table.values);
        // Worth it where a product in the base field costs little, and with blocks of rows in each part.
        let is_cheap = size_of::<F::BaseBlock>() < size_of::<F::Block>();
        let quarter = table.num_rows() / 4;
        let is_long = quarter >= BLOCK_OF_ROWS.max(F::WIDTH);
        let (Data::Base(below), true) = (&table.below.data, is_cheap && is_long) else {
            let (below, half) = (&table.below, table.num_rows() / 2);
            let work = |range| {
                let kernel = GateSums {
                    rows,
                    below,
                    half,
                    range,
                    weights,
                };
                F::gate_sums(self.level, kernel)
            };
            let shape = (half, self.row_chunk_of(table, half), F::WIDTH);
            let cost = |x| table.cost_before(2, x, SUM_COST);
            return self.exec.sum_even(shape, cost, work, rounds::plus);
        };
        let work = |range| {
            let kernel = GateGrid {
                rows,
                below,
                quarter,
                range,
                weights,
            };
            F::gate_grid(self.level, kernel)
        };
        let shape = (quarter, self.row_chunk_of(table, quarter), F::WIDTH);
        let cost = |x| table.grid_cost_before(x, grid_cost(self.level.get()));
        let grid = self.exec.sum_even(shape, cost, work, Grid::plus);
        let gates = Gates {
            table: Arc::clone(table),
            ahead: Some(Ahead {
                grid,
                eq: eq.map(CpuEq::suffixes),
                bound: None,
            }),
        };
        mles[1 - place].data = Data::Gates(gates);
        grid.first()
    }

    /// Folds once or twice and sums.
    fn fold_gates<F: CpuField>(
        &self,
        mles: &mut [CpuMle<F>],
        place: usize,
        table: &GateTable<F>,
        challenges: &[F],
        weights: Option<&[F::Block]>,
    ) -> Result<Option<Sums<F>>, BackendError> {
        let shares = mle::eq_table(challenges, F::ONE);
        let values = self.folded_values(table, &shares)?;
        let num_vars = table.below.num_vars - challenges.len();
        let blocks = num_blocks::<F>(num_vars);
        let mut out = [
            Buffer::with_capacity(&self.budget, blocks)?,
            Buffer::with_capacity(&self.budget, blocks)?,
        ];
        let targets = out
            .each_mut()
            .map(|out| rounds::Destination(out.values_mut().as_mut_ptr()));
        let quarter = blocks / 2;
        let chunk = self.exec.part_len(quarter, MIN_CHUNK);
        let work = |range| {
            let kernel = GateFused {
                rows: table.rows(&values),
                below: &table.below,
                shares: &shares,
                targets,
                quarter,
                range,
                weights,
            };
            F::gate_fused(self.level, kernel)
        };
        let parts = table.num_rows() / (quarter >> table.log_width);
        let cost = |at| table.cost_before(parts, at >> table.log_width, FOLD_COST);
        let width = 1 << table.log_width;
        let sums = match chunk < width {
            // A part is whole rows or within one.
            true => self.exec.sum(quarter, chunk, work, rounds::plus),
            false => (self.exec).sum_even((quarter, chunk, width), cost, work, rounds::plus),
        };
        // SAFETY: the kernels wrote both quarters of both tables, which the capacities cover.
        out.iter_mut()
            .for_each(|out| unsafe { out.values_mut().set_len(2 * quarter) });
        let [below, gates] = out;
        mles[place] = CpuMle::ext(num_vars, below);
        mles[1 - place] = CpuMle::ext(num_vars, gates);
        Ok(Some(sums))
    }

    /// Weights of the gates of the folded table, each times its row's share of the fold, and the folded
    /// sums of rows.
    fn folded_values<F: CpuField>(
        &self,
        table: &GateTable<F>,
        shares: &[F],
    ) -> Result<Buffer<F::Block>, BackendError> {
        let gate_blocks = table.gate_blocks();
        let blocks = gate_blocks + (table.values.len() - gate_blocks) / shares.len();
        let mut out = Buffer::with_capacity(&self.budget, blocks)?;
        // SAFETY: the kernel writes every block.
        unsafe {
            let shape = (blocks, 1, self.exec.chunk_len(blocks, 2 * MIN_CHUNK).max(1));
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let kernel = FoldedValues {
                    rows: table.rows(&table.values),
                    shares,
                    stride: table.num_rows() / shares.len(),
                    range,
                    out,
                };
                F::folded_values(self.level, kernel);
            });
        }
        Ok(out)
    }

    /// Rows of a chunk, whole blocks of them.
    fn row_chunk_of<F: CpuField>(&self, table: &GateTable<F>, rows: usize) -> usize {
        let part = self.exec.part_len(rows << table.log_width, MIN_CHUNK);
        (part >> table.log_width).max(F::WIDTH)
    }
}

/// Binds the first variable without a fold: the sums are known.
fn bind_ahead<F: CpuField>(
    mles: &mut [CpuMle<F>],
    place: usize,
    ahead: Ahead<F>,
    challenge: F,
    eq: Option<&CpuEq<F>>,
) -> Option<Sums<F>> {
    let is_same = match (&ahead.eq, eq.map(CpuEq::suffixes)) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, &other),
        (None, None) => true,
        _ => false,
    };
    let (Data::Base(of), Data::Gates(gates), true) =
        (&mles[place].data, &mles[1 - place].data, is_same)
    else {
        return None;
    };
    let (of, sums) = (Arc::clone(of), ahead.grid.second(challenge));
    let gates = Gates {
        table: Arc::clone(&gates.table),
        ahead: Some(Ahead {
            bound: Some(challenge),
            ..ahead
        }),
    };
    let num_vars = mles[place].num_vars - 1;
    mles[place] = CpuMle {
        num_vars,
        data: Data::Bound(Bound { of, challenge }),
    };
    mles[1 - place] = CpuMle {
        num_vars,
        data: Data::Gates(gates),
    };
    Some(sums)
}
