//! Test vectors of the protocol: small circuits in every field, with every challenge.

use std::path::Path;
use std::sync::Arc;

use backend_reference::ReferenceBackend;
use prover_circuit::builder::CircuitBuilder;
use prover_circuit::{Circuit, CircuitParts, Instances, format, witness};
use prover_core::{
    AddGate, ChallengeField, CoefRef, ConstGate, Field, FieldId, LayerGates, MulGate,
};
use prover_fields::with_field;
use prover_gkr::{CompiledCircuit, ProverConfig, prove_with};
use prover_proof::{ProofShape, RandomCoefField, soundness_bits};
use prover_sumcheck::{Driver, Metrics};
use prover_transcript::{Draw, Recorder, Sha256Transcript};
use serde_json::{Value, json};

use crate::Failure;

/// Writes `docs/vectors/*.json`, or compares them with what is there.
pub(crate) fn run(root: &Path, check: bool) -> Result<String, Failure> {
    let folder = root.join("docs/vectors");
    std::fs::create_dir_all(&folder)?;
    let mut count = 0;
    for id in FieldId::ALL {
        for (name, value) in with_field!(id, |F| of_field::<F>())? {
            let path = folder.join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&value)? + "\n";
            if !check {
                std::fs::write(&path, text)?;
            } else if std::fs::read_to_string(&path)? != text {
                return Err(
                    format!("docs/vectors/{name}.json is not what the prover makes").into(),
                );
            }
            count += 1;
        }
    }
    Ok(format!(
        "vectors: {count} {}",
        if check {
            "as they should be"
        } else {
            "written"
        }
    ))
}

fn of_field<F: ChallengeField>() -> Result<Vec<(String, Value)>, Failure> {
    let mut vectors = Vec::new();
    for random_coefs in [RandomCoefField::Challenge, RandomCoefField::Base] {
        let (circuit, instances) = mixed::<F::Base>(F::ID)?;
        let suffix = if random_coefs == RandomCoefField::Base {
            "-base"
        } else {
            ""
        };
        let name = format!("{}-mixed{suffix}", F::ID);
        vectors.push((name, vector::<F>(circuit, &instances, random_coefs)?));
    }
    let cases = [
        ("edges", edges::<F::Base>(F::ID)?),
        ("single", single::<F::Base>(F::ID)?),
    ];
    for (what, (circuit, instances)) in cases {
        let name = format!("{}-{what}", F::ID);
        let random_coefs = RandomCoefField::Challenge;
        vectors.push((name, vector::<F>(circuit, &instances, random_coefs)?));
    }
    Ok(vectors)
}

/// Three instances; every kind of gate, coefficient, output and assertion.
fn mixed<B: Field>(field: FieldId) -> Result<(Circuit<B>, Instances<B>), Failure> {
    let mut builder = CircuitBuilder::<B>::new(field);
    let [a, b, c, d, ab, cd] = [(); 6].map(|()| builder.input());
    let [p, q] = [(); 2].map(|()| builder.public());
    let u = builder.mul(a, b);
    let v = builder.mul(c, d);
    let u_off = builder.sub(u, ab);
    let v_off = builder.sub(v, cd);
    builder.assert_zero(u_off);
    let zero = builder.random_linear_combination(&[u_off, v_off]);
    builder.output(zero);
    let with_public = builder.add(u, p);
    let product = builder.mul(with_public, v);
    let shifted = builder.add_constant(product, B::from_u64(5));
    let square = builder.square(shifted);
    builder.output(square);
    let with_q = builder.mul(q, c);
    let combined = builder.random_linear_combination(&[a, with_q, square]);
    builder.output(combined);
    let built = builder.build()?;
    let mut parts = built.circuit.into_parts();
    parts.num_zero_outputs = 1;
    let circuit = Circuit::new(parts)?;
    let value = |i: u64| B::from_u64(i * i * 7 + 3 * i + 1);
    let (mut inputs, mut public) = (Vec::new(), Vec::new());
    for instance in 0..3 {
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| value(instance * 6 + i));
        inputs.extend(built.layout.pad(&[a, b, c, d, a * b, c * d]));
        public.extend([4, 5].map(|i| value(instance * 6 + i)));
    }
    let instances = Instances::new(&circuit, 3, inputs, public)?;
    Ok((circuit, instances))
}

