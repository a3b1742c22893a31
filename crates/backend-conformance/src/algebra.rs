//! Laws that hold whatever the oracle says: a definition on the host, or one operation by another.

use prover_core::round_poly::{grid_len, ones_index};
use prover_core::{
    ChallengeField, ComputeBackend, Job, LayerBackend, Pending, RoundJob, RoundPoly, Summand,
    WindowGrid,
};

use crate::definition::{extension, total};
use crate::failure::{Failure, same};
use crate::fixture::{Fill, HostTable, Rng, summands, window_fits};
use crate::ops::max_window;
use crate::subject::{Session, Subject};

type Law = Result<(), Failure>;

/// The values of `eq(point, .)` add up to one.
pub fn eq_sums_to_one<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(21);
    for n in subject.sizes(10, 16) {
        let point = rng.point(n);
        let mle = session
            .backend
            .eq_mle(&mut session.queue, &[(F::ONE, &point)])?;
        let sum = session.read(&mle)?.into_iter().fold(F::ZERO, |a, b| a + b);
        same(&[sum], &[F::ONE], format_args!("{n} variables"))?;
    }
    Ok(())
}

/// Folding all variables, in any portions, evaluates the table.
pub fn fold_commutes_with_evaluation<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(22);
    for n in subject.sizes(8, 14) {
        for base in [true, false] {
            let table = HostTable::<F>::new(base, Fill::Random, n, &mut rng);
            let point = rng.point(n);
            let want = extension(&table.lifted(), &point);
            let split = rng.below(n + 1);
            let mut mles = [session.upload(&table)?];
            session.fold(&mut mles, &point[..split])?;
            session.fold(&mut mles, &point[split..])?;
            let got = session
                .backend
                .download(&mut session.queue, &mles)?
                .wait()?;
            same(&got, &[want], format_args!("{split}, then all of {n}"))?;
        }
    }
    Ok(())
}

/// Binding the last variables evaluates them: all at once, or after a fold of the first.
pub fn binding_all_variables_evaluates<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(23);
    for n in subject.sizes(8, 14) {
        for base in [true, false] {
            let table = HostTable::<F>::new(base, Fill::Random, n, &mut rng);
            let point = rng.point(n);
            let want = extension(&table.lifted(), &point);
            let first = rng.below(n + 1);
            let mut mles = [session.upload(&table)?];
            for k in [0, first] {
                session.fold(&mut mles, &point[..k])?;
                let bound =
                    session
                        .backend
                        .bind_innermost(&mut session.queue, &mles[0], &point[k..])?;
                let place = format_args!("{k} folded, the others of {n} bound");
                same(&session.read(&bound)?, &[want], place)?;
            }
        }
    }
    Ok(())
}

/// `fold_and_sums` is `fold`, then `round_sums`.
pub fn fused_rounds_are_fold_then_sums<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(24);
    for n in subject.sizes(5, 12).into_iter().filter(|&n| n >= 2) {
        for summand in summands(&mut rng) {
            let tables = HostTable::mixed(summand.num_tables(), n, &mut rng);
            let (point, r) = (rng.point(n - 1), rng.point(1));
            for point in [None, Some(&point[..])] {
                let mut apart = session.upload_all(&tables)?;
                session.fold(&mut apart, &r)?;
                let want = session.sums(&summand, &apart, point, 1)?;
                let mut fused = session.upload_all(&tables)?;
                let got = session.fold_and_sums(&summand, &mut fused, point, &r, 1)?;
                let place = format_args!("n = {n}, eq: {}", point.is_some());
                same(&got, &want, place)?;
                for (got, want) in fused.iter().zip(&apart) {
                    same(&session.read(got)?, &session.read(want)?, place)?;
                }
            }
        }
    }
    Ok(())
}

