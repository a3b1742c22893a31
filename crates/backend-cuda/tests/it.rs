//! The CUDA backend on the stand-in driver (`crates/cuda-standin`).
//!
//! Without a C++ compiler there is no stand-in: tests are skipped, loudly, unless `ASTRAEA_REQUIRE` names
//! `cuda-standin`.

mod it {
    mod driver;
    mod queues;
    mod sources;
    mod support;
}
