//! Expander's witness files, which are ours too, and files of public inputs.

use prover_core::{Field, FieldId};

use crate::error::{DecodeError, DecodeErrorKind};
use crate::expander::read_modulus;
use crate::fields::{field_of, modulus};
use crate::limits::Limits;
use crate::model::{Circuit, Instances, InstancesError, MAX_INSTANCES};
use crate::reader::{Reader, error_at};

/// Bytes before the first value.
const HEADER_BYTES: u64 = 56;
/// What some editors put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Writes instances as a witness file.
/// Cost: one element's encoding for each value.
pub fn encode<B: Field>(field: FieldId, instances: &Instances<B>) -> Vec<u8> {
    assert_eq!(field_of::<B>(), field, "elements of another field");
    let values = instances.inputs().len() + instances.public().len();
    let mut out = Vec::with_capacity(HEADER_BYTES as usize + values * B::ENCODED_BYTES);
    let num = instances.num_instances();
    put_header(
        &mut out,
        field,
        num,
        instances.input_of(0).len(),
        instances.public_of(0).len(),
    );
    for instance in 0..num {
        let (inputs, public) = (instances.input_of(instance), instances.public_of(instance));
        inputs
            .iter()
            .chain(public)
            .for_each(|value| value.encode(&mut out));
    }
    out
}

fn put_header(out: &mut Vec<u8>, field: FieldId, num: usize, private: usize, public: usize) {
    for number in [num, private, public] {
        out.extend_from_slice(&(number as u64).to_le_bytes());
    }
    out.extend_from_slice(&modulus(field));
}

/// Reads the witness of a circuit.
/// Cost: one pass, memory for the values.
///
/// # Errors
/// If the bytes are not a witness file of the circuit's field and lengths to the last byte, an
/// element is not canonical, or there are no or too many instances.
pub fn decode<B: Field>(
    bytes: &[u8],
    circuit: &Circuit<B>,
    limits: &Limits,
) -> Result<Instances<B>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let header = Header::read::<B>(&mut reader, circuit, limits)?;
    expect(
        8,
        "private values of an instance",
        circuit.num_inputs() as u64,
        header.private,
    )?;
    expect(
        16,
        "public values of an instance",
        circuit.num_public().into(),
        header.public,
    )?;
    let mut inputs = Vec::with_capacity(header.num * circuit.num_inputs());
    let mut public = Vec::with_capacity(header.num * circuit.num_public() as usize);
    for _ in 0..header.num {
        for _ in 0..header.private {
            inputs.push(reader.element("private values")?);
        }
        for _ in 0..header.public {
            public.push(reader.element("public values")?);
        }
    }
    reader.finish()?;
    Instances::new(circuit, header.num, inputs, public).map_err(|e| error_at(0, e))
}

/// Public inputs of the instances of a circuit, without their private inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicInputs<B> {
    num: usize,
    values: Vec<B>,
}

impl<B: Field> PublicInputs<B> {
    /// Takes the values of `num` instances, instance after instance.
    ///
    /// # Errors
    /// If `num` is 0 or too large, or there are not `num` times `num_public` values.
    pub fn new(circuit: &Circuit<B>, num: usize, values: Vec<B>) -> Result<Self, InstancesError> {
        if num == 0 || num > MAX_INSTANCES {
            return Err(InstancesError::Number { found: num as u64 });
        }
        let expected = num as u64 * u64::from(circuit.num_public());
        let found = values.len() as u64;
        if found != expected {
            return Err(InstancesError::Length {
                what: "public",
                expected,
                found,
            });
        }
        Ok(Self { num, values })
    }

    /// Number of instances.
    pub fn num_instances(&self) -> usize {
        self.num
    }

    /// The values, instance after instance.
    pub fn values(&self) -> &[B] {
        &self.values
    }
}

/// Writes public inputs as a witness file without private values.
pub fn encode_public<B: Field>(field: FieldId, public: &PublicInputs<B>) -> Vec<u8> {
    assert_eq!(field_of::<B>(), field, "elements of another field");
    let mut out = Vec::new();
    put_header(
        &mut out,
        field,
        public.num,
        0,
        public.values.len() / public.num,
    );
    public
        .values
        .iter()
        .for_each(|value| value.encode(&mut out));
    out
}

