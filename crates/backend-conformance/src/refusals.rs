//! What a backend refuses: shapes that do not fit, and more memory than there is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use prover_core::{
    BackendError, ChallengeField, ComputeBackend, LayerBackend, LayerCoefs, Pending, RoundJob,
    Summand, Term,
};

use crate::failure::{Failure, ensure, same};
use crate::fixture::{Fill, HostTable, Rng};
use crate::layer_fixture::{LayerCase, LayerShape};
use crate::subject::{Session, Subject};

type Law = Result<(), Failure>;

/// A call that must panic, with two tables of three variables at hand.
type Misuse<'a, F, B> = dyn Fn(&mut Session<'_, F, B>, &mut [<B as ComputeBackend<F>>::Mle]) + 'a;

/// Tables, points and windows that do not fit panic instead of giving an answer.
pub fn misfits_panic<F: ChallengeField, B: LayerBackend<F>>(subject: &Subject<F, B>) -> Law {
    let backend = subject.backend();
    let mut rng = Rng::new(61);
    let points: [Vec<F>; 5] = core::array::from_fn(|n| rng.point(n));
    let (one, four) = (&points[1][..], &points[4][..]);
    let product = Summand::<F>::product();
    let cube = Summand::new(
        1,
        vec![Term {
            coeff: F::ONE,
            factors: vec![0; 3],
        }],
    );
    let tables = HostTable::mixed(2, 3, &mut rng);
    let panics = |what: &str, call: &Misuse<'_, F, B>| -> Law {
        let mut session = Session::new(backend)?;
        let mut mles = session.upload_all(&tables)?;
        let call = AssertUnwindSafe(|| call(&mut session, &mut mles));
        ensure(
            catch_unwind(call).is_err(),
            format_args!("{what} did not panic"),
        )
    };
    let sums = |summand: &Summand<F>, eq: Option<&[F]>, w: usize, what: &str| {
        panics(what, &|s, mles| {
            let _ = s.sums(summand, &mles[..summand.num_tables()], eq, w);
        })
    };
    sums(&product, None, 0, "an empty window")?;
    sums(&product, None, 4, "a window longer than the tables")?;
    sums(&cube, None, 2, "a window of two variables for degree 3")?;
    sums(
        &product,
        Some(&points[2]),
        2,
        "a window across the eq factor",
    )?;
    panics("a summand of two tables with one", &|s, mles| {
        let _ = s.sums(&product, &mles[..1], None, 1);
    })?;
    panics("tables of different sizes", &|s, mles| {
        let _ = s.fold(&mut mles[..1], one);
        let _ = s.sums(&product, mles, None, 1);
    })?;
    panics("three values as a table", &|s, _| {
        let _ = s.backend.upload(&mut s.queue, &points[3]);
    })?;
    panics("an eq table of no terms", &|s, _| {
        let _ = s.backend.eq_mle(&mut s.queue, &[]);
    })?;
    panics("an eq table of points of different lengths", &|s, _| {
        let terms = [(F::ONE, one), (F::ONE, four)];
        let _ = s.backend.eq_mle(&mut s.queue, &terms);
    })?;
    panics("folding four of three variables", &|s, mles| {
        let _ = s.fold(mles, four);
    })?;
    panics("binding four of three variables", &|s, mles| {
        let _ = s.backend.bind_innermost(&mut s.queue, &mles[0], four);
    })
}

