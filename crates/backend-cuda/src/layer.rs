//! The operations on layers.

use std::sync::Arc;

use prover_core::{
    BackendError, DeviceLayer, DeviceMle as _, GateRows, LayerBackend, LayerCoefs, LayerWiring,
    PhaseOne, PhaseTwo, Slots, host,
};

use crate::CudaBackend;
use crate::context::Context;
use crate::field::{CudaField, base_words, table_words, write_base_table, write_table};
use crate::params::Params;
use crate::table::{CudaMle, CudaPending, CudaQueue};

/// Device memory that every queue may read. It is written before anybody has it.
#[derive(Debug)]
struct SharedMemory {
    context: Arc<Context>,
    address: u64,
    bytes: u64,
}

impl SharedMemory {
    fn new(
        queue: &CudaQueue,
        words: usize,
        fill: impl FnMut(core::ops::Range<usize>, &mut [u32]),
    ) -> Result<Self, BackendError> {
        let context = Arc::clone(&queue.stream.context);
        let bytes = 4 * words.max(1) as u64;
        let memory = Self {
            address: queue.stream.alloc_shared(bytes)?,
            context,
            bytes,
        };
        // SAFETY: fresh memory of this length, which nobody else knows before the stream has come so far:
        // it is waited for.
        unsafe { queue.stream.upload_to(memory.address, words, fill) }?;
        queue.stream.synchronize()?;
        Ok(memory)
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // Work of any queue may still read it.
        let _ = self.context.synchronize();
        self.context.free(self.address, self.bytes);
    }
}

/// Gates by row, as a kernel's `Rows`: addresses and the bytes of a slot.
#[derive(Clone, Copy, Debug)]
struct Rows {
    offsets: u64,
    others: u64,
    slots: u64,
    slot_bytes: u64,
    is_empty: bool,
}

impl Rows {
    fn write(self, params: Params) -> Params {
        params.nums([self.offsets, self.others, self.slots, self.slot_bytes])
    }
}

/// A layer's gates on the device.
#[derive(Debug)]
pub struct CudaWiring {
    _memory: SharedMemory,
    input_vars: usize,
    output_vars: usize,
    num_slots: usize,
    has_mul: bool,
    mul_by_z: Rows,
    mul_by_x: Rows,
    mul_by_y: Rows,
    add_by_z: Rows,
    add_by_x: Rows,
    const_by_z: Rows,
    /// Addresses of `(offsets by z, indices)`, if the layer reads public inputs.
    publics: Option<(u64, u64)>,
    /// Address and number of the asserted outputs.
    asserts: (u64, usize),
}

/// A layer's coefficients on the device.
#[derive(Debug)]
pub struct CudaCoefs {
    memory: SharedMemory,
    len: usize,
    is_base: bool,
}

impl CudaCoefs {
    fn write(&self, params: Params) -> Params {
        params.nums([
            self.memory.address,
            self.len as u64,
            u64::from(self.is_base),
        ])
    }
}

/// Words of several arrays, one after another, each from an even word on.
struct Arrays {
    words: Vec<u32>,
}

impl Arrays {
    /// Appends an array; where it begins, in words.
    fn push(
        &mut self,
        len: usize,
        values: impl Iterator<Item = u32>,
    ) -> Result<usize, BackendError> {
        let at = self.words.len().next_multiple_of(2);
        let more = at + len - self.words.len();
        if self.words.try_reserve(more).is_err() {
            return Err(host::out_of_memory::<u32>(more));
        }
        self.words.resize(at, 0);
        self.words.extend(values);
        Ok(at)
    }

    /// Appends gates; places in words where [`Rows`] has addresses.
    fn push_rows<const K: usize>(&mut self, rows: &GateRows<K>) -> Result<Rows, BackendError> {
        let offsets = self.push(rows.offsets.len(), rows.offsets.iter().copied())?;
        let others = rows.others.iter().flat_map(|wires| wires.iter().copied());
        let others = self.push(K * rows.len(), others)?;
        let (slots, slot_bytes) = match &rows.slots {
            Slots::Ones => (0, 0),
            Slots::U8(slots) => {
                let words = slots.chunks(4).map(|chunk| packed(chunk, 8));
                (self.push(slots.len().div_ceil(4), words)?, 1)
            }
            Slots::U16(slots) => {
                let words = slots.chunks(2).map(|chunk| packed(chunk, 16));
                (self.push(slots.len().div_ceil(2), words)?, 2)
            }
            Slots::U32(slots) => (self.push(slots.len(), slots.iter().copied())?, 4),
        };
        Ok(Rows {
            offsets: offsets as u64,
            others: others as u64,
            slots: slots as u64,
            slot_bytes,
            is_empty: rows.is_empty(),
        })
    }
}

