//! A cursor over bytes that knows where it stands when something is wrong.

use prover_core::Field;

use crate::error::{DecodeError, DecodeErrorKind};

/// A cursor over the bytes of a file.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub(crate) fn offset(&self) -> u64 {
        self.at as u64
    }

    /// Bytes not read yet.
    pub(crate) fn left(&self) -> u64 {
        (self.bytes.len() - self.at) as u64
    }

    /// The next `len` bytes.
    pub(crate) fn take(&mut self, len: u64, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let left = self.left();
        if len > left {
            return Err(error_at(
                self.offset(),
                DecodeErrorKind::Truncated {
                    what,
                    wanted: len,
                    left,
                },
            ));
        }
        let end = self.at + usize::try_from(len).expect("not longer than the bytes in memory");
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        Ok(self.take(1, what)?[0])
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        let bytes = self.take(4, what)?;
        Ok(u32::from_le_bytes(
            bytes.try_into().expect("four bytes were taken"),
        ))
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        let bytes = self.take(8, what)?;
        Ok(u64::from_le_bytes(
            bytes.try_into().expect("eight bytes were taken"),
        ))
    }

    /// An integer below `below`; the error stands at its first byte.
    pub(crate) fn u64_below(&mut self, what: &'static str, below: u64) -> Result<u64, DecodeError> {
        let at = self.offset();
        let found = self.u64(what)?;
        if found >= below {
            return Err(error_at(
                at,
                DecodeErrorKind::NotBelow { what, below, found },
            ));
        }
        Ok(found)
    }

    /// A 64-bit number of items of at least `item_bytes` each: refused if the rest is too short.
    pub(crate) fn count64(
        &mut self,
        what: &'static str,
        item_bytes: usize,
    ) -> Result<usize, DecodeError> {
        let at = self.offset();
        let count = self.u64(what)?;
        self.justify(at, count, what, item_bytes)
    }

    /// A 32-bit number of items of at least `item_bytes` each: refused if the rest is too short.
    pub(crate) fn count32(
        &mut self,
        what: &'static str,
        item_bytes: usize,
    ) -> Result<usize, DecodeError> {
        let at = self.offset();
        let count = self.u32(what)?;
        self.justify(at, u64::from(count), what, item_bytes)
    }

    fn justify(
        &self,
        at: u64,
        count: u64,
        what: &'static str,
        item_bytes: usize,
    ) -> Result<usize, DecodeError> {
        let wanted = count.saturating_mul(item_bytes as u64);
        let left = self.left();
        if wanted > left {
            return Err(error_at(
                at,
                DecodeErrorKind::Truncated { what, wanted, left },
            ));
        }
        Ok(usize::try_from(count).expect("not more items than bytes in memory"))
    }

    /// A canonical element.
    pub(crate) fn element<B: Field>(&mut self, what: &'static str) -> Result<B, DecodeError> {
        let at = self.offset();
        let bytes = self.take(B::ENCODED_BYTES as u64, what)?;
        B::decode(bytes).ok_or_else(|| error_at(at, DecodeErrorKind::Element { what }))
    }

    /// Refuses anything that follows.
    pub(crate) fn finish(&self) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            bytes => Err(error_at(self.offset(), DecodeErrorKind::Trailing { bytes })),
        }
    }
}

/// An error that stands at `offset`.
pub(crate) fn error_at(offset: u64, kind: impl Into<DecodeErrorKind>) -> DecodeError {
    DecodeError {
        offset,
        kind: kind.into(),
    }
}