/// Each job of a submission gives what it gives alone, and leaves the tables that it leaves alone.
pub fn submissions_are_each_job_alone<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(25);
    let all = summands::<F>(&mut rng);
    for count in [1, 2, 5, 9] {
        let mut want = Vec::new();
        let mut parts = Vec::new();
        for i in 0..count {
            let summand = &all[(i * 5 + count) % all.len()];
            let (n, fold) = (3 + (i * 3) % 6, i % 3);
            let tables = HostTable::mixed(summand.num_tables(), n, &mut rng);
            let (point, r) = (rng.point(n - fold), rng.point(fold));
            let point = (i % 2 == 1).then_some(&point[..]);
            let mut alone = session.upload_all(&tables)?;
            want.push(match i % 3 {
                2 => {
                    session.fold(&mut alone, &r)?;
                    session.read_all(&alone)?
                }
                _ => session.fold_and_sums(summand, &mut alone, point, &r, 1)?,
            });
            let eq = session.prepare(point)?;
            parts.push((summand, session.upload_all(&tables)?, eq, r, alone));
        }
        let mut jobs: Vec<Job<'_, F, B>> = parts
            .iter_mut()
            .enumerate()
            .map(|(i, (summand, mles, eq, fold, _))| job(i % 3 == 2, summand, mles, eq, fold))
            .collect();
        let backend = session.backend;
        let pending = backend.submit(&mut session.queue, &mut jobs)?;
        same(&[pending.len()], &[count], format_args!("results"))?;
        for (i, (sums, want)) in pending.into_iter().zip(&want).enumerate() {
            same(&sums.wait()?, want, format_args!("job {i} of {count}"))?;
        }
        for (i, (_, mles, _, _, alone)) in parts.iter().enumerate() {
            for (got, want) in mles.iter().zip(alone) {
                let place = format_args!("tables of job {i} of {count}");
                same(&session.read(got)?, &session.read(want)?, place)?;
            }
        }
    }
    Ok(())
}

/// A round of one variable, or, with `tables`, the tables' values.
pub(crate) fn job<'a, F: ChallengeField, B: ComputeBackend<F>>(
    tables: bool,
    summand: &'a Summand<F>,
    mles: &'a mut [B::Mle],
    eq: &'a Option<B::Eq>,
    fold: &'a [F],
) -> Job<'a, F, B> {
    if tables {
        return Job::Tables { mles, fold };
    }
    Job::Round(RoundJob {
        summand,
        mles,
        eq: eq.as_ref(),
        fold,
        window: 1,
    })
}

/// The sums over bits add up to the sum over the whole cube, computed on the host: without eq factor,
/// and with one that covers all variables (the window's weighted by hand).
pub fn sums_add_up_to_the_total<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(26);
    for n in subject.sizes(5, 10).into_iter().filter(|&n| n > 0) {
        for summand in summands(&mut rng) {
            let degree = summand.degree();
            let tables = HostTable::mixed(summand.num_tables(), n, &mut rng);
            let lifted: Vec<Vec<F>> = tables.iter().map(HostTable::lifted).collect();
            let mles = session.upload_all(&tables)?;
            // Without eq: the rest of the grid must be what the implied point leaves of a total, so
            // the sum with the last variable's halves swapped gives s(1) as its s(0).
            let sums = session.sums(&summand, &mles, None, 1)?;
            let swapped: Vec<_> = tables.iter().map(swap_halves).collect();
            let mirror = session.upload_all(&swapped)?;
            let mirrored = session.sums(&summand, &mirror, None, 1)?;
            let place = format_args!("n = {n}, degree {degree}");
            let want = total(&summand, &lifted, None);
            same(&[sums[0] + mirrored[0]], &[want], place)?;
            let point = rng.point(n);
            let sums = session.sums(&summand, &mles, Some(&point), 1)?;
            let got = (F::ONE - point[0]) * sums[0] + point[0] * sums[1];
            same(&[got], &[total(&summand, &lifted, Some(&point))], place)?;
        }
    }
    Ok(())
}

fn swap_halves<F: ChallengeField>(table: &HostTable<F>) -> HostTable<F> {
    let mut table = table.clone();
    match &mut table {
        HostTable::Base(values) => {
            let half = values.len() / 2;
            values.rotate_left(half);
        }
        HostTable::Challenge(values) => {
            let half = values.len() / 2;
            values.rotate_left(half);
        }
    }
    table
}

/// A round polynomial is what it says at a challenge: after the fold, the sums add up to its value.
pub fn round_polynomials_continue_after_a_fold<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(27);
    for n in subject.sizes(4, 8).into_iter().filter(|&n| n > 0) {
        for summand in summands(&mut rng) {
            let degree = summand.degree();
            let tables = HostTable::mixed(summand.num_tables(), n, &mut rng);
            let lifted: Vec<Vec<F>> = tables.iter().map(HostTable::lifted).collect();
            let mut mles = session.upload_all(&tables)?;
            for point in [None, Some(rng.point(n))] {
                let sums = session.sums(&summand, &mles, point.as_deref(), 1)?;
                let poly = match &point {
                    None => {
                        let claim = total(&summand, &lifted, None);
                        WindowGrid::from_implied(degree, 1, sums, claim).first_round(None)
                    }
                    Some(_) => RoundPoly::from_values(&sums),
                };
                let r = rng.point(1);
                let mut folded = mles.clone();
                session.fold(&mut folded, &r)?;
                let mut after = Vec::new();
                for mle in &folded {
                    after.push(session.read(mle)?);
                }
                let rest = point.as_ref().map(|point| &point[1..]);
                let want = total(&summand, &after, rest);
                let place = format_args!("n = {n}, degree {degree}, eq: {}", point.is_some());
                same(&[poly.evaluate(r[0])], &[want], place)?;
            }
            mles.clear();
        }
    }
    Ok(())
}

