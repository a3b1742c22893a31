//! Where mutations start: the test vectors, the small real files, and what is made of them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lzma_rust2::{CheckType, XzOptions, XzWriter};
use prover_circuit::fields::modulus;
use prover_circuit::{AnyCircuit, Circuit, Limits, file, with_circuit, witness};
use prover_core::{AddGate, CoefKind, CoefRef, Field, FieldId, LayerGates};
use serde_json::Value;

/// One of `docs/vectors`, as bytes.
#[derive(Clone, Debug)]
pub struct Vector {
    /// The file's name without its extension.
    pub name: String,
    /// The field.
    pub field: FieldId,
    /// The circuit file.
    pub circuit: Vec<u8>,
    /// The witness file.
    pub witness: Vec<u8>,
    /// The valid proof.
    pub proof: Vec<u8>,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The test vectors, sorted by name; read once.
///
/// # Panics
/// If they are not in the tree, or not what their README says.
pub fn vectors() -> &'static [Vector] {
    static VECTORS: OnceLock<Vec<Vector>> = OnceLock::new();
    VECTORS.get_or_init(|| {
        let folder = repository().join("docs/vectors");
        let entries = std::fs::read_dir(folder).expect("the folder of the vectors");
        let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
        let mut vectors: Vec<Vector> = paths
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .map(|path| vector(&path))
            .collect();
        vectors.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(!vectors.is_empty(), "no vectors");
        vectors
    })
}

fn vector(path: &Path) -> Vector {
    let text = std::fs::read(path).expect("a vector that can be read");
    let json: Value = serde_json::from_slice(&text).expect("a vector of JSON");
    let text = |key: &str| json[key].as_str().expect("a vector's string");
    let bytes = |key: &str| {
        let hex = text(key);
        let digits = (0..hex.len()).step_by(2).map(|i| &hex[i..i + 2]);
        digits
            .map(|d| u8::from_str_radix(d, 16).expect("hexadecimal digits"))
            .collect()
    };
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Vector {
        name: name.into_owned(),
        field: FieldId::from_name(text("field")).expect("a field's name"),
        circuit: bytes("circuit"),
        witness: bytes("witness"),
        proof: bytes("proof"),
    }
}

/// The distinct circuits of the vectors; decoded once.
pub(crate) fn circuits() -> &'static [AnyCircuit] {
    static CIRCUITS: OnceLock<Vec<AnyCircuit>> = OnceLock::new();
    CIRCUITS.get_or_init(|| {
        let mut circuits: Vec<AnyCircuit> = Vec::new();
        for vector in vectors() {
            let circuit = AnyCircuit::decode(&vector.circuit, &Limits::default());
            let circuit = circuit.expect("a vector's circuit");
            if circuits.iter().all(|c| c.digest() != circuit.digest()) {
                circuits.push(circuit);
            }
        }
        circuits
    })
}

/// The small real files named `*<part>.txt.xz`: their paths.
fn fixtures(part: &str) -> Vec<PathBuf> {
    let folder = repository().join("crates/prover-circuit/tests/fixtures");
    [
        "consts_pub_m31",
        "extraouts_gf2",
        "hash_poseidon_goldilocks",
    ]
    .map(|name| folder.join(name).join(format!("{part}.txt.xz")))
    .to_vec()
}

fn content(path: &Path) -> Vec<u8> {
    file::read(path, &Limits::default()).expect("a fixture that can be read")
}

pub(crate) fn own_circuits() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = vectors().iter().map(|v| v.circuit.clone()).collect();
    seeds.dedup();
    for path in fixtures("circuit") {
        let circuit = AnyCircuit::decode(&content(&path), &Limits::default());
        let circuit = circuit.expect("a fixture's circuit");
        seeds.push(with_circuit!(&circuit, |c| prover_circuit::format::encode(
            c
        )));
    }
    seeds
}

pub(crate) fn expander_circuits() -> Vec<Vec<u8>> {
    let made = circuits()
        .iter()
        .map(|circuit| with_circuit!(circuit, |c| circuit6(c)));
    let real = fixtures("circuit").into_iter().map(|path| content(&path));
    made.chain(real).chain([nested(11), nested(40)]).collect()
}

/// A CIRCUIT6 file of a few hundred bytes and `2^depth` gates: each segment has the next one twice.
fn nested(depth: u64) -> Vec<u8> {
    let mut out = b"CIRCUIT6".to_vec();
    out.extend(modulus(FieldId::M31));
    for number in [0, 1, 0, depth + 1] {
        put(&mut out, number);
    }
    for child in 1..=depth {
        // Lengths, one child, its number, two places, no gates.
        for number in [2, 2, 1, child, 2, 0, 0, 0, 0, 0, 0, 0, 0] {
            put(&mut out, number);
        }
    }
    // No child, and one random mul gate.
    for number in [2u32, 2, 0, 1, 0, 1, 0] {
        put(&mut out, number);
    }
    out.push(2);
    for number in [0u32, 0, 0, 1, 0] {
        put(&mut out, number);
    }
    out
}

pub(crate) fn witnesses() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = vectors().iter().map(|v| v.witness.clone()).collect();
    seeds.dedup();
    seeds.extend(fixtures("witness").iter().map(|path| content(path)));
    seeds
}

