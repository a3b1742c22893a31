//! Damaged bytes: a typed error, or a circuit that is what the bytes say.

use std::fs;

use prover_circuit::file::{FileError, decode_circuit, load_any, peek_field, read};
use prover_circuit::{Circuit, DecodeErrorKind, Limits, expander, format};
use prover_core::{Field, FieldId};
use prover_fields::{Bn254, Gf2, M31};

use crate::support::{Circuit6, Coef, Rng, Segment};

/// A small file with everything in it.
fn sample(field: FieldId) -> Circuit6 {
    let mut leaf = Segment::new(2, 2);
    leaf.muls.push((0, 1, 1, Coef::Constant(1)));
    leaf.consts.push((0, Coef::Public(1)));
    let mut a = Segment::new(4, 4);
    a.children.push((0, vec![(0, 2), (2, 0)]));
    a.adds = vec![(3, 3, Coef::Random), (2, 3, Coef::Constant(1))];
    let mut b = Segment::new(4, 2);
    b.unis = vec![
        (12345, 1, 0, Coef::Constant(1)),
        (12346, 3, 1, Coef::Random),
    ];
    b.muls = vec![(0, 2, 1, Coef::Constant(1))];
    let mut file = Circuit6::new(field, vec![leaf, a, b], vec![1, 2]);
    (file.public, file.outputs, file.zeros) = (2, 2, 1);
    file
}

/// Decodes and, if that works, demands that our own format gives the circuit back.
fn survive<B: Field>(bytes: &[u8], limits: &Limits) -> bool {
    let Ok(circuit) = decode_circuit::<B>(bytes, limits) else {
        return false;
    };
    let own = format::encode(&circuit);
    if bytes.starts_with(format::MAGIC) {
        assert_eq!(own, bytes, "accepted, but not canonical");
    }
    let again: Circuit<B> = format::decode(&own, limits).unwrap();
    assert_eq!(again.digest(), circuit.digest());
    true
}

fn damage<B: Field>(field: FieldId) {
    // Small limits: a flipped bit in a length may ask for a layer of 2^30 wires, and may have it.
    let limits = Limits {
        max_gates: 1 << 16,
        ..Limits::default()
    };
    let foreign = sample(field).bytes::<B>();
    let own = format::encode(&expander::decode::<B>(&foreign, &limits).unwrap());
    for bytes in [foreign, own] {
        assert!(survive::<B>(&bytes, &limits));
        for end in 0..bytes.len() {
            assert!(!survive::<B>(&bytes[..end], &limits), "truncated to {end}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                survive::<B>(&flipped, &limits);
            }
            for value in [0x00, 0x7f, 0xff] {
                let mut set = bytes.clone();
                set[at] = value;
                survive::<B>(&set, &limits);
            }
        }
        let mut longer = bytes.clone();
        longer.push(0);
        let error = decode_circuit::<B>(&longer, &limits).unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::Trailing { bytes: 1 });
        let mut rng = Rng::new(9);
        for _ in 0..2000 {
            let mut many = bytes.clone();
            for _ in 0..1 + rng.below(4) {
                let at = rng.below(bytes.len() as u64) as usize;
                many[at] = rng.next() as u8;
            }
            survive::<B>(&many, &limits);
        }
    }
}

#[test]
fn damaged_files_over_every_kind_of_element() {
    damage::<M31>(FieldId::M31);
    damage::<Gf2>(FieldId::Gf2);
    damage::<Bn254>(FieldId::Bn254);
}

