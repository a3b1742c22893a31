//! What the seam's associated types are on a device.

use std::marker::PhantomData;
use std::sync::Arc;

use prover_core::{BackendError, DeviceMle, Pending};

use crate::device::{Device, Fetch, Region};
use crate::field::{GpuField, plane_words, unpack};

/// A table of `2^num_vars` elements, in planes `stride` elements apart.
pub struct GpuMle<D: Device> {
    pub(crate) buffer: Arc<D::Buffer>,
    /// Counts the *handles*. The buffer's own count does not: enqueued work holds it, too.
    pub(crate) handles: Arc<()>,
    pub(crate) queue: u64,
    pub(crate) num_vars: usize,
    pub(crate) stride: usize,
    pub(crate) base: bool,
}

impl<D: Device> Clone for GpuMle<D> {
    fn clone(&self) -> Self {
        Self {
            buffer: Arc::clone(&self.buffer),
            handles: Arc::clone(&self.handles),
            ..*self
        }
    }
}

impl<D: Device> DeviceMle for GpuMle<D> {
    fn num_vars(&self) -> usize {
        self.num_vars
    }

    fn is_base(&self) -> bool {
        self.base
    }
}

impl<D: Device> GpuMle<D> {
    /// A table of its own in `buffer`.
    pub(crate) fn new(buffer: Arc<D::Buffer>, queue: u64, num_vars: usize, base: bool) -> Self {
        Self {
            buffer,
            handles: Arc::new(()),
            queue,
            num_vars,
            stride: 1 << num_vars,
            base,
        }
    }

    /// Whether no other handle shares the values.
    pub(crate) fn is_unshared(&self) -> bool {
        Arc::strong_count(&self.handles) == 1
    }

    /// Where the values lie: one region per plane.
    pub(crate) fn regions<F: GpuField>(&self) -> Vec<Region<D::Buffer>> {
        let len = 1usize << self.num_vars;
        let (planes, width) = match self.base {
            true => (1, F::BASE_WORDS),
            false => (F::PLANES, plane_words::<F>()),
        };
        (0..planes)
            .map(|plane| {
                let first = plane * self.stride * width;
                Region {
                    buffer: Arc::clone(&self.buffer),
                    words: first..first + len * width,
                }
            })
            .collect()
    }
}

/// An eq factor: tables of all suffixes of both halves of its point.
pub struct GpuEq<D: Device> {
    pub(crate) buffer: Arc<D::Buffer>,
    pub(crate) queue: u64,
    pub(crate) num_vars: usize,
    pub(crate) lo_vars: usize,
    pub(crate) stride: usize,
}

/// A stream; tables belong to the queue they were made on.
pub struct GpuQueue<D: Device> {
    pub(crate) id: u64,
    pub(crate) stream: D::Stream,
}

impl<D: Device> GpuQueue<D> {
    /// Submissions so far.
    pub fn submissions(&self) -> u64 {
        D::submissions(&self.stream)
    }
}

/// A run of elements among fetched words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// First word.
    pub(crate) at: usize,
    /// Elements.
    pub(crate) len: usize,
    /// An element to leave out.
    pub(crate) skip: Option<usize>,
    /// Whether they are base-field elements.
    pub(crate) base: bool,
}

/// Values on their way; several may share one fetch.
pub struct GpuPending<F, D: Device> {
    fetch: Arc<D::Fetch>,
    parts: Vec<Part>,
    field: PhantomData<fn() -> F>,
}

impl<F: GpuField, D: Device> GpuPending<F, D> {
    pub(crate) fn new(fetch: Arc<D::Fetch>, parts: Vec<Part>) -> Self {
        Self {
            fetch,
            parts,
            field: PhantomData,
        }
    }

    fn values(&self, words: &[u32]) -> Vec<F> {
        let mut out = Vec::new();
        for part in &self.parts {
            let words = &words[part.at..];
            out.extend(
                (0..part.len)
                    .filter(|&i| part.skip != Some(i))
                    .map(|i| match part.base {
                        true => {
                            F::base_from_words(&words[i * F::BASE_WORDS..][..F::BASE_WORDS]).into()
                        }
                        false => unpack::<F>(words, part.len, i),
                    }),
            );
        }
        out
    }
}

impl<F: GpuField, D: Device> Pending<F> for GpuPending<F, D> {
    fn poll(&mut self) -> Result<Option<Vec<F>>, BackendError> {
        Ok(self.fetch.poll()?.map(|words| self.values(&words)))
    }

    fn wait(self) -> Result<Vec<F>, BackendError> {
        Ok(self.values(&self.fetch.wait()?))
    }
}
