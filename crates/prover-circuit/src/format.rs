//! Our own circuit file: the canonical encoding (`docs/protocol.md`, section 3.1).

use prover_core::{AddGate, CoefKind, CoefRef, ConstGate, Field, FieldId, LayerGates, MulGate};

use crate::error::{DecodeError, DecodeErrorKind};
use crate::fields::{expect_field, integer_key};
use crate::limits::Limits;
use crate::model::{Circuit, CircuitError, CircuitParts, MAX_VARS};
use crate::reader::{Reader, error_at};

/// First bytes of the file.
pub const MAGIC: &[u8; 8] = b"ASTRAEAC";
/// Version of the format.
pub const VERSION: u32 = 1;

/// The circuit's one encoding.
/// Cost: 16, 12 and 8 bytes for each mul, add and const gate.
pub fn encode<B: Field>(circuit: &Circuit<B>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_to(circuit, &mut |bytes| out.extend_from_slice(bytes));
    out
}

/// Passes the encoding to `sink` piece by piece.
pub(crate) fn encode_to<B: Field>(circuit: &Circuit<B>, sink: &mut dyn FnMut(&[u8])) {
    let mut piece = Vec::with_capacity(1 << 16);
    piece.extend_from_slice(MAGIC);
    let header = [
        VERSION,
        circuit.field() as u32,
        length(circuit.layers().len()),
        circuit.input_vars(),
        circuit.num_public(),
        circuit.num_random(),
        circuit.num_outputs(),
        circuit.num_zero_outputs(),
    ];
    put(&mut piece, &header);
    for layer in circuit.layers() {
        put(
            &mut piece,
            &[layer.output_vars, length(layer.constants.len())],
        );
        for &constant in &layer.constants {
            constant.encode(&mut piece);
            flush(&mut piece, sink);
        }
        put(&mut piece, &[length(layer.muls.len())]);
        for g in &layer.muls {
            put(&mut piece, &[g.z, g.x, g.y, g.coef.0]);
            flush(&mut piece, sink);
        }
        put(&mut piece, &[length(layer.adds.len())]);
        for g in &layer.adds {
            put(&mut piece, &[g.z, g.x, g.coef.0]);
            flush(&mut piece, sink);
        }
        put(&mut piece, &[length(layer.consts.len())]);
        for g in &layer.consts {
            put(&mut piece, &[g.z, g.coef.0]);
            flush(&mut piece, sink);
        }
        put(&mut piece, &[length(layer.asserts.len())]);
        for &z in &layer.asserts {
            put(&mut piece, &[z]);
            flush(&mut piece, sink);
        }
    }
    sink(&piece);
}

fn length(len: usize) -> u32 {
    u32::try_from(len).expect("a checked circuit's counts have 32 bits")
}

fn put(piece: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        piece.extend_from_slice(&word.to_le_bytes());
    }
}

fn flush(piece: &mut Vec<u8>, sink: &mut dyn FnMut(&[u8])) {
    if piece.len() >= (1 << 16) - 64 {
        sink(piece);
        piece.clear();
    }
}

