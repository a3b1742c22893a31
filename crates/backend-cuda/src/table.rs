//! What the seam's associated types are on a device.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use prover_core::{BackendError, DeviceMle, Pending};

use crate::field::{
    CudaField, base_words, plane_words, read_base_element, read_element, table_words,
};
use crate::params::Params;
use crate::stream::{Buffer, Fetch, Region, Stream};

/// A table of `2^num_vars` elements in device memory, in planes `stride` elements apart.
#[derive(Clone, Debug)]
pub struct CudaMle {
    pub(crate) buffer: Arc<Buffer>,
    /// Counts the *handles*; an operation holds the buffer, too.
    handles: Arc<()>,
    pub(crate) num_vars: usize,
    pub(crate) stride: usize,
    pub(crate) is_base: bool,
}

impl DeviceMle for CudaMle {
    fn num_vars(&self) -> usize {
        self.num_vars
    }

    fn is_base(&self) -> bool {
        self.is_base
    }
}

impl CudaMle {
    /// Memory for a challenge-field table.
    pub(crate) fn alloc<F: CudaField>(
        stream: &Arc<Stream>,
        num_vars: usize,
    ) -> Result<Self, BackendError> {
        let buffer = stream.alloc(table_words::<F>(1 << num_vars))?;
        Ok(Self::new(buffer, num_vars, false))
    }

    /// Memory for a base-field table.
    pub(crate) fn alloc_base<F: CudaField>(
        stream: &Arc<Stream>,
        num_vars: usize,
    ) -> Result<Self, BackendError> {
        let buffer = stream.alloc(base_words::<F>(1 << num_vars))?;
        Ok(Self::new(buffer, num_vars, true))
    }

    fn new(buffer: Arc<Buffer>, num_vars: usize, is_base: bool) -> Self {
        Self {
            buffer,
            handles: Arc::new(()),
            num_vars,
            stride: 1 << num_vars,
            is_base,
        }
    }

    /// Where a fold to `num_vars` variables writes: the table itself if nobody shares it and its elements
    /// keep their size, else new memory.
    pub(crate) fn fold_target<F: CudaField>(
        &self,
        stream: &Arc<Stream>,
        num_vars: usize,
    ) -> Result<Self, BackendError> {
        let keeps_size = !self.is_base || F::LAYOUT.base_words == F::LAYOUT.words;
        if !keeps_size || Arc::strong_count(&self.handles) > 1 {
            return Self::alloc::<F>(stream, num_vars);
        }
        Ok(Self {
            stride: self.stride,
            ..Self::new(Arc::clone(&self.buffer), num_vars, false)
        })
    }

    /// The table as a kernel's `Source`.
    pub(crate) fn source(&self, params: Params) -> Params {
        params.nums([
            self.buffer.address(),
            self.stride as u64,
            u64::from(self.is_base),
        ])
    }

    /// Where the values lie: one region a plane.
    pub(crate) fn regions<F: CudaField>(&self) -> Vec<Region> {
        let len = 1 << self.num_vars;
        let region = |first_word, words| Region {
            buffer: Arc::clone(&self.buffer),
            first_word,
            words,
        };
        if self.is_base {
            return vec![region(0, base_words::<F>(len))];
        }
        let width = plane_words::<F>();
        (0..F::LAYOUT.planes)
            .map(|plane| region(plane * self.stride * width, len * width))
            .collect()
    }
}

/// An eq factor: tables of all suffixes of both halves of its point.
#[derive(Debug)]
pub struct CudaEq {
    pub(crate) buffer: Arc<Buffer>,
    pub(crate) num_vars: usize,
    pub(crate) lo_vars: usize,
    pub(crate) stride: usize,
}

impl CudaEq {
    /// The factor as a kernel's `EqTables`.
    pub(crate) fn tables(&self, params: Params) -> Params {
        params.nums([
            self.buffer.address(),
            self.lo_vars as u64,
            self.stride as u64,
        ])
    }
}

/// A stream of the device; tables belong to the queue that they were made on.
#[derive(Debug)]
pub struct CudaQueue {
    pub(crate) stream: Arc<Stream>,
}

impl CudaQueue {
    /// # Panics
    /// If the memory is another queue's.
    pub(crate) fn assert_own(&self, buffer: &Buffer) {
        assert!(
            Arc::ptr_eq(&self.stream, &buffer.stream),
            "a table of another queue"
        );
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
    pub(crate) is_base: bool,
}

/// What several pendings wait for; whoever comes first reads the words.
#[derive(Debug)]
pub(crate) struct Shared {
    stream: Arc<Stream>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    UnderWay(Fetch),
    Arrived(Result<Arc<Vec<u32>>, BackendError>),
}

impl Shared {
    pub(crate) fn new(stream: &Arc<Stream>, fetch: Fetch) -> Arc<Self> {
        Arc::new(Self {
            stream: Arc::clone(stream),
            state: Mutex::new(State::UnderWay(fetch)),
        })
    }

    /// The words; `None` if they have not arrived and nobody wants to wait.
    fn words(&self, wait: bool) -> Result<Option<Arc<Vec<u32>>>, BackendError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::UnderWay(fetch) = &mut *state {
            if !wait && !fetch.is_done()? {
                return Ok(None);
            }
            *state = State::Arrived(fetch.wait().map(Arc::new));
        }
        match &*state {
            State::Arrived(words) => words.clone().map(Some),
            State::UnderWay(_) => Ok(None),
        }
    }
}

/// Values on their way to the host.
#[derive(Debug)]
pub struct CudaPending<F> {
    /// `None` for values that no kernel is needed for.
    shared: Option<Arc<Shared>>,
    parts: Vec<Part>,
    field: PhantomData<fn() -> F>,
}

impl<F: CudaField> CudaPending<F> {
    pub(crate) fn new(shared: Arc<Shared>, parts: Vec<Part>) -> Self {
        Self {
            shared: Some(shared),
            parts,
            field: PhantomData,
        }
    }

    /// One zero.
    pub(crate) fn zero() -> Self {
        Self {
            shared: None,
            parts: Vec::new(),
            field: PhantomData,
        }
    }

    fn values(&self, wait: bool) -> Result<Option<Vec<F>>, BackendError> {
        let Some(shared) = &self.shared else {
            return Ok(Some(vec![F::ZERO]));
        };
        let Some(words) = shared.words(wait)? else {
            return Ok(None);
        };
        let total = self.parts.iter().map(|part| part.len).sum();
        let mut out = prover_core::host::with_capacity(total)?;
        for part in &self.parts {
            let words = &words[part.at..];
            for i in (0..part.len).filter(|&i| part.skip != Some(i)) {
                let value = match part.is_base {
                    true => read_base_element::<F>(words, i),
                    false => read_element::<F>(words, part.len, i),
                };
                // A kernel, or the memory, is wrong: better no value than one that is none.
                out.push(value.ok_or_else(|| {
                    (shared.stream.context).error("copy to the host", "a value that is not reduced")
                })?);
            }
        }
        Ok(Some(out))
    }
}

impl<F: CudaField> Pending<F> for CudaPending<F> {
    fn poll(&mut self) -> Result<Option<Vec<F>>, BackendError> {
        self.values(false)
    }

    fn wait(self) -> Result<Vec<F>, BackendError> {
        Ok(self.values(true)?.unwrap_or_default())
    }
}
