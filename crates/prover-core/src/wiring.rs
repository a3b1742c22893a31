//! A layer's gates sorted for accumulation without locks.
//!
//! Each pass of the prover writes one kind of wire, so each pass gets its own order: layer evaluation
//! writes outputs `z`, phase one writes `x`, phase two writes `y`. Within a row (one written wire)
//! gates are contiguous, so a row has one writer.
//!
//! Memory per gate, with `s` bytes of slot (0 when every coefficient is one, else 1, 2 or 4):
//! mul `3·(8 + s)`, add `2·(4 + s)`, const `s`; and 4 bytes a row in each order. Sorting takes no
//! memory beside the result.

use crate::error::BackendError;
use crate::field::{ChallengeField, Field};
use crate::gates::{CoefKind, CoefRef, LayerGates};
use crate::host;

/// Which coefficient each gate of a list has: an index into [`LayerCoefs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slots {
    /// Every coefficient is the constant one.
    Ones,
    /// At most `2^8` slots in the layer.
    U8(Vec<u8>),
    /// At most `2^16` slots in the layer.
    U16(Vec<u16>),
    /// More.
    U32(Vec<u32>),
}

impl Slots {
    /// Room for the slots of `len` gates, all zero.
    fn zeros(width: u64, len: usize) -> Result<Self, BackendError> {
        Ok(match width {
            0 => Self::Ones,
            1 => Self::U8(host::filled(0, len)?),
            2 => Self::U16(host::filled(0, len)?),
            _ => Self::U32(host::filled(0, len)?),
        })
    }

    #[inline]
    fn set(&mut self, index: usize, slot: u32) {
        match self {
            Self::Ones => {}
            Self::U8(slots) => slots[index] = slot as u8,
            Self::U16(slots) => slots[index] = slot as u16,
            Self::U32(slots) => slots[index] = slot,
        }
    }

    /// Bytes of a slot in a layer with so many.
    fn width(num_slots: usize) -> u64 {
        match num_slots {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        }
    }

    /// The slot of gate `index`; `None` means the constant one.
    #[inline]
    pub fn get(&self, index: usize) -> Option<usize> {
        match self {
            Self::Ones => None,
            Self::U8(slots) => Some(usize::from(slots[index])),
            Self::U16(slots) => Some(usize::from(slots[index])),
            Self::U32(slots) => Some(slots[index] as usize),
        }
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Ones => 0,
            Self::U8(slots) => slots.len(),
            Self::U16(slots) => 2 * slots.len(),
            Self::U32(slots) => 4 * slots.len(),
        }
    }
}

/// Gates grouped by one of their wires (the row), each with its `K` other wires and its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateRows<const K: usize> {
    /// `offsets[row]..offsets[row + 1]` are the gates of a row; `2^vars + 1` entries.
    pub offsets: Vec<u32>,
    /// The other wires of each gate, in the order named where the rows stand.
    pub others: Vec<[u32; K]>,
    /// The coefficient of each gate.
    pub slots: Slots,
}

impl<const K: usize> GateRows<K> {
    /// Groups `(row, others, slot)` triples, keeping their order within a row. The gates are listed
    /// three times rather than kept.
    fn group(
        vars: u32,
        gates: impl Iterator<Item = (u32, [u32; K], u32)> + Clone,
        numbering: Numbering,
    ) -> Result<Self, BackendError> {
        let rows = 1usize << vars;
        let mut offsets: Vec<u32> = host::filled(0, rows + 1)?;
        let mut all_ones = true;
        for (row, _, slot) in gates.clone() {
            offsets[row as usize + 1] += 1;
            all_ones &= Some(slot) == numbering.one;
        }
        for row in 0..rows {
            offsets[row + 1] += offsets[row];
        }
        let total = offsets[rows] as usize;
        let mut others = host::filled([0; K], total)?;
        let mut slots = Slots::zeros(numbering.width(all_ones), total)?;
        // While gates are placed, the start of each row moves to its end: the start of the next one.
        for (row, other, slot) in gates {
            let place = &mut offsets[row as usize];
            others[*place as usize] = other;
            slots.set(*place as usize, slot);
            *place += 1;
        }
        offsets.copy_within(..rows, 1);
        offsets[0] = 0;
        Ok(Self {
            offsets,
            others,
            slots,
        })
    }