/// Small numbers in one word, the first lowest.
fn packed<T: Copy + Into<u32>>(values: &[T], bits: usize) -> u32 {
    let shifted = values.iter().enumerate();
    shifted.fold(0, |word, (k, &value)| word | value.into() << (k * bits))
}

/// Where the public inputs of each output begin among the sorted pairs.
fn public_offsets(publics: &[(u32, u32)], rows: usize) -> Result<Vec<u32>, BackendError> {
    let mut offsets: Vec<u32> = host::filled(0, rows + 1)?;
    for &(z, _) in publics {
        offsets[z as usize + 1] += 1;
    }
    for row in 0..rows {
        offsets[row + 1] += offsets[row];
    }
    Ok(offsets)
}

impl CudaWiring {
    fn upload<B: prover_core::Field>(
        queue: &CudaQueue,
        wiring: &LayerWiring<B>,
    ) -> Result<Self, BackendError> {
        let mut arrays = Arrays { words: Vec::new() };
        let rows = [
            arrays.push_rows(&wiring.mul_by_z)?,
            arrays.push_rows(&wiring.mul_by_x)?,
            arrays.push_rows(&wiring.mul_by_y)?,
            arrays.push_rows(&wiring.add_by_z)?,
            arrays.push_rows(&wiring.add_by_x)?,
            arrays.push_rows(&wiring.const_by_z)?,
        ];
        let publics = match &wiring.publics[..] {
            [] => None,
            publics => {
                let offsets = public_offsets(publics, 1 << wiring.output_vars)?;
                let offsets = arrays.push(offsets.len(), offsets.iter().copied())?;
                let indices = publics.iter().map(|&(_, index)| index);
                Some((offsets, arrays.push(publics.len(), indices)?))
            }
        };
        let asserts = arrays.push(wiring.asserts.len(), wiring.asserts.iter().copied())?;
        let words = arrays.words;
        let fill = |range, out: &mut [u32]| out.copy_from_slice(&words[range]);
        let memory = SharedMemory::new(queue, words.len(), fill)?;
        let address = |word: u64| memory.address + 4 * word;
        let [mul_by_z, mul_by_x, mul_by_y, add_by_z, add_by_x, const_by_z] =
            rows.map(|rows| Rows {
                offsets: address(rows.offsets),
                others: address(rows.others),
                slots: address(rows.slots),
                ..rows
            });
        Ok(Self {
            input_vars: wiring.input_vars as usize,
            output_vars: wiring.output_vars as usize,
            num_slots: wiring.constants.len() + wiring.num_random,
            has_mul: wiring.has_mul(),
            mul_by_z,
            mul_by_x,
            mul_by_y,
            add_by_z,
            add_by_x,
            const_by_z,
            publics: publics.map(|(a, b)| (address(a as u64), address(b as u64))),
            asserts: (address(asserts as u64), wiring.asserts.len()),
            _memory: memory,
        })
    }

    /// The members `public_offsets` and `public_indices` of a kernel's parameters.
    fn write_publics(&self, params: Params) -> Params {
        let (offsets, indices) = self.publics.unwrap_or_default();
        params.nums([offsets, indices])
    }
}

type Layer<'a, F> = DeviceLayer<'a, F, CudaBackend>;

impl<F: CudaField> LayerBackend<F> for CudaBackend {
    type Wiring = CudaWiring;
    type Coefs = CudaCoefs;

