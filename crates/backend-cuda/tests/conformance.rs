//! The conformance suite, on the stand-in driver; a process of its own, as other tests break the driver.

use backend_conformance::SuiteOptions;
use backend_cuda::{CudaBackend, CudaOptions};
use prover_core::Unavailable;

fn open(options: &SuiteOptions) -> Result<CudaBackend, Unavailable> {
    cuda_standin::load().map_err(|reason| Unavailable {
        backend: "cuda-standin".into(),
        reason: reason.into(),
    })?;
    CudaBackend::new(CudaOptions {
        device: 0,
        max_memory_bytes: options.memory_limit,
    })
}

backend_conformance::conformance_suite! {
    backend: open,
    fields: [Bn254, M31Ext3, Gf2e128, GoldilocksExt2],
    max_vars: 10,
}