    /// The gates of a row, as a range of positions.
    #[inline]
    pub fn row(&self, row: usize) -> core::ops::Range<usize> {
        let ends = &self.offsets[row..row + 2];
        ends[0] as usize..ends[1] as usize
    }

    /// Number of gates.
    pub fn len(&self) -> usize {
        self.others.len()
    }

    /// Whether there is no gate.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> usize {
        4 * self.offsets.len() + 4 * K * self.others.len() + self.slots.bytes()
    }
}

/// How a layer's coefficients are numbered.
#[derive(Clone, Copy)]
struct Numbering {
    /// The slot of the constant one.
    one: Option<u32>,
    /// Slots of the layer.
    num_slots: usize,
}

impl Numbering {
    fn of<B: Field>(layer: &LayerGates<B>) -> Self {
        let one = layer.constants.iter().position(|c| c.is_one());
        Self {
            one: one.map(|index| index as u32),
            num_slots: layer.constants.len() + layer.num_random(),
        }
    }

    /// Bytes of a slot of some gates.
    fn width(self, all_ones: bool) -> u64 {
        match all_ones {
            true => 0,
            false => Slots::width(self.num_slots),
        }
    }
}

/// The gates with a slot and their slots, random ones numbered from `first_random` on.
fn slotted<G>(
    gates: &[G],
    coef: impl Fn(&G) -> CoefRef + Copy,
    first_random: usize,
) -> impl Iterator<Item = (&G, u32)> + Clone {
    let number = move |next: &mut u32, gate| {
        let slot = match coef(gate).kind() {
            CoefKind::Constant(index) => Some(index),
            CoefKind::Random => {
                *next += 1;
                Some(*next - 1)
            }
            CoefKind::Public(_) => None,
        };
        Some(slot.map(|slot| (gate, slot)))
    };
    gates.iter().scan(first_random as u32, number).flatten()
}

/// One layer's gates in the three orders, built once per circuit.
///
/// Slots number the coefficients: the layer's constants first, then its random coefficients in the
/// order of their numbers (`docs/protocol.md`, 3.1). Public inputs have no slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerWiring<B> {
    /// Base-2 logarithm of the number of input wires.
    pub input_vars: u32,
    /// Base-2 logarithm of the number of output wires.
    pub output_vars: u32,
    /// The constants: slots `0..constants.len()`.
    pub constants: Vec<B>,
    /// Random coefficients: slots from `constants.len()` on.
    pub num_random: usize,
    /// Mul gates by output `z`; others: `[x, y]`.
    pub mul_by_z: GateRows<2>,
    /// Mul gates by left input `x`; others: `[z, y]`.
    pub mul_by_x: GateRows<2>,
    /// Mul gates by right input `y`; others: `[z, x]`.
    pub mul_by_y: GateRows<2>,
    /// Add gates by output `z`; others: `[x]`.
    pub add_by_z: GateRows<1>,
    /// Add gates by input `x`; others: `[z]`.
    pub add_by_x: GateRows<1>,
    /// Const gates with a slot, by output `z`.
    pub const_by_z: GateRows<0>,
    /// Const gates of public inputs: `(z, index of the public input)`. [`LayerWiring::try_new`] sorts
    /// them, whatever the order of the gates, so that those of an output are contiguous.
    pub publics: Vec<(u32, u32)>,
    /// Output wires that must be zero, ascending.
    pub asserts: Vec<u32>,
}

