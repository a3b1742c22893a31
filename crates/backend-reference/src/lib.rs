//! The oracle: every operation of the seam straight from its definition.
