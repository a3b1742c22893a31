//! Threads that help a caller with one job at a time, and stay awake for a moment after it.
//!
//! The rounds of a sumcheck are jobs of some ten microseconds with as little between them; waking a
//! sleeping thread takes longer than that. So a helper spins before it sleeps. It joins a job only
//! while the job is open, and a job's caller closes it and waits for those inside before returning.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, TryLockError};
use std::thread::JoinHandle;

/// Looks at the door before a helper sleeps: some 500 microseconds at 50 to 140 cycles each, longer than
/// the short rounds at the end of a sumcheck, which no helper has a share in.
const SPINS: usize = 20_000;

/// Looks between which a helper offers its core: some 10 microseconds. Where the caller has no other
/// core it would otherwise wait for as long as the helper is awake.
const LOOKS: usize = 256;

/// The state's lowest bit: a job is open. Then, in twos, the helpers inside, and above them the tickets
/// given out: to each helper as it came in, and to a caller who takes what no helper came for.
const OPEN: u64 = 1;
const INSIDE: u64 = 2;
const TICKET: u64 = 1 << 32;

/// A job: as many chunks, each to be called for once. In one cache line, which a helper asks for before
/// it comes in.
#[repr(align(64))]
struct Job<'a> {
    chunks: usize,
    /// Threads among which the chunks are dealt out.
    owners: usize,
    work: &'a (dyn Fn(usize) + Sync),
}

/// How many of its chunks an owner has given out; a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Turn(AtomicUsize);

/// What helpers look at while they wait; a cache line that nothing else is in.
#[repr(align(64))]
struct Entrance {
    state: AtomicU64,
    /// The address of a `Job` on the caller's stack, valid while a helper may be inside.
    job: AtomicPtr<()>,
}

/// What callers and helpers share.
struct Door {
    entrance: Entrance,
    /// By thread; only the open job's owners have meaning.
    turns: Vec<Turn>,
    panicked: AtomicBool,
    stop: AtomicBool,
    /// Helpers that sleep or are about to.
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    bell: Condvar,
}

/// Helping threads; they end when this is dropped.
pub(crate) struct Helpers {
    door: Arc<Door>,
    threads: Vec<JoinHandle<()>>,
    caller: Mutex<()>,
}

impl core::fmt::Debug for Helpers {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Helpers({})", self.threads.len())
    }
}

impl Job<'_> {
    /// The chunks that belong to a thread: neighbours, as what is next to each other in one table mostly
    /// follows from what is so in another, and a thread finds in its own cache what it wrote.
    fn chunks_of(&self, owner: usize) -> Range<usize> {
        let first = |owner: usize| self.chunks * owner / self.owners;
        first(owner)..first(owner + 1)
    }

    /// Whether there is at most one chunk for each thread: then tickets deal them out, as one cache line
    /// less has to go from core to core.
    fn is_dealt(&self) -> bool {
        self.chunks <= self.owners
    }
}

/// Tickets given out before.
fn ticket(state: u64) -> usize {
    (state >> 32) as usize
}

impl Door {
    /// Goes in if a job is open; the ticket.
    fn enter(&self) -> Option<usize> {
        let go = |state: u64| (state & OPEN == OPEN).then_some(state + INSIDE + TICKET);
        let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
        let state = &self.entrance.state;
        let before = state.fetch_update(success, failure, go).ok()?;
        Some(ticket(before))
    }

    /// A helper's part of a job: the chunk of its ticket if there is one for each thread.
    fn join(&self, job: &Job<'_>, number: usize, ticket: usize) {
        if !job.is_dealt() {
            return self.work(job, number);
        }
        let chunk = ticket + 1;
        if chunk < job.chunks {
            (job.work)(chunk);
        }
    }

    /// The caller's part of a job: the first chunk and those that no helper came for.
    fn lead(&self, job: &Job<'_>) {
        if !job.is_dealt() {
            return self.work(job, 0);
        }
        let mut chunk = 0;
        while chunk < job.chunks {
            (job.work)(chunk);
            let before = self.entrance.state.fetch_add(TICKET, Ordering::Relaxed);
            chunk = ticket(before) + 1;
        }
    }

    /// Does chunks of a job until none is left: those of thread `number` first.
    fn work(&self, job: &Job<'_>, number: usize) {
        for turn in 0..job.owners {
            let owner = (number + turn) % job.owners;
            let Range { start, end } = job.chunks_of(owner);
            loop {
                let chunk = start + self.turns[owner].0.fetch_add(1, Ordering::Relaxed);
                if chunk >= end {
                    break;
                }
                (job.work)(chunk);
            }
        }
    }

    /// Helps with the open job, as one who is inside.
    fn help(&self, number: usize, ticket: usize) {
        let job = self.entrance.job.load(Ordering::Acquire);
        let job = job.cast::<Job<'_>>();
        // SAFETY: the caller stored the address of a live `Job` before it opened the door, and
        // keeps it alive until nobody is inside.
        let job = unsafe { &*job };
        if catch_unwind(AssertUnwindSafe(|| self.join(job, number, ticket))).is_err() {
            self.panicked.store(true, Ordering::Relaxed);
        }
        let state = &self.entrance.state;
        state.fetch_sub(INSIDE, Ordering::Release);
        // One job is helped with once: wait until it is closed.
        while state.load(Ordering::Relaxed) & OPEN == OPEN {
            core::hint::spin_loop();
        }
    }

    fn helper(&self, number: usize) {
        while !self.stop.load(Ordering::Relaxed) {
            let ticket = (1..=SPINS).find_map(|look| {
                match look.is_multiple_of(LOOKS) {
                    true => std::thread::yield_now(),
                    false => core::hint::spin_loop(),
                }
                self.is_open(number).then(|| self.enter()).flatten()
            });
            match ticket {
                Some(ticket) => self.help(number, ticket),
                None => self.sleep(),
            }
        }
    }