impl<B: Field> LayerWiring<B> {
    /// Sorts a layer's gates.
    /// Cost: a few passes over the gates, linear. It holds [`LayerWiring::planned_bytes`] at most.
    ///
    /// # Errors
    /// [`BackendError::OutOfMemory`]: a few gates can span `2^30` rows.
    /// # Panics
    /// If a gate's index is out of range or the gates of a kind are `2^32` or more: a circuit's
    /// constructor has checked both.
    pub fn try_new(layer: &LayerGates<B>) -> Result<Self, BackendError> {
        let numbering = Numbering::of(layer);
        let is_random = |coef: CoefRef| coef == CoefRef::RANDOM;
        let random_muls = layer.muls.iter().filter(|g| is_random(g.coef)).count();
        let random_adds = layer.adds.iter().filter(|g| is_random(g.coef)).count();
        let first = layer.constants.len();
        let muls = || slotted(&layer.muls, |g| g.coef, first);
        let adds = || slotted(&layer.adds, |g| g.coef, first + random_muls);
        let consts = slotted(&layer.consts, |g| g.coef, first + random_muls + random_adds);
        let (n, k) = (layer.input_vars, layer.output_vars);
        Ok(Self {
            input_vars: n,
            output_vars: k,
            constants: host::copied(&layer.constants)?,
            num_random: numbering.num_slots - first,
            mul_by_z: GateRows::group(k, muls().map(|(g, s)| (g.z, [g.x, g.y], s)), numbering)?,
            mul_by_x: GateRows::group(n, muls().map(|(g, s)| (g.x, [g.z, g.y], s)), numbering)?,
            mul_by_y: GateRows::group(n, muls().map(|(g, s)| (g.y, [g.z, g.x], s)), numbering)?,
            add_by_z: GateRows::group(k, adds().map(|(g, s)| (g.z, [g.x], s)), numbering)?,
            add_by_x: GateRows::group(n, adds().map(|(g, s)| (g.x, [g.z], s)), numbering)?,
            const_by_z: GateRows::group(k, consts.map(|(g, s)| (g.z, [], s)), numbering)?,
            publics: publics(layer)?,
            asserts: host::copied(&layer.asserts)?,
        })
    }

    /// As [`LayerWiring::try_new`], for layers that are known to be small.
    ///
    /// # Panics
    /// As [`LayerWiring::try_new`], and if there is too little memory.
    pub fn new(layer: &LayerGates<B>) -> Self {
        match Self::try_new(layer) {
            Ok(wiring) => wiring,
            Err(error) => panic!("{error}"),
        }
    }

    /// Memory in bytes that [`LayerWiring::try_new`] will take, known before it is built: a few gates can
    /// span `2^30` rows.
    /// Cost: a pass over the gates.
    pub fn planned_bytes(layer: &LayerGates<B>) -> u64 {
        let numbering = Numbering::of(layer);
        let is_one = |coef: CoefRef| match coef.kind() {
            CoefKind::Constant(index) => Some(index) == numbering.one,
            CoefKind::Random | CoefKind::Public(_) => false,
        };
        let is_public = |coef: CoefRef| matches!(coef.kind(), CoefKind::Public(_));
        let mul = numbering.width(layer.muls.iter().all(|g| is_one(g.coef)));
        let add = numbering.width(layer.adds.iter().all(|g| is_one(g.coef)));
        let publics = layer.consts.iter().filter(|g| is_public(g.coef)).count() as u64;
        let constant = numbering.width(
            layer
                .consts
                .iter()
                .all(|g| is_one(g.coef) || is_public(g.coef)),
        );
        let rows = |vars: u32| 4 * ((1u64 << vars) + 1);
        let (n, k) = (rows(layer.input_vars), rows(layer.output_vars));
        (k + 2 * n + 3 * (8 + mul) * layer.muls.len() as u64)
            + (k + n + 2 * (4 + add) * layer.adds.len() as u64)
            + (k + constant * (layer.consts.len() as u64 - publics))
            + 8 * publics
            + 4 * layer.asserts.len() as u64
            + (layer.constants.len() * size_of::<B>()) as u64
    }

