//! The CUDA backend: sumcheck and layers on an NVIDIA GPU, with own kernels.
//!
//! The driver's library is found at run time: the crate builds, and says what is missing, on any machine.
//! Kernels are in `kernels/` at the top of the tree, as CUDA C++; what is loaded is PTX made of them
//! beforehand, so that a machine needs the driver and no toolkit.
//!
//! From the driver up: `context` (library, device), `staging` and `stream` (memory and work in order),
//! `module` (kernels), `field` and `params` (what kernels read), `table` (the seam's types), and the
//! operations: `backend`, `rounds`, `layer`.
//!
//! Absent on purpose: the transcript, challenges, a choice of backend.

mod backend;
mod context;
mod field;
mod layer;
mod module;
mod params;
mod rounds;
mod staging;
mod stream;
mod table;

use std::sync::{Arc, Mutex, PoisonError};

use prover_core::{BackendError, BackendInfo, FieldId, Unavailable};

use context::Context;
use module::Module;

pub use context::{MIN_COMPUTE, MIN_DRIVER};
pub use field::CudaField;
pub use layer::{CudaCoefs, CudaWiring};
pub use module::ptx;
pub use table::{CudaEq, CudaMle, CudaPending, CudaQueue};

/// Which device a [`CudaBackend`] takes, and how much of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CudaOptions {
    /// The device, as the driver counts them from 0.
    pub device: usize,
    /// Bytes of device memory that may be in use; by default no limit but the device's.
    pub max_memory_bytes: Option<u64>,
}

/// Computes on one GPU, for every field at once.
///
/// A queue is a stream. Queues work side by side; results do not depend on how.
#[derive(Debug)]
pub struct CudaBackend {
    infos: [BackendInfo; FieldId::ALL.len()],
    /// Each field's kernels, once somebody has asked for them.
    modules: [Mutex<Option<Arc<Module>>>; FieldId::ALL.len()],
    context: Arc<Context>,
}

impl CudaBackend {
    /// Opens a device.
    ///
    /// # Errors
    /// The reason why it is not to be had: no driver, one that is too old, no such device, one that is
    /// too old.
    pub fn new(options: CudaOptions) -> Result<Self, Unavailable> {
        let limit = options.max_memory_bytes.unwrap_or(u64::MAX);
        let context = Context::open(options.device, limit)?;
        Ok(Self {
            infos: backend::infos(&context.device),
            modules: Default::default(),
            context,
        })
    }

    /// Bytes of device memory in use, free memory of streams included.
    pub fn used_bytes(&self) -> u64 {
        self.context.used_bytes()
    }

    /// The most bytes of device memory that were in use at once so far.
    pub fn peak_bytes(&self) -> u64 {
        self.context.peak_bytes()
    }

    /// A field's kernels; loaded by the first who asks.
    fn module(&self, field: FieldId) -> Result<Arc<Module>, BackendError> {
        let slot = &self.modules[field as usize - 1];
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = &*slot {
            return Ok(Arc::clone(module));
        }
        let module = Arc::new(Module::load(&self.context, field)?);
        Ok(Arc::clone(slot.insert(module)))
    }
}
