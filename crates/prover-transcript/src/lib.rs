//! Fiat-Shamir transcript over SHA-256.
