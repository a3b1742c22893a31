//! The associated types: the oracle's, with room for what is wrong.

use std::sync::{Arc, Mutex};

use backend_reference::{EqPoint, Mle};
use prover_core::{BackendError, ChallengeField, DeviceMle, LayerCoefs, Pending};

/// A table of the oracle's.
pub(super) type Inner<F> = Mle<F>;
/// A table of the wrapper's.
pub(super) type Table<F> = Cell<Inner<F>>;

/// A table in a cell, so that a clone can share what it must not.
pub(crate) struct Cell<M> {
    pub(super) table: Arc<Mutex<M>>,
    pub(super) shared: bool,
}

impl<M: Clone> Cell<M> {
    pub(super) fn get(&self) -> M {
        self.table.lock().unwrap().clone()
    }

    pub(super) fn set(&self, table: M) {
        *self.table.lock().unwrap() = table;
    }
}

impl<M: Clone> Clone for Cell<M> {
    fn clone(&self) -> Self {
        Self {
            table: match self.shared {
                true => Arc::clone(&self.table),
                false => Arc::new(Mutex::new(self.get())),
            },
            shared: self.shared,
        }
    }
}

impl<M: DeviceMle> DeviceMle for Cell<M> {
    fn num_vars(&self) -> usize {
        self.get().num_vars()
    }

    fn is_base(&self) -> bool {
        self.get().is_base()
    }
}

/// Values that are there, and lost by a poll.
pub(crate) struct Values<F> {
    pub(super) values: Vec<F>,
    pub(super) forgetful: bool,
}

impl<F: ChallengeField> Pending<F> for Values<F> {
    fn poll(&mut self) -> Result<Option<Vec<F>>, BackendError> {
        if self.forgetful {
            self.values.pop();
        }
        Ok(Some(core::mem::take(&mut self.values)))
    }

    fn wait(self) -> Result<Vec<F>, BackendError> {
        Ok(self.values)
    }
}

/// An eq point, with its coordinates for a wrong one to be made of them.
pub(crate) struct Point<F: ChallengeField> {
    pub(super) point: Vec<F>,
    pub(super) inner: EqPoint<F>,
}

/// A layer's gates, and how many coefficients they take.
pub(crate) struct Wiring<F: ChallengeField> {
    pub(super) inner: backend_reference::Wiring<F>,
    pub(super) num_slots: usize,
}

/// A layer's coefficients, with their values for others to be made of them.
pub(crate) struct Coefs<F: ChallengeField> {
    pub(super) inner: backend_reference::Coefs<F>,
    pub(super) host: LayerCoefs<F>,
}
