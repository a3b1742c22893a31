//! Whatever is not an honest proof is refused, for the right reason.

use prover_core::{AddGate, ChallengeField, CoefRef, Field, FieldId, LayerGates, MulGate};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31, M31Ext3};
use prover_proof::{Outputs, Proof, ProtocolConfig};
use prover_transcript::{Sha256Transcript, Sink, Transcript};
use prover_verifier::{
    Check, ErrorKind, VerifyError, VerifyOptions, verify, verify_bytes, verify_with,
};

use crate::circuits::{Coefs, Frame, build, frame, gallery, plan, random_circuit, witness};
use crate::slow_prover::{Lies, Witness, prove};

fn lax<'a, B>() -> VerifyOptions<'a, B> {
    VerifyOptions {
        min_bits: 0.0,
        ..VerifyOptions::default()
    }
}

/// The refusal of a cheating proof, which must not depend on threads.
fn refusal<F: ChallengeField>(
    circuit: &prover_circuit::Circuit<F::Base>,
    witness: &Witness<F::Base>,
    lies: Lies<F>,
) -> VerifyError {
    let proof = prove::<F>(circuit, witness, ProtocolConfig::default(), lies);
    let error = verify(circuit, &proof, &lax()).expect_err("a false statement was accepted");
    let threads = VerifyOptions {
        threads: 2,
        ..lax()
    };
    assert_eq!(verify(circuit, &proof, &threads).as_ref(), Err(&error));
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.kind().exit_code(), 1);
    error
}

fn every_bit_and_length<F: ChallengeField>() {
    let plans = [plan(1, 3, 2, 2, true), plan(1, 2, 1, 2, false)];
    let frame = frame(1, 1, (2, 1), Coefs::WithRandom);
    let circuit = random_circuit::<F>(11, frame, &plans);
    let witness = witness(&circuit, 3, 5);
    let good = prove::<F>(
        &circuit,
        &witness,
        ProtocolConfig::default(),
        Lies::default(),
    )
    .encode();
    assert!(verify_bytes::<F>(&circuit, &good, &lax()).is_ok());
    let mut bytes = good.clone();
    for bit in 0..8 * good.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(
            verify_bytes::<F>(&circuit, &bytes, &lax()).is_err(),
            "bit {bit}"
        );
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    for len in 0..good.len() {
        let error = verify_bytes::<F>(&circuit, &good[..len], &lax())
            .expect_err("a truncated proof was accepted");
        assert_eq!(error.kind().exit_code(), 2);
    }
    bytes.push(0);
    let error = verify_bytes::<F>(&circuit, &bytes, &lax())
        .expect_err("a proof with a suffix was accepted");
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    every_bit_and_length::<Bn254>();
    every_bit_and_length::<M31Ext3>();
    every_bit_and_length::<Gf2e128>();
    every_bit_and_length::<GoldilocksExt2>();
}

fn false_sections<F: ChallengeField>() {
    for (name, circuit) in gallery::<F>() {
        if name == "wide" || name == "empty layers" {
            continue;
        }
        for num in [1, 3] {
            let witness = witness(&circuit, num, 3);
            let claimed = num * (circuit.num_outputs() - circuit.num_zero_outputs()) as usize;
            for output in 0..claimed {
                let lies = Lies {
                    output: Some((output, F::ONE)),
                    ..Lies::default()
                };
                let error = refusal(&circuit, &witness, lies);
                assert!(
                    matches!(error, VerifyError::Refused { .. }),
                    "{name}: {error}"
                );
            }
            for place in 0..witness.inputs.len() {
                let mut input = witness.inputs.clone();
                input[place] += F::Base::ONE;
                let lies = Lies::<F> {
                    input: Some(input),
                    ..Lies::default()
                };
                let check = Check::InputX;
                let error = refusal(&circuit, &witness, lies);
                assert_eq!(error, VerifyError::Refused { layer: 0, check }, "{name}");
            }
        }
    }
}

#[test]
fn false_outputs_and_inputs_are_refused() {
    false_sections::<Bn254>();
    false_sections::<M31Ext3>();
    false_sections::<Gf2e128>();
    false_sections::<GoldilocksExt2>();
}

#[test]
fn a_linear_layer_with_a_false_claim_is_refused() {
    let (_, circuit) = gallery::<M31Ext3>().swap_remove(3);
    let lies = Lies {
        output: Some((0, M31Ext3::ONE)),
        ..Lies::default()
    };
    let error = refusal(&circuit, &witness(&circuit, 2, 3), lies);
    let check = Check::Linear;
    assert_eq!(error, VerifyError::Refused { layer: 1, check });
}

