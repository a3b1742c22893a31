//! The file as it is: segments and the order of layers.

use std::collections::HashMap;

use prover_core::{AddGate, CoefRef, ConstGate, Field, MulGate};

use crate::error::{DecodeError, DecodeErrorKind};
use crate::limits::Limits;
use crate::reader::{Reader, error_at};

/// Gate type of `c * x^5`.
const UNI_POWER_5: u64 = 12345;
/// Gate type of `c * x`.
const UNI_IDENTITY: u64 = 12346;

/// A parsed file; coefficients index into `constants`, the distinct constants of the whole file.
pub(super) struct File<B> {
    pub(super) num_public: u32,
    pub(super) num_outputs: u64,
    pub(super) num_zero_outputs: u64,
    pub(super) constants: Vec<B>,
    pub(super) segments: Vec<Segment>,
    /// Offset of the first entry of `layers`.
    pub(super) layers_at: u64,
    pub(super) layers: Vec<usize>,
}

/// One segment: gates, and where other segments are placed in it.
pub(super) struct Segment {
    pub(super) at: u64,
    pub(super) input_vars: u32,
    pub(super) output_vars: u32,
    pub(super) children: Vec<Child>,
    pub(super) gates: Gates,
}

/// Gates by kind; `powers` are the gates `c * x^5`.
#[derive(Default)]
pub(super) struct Gates {
    pub(super) muls: Vec<MulGate>,
    pub(super) adds: Vec<AddGate>,
    pub(super) consts: Vec<ConstGate>,
    pub(super) powers: Vec<AddGate>,
}

impl Gates {
    /// Gates of all kinds.
    pub(super) fn len(&self) -> usize {
        self.muls.len() + self.adds.len() + self.consts.len() + self.powers.len()
    }
}

/// A segment placed in another, once for each pair of input and output offset.
pub(super) struct Child {
    pub(super) at: u64,
    pub(super) segment: usize,
    pub(super) places: Vec<(u32, u32)>,
}

/// Reads everything behind the modulus, to the last byte.
pub(super) fn parse<B: Field>(
    reader: &mut Reader<'_>,
    limits: &Limits,
) -> Result<File<B>, DecodeError> {
    let at = reader.offset();
    let num_public = reader.u64("number of public inputs")?;
    let most = limits.max_public.min(u64::from(CoefRef::FIRST_PUBLIC - 1));
    Limits::hold("public inputs", num_public, most).map_err(|kind| error_at(at, kind))?;
    let num_public = u32::try_from(num_public).expect("held below 2^31");
    let num_outputs = reader.u64("number of outputs")?;
    let num_zero_outputs = reader.u64("number of zero outputs")?;
    // A segment has two lengths and five counts; a layer is a number.
    let count = reader.count64("segments", 56)?;
    let mut parser = Parser {
        reader,
        limits,
        num_public,
        pool: Pool::default(),
    };
    let mut segments = Vec::with_capacity(count);
    for _ in 0..count {
        segments.push(parser.segment(count)?);
    }
    let Parser { reader, pool, .. } = parser;
    check_places(&segments)?;
    let count_at = reader.offset();
    let num_layers = reader.count64("layers", 8)?;
    Limits::hold("layers", num_layers as u64, limits.max_layers)
        .map_err(|kind| error_at(count_at, kind))?;
    let layers_at = reader.offset();
    let layers = (0..num_layers)
        .map(|_| {
            Ok(index(
                reader.u64_below("segment number", segments.len() as u64)?,
            ))
        })
        .collect::<Result<_, DecodeError>>()?;
    reader.finish()?;
    let constants = pool.list;
    Ok(File {
        num_public,
        num_outputs,
        num_zero_outputs,
        constants,
        segments,
        layers_at,
        layers,
    })
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("below a length in memory")
}

/// Every place lies inside the parent; children may be defined before or after it.
fn check_places(segments: &[Segment]) -> Result<(), DecodeError> {
    for parent in segments {
        for child in &parent.children {
            let inner = &segments[child.segment];
            let sides = [
                (
                    "child's end among the inputs",
                    parent.input_vars,
                    inner.input_vars,
                ),
                (
                    "child's end among the outputs",
                    parent.output_vars,
                    inner.output_vars,
                ),
            ];
            for &(input, output) in &child.places {
                for ((what, outer, inner), offset) in sides.into_iter().zip([input, output]) {
                    let (found, below) = (u64::from(offset) + (1 << inner), (1u64 << outer) + 1);
                    if found >= below {
                        let kind = DecodeErrorKind::NotBelow { what, below, found };
                        return Err(error_at(child.at, kind));
                    }
                }
            }
        }
    }
    Ok(())
}

/// The distinct constants met so far.
struct Pool<B> {
    known: HashMap<B, u32>,
    list: Vec<B>,
}

impl<B> Default for Pool<B> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            list: Vec::new(),
        }
    }
}

impl<B: Field> Pool<B> {
    fn index(&mut self, value: B) -> u32 {
        *self.known.entry(value).or_insert_with(|| {
            self.list.push(value);
            u32::try_from(self.list.len() - 1).expect("held below 2^31 constants")
        })
    }
}

struct Parser<'r, 'b, B> {
    reader: &'r mut Reader<'b>,
    limits: &'r Limits,
    num_public: u32,
    pool: Pool<B>,
}

