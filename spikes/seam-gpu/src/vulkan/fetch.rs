//! Values coming back through a mapped staging buffer.

use std::sync::{Arc, Mutex, PoisonError};

use prover_core::BackendError;

use super::Shared;
use crate::device::Fetch;

/// Bytes of a pooled staging buffer; larger ones are made for the occasion.
pub(super) const STAGING_BYTES: u64 = 16 * 1024;

/// What the mapping's callback said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mapping {
    Requested,
    Mapped,
    Failed,
}

/// One copy to the host, shared by the values that were submitted together.
pub struct WgpuFetch {
    pub(super) shared: Arc<Shared>,
    pub(super) submission: wgpu::SubmissionIndex,
    pub(super) bytes: u64,
    pub(super) mapping: Arc<Mutex<Mapping>>,
    pub(super) staging: Mutex<Option<wgpu::Buffer>>,
    pub(super) words: Mutex<Option<Arc<Vec<u32>>>>,
}

impl WgpuFetch {
    /// Reads the mapped buffer once, unmaps it and gives it back.
    fn read(&self) -> Result<Arc<Vec<u32>>, BackendError> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(words) = &*words {
            return Ok(Arc::clone(words));
        }
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        let buffer = staging
            .take()
            .expect("staging is taken where words are set");
        let view = buffer
            .get_mapped_range(..self.bytes)
            .map_err(|e| self.shared.failed("get_mapped_range", e.to_string()))?;
        let arrived: Vec<u32> = view
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        drop(view);
        buffer.unmap();
        self.shared.give_staging(buffer);
        Ok(Arc::clone(words.insert(Arc::new(arrived))))
    }

    fn mapping(&self) -> Mapping {
        *self.mapping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settled(&self) -> Result<Option<Arc<Vec<u32>>>, BackendError> {
        self.shared.check()?;
        match self.mapping() {
            Mapping::Requested => Ok(None),
            Mapping::Mapped => self.read().map(Some),
            Mapping::Failed => Err(self.shared.failed("map_async", "mapping failed".into())),
        }
    }
}

impl Fetch for WgpuFetch {
    fn poll(&self) -> Result<Option<Arc<Vec<u32>>>, BackendError> {
        // Callbacks run only inside a poll of the device.
        self.shared
            .device
            .poll(wgpu::PollType::Poll)
            .map_err(|e| self.shared.failed("poll", e.to_string()))?;
        self.settled()
    }

    fn wait(&self) -> Result<Arc<Vec<u32>>, BackendError> {
        loop {
            self.shared
                .device
                .poll(wgpu::PollType::Wait {
                    submission_index: Some(self.submission.clone()),
                    timeout: None,
                })
                .map_err(|e| self.shared.failed("wait", e.to_string()))?;
            if let Some(words) = self.settled()? {
                return Ok(words);
            }
            // Another thread's poll is running our callback right now.
            std::thread::yield_now();
        }
    }
}
