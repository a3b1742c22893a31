//! The proof file: layout, round trips, and what is refused.

use prover_core::{Field, FieldId};
use prover_fields::{Goldilocks, GoldilocksExt2, M31, M31Ext3};
use prover_proof::{
    CircuitShape, LayerShape, Outputs, OutputsError, Proof, ProofError, ProofHeader, ProofShape,
    ProtocolConfig, RandomCoefField, Section,
};

/// One layer of 2 inputs, 3 outputs (1 zero) of 4 wires, 1 public input, 3 instances.
fn shape(field: FieldId, num_random: u32) -> ProofShape {
    let layer = LayerShape {
        input_vars: 1,
        output_vars: 2,
        has_mul: true,
        has_asserts: false,
    };
    let circuit = CircuitShape {
        field,
        digest: core::array::from_fn(|i| i as u8),
        num_public: 1,
        num_random,
        num_outputs: 3,
        num_zero_outputs: 1,
        layers: vec![layer],
    };
    ProofShape::new(circuit, 3, ProtocolConfig::default()).expect("a possible shape")
}

fn sample(shape: &ProofShape) -> Proof<M31Ext3> {
    let base = |n: u64| (0..n).map(|i| M31::from_u64(i + 1)).collect::<Vec<_>>();
    let values = (0..6).map(|i| M31Ext3::from_u64(100 + i)).collect();
    Proof {
        header: ProofHeader::of(shape),
        public: base(shape.num_elements(Section::Public)),
        input: base(shape.num_elements(Section::Input)),
        outputs: Outputs::new(shape, values).expect("base outputs"),
        messages: (0..shape.num_messages()).map(M31Ext3::from_u64).collect(),
    }
}

#[test]
fn layout_is_the_specified_one() {
    let shape = shape(FieldId::M31, 0);
    // Phase one 2·1 + 2·2 + 1, phase two 2·1 + 1.
    assert_eq!(shape.num_messages(), 10);
    let bytes = sample(&shape).encode();
    assert_eq!(&bytes[..8], b"ASTRAEAP");
    assert_eq!(
        bytes[8..24],
        [2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(bytes[24..56], *shape.circuit().digest.as_slice());
    assert_eq!(bytes[56..60], [3, 0, 0, 0]);
    assert_eq!(bytes[60..72], [12, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(bytes.len(), 60 + 4 * 8 + 12 + 24 + 24 + 120);
    let decoded = Proof::<M31Ext3>::decode(&bytes, &shape).unwrap();
    assert_eq!(decoded, sample(&shape));
}

#[test]
fn random_coefficients_widen_the_outputs() {
    let shape = shape(FieldId::M31, 1);
    let proof = sample(&shape);
    assert!(matches!(proof.outputs, Outputs::Challenge(_)));
    let bytes = proof.encode();
    assert_eq!(bytes.len(), 60 + 4 * 8 + 12 + 24 + 72 + 120);
    assert_eq!(Proof::<M31Ext3>::decode(&bytes, &shape).unwrap(), proof);
}

#[test]
fn outputs_outside_the_base_field_are_refused() {
    let shape = shape(FieldId::Goldilocks, 0);
    let mut encoded = vec![0; 16];
    encoded[8] = 1;
    let x = GoldilocksExt2::decode(&encoded).unwrap();
    let values = vec![GoldilocksExt2::ONE, x];
    let error = OutputsError {
        index: 1,
        field: FieldId::Goldilocks,
    };
    assert_eq!(Outputs::new(&shape, values), Err(error));
    let outputs = Outputs::new(&shape, vec![GoldilocksExt2::ONE]).unwrap();
    assert_eq!(
        outputs,
        Outputs::<GoldilocksExt2>::Base(vec![Goldilocks::ONE])
    );
}

#[test]
fn every_truncation_and_any_suffix_is_refused() {
    let shape = shape(FieldId::M31, 0);
    let mut bytes = sample(&shape).encode();
    for len in 0..bytes.len() {
        let error = Proof::<M31Ext3>::decode(&bytes[..len], &shape).unwrap_err();
        assert!(matches!(error, ProofError::Truncated { .. }), "{error}");
    }
    let (offset, found) = (bytes.len(), 2);
    bytes.extend([0; 2]);
    assert_eq!(
        Proof::<M31Ext3>::decode(&bytes, &shape),
        Err(ProofError::Trailing { offset, found })
    );
}

#[test]
fn numbers_without_meaning_are_refused_where_they_stand() {
    let shape = shape(FieldId::M31, 0);
    let good = sample(&shape).encode();
    let refused = |offset: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[offset] = byte;
        Proof::<M31Ext3>::decode(&bytes, &shape).unwrap_err()
    };
    assert_eq!(refused(0, 0), ProofError::Magic);
    for (at, byte) in [
        (8, 1),
        (12, 5),
        (12, 0),
        (16, 2),
        (20, 1),
        (56, 0),
        (58, 17),
    ] {
        let error = refused(at, byte);
        let start = at & !3;
        assert!(
            matches!(error, ProofError::Header { offset, .. } if offset == start),
            "{at}: {error}"
        );
    }
    for (at, byte) in [(12, 4), (16, 0), (24, 9), (56, 4)] {
        let error = refused(at, byte);
        assert!(
            matches!(error, ProofError::Mismatch { offset, .. } if offset == at),
            "{at}: {error}"
        );
    }
    for (at, expected) in [(60, 12), (80, 24), (112, 24), (144, 120)] {
        let error = refused(at + 7, 255);
        assert!(
            matches!(error, ProofError::Length { offset, expected: e, .. } if offset == at && e == expected),
            "{at}: {error}"
        );
    }
}

#[test]
fn elements_that_are_not_canonical_are_refused() {
    let shape = shape(FieldId::M31, 0);
    let good = sample(&shape).encode();
    // The second element of each section; then the middle coefficient of a message.
    for (at, section, element, index) in [
        (72, Section::Public, 72, 1),
        (92, Section::Input, 92, 1),
        (124, Section::Output, 124, 1),
        (168, Section::Message, 164, 1),
    ] {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&0x7FFF_FFFFu32.to_le_bytes());
        let error = ProofError::Element {
            offset: element,
            section,
            index,
        };
        assert_eq!(Proof::<M31Ext3>::decode(&bytes, &shape), Err(error));
    }
}

#[test]
fn the_header_can_be_read_alone() {
    let shape = shape(FieldId::M31, 0);
    let bytes = sample(&shape).encode();
    let header = ProofHeader::peek(&bytes[..60]).unwrap();
    assert_eq!(header, ProofHeader::of(&shape));
    assert_eq!(header.config.random_coefs, RandomCoefField::Challenge);
    assert!(ProofHeader::peek(&bytes[..59]).is_err());
}