#[test]
fn false_public_inputs_are_refused() {
    let plans = [plan(1, 2, 0, 4, false)];
    let circuit = random_circuit::<M31Ext3>(2, frame(1, 1, (2, 0), Coefs::Constant), &plans);
    let witness = witness(&circuit, 3, 3);
    for place in 0..3 {
        let mut public = witness.public.clone();
        public[place] += M31::ONE;
        let lies = Lies::<M31Ext3> {
            public: Some(public.clone()),
            ..Lies::default()
        };
        let check = Check::Product;
        let error = refusal::<M31Ext3>(&circuit, &witness, lies);
        assert_eq!(error, VerifyError::Refused { layer: 0, check });

        let proof = prove::<M31Ext3>(&circuit, &witness, Default::default(), Lies::default());
        let options = VerifyOptions {
            public: Some(&public),
            ..lax()
        };
        let error = verify(&circuit, &proof, &options).unwrap_err();
        assert_eq!(
            error,
            VerifyError::OtherPublic {
                instance: place,
                index: 0
            }
        );
        let options = VerifyOptions {
            public: Some(&public[1..]),
            ..lax()
        };
        let error = verify(&circuit, &proof, &options).unwrap_err();
        // The proof is understood; it is about something else.
        assert!(matches!(error, VerifyError::PublicLength { .. }));
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

/// `in[0]·in[1] − in[2]` into a wire that must be zero, and `in[3]` into another.
fn constraint<F: ChallengeField>(asserted: bool) -> prover_circuit::Circuit<F::Base> {
    let (one, minus) = (CoefRef::constant(0), CoefRef::constant(1));
    let first = LayerGates {
        input_vars: 2,
        output_vars: 1,
        constants: vec![F::Base::ONE, -F::Base::ONE],
        muls: vec![MulGate {
            z: 0,
            x: 0,
            y: 1,
            coef: one,
        }],
        adds: vec![
            AddGate {
                z: 0,
                x: 2,
                coef: minus,
            },
            AddGate {
                z: 1,
                x: 3,
                coef: one,
            },
        ],
        consts: Vec::new(),
        asserts: if asserted { vec![0] } else { Vec::new() },
    };
    if !asserted {
        let frame = Frame {
            num_zero_outputs: 1,
            ..frame(2, 0, (2, 1), Coefs::Constant)
        };
        return build::<F>(frame, vec![first]);
    }
    let second = LayerGates {
        input_vars: 1,
        output_vars: 0,
        constants: vec![F::Base::ONE],
        adds: vec![AddGate {
            z: 0,
            x: 1,
            coef: one,
        }],
        ..LayerGates::default()
    };
    build::<F>(frame(2, 0, (1, 0), Coefs::Constant), vec![first, second])
}

#[test]
fn violated_constraints_are_refused() {
    for asserted in [true, false] {
        let circuit = constraint::<M31Ext3>(asserted);
        let instance = |c: u64| [3, 5, c, 9].map(M31::from_u64);
        for bad in 0..3 {
            let mut inputs: Vec<M31> = (0..3).flat_map(|_| instance(15)).collect();
            let good = Witness {
                num: 3,
                inputs: inputs.clone(),
                public: Vec::new(),
            };
            let proof = prove::<M31Ext3>(&circuit, &good, Default::default(), Lies::default());
            assert!(verify(&circuit, &proof, &VerifyOptions::default()).is_ok());
            inputs[4 * bad..4 * bad + 4].copy_from_slice(&instance(16));
            let witness = Witness { inputs, ..good };
            let check = Check::Product;
            let error = refusal::<M31Ext3>(&circuit, &witness, Lies::default());
            assert_eq!(error, VerifyError::Refused { layer: 0, check });
        }
    }
}

/// Mul gates that cancel leave `v_y` free, so only the claim below can catch a false one.
fn cancelling<F: ChallengeField>(layers: usize) -> prover_circuit::Circuit<F::Base> {
    let c = F::Base::from_u64(7);
    let layer = |muls| LayerGates {
        input_vars: 1,
        output_vars: 1,
        constants: vec![c, -c],
        muls,
        adds: vec![AddGate {
            z: 1,
            x: 0,
            coef: CoefRef::constant(0),
        }],
        ..LayerGates::default()
    };
    let mul = |i| MulGate {
        z: 0,
        x: 0,
        y: 1,
        coef: CoefRef::constant(i),
    };
    let mut all = vec![layer(vec![mul(0), mul(1)])];
    all.extend((1..layers).map(|_| layer(Vec::new())));
    build::<F>(frame(1, 0, (2, 0), Coefs::Constant), all)
}

#[test]
fn a_false_value_at_y_is_refused_by_the_input() {
    for num in [1, 2, 3] {
        let circuit = cancelling::<M31Ext3>(2);
        let lies = Lies {
            eval_y: M31Ext3::ONE,
            ..Lies::default()
        };
        let error = refusal::<M31Ext3>(&circuit, &witness(&circuit, num, 1), lies);
        let check = Check::InputY;
        assert_eq!(error, VerifyError::Refused { layer: 0, check });
    }
}

#[test]
fn a_false_value_between_layers_is_refused_by_the_layer_below() {
    // Challenges move with a message, but not with the last `v_y`: each change must be noticed.
    for (_, circuit) in gallery::<M31Ext3>().into_iter().take(7) {
        let witness = witness(&circuit, 2, 3);
        let good = prove::<M31Ext3>(&circuit, &witness, Default::default(), Lies::default());
        for place in 0..good.messages.len() {
            let mut proof = good.clone();
            proof.messages[place] += M31Ext3::ONE;
            let error = verify(&circuit, &proof, &lax()).unwrap_err();
            assert!(matches!(error, VerifyError::Refused { .. }));
        }
    }
}

#[test]
fn proofs_of_other_circuits_are_refused() {
    let frame = frame(1, 0, (2, 0), Coefs::Constant);
    let plans = [plan(1, 2, 1, 1, false)];
    let [one, two] = [1, 2].map(|seed| random_circuit::<M31Ext3>(seed, frame, &plans));
    let witness = witness(&one, 2, 3);
    let mut proof = prove::<M31Ext3>(&one, &witness, Default::default(), Lies::default());
    let error = verify(&two, &proof, &lax()).unwrap_err();
    assert!(matches!(error, VerifyError::OtherCircuit { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    proof.header.digest = two.digest();
    let error = verify(&two, &proof, &lax()).unwrap_err();
    assert!(matches!(error, VerifyError::Refused { .. }), "{error}");
    proof.header.digest = one.digest();
    proof.header.field = FieldId::Goldilocks;
    let error = verify(&one, &proof, &lax()).unwrap_err();
    let field = FieldId::Goldilocks;
    assert_eq!(error, VerifyError::OtherCircuit { field });
    proof.header.field = FieldId::M31;
    let other = random_circuit::<GoldilocksExt2>(1, frame, &plans);
    let error = verify_bytes::<GoldilocksExt2>(&other, &proof.encode(), &lax()).unwrap_err();
    assert!(matches!(error, VerifyError::OtherCircuit { .. }), "{error}");
}

#[test]
fn proofs_with_too_few_bits_are_refused() {
    let (_, circuit) = gallery::<M31Ext3>().swap_remove(1);
    let proof = prove::<M31Ext3>(
        &circuit,
        &witness(&circuit, 1, 3),
        Default::default(),
        Lies::default(),
    );
    let bits = verify(&circuit, &proof, &VerifyOptions::default())
        .unwrap()
        .bits;
    assert!(bits > 75.0);
    for min_bits in [bits + 0.01, f64::INFINITY, f64::NAN] {
        let options = VerifyOptions {
            min_bits,
            ..VerifyOptions::default()
        };
        let error = verify(&circuit, &proof, &options).unwrap_err();
        assert!(matches!(error, VerifyError::TooFewBits { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    let options = VerifyOptions {
        min_bits: bits,
        ..VerifyOptions::default()
    };
    assert!(verify(&circuit, &proof, &options).is_ok());
}

#[test]
fn proofs_in_memory_of_other_lengths_are_malformed() {
    let (_, circuit) = gallery::<M31Ext3>().swap_remove(0);
    let witness = witness(&circuit, 2, 3);
    let good = prove::<M31Ext3>(&circuit, &witness, Default::default(), Lies::default());
    let changes: [fn(&mut Proof<M31Ext3>); 8] = [
        |p| p.messages.push(M31Ext3::ZERO),
        |p| p.messages.clear(),
        |p| p.input.truncate(4),
        |p| p.public.clear(),
        |p| p.outputs = Outputs::Challenge(Vec::new()),
        |p| p.outputs = Outputs::Base(vec![M31::ZERO; 2]),
        |p| p.header.num_instances = 3,
        |p| p.header.num_instances = 0,
    ];
    for change in changes {
        let mut proof = good.clone();
        change(&mut proof);
        let error = verify(&circuit, &proof, &lax()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }
}

/// The protocol's transcript, but `α` is always zero.
struct NothingCombined(Sha256Transcript);

impl Transcript for NothingCombined {
    fn absorb_stream(
        &mut self,
        label: &'static str,
        len: u64,
        write: &mut dyn FnMut(&mut Sink<'_>),
    ) {
        self.0.absorb_stream(label, len, write);
    }

    fn draw(&mut self, label: &'static str, out: &mut [u8]) {
        self.0.draw(label, out);
        if label == "combine" {
            out.fill(0);
        }
    }
}

/// The verifier multiplies a layer's product equation by the next layer's `α`, but never by zero.
#[test]
fn an_alpha_of_zero_makes_no_equation_void() {
    let plans = [(); 4].map(|()| plan(2, 4, 0, 0, false));
    let frame = frame(2, 0, (4, 0), Coefs::Constant);
    let circuit = random_circuit::<M31Ext3>(21, frame, &plans);
    let witness = witness(&circuit, 1, 5);
    let proof = prove::<M31Ext3>(
        &circuit,
        &witness,
        ProtocolConfig::default(),
        Lies::default(),
    );
    assert!(verify(&circuit, &proof, &lax()).is_ok());
    let mut transcript = NothingCombined(Sha256Transcript::new());
    // The first layer with two claims has other challenges than the proof.
    assert_eq!(
        verify_with(&circuit, &proof, &lax(), &mut transcript),
        Err(VerifyError::Refused {
            layer: 2,
            check: Check::Product
        })
    );
}