    fn upload_wiring(
        &self,
        queue: &mut CudaQueue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<CudaWiring, BackendError> {
        CudaWiring::upload(queue, wiring)
    }

    fn upload_coefs(
        &self,
        queue: &mut CudaQueue,
        coefs: LayerCoefs<F>,
    ) -> Result<CudaCoefs, BackendError> {
        let len = coefs.len();
        let (memory, is_base) = match &coefs {
            LayerCoefs::Base(values) => {
                let fill = |range, out: &mut [u32]| write_base_table::<F>(values, range, out);
                (SharedMemory::new(queue, base_words::<F>(len), fill)?, true)
            }
            LayerCoefs::Challenge(values) => {
                let fill = |range, out: &mut [u32]| write_table(values, range, out);
                (
                    SharedMemory::new(queue, table_words::<F>(len), fill)?,
                    false,
                )
            }
        };
        Ok(CudaCoefs {
            memory,
            len,
            is_base,
        })
    }

    fn evaluate_layer(
        &self,
        queue: &mut CudaQueue,
        layer: Layer<'_, F>,
        below: &CudaMle,
        publics: Option<&CudaMle>,
    ) -> Result<CudaMle, BackendError> {
        let (wiring, coefs) = parts(&layer);
        let instance_vars = instance_vars(wiring, below);
        queue.assert_own(&below.buffer);
        if let Some(publics) = publics {
            assert!(publics.is_base(), "public inputs are in the base field");
            queue.assert_own(&publics.buffer);
        }
        assert!(
            publics.is_some() || wiring.publics.is_none(),
            "the layer reads public inputs"
        );
        let num_vars = wiring.output_vars + instance_vars;
        let (out, kernel) = match below.is_base() && coefs.is_base {
            true => (
                CudaMle::alloc_base::<F>(&queue.stream, num_vars)?,
                "evaluate_base",
            ),
            false => (CudaMle::alloc::<F>(&queue.stream, num_vars)?, "evaluate"),
        };
        let params = wiring.mul_by_z.write(Params::new());
        let params = wiring.add_by_z.write(params);
        let params = wiring.write_publics(wiring.const_by_z.write(params));
        let params = below.source(coefs.write(params));
        let params = params.num(publics.map_or(0, |publics| publics.buffer.address()));
        let params = params.num(out.buffer.address()).size(out.stride);
        let params = params.size(1 << num_vars).size(instance_vars);
        let items = match out.is_base() {
            true => (1usize << num_vars).div_ceil(F::LAYOUT.base_per_run),
            false => 1 << num_vars,
        };
        self.launch::<F>(queue, kernel, items, &params)?;
        Ok(out)
    }

    fn layer_weights(
        &self,
        queue: &mut CudaQueue,
        wiring: &CudaWiring,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<CudaMle, BackendError> {
        let vars = wiring.output_vars;
        assert!(!claims.is_empty(), "weights of no claim");
        for (_, point) in claims.iter().chain(&asserts) {
            assert_eq!(point.len(), vars, "a point that does not fit the outputs");
        }
        let weights = prover_core::ComputeBackend::eq_mle(self, queue, claims)?;
        let (indices, count) = wiring.asserts;
        if let (Some((scale, point)), true) = (asserts, count > 0) {
            let eq = self.eq_halves(queue, point, scale)?;
            let params = eq.tables(Params::new()).num(indices);
            let params = params.num(weights.buffer.address()).size(count);
            let params = params.size(vars).size(weights.stride);
            self.launch::<F>(queue, "eq_scatter", count, &params)?;
        }
        Ok(weights)
    }

    fn phase_one(
        &self,
        queue: &mut CudaQueue,
        layer: Layer<'_, F>,
        weights: &CudaMle,
        below: &CudaMle,
        publics_at: &[F],
    ) -> Result<PhaseOne<CudaMle, CudaPending<F>>, BackendError> {
        let (wiring, coefs) = parts(&layer);
        let instance_vars = instance_vars(wiring, below);
        assert_fits(queue, weights, wiring.output_vars, "weights");
        queue.assert_own(&below.buffer);
        let table = CudaMle::alloc::<F>(&queue.stream, below.num_vars)?;
        let params = wiring.mul_by_x.write(Params::new());
        let params = coefs.write(wiring.add_by_x.write(params));
        let params = params.num(weights.buffer.address()).size(weights.stride);
        let params = below.source(params).num(table.buffer.address());
        let params = params.size(table.stride).size(1 << below.num_vars);
        let params = params.size(instance_vars);
        self.launch::<F>(queue, "phase_one", 1 << below.num_vars, &params)?;
        if wiring.const_by_z.is_empty && wiring.publics.is_none() {
            return Ok(PhaseOne {
                table,
                constant_term: CudaPending::zero(),
            });
        }
        let publics = queue.stream.alloc(table_words::<F>(publics_at.len()))?;
        let fill = |range, out: &mut [u32]| write_table(publics_at, range, out);
        (queue.stream).upload(&publics, table_words::<F>(publics_at.len()), fill)?;
        let params = coefs.write(wiring.const_by_z.write(Params::new()));
        let params = params.num(weights.buffer.address()).size(weights.stride);
        let params = wiring.write_publics(params.nums([0, 0]));
        let params = params.num(publics.address()).size(publics_at.len());
        Ok(PhaseOne {
            table,
            constant_term: self.gate_term(queue, params, wiring.output_vars)?,
        })
    }

    fn phase_two(
        &self,
        queue: &mut CudaQueue,
        layer: Layer<'_, F>,
        weights: &CudaMle,
        eq_x: &CudaMle,
    ) -> Result<PhaseTwo<CudaMle, CudaPending<F>>, BackendError> {
        let (wiring, coefs) = parts(&layer);
        assert_fits(queue, weights, wiring.output_vars, "weights");
        assert_fits(queue, eq_x, wiring.input_vars, "eq_x");
        let tables = |params: Params| {
            let params = params.num(weights.buffer.address()).size(weights.stride);
            params.num(eq_x.buffer.address()).size(eq_x.stride)
        };
        let table = match wiring.has_mul {
            true => {
                let table = CudaMle::alloc::<F>(&queue.stream, wiring.input_vars)?;
                let params = coefs.write(wiring.mul_by_y.write(Params::new()));
                let params = tables(params).num(table.buffer.address());
                let params = params.size(table.stride).size(1 << wiring.input_vars);
                self.launch::<F>(queue, "phase_two", 1 << wiring.input_vars, &params)?;
                Some(table)
            }
            false => None,
        };
        if wiring.add_by_x.is_empty {
            return Ok(PhaseTwo {
                table,
                add_term: CudaPending::zero(),
            });
        }
        let params = coefs.write(wiring.add_by_x.write(Params::new()));
        let params = tables(params).nums([0; 4]);
        Ok(PhaseTwo {
            table,
            add_term: self.gate_term(queue, params, wiring.input_vars)?,
        })
    }
}

impl CudaBackend {
    /// A sum over the rows of some gates; `params` are those of `gate_term` up to the partial sums.
    fn gate_term<F: CudaField>(
        &self,
        queue: &CudaQueue,
        params: Params,
        row_vars: usize,
    ) -> Result<CudaPending<F>, BackendError> {
        let partials = self.partials::<F>(queue, 1, row_vars)?;
        let params = params.num(partials.buffer.address()).size(1 << row_vars);
        self.launch_grid::<F>(queue, "gate_term", (partials.blocks, 1), &params)?;
        let answer = self.reduced::<F>(queue, partials, None)?;
        let mut pendings = self.answer(queue, vec![answer])?;
        Ok(pendings.remove(0))
    }
}

fn parts<'a, F: CudaField>(layer: &Layer<'a, F>) -> (&'a CudaWiring, &'a CudaCoefs) {
    let (wiring, coefs) = (layer.wiring, layer.coefs);
    assert_eq!(
        coefs.len, wiring.num_slots,
        "coefficients do not fit the layer"
    );
    (wiring, coefs)
}

/// How many variables the instances have, from the table below.
fn instance_vars(wiring: &CudaWiring, below: &CudaMle) -> usize {
    let (n, inputs) = (below.num_vars, wiring.input_vars);
    assert!(n >= inputs, "{n} variables below a layer of {inputs}");
    n - inputs
}

fn assert_fits(queue: &CudaQueue, table: &CudaMle, vars: usize, what: &str) {
    assert_eq!(table.num_vars, vars, "{what} of the wrong size");
    assert!(!table.is_base, "{what} of the base field");
    queue.assert_own(&table.buffer);
}
