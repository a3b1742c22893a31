//! The driver and one device: found, checked and held.

use std::ffi::CStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cudarc::driver::sys::{self, CUresult};
use prover_core::{BackendError, Unavailable};

/// The oldest driver: the one that knows the kernels' PTX (ISA 8.0, CUDA 12.0).
pub const MIN_DRIVER: i32 = 12_000;
/// The oldest compute capability, major number: the target of the kernels' PTX.
pub const MIN_COMPUTE: i32 = 8;

/// Every driver call that the backend makes. All are looked up before the first is made, as a call
/// that is missing could not be reported then.
const CALLS: [&str; 29] = [
    "cuInit",
    "cuDriverGetVersion",
    "cuDeviceGetCount",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDeviceGetAttribute",
    "cuDevicePrimaryCtxRetain",
    "cuDevicePrimaryCtxRelease_v2",
    "cuCtxSetCurrent",
    "cuCtxSynchronize",
    "cuMemGetInfo_v2",
    "cuMemAlloc_v2",
    "cuMemFree_v2",
    "cuMemHostAlloc",
    "cuMemFreeHost",
    "cuMemcpyHtoDAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuStreamCreate",
    "cuStreamDestroy_v2",
    "cuStreamSynchronize",
    "cuEventCreate",
    "cuEventDestroy_v2",
    "cuEventRecord",
    "cuEventQuery",
    "cuEventSynchronize",
    "cuModuleLoadDataEx",
    "cuModuleUnload",
    "cuModuleGetFunction",
    "cuLaunchKernel",
];

/// One device's primary context.
#[derive(Debug)]
pub(crate) struct Context {
    /// In words, for errors and people.
    pub(crate) device: String,
    ordinal: sys::CUdevice,
    raw: sys::CUcontext,
    limit_bytes: u64,
    used_bytes: AtomicU64,
    peak_bytes: AtomicU64,
    /// After this every call fails: the driver has no way back but a new process.
    is_lost: AtomicBool,
}

// SAFETY: the driver's handles may be used from any thread; each call sets the context first (`enter`).
unsafe impl Send for Context {}
// SAFETY: as above; the driver locks for itself.
unsafe impl Sync for Context {}

pub(crate) fn unavailable(reason: impl Into<String>) -> Unavailable {
    Unavailable {
        backend: "cuda".into(),
        reason: reason.into(),
    }
}

/// What the driver calls an error.
pub(crate) fn name_of(result: CUresult) -> String {
    let mut name = std::ptr::null();
    // SAFETY: the pointer is to a place for the answer; the library is there, or nobody had a result.
    let found = unsafe { sys::cuGetErrorName(result, &mut name) };
    if found != CUresult::CUDA_SUCCESS || name.is_null() {
        return format!("error {}", result as u32);
    }
    // SAFETY: the driver's names are static, terminated strings.
    let name = unsafe { CStr::from_ptr(name) };
    name.to_string_lossy().into_owned()
}

/// An answer of the driver before there is a device.
fn found(what: &str, result: CUresult) -> Result<(), Unavailable> {
    match result {
        CUresult::CUDA_SUCCESS => Ok(()),
        result => Err(unavailable(format!("{what}: {}", name_of(result)))),
    }
}

/// Finds the driver's library and everything that is called in it.
fn check_library() -> Result<(), Unavailable> {
    // SAFETY: loading the driver's library runs its initialisers, which is what it is there for.
    if !unsafe { sys::is_culib_present() } {
        return Err(unavailable(
            "libcuda is not installed; it comes with NVIDIA's driver",
        ));
    }
    // SAFETY: the library is present.
    let library = unsafe { sys::culib() };
    for call in CALLS.iter().chain(&["cuGetErrorName"]) {
        // SAFETY: the symbol is not called through this type, only looked up.
        let symbol = unsafe { library.get::<*const ()>(call.as_bytes()) };
        if symbol.is_err() {
            return Err(unavailable(format!(
                "the driver has no {call}; version 525 or later is needed"
            )));
        }
    }
    Ok(())
}