    /// Whether the layer has mul gates, and so a phase two.
    pub fn has_mul(&self) -> bool {
        !self.mul_by_z.is_empty()
    }

    /// Memory in bytes of the host copy; a device copy is of the same size.
    pub fn bytes(&self) -> usize {
        self.mul_by_z.bytes()
            + self.mul_by_x.bytes()
            + self.mul_by_y.bytes()
            + self.add_by_z.bytes()
            + self.add_by_x.bytes()
            + self.const_by_z.bytes()
            + 8 * self.publics.len()
            + 4 * self.asserts.len()
            + self.constants.len() * size_of::<B>()
    }
}

/// The const gates of public inputs, sorted.
fn publics<B>(layer: &LayerGates<B>) -> Result<Vec<(u32, u32)>, BackendError> {
    let listed = layer.consts.iter().filter_map(|g| match g.coef.kind() {
        CoefKind::Public(index) => Some((g.z, index)),
        CoefKind::Constant(_) | CoefKind::Random => None,
    });
    let mut publics = host::with_capacity(listed.clone().count())?;
    publics.extend(listed);
    publics.sort_unstable();
    Ok(publics)
}

/// The coefficients of one layer in one proof, by slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerCoefs<F: ChallengeField> {
    /// All in the base field: the layer keeps its input's field.
    Base(Vec<F::Base>),
    /// With random coefficients from the challenge field: the layer lifts its output.
    Challenge(Vec<F>),
}

impl<F: ChallengeField> LayerCoefs<F> {
    /// Joins a wiring's constants with its random coefficients.
    ///
    /// # Panics
    /// If the number of random coefficients is not the wiring's.
    pub fn new(wiring: &LayerWiring<F::Base>, random: &RandomCoefs<F>) -> Self {
        let constants = wiring.constants.iter();
        match random {
            RandomCoefs::Base(values) => {
                assert_eq!(
                    values.len(),
                    wiring.num_random,
                    "random coefficients do not fit"
                );
                Self::Base(constants.chain(values).copied().collect())
            }
            RandomCoefs::Challenge(values) => {
                assert_eq!(
                    values.len(),
                    wiring.num_random,
                    "random coefficients do not fit"
                );
                if values.is_empty() {
                    return Self::Base(constants.copied().collect());
                }
                Self::Challenge(
                    constants
                        .map(|&c| F::from(c))
                        .chain(values.iter().copied())
                        .collect(),
                )
            }
        }
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        match self {
            Self::Base(values) => values.len(),
            Self::Challenge(values) => values.len(),
        }
    }

    /// Whether there is no slot.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The coefficient of a slot, in the challenge field; `None` is the constant one.
    pub fn lifted(&self, slot: Option<usize>) -> F {
        match (slot, self) {
            (None, _) => F::ONE,
            (Some(slot), Self::Base(values)) => F::from(values[slot]),
            (Some(slot), Self::Challenge(values)) => values[slot],
        }
    }
}

/// Random coefficients of a circuit or a layer, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RandomCoefs<F: ChallengeField> {
    /// Drawn from the base field (to compare with others on equal terms; few soundness bits).
    Base(Vec<F::Base>),
    /// Drawn from the challenge field.
    Challenge(Vec<F>),
}

impl<F: ChallengeField> RandomCoefs<F> {
    /// The coefficients of numbers `range`: those of one layer.
    #[must_use]
    pub fn part(&self, range: core::ops::Range<usize>) -> Self {
        match self {
            Self::Base(values) => Self::Base(values[range].to_vec()),
            Self::Challenge(values) => Self::Challenge(values[range].to_vec()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Base(values) => values.len(),
            Self::Challenge(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them, in the challenge field.
    pub fn lifted(&self, number: usize) -> F {
        match self {
            Self::Base(values) => F::from(values[number]),
            Self::Challenge(values) => values[number],
        }
    }
}
