//! The GKR verifier: links no backend.
