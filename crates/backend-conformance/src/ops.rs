//! Every operation on tables against the oracle: edges, sizes, fields, shared handles.

use prover_core::{
    ChallengeField, ComputeBackend, DeviceMle, Job, JobShape, LayerBackend, Pending, Summand,
};

use crate::algebra::job;
use crate::failure::{Failure, ensure, same};
use crate::fixture::{Fill, HostTable, Rng, edges, summands, window_fits};
use crate::subject::{Session, Subject};

type Law = Result<(), Failure>;

/// What a backend says of itself is filled in, and it takes a small job.
pub fn introduces_itself<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.backend();
    let info = backend.info();
    ensure(
        !info.name.is_empty() && !info.device.is_empty(),
        format_args!("a backend without a name: {info:?}"),
    )?;
    ensure(
        info.threads >= 1 && info.base_bytes >= 1 && info.challenge_bytes >= info.base_bytes,
        format_args!("sizes that cannot be: {info:?}"),
    )?;
    ensure(
        backend.max_window(&Summand::product(), 4, 1) >= 1,
        format_args!("no window at all"),
    )?;
    let job = JobShape {
        field: F::ID,
        num_vars: 4,
        summands: vec![Summand::<F>::product().shape()],
        peak_bytes: 1 << 12,
    };
    backend
        .admits(&job)
        .map_err(|unsupported| Failure::new(unsupported.to_string()))
}

/// What is uploaded comes back, lifted, whatever the values.
pub fn download_returns_what_was_uploaded<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let mut rng = Rng::new(1);
    for n in subject.sizes(8, 16) {
        for fill in Fill::ALL {
            for base in [true, false] {
                let table = HostTable::<F>::new(base, fill, n, &mut rng);
                let mle = session.upload(&table)?;
                let place = format_args!("{n} variables, {fill:?}, base field: {base}");
                same(&session.read(&mle)?, &table.lifted(), place)?;
            }
        }
    }
    Ok(())
}

/// Polling until the values arrive gives what waiting gives.
pub fn polling_gives_what_waiting_gives<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let mut session = subject.session()?;
    let table = HostTable::<F>::new(false, Fill::Random, 6, &mut Rng::new(2));
    let mle = session.upload(&table)?;
    let mut pending = session
        .backend
        .download(&mut session.queue, core::slice::from_ref(&mle))?;
    drop(mle); // A handle may go while its values travel.
    loop {
        if let Some(values) = pending.poll()? {
            return same(&values, &table.lifted(), format_args!("polled"));
        }
        std::thread::yield_now();
    }
}

/// `eq_mle` against the oracle, one to three terms, edges among scales and coordinates.
pub fn eq_tables_agree<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.lockstep();
    let mut queue = backend.open_queue()?;
    let mut rng = Rng::new(3);
    let edges = edges::<F>();
    for n in subject.sizes(9, 16) {
        for count in 1..=3 {
            let mut points: Vec<(F, Vec<F>)> =
                (0..count).map(|_| (rng.element(), rng.point(n))).collect();
            if count == 2 {
                points[0].0 = edges[rng.below(edges.len())];
                let edge = |_| edges[rng.below(edges.len())];
                points[1].1 = (0..n).map(edge).collect();
            }
            let terms: Vec<(F, &[F])> = points.iter().map(|(c, p)| (*c, &p[..])).collect();
            backend
                .eq_mle(&mut queue, &terms)
                .map_err(|e| Failure::from(e).at(format_args!("{n} variables, {count} terms")))?;
        }
    }
    Ok(())
}

/// `bind_innermost` against the oracle; the source stays.
pub fn bound_tables_agree<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(4);
    for n in subject.sizes(7, 14) {
        for k in (0..=n).filter(|k| n <= 7 || k % 3 == 1 || *k == n) {
            let fill = Fill::ALL[rng.below(Fill::ALL.len())];
            let table = HostTable::new(k % 2 == 0, fill, n, &mut rng);
            let point = rng.point(k);
            let mle = session.upload(&table)?;
            backend
                .bind_innermost(&mut session.queue, &mle, &point)
                .map_err(|e| Failure::from(e).at(format_args!("{k} of {n} variables")))?;
        }
    }
    Ok(())
}