/// The same for layers.
pub fn misfits_of_layers_panic<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.backend();
    let mut rng = Rng::new(62);
    let shape = LayerShape {
        instance_vars: 0,
        ..LayerShape::with_slots(2, 40)
    };
    let case = LayerCase::<F>::draw(shape, &mut rng);
    let panics = |what: &str, call: &dyn Fn(&mut Session<'_, F, B>)| -> Law {
        let mut session = Session::new(backend)?;
        let call = AssertUnwindSafe(|| call(&mut session));
        ensure(
            catch_unwind(call).is_err(),
            format_args!("{what} did not panic"),
        )
    };
    let mut session = Session::new(backend)?;
    let device = case.upload(&mut session)?;
    let small = session.upload(&HostTable::new(false, Fill::Random, 2, &mut rng))?;
    let claims = case.claims();
    let wiring = &device.wiring;
    let weights = backend.layer_weights(&mut session.queue, wiring, &claims, None)?;
    panics("a layer on a table that is too small", &|s| {
        let (q, publics) = (&mut s.queue, Some(&device.publics));
        let _ = backend.evaluate_layer(q, device.layer(), &small, publics);
    })?;
    panics("a layer without the public inputs it reads", &|s| {
        let _ = device.evaluate(s, false);
    })?;
    panics("weights of no claim", &|s| {
        let _ = backend.layer_weights(&mut s.queue, wiring, &[], None);
    })?;
    panics("weights at a point of the wrong length", &|s| {
        let short = [(F::ONE, &case.point_x[..])];
        let _ = backend.layer_weights(&mut s.queue, wiring, &short, None);
    })?;
    panics("phase one with weights of the wrong size", &|s| {
        let (q, at) = (&mut s.queue, &case.publics_at);
        let _ = backend.phase_one(q, device.layer(), &small, &device.below, at);
    })?;
    panics("phase two with eq_x of the wrong size", &|s| {
        let _ = backend.phase_two(&mut s.queue, device.layer(), &weights, &small);
    })
}

/// Coefficients for fewer slots than the layer has panic in each operation that takes them.
pub fn short_coefficients_panic<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.backend();
    let mut rng = Rng::new(64);
    for challenge in [false, true] {
        let shape = LayerShape {
            challenge,
            ..LayerShape::with_slots(2, 40)
        };
        let case = LayerCase::<F>::draw(shape, &mut rng);
        let mut session = Session::new(backend)?;
        let mut device = case.upload(&mut session)?;
        let mut coefs = case.coefs();
        match &mut coefs {
            LayerCoefs::Base(values) => values.truncate(values.len() - 1),
            LayerCoefs::Challenge(values) => values.truncate(values.len() - 1),
        }
        device.coefs = backend.upload_coefs(&mut session.queue, coefs)?;
        let queue = &mut session.queue;
        let weights = backend.layer_weights(queue, &device.wiring, &case.claims(), None)?;
        let eq_x = backend.eq_mle(queue, &[(F::ONE, &case.point_x)])?;
        let mut panics = |what: &str, call: &dyn Fn(&mut Session<'_, F, B>)| -> Law {
            let call = AssertUnwindSafe(|| call(&mut session));
            ensure(
                catch_unwind(call).is_err(),
                format_args!("{what} with too few coefficients did not panic"),
            )
        };
        panics("a layer", &|s| {
            let _ = device.evaluate(s, true);
        })?;
        panics("phase one", &|s| {
            let (q, at) = (&mut s.queue, &case.publics_at);
            let _ = backend.phase_one(q, device.layer(), &weights, &device.below, at);
        })?;
        panics("phase two", &|s| {
            let _ = backend.phase_two(&mut s.queue, device.layer(), &weights, &eq_x);
        })?;
    }
    Ok(())
}

/// Each allocation of a scenario fails once, by a limit on memory: an error, never a panic, and the
/// backend goes on with what fits.
///
/// The error's own numbers lead to the next allocation: with `requested - free` more it succeeds.
pub fn every_allocation_may_fail<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let case = Scenario::<F>::draw();
    let reference = backend_reference::ReferenceBackend::new();
    let mut limit = 0u64;
    for _ in 0..10_000 {
        let backend = subject.open_limited(limit)?;
        let mut queue = None;
        let mut steps = Steps::all();
        let place = format_args!("limit of {limit} bytes");
        let requested = match case.run(&backend, &mut queue, &mut steps) {
            Ok(values) => {
                ensure(limit > 0, format_args!("a limit of 0 bytes limits nothing"))?;
                let want = case.run(&reference, &mut None, &mut Steps::all())?;
                return same(&values, &want, place);
            }
            Err(BackendError::OutOfMemory {
                requested_bytes,
                free_bytes,
                ..
            }) => requested_bytes.saturating_sub(free_bytes.unwrap_or(0)),
            Err(other) => return Err(Failure::from(other).at(place)),
        };
        ensure(
            requested > 0,
            format_args!("{place}: out of memory with enough of it free"),
        )?;
        // All that came before the failed step fits, and must work again on the same queue.
        let done = steps.done - 1;
        let want = case.run(&reference, &mut None, &mut Steps::first(done))?;
        let again = case
            .run(&backend, &mut queue, &mut Steps::first(done))
            .map_err(|e| Failure::from(e).at(format_args!("{place}: not usable after an error")))?;
        same(&again, &want, place)?;
        limit += requested;
    }
    Err(Failure::new("no limit is enough"))
}