/// Reads public inputs: from JSON (`{"public": [["12", 3, ...], ...]}`, one array for each
/// instance, numbers or decimal strings), a witness file without private values, or a full
/// witness file of the circuit, whose private values are checked and dropped.
///
/// # Errors
/// As [`decode`]; for JSON also if its form or a number is not as stated.
pub fn decode_public<B: Field>(
    bytes: &[u8],
    circuit: &Circuit<B>,
    limits: &Limits,
) -> Result<PublicInputs<B>, DecodeError> {
    // The first eight bytes of a witness file are a number far below 2^56: one of them is zero,
    // which no byte of JSON is.
    let first = bytes
        .iter()
        .position(|b| !b.is_ascii_whitespace())
        .unwrap_or(0);
    if matches!(bytes.get(first), Some(b'{' | b'[')) && !bytes.iter().take(8).any(|&b| b == 0) {
        return decode_json(bytes, circuit, limits);
    }
    // As the number of instances of a witness file it would be over any limit.
    if bytes.starts_with(BYTE_ORDER_MARK) {
        let what = "expected JSON without a byte order mark, or a witness file".into();
        return Err(error_at(0, DecodeErrorKind::Json { what }));
    }
    let mut reader = Reader::new(bytes);
    let header = Header::read::<B>(&mut reader, circuit, limits)?;
    if header.private != 0 {
        let witness = decode(bytes, circuit, limits)?;
        let num = witness.num_instances();
        return PublicInputs::new(circuit, num, witness.public().to_vec())
            .map_err(|e| error_at(0, e));
    }
    expect(
        16,
        "public values of an instance",
        circuit.num_public().into(),
        header.public,
    )?;
    let values = (0..header.num as u64 * header.public)
        .map(|_| reader.element("public values"))
        .collect::<Result<_, _>>()?;
    reader.finish()?;
    PublicInputs::new(circuit, header.num, values).map_err(|e| error_at(0, e))
}

fn expect(at: u64, what: &'static str, expected: u64, found: u64) -> Result<(), DecodeError> {
    if found == expected {
        return Ok(());
    }
    Err(error_at(
        at,
        DecodeErrorKind::Mismatch {
            what,
            expected,
            found,
        },
    ))
}

/// The head of a witness file; the values fill the rest of the file exactly.
struct Header {
    num: usize,
    private: u64,
    public: u64,
}

impl Header {
    fn read<B: Field>(
        reader: &mut Reader<'_>,
        circuit: &Circuit<B>,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        let found = reader.u64("number of instances")?;
        let private = reader.u64("number of private values")?;
        let public = reader.u64("number of public values")?;
        Limits::hold("instances", found, limits.max_instances).map_err(|k| error_at(0, k))?;
        let num = usize::try_from(found)
            .ok()
            .filter(|n| (1..=MAX_INSTANCES).contains(n));
        let num = num.ok_or_else(|| error_at(0, InstancesError::Number { found }))?;
        let field = read_modulus(reader)?;
        let expected = circuit.field();
        if field != expected {
            return Err(error_at(
                24,
                DecodeErrorKind::FieldMismatch {
                    expected,
                    found: field,
                },
            ));
        }
        let wanted = private
            .saturating_add(public)
            .saturating_mul(found)
            .saturating_mul(B::ENCODED_BYTES as u64);
        let left = reader.left();
        if wanted > left {
            let what = "values";
            return Err(error_at(
                HEADER_BYTES,
                DecodeErrorKind::Truncated { what, wanted, left },
            ));
        }
        if wanted < left {
            let at = HEADER_BYTES + wanted;
            return Err(error_at(
                at,
                DecodeErrorKind::Trailing {
                    bytes: left - wanted,
                },
            ));
        }
        Ok(Self {
            num,
            private,
            public,
        })
    }
}

