//! A spike: the seam on a GPU's programming model, tried without a GPU.
//!
//! An implementation of [`prover_core::ComputeBackend`] ([`GpuBackend`]) over [`Vulkan`]: the WGSL of
//! `shaders/` through wgpu, meant for a software adapter here. Its other half, CUDA kernels in a simulator,
//! is replaced by `crates/backend-cuda` and `crates/cuda-standin`.
//!
//! Only the product summand `T_0 * T_1` and the fields BN254 and M31 (cubic extension) are here.
//! `docs/adr/0005-gpu-spike.md` says what came of it.

mod backend;
mod device;
mod field;
mod kernel;
pub mod prelude;
mod rounds;
mod table;
mod vulkan;

pub use backend::GpuBackend;
pub use device::{Device, Fetch, Region};
pub use field::GpuField;
pub use kernel::{Kernel, Launch};
pub use table::{GpuEq, GpuMle, GpuPending, GpuQueue};
pub use vulkan::{Vulkan, VulkanStream, WgpuFetch};