/// How far to run a scenario, and how far it came.
struct Steps {
    stop: usize,
    done: usize,
}

impl Steps {
    fn all() -> Self {
        Self::first(usize::MAX)
    }

    fn first(stop: usize) -> Self {
        Self { stop, done: 0 }
    }

    /// Begins a step unless the scenario stops here.
    fn next(&mut self) -> bool {
        if self.done == self.stop {
            return false;
        }
        self.done += 1;
        true
    }
}

/// Every operation once, on small tables.
struct Scenario<F: ChallengeField> {
    base: Vec<F::Base>,
    values: Vec<F>,
    point: Vec<F>,
    layer: LayerCase<F>,
    /// With whole blocks of instances and a base-field table below.
    wide: LayerCase<F>,
    product: Summand<F>,
}

impl<F: ChallengeField> Scenario<F> {
    fn draw() -> Self {
        let mut rng = Rng::new(63);
        let shape = LayerShape {
            instance_vars: 1,
            ..LayerShape::with_slots(3, 40)
        };
        let wide = LayerShape {
            input_vars: 6,
            instance_vars: 4,
            ..shape
        };
        Self {
            base: rng.point(1 << 6),
            values: rng.point(1 << 6),
            point: rng.point(6),
            layer: LayerCase::draw(shape, &mut rng),
            wide: LayerCase::draw(wide, &mut rng),
            product: Summand::product(),
        }
    }

    /// Runs the first steps; returns what they brought to the host.
    fn run<B: LayerBackend<F>>(
        &self,
        backend: &B,
        queue: &mut Option<B::Queue>,
        steps: &mut Steps,
    ) -> Result<Vec<F>, BackendError> {
        let mut out = Vec::new();
        if !steps.next() {
            return Ok(out);
        }
        let queue = match queue {
            Some(queue) => queue,
            None => queue.insert(backend.open_queue()?),
        };
        self.tables(backend, queue, steps, &mut out)?;
        self.layers(backend, queue, steps, &mut out)?;
        for lifted in [false, true] {
            self.rounds_over_a_layer(backend, queue, steps, lifted, &mut out)?;
        }
        Ok(out)
    }

    fn tables<B: ComputeBackend<F>>(
        &self,
        backend: &B,
        queue: &mut B::Queue,
        steps: &mut Steps,
        out: &mut Vec<F>,
    ) -> Result<(), BackendError> {
        if !steps.next() {
            return Ok(());
        }
        let a = backend.upload_base(queue, &self.base)?;
        if !steps.next() {
            return Ok(());
        }
        let b = backend.upload(queue, &self.values)?;
        if !steps.next() {
            return Ok(());
        }
        let c = backend.eq_mle(queue, &[(F::ONE, &self.point)])?;
        out.extend(backend.download(queue, &[c])?.wait()?);
        if !steps.next() {
            return Ok(());
        }
        let eq = backend.prepare_eq(queue, &self.point)?;
        if !steps.next() {
            return Ok(());
        }
        let bound = backend.bind_innermost(queue, &a, &self.point[..2])?;
        out.extend(backend.download(queue, &[bound])?.wait()?);
        let mut mles = [a, b];
        for fold in [&self.point[..0], &self.point[..1], &self.point[1..3]] {
            if !steps.next() {
                return Ok(());
            }
            self.round((backend, queue), &mut mles, &eq, fold, out)?;
        }
        if !steps.next() {
            return Ok(());
        }
        backend.fold(queue, &mut mles, &self.point[3..])?;
        out.extend(backend.download(queue, &mles)?.wait()?);
        Ok(())
    }

