//! The operations on layers: against the oracle, against the gates, and against each other.

use prover_core::{ChallengeField, DeviceMle, LayerBackend, Pending, PhaseOne, PhaseTwo};

use crate::definition::{Coef, Gate, eq, extension, outputs};
use crate::failure::{Failure, ensure, same};
use crate::fixture::{HostTable, Rng};
use crate::layer_fixture::{LayerCase, LayerShape};
use crate::subject::{Session, Subject};

type Law = Result<(), Failure>;

/// All operations on small layers of every shape, against the oracle.
pub fn layer_operations_agree<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(41);
    for shape in LayerShape::small() {
        let case = LayerCase::draw(shape, &mut rng);
        every_operation(&mut session, &case).map_err(|f| f.at(format_args!("{shape:?}")))?;
    }
    Ok(())
}

/// Layers whose coefficients need slots of two and of four bytes, against the oracle.
pub fn many_coefficients_agree<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(42);
    for (constants, gates) in [(256, 300), (257, 300), (3, 1200), (65_600, 8000)] {
        let case = LayerCase::draw(LayerShape::with_slots(constants, gates), &mut rng);
        every_operation(&mut session, &case)
            .map_err(|f| f.at(format_args!("{constants} constants, {gates} gates")))?;
    }
    Ok(())
}

/// Runs all operations once; the results are compared by whoever is the backend.
fn every_operation<F: ChallengeField, B: LayerBackend<F>>(
    session: &mut Session<'_, F, B>,
    case: &LayerCase<F>,
) -> Law {
    let device = case.upload(session)?;
    device.evaluate(session, true)?;
    if case.wiring.publics.is_empty() {
        device.evaluate(session, false)?;
    }
    let backend = session.backend;
    let queue = &mut session.queue;
    let (claims, asserts) = (case.claims(), case.asserts());
    backend.layer_weights(queue, &device.wiring, &claims[..1], None)?;
    backend.layer_weights(queue, &device.wiring, &claims[..1], asserts)?;
    let weights = backend.layer_weights(queue, &device.wiring, &claims, asserts)?;
    let PhaseOne { constant_term, .. } = backend.phase_one(
        queue,
        device.layer(),
        &weights,
        &device.below,
        &case.publics_at,
    )?;
    constant_term.wait()?;
    let eq_x = backend.eq_mle(queue, &[(F::ONE, &case.point_x)])?;
    let PhaseTwo { add_term, .. } = backend.phase_two(queue, device.layer(), &weights, &eq_x)?;
    add_term.wait()?;
    Ok(())
}

/// `evaluate_layer` by the gates one by one, and in the base field exactly if all it reads is.
pub fn outputs_follow_the_gates<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(43);
    for shape in LayerShape::small() {
        let case = LayerCase::<F>::draw(shape, &mut rng);
        let device = case.upload(&mut session)?;
        let mle = device.evaluate(&mut session, true)?;
        let base = matches!(case.below, HostTable::Base(_))
            && matches!(case.coefs(), prover_core::LayerCoefs::Base(_));
        ensure(
            mle.is_base() == base,
            format_args!("{shape:?}: outputs in the base field: {}", mle.is_base()),
        )?;
        let want = outputs(
            &case.gates(),
            shape.output_vars,
            shape.instance_vars,
            &case.below.lifted(),
            &case.publics.lifted(),
        );
        same(&session.read(&mle)?, &want, format_args!("{shape:?}"))?;
    }
    Ok(())
}

/// The weights by their sum: claims at every output, the assertion's factor at asserted ones.
pub fn weights_follow_their_definition<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(44);
    for shape in LayerShape::small() {
        let case = LayerCase::<F>::draw(shape, &mut rng);
        let device = case.upload(&mut session)?;
        let weights = session.backend.layer_weights(
            &mut session.queue,
            &device.wiring,
            &case.claims(),
            case.asserts(),
        )?;
        let place = format_args!("{shape:?}");
        same(&session.read(&weights)?, &weights_of(&case), place)?;
    }
    Ok(())
}

fn weights_of<F: ChallengeField>(case: &LayerCase<F>) -> Vec<F> {
    let mut weights = vec![F::ZERO; 1 << case.shape.output_vars];
    for (z, weight) in weights.iter_mut().enumerate() {
        for (scale, point) in &case.claims {
            *weight += *scale * eq(point, z);
        }
        if case.layer.asserts.contains(&(z as u32)) {
            *weight += case.asserts.0 * eq(&case.asserts.1, z);
        }
    }
    weights
}

/// Both phases' tables and terms by the definition: for each `x`, `y` and `z` the gates there.
pub fn phases_follow_their_definition<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(45);
    for shape in LayerShape::small() {
        let case = LayerCase::<F>::draw(shape, &mut rng);
        let results = phases(&mut session, &case)?;
        let dense = Dense::new(&case);
        let place = format_args!("{shape:?}");
        same(&results.table_one, &dense.phase_one(&case), place)?;
        same(&[results.constant], &[dense.constant], place)?;
        let (table, add) = dense.phase_two(&case);
        let want = (case.shape.muls > 0).then_some(table);
        ensure(
            results.table_two.is_some() == want.is_some(),
            format_args!("{shape:?}: phase two has a table exactly if there are mul gates"),
        )?;
        if let (Some(got), Some(want)) = (&results.table_two, &want) {
            same(got, want, place)?;
        }
        same(&[results.add], &[add], place)?;
    }
    Ok(())
}