fn decode_json<B: Field>(
    bytes: &[u8],
    circuit: &Circuit<B>,
    limits: &Limits,
) -> Result<PublicInputs<B>, DecodeError> {
    let json = |at: u64, what: String| error_at(at, DecodeErrorKind::Json { what });
    Limits::hold("bytes of JSON", bytes.len() as u64, limits.max_json_bytes)
        .map_err(|kind| error_at(0, kind))?;
    let tree: serde_json::Value = serde_json::from_slice(bytes).map_err(|e| {
        let at = offset_of_line(bytes, e.line(), e.column());
        json(at, format!("not JSON: {e}"))
    })?;
    // Of equal keys the parser keeps the last one only.
    let inside = bytes.iter().position(|&b| b == b'{').unwrap_or(0) + 1;
    let second = comma_after(bytes, inside);
    if tree.is_object() && second < bytes.len() {
        let what = r#"expected {"public": [[...], ...]} and no other key"#.into();
        return Err(json(second as u64, what));
    }
    let instances = tree
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.get("public"))
        .and_then(serde_json::Value::as_array)
        .ok_or_else(|| {
            json(
                0,
                r#"expected {"public": [[...], ...]} and no other key"#.into(),
            )
        })?;
    Limits::hold("instances", instances.len() as u64, limits.max_instances)
        .map_err(|kind| error_at(0, kind))?;
    let mut values = Vec::new();
    for (s, instance) in instances.iter().enumerate() {
        let row = instance
            .as_array()
            .filter(|row| row.len() as u64 == u64::from(circuit.num_public()))
            .ok_or_else(|| {
                let expected = circuit.num_public();
                let what = format!("instance {s}: expected an array of {expected} public inputs");
                json(offset_of_value(bytes, &[s]), what)
            })?;
        for (i, value) in row.iter().enumerate() {
            values.push(json_element::<B>(value).ok_or_else(|| {
                let field = circuit.field();
                let what = format!("public[{s}][{i}]: expected a decimal integer of {field}");
                json(offset_of_value(bytes, &[s, i]), what)
            })?);
        }
    }
    PublicInputs::new(circuit, instances.len(), values).map_err(|e| error_at(0, e))
}

/// The offset of the `column`-th byte of a line; both count from 1, column 0 is the line's start.
fn offset_of_line(bytes: &[u8], line: usize, column: usize) -> u64 {
    let lines = bytes.split_inclusive(|&b| b == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column.saturating_sub(1)).min(bytes.len()) as u64
}

/// Where the value at `path`, indexes into nested arrays, stands in JSON of an object with one key.
fn offset_of_value(bytes: &[u8], path: &[usize]) -> u64 {
    let mut at = bytes.iter().position(|&b| b == b':').unwrap_or(0);
    for &index in path {
        let inside = &bytes[(at + 1).min(bytes.len())..];
        at += 1 + inside.iter().position(|&b| b == b'[').unwrap_or(0);
        for _ in 0..index {
            at = comma_after(bytes, at + 1);
        }
    }
    let rest = &bytes[(at + 1).min(bytes.len())..];
    let spaces = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    (at + 1 + spaces) as u64
}

/// The comma that ends the value which `from` is in.
fn comma_after(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, &byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    bytes.len()
}

/// An unsigned integer, or a string of decimal digits, below the modulus.
fn json_element<B: Field>(value: &serde_json::Value) -> Option<B> {
    let bytes = match value {
        serde_json::Value::Number(number) => decimal(&number.as_u64()?.to_string())?,
        serde_json::Value::String(text) => decimal(text)?,
        _ => return None,
    };
    let (low, high) = bytes.split_at(B::ENCODED_BYTES);
    if high.iter().any(|&b| b != 0) {
        return None;
    }
    B::decode(low)
}

/// A decimal integer below `2^256` as little-endian bytes; at least one digit, digits only, and no
/// zero before others.
fn decimal(text: &str) -> Option<[u8; 32]> {
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if text.is_empty() || text.len() > 78 || leading_zero {
        return None;
    }
    let mut bytes = [0u8; 32];
    for digit in text.bytes() {
        let mut carry = u32::from(digit.checked_sub(b'0').filter(|&d| d < 10)?);
        for byte in &mut bytes {
            let wide = u32::from(*byte) * 10 + carry;
            *byte = wide.to_le_bytes()[0];
            carry = wide >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(bytes)
}