/// `fold` against the oracle: any number of challenges, tables of both fields and of different sizes.
pub fn folds_agree<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(5);
    for n in subject.sizes(8, 16) {
        for k in (0..=n).filter(|&k| k <= 3 || k == n) {
            let fill = Fill::ALL[rng.below(Fill::ALL.len())];
            let mut tables = HostTable::mixed(3, n, &mut rng);
            tables.push(HostTable::new(true, fill, n, &mut rng));
            tables.push(HostTable::new(false, Fill::Edges, n + 1, &mut rng));
            let mut mles = session.upload_all(&tables)?;
            let mut challenges = rng.point::<F>(k);
            if let Some(first) = challenges.first_mut().filter(|_| n % 4 == 3) {
                let edges = edges();
                *first = edges[rng.below(edges.len())];
            }
            session
                .fold(&mut mles, &challenges)
                .map_err(|f| f.at(format_args!("{k} of {n} variables")))?;
        }
    }
    Ok(())
}

/// `round_sums` against the oracle: all degrees, eq points shorter, as long and longer than the
/// tables, all windows that fit; the tables stay.
pub fn round_sums_agree<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(6);
    for n in subject.sizes(6, 13).into_iter().filter(|&n| n > 0) {
        // Large tables with every fourth summand: the oracle is slow.
        let chosen = summands(&mut rng).into_iter().enumerate();
        for (_, summand) in chosen.filter(|(i, _)| n <= 6 || i % 4 == n % 4) {
            let tables = HostTable::mixed(summand.num_tables(), n, &mut rng);
            let mles = session.upload_all(&tables)?;
            for k in eq_lengths(n) {
                let point = k.map(|k| rng.point(k));
                for w in 1..=max_window(&backend, &summand) {
                    if !window_fits(summand.degree(), w, n, k.unwrap_or(0)) {
                        continue;
                    }
                    session
                        .sums(&summand, &mles, point.as_deref(), w)
                        .map_err(|f| {
                            let shape = summand.shape().terms;
                            f.at(format_args!("n = {n}, eq {k:?}, window {w}, {shape:?}"))
                        })?;
                }
            }
        }
    }
    Ok(())
}

/// Sums of tables full of edges, and of a product of larger tables.
pub fn round_sums_agree_on_edges<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(7);
    let product = Summand::product();
    for fill in Fill::ALL {
        for other in Fill::ALL {
            for (n, base) in [(1, true), (5, false), (5, true), (9, false)] {
                let tables = [
                    HostTable::new(base, fill, n, &mut rng),
                    HostTable::new(false, other, n, &mut rng),
                ];
                let mles = session.upload_all(&tables)?;
                session
                    .sums(&product, &mles, None, 1)
                    .map_err(|f| f.at(format_args!("n = {n}, {fill:?} by {other:?}")))?;
            }
        }
    }
    for n in subject.sizes(0, 16).into_iter().filter(|&n| n >= 4) {
        let mles = session.upload_all(&HostTable::mixed(2, n, &mut rng))?;
        let point = rng.point(n - 3);
        let w = max_window(&backend, &product);
        session.sums(&product, &mles, None, w)?;
        session.sums(&product, &mles, Some(&point), w)?;
    }
    Ok(())
}

/// `fold_and_sums` against the oracle, tables included.
pub fn fused_rounds_agree<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(8);
    for n in subject.sizes(6, 14).into_iter().filter(|&n| n > 0) {
        let chosen = summands(&mut rng).into_iter().enumerate();
        for (_, summand) in chosen.filter(|(i, _)| n <= 6 || i % 4 == n % 4) {
            for fold in 0..=3.min(n - 1) {
                let left = n - fold;
                let k = [None, Some(left / 2), Some(left), Some(n)][rng.below(4)];
                let largest = max_window(&backend, &summand);
                let w = (1..=largest)
                    .rev()
                    .find(|&w| window_fits(summand.degree(), w, left, k.unwrap_or(0)));
                let tables = HostTable::mixed(summand.num_tables(), n, &mut rng);
                let mut mles = session.upload_all(&tables)?;
                let (point, r) = (k.map(|k| rng.point(k)), rng.point(fold));
                session
                    .fold_and_sums(&summand, &mut mles, point.as_deref(), &r, w.unwrap_or(1))
                    .map_err(|f| f.at(format_args!("n = {n}, fold {fold}, eq {k:?}")))?;
            }
        }
    }
    Ok(())
}

