//! Libra's GKR prover for layered circuits, generic over the backend.
