//! A layer's gates arranged for vectors: rows of about equal length side by side.
//!
//! The gates of one row go to one lane, so rows of unequal length beside each other leave lanes idle. In
//! each tile of [`TILE_ROWS`] rows the rows that have gates are sorted by their number of gates and cut
//! into slices of a lane each; a slice is as many gate vectors as its longest row has gates. Tiles are
//! what threads share: all that a tile's rows write lies in one piece.

use core::ops::Range;

use prover_core::{BackendError, GateRows, host};

/// Rows of a tile: some ten microseconds of work.
pub(crate) const TILE_ROWS: usize = 512;

/// Rows longer than this are not in a slice: they are summed along their gates.
const LONG_ROW: u32 = 64;

/// Rows side by side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    /// How many rows, at most a lane each.
    pub(crate) rows: u32,
    /// Gate vectors.
    pub(crate) len: u32,
}

/// Gates by row, arranged for vectors of `width` lanes.
#[derive(Debug)]
pub(crate) struct Bins<const K: usize> {
    width: usize,
    slices: Vec<Slice>,
    /// The row of each lane of each slice; lanes without a row have 0.
    rows: Vec<u32>,
    /// The gates' other wires, by gate vector, wire and lane; lanes without a gate have 0.
    others: Vec<u32>,
    /// Slots by gate vector and lane; empty if all coefficients are one.
    slots: Vec<u32>,
    /// The lanes that have a gate, a bit each, by gate vector.
    lanes: Vec<u32>,
    long: Vec<u32>,
    /// Of each tile: where its slices, gate vectors and long rows end.
    ends: Vec<[u32; 3]>,
}

/// The gates of a slice.
#[derive(Clone, Copy)]
pub(crate) struct SliceGates<'a, const K: usize> {
    /// The rows, a lane each.
    pub(crate) rows: &'a [u32],
    /// Lanes that have a row.
    pub(crate) num_rows: usize,
    others: &'a [u32],
    slots: &'a [u32],
    lanes: &'a [u32],
    width: usize,
}

/// One gate of each row of a slice.
#[derive(Clone, Copy)]
pub(crate) struct GateVector<'a> {
    others: &'a [u32],
    /// The slots by lane; `None` if all coefficients are one.
    pub(crate) slots: Option<&'a [u32]>,
    /// The lanes that have a gate, a bit each.
    pub(crate) lanes: u32,
    width: usize,
}

impl<'a> GateVector<'a> {
    /// One of the other wires, by lane.
    #[inline(always)]
    pub(crate) fn wire(self, which: usize) -> &'a [u32] {
        &self.others[which * self.width..][..self.width]
    }
}

impl<'a, const K: usize> SliceGates<'a, K> {
    /// Gate vectors.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        self.lanes.len()
    }

    /// Gate `k` of each row.
    #[inline(always)]
    pub(crate) fn gates(self, k: usize) -> GateVector<'a> {
        let width = self.width;
        GateVector {
            others: &self.others[k * K * width..][..K * width],
            slots: match self.slots.is_empty() {
                true => None,
                false => Some(&self.slots[k * width..][..width]),
            },
            lanes: self.lanes[k],
            width,
        }
    }
}

impl<const K: usize> Bins<K> {
    /// Arranges gates.
    /// Cost: linear in rows and gates.
    ///
    /// # Errors
    /// If there is too little memory.
    pub(crate) fn new(order: &GateRows<K>, width: usize) -> Result<Self, BackendError> {
        let rows = order.offsets.len() - 1;
        let mut bins = Self {
            width,
            slices: Vec::new(),
            rows: Vec::new(),
            others: Vec::new(),
            slots: Vec::new(),
            lanes: Vec::new(),
            long: Vec::new(),
            ends: host::with_capacity(rows.div_ceil(TILE_ROWS))?,
        };
        let mut sorted: Vec<u32> = host::with_capacity(TILE_ROWS)?;
        for tile in (0..rows).step_by(TILE_ROWS) {
            let here = tile as u32..rows.min(tile + TILE_ROWS) as u32;
            let len = |row: &u32| order.row(*row as usize).len() as u32;
            sorted.clear();
            sorted.extend(
                here.clone()
                    .filter(|row| (1..=LONG_ROW).contains(&len(row))),
            );
            sorted.sort_by_key(|row| core::cmp::Reverse(len(row)));
            for rows in sorted.chunks(width) {
                bins.push_slice(order, rows)?;
            }
            reserve(&mut bins.long, TILE_ROWS)?;
            bins.long.extend(here.filter(|row| len(row) > LONG_ROW));
            bins.ends.push([
                bins.slices.len() as u32,
                bins.lanes.len() as u32,
                bins.long.len() as u32,
            ]);
        }
        Ok(bins)
    }

    /// Appends a slice of rows, the longest first.
    fn push_slice(&mut self, order: &GateRows<K>, rows: &[u32]) -> Result<(), BackendError> {
        let width = self.width;
        let longest = order.row(rows[0] as usize).len();
        let all_ones = matches!(order.slots, prover_core::Slots::Ones);
        reserve(&mut self.slices, 1)?;
        reserve(&mut self.rows, width)?;
        reserve(&mut self.lanes, longest)?;
        reserve(&mut self.others, longest * K * width)?;
        reserve(&mut self.slots, longest * width)?;
        self.slices.push(Slice {
            rows: rows.len() as u32,
            len: longest as u32,
        });
        let padding = width - rows.len();
        self.rows.extend(rows);
        self.rows.extend(core::iter::repeat_n(0, padding));
        for k in 0..longest {
            let gate = |row: &u32| {
                let gates = order.row(*row as usize);
                (k < gates.len()).then_some(gates.start + k)
            };
            let lanes = rows.iter().filter(|row| gate(row).is_some()).count();
            self.lanes.push(u32::MAX >> (32 - lanes));
            for which in 0..K {
                let wires = rows
                    .iter()
                    .map(|row| gate(row).map_or(0, |g| order.others[g][which]));
                self.others.extend(wires);
                self.others.extend(core::iter::repeat_n(0, padding));
            }
            if !all_ones {
                let slot = |row| gate(row).and_then(|g| order.slots.get(g)).unwrap_or(0);
                self.slots.extend(rows.iter().map(|row| slot(row) as u32));
                self.slots.extend(core::iter::repeat_n(0, padding));
            }
        }
        Ok(())
    }