    fn layers<B: LayerBackend<F>>(
        &self,
        backend: &B,
        queue: &mut B::Queue,
        steps: &mut Steps,
        out: &mut Vec<F>,
    ) -> Result<(), BackendError> {
        let case = &self.layer;
        if !steps.next() {
            return Ok(());
        }
        let wiring = backend.upload_wiring(queue, &case.wiring)?;
        if !steps.next() {
            return Ok(());
        }
        let coefs = backend.upload_coefs(queue, case.coefs())?;
        let layer = || prover_core::DeviceLayer {
            wiring: &wiring,
            coefs: &coefs,
        };
        if !steps.next() {
            return Ok(());
        }
        let below = backend.upload(queue, &case.below.lifted())?;
        let publics = match &case.publics {
            HostTable::Base(values) => backend.upload_base(queue, values)?,
            HostTable::Challenge(values) => backend.upload(queue, values)?,
        };
        let above = backend.evaluate_layer(queue, layer(), &below, Some(&publics))?;
        out.extend(backend.download(queue, &[above])?.wait()?);
        if !steps.next() {
            return Ok(());
        }
        let weights = backend.layer_weights(queue, &wiring, &case.claims(), case.asserts())?;
        let one = backend.phase_one(queue, layer(), &weights, &below, &case.publics_at)?;
        out.extend(backend.download(queue, &[one.table])?.wait()?);
        out.extend(one.constant_term.wait()?);
        if !steps.next() {
            return Ok(());
        }
        let eq_x = backend.eq_mle(queue, &[(F::ONE, &case.point_x)])?;
        let two = backend.phase_two(queue, layer(), &weights, &eq_x)?;
        if let Some(table) = &two.table {
            out.extend(
                backend
                    .download(queue, core::slice::from_ref(table))?
                    .wait()?,
            );
        }
        out.extend(two.add_term.wait()?);
        Ok(())
    }

    /// Phase one's table through its first rounds, without anybody looking at it.
    fn rounds_over_a_layer<B: LayerBackend<F>>(
        &self,
        backend: &B,
        queue: &mut B::Queue,
        steps: &mut Steps,
        lifted: bool,
        out: &mut Vec<F>,
    ) -> Result<(), BackendError> {
        let case = &self.wide;
        if !steps.next() {
            return Ok(());
        }
        let wiring = backend.upload_wiring(queue, &case.wiring)?;
        let coefs = backend.upload_coefs(queue, case.coefs())?;
        let layer = prover_core::DeviceLayer {
            wiring: &wiring,
            coefs: &coefs,
        };
        let below = match &case.below {
            HostTable::Base(values) if !lifted => backend.upload_base(queue, values)?,
            table => backend.upload(queue, &table.lifted())?,
        };
        if !steps.next() {
            return Ok(());
        }
        let weights = backend.layer_weights(queue, &wiring, &case.claims(), None)?;
        let one = backend.phase_one(queue, layer, &weights, &below, &case.publics_at)?;
        let eq = backend.prepare_eq(queue, &case.point_s)?;
        let mut mles = [below, one.table];
        for fold in [&self.point[..0], &self.point[..1], &self.point[1..2]] {
            if !steps.next() {
                return Ok(());
            }
            self.round((backend, queue), &mut mles, &eq, fold, out)?;
        }
        Ok(())
    }

    /// A round of one variable.
    fn round<B: ComputeBackend<F>>(
        &self,
        (backend, queue): (&B, &mut B::Queue),
        mles: &mut [B::Mle],
        eq: &B::Eq,
        fold: &[F],
        out: &mut Vec<F>,
    ) -> Result<(), BackendError> {
        let mut job = RoundJob {
            summand: &self.product,
            mles,
            eq: Some(eq),
            fold,
            window: 1,
        };
        out.extend(backend.fold_and_sums(queue, &mut job)?.wait()?);
        Ok(())
    }
}