pub(crate) fn public_files() -> Vec<Vec<u8>> {
    let mut seeds = witnesses();
    for vector in vectors() {
        let circuit = AnyCircuit::decode(&vector.circuit, &Limits::default());
        let circuit = circuit.expect("a vector's circuit");
        seeds.extend(with_circuit!(&circuit, |c| {
            let public = witness::decode_public(&vector.witness, c, &Limits::default());
            let public = public.expect("a vector's witness");
            let binary = witness::encode_public(c.field(), &public);
            let row = |value: &str| vec![value; c.num_public() as usize].join(", ");
            let json = |a: &str, b: &str| format!(r#"{{"public": [[{}], [{}]]}}"#, row(a), row(b));
            [
                binary,
                json("0", "1").into_bytes(),
                json(r#""1""#, r#" "0" "#).into_bytes(),
            ]
        }));
    }
    seeds
}

pub(crate) fn proofs() -> Vec<Vec<u8>> {
    vectors().iter().map(|v| v.proof.clone()).collect()
}

/// Small files without a checksum of the content, so that damage reaches the decoder; one with;
/// one of two streams; and one that is longer than the limit when decompressed.
pub(crate) fn xz_files() -> Vec<Vec<u8>> {
    let circuit = &vectors()[0].circuit;
    let mut two = pack(circuit, CheckType::None);
    two.extend(pack(&circuit[..40], CheckType::None));
    vec![
        pack(circuit, CheckType::None),
        pack(&expander_circuits()[0], CheckType::None),
        pack(circuit, CheckType::Crc32),
        two,
        pack(&vec![0; 2 << 20], CheckType::None),
    ]
}

fn pack(bytes: &[u8], check: CheckType) -> Vec<u8> {
    let mut options = XzOptions::with_preset(1);
    options.lzma_options.dict_size = 1 << 16;
    options.check_type = check;
    let mut writer = XzWriter::new(Vec::new(), options).expect("options of our own");
    writer.write_all(bytes).expect("memory is always writable");
    writer.finish().expect("memory is always writable")
}

/// A CIRCUIT6 file made of a circuit's gates, to have one in every field: each layer is a segment
/// of the add gates, as gates of all three types, with a child of the others. It is about as large
/// as the circuit, but not the same one.
pub fn circuit6<B: Field>(circuit: &Circuit<B>) -> Vec<u8> {
    let mut out = b"CIRCUIT6".to_vec();
    out.extend(modulus(circuit.field()));
    let layers = circuit.layers();
    put(&mut out, circuit.num_public());
    put(&mut out, circuit.num_outputs());
    put(&mut out, circuit.num_zero_outputs());
    put(&mut out, 2 * layers.len());
    for (index, layer) in layers.iter().enumerate() {
        root(&mut out, layer, 2 * index + 1);
        leaf(&mut out, layer);
    }
    put(&mut out, layers.len());
    (0..layers.len()).for_each(|index| put(&mut out, 2 * index));
    out
}

fn put(out: &mut Vec<u8>, number: impl TryInto<u64>) {
    let number = number.try_into().unwrap_or(u64::MAX);
    out.extend(number.to_le_bytes());
}

fn coefficient<B: Field>(out: &mut Vec<u8>, layer: &LayerGates<B>, coef: CoefRef) {
    match coef.kind() {
        CoefKind::Constant(index) => {
            out.push(1);
            layer.constants[index as usize].encode(out);
        }
        CoefKind::Random => out.push(2),
        CoefKind::Public(index) => {
            out.push(3);
            put(out, index);
        }
    }
}

fn root<B: Field>(out: &mut Vec<u8>, layer: &LayerGates<B>, child: usize) {
    put(out, 1u64 << layer.input_vars);
    put(out, 1u64 << layer.output_vars);
    // One child at one place.
    for number in [1, child, 1, 0, 0] {
        put(out, number);
    }
    put(out, 0u32);
    let every = |rest: usize| {
        let gates = layer.adds.iter().enumerate();
        gates.filter(move |(i, _)| i % 3 == rest).map(|(_, &g)| g)
    };
    let plain: Vec<AddGate> = every(0).collect();
    put(out, plain.len());
    for gate in plain {
        put(out, gate.x);
        put(out, gate.z);
        coefficient(out, layer, gate.coef);
    }
    put(out, 0u32);
    let uni = every(1)
        .map(|g| (12346u64, g))
        .chain(every(2).map(|g| (12345, g)));
    let uni: Vec<(u64, AddGate)> = uni.collect();
    put(out, uni.len());
    for (kind, gate) in uni {
        put(out, kind);
        put(out, 1u32);
        put(out, gate.x);
        put(out, gate.z);
        coefficient(out, layer, gate.coef);
    }
}

fn leaf<B: Field>(out: &mut Vec<u8>, layer: &LayerGates<B>) {
    put(out, 1u64 << layer.input_vars);
    put(out, 1u64 << layer.output_vars);
    put(out, 0u32);
    put(out, layer.muls.len());
    for gate in &layer.muls {
        put(out, gate.x);
        put(out, gate.y);
        put(out, gate.z);
        coefficient(out, layer, gate.coef);
    }
    put(out, 0u32);
    put(out, layer.consts.len());
    for gate in &layer.consts {
        put(out, gate.z);
        coefficient(out, layer, gate.coef);
    }
    put(out, 0u32);
}
