//! Rounds over phase one's table and the table below: a backend may keep the former as its gates for
//! some rounds, and must not show it.

use prover_core::{
    ChallengeField, ComputeBackend, DeviceMle, LayerBackend, Pending, RoundJob, Summand,
};

use crate::failure::Failure;
use crate::fixture::Rng;
use crate::layer_fixture::{LayerCase, LayerShape};
use crate::subject::{Session, Subject};

/// Variables to bind and the window to sum, call by call.
type Plan = &'static [(usize, usize)];

/// Plans of the prover and of nobody: one variable after another, several at once, sums twice, wider
/// windows, folds before the first sums.
const PLANS: [Plan; 7] = [
    &[(0, 1), (1, 1), (1, 1), (1, 1)],
    &[(0, 1), (2, 1), (1, 1)],
    &[(0, 1), (1, 1), (2, 1)],
    &[(0, 1), (0, 1), (1, 1), (0, 1), (1, 1)],
    &[(0, 2), (1, 1), (1, 1)],
    &[(0, 1), (1, 2)],
    &[(1, 1), (1, 1)],
];

/// Rounds by every plan, with and without eq factor, against the oracle after every call.
pub fn rounds_over_phase_one_agree<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Result<(), Failure> {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(47);
    let sizes = [(2, 4), (5, 4), (6, 4), (6, 3), (6, 5), (7, 6)];
    let gates = [(60, 70), (40, 0), (0, 60), (0, 0)];
    let small = sizes
        .into_iter()
        .flat_map(|vars| gates.map(|gates| (vars, gates)));
    // Longer than sums of products go without being reduced in any field.
    let long = ((11, 4), (2040, 300));
    let fits = |&(vars, _): &((u32, usize), _)| vars.0 as usize + vars.1 <= subject.max_vars();
    let cases = small.chain([long]).filter(fits);
    for (index, ((input_vars, instance_vars), (muls, adds))) in cases.enumerate() {
        let shape = LayerShape {
            input_vars,
            output_vars: 4,
            muls,
            adds,
            consts: 3,
            publics: 1,
            constants: index % 3,
            challenge: index % 2 == 1,
            instance_vars,
        };
        let case = LayerCase::draw(shape, &mut rng);
        every_plan(&mut session, &case, &mut rng).map_err(|f| f.at(format_args!("{shape:?}")))?;
    }
    Ok(())
}

fn every_plan<F: ChallengeField, B: LayerBackend<F>>(
    session: &mut Session<'_, F, B>,
    case: &LayerCase<F>,
    rng: &mut Rng,
) -> Result<(), Failure> {
    let device = case.upload(session)?;
    let (backend, queue) = (session.backend, &mut session.queue);
    let weights = backend.layer_weights(queue, &device.wiring, &case.claims(), None)?;
    let at = &case.publics_at;
    let one = backend.phase_one(queue, device.layer(), &weights, &device.below, at)?;
    let longer = rng.point(case.point_s.len() + 1);
    let others = rng.point(case.point_s.len());
    let instances: &[F] = &case.point_s;
    let factors = [
        [instances, instances],
        [&[], &[]],
        [&longer, &longer],
        [instances, &others],
        [&[], instances],
    ];
    for (index, plan) in PLANS.into_iter().enumerate() {
        for points in [factors[0], factors[1 + index % 2], factors[3 + index % 2]] {
            let mut mles = [device.below.clone(), one.table.clone()];
            if index % 2 == 1 {
                mles.reverse();
            }
            let vars = points.map(<[F]>::len);
            rounds(session, &mut mles, plan, points, rng)
                .map_err(|f| f.at(format_args!("plan {plan:?}, {vars:?} eq variables")))?;
        }
    }
    clones_part(session, [device.below, one.table], instances, rng)
        .map_err(|f| f.at(format_args!("clones that part")))
}

/// Clones that go on with different challenges after round 0; then the one's wires with the other's gates.
fn clones_part<F: ChallengeField, B: ComputeBackend<F>>(
    session: &mut Session<'_, F, B>,
    mut mles: [B::Mle; 2],
    eq_point: &[F],
    rng: &mut Rng,
) -> Result<(), Failure> {
    if mles[0].num_vars() < eq_point.len() + 4 {
        return Ok(());
    }
    let (backend, queue) = (session.backend, &mut session.queue);
    let eq = backend.prepare_eq(queue, eq_point)?;
    let product = Summand::product();
    let mut round = |mles: &mut [B::Mle; 2], fold: &[F]| -> Result<(), Failure> {
        let mut job = RoundJob {
            summand: &product,
            mles,
            eq: Some(&eq),
            fold,
            window: 1,
        };
        backend.fold_and_sums(queue, &mut job)?.wait()?;
        Ok(())
    };
    round(&mut mles, &[])?;
    let mut others = mles.clone();
    round(&mut mles, &rng.point(1))?;
    round(&mut others, &rng.point(1))?;
    let ([below, _], [_, gates]) = (mles.clone(), others.clone());
    for mles in [&mut [below, gates], &mut mles, &mut others] {
        round(mles, &rng.point(1))?;
    }
    Ok(())
}

/// Runs a plan, the first call with the first eq factor, the others with the second; then binds, folds and
/// brings down what is left.
fn rounds<F: ChallengeField, B: ComputeBackend<F>>(
    session: &mut Session<'_, F, B>,
    mles: &mut [B::Mle; 2],
    plan: Plan,
    eq_points: [&[F]; 2],
    rng: &mut Rng,
) -> Result<(), Failure> {
    let (backend, queue) = (session.backend, &mut session.queue);
    let mut factors = Vec::new();
    for point in eq_points {
        factors.push(match point.is_empty() {
            true => None,
            false => Some(backend.prepare_eq(queue, point)?),
        });
    }
    let product = Summand::product();
    for (call, &(folds, window)) in plan.iter().enumerate() {
        let (eq, eq_vars) = (factors[call.min(1)].as_ref(), eq_points[call.min(1)].len());
        let Some(left) = mles[0].num_vars().checked_sub(folds) else {
            break;
        };
        let window = window.min(backend.max_window(&product, left, folds));
        if left < eq_vars + window {
            break;
        }
        let mut job = RoundJob {
            summand: &product,
            mles,
            eq,
            fold: &rng.point(folds),
            window,
        };
        backend.fold_and_sums(queue, &mut job)?.wait()?;
        backend
            .round_sums(queue, &product, mles, eq, window)?
            .wait()?;
        backend.bind_innermost(queue, &mles[1], &rng.point(1))?;
        backend.download(queue, mles)?.wait()?;
    }
    backend.fold(queue, mles, &rng.point(1))?;
    Ok(())
}
