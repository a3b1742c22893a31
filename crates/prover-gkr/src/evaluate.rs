//! The forward pass: all wires of all instances, and whether they satisfy the circuit.

use prover_circuit::Instances;
use prover_core::{
    BackendError, ChallengeField, DeviceLayer, Field, LayerBackend, LayerCoefs, LayerWiring,
    Pending, RandomCoefs, host,
};
use prover_proof::{ProofShape, RandomCoefField};
use prover_sumcheck::{Driver, Phase};
use prover_transcript::Sha256Transcript;

use crate::compile::CompiledCircuit;
use crate::error::{ProveError, Violation, Violations};
use crate::prove::ProverConfig;

/// Everything the forward pass leaves on the device and on the host.
pub(crate) struct Evaluation<F: ChallengeField, B: LayerBackend<F>> {
    /// `V_i`, the input table of layer `i`; taken out when the layer is proven.
    pub(crate) wires: Vec<Option<B::Mle>>,
    /// Coefficients of each layer.
    pub(crate) coefs: Vec<B::Coefs>,
    /// The circuit's outputs, instance after instance, `num_outputs` each.
    pub(crate) outputs: Vec<F>,
    /// Wires that had to be zero and are not.
    pub(crate) violations: Violations,
}

/// The input table `V_0(x, s)`: instance innermost, the last one repeated up to a power of two.
pub(crate) fn input_table<B: Field>(
    instances: &Instances<B>,
    num_inputs: usize,
) -> Result<Vec<B>, BackendError> {
    interleave(
        instances.inputs(),
        instances.num_instances(),
        num_inputs,
        num_inputs,
    )
}

/// `table[i 2^(n_s) + s] = values[min(s, N - 1)][i]`, `rows` rows, zero where there is no value.
fn interleave<B: Field>(
    values: &[B],
    instances: usize,
    each: usize,
    rows: usize,
) -> Result<Vec<B>, BackendError> {
    let padded = instances.next_power_of_two();
    let mut table = host::filled(B::ZERO, rows.saturating_mul(padded))?;
    for s in 0..padded {
        let from = s.min(instances - 1) * each;
        for (i, &value) in values[from..from + each].iter().enumerate() {
            table[i * padded + s] = value;
        }
    }
    Ok(table)
}

/// Evaluates all layers.
pub(crate) fn evaluate<F: ChallengeField, B: LayerBackend<F>, H>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    compiled: &CompiledCircuit<F, B>,
    instances: &Instances<F::Base>,
    random: &RandomCoefs<F>,
    input: B::Mle,
) -> Result<Evaluation<F, B>, ProveError> {
    let circuit = compiled.circuit();
    let backend = driver.backend;
    let name = backend.info().name;
    let publics = upload_publics(driver, queue, circuit.num_public() as usize, instances)?;
    let mut wires = Vec::with_capacity(compiled.layers().len());
    let mut coefs = Vec::with_capacity(compiled.layers().len());
    let mut violations = Violations::default();
    let mut below = input;
    for (index, layer) in compiled.layers().iter().enumerate() {
        let first = circuit.random_offset(index) as usize;
        let part = random.part(first..first + layer.host.num_random);
        let layer_coefs = backend.upload_coefs(queue, LayerCoefs::new(&layer.host, &part))?;
        let device = DeviceLayer {
            wiring: &layer.device,
            coefs: &layer_coefs,
        };
        let above = driver.metrics.time(name, index, Phase::Evaluate, || {
            backend.evaluate_layer(queue, device, &below, publics.as_ref())
        })?;
        coefs.push(layer_coefs);
        wires.push(Some(below));
        let asserts = &layer.host.asserts;
        if !asserts.is_empty() {
            let values = download(driver, queue, &above, &layer.host, instances)?;
            let asserts = asserts.iter().copied();
            collect_violations(&values, instances, asserts, index, false, &mut violations)?;
        }
        below = above;
    }
    let last = compiled.layers().len() - 1;
    let table = download(
        driver,
        queue,
        &below,
        &compiled.layers()[last].host,
        instances,
    )?;
    let zeros = 0..circuit.num_zero_outputs();
    collect_violations(&table, instances, zeros, last, true, &mut violations)?;
    violations
        .0
        .sort_unstable_by_key(|v| (v.instance, v.layer, v.wire, v.is_output));
    let outputs = outputs_of(&table, instances.num_instances(), circuit.num_outputs())?;
    Ok(Evaluation {
        wires,
        coefs,
        outputs,
        violations,
    })
}

