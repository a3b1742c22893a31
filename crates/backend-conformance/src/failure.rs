//! How a law says that it does not hold.

use core::fmt::{Arguments, Debug, Display, Formatter};

use prover_core::{BackendError, Unavailable};

/// Why a law did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It does not hold, and where.
    Broken(String),
    /// It needs a backend that is not to be had on this machine.
    Skipped(Unavailable),
}

impl Failure {
    /// A failure in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Broken(message.into())
    }

    /// The same failure with the place where it happened in front.
    #[must_use]
    pub fn at(self, place: Arguments<'_>) -> Self {
        match self {
            Self::Broken(message) => Self::Broken(format!("{place}: {message}")),
            Self::Skipped(_) => self,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Broken(message) => f.write_str(message),
            Self::Skipped(unavailable) => Display::fmt(unavailable, f),
        }
    }
}

impl core::error::Error for Failure {}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        Self::Skipped(unavailable)
    }
}

/// Fails unless `holds`.
pub(crate) fn ensure(holds: bool, what: Arguments<'_>) -> Result<(), Failure> {
    if holds {
        return Ok(());
    }
    Err(Failure::new(what.to_string()))
}

/// Fails with the first place where two lists differ.
pub(crate) fn same<T: Debug + PartialEq>(
    got: &[T],
    want: &[T],
    what: Arguments<'_>,
) -> Result<(), Failure> {
    if got.len() != want.len() {
        let (got, want) = (got.len(), want.len());
        return Err(Failure::new(format!("{what}: {got} values, not {want}")));
    }
    match got.iter().zip(want).position(|(g, w)| g != w) {
        None => Ok(()),
        Some(i) => Err(Failure::new(format!(
            "{what}: value {i} of {} is {:?}, not {:?}",
            want.len(),
            got[i],
            want[i]
        ))),
    }
}
