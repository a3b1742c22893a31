"""A verifier for Astraea proofs, written from docs/protocol.md alone."""
