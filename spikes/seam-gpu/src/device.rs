//! What the two drivers have in common: memory, launches, and values coming back.
//!
//! This is the cut *below* the seam: [`crate::GpuBackend`] knows sumchecks, a `Device` knows buffers,
//! named kernels and streams. Nothing above the seam sees it.

use std::ops::Range;
use std::sync::Arc;

use prover_core::BackendError;

use crate::kernel::Launch;

/// Words of a buffer to bring to the host.
pub struct Region<B> {
    /// The buffer.
    pub buffer: Arc<B>,
    /// Which words.
    pub words: Range<usize>,
}

/// Words on their way to the host, shared by everything that was submitted together.
pub trait Fetch: Send + Sync + 'static {
    /// The regions one after another, if they have arrived; never blocks.
    ///
    /// # Errors
    /// What the device reported.
    fn poll(&self) -> Result<Option<Arc<Vec<u32>>>, BackendError>;

    /// Waits for them.
    ///
    /// # Errors
    /// What the device reported.
    fn wait(&self) -> Result<Arc<Vec<u32>>, BackendError>;
}

/// A device for one field's kernels.
///
/// Work on a stream runs in order. Buffers stay alive until the work that uses them is done, however
/// early their handles are dropped.
pub trait Device: Send + Sync + 'static {
    /// Device memory; its contents are arbitrary at first.
    type Buffer: Send + Sync + 'static;
    /// Work in order.
    type Stream: Send;
    /// Words on their way to the host.
    type Fetch: Fetch;

    /// Whether a kernel may write the buffer that it reads (each thread where only it reads).
    const IN_PLACE: bool;

    /// Short name and description.
    fn describe(&self) -> (&'static str, String);
    /// Bytes of the largest buffer.
    fn max_buffer_bytes(&self) -> u64;
    /// Submissions of a stream so far; a test looks at it.
    fn submissions(stream: &Self::Stream) -> u64;

    /// Opens a stream.
    ///
    /// # Errors
    /// What the device reported.
    fn open(&self) -> Result<Self::Stream, BackendError>;

    /// Allocates memory.
    ///
    /// # Errors
    /// [`BackendError::OutOfMemory`] above all.
    fn alloc(&self, words: usize) -> Result<Arc<Self::Buffer>, BackendError>;

    /// Copies words to the start of a buffer.
    ///
    /// # Errors
    /// What the device reported.
    fn write(
        &self,
        stream: &mut Self::Stream,
        buffer: &Arc<Self::Buffer>,
        words: Vec<u32>,
    ) -> Result<(), BackendError>;

    /// Enqueues a launch.
    ///
    /// # Errors
    /// [`BackendError::KernelCompile`] at a kernel's first use, or what the device reported.
    fn launch(
        &self,
        stream: &mut Self::Stream,
        launch: Launch<Self::Buffer>,
    ) -> Result<(), BackendError>;

    /// Submits everything enqueued, with a copy of the regions to the host at its end.
    ///
    /// # Errors
    /// What the device reported.
    fn fetch(
        &self,
        stream: &mut Self::Stream,
        regions: &[Region<Self::Buffer>],
    ) -> Result<Self::Fetch, BackendError>;
}