impl<B: Field> Parser<'_, '_, B> {
    fn segment(&mut self, num_segments: usize) -> Result<Segment, DecodeError> {
        let at = self.reader.offset();
        let input_vars = self.vars("input length")?;
        let output_vars = self.vars("output length")?;
        let (reads, writes) = (1u64 << input_vars, 1u64 << output_vars);
        let num_children = self.reader.count64("child segments", 16)?;
        let mut children = Vec::with_capacity(num_children);
        for _ in 0..num_children {
            children.push(self.child(num_segments, reads, writes)?);
        }
        let mut gates = Gates::default();
        // The shortest gate has a coefficient of one byte: its tag.
        let count = self.reader.count64("mul gates", 25)?;
        gates.muls.reserve_exact(count);
        for _ in 0..count {
            let (x, y) = (
                self.wire("input wire", reads)?,
                self.wire("input wire", reads)?,
            );
            let z = self.wire("output wire", writes)?;
            gates.muls.push(MulGate {
                z,
                x,
                y,
                coef: self.coefficient(false)?,
            });
        }
        let count = self.reader.count64("add gates", 17)?;
        gates.adds.reserve_exact(count);
        for _ in 0..count {
            let (x, z) = (
                self.wire("input wire", reads)?,
                self.wire("output wire", writes)?,
            );
            gates.adds.push(AddGate {
                z,
                x,
                coef: self.coefficient(false)?,
            });
        }
        let count = self.reader.count64("const gates", 9)?;
        gates.consts.reserve_exact(count);
        for _ in 0..count {
            let z = self.wire("output wire", writes)?;
            gates.consts.push(ConstGate {
                z,
                coef: self.coefficient(true)?,
            });
        }
        let count = self.reader.count64("uni gates", 33)?;
        for _ in 0..count {
            self.uni(reads, writes, &mut gates)?;
        }
        Limits::hold("constants", self.pool.list.len() as u64, 1 << 31)
            .map_err(|kind| error_at(at, kind))?;
        Ok(Segment {
            at,
            input_vars,
            output_vars,
            children,
            gates,
        })
    }

    /// A length that must be a power of two, as its logarithm.
    fn vars(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        let at = self.reader.offset();
        let found = self.reader.u64(what)?;
        if !found.is_power_of_two() {
            return Err(error_at(at, DecodeErrorKind::NotPowerOfTwo { what, found }));
        }
        let limit = 1 << self.limits.max_vars.min(crate::model::MAX_VARS);
        Limits::hold(what, found, limit).map_err(|kind| error_at(at, kind))?;
        Ok(found.trailing_zeros())
    }

    fn child(&mut self, segments: usize, reads: u64, writes: u64) -> Result<Child, DecodeError> {
        let at = self.reader.offset();
        let segment = index(self.reader.u64_below("segment number", segments as u64)?);
        let count = self.reader.count64("places of a child", 16)?;
        let mut places = Vec::with_capacity(count);
        for _ in 0..count {
            let input = self.wire("input offset", reads)?;
            places.push((input, self.wire("output offset", writes)?));
        }
        Ok(Child {
            at,
            segment,
            places,
        })
    }

    fn uni(&mut self, reads: u64, writes: u64, gates: &mut Gates) -> Result<(), DecodeError> {
        let at = self.reader.offset();
        let kind = self.reader.u64("gate type")?;
        let inputs_at = self.reader.offset();
        let inputs = self.reader.u64("inputs of a uni gate")?;
        if inputs != 1 {
            let what = "inputs of a uni gate";
            let kind = DecodeErrorKind::Mismatch {
                what,
                expected: 1,
                found: inputs,
            };
            return Err(error_at(inputs_at, kind));
        }
        let (x, z) = (
            self.wire("input wire", reads)?,
            self.wire("output wire", writes)?,
        );
        let gate = AddGate {
            z,
            x,
            coef: self.coefficient(false)?,
        };
        match kind {
            UNI_POWER_5 => gates.powers.push(gate),
            UNI_IDENTITY => gates.adds.push(gate),
            found => {
                let what = "gate type 12345 or 12346";
                return Err(error_at(at, DecodeErrorKind::Tag { what, found }));
            }
        }
        Ok(())
    }

    fn wire(&mut self, what: &'static str, below: u64) -> Result<u32, DecodeError> {
        let wire = self.reader.u64_below(what, below)?;
        Ok(u32::try_from(wire).expect("lengths are at most 2^30"))
    }

    fn coefficient(&mut self, public: bool) -> Result<CoefRef, DecodeError> {
        let at = self.reader.offset();
        match self.reader.u8("coefficient tag")? {
            1 => {
                let value: B = self.reader.element("coefficients")?;
                Ok(CoefRef::constant(self.pool.index(value)))
            }
            2 => Ok(CoefRef::RANDOM),
            3 if public => {
                let below = u64::from(self.num_public);
                Ok(CoefRef::public(self.wire("public input", below)?))
            }
            found => {
                let what = if public {
                    "coefficient tag 1, 2 or 3"
                } else {
                    "coefficient tag 1 or 2"
                };
                Err(error_at(
                    at,
                    DecodeErrorKind::Tag {
                        what,
                        found: u64::from(found),
                    },
                ))
            }
        }
    }
}