    /// Whether a job is open; then what will be read first is on its way.
    fn is_open(&self, number: usize) -> bool {
        let is_open = self.entrance.state.load(Ordering::Relaxed) & OPEN == OPEN;
        if is_open {
            prefetch(self.entrance.job.load(Ordering::Relaxed));
            prefetch(&raw const self.turns[number]);
        }
        is_open
    }

    /// Sleeps until the bell rings (or for no reason), unless there is something to do.
    fn sleep(&self) {
        let bed = self.bed.lock().expect("nobody panics with the lock");
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        // After it is counted, as a caller looks for sleepers after opening the door: one of them sees the
        // other, and who rings must wait for the lock until this one hears.
        let is_open = self.entrance.state.load(Ordering::SeqCst) & OPEN == OPEN;
        if !is_open && !self.stop.load(Ordering::SeqCst) {
            drop(self.bell.wait(bed).expect("nobody panics with the lock"));
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }

    fn ring(&self) {
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            let _bed = self.bed.lock().expect("nobody panics with the lock");
            self.bell.notify_all();
        }
    }
}

/// Asks for the cache line at an address, which need not be valid.
fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, which reads nothing as far as the program can tell.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

impl Helpers {
    /// `count` threads.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(crate) fn new(count: usize) -> std::io::Result<Self> {
        let mut this = Self {
            door: Arc::new(Door {
                entrance: Entrance {
                    state: AtomicU64::new(0),
                    job: AtomicPtr::new(core::ptr::null_mut()),
                },
                turns: (0..=count).map(|_| Turn::default()).collect(),
                panicked: AtomicBool::new(false),
                stop: AtomicBool::new(false),
                sleepers: AtomicUsize::new(0),
                bed: Mutex::new(()),
                bell: Condvar::new(),
            }),
            threads: Vec::new(),
            caller: Mutex::new(()),
        };
        for index in 0..count {
            let door = Arc::clone(&this.door);
            let builder = std::thread::Builder::new().name(format!("astraea-cpu-{index}"));
            let helper = builder.spawn(move || door.helper(index + 1))?;
            this.threads.push(helper);
        }
        Ok(this)
    }

    /// Threads that may call a job's work, the caller's included.
    pub(crate) fn threads(&self) -> usize {
        self.threads.len() + 1
    }

    /// Calls `work` for each of `chunks` chunks, on this thread and, as far as they come in time, on
    /// the helpers. The first thread has the first chunks, and so on; who is done with its own takes others'.
    ///
    /// Returns whether it did: not, and nothing is done, if another caller has the helpers.
    ///
    /// # Panics
    /// If `work` does, on any thread.
    pub(crate) fn run(&self, chunks: usize, work: &(dyn Fn(usize) + Sync)) -> bool {
        let _turn = match self.caller.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let job = Job {
            chunks,
            owners: self.threads().min(chunks.max(1)),
            work,
        };
        // Nobody is inside: the last caller waited for that.
        if !job.is_dealt() {
            for turn in &self.door.turns[..job.owners] {
                turn.0.store(0, Ordering::Relaxed);
            }
        }
        let address = core::ptr::from_ref(&job).cast_mut().cast::<()>();
        let Entrance { state, job: place } = &self.door.entrance;
        place.store(address, Ordering::Release);
        state.fetch_or(OPEN, Ordering::SeqCst);
        self.door.ring();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.door.lead(&job)));
        state.fetch_and(!OPEN, Ordering::AcqRel);
        let mut looks = 0usize;
        while state.load(Ordering::Acquire) & (TICKET - 1) != 0 {
            looks += 1;
            // A helper that lost its core needs it back.
            match looks.is_multiple_of(256) {
                true => std::thread::yield_now(),
                false => core::hint::spin_loop(),
            }
        }
        state.store(0, Ordering::Relaxed);
        let panicked = self.door.panicked.swap(false, Ordering::Relaxed);
        match outcome {
            Err(panic) => resume_unwind(panic),
            Ok(()) => assert!(!panicked, "a helping thread panicked"),
        }
        true
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        self.door.stop.store(true, Ordering::SeqCst);
        self.door.ring();
        for thread in self.threads.drain(..) {
            // A helper catches its panics; there is nothing to learn from its end.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Helpers;
    use crate::check::turns;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[test]
    fn every_chunk_is_done_once_when_its_caller_returns() {
        let helpers = Helpers::new(3).unwrap();
        let turned_away = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for job in 0..turns(2000) {
                        let done: Vec<_> = (0..job % 23).map(|_| AtomicUsize::new(0)).collect();
                        let ran = helpers.run(done.len(), &|chunk| {
                            done[chunk].fetch_add(1, SeqCst);
                        });
                        let times = done.iter().map(|done| done.load(SeqCst));
                        assert!(times.into_iter().all(|times| times == usize::from(ran)));
                        turned_away.fetch_add(usize::from(!ran), SeqCst);
                    }
                });
            }
        });
        assert!(
            turned_away.load(SeqCst) < 3 * turns(2000),
            "nobody ever had the helpers"
        );
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_next_job_runs() {
        let helpers = Helpers::new(2).unwrap();
        for _ in 0..turns(20).max(3) {
            let failing = catch_unwind(AssertUnwindSafe(|| {
                helpers.run(5, &|_| panic!("on purpose"))
            }));
            assert!(failing.is_err());
            let calls = AtomicUsize::new(0);
            assert!(helpers.run(9, &|_| {
                calls.fetch_add(1, SeqCst);
            }));
            assert_eq!(calls.load(SeqCst), 9);
        }
    }
}