/// The circuit's outputs out of the table of the last layer, instance after instance.
fn outputs_of<F: ChallengeField>(
    table: &[F],
    instances: usize,
    num_outputs: u32,
) -> Result<Vec<F>, BackendError> {
    let (padded, each) = (instances.next_power_of_two(), num_outputs as usize);
    let mut outputs = host::with_capacity(instances.saturating_mul(each))?;
    for s in 0..instances {
        outputs.extend((0..each).map(|z| table[z * padded + s]));
    }
    Ok(outputs)
}

/// The public inputs' table, if there are any.
fn upload_publics<F: ChallengeField, B: LayerBackend<F>, H>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    num_public: usize,
    instances: &Instances<F::Base>,
) -> Result<Option<B::Mle>, ProveError> {
    if num_public == 0 {
        return Ok(None);
    }
    let (num, rows) = (instances.num_instances(), num_public.next_power_of_two());
    let table = interleave(instances.public(), num, num_public, rows)?;
    Ok(Some(driver.backend.upload_base(queue, &table)?))
}

/// A layer's outputs on the host.
fn download<F: ChallengeField, B: LayerBackend<F>, H>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    outputs: &B::Mle,
    layer: &LayerWiring<F::Base>,
    instances: &Instances<F::Base>,
) -> Result<Vec<F>, ProveError> {
    let backend = driver.backend;
    let values = backend
        .download(queue, core::slice::from_ref(outputs))?
        .wait()?;
    let padded = instances.num_instances().next_power_of_two();
    match values.len() == padded << layer.output_vars {
        true => Ok(values),
        false => Err(ProveError::Wrong {
            backend: backend.info().name,
            what: "another number of outputs than the layer has",
        }),
    }
}

fn collect_violations<F: ChallengeField>(
    table: &[F],
    instances: &Instances<F::Base>,
    wires: impl Iterator<Item = u32>,
    layer: usize,
    is_output: bool,
    violations: &mut Violations,
) -> Result<(), BackendError> {
    let padded = instances.num_instances().next_power_of_two();
    for wire in wires {
        let row = &table[wire as usize * padded..][..instances.num_instances()];
        for (instance, value) in row.iter().enumerate() {
            if !value.is_zero() {
                let found = violations.0.len() + 1;
                if violations.0.try_reserve(1).is_err() {
                    return Err(host::out_of_memory::<Violation>(found));
                }
                violations.0.push(Violation {
                    instance,
                    layer,
                    wire,
                    is_output,
                });
            }
        }
    }
    Ok(())
}

/// Evaluates the circuit with the coefficients that [`crate::prove`] would draw and names the wires
/// that had to be zero and are not.
///
/// # Errors
/// If the device fails or a number is out of range.
pub fn check<F: ChallengeField, B: LayerBackend<F>, H>(
    driver: Driver<'_, B, H>,
    compiled: &CompiledCircuit<F, B>,
    instances: &Instances<F::Base>,
    config: &ProverConfig,
) -> Result<Violations, ProveError> {
    let shape = ProofShape::new(
        compiled.shape().clone(),
        instances.num_instances(),
        config.protocol(),
    )?;
    crate::prove::admit(driver.backend, compiled, &shape, config)?;
    let mut queue = driver.backend.open_queue()?;
    let random: RandomCoefs<F> = prover_proof::open(
        &mut Sha256Transcript::new(),
        &shape,
        instances.public(),
        instances.inputs(),
    );
    debug_assert_eq!(
        matches!(random, RandomCoefs::Base(_)),
        config.random_coefs == RandomCoefField::Base
    );
    let table = input_table(instances, compiled.circuit().num_inputs())?;
    let input = driver.backend.upload_base(&mut queue, &table)?;
    Ok(evaluate(driver, &mut queue, compiled, instances, &random, input)?.violations)
}