/// Reads a circuit; whatever is accepted encodes to the same bytes again.
/// Cost: one pass, memory of the size of the file, one SHA-256.
///
/// # Errors
/// If the bytes are not the canonical encoding of a circuit over `B`, or exceed a limit.
pub fn decode<B: Field>(bytes: &[u8], limits: &Limits) -> Result<Circuit<B>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let field = read_field(&mut reader)?;
    expect_field::<B>(field).map_err(|kind| error_at(12, kind))?;
    let num_layers = reader.count32("layers", 24)?;
    hold(16, "layers", num_layers as u64, limits.max_layers)?;
    let input_vars = reader.u32("input_vars")?;
    hold(
        20,
        "input_vars",
        u64::from(input_vars),
        u64::from(limits.max_vars.min(MAX_VARS)),
    )?;
    let num_public = reader.u32("num_public")?;
    hold(
        24,
        "public inputs",
        u64::from(num_public),
        limits.max_public,
    )?;
    let num_random = reader.u32("num_random")?;
    let num_outputs = reader.u32("num_outputs")?;
    let num_zero_outputs = reader.u32("num_zero_outputs")?;
    let mut layers = Vec::with_capacity(num_layers);
    let (mut gates, mut wires, mut vars) = (0u64, 1u64 << input_vars, input_vars);
    for index in 0..num_layers {
        let at = reader.offset();
        let outputs = (index + 1 == num_layers).then_some(num_outputs);
        let layer = Layer {
            input_vars: vars,
            num_public,
            outputs,
            limits,
        }
        .read(&mut reader)?;
        gates += layer.num_gates() as u64;
        wires += 1 << layer.output_vars;
        hold(at, "gates", gates, limits.max_gates)?;
        hold(at, "wires", wires, limits.max_wires)?;
        vars = layer.output_vars;
        layers.push(layer);
    }
    reader.finish()?;
    let parts = CircuitParts {
        field,
        input_vars,
        num_public,
        num_outputs,
        num_zero_outputs,
        layers,
    };
    let circuit = Circuit::new(parts).map_err(|e| error_at(offset_of(&e), e))?;
    if circuit.num_random() != num_random {
        let (what, expected) = ("num_random", u64::from(circuit.num_random()));
        let found = u64::from(num_random);
        return Err(error_at(
            28,
            DecodeErrorKind::Mismatch {
                what,
                expected,
                found,
            },
        ));
    }
    Ok(circuit)
}

/// Where the head says what the parts of a circuit contradict; the layers were checked as they were
/// read.
fn offset_of(error: &CircuitError) -> u64 {
    match *error {
        CircuitError::Layers { .. } => 16,
        CircuitError::Outputs {
            num_outputs,
            output_vars,
            ..
        } => match (1..=1u64 << output_vars).contains(&num_outputs.into()) {
            true => 36,
            false => 32,
        },
        _ => 0,
    }
}

/// Reads magic, version and field number.
pub(crate) fn read_field(reader: &mut Reader<'_>) -> Result<FieldId, DecodeError> {
    if reader.take(8, "magic")? != MAGIC {
        return Err(error_at(
            0,
            DecodeErrorKind::Magic {
                expected: "ASTRAEAC",
            },
        ));
    }
    let found = reader.u32("version")?;
    if found != VERSION {
        return Err(error_at(
            8,
            DecodeErrorKind::Version {
                expected: VERSION,
                found,
            },
        ));
    }
    let number = reader.u32("field number")?;
    FieldId::from_number(number)
        .ok_or_else(|| error_at(12, DecodeErrorKind::UnknownField { what: "number" }))
}

fn hold(at: u64, what: &'static str, found: u64, limit: u64) -> Result<(), DecodeError> {
    Limits::hold(what, found, limit).map_err(|kind| error_at(at, kind))
}

/// What the reader of a layer knows beforehand.
struct Layer<'a> {
    input_vars: u32,
    num_public: u32,
    /// Outputs, in the last layer.
    outputs: Option<u32>,
    limits: &'a Limits,
}

impl Layer<'_> {
    fn read<B: Field>(&self, reader: &mut Reader<'_>) -> Result<LayerGates<B>, DecodeError> {
        let at = reader.offset();
        let output_vars = reader.u32("output_vars")?;
        let most = u64::from(self.limits.max_vars.min(MAX_VARS));
        hold(at, "output_vars", u64::from(output_vars), most)?;
        let constants = read_constants::<B>(reader)?;
        let mut bounds = Bounds {
            reads: 1 << self.input_vars,
            writes: self
                .outputs
                .unwrap_or(1 << output_vars)
                .min(1 << output_vars),
            num_public: self.num_public,
            used: vec![false; constants.list.len()],
        };
        let muls = read_gates(reader, "mul gates", |at, [z, x, y, coef]| {
            bounds.output(at, z)?;
            bounds.input(at, x.max(y))?;
            Ok(MulGate {
                z,
                x,
                y,
                coef: bounds.coefficient(at, coef, false)?,
            })
        })?;
        let adds = read_gates(reader, "add gates", |at, [z, x, coef]| {
            bounds.output(at, z)?;
            bounds.input(at, x)?;
            Ok(AddGate {
                z,
                x,
                coef: bounds.coefficient(at, coef, false)?,
            })
        })?;
        let consts = read_gates(reader, "const gates", |at, [z, coef]| {
            bounds.output(at, z)?;
            Ok(ConstGate {
                z,
                coef: bounds.coefficient(at, coef, true)?,
            })
        })?;
        if bounds.used.contains(&false) {
            return Err(error_at(constants.at, DecodeErrorKind::UselessConstant));
        }
        let at = reader.offset();
        let asserts: Vec<u32> = read_gates(reader, "asserted outputs", |at, [z]| {
            bounds.output(at, z)?;
            Ok(z)
        })?;
        if !asserts.is_sorted_by(|a, b| a < b) {
            return Err(error_at(
                at,
                DecodeErrorKind::Order {
                    what: "asserted outputs",
                },
            ));
        }
        let (input_vars, constants) = (self.input_vars, constants.list);
        Ok(LayerGates {
            input_vars,
            output_vars,
            constants,
            muls,
            adds,
            consts,
            asserts,
        })
    }
}

