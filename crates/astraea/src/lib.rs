//! Facade for applications: load, prove, verify.
