//! A stream with the memory that its work uses.
//!
//! Memory that a table gives up goes back to its stream and is given out again to later work of the same
//! stream: that work comes after whatever still uses it, so nothing is waited for, and after the first
//! proof nothing is allocated.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cudarc::driver::sys;
use prover_core::{BackendError, host};

use crate::context::Context;
use crate::module::Function;
use crate::params::Params;
use crate::staging::Staging;

/// Allocations are multiples of this.
const GRANULE_BYTES: u64 = 256;
/// Words of a piece of an upload.
const PIECE_WORDS: usize = 1 << 18;
/// Pieces of page-locked memory that a stream keeps.
const MAX_PIECES: usize = 16;

/// A stream, its free device memory and its page-locked memory.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) context: Arc<Context>,
    raw: sys::CUstream,
    free: Mutex<Vec<Block>>,
    staging: Mutex<Vec<Staging>>,
}

// SAFETY: the driver's handles may be used from any thread.
unsafe impl Send for Stream {}
// SAFETY: as above; the lists are locked.
unsafe impl Sync for Stream {}

/// Device memory.
#[derive(Clone, Copy, Debug)]
struct Block {
    address: sys::CUdeviceptr,
    bytes: u64,
}

/// Device memory of a stream; on its drop the stream has it back.
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) stream: Arc<Stream>,
    block: Block,
}

/// Words of device memory to bring to the host.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) buffer: Arc<Buffer>,
    pub(crate) first_word: usize,
    pub(crate) words: usize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Buffer {
    pub(crate) fn address(&self) -> u64 {
        self.block.address
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        locked(&self.stream.free).push(self.block);
    }
}

impl Stream {
    pub(crate) fn open(context: &Arc<Context>) -> Result<Arc<Self>, BackendError> {
        context.enter()?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: the pointer is to a place for the answer. 1: it does not wait for the default stream.
        let result = unsafe { sys::cuStreamCreate(&mut raw, 1) };
        context.check("stream", result)?;
        Ok(Arc::new(Self {
            context: Arc::clone(context),
            raw,
            free: Mutex::default(),
            staging: Mutex::default(),
        }))
    }

    /// Device memory for some words, uninitialised; at least one.
    pub(crate) fn alloc(self: &Arc<Self>, words: usize) -> Result<Arc<Buffer>, BackendError> {
        let bytes = (4 * words.max(1) as u64).next_multiple_of(GRANULE_BYTES);
        let block = match self.reuse(bytes) {
            Some(block) => block,
            None => Block {
                address: self.alloc_shared(bytes)?,
                bytes,
            },
        };
        Ok(Arc::new(Buffer {
            stream: Arc::clone(self),
            block,
        }))
    }

    /// A free block of this size. None that is larger: what fits a limit once would not fit it again.
    fn reuse(&self, bytes: u64) -> Option<Block> {
        let mut free = locked(&self.free);
        let at = free.iter().rposition(|block| block.bytes == bytes)?;
        Some(free.swap_remove(at))
    }

    /// Memory from the driver, which does not come back to the stream; if there is none, what the stream has
    /// free is given up for it.
    pub(crate) fn alloc_shared(&self, bytes: u64) -> Result<u64, BackendError> {
        match self.context.alloc(bytes) {
            Err(BackendError::OutOfMemory { .. }) => {
                self.trim()?;
                self.context.alloc(bytes)
            }
            result => result,
        }
    }

    /// Gives free memory back to the driver.
    fn trim(&self) -> Result<(), BackendError> {
        self.synchronize()?;
        for block in std::mem::take(&mut *locked(&self.free)) {
            self.context.free(block.address, block.bytes);
        }
        Ok(())
    }

    /// Waits for everything on the stream.
    pub(crate) fn synchronize(&self) -> Result<(), BackendError> {
        self.context.enter()?;
        // SAFETY: the stream is owned.
        let result = unsafe { sys::cuStreamSynchronize(self.raw) };
        self.context.check("synchronisation", result)
    }

    /// Enqueues a kernel.
    ///
    /// # Safety
    /// The parameters are those of the kernel, in its struct's order; addresses in them are of memory
    /// that is large enough and stays this stream's, or is shared and waited for before it is freed.
    pub(crate) unsafe fn launch(
        &self,
        function: Function,
        (grid_x, grid_y): (usize, usize),
        params: &Params,
    ) -> Result<(), BackendError> {
        self.context.enter()?;
        let words = params.words();
        let mut bytes = size_of_val(words);
        // CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE, CU_LAUNCH_PARAM_END.
        let mut extra = [
            std::ptr::without_provenance_mut(1),
            words.as_ptr().cast_mut().cast(),
            std::ptr::without_provenance_mut(2),
            std::ptr::from_mut(&mut bytes).cast(),
            std::ptr::null_mut(),
        ];
        // SAFETY: the caller's promise; the driver copies the parameters before it returns.
        let result = unsafe {
            sys::cuLaunchKernel(
                function.0,
                grid_x as u32,
                grid_y as u32,
                1,
                kernel_source::BLOCK_THREADS as u32,
                1,
                1,
                0,
                self.raw,
                std::ptr::null_mut(),
                extra.as_mut_ptr(),
            )
        };
        self.context.check("launch", result)
    }