/// What the indices of a layer's gates are below, and which constants were named.
struct Bounds {
    reads: u32,
    writes: u32,
    num_public: u32,
    used: Vec<bool>,
}

impl Bounds {
    fn output(&self, at: u64, z: u32) -> Result<(), DecodeError> {
        below_or(at, "output wire", z.into(), self.writes.into())
    }

    fn input(&self, at: u64, x: u32) -> Result<(), DecodeError> {
        below_or(at, "input wire", x.into(), self.reads.into())
    }

    fn coefficient(&mut self, at: u64, coef: u32, public: bool) -> Result<CoefRef, DecodeError> {
        let coef = CoefRef(coef);
        match coef.kind() {
            CoefKind::Random => {}
            CoefKind::Public(p) => {
                let below = if public { self.num_public } else { 0 };
                below_or(at, "public input", p.into(), below.into())?;
            }
            CoefKind::Constant(c) => {
                below_or(at, "constant", c.into(), self.used.len() as u64)?;
                self.used[c as usize] = true;
            }
        }
        Ok(coef)
    }
}

fn below_or(at: u64, what: &'static str, found: u64, below: u64) -> Result<(), DecodeError> {
    if found < below {
        return Ok(());
    }
    Err(error_at(
        at,
        DecodeErrorKind::NotBelow { what, below, found },
    ))
}

struct Constants<B> {
    at: u64,
    list: Vec<B>,
}

fn read_constants<B: Field>(reader: &mut Reader<'_>) -> Result<Constants<B>, DecodeError> {
    let count = reader.count32("constants", B::ENCODED_BYTES)?;
    let at = reader.offset();
    let mut list = Vec::with_capacity(count);
    let (mut scratch, mut previous) = (Vec::with_capacity(32), [0; 4]);
    for _ in 0..count {
        let at = reader.offset();
        let value: B = reader.element("constants")?;
        let key = integer_key(value, &mut scratch);
        // Starting from zero, strictly ascending also means not zero.
        if key <= previous {
            return Err(error_at(at, DecodeErrorKind::Order { what: "constants" }));
        }
        previous = key;
        list.push(value);
    }
    Ok(Constants { at, list })
}

/// Reads counted items of `W` words each, in ascending order.
fn read_gates<T: Ord, const W: usize>(
    reader: &mut Reader<'_>,
    what: &'static str,
    mut gate: impl FnMut(u64, [u32; W]) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let count = reader.count32(what, 4 * W)?;
    let mut at = reader.offset();
    let bytes = reader.take(4 * (W * count) as u64, what)?;
    let mut list: Vec<T> = Vec::with_capacity(count);
    for chunk in bytes.chunks_exact(4 * W) {
        let mut words = [0; W];
        for (word, piece) in words.iter_mut().zip(chunk.chunks_exact(4)) {
            *word = u32::from_le_bytes(piece.try_into().expect("chunks of four bytes"));
        }
        let item = gate(at, words)?;
        if list.last().is_some_and(|last| *last > item) {
            return Err(error_at(at, DecodeErrorKind::Order { what }));
        }
        list.push(item);
        at += 4 * W as u64;
    }
    Ok(list)
}
