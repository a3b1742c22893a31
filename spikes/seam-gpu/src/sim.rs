//! The CUDA kernels under the simulator, with a host thread per stream.
//!
//! A stream executes what it is sent, in order and later: as on a device, nothing is visible to the
//! host before a fetch, and handles may be dropped while work that uses the memory is under way.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use prover_core::{BackendError, FieldId};

use crate::device::{Device, Fetch, Region};
use crate::field::GpuField;
use crate::kernel::Launch;

const DEVICE: &str = "CUDA simulator";

unsafe extern "C" {
    fn sim_launch_bn254(kernel: u32, blocks: u32, order: u32, args: *mut *mut c_void) -> i32;
    fn sim_launch_m31_ext3(kernel: u32, blocks: u32, order: u32, args: *mut *mut c_void) -> i32;
}

/// In which order the threads of a block run between barriers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum ThreadOrder {
    /// Thread 0 first.
    #[default]
    Ascending = 0,
    /// Thread 0 last.
    Descending = 1,
    /// Another permutation after each barrier.
    Shuffled = 2,
}

/// Simulated device memory, filled with a pattern at first.
pub struct SimBuffer {
    words: Box<[UnsafeCell<u32>]>,
    used_bytes: Arc<AtomicU64>,
}

// SAFETY: the words are touched only by a stream's thread while it executes work that names the
// buffer; the backend lets no two streams name the same one.
unsafe impl Sync for SimBuffer {}

impl SimBuffer {
    fn pointer(&self) -> *mut u32 {
        self.words.as_ptr().cast_mut().cast()
    }

    fn bytes(&self) -> u64 {
        4 * self.words.len() as u64
    }
}

impl Drop for SimBuffer {
    fn drop(&mut self) {
        self.used_bytes.fetch_sub(self.bytes(), Ordering::Relaxed);
    }
}

type Status = Result<(), BackendError>;
type Task = Box<dyn FnOnce(&mut Status) + Send>;

/// The way to a stream's thread, which ends when this is dropped.
pub struct SimStream {
    tasks: Sender<Task>,
    submissions: u64,
}

impl SimStream {
    fn send(&self, task: Task) -> Status {
        self.tasks.send(task).map_err(|_| device_lost())
    }
}

/// The simulated device.
pub struct CudaSim {
    entry: unsafe extern "C" fn(u32, u32, u32, *mut *mut c_void) -> i32,
    order: ThreadOrder,
    limit_bytes: u64,
    used_bytes: Arc<AtomicU64>,
}

impl CudaSim {
    /// A device with the kernels of `F`.
    ///
    /// # Panics
    /// For fields without kernels.
    pub fn new<F: GpuField>(order: ThreadOrder) -> Self {
        let entry = match F::ID {
            FieldId::Bn254 => sim_launch_bn254,
            FieldId::M31 => sim_launch_m31_ext3,
            other => panic!("{other} has no kernels in this spike"),
        };
        Self {
            entry,
            order,
            limit_bytes: 1 << 30,
            used_bytes: Arc::default(),
        }
    }

    /// The same with less memory.
    #[must_use]
    pub fn with_memory_limit(self, bytes: u64) -> Self {
        Self {
            limit_bytes: bytes,
            ..self
        }
    }

    /// Bytes allocated and not yet freed.
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }
}

fn device_lost() -> BackendError {
    BackendError::DeviceLost {
        device: DEVICE.into(),
    }
}

/// A stream's thread: one task after another; the first failure sticks.
fn execute(tasks: &Receiver<Task>) {
    let mut status = Ok(());
    while let Ok(task) = tasks.recv() {
        task(&mut status);
    }
}

impl Device for CudaSim {
    type Buffer = SimBuffer;
    type Stream = SimStream;
    type Fetch = SimFetch;

    const IN_PLACE: bool = true;

    fn describe(&self) -> (&'static str, String) {
        ("cuda-sim", DEVICE.into())
    }

    fn max_buffer_bytes(&self) -> u64 {
        self.limit_bytes
    }

    fn submissions(stream: &SimStream) -> u64 {
        stream.submissions
    }

    fn open(&self) -> Result<Self::Stream, BackendError> {
        let (tasks, receiver) = channel();
        std::thread::spawn(move || execute(&receiver));
        Ok(SimStream {
            tasks,
            submissions: 0,
        })
    }

    fn alloc(&self, words: usize) -> Result<Arc<SimBuffer>, BackendError> {
        let requested_bytes = 4 * words as u64;
        let used = self
            .used_bytes
            .fetch_add(requested_bytes, Ordering::Relaxed);
        if used + requested_bytes > self.limit_bytes {
            self.used_bytes
                .fetch_sub(requested_bytes, Ordering::Relaxed);
            return Err(BackendError::OutOfMemory {
                device: DEVICE.into(),
                requested_bytes,
                free_bytes: Some(self.limit_bytes - used),
            });
        }
        Ok(Arc::new(SimBuffer {
            words: (0..words).map(|_| UnsafeCell::new(0xa5a5_a5a5)).collect(),
            used_bytes: Arc::clone(&self.used_bytes),
        }))
    }