/// Checks the driver's version, before anything that only newer ones have.
fn check_version() -> Result<(), Unavailable> {
    let mut version = 0;
    // SAFETY: the pointer is to a place for the answer.
    found("version", unsafe { sys::cuDriverGetVersion(&mut version) })?;
    if version < MIN_DRIVER {
        let of = |version: i32| format!("{}.{}", version / 1000, version % 1000 / 10);
        return Err(unavailable(format!(
            "the driver is of CUDA {}, at least {} is needed (driver 525)",
            of(version),
            of(MIN_DRIVER)
        )));
    }
    // SAFETY: no argument but the flags, which must be 0.
    found("initialisation", unsafe { sys::cuInit(0) })
}

/// The device of an index.
fn find_device(index: usize) -> Result<sys::CUdevice, Unavailable> {
    let mut count = 0;
    // SAFETY: the pointer is to a place for the answer.
    found("devices", unsafe { sys::cuDeviceGetCount(&mut count) })?;
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 {
        return Err(unavailable("the driver finds no device"));
    }
    if index >= count {
        return Err(unavailable(format!(
            "there is no device {index}; there are {count}, counted from 0"
        )));
    }
    let mut device = 0;
    // SAFETY: the pointer is to a place for the answer.
    found("device", unsafe {
        sys::cuDeviceGet(&mut device, index as i32)
    })?;
    Ok(device)
}

/// The device's name and compute capability, if the kernels run on it.
fn describe(device: sys::CUdevice) -> Result<String, Unavailable> {
    use sys::CUdevice_attribute_enum as Attribute;
    let mut name = [0; 256];
    // SAFETY: the buffer is as long as said.
    found("name", unsafe {
        sys::cuDeviceGetName(name.as_mut_ptr(), name.len() as i32, device)
    })?;
    // SAFETY: the driver has terminated the string.
    let name = unsafe { CStr::from_ptr(name.as_ptr()) }.to_string_lossy();
    let attribute = |which| {
        let mut value = 0;
        // SAFETY: the pointer is to a place for the answer.
        found("attribute", unsafe {
            sys::cuDeviceGetAttribute(&mut value, which, device)
        })?;
        Ok(value)
    };
    let major = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
    let minor = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
    if major < MIN_COMPUTE {
        return Err(unavailable(format!(
            "{name} has compute capability {major}.{minor}; at least {MIN_COMPUTE}.0 is needed"
        )));
    }
    Ok(format!("{name}, compute capability {major}.{minor}"))
}

impl Context {
    /// Opens a device by its index.
    pub(crate) fn open(index: usize, limit_bytes: u64) -> Result<Arc<Self>, Unavailable> {
        check_library()?;
        check_version()?;
        let ordinal = find_device(index)?;
        let device = describe(ordinal)?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: the pointer is to a place for the answer.
        found("context", unsafe {
            sys::cuDevicePrimaryCtxRetain(&mut raw, ordinal)
        })?;
        Ok(Arc::new(Self {
            device,
            ordinal,
            raw,
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            peak_bytes: AtomicU64::new(0),
            is_lost: AtomicBool::new(false),
        }))
    }

    /// Makes the context this thread's, as every call needs.
    pub(crate) fn enter(&self) -> Result<(), BackendError> {
        if self.is_lost.load(Ordering::Relaxed) {
            return Err(self.lost());
        }
        // SAFETY: the context is retained until this is dropped.
        self.check("context", unsafe { sys::cuCtxSetCurrent(self.raw) })
    }

    /// An answer of the driver as a result.
    pub(crate) fn check(&self, op: &'static str, result: CUresult) -> Result<(), BackendError> {
        if result == CUresult::CUDA_SUCCESS {
            return Ok(());
        }
        if is_fatal(result) {
            self.is_lost.store(true, Ordering::Relaxed);
            return Err(self.lost());
        }
        Err(self.error(op, name_of(result)))
    }

