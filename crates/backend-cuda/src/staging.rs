//! Page-locked memory through which values travel, so that copies do not wait for the host.

use std::sync::Arc;

use cudarc::driver::sys::{self, CUresult};
use prover_core::BackendError;

use crate::context::Context;

/// Page-locked memory with the event after which the device is done with it.
#[derive(Debug)]
pub(crate) struct Staging {
    context: Arc<Context>,
    words: *mut u32,
    capacity: usize,
    event: sys::CUevent,
    /// Whether the event was ever recorded.
    is_used: bool,
}

// SAFETY: owned memory and an owned event; the driver's handles may be used from any thread.
unsafe impl Send for Staging {}

impl Staging {
    pub(crate) fn new(context: &Arc<Context>, words: usize) -> Result<Self, BackendError> {
        context.enter()?;
        let bytes = 4 * words;
        let mut memory = std::ptr::null_mut();
        // SAFETY: the pointer is to a place for the answer.
        let result = unsafe { sys::cuMemHostAlloc(&mut memory, bytes, 0) };
        if result == CUresult::CUDA_ERROR_OUT_OF_MEMORY {
            return Err(BackendError::OutOfMemory {
                device: "host, page-locked".into(),
                requested_bytes: bytes as u64,
                free_bytes: None,
            });
        }
        context.check("page-locked allocation", result)?;
        // SAFETY: fresh memory of this length, which only this function knows. It is written once so that
        // it may be read as words.
        unsafe { memory.cast::<u8>().write_bytes(0, bytes) };
        let mut event = std::ptr::null_mut();
        // SAFETY: the pointer is to a place for the answer. 2: the event takes no times.
        let result = unsafe { sys::cuEventCreate(&mut event, 2) };
        if let Err(error) = context.check("event", result) {
            // SAFETY: the memory of above, which nobody else knows.
            let _ = unsafe { sys::cuMemFreeHost(memory) };
            return Err(error);
        }
        Ok(Self {
            context: Arc::clone(context),
            words: memory.cast(),
            capacity: words,
            event,
            is_used: false,
        })
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn address(&self) -> *mut u32 {
        self.words
    }

    /// The words, once the device is done with them.
    pub(crate) fn words_mut(&mut self) -> Result<&mut [u32], BackendError> {
        self.wait()?;
        // SAFETY: owned, initialised memory of this length; no copy is under way, and this is borrowed
        // mutably, so that none begins.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.words, self.capacity) })
    }

    /// Notes that the device is done with the memory when it has come so far on the stream.
    pub(crate) fn record(&mut self, stream: sys::CUstream) -> Result<(), BackendError> {
        self.is_used = true;
        // SAFETY: event and stream are alive: the one is owned, the other the caller's.
        let result = unsafe { sys::cuEventRecord(self.event, stream) };
        self.context.check("event", result)
    }

    /// Whether the device is done; never blocks.
    pub(crate) fn is_done(&self) -> Result<bool, BackendError> {
        if !self.is_used {
            return Ok(true);
        }
        self.context.enter()?;
        // SAFETY: the event is owned.
        match unsafe { sys::cuEventQuery(self.event) } {
            CUresult::CUDA_ERROR_NOT_READY => Ok(false),
            result => self.context.check("event", result).map(|()| true),
        }
    }

    /// Waits until the device is done.
    pub(crate) fn wait(&self) -> Result<(), BackendError> {
        if !self.is_used {
            return Ok(());
        }
        self.context.enter()?;
        // SAFETY: the event is owned.
        let result = unsafe { sys::cuEventSynchronize(self.event) };
        self.context.check("work before a copy", result)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // The device must not write to memory that is given away. If it is lost it writes no more.
        let _ = self.wait();
        if self.context.enter().is_ok() {
            // SAFETY: owned, and nothing uses it any more.
            let _ = unsafe { sys::cuEventDestroy_v2(self.event) };
            // SAFETY: as above.
            let _ = unsafe { sys::cuMemFreeHost(self.words.cast()) };
        }
    }
}