    /// Page-locked memory that nothing uses, of at least so many words.
    fn staging(&self, words: usize) -> Result<Staging, BackendError> {
        let mut all = locked(&self.staging);
        let mut oldest = None;
        for at in 0..all.len() {
            if all[at].capacity() < words {
                continue;
            }
            if all[at].is_done()? {
                return Ok(all.remove(at));
            }
            oldest = oldest.or(Some(at));
        }
        if let (Some(at), true) = (oldest, all.len() >= MAX_PIECES) {
            return Ok(all.remove(at));
        }
        Staging::new(&self.context, words.max(1 << 10).next_power_of_two())
    }

    /// Takes page-locked memory back, whose event tells when it may be used again.
    pub(crate) fn give_back(&self, staging: Staging) {
        let mut all = locked(&self.staging);
        if staging.capacity() <= PIECE_WORDS && all.len() < 2 * MAX_PIECES {
            all.push(staging);
        }
    }

    /// Copies words to device memory, from `first_word` of it on; `fill` writes those of a range.
    ///
    /// # Safety
    /// `[address + 4 first, .. + 4 words)` is device memory that nothing reads or writes before this stream
    /// has come so far.
    pub(crate) unsafe fn upload_to(
        &self,
        address: u64,
        words: usize,
        mut fill: impl FnMut(core::ops::Range<usize>, &mut [u32]),
    ) -> Result<(), BackendError> {
        self.context.enter()?;
        for start in (0..words).step_by(PIECE_WORDS) {
            let range = start..words.min(start + PIECE_WORDS);
            let len = range.len();
            let mut staging = self.staging(len)?;
            fill(range, &mut staging.words_mut()?[..len]);
            // SAFETY: the source is `len` words that live until the event of below; the destination is the
            // caller's promise.
            let result = unsafe {
                sys::cuMemcpyHtoDAsync_v2(
                    address + 4 * start as u64,
                    staging.address().cast(),
                    4 * len,
                    self.raw,
                )
            };
            self.context.check("copy to the device", result)?;
            staging.record(self.raw)?;
            self.give_back(staging);
        }
        Ok(())
    }

    /// Copies words to the start of a buffer of this stream.
    pub(crate) fn upload(
        &self,
        buffer: &Buffer,
        words: usize,
        fill: impl FnMut(core::ops::Range<usize>, &mut [u32]),
    ) -> Result<(), BackendError> {
        assert!(
            4 * words as u64 <= buffer.block.bytes,
            "a copy beyond a buffer"
        );
        // SAFETY: within the buffer, which is this stream's.
        unsafe { self.upload_to(buffer.block.address, words, fill) }
    }

    /// Enqueues copies of regions to the host, one after another.
    pub(crate) fn fetch(self: &Arc<Self>, regions: &[Region]) -> Result<Fetch, BackendError> {
        self.context.enter()?;
        let words = regions.iter().map(|region| region.words).sum();
        let mut staging = self.staging(words)?;
        staging.wait()?;
        let mut at = 0;
        for region in regions {
            let end = 4 * (region.first_word + region.words) as u64;
            assert!(end <= region.buffer.block.bytes, "a copy beyond a buffer");
            // SAFETY: the source lies within the buffer, the destination within the staging memory, which
            // is not given away before the event of below.
            let result = unsafe {
                sys::cuMemcpyDtoHAsync_v2(
                    staging.address().wrapping_add(at).cast(),
                    region.buffer.block.address + 4 * region.first_word as u64,
                    4 * region.words,
                    self.raw,
                )
            };
            self.context.check("copy to the host", result)?;
            at += region.words;
        }
        staging.record(self.raw)?;
        Ok(Fetch {
            stream: Arc::clone(self),
            staging: Some(staging),
            words,
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Nothing is freed that work still uses; of a lost device there is none.
        let _ = self.synchronize();
        for block in std::mem::take(&mut *locked(&self.free)) {
            self.context.free(block.address, block.bytes);
        }
        locked(&self.staging).clear();
        if self.context.enter().is_ok() {
            // SAFETY: owned, and idle.
            let _ = unsafe { sys::cuStreamDestroy_v2(self.raw) };
        }
    }
}

/// Words on their way to the host.
#[derive(Debug)]
pub(crate) struct Fetch {
    stream: Arc<Stream>,
    /// Taken on drop.
    staging: Option<Staging>,
    words: usize,
}

impl Fetch {
    /// Whether the words have arrived; never blocks.
    pub(crate) fn is_done(&self) -> Result<bool, BackendError> {
        self.staging.as_ref().map_or(Ok(true), Staging::is_done)
    }

    /// Waits for the words.
    pub(crate) fn wait(&mut self) -> Result<Vec<u32>, BackendError> {
        let Some(staging) = &mut self.staging else {
            return Ok(Vec::new());
        };
        host::copied(&staging.words_mut()?[..self.words])
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        if let Some(staging) = self.staging.take() {
            self.stream.give_back(staging);
        }
    }
}