/// `submit` of jobs that have nothing in common, against the oracle.
pub fn submissions_agree<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(9);
    let none = backend.submit(&mut session.queue, &mut [])?;
    ensure(none.is_empty(), format_args!("results of no jobs"))?;
    let all = summands::<F>(&mut rng);
    for count in 1..=7 {
        let mut parts = Vec::new();
        for i in 0..count {
            let summand = &all[rng.below(all.len())];
            let (n, fold) = (2 + rng.below(8), rng.below(2));
            let tables = HostTable::mixed(summand.num_tables(), n, &mut rng);
            let point = (i % 2 == 0).then(|| rng.point::<F>(n - fold));
            let eq = session.prepare(point.as_deref())?;
            let mles = session.upload_all(&tables)?;
            parts.push((summand, mles, eq, rng.point::<F>(fold)));
        }
        let mut jobs: Vec<Job<'_, F, _>> = parts
            .iter_mut()
            .enumerate()
            .map(|(i, (summand, mles, eq, fold))| job(i % 3 == 1, summand, mles, eq, fold))
            .collect();
        let pending = backend.submit(&mut session.queue, &mut jobs)?;
        for sums in pending {
            sums.wait()
                .map_err(|e| Failure::from(e).at(format_args!("{count} jobs")))?;
        }
    }
    Ok(())
}

/// `download` of none, one and many tables, with and without variables, in both fields.
pub fn downloads_agree<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(10);
    for count in [0, 1, 2, 7] {
        let mles = session.upload_all(&HostTable::mixed(count, 0, &mut rng))?;
        backend.download(&mut session.queue, &mles)?.wait()?;
        let mut mles = session.upload_all(&HostTable::mixed(count, 3, &mut rng))?;
        session.fold(&mut mles, &rng.point(3))?;
        backend.download(&mut session.queue, &mles)?.wait()?;
    }
    Ok(())
}

/// A clone keeps its values when another handle of the table is folded, by any of the three ways, and
/// two handles of one table in the same call are folded alike.
pub fn clones_keep_their_values<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.lockstep();
    let mut session = Session::new(&backend)?;
    let mut rng = Rng::new(11);
    let product = Summand::product();
    for n in subject.sizes(5, 11).into_iter().filter(|&n| n >= 2) {
        for way in 0..3 {
            let table = HostTable::<F>::new(way == 1, Fill::Random, n, &mut rng);
            let mle = session.upload(&table)?;
            let mut mles = vec![mle.clone(), mle.clone()];
            let r = rng.point(1);
            match way {
                0 => session.fold(&mut mles, &r)?,
                1 => drop(session.fold_and_sums(&product, &mut mles, None, &r, 1)?),
                _ => {
                    let mut jobs = [job(false, &product, &mut mles, &None, &r)];
                    backend.submit(&mut session.queue, &mut jobs)?;
                }
            }
            let place = format_args!("n = {n}, way {way}");
            ensure(
                mle.num_vars() == n && mle.is_base() == (way == 1),
                format_args!("{place}: another handle's fold changed the shape"),
            )?;
            same(&session.read(&mle)?, &table.lifted(), place)?;
        }
    }
    Ok(())
}

/// Two queues used by turns, and two threads with a queue each, do not disturb each other.
pub fn queues_are_independent<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.lockstep();
    let mut rng = Rng::new(12);
    let (mut one, mut two) = (Session::new(&backend)?, Session::new(&backend)?);
    let product = Summand::product();
    let mut a = one.upload_all(&HostTable::mixed(2, 7, &mut rng))?;
    let mut b = two.upload_all(&HostTable::mixed(2, 6, &mut rng))?;
    for _ in 0..5 {
        let (r, q) = (rng.point(1), rng.point(1));
        one.fold_and_sums(&product, &mut a, None, &r, 1)?;
        two.fold_and_sums(&product, &mut b, None, &q, 1)?;
    }
    let alone = |seed: u64| -> Law {
        let mut rng = Rng::new(seed);
        let mut session = Session::new(&backend)?;
        for n in 1..=8 {
            let mut mles = session.upload_all(&HostTable::mixed(2, n, &mut rng))?;
            session.sums(&product, &mles, None, 1)?;
            session.fold(&mut mles, &rng.point(n))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| alone(13));
        let this = alone(14);
        let other = other
            .join()
            .map_err(|_| Failure::new("a thread panicked"))?;
        this.and(other)
    })
}

/// Lengths of eq points worth trying on tables of `n` variables; `None` is no eq factor.
fn eq_lengths(n: usize) -> Vec<Option<usize>> {
    let mut lengths = vec![
        None,
        Some(1),
        Some(n / 2),
        Some(n - 1),
        Some(n),
        Some(n + 3),
    ];
    lengths.dedup();
    lengths
}

/// The longest window to ask for; a summand of degree above 2 has only one.
pub(crate) fn max_window<F: ChallengeField, B: ComputeBackend<F>>(
    backend: &B,
    summand: &Summand<F>,
) -> usize {
    if summand.degree() > 2 {
        return 1;
    }
    backend.max_window(summand, 16, 0).min(3)
}
