//! Whole sumchecks of the product summand: with fixed challenges, and through the driver.

mod common;

use common::{Numbers, TestField, reference};
use prover_core::{ComputeBackend, Job, Pending, RoundJob, Summand, WindowGrid};
use prover_sumcheck::{Driver, Metrics, Outcome, Statement, prove, prove_batch};
use prover_transcript::Sha256Transcript;
use seam_gpu::{Device, GpuBackend};

/// Tables, an eq point and challenges from a seed.
struct Input<F: TestField> {
    lifted: Vec<F>,
    base: Vec<F::Base>,
    point: Vec<F>,
    challenges: Vec<F>,
}

impl<F: TestField> Input<F> {
    fn new(num_vars: usize, eq_vars: usize, seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        Self {
            lifted: numbers.elements(1 << num_vars),
            base: numbers.base_elements::<F>(1 << num_vars),
            point: numbers.elements(eq_vars),
            challenges: numbers.elements(num_vars),
        }
    }

    fn num_vars(&self) -> usize {
        self.challenges.len()
    }

    fn upload<B: ComputeBackend<F>>(&self, backend: &B, queue: &mut B::Queue) -> Vec<B::Mle> {
        vec![
            backend.upload(queue, &self.lifted).expect("upload"),
            backend.upload_base(queue, &self.base).expect("upload"),
        ]
    }

    /// The sum that the rounds prove, from the definition.
    fn claim(&self) -> F {
        let weights = prover_core::mle::eq_table(&self.point, F::ONE);
        let terms = self.lifted.iter().zip(&self.base).enumerate();
        terms.fold(F::ZERO, |sum, (b, (&x, &y))| {
            sum + weights[b % weights.len()] * x * y
        })
    }
}

/// A run with fixed challenges, one submission per window.
struct Run<B: ComputeBackend<F>, F: TestField> {
    mles: Vec<B::Mle>,
    eq: Option<B::Eq>,
    bound: usize,
    folded: usize,
}

impl<F: TestField, B: ComputeBackend<F>> Run<B, F> {
    fn new(backend: &B, queue: &mut B::Queue, input: &Input<F>) -> Self {
        let eq = match input.point.is_empty() {
            true => None,
            false => Some(backend.prepare_eq(queue, &input.point).expect("eq")),
        };
        Self {
            mles: input.upload(backend, queue),
            eq,
            bound: 0,
            folded: 0,
        }
    }

    /// The next window: not across the eq boundary.
    fn window(&self, input: &Input<F>, most: usize) -> usize {
        let left = input.num_vars() - self.bound;
        match left.checked_sub(input.point.len()) {
            Some(outside) if outside > 0 => outside.min(most),
            _ => left.min(most),
        }
    }

    fn job<'a>(
        &'a mut self,
        input: &'a Input<F>,
        summand: &'a Summand<F>,
        window: usize,
    ) -> RoundJob<'a, F, B> {
        let fold = &input.challenges[self.folded..self.bound];
        self.folded = self.bound;
        self.bound += window;
        RoundJob {
            summand,
            mles: &mut self.mles,
            eq: self.eq.as_ref(),
            fold,
            window,
        }
    }

    fn finish(mut self, backend: &B, queue: &mut B::Queue, input: &Input<F>) -> Vec<F> {
        let last = &input.challenges[self.folded..];
        backend.fold(queue, &mut self.mles, last).expect("fold");
        let pending = backend.download(queue, &self.mles).expect("evals");
        pending.wait().expect("values arrive")
    }
}

/// All sums and the final evaluations, waiting by polls.
fn fixed<F: TestField, B: ComputeBackend<F>>(
    backend: &B,
    input: &Input<F>,
    window: usize,
) -> Vec<Vec<F>> {
    let summand = Summand::product();
    let queue = &mut backend.open_queue().expect("queue");
    let mut run = Run::new(backend, queue, input);
    let mut all = Vec::new();
    while run.bound < input.num_vars() {
        let window = run.window(input, window);
        let mut job = run.job(input, &summand, window);
        let mut pending = backend.fold_and_sums(queue, &mut job).expect("round");
        all.push(loop {
            if let Some(values) = pending.poll().expect("poll") {
                break values;
            }
            std::thread::yield_now();
        });
    }
    all.push(run.finish(backend, queue, input));
    all
}