    fn write(&self, stream: &mut Self::Stream, buffer: &Arc<SimBuffer>, words: Vec<u32>) -> Status {
        assert!(
            words.len() <= buffer.words.len(),
            "copy beyond a buffer's end"
        );
        let buffer = Arc::clone(buffer);
        let task = move |_: &mut Status| {
            // SAFETY: in bounds by the assertion above; only this stream's thread touches the words.
            unsafe {
                buffer
                    .pointer()
                    .copy_from_nonoverlapping(words.as_ptr(), words.len())
            };
        };
        stream.send(Box::new(task))
    }

    fn launch(&self, stream: &mut Self::Stream, launch: Launch<SimBuffer>) -> Status {
        assert_eq!(
            launch.buffers.len(),
            launch.kernel.buffers().len(),
            "arguments"
        );
        let (entry, order) = (self.entry, self.order as u32);
        let task = move |status: &mut Status| {
            if status.is_ok() {
                *status = run_kernel(entry, order, launch);
            }
        };
        stream.send(Box::new(task))
    }

    fn fetch(
        &self,
        stream: &mut Self::Stream,
        regions: &[Region<SimBuffer>],
    ) -> Result<SimFetch, BackendError> {
        stream.submissions += 1;
        let regions: Vec<_> = regions
            .iter()
            .map(|region| {
                assert!(
                    region.words.end <= region.buffer.words.len(),
                    "copy beyond a buffer's end"
                );
                (Arc::clone(&region.buffer), region.words.clone())
            })
            .collect();
        let (sender, receiver) = channel();
        let task = move |status: &mut Status| {
            let words = regions.iter().flat_map(|(buffer, words)| {
                // SAFETY: only this stream's thread touches the words, and it is here.
                buffer.words[words.clone()]
                    .iter()
                    .map(|word| unsafe { *word.get() })
            });
            let result = status
                .clone()
                .map(|()| Arc::new(words.collect::<Vec<u32>>()));
            // Nobody may be waiting any more.
            let _ = sender.send(result);
        };
        stream.send(Box::new(task))?;
        Ok(SimFetch(Mutex::new(FetchState::UnderWay(receiver))))
    }
}

/// Calls a kernel's entry with pointers to its arguments, as `cuLaunchKernel` takes them.
fn run_kernel(
    entry: unsafe extern "C" fn(u32, u32, u32, *mut *mut c_void) -> i32,
    order: u32,
    launch: Launch<SimBuffer>,
) -> Status {
    let (number, name) = launch.kernel.number_and_name();
    let mut pointers: Vec<*mut u32> = launch.buffers.iter().map(|b| b.pointer()).collect();
    let mut params = launch.params;
    let mut args: Vec<*mut c_void> = pointers
        .iter_mut()
        .map(|pointer| std::ptr::from_mut(pointer).cast())
        .collect();
    args.push(params.as_mut_ptr().cast());
    // SAFETY: the arguments are those of the kernel: buffers as `Kernel::buffers` lists them, then a
    // struct of the words in `params`. The buffers live until the end of this function, and the
    // kernel stays within them.
    let code = unsafe { entry(number, launch.blocks as u32, order, args.as_mut_ptr()) };
    match code {
        0 => Ok(()),
        _ => Err(BackendError::Device {
            device: DEVICE.into(),
            op: name,
            message: "some threads of a block ended while others wait at a barrier".into(),
        }),
    }
}

type Words = Result<Arc<Vec<u32>>, BackendError>;

enum FetchState {
    UnderWay(Receiver<Words>),
    Arrived(Words),
}

/// Words on their way from a stream's thread.
pub struct SimFetch(Mutex<FetchState>);

impl SimFetch {
    fn settle(
        &self,
        receive: impl FnOnce(&Receiver<Words>) -> Result<Words, TryRecvError>,
    ) -> Result<Option<Arc<Vec<u32>>>, BackendError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let FetchState::UnderWay(receiver) = &*state {
            match receive(receiver) {
                Ok(words) => *state = FetchState::Arrived(words),
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Disconnected) => {
                    *state = FetchState::Arrived(Err(device_lost()));
                }
            }
        }
        match &*state {
            FetchState::Arrived(words) => words.clone().map(Some),
            FetchState::UnderWay(_) => Ok(None),
        }
    }
}

impl Fetch for SimFetch {
    fn poll(&self) -> Result<Option<Arc<Vec<u32>>>, BackendError> {
        self.settle(|receiver| receiver.try_recv())
    }

    fn wait(&self) -> Result<Arc<Vec<u32>>, BackendError> {
        let words = self.settle(|receiver| {
            receiver
                .recv()
                .map_err(|RecvError| TryRecvError::Disconnected)
        })?;
        words.ok_or_else(device_lost)
    }
}
