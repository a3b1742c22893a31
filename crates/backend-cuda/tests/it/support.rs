//! The stand-in, and backends on it.

use std::io::Write as _;
use std::sync::MutexGuard;

use backend_conformance::REQUIRE;
use backend_cuda::{CudaBackend, CudaOptions};
use cuda_standin::{Config, Standin};

/// Runs a test with the driver to itself, in a state of its own.
pub(crate) fn alone(test: impl FnOnce(&Standin)) {
    let standin = match cuda_standin::load() {
        Ok(standin) => standin,
        Err(reason) => return skip(reason),
    };
    let _guard: MutexGuard<'_, ()> = standin.lock();
    let before = standin.counters();
    standin.configure(&Config::default());
    test(standin);
    standin.configure(&Config::default());
    let after = standin.counters();
    // Whatever happened, nothing is left behind and no call was one that a driver takes badly.
    let alive = |c: cuda_standin::Counters| {
        [
            c.used_bytes,
            c.allocations,
            c.host_allocations,
            c.streams,
            c.events,
            c.modules,
            c.contexts,
            c.misuses,
        ]
    };
    assert_eq!(alive(after), alive(before), "{after:?}");
}

fn skip(reason: &str) {
    let required = std::env::var(REQUIRE).unwrap_or_default();
    assert!(
        required
            .split(',')
            .all(|name| name.trim() != "cuda-standin"),
        "no stand-in: {reason}, but {REQUIRE} names it"
    );
    // A closed standard error is no reason to fail.
    let _ = writeln!(std::io::stderr(), "SKIPPED: no stand-in: {reason}");
}

pub(crate) fn backend() -> CudaBackend {
    CudaBackend::new(CudaOptions::default()).expect("the stand-in has a device")
}
