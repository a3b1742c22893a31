//! A stand-in for libcuda, for tests of the CUDA backend on machines without a GPU.
//!
//! `cpp/driver.cpp` implements the driver calls that the backend makes, over a simulator that runs the
//! same kernel sources as a GPU would (`cpp/sim.h`). [`load`] brings it into the process under the
//! driver's name, before the backend looks for that: the backend itself is unmodified.
//!
//! It is one driver for the whole process, so tests that configure it hold [`Standin`]'s lock.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use libloading::Library;

/// How the driver behaves from now on. The same struct as in `cpp/standin.h`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Config {
    /// What `cuInit` answers: 0 for success.
    pub init_result: i32,
    /// Version of the driver, 1000 times the major number plus 10 times the minor one.
    pub driver_version: i32,
    /// Devices.
    pub device_count: i32,
    /// Major number of their compute capability.
    pub compute_major: i32,
    /// What loading a module answers: 0 for success.
    pub module_result: i32,
    /// In which order the threads of a block run between barriers.
    pub thread_order: ThreadOrder,
    /// Memory of the device.
    pub memory_bytes: u64,
    /// Seed of the order in which streams go on.
    pub seed: u64,
    /// Which allocation from now fails; 0 for none.
    pub fail_alloc_at: u64,
    /// Which launch from now fails when it runs; 0 for none.
    pub fail_launch_at: u64,
}

/// The order of a block's threads between barriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ThreadOrder {
    /// Thread 0 first.
    Ascending = 0,
    /// Thread 0 last.
    Descending = 1,
    /// Another permutation after each barrier.
    Shuffled = 2,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            init_result: 0,
            driver_version: 12_000,
            device_count: 1,
            compute_major: 9,
            module_result: 0,
            thread_order: ThreadOrder::Shuffled,
            memory_bytes: 1 << 32,
            seed: 1,
            fail_alloc_at: 0,
            fail_launch_at: 0,
        }
    }
}

/// What the driver counted. The same struct as in `cpp/standin.h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Device memory in use.
    pub used_bytes: u64,
    /// Allocations of device memory alive.
    pub allocations: u64,
    /// Allocations of page-locked memory alive.
    pub host_allocations: u64,
    /// Streams alive.
    pub streams: u64,
    /// Events alive.
    pub events: u64,
    /// Modules loaded.
    pub modules: u64,
    /// Primary contexts retained.
    pub contexts: u64,
    /// Launches in all.
    pub launches: u64,
    /// Allocations of device memory in all.
    pub driver_allocations: u64,
    /// Faults that were asked for and happened.
    pub faults: u64,
    /// Calls that a driver would not take, or take badly.
    pub misuses: u64,
}

/// The stand-in, loaded.
pub struct Standin {
    configure: unsafe extern "C" fn(*const Config),
    read: unsafe extern "C" fn(*mut Counters),
    lock: Mutex<()>,
}

/// The stand-in; loads it on the first call.
///
/// # Errors
/// If it was not built, for want of a C++ compiler.
pub fn load() -> Result<&'static Standin, &'static str> {
    static STANDIN: OnceLock<Result<Standin, &'static str>> = OnceLock::new();
    STANDIN.get_or_init(open).as_ref().map_err(|reason| *reason)
}

/// The folder of the library, for `LD_LIBRARY_PATH` of programs that shall find it; `None` if it was not built.
pub fn folder() -> Option<&'static std::path::Path> {
    std::path::Path::new(env!("CUDA_STANDIN"))
        .parent()
        .filter(|folder| folder.is_absolute())
}

fn open() -> Result<Standin, &'static str> {
    let path = env!("CUDA_STANDIN");
    if path.is_empty() {
        return Err("there was no C++ compiler to build it with");
    }
    // SAFETY: the library's initialisers only register kernels.
    let library = unsafe { Library::new(path) }.map_err(|_| "it does not load")?;
    // It stays for the life of the process: who asks for the driver's name finds it.
    let library: &'static Library = Box::leak(Box::new(library));
    // SAFETY: `cpp/driver.cpp` defines the function with this signature.
    let configure =
        unsafe { library.get::<unsafe extern "C" fn(*const Config)>(b"standin_configure") };
    // SAFETY: as above.
    let read = unsafe { library.get::<unsafe extern "C" fn(*mut Counters)>(b"standin_read") };
    let (Ok(configure), Ok(read)) = (configure, read) else {
        return Err("it lacks its own functions");
    };
    let standin = Standin {
        configure: *configure,
        read: *read,
        lock: Mutex::new(()),
    };
    standin.configure(&Config::default());
    Ok(standin)
}

impl Standin {
    /// Keeps other tests from configuring the driver, and this one from what they have configured.
    pub fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes how the driver behaves; a fault that stuck is gone.
    pub fn configure(&self, config: &Config) {
        // SAFETY: the pointer is to a struct of the same layout, read during the call.
        unsafe { (self.configure)(config) };
    }

    /// What the driver counted.
    pub fn counters(&self) -> Counters {
        let mut counters = Counters::default();
        // SAFETY: the pointer is to a struct of the same layout, written during the call.
        unsafe { (self.read)(&mut counters) };
        counters
    }
}