#[test]
fn huge_counts_are_refused_before_anything_is_allocated() {
    let bytes = sample(FieldId::M31).bytes::<M31>();
    let limits = Limits::default();
    // Every aligned 64-bit word of the file in turn becomes a huge number.
    for huge in [1u64 << 60, u64::MAX, 1 << 33] {
        for at in (40..bytes.len() - 8).step_by(1) {
            let mut changed = bytes.clone();
            changed[at..at + 8].copy_from_slice(&huge.to_le_bytes());
            survive::<M31>(&changed, &limits);
        }
    }
    let own = format::encode(&expander::decode::<M31>(&bytes, &limits).unwrap());
    for at in (16..own.len() - 4).step_by(4) {
        let mut changed = own.clone();
        changed[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        survive::<M31>(&changed, &limits);
    }
}

#[test]
fn elements_must_be_canonical() {
    let mut file = Circuit6::new(FieldId::M31, vec![Segment::new(1, 1)], vec![0]);
    file.segments[0].consts.push((0, Coef::Constant(5)));
    let mut bytes = file.bytes::<M31>();
    let at = bytes.windows(5).position(|w| w == [1, 5, 0, 0, 0]).unwrap() + 1;
    bytes[at..at + 4].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    let error = expander::decode::<M31>(&bytes, &Limits::default()).unwrap_err();
    let expected = DecodeErrorKind::Element {
        what: "coefficients",
    };
    assert_eq!((error.offset, error.kind), (at as u64, expected));
}

#[test]
fn one_wire_means_no_variable() {
    let mut file = Circuit6::new(FieldId::Gf2, vec![Segment::new(1, 1)], vec![0]);
    file.segments[0].muls.push((0, 0, 0, Coef::Constant(1)));
    let circuit: Circuit<Gf2> = expander::decode(&file.bytes::<Gf2>(), &Limits::default()).unwrap();
    assert_eq!(
        (
            circuit.input_vars(),
            circuit.output_vars(),
            circuit.num_inputs()
        ),
        (0, 0, 1)
    );
}

#[test]
fn the_field_is_known_before_the_file_is_read() {
    for field in FieldId::ALL {
        let header = &sample(field).bytes::<Gf2>()[..40];
        assert_eq!(peek_field(header).unwrap(), field);
    }
    let bytes = sample(FieldId::M31).bytes::<M31>();
    let own = format::encode(&expander::decode::<M31>(&bytes, &Limits::default()).unwrap());
    assert_eq!(peek_field(&own).unwrap(), FieldId::M31);
    let wrong = decode_circuit::<Gf2>(&own, &Limits::default()).unwrap_err();
    assert!(matches!(
        wrong.kind,
        DecodeErrorKind::FieldMismatch {
            expected: FieldId::Gf2,
            found: FieldId::M31,
        }
    ));
    assert!(matches!(
        peek_field(b"CIRCUIT7").unwrap_err().kind,
        DecodeErrorKind::Magic { .. }
    ));
    assert!(peek_field(b"").is_err());
}

/// A file that goes away at the end of the test.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("astraea-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn xz(bytes: &[u8], dict: u32) -> Vec<u8> {
    use std::io::Write;
    let mut options = lzma_rust2::XzOptions::with_preset(0);
    options.lzma_options.dict_size = dict;
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn xz_is_transparent_and_bounded() {
    let bytes = sample(FieldId::M31).bytes::<M31>();
    let limits = Limits::default();
    let (plain, packed) = (
        Scratch::new("a.circuit", &bytes),
        Scratch::new("a.circuit.xz", &xz(&bytes, 1 << 16)),
    );
    assert_eq!(
        load_any(&plain.0, &limits).unwrap(),
        load_any(&packed.0, &limits).unwrap()
    );
    let bomb = Scratch::new("bomb.xz", &xz(&vec![0; 8 << 20], 1 << 16));
    let small = Limits {
        max_file_bytes: 1 << 20,
        ..limits
    };
    assert!(matches!(
        read(&bomb.0, &small),
        Err(FileError::TooLong { .. })
    ));
    assert!(matches!(
        load_any(&bomb.0, &limits),
        Err(FileError::Decode { .. })
    ));
    let wide = Scratch::new("wide.xz", &xz(&bytes, 16 << 20));
    let tight = Limits {
        max_xz_kib: 1 << 10,
        ..limits
    };
    let error = read(&wide.0, &tight).unwrap_err();
    assert!(matches!(error, FileError::Xz { .. }), "{error}");
    assert!(error.to_string().contains("wide.xz"));
    let long = Limits {
        max_file_bytes: 10,
        ..limits
    };
    assert!(matches!(
        read(&plain.0, &long),
        Err(FileError::TooLong { limit: 10, .. })
    ));
    assert!(matches!(
        read("/no/such/file".as_ref(), &limits),
        Err(FileError::Io { .. })
    ));
}

#[test]
fn damaged_xz_streams_end_in_an_error() {
    let bytes = sample(FieldId::M31).bytes::<M31>();
    let packed = xz(&bytes, 1 << 16);
    let limits = Limits::default();
    for at in 0..packed.len() {
        let mut changed = packed.clone();
        changed[at] ^= 1 << (at % 8);
        let file = Scratch::new("damaged.xz", &changed);
        // A checksum may miss nothing here: whatever comes out whole is what went in.
        if let Ok(content) = read(&file.0, &limits) {
            assert_eq!(content, bytes, "byte {at}");
        }
        let file = Scratch::new("damaged.xz", &packed[..at]);
        let error = read(&file.0, &limits).unwrap_err();
        assert!(matches!(error, FileError::Xz { .. }), "cut at {at}");
        assert!(
            error.to_string().ends_with("the file ends"),
            "{at}: {error}"
        );
    }
}
