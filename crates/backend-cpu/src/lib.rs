//! Multi-threaded CPU backend.
//!
//! Tables are arrays of blocks, a block some values side by side in vector lanes. Kernels are written
//! once, generic over [`Arith`], and compiled per SIMD level; the level is found out once.
//! Absent on purpose: asynchronous work (every operation is done when it returns), global state,
//! protocol.

mod arith;
mod backend;
mod below;
mod bins;
#[cfg(not(unoptimized))]
mod bn254;
#[cfg(all(test, not(unoptimized)))]
mod check;
mod columns;
mod eq;
mod evaluate;
mod exec;
mod field;
mod gate_grid;
mod gate_kernels;
mod gate_table;
mod gates;
mod gather;
#[cfg(not(unoptimized))]
mod gf2;
#[cfg(not(unoptimized))]
mod goldilocks;
mod helpers;
mod in_block;
mod interpret;
mod layer;
mod layer_kernels;
#[cfg(not(unoptimized))]
mod m31;
mod memory;
#[cfg(not(unoptimized))]
mod places;
mod product;
mod rounds;
mod rows;
mod shapes;
mod simd;
mod table;
mod wires;
mod zerocheck;

use std::sync::Arc;

use prover_core::{BackendInfo, FieldId, Unavailable};

pub use arith::{Arith, Lanes};
pub use eq::CpuEq;
pub use field::{ArithOf, CpuField, Kernel};
pub use gather::{Gather, Picked};
pub use layer::{CpuCoefs, CpuWiring};
pub use simd::{Level, SIMD_VARIABLE, SimdLevel};
pub use table::CpuMle;

use exec::Exec;
use memory::{Budget, DEVICE};

/// The most threads of a backend: more would spend their time on waiting for each other.
pub const MAX_THREADS: usize = 1024;

/// How a [`CpuBackend`] works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuOptions {
    /// Threads, the caller's included, at most [`MAX_THREADS`]; by default as many as the machine offers.
    pub threads: Option<usize>,
    /// Bytes that all tables together may take; by default no limit but the machine's.
    pub max_memory_bytes: Option<u64>,
    /// The SIMD level, to compute with less than the CPU has; by default the one that
    /// [`SIMD_VARIABLE`] names, else the best.
    pub simd: Option<SimdLevel>,
}

/// Computes on the host's cores, for every field at once.
///
/// Results depend neither on the number of threads nor on the SIMD level.
#[derive(Debug)]
pub struct CpuBackend {
    infos: [BackendInfo; FieldId::ALL.len()],
    level: Level,
    exec: Exec,
    budget: Arc<Budget>,
}

impl CpuBackend {
    /// A backend with threads of its own.
    ///
    /// # Errors
    /// If the CPU lacks the SIMD level asked for, [`SIMD_VARIABLE`] names none, or threads cannot be had.
    pub fn new(options: CpuOptions) -> Result<Self, Unavailable> {
        let unavailable = |reason: String| Unavailable {
            backend: DEVICE.to_owned(),
            reason,
        };
        let best = SimdLevel::detect();
        let asked = match options.simd {
            Some(level) => level,
            None => SimdLevel::forced().map_err(unavailable)?.unwrap_or(best),
        };
        let level = Level::new(asked).ok_or_else(|| {
            unavailable(format!(
                "there is no {asked:?} on this CPU or in this build; the best here is {best:?}"
            ))
        })?;
        let threads = match options.threads {
            Some(0) => return Err(unavailable("0 threads; use at least 1".to_owned())),
            Some(threads) => threads,
            None => std::thread::available_parallelism()
                .map_or(1, usize::from)
                .min(MAX_THREADS),
        };
        if threads > MAX_THREADS {
            return Err(unavailable(format!(
                "{threads} threads; use at most {MAX_THREADS}"
            )));
        }
        let exec = Exec::new(threads).map_err(|error| unavailable(error.to_string()))?;
        Ok(Self {
            infos: backend::infos(level.get(), threads),
            level,
            exec,
            budget: Budget::new(options.max_memory_bytes),
        })
    }

    /// The SIMD level it computes with.
    pub fn simd_level(&self) -> SimdLevel {
        self.level.get()
    }

    /// The most bytes that its tables took at once so far.
    pub fn peak_bytes(&self) -> u64 {
        self.budget.peak()
    }

    /// Bytes that its tables take now.
    pub fn used_bytes(&self) -> u64 {
        self.budget.used()
    }
}