    pub(crate) fn error(&self, op: &'static str, message: impl Into<String>) -> BackendError {
        BackendError::Device {
            device: self.device.clone(),
            op,
            message: message.into(),
        }
    }

    fn lost(&self) -> BackendError {
        BackendError::DeviceLost {
            device: self.device.clone(),
        }
    }

    pub(crate) fn out_of_memory(
        &self,
        requested_bytes: u64,
        free_bytes: Option<u64>,
    ) -> BackendError {
        BackendError::OutOfMemory {
            device: self.device.clone(),
            requested_bytes,
            free_bytes,
        }
    }

    pub(crate) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    pub(crate) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn peak_bytes(&self) -> u64 {
        self.peak_bytes.load(Ordering::Relaxed)
    }

    /// Device memory, uninitialised.
    pub(crate) fn alloc(&self, bytes: u64) -> Result<sys::CUdeviceptr, BackendError> {
        self.enter()?;
        let within = |used: u64| {
            used.checked_add(bytes)
                .filter(|&total| total <= self.limit_bytes)
        };
        (self.used_bytes)
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, within)
            .map_err(|used| self.out_of_memory(bytes, Some(self.limit_bytes - used)))?;
        let mut address = 0;
        // SAFETY: the pointer is to a place for the answer.
        let result = unsafe { sys::cuMemAlloc_v2(&mut address, bytes as usize) };
        if result == CUresult::CUDA_SUCCESS {
            let used = self.used_bytes();
            self.peak_bytes.fetch_max(used, Ordering::Relaxed);
            return Ok(address);
        }
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        match result {
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => Err(self.out_of_memory(bytes, self.free_bytes())),
            result => Err(self
                .check("allocation", result)
                .err()
                .unwrap_or_else(|| self.lost())),
        }
    }

    /// Gives memory back. Nothing enqueued may use it any more.
    pub(crate) fn free(&self, address: sys::CUdeviceptr, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        // Of a lost device nothing can be freed; its context takes the memory with it.
        if self.enter().is_ok() {
            // SAFETY: the address is one of `alloc` that its owner gives up. An error here is one of
            // earlier work, which the next call reports.
            let _ = unsafe { sys::cuMemFree_v2(address) };
        }
    }

    fn free_bytes(&self) -> Option<u64> {
        let (mut free, mut total) = (0, 0);
        // SAFETY: the pointers are to places for the answers.
        let result = unsafe { sys::cuMemGetInfo_v2(&mut free, &mut total) };
        (result == CUresult::CUDA_SUCCESS).then_some(free as u64)
    }

    /// Waits for everything that was enqueued, on every stream.
    pub(crate) fn synchronize(&self) -> Result<(), BackendError> {
        self.enter()?;
        // SAFETY: the context is current.
        self.check("synchronisation", unsafe { sys::cuCtxSynchronize() })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: retained once by `open`; streams, modules and memory hold this and are gone.
        let _ = unsafe { sys::cuDevicePrimaryCtxRelease_v2(self.ordinal) };
    }
}

/// Whether after this nothing works any more.
fn is_fatal(result: CUresult) -> bool {
    use CUresult as R;
    matches!(
        result,
        R::CUDA_ERROR_DEINITIALIZED
            | R::CUDA_ERROR_ECC_UNCORRECTABLE
            | R::CUDA_ERROR_NVLINK_UNCORRECTABLE
            | R::CUDA_ERROR_ILLEGAL_ADDRESS
            | R::CUDA_ERROR_LAUNCH_TIMEOUT
            | R::CUDA_ERROR_CONTEXT_IS_DESTROYED
            | R::CUDA_ERROR_ASSERT
            | R::CUDA_ERROR_HARDWARE_STACK_ERROR
            | R::CUDA_ERROR_ILLEGAL_INSTRUCTION
            | R::CUDA_ERROR_MISALIGNED_ADDRESS
            | R::CUDA_ERROR_INVALID_ADDRESS_SPACE
            | R::CUDA_ERROR_INVALID_PC
            | R::CUDA_ERROR_LAUNCH_FAILED
    )
}
