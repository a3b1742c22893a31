//! Vectors on the host whose allocation may fail: for whatever grows with the rows of a table or the
//! gates of a layer.

use crate::error::BackendError;

/// An empty vector with room for exactly `len` values.
///
/// # Errors
/// [`BackendError::OutOfMemory`].
pub fn with_capacity<T>(len: usize) -> Result<Vec<T>, BackendError> {
    let mut values = Vec::new();
    match values.try_reserve_exact(len) {
        Ok(()) => Ok(values),
        Err(_) => Err(out_of_memory::<T>(len)),
    }
}

/// `len` times one value.
///
/// # Errors
/// [`BackendError::OutOfMemory`].
pub fn filled<T: Copy>(value: T, len: usize) -> Result<Vec<T>, BackendError> {
    let mut values = with_capacity(len)?;
    values.resize(len, value);
    Ok(values)
}

/// A copy.
///
/// # Errors
/// [`BackendError::OutOfMemory`].
pub fn copied<T: Copy>(values: &[T]) -> Result<Vec<T>, BackendError> {
    let mut copy = with_capacity(values.len())?;
    copy.extend_from_slice(values);
    Ok(copy)
}

/// The error of `len` values that do not fit.
pub fn out_of_memory<T>(len: usize) -> BackendError {
    BackendError::OutOfMemory {
        device: "host".into(),
        requested_bytes: (len as u64).saturating_mul(size_of::<T>() as u64),
        free_bytes: None,
    }
}
