//! The oracle with one defect.

mod handles;
mod layers;
mod rounds;
mod tables;

use std::sync::{Arc, Mutex};

use backend_reference::{Queue, ReferenceBackend};
use prover_core::{BackendError, ChallengeField, ComputeBackend, Ready};

use crate::defect::Defect;
use handles::{Cell, Inner, Values};

/// The oracle with at most one defect.
pub(crate) struct Sabotaged {
    inner: ReferenceBackend,
    defect: Option<Defect>,
}

impl Sabotaged {
    pub(crate) fn new(defect: Option<Defect>, memory_limit: Option<u64>) -> Self {
        let limited = defect != Some(Defect::LimitIgnored);
        let limit = memory_limit.filter(|_| limited).unwrap_or(u64::MAX);
        Self {
            inner: ReferenceBackend::with_memory_limit(limit),
            defect,
        }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn cell<M>(&self, table: M) -> Cell<M> {
        Cell {
            table: Arc::new(Mutex::new(table)),
            shared: self.has(Defect::FoldWritesSharedTables),
        }
    }

    fn pending<F>(&self, values: Ready<F>) -> Values<F> {
        Values {
            values: values.0,
            forgetful: self.has(Defect::PollForgetsValues),
        }
    }

    fn read<F: ChallengeField>(&self, q: &mut Queue, mle: &Inner<F>) -> Vec<F> {
        self.inner
            .download(q, core::slice::from_ref(mle))
            .unwrap()
            .0
    }

    /// The table with its values changed, lifted.
    fn edit<F: ChallengeField>(
        &self,
        q: &mut Queue,
        mle: &Inner<F>,
        change: impl FnOnce(&mut Vec<F>),
    ) -> Result<Inner<F>, BackendError> {
        let mut values = self.read(q, mle);
        change(&mut values);
        self.inner.upload(q, &values)
    }
}
