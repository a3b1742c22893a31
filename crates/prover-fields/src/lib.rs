//! The concrete fields, each derived from one specification.