/// What both phases give, on the host.
struct Phases<F> {
    table_one: Vec<F>,
    constant: F,
    table_two: Option<Vec<F>>,
    add: F,
}

fn phases<F: ChallengeField, B: LayerBackend<F>>(
    session: &mut Session<'_, F, B>,
    case: &LayerCase<F>,
) -> Result<Phases<F>, Failure> {
    let device = case.upload(session)?;
    let backend = session.backend;
    let weights = backend.layer_weights(
        &mut session.queue,
        &device.wiring,
        &case.claims(),
        case.asserts(),
    )?;
    let one = backend.phase_one(
        &mut session.queue,
        device.layer(),
        &weights,
        &device.below,
        &case.publics_at,
    )?;
    let eq_x = backend.eq_mle(&mut session.queue, &[(F::ONE, &case.point_x)])?;
    let two = backend.phase_two(&mut session.queue, device.layer(), &weights, &eq_x)?;
    let table_two = two.table.as_ref().map(|table| session.read(table));
    Ok(Phases {
        table_one: session.read(&one.table)?,
        constant: single(&one.constant_term.wait()?)?,
        table_two: table_two.transpose()?,
        add: single(&two.add_term.wait()?)?,
    })
}

fn single<F: ChallengeField>(values: &[F]) -> Result<F, Failure> {
    match values {
        [value] => Ok(*value),
        _ => Err(Failure::new(format!("{} values, not one", values.len()))),
    }
}

/// A layer's gates as dense tables, weighted: slow and plain.
struct Dense<F> {
    inputs: usize,
    /// `sum_z c W[z]` by `x` and `y`.
    mul: Vec<F>,
    /// `sum_z c W[z]` by `x`.
    add: Vec<F>,
    constant: F,
}

impl<F: ChallengeField> Dense<F> {
    fn new(case: &LayerCase<F>) -> Self {
        let inputs = 1usize << case.shape.input_vars;
        let weights = weights_of(case);
        let gates = case.gates();
        let at = |wires: &[usize]| {
            let mut sum = F::ZERO;
            for (z, &weight) in weights.iter().enumerate() {
                let here = |gate: &&Gate<F>| gate.z == z && gate.inputs == wires;
                for gate in gates.iter().filter(here) {
                    sum += weight
                        * match gate.coef {
                            Coef::Value(value) => value,
                            Coef::Public(i) => case.publics_at[i],
                        };
                }
            }
            sum
        };
        let pairs = (0..inputs * inputs).map(|i| at(&[i / inputs, i % inputs]));
        Self {
            inputs,
            mul: pairs.collect(),
            add: (0..inputs).map(|x| at(&[x])).collect(),
            constant: at(&[]),
        }
    }

    fn phase_one(&self, case: &LayerCase<F>) -> Vec<F> {
        let instances = 1usize << case.shape.instance_vars;
        let below = case.below.lifted();
        let value = |index: usize| {
            let (x, s) = (index / instances, index % instances);
            (0..self.inputs).fold(self.add[x], |sum, y| {
                sum + self.mul[x * self.inputs + y] * below[y * instances + s]
            })
        };
        (0..below.len()).map(value).collect()
    }

    fn phase_two(&self, case: &LayerCase<F>) -> (Vec<F>, F) {
        let at_x = |term: &dyn Fn(usize) -> F| {
            (0..self.inputs).fold(F::ZERO, |sum, x| sum + eq(&case.point_x, x) * term(x))
        };
        let table = (0..self.inputs).map(|y| at_x(&|x| self.mul[x * self.inputs + y]));
        (table.collect(), at_x(&|x| self.add[x]))
    }
}

/// What GKR needs: the weighted outputs are `sum eq V H` plus the constant term, and `H` at `r_x` is
/// `sum M V` plus the add term, for every instance.
pub fn phases_carry_the_claim<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(46);
    for shape in LayerShape::small() {
        let mut case = LayerCase::<F>::draw(shape, &mut rng);
        let instances = 1usize << shape.instance_vars;
        let publics = case.publics.lifted();
        case.publics_at = publics
            .chunks(instances)
            .map(|values| extension(values, &case.point_s))
            .collect();
        let device = case.upload(&mut session)?;
        let out = device.evaluate(&mut session, true)?;
        let out = session.read(&out)?;
        let results = phases(&mut session, &case)?;
        let below = case.below.lifted();
        let weights = weights_of(&case);
        let at_instances = |value: &dyn Fn(usize) -> F| {
            (0..instances).fold(F::ZERO, |sum, s| sum + eq(&case.point_s, s) * value(s))
        };
        let claim = at_instances(&|s| {
            (0..weights.len()).fold(F::ZERO, |sum, z| sum + weights[z] * out[z * instances + s])
        });
        let carried = at_instances(&|s| {
            (s..below.len())
                .step_by(instances)
                .fold(F::ZERO, |sum, i| sum + below[i] * results.table_one[i])
        });
        let place = format_args!("{shape:?}: phase one");
        same(&[carried + results.constant], &[claim], place)?;
        for s in 0..instances {
            let column = |table: &[F]| -> Vec<F> {
                table.iter().skip(s).step_by(instances).copied().collect()
            };
            let want = extension(&column(&results.table_one), &case.point_x);
            let table = results.table_two.as_deref().unwrap_or(&[]);
            let got = table
                .iter()
                .zip(column(&below))
                .fold(results.add, |sum, (&m, v)| sum + m * v);
            same(&[got], &[want], format_args!("{shape:?}: phase two"))?;
        }
    }
    Ok(())
}