    /// Whether a tile's rows have gates.
    pub(crate) fn has_gates(&self, tile: usize) -> bool {
        self.start(tile) != self.ends[tile]
    }

    /// The long rows of a tile.
    pub(crate) fn long(&self, tile: usize) -> &[u32] {
        let [.., start] = self.start(tile);
        &self.long[start as usize..self.ends[tile][2] as usize]
    }

    /// The slices of a tile.
    #[inline(always)]
    pub(crate) fn slices(&self, tile: usize) -> Slices<'_, K> {
        let [slice, vector, _] = self.start(tile);
        Slices {
            bins: self,
            slices: slice as usize..self.ends[tile][0] as usize,
            vector: vector as usize,
        }
    }

    fn start(&self, tile: usize) -> [u32; 3] {
        match tile.checked_sub(1) {
            Some(before) => self.ends[before],
            None => [0; 3],
        }
    }

    /// Memory in bytes.
    #[cfg(test)]
    fn gate_vectors(&self) -> usize {
        self.lanes.len()
    }
}

/// The slices of a tile, in order.
pub(crate) struct Slices<'a, const K: usize> {
    bins: &'a Bins<K>,
    slices: Range<usize>,
    vector: usize,
}

impl<'a, const K: usize> Iterator for Slices<'a, K> {
    type Item = SliceGates<'a, K>;

    #[inline(always)]
    fn next(&mut self) -> Option<SliceGates<'a, K>> {
        let index = self.slices.next()?;
        let (bins, width) = (self.bins, self.bins.width);
        let slice = bins.slices[index];
        let (start, len) = (self.vector, slice.len as usize);
        self.vector += len;
        Some(SliceGates {
            rows: &bins.rows[index * width..][..width],
            num_rows: slice.rows as usize,
            others: &bins.others[start * K * width..][..len * K * width],
            slots: match bins.slots.is_empty() {
                true => &[],
                false => &bins.slots[start * width..][..len * width],
            },
            lanes: &bins.lanes[start..][..len],
            width,
        })
    }
}

fn reserve<T>(list: &mut Vec<T>, more: usize) -> Result<(), BackendError> {
    match list.try_reserve(more) {
        Ok(()) => Ok(()),
        Err(_) => Err(host::out_of_memory::<T>(list.len().saturating_add(more))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bins, TILE_ROWS};
    use prover_core::{CoefRef, LayerGates, LayerWiring, MulGate};
    use prover_fields::M31;

    /// Every gate stands in one lane of the slice of its row, in the tile of its row.
    #[test]
    #[cfg_attr(miri, ignore = "minutes, and nothing in it is unsafe")]
    fn every_gate_is_met_once_in_its_row() {
        let vars = 11;
        let mut state = 1u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let mut muls: Vec<MulGate> = (0..5000)
            .map(|_| MulGate {
                z: random(1 << vars),
                x: random(9) * random(200),
                y: random(1 << vars),
                coef: CoefRef::constant(random(2)),
            })
            .collect();
        muls.sort_unstable();
        let constants = [3, 5].map(|c| M31::new(c).expect("below the modulus"));
        let wiring = LayerWiring::new(&LayerGates {
            input_vars: vars,
            output_vars: vars,
            constants: constants.to_vec(),
            muls,
            ..LayerGates::default()
        });
        for (order, width) in [(&wiring.mul_by_x, 16), (&wiring.mul_by_y, 8)] {
            let bins = Bins::new(order, width).expect("memory suffices");
            let mut seen = Vec::new();
            let tiles = (1usize << vars) / TILE_ROWS;
            for tile in 0..tiles {
                let mut add = |row: u32, others: [u32; 2], slot: u32| {
                    assert_eq!(row as usize / TILE_ROWS, tile);
                    seen.push((row, others, slot));
                };
                for &row in bins.long(tile) {
                    for gate in order.row(row as usize) {
                        let slot = order.slots.get(gate).expect("no coefficient is one");
                        add(row, order.others[gate], slot as u32);
                    }
                }
                for slice in bins.slices(tile) {
                    for k in 0..slice.len() {
                        let gates = slice.gates(k);
                        for lane in (0..slice.num_rows).filter(|lane| gates.lanes >> lane & 1 == 1)
                        {
                            let others = [gates.wire(0)[lane], gates.wire(1)[lane]];
                            let slot = gates.slots.expect("no coefficient is one")[lane];
                            add(slice.rows[lane], others, slot);
                        }
                        assert!(gates.lanes >> slice.num_rows == 0);
                    }
                }
            }
            let mut all = Vec::new();
            for row in 0..1usize << vars {
                for gate in order.row(row) {
                    let slot = order.slots.get(gate).expect("no coefficient is one") as u32;
                    all.push((row as u32, order.others[gate], slot));
                }
            }
            seen.sort_unstable();
            all.sort_unstable();
            assert!(seen == all);
            assert!(bins.gate_vectors() * width < 2 * 5000);
            assert!((0..tiles).any(|tile| !bins.long(tile).is_empty()) || width == 8);
        }
    }
}