/// Two instances; layers of one wire, of constants only, without mul gates, with repeated gates.
fn edges<B: Field>(field: FieldId) -> Result<(Circuit<B>, Instances<B>), Failure> {
    let one = CoefRef::constant(0);
    let constants = vec![B::ONE];
    let layers = vec![
        LayerGates {
            input_vars: 0,
            output_vars: 1,
            constants: constants.clone(),
            muls: vec![MulGate {
                z: 1,
                x: 0,
                y: 0,
                coef: one,
            }],
            adds: vec![
                AddGate {
                    z: 0,
                    x: 0,
                    coef: one
                };
                2
            ],
            ..LayerGates::default()
        },
        LayerGates {
            input_vars: 1,
            output_vars: 0,
            constants: constants.clone(),
            adds: vec![
                AddGate {
                    z: 0,
                    x: 0,
                    coef: one,
                },
                AddGate {
                    z: 0,
                    x: 1,
                    coef: CoefRef::RANDOM,
                },
            ],
            consts: vec![
                ConstGate {
                    z: 0,
                    coef: CoefRef::public(0),
                },
                ConstGate {
                    z: 0,
                    coef: CoefRef::RANDOM,
                },
            ],
            ..LayerGates::default()
        },
        LayerGates {
            input_vars: 0,
            output_vars: 2,
            constants,
            consts: vec![
                ConstGate { z: 2, coef: one },
                ConstGate {
                    z: 3,
                    coef: CoefRef::RANDOM,
                },
            ],
            asserts: vec![0, 1],
            ..LayerGates::default()
        },
    ];
    let parts = CircuitParts {
        field,
        input_vars: 0,
        num_public: 1,
        num_outputs: 4,
        num_zero_outputs: 2,
        layers,
    };
    let circuit = Circuit::new(parts)?;
    let values = |from: u64| vec![B::from_u64(from), B::from_u64(from + 1)];
    let instances = Instances::new(&circuit, 2, values(8), values(4))?;
    Ok((circuit, instances))
}

/// One instance of `a b + c`, the sum squared: no random coefficient, one claimed output.
fn single<B: Field>(field: FieldId) -> Result<(Circuit<B>, Instances<B>), Failure> {
    let mut builder = CircuitBuilder::<B>::new(field);
    let [a, b, c] = [(); 3].map(|()| builder.input());
    let product = builder.mul(a, b);
    let sum = builder.add(product, c);
    let square = builder.square(sum);
    builder.output(square);
    let built = builder.build()?;
    let inputs = built.layout.pad(&[3, 5, 1 << 20].map(B::from_u64));
    let instances = Instances::new(&built.circuit, 1, inputs, Vec::new())?;
    Ok((built.circuit, instances))
}

fn vector<F: ChallengeField>(
    circuit: Circuit<F::Base>,
    instances: &Instances<F::Base>,
    random_coefs: RandomCoefField,
) -> Result<Value, Failure> {
    let backend = ReferenceBackend::new();
    let metrics = Metrics::default();
    let driver = Driver::<_> {
        backend: &backend,
        hand_off: None,
        window: 1,
        metrics: &metrics,
    };
    let config = ProverConfig {
        random_coefs,
        max_memory_bytes: None,
    };
    let circuit = Arc::new(circuit);
    let compiled = CompiledCircuit::<F, _>::new(&backend, circuit.clone(), None)?;
    let mut transcript = Recorder::new(Sha256Transcript::new());
    let proof = prove_with(driver, &compiled, instances, &config, &mut transcript)?;
    let shape = ProofShape::new(
        compiled.shape().clone(),
        instances.num_instances(),
        config.protocol(),
    )?;
    let bytes = proof.encode();
    let challenges: Vec<Value> = transcript
        .draws()
        .iter()
        .map(|draw| challenge::<F>(draw, random_coefs))
        .collect();
    Ok(json!({
        "field": F::ID.name(),
        "random_coefs": if random_coefs == RandomCoefField::Base { "base" } else { "challenge" },
        "instances": instances.num_instances(),
        "soundness_bits": soundness_bits::<F>(&shape),
        "digest": hex(&circuit.digest()),
        "circuit": hex(&format::encode(&circuit)),
        "witness": hex(&witness::encode(F::ID, instances)),
        "proof": hex(&bytes),
        "challenges": challenges,
    }))
}

fn challenge<F: ChallengeField>(draw: &Draw, random_coefs: RandomCoefField) -> Value {
    let base = draw.label == "coefficients" && random_coefs == RandomCoefField::Base;
    let elements = match base {
        true => encodings(&draw.elements::<F::Base>()),
        false => encodings(&draw.elements::<F>()),
    };
    json!({ "label": draw.label, "elements": elements })
}

fn encodings<F: Field>(elements: &[F]) -> Vec<String> {
    let encode = |element: &F| {
        let mut bytes = Vec::with_capacity(F::ENCODED_BYTES);
        element.encode(&mut bytes);
        hex(&bytes)
    };
    elements.iter().map(encode).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