/// The first window's sums add up to the claim: ties the reference to plain host code.
fn check_claim<F: TestField>(input: &Input<F>, window: usize, sums: &[F]) {
    let (n, k) = (input.num_vars(), input.point.len());
    if k < n {
        // The claim itself completes the grid; the driver's tests check the last one.
        return;
    }
    let mut grid = WindowGrid::from_full(2, window, sums.to_vec());
    let rest = &input.point[k - n..];
    let poly = grid.first_round(Some(&rest[1..window]));
    let claim = poly.at_zero() + rest[0] * (poly.at_one() - poly.at_zero());
    assert_eq!(claim, input.claim());
    grid = grid.bind(F::ZERO);
    assert_eq!(grid.window(), window - 1);
}

fn fixed_challenges<F: TestField>(device: &impl ComputeBackend<F>) {
    for n in 1..=12 {
        for eq_vars in [0, n / 2, n] {
            let input = Input::<F>::new(n, eq_vars, n as u64);
            for window in 1..=3 {
                let expected = fixed(&reference(), &input, window);
                check_claim(&input, window.min(n), &expected[0]);
                let got = fixed(device, &input, window);
                assert_eq!(got, expected, "n = {n}, eq {eq_vars}, window {window}");
            }
        }
    }
}

/// Two queues, each with a run, polled in turn.
fn two_queues<F: TestField>(device: &impl ComputeBackend<F>) {
    fn run<F: TestField, B: ComputeBackend<F>>(backend: &B) -> Vec<Vec<F>> {
        let summand = Summand::product();
        let inputs = [Input::<F>::new(9, 9, 21), Input::new(8, 0, 22)];
        let mut queues = [(); 2].map(|()| backend.open_queue().expect("queue"));
        let mut runs: Vec<_> = inputs
            .iter()
            .zip(&mut queues)
            .map(|(input, queue)| Run::<B, F>::new(backend, queue, input))
            .collect();
        let mut all = Vec::new();
        for _ in 0..8 {
            let mut under_way: Vec<_> = (0..2)
                .map(|k| {
                    let mut job = runs[k].job(&inputs[k], &summand, 1);
                    backend
                        .fold_and_sums(&mut queues[k], &mut job)
                        .expect("round")
                })
                .collect();
            // The later submission is asked first.
            let second = under_way.pop().expect("two").wait().expect("values");
            let first = under_way.pop().expect("one").wait().expect("values");
            all.extend([first, second]);
        }
        for ((run, input), queue) in runs.into_iter().zip(&inputs).zip(&mut queues) {
            let Run { mut mles, .. } = run;
            let last = &input.challenges[7..8];
            backend.fold(queue, &mut mles, last).expect("fold");
            all.extend(mles.iter().map(|mle| common::values(backend, queue, mle)));
        }
        all
    }
    assert_eq!(run::<F, _>(device), run::<F, _>(&reference()));
}