/// Every window that fits gives the round polynomials that single rounds give.
pub fn windows_give_the_single_rounds<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(28);
    let low = |summand: &Summand<F>| summand.degree() <= 2;
    for n in subject.sizes(6, 9).into_iter().filter(|&n| n > 0) {
        for summand in summands(&mut rng).into_iter().filter(low) {
            for k in [None, Some(n / 2), Some(n)] {
                for w in 2..=max_window(session.backend, &summand) {
                    if window_fits(summand.degree(), w, n, k.unwrap_or(0)) {
                        window_by_rounds(&mut session, &summand, n, k, w, &mut rng)
                            .map_err(|f| f.at(format_args!("n = {n}, eq {k:?}, window {w}")))?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// One window against as many single rounds.
fn window_by_rounds<F: ChallengeField, B: ComputeBackend<F>>(
    session: &mut Session<'_, F, B>,
    summand: &Summand<F>,
    n: usize,
    k: Option<usize>,
    w: usize,
    rng: &mut Rng,
) -> Law {
    let degree = summand.degree();
    let tables = HostTable::mixed(summand.num_tables(), n, rng);
    let lifted: Vec<Vec<F>> = tables.iter().map(HostTable::lifted).collect();
    let mut mles = session.upload_all(&tables)?;
    let point = k.map(|k| rng.point(k));
    let covered = k.is_some_and(|k| n <= k);
    let claim = total(summand, &lifted, point.as_deref());
    let grid = |w: usize, sums: Vec<F>, claim: F| match covered {
        true => WindowGrid::from_full(degree, w, sums),
        false => WindowGrid::from_implied(degree, w, sums, claim),
    };
    let sums = session.sums(summand, &mles, point.as_deref(), w)?;
    let mut window = grid(w, sums, claim);
    let mut claim = claim;
    for round in 0..w {
        let eq_rest = match &point {
            Some(point) if covered => Some(&point[round + 1..w]),
            _ => None,
        };
        let got = window.first_round(eq_rest);
        let single = session.sums(summand, &mles, point.as_deref(), 1)?;
        let want = grid(1, single, claim).first_round(covered.then_some(&[]));
        same(got.values(), want.values(), format_args!("round {round}"))?;
        let r = rng.element();
        claim = want.evaluate(r);
        window = window.bind(r);
        session.fold(&mut mles, &[r])?;
    }
    Ok(())
}

/// With a term of full degree whose coefficient is zero, infinity sees nothing of the lower terms.
pub fn lower_terms_vanish_at_infinity<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(29);
    for degree in 2..=prover_core::round_poly::MAX_DEGREE {
        for lower in 1..degree {
            let term = |coeff, len| prover_core::Term {
                coeff,
                factors: (0..len).map(|i| i % 2).collect(),
            };
            let terms = vec![term(F::ZERO, degree), term(rng.element(), lower)];
            let summand = Summand::new(2, terms);
            let mles = session.upload_all(&HostTable::mixed(2, 3, &mut rng))?;
            let place = format_args!("degree {lower} below {degree}");
            let point = rng.point(3);
            let full = session.sums(&summand, &mles, Some(&point), 1)?;
            same(&full[2..3], &[F::ZERO], place)?;
            let sent = session.sums(&summand, &mles, None, 1)?;
            same(&sent[1..2], &[F::ZERO], place)?;
            let windows = max_window(session.backend, &summand).min(2);
            for w in 2..=windows {
                let sent = session.sums(&summand, &mles, None, w)?;
                let count = grid_len(degree, w) - 1;
                same(&[sent.len()], &[count], place)?;
                let last = sent[count - 1]; // (infinity, ..., infinity)
                debug_assert!(
                    ones_index(degree, w) < count,
                    "the last point is not (1, ..., 1)"
                );
                same(&[last], &[F::ZERO], place)?;
            }
        }
    }
    Ok(())
}
