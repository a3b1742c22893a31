//! The sumcheck driver: written once, above the seam.