/// Three jobs of different shapes in one submission; one pending is dropped, one waits, one polls.
fn three_jobs<F: TestField, D: Device>(device: &GpuBackend<F, D>) {
    let summand = Summand::product();
    let inputs = [
        Input::<F>::new(10, 10, 31),
        Input::new(7, 0, 32),
        Input::new(9, 4, 33),
    ];
    let queue = &mut device.open_queue().expect("queue");
    let mut runs: Vec<_> = inputs
        .iter()
        .map(|input| Run::new(device, queue, input))
        .collect();
    let windows = [[2, 3, 1], [3, 1, 2]];
    let expected: Vec<_> = inputs
        .iter()
        .zip(0..)
        .map(|(input, k)| sums_of_two(&reference(), input, [windows[0][k], windows[1][k]]))
        .collect();
    for (step, windows) in windows.into_iter().enumerate() {
        let before = queue.submissions();
        let mut jobs: Vec<_> = runs
            .iter_mut()
            .zip(&inputs)
            .zip(windows)
            .map(|((run, input), window)| Job::Round(run.job(input, &summand, window)))
            .collect();
        let mut pending = device.submit(queue, &mut jobs).expect("rounds");
        assert_eq!(queue.submissions(), before + 1, "one submission");
        drop(pending.remove(1));
        let last = pending.remove(1).wait().expect("values");
        assert_eq!(last, expected[2][step]);
        let first = pending[0]
            .poll()
            .expect("poll")
            .expect("arrived with the other");
        assert_eq!(first, expected[0][step]);
    }
    for (run, input) in runs.into_iter().zip(&inputs) {
        let evals = run.finish(device, queue, input);
        assert_eq!(&evals, fixed(&reference(), input, 1).last().expect("evals"));
    }
}

fn sums_of_two<F: TestField, B: ComputeBackend<F>>(
    backend: &B,
    input: &Input<F>,
    windows: [usize; 2],
) -> Vec<Vec<F>> {
    let summand = Summand::product();
    let queue = &mut backend.open_queue().expect("queue");
    let mut run = Run::new(backend, queue, input);
    let mut sums = |window| {
        let mut job = run.job(input, &summand, window);
        let pending = backend.fold_and_sums(queue, &mut job).expect("round");
        pending.wait().expect("values")
    };
    windows.map(&mut sums).to_vec()
}

/// The driver's proofs: equal on all backends and for all windows, alone and batched, with and
/// without handing the last variables to the host.
fn driver<F: TestField>(device: &impl ComputeBackend<F>) {
    fn statement<F: TestField, B: ComputeBackend<F>>(
        backend: &B,
        queue: &mut B::Queue,
        input: &Input<F>,
    ) -> Statement<F, B::Mle> {
        let mles = input.upload(backend, queue);
        Statement::new(Summand::product(), mles, input.point.clone(), input.claim())
    }
    fn alone<F: TestField, B: ComputeBackend<F>>(
        backend: &B,
        input: &Input<F>,
        window: usize,
        hand_off: usize,
    ) -> Outcome<F> {
        let host = reference();
        let driver = Driver {
            backend,
            hand_off: (hand_off > 0).then_some((&host, hand_off)),
            window,
            metrics: &Metrics::default(),
        };
        let queue = &mut backend.open_queue().expect("queue");
        let statement = statement(backend, queue, input);
        prove(driver, queue, statement, &mut Sha256Transcript::new()).expect("proof")
    }
    let inputs: Vec<_> = [(9, 9), (9, 4), (9, 0)]
        .into_iter()
        .map(|(n, k)| Input::<F>::new(n, k, 40 + k as u64))
        .collect();
    let expected: Vec<_> = inputs
        .iter()
        .map(|input| alone(&reference(), input, 1, 0))
        .collect();
    for (input, expected) in inputs.iter().zip(&expected) {
        for (window, hand_off) in [(1, 0), (2, 0), (3, 0), (2, 4)] {
            assert_eq!(&alone(device, input, window, hand_off), expected);
        }
    }
    let metrics = Metrics::default();
    let batch = Driver {
        backend: device,
        hand_off: None::<(&backend_reference::ReferenceBackend, usize)>,
        window: 2,
        metrics: &metrics,
    };
    let queue = &mut device.open_queue().expect("queue");
    let statements = inputs
        .iter()
        .map(|input| statement(device, queue, input))
        .collect();
    let mut transcripts = [(); 3].map(|()| Sha256Transcript::new());
    let outcomes = prove_batch(batch, queue, statements, &mut transcripts).expect("proofs");
    assert_eq!(outcomes, expected);
}

all_devices!(fixed_challenges, two_queues, three_jobs, driver);
