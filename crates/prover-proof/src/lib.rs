//! Proof container, protocol configuration and soundness accounting, shared by prover and verifier.
